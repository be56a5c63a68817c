"""A poll of a block without a network: what answers that somebody has saved would become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.said import Said
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._template import Values
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.found import Answers
from eink_monitor.sources.http.talk import Talk

Saved = tuple[int, Mapping[str, str], bytes]
"""Status, headers (names in lower case) and body of an answer."""


class _Rehearsal(Talk):
    """Sends nothing; ``asked`` are the requests that it would send, ``saved`` what each is answered with."""

    def __init__(self, block: HttpBlock, visit: Visit, values: Values, saved: Sequence[Saved]) -> None:
        self.asked: list[str] = []
        self._saved = list(saved)
        super().__init__(block, visit, values, "the vendor")

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, cost: int = 1) -> Answer:  # noqa: ARG002 - as Talk has it
        self.asked.append(f"{method.upper()} {url}")
        if len(self.asked) > len(self._saved):
            raise BadAnswer(f"it asks {len(self.asked)} times, and there are {len(self._saved)} answers")
        return Answer("the vendor", *self._saved[len(self.asked) - 1])


def rehearsed(block: HttpBlock, visit: Visit, values: Values, saved: Sequence[Saved]) -> Iterator[Said]:
    """What the answers become, in the order of the requests. Raises ``Trouble`` as a poll does."""
    talk = _Rehearsal(block, visit, values, saved)
    yield from Answers(talk, talk.pages()).said()
