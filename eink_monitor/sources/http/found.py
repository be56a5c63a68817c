"""From the answer to what is stored: readings, each with its own time."""

from __future__ import annotations

from collections.abc import Iterator

from eink_monitor.errors import BadAnswer
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.reading import Reading
from eink_monitor.model.said import Said
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import Answered, Expression
from eink_monitor.sources._times import instant
from eink_monitor.sources.http import explained, lists
from eink_monitor.sources.http.talk import HttpPage, Talk


class Answers:
    """The pages of a poll as one document: of several pages, or where there may be several, the list of them."""

    def __init__(self, talk: Talk, pages: list[HttpPage]) -> None:
        self._talk, self._block, self.visit = talk, talk.block, talk.visit
        self.document: object = [page.document for page in pages] if self._block.next else pages[0].document
        self.answered: Answered = pages[0].answered
        self._page = pages[0]
        self._at: int | None = None

    def said(self) -> Iterator[Said]:
        """Everything that the block declares. Raises ``BadAnswer`` where nothing of it is there."""
        found = list(self._readings())
        if len(found) < len(self._block.readings) or not (self._block.readings or any(self._block.listed())):
            self._talk.explain(explained.contents(self.document))
        listed = list(self._listed())
        if self._block.readings and not found and not listed and not self.visit.remarks.left_out:
            raise BadAnswer(
                f"{self._talk.who}: the answer holds none of the values",
                f"look at it: eink-monitor poll {self.visit.feed} --explain",
            )
        yield from found
        yield from listed

    def _listed(self) -> Iterator[Listing | Event]:
        for block in self._block.listed():
            try:
                found = list(lists.said(block, self))
            except BadAnswer:
                self._talk.explain(explained.contents(self.document))
                raise
            self._talk.explain(explained.listed(block, found, self.answered.scope.zone))
            yield from found

    def _readings(self) -> Iterator[Reading]:
        for name, declared in self._block.readings.items():
            try:
                raw = declared.path.find(self.document, self.answered)
                made = self._reading(name, declared, raw)
            except NoTimeError:
                self._talk.explain(explained.contents(self.document))
                raise
            except BadAnswer as error:
                told = error.fact.removeprefix(f"{self._talk.who}: ")
                self.visit.remarks.add(told)
                self._talk.explain([f"{name}: {told}"])
                continue
            self._talk.explain(explained.reading(name, declared, raw, made, self.answered))
            if made:
                yield made

    def _reading(self, name: str, declared: Declared, raw: object) -> Reading | None:
        """The reading of what was found; None, with a remark, where that is nothing, or cannot be dated."""
        at = self._time(declared) if raw is not None else None
        if at is None:
            self.visit.remarks.add(f"{name}: nothing there" if raw is None else f"{name}: no time beside it")
            return None
        return declared.reading(name, raw, at, self.visit)

    def _time(self, declared: Declared) -> int | None:
        """When a value was measured; None where its own time is missing."""
        if declared.at:
            return self._instant(declared.at)
        return self.at()

    def _instant(self, expression: Expression) -> int | None:
        return instant(expression.find(self.document, self.answered), self.answered.scope.zone)

    def at(self) -> int:
        """When all of it was measured: never the time at which we asked, unless the device measures then."""
        if self._at is None:
            self._at = self._measured()
        return self._at

    def _measured(self) -> int:
        block, who = self._block, self._talk.who
        if block.live:
            return self.visit.now
        if not block.at:
            if self._page.said_at:
                self.visit.remarks.add("dated by the answer's Date header")
                return self._page.said_at
            raise NoTimeError(
                f"{who} does not say when it measured: there is no Date header",
                "point `at` to a time in the answer, or say `live: true` of a device at home that measures when asked",
            )
        at = self._instant(block.at)
        if at is None:
            raise NoTimeError(f"{who}: `{block.at.text[:60]}` finds no time", "point `at` to one")
        return at


class NoTimeError(BadAnswer):
    """Nothing of an answer can be dated."""
