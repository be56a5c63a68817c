"""The house at one look from two metres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eink_monitor import metrics as m
from eink_monitor.draw.canvas import Canvas
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need, Panel
from eink_monitor.panels._names import MetricName
from eink_monitor.panels._tile import Tile, whole
from eink_monitor.settings import insist

_MOST = 6
_INTERESTS = (
    (m.PV_POWER,),
    (m.STORAGE_SOC,),
    (m.GRID_POWER,),
    (m.SOC, m.FUEL, m.FUEL_VOLUME),
    m.PRICES,
    (m.PRODUCTION_TODAY,),
    (m.DISK_FREE,),
    (m.OUTDOOR_TEMPERATURE,),
    (m.LOAD_POWER,),
    (m.RANGE,),
)
"""What matters most, in order; of those in one line a subject shows the first that it has."""


@dataclass(frozen=True)
class Overview(Panel):
    """What matters in the house as two to six tiles: those that are configured, else what the house has."""

    tiles: tuple[Tile, ...] = ()
    title: str = ""

    def __post_init__(self) -> None:
        insist((not self.tiles or 1 < len(self.tiles) <= _MOST, f"tiles must be 2 to {_MOST} figures, or left out"))

    def needs(self) -> Iterator[Need]:
        """The figures that are configured; of its own choice it needs nothing."""
        for tile in self.tiles:
            yield Need(tile.subject, (tile.metric.metric,))

    def speaks(self, history: History) -> bool:
        """Whether anything of the house is known."""
        return super().speaks(history) if self.tiles else bool(chosen(history))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The tiles, the date, and when this was drawn."""
        whole(canvas, history, now, self.tiles or chosen(history), self.title)


def chosen(history: History) -> list[Tile]:
    """What the house has of what matters most; the second car comes after everything else has had its turn."""
    first: list[Tile] = []
    rest: list[Tile] = []
    subjects = history.subjects()
    for interest in _INTERESTS:
        mine = [
            Tile(subject, MetricName(metric.name))
            for subject in subjects
            if (metric := next((metric for metric in interest if history.latest(subject, metric)), None))
        ]
        first += mine[:1]
        rest += mine[1:]
    return (first + rest)[:_MOST]
