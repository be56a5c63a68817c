"""The timetable: sources to poll, panels to show, and retention."""

from __future__ import annotations

from dataclasses import dataclass

from eink_monitor.conditions import Condition
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration


@dataclass(frozen=True)
class Keep:
    """Retention: how long each kind of row is kept; daily rows forever by default, and events as long as these."""

    raw: Duration = Duration(2 * 365 * 86400)
    hourly: Duration = Duration(10 * 365 * 86400)
    daily: Duration | None = None
    events: Duration | None = None


@dataclass(frozen=True)
class Feed:
    """A source on the timetable. ``subject`` is what its readings are about, ``label`` what the panel calls it."""

    name: str
    type: str
    source: Source
    every: Duration = Duration(5 * 60)
    deadline: Duration = Duration(60)
    subject: str = ""
    label: str = ""

    @property
    def spacing(self) -> int:
        """Seconds that may lie between two measurements before a series of this feed counts as broken."""
        return max(int(self.every * 2.5), self.source.lag)


@dataclass(frozen=True)
class Slide:
    """A panel in the rotation, shown for ``dwell``.

    It takes its turn while ``when`` holds, comes next when ``first`` begins to, and has ``weight`` turns where others
    have one.
    """

    name: str
    type: str
    panel: Panel
    dwell: Duration = Duration(3 * 60)
    when: Condition | None = None
    first: Condition | None = None
    weight: int = 1
