"""Recorded answers, played back over HTTP, whole or mutated."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st
from loopback.server import Asked, LoopbackServer, Said

Path_ = tuple[str | int, ...]


class ReplayServer(LoopbackServer):
    """``answers`` maps the end of a path to a document; anything else is 404."""

    def __init__(self, answers: Mapping[str, object]) -> None:
        super().__init__()
        self.answers = dict(answers)

    def answer(self, asked: Asked) -> Said:
        for end, document in self.answers.items():
            if asked.path.endswith(end):
                return document if isinstance(document, Said) else Said(200, document)
        return Said(404, {"status": 404})


def recorded(file: Path) -> object:
    """A recording."""
    return json.loads(file.read_text())


def places(document: object, here: Path_ = ()) -> list[Path_]:
    """Every place in a JSON document."""
    found = [here]
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*here, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            found += places(value, (*here, index))
    return found


_ODD = st.one_of(
    st.sampled_from(
        [None, True, 0, -1, 10**30, -1e308, 1e308, "", "x", "NaN", [], {}, [[]], {"value": 1}, "2099-01-01T00:00:00Z"]
    ),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.datetimes().map(str),
)


@st.composite
def mutated(draw: st.DrawFn, document: object) -> object:
    """The document with one to three places replaced by something odd, removed, or doubled."""
    changed = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(places(changed)))
        if not place:
            continue
        holder: object = changed
        for step in place[:-1]:
            holder = holder[step]  # type: ignore[index]  # places() has just found it
        match holder, draw(st.sampled_from(["replace", "remove", "double"])):
            case ((dict() | list()), "remove"):
                del holder[place[-1]]
            case list(), "double":
                holder.append(copy.deepcopy(holder[place[-1]]))  # type: ignore[index]  # a list's step is a number
            case _:
                holder[place[-1]] = draw(_ODD)  # type: ignore[index]  # as above
    return changed
