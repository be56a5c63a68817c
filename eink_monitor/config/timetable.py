"""What stands on the timetable: sources that are asked, panels that are shown, rows that are kept."""

from __future__ import annotations

from dataclasses import dataclass

from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration


@dataclass(frozen=True)
class Keep:
    """How long each kind of row stays in the database; daily totals stay for ever unless said otherwise."""

    raw: Duration = Duration(2 * 365 * 86400)
    hourly: Duration = Duration(10 * 365 * 86400)
    daily: Duration | None = None


@dataclass(frozen=True)
class Feed:
    """A source on the timetable. ``subject`` is whom it speaks of, ``label`` what the panel calls it."""

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
    """A panel in the rotation, shown for ``dwell``."""

    name: str
    type: str
    panel: Panel
    dwell: Duration = Duration(3 * 60)
