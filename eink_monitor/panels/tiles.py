"""Two to six figures of any subject at one look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eink_monitor.draw.canvas import Canvas
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need, Panel
from eink_monitor.panels._tile import Tile, whole
from eink_monitor.settings import insist

_FEWEST, _MOST = 2, 6


@dataclass(frozen=True)
class Tiles(Panel):
    """Two to six figures of any subject and metric, each with its own age; the date, and when this was drawn."""

    tiles: tuple[Tile, ...]
    title: str = ""

    def __post_init__(self) -> None:
        insist((_FEWEST <= len(self.tiles) <= _MOST, f"tiles must be {_FEWEST} to {_MOST} figures"))

    def needs(self) -> Iterator[Need]:
        """Every figure that stands on it."""
        for tile in self.tiles:
            yield Need(tile.subject, (tile.metric.metric,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Every tile, whatever is known of it."""
        whole(canvas, history, now, self.tiles, self.title)
