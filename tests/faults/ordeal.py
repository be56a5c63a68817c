"""What must hold for a house whatever one of its sources goes through; the clock is fast, the rest is real."""

from __future__ import annotations

import logging
import select
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import pytest

from eink_monitor.clock import HOUR, FastClock
from eink_monitor.daemon.runner import GRACE
from eink_monitor.draw import words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.panels.health import Health
from small_house import Small

DEADLINE = 60


@dataclass
class Near(Source):
    """A neighbour that needs no network; its readings tell when it was asked."""

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        return [Reading(visit.subject, PV_POWER, visit.now % 9973, visit.now)]


class Hurried(FastClock):
    """Waits once for a poll that hangs, the fifth of a second; then it is as late as it would have been."""

    hangs = False
    met: object = None
    victim = ""
    house: Small | None = None

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        running = self.house.daemon.fetching._running if self.house else None
        if readable and self.hangs and running and running.feed.name == self.victim:
            if running is self.met:
                return super().wait(seconds)
            self.met = running
            return select.select(readable, (), (), min(seconds, 0.2))[0] or super().wait(seconds)
        return super().wait(seconds, readable)


class Reads(Canvas):
    """A sheet that remembers what was written on it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[str] = []

    def text(self, x: int, line: int, text: str, *args: str, **more: object) -> int:
        self.written.append(text)
        return super().text(x, line, text, *args, **more)  # type: ignore[arg-type]


def on_the_panel(house: Small) -> list[str]:
    """What the health panel says now."""
    sheet = Reads()
    Health().draw(sheet, house.daemon.house, house.clock.now())
    return sheet.written


@dataclass
class Ordeal:
    """A fault of ``length`` seconds that the feed ``victim`` goes through, beside a ``Near`` called "near".

    ``begin`` and ``mend`` bring it about and end it; ``what`` and the beginning of a ``sentence`` say what it is.
    """

    house: Small
    victim: str
    begin: Callable[[], object]
    mend: Callable[[], object]
    length: int
    what: str
    sentence: str

    def suffer(self, caplog: pytest.LogCaptureFixture) -> None:
        """Live through it."""
        caplog.set_level(logging.INFO)
        began = self.house.clock.now()
        self.begin()
        self.house.live(self.length)
        self._is_seen(began)
        self.mend()
        every = self.house.config.feeds["near"].every
        self.house.live(HOUR + every + 1)
        assert self.house.daemon.house.feeds()[0].what == "ok", "it recovers by itself"
        assert any("all well" in text for text in on_the_panel(self.house))
        runs = self.house.store.readings.runs("near", PV_POWER, 0, self.house.clock.now())
        late = [after.start - before.start for before, after in pairwise(runs)]
        assert max(late) <= every + DEADLINE + GRACE, "the neighbour was asked all the time"
        lines = [record.getMessage() for record in caplog.records]
        assert len(lines) == 2, lines
        assert lines[0].startswith(f"{self.victim}: ")
        assert self.sentence in lines[0]
        assert lines[1].startswith(f"{self.victim}: recovered after ")

    def _is_seen(self, began: int) -> None:
        status, now = self.house.daemon.house.feeds()[0], self.house.clock.now()
        assert (status.name, status.what) == (self.victim, self.what)
        assert status.detail.startswith(self.sentence)
        said = on_the_panel(self.house)
        assert words.span(now - (status.measured_at or status.since or now)) in said
        assert now - (status.measured_at or began) >= self.length, "nothing new has come meanwhile"
        assert " ".join(self.sentence.split()[:4]) in " ".join(said), "what is wrong, in a sentence"
        past = self.house.store.outcomes.get(self.victim)
        assert past is not None
        assert past.took <= DEADLINE + GRACE
