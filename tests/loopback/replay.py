"""Recorded answers, played back over HTTP, whole or mutated."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from loopback.server import Asked, LoopbackServer, Said

Place = tuple[str | int, ...]


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


def places(document: object, here: Place = ()) -> list[Place]:
    """Every place in a JSON document."""
    found = [here]
    if isinstance(document, dict):
        for key, value in document.items():
            found += places(value, (*here, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            found += places(value, (*here, index))
    return found


_ODD: st.SearchStrategy[object] = st.one_of(
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
        holder: Any = changed  # whatever places() has just found there
        for step in place[:-1]:
            holder = holder[step]
        last: Any = place[-1]
        what = draw(st.sampled_from(["replace", "remove", "double"]))
        if what == "remove":
            del holder[last]
        elif what == "double" and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder[last] = copy.deepcopy(draw(_ODD))
    return changed
