"""Two to six figures of any subject at one look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eink_monitor.clock import local
from eink_monitor.draw import words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say, say_many
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need, Panel
from eink_monitor.panels import _tile
from eink_monitor.panels._sheet import body, empty, header
from eink_monitor.panels._tile import Tile
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
        draw(canvas, history, now, self.tiles, self.title)


def draw(canvas: Canvas, history: History, now: int, tiles: Sequence[Tile], title: str) -> None:
    """The tiles under a header that tells the date, and how many sources fail; it is no clock, and says so."""
    when = local(now, history.zone)
    faults = sum(not feed.is_well for feed in history.feeds())
    # TRANSLATORS: at most 11 letters with a time; when the panel was drawn, so that nobody takes it for a clock
    drawn = say("as of {time}", time=words.clock(when))
    today = (words.short_date if faults else words.day)(when.date())
    kind = say_many("{n} fault", "{n} faults", faults) if faults else today if title else ""
    header(canvas, title or today, drawn, kind, stale=False)
    if not any(history.latest(tile.subject, tile.metric.metric) for tile in tiles):
        waiting = say("Waiting for {thing}", thing=say("the first reading"))
        empty(canvas, "house", waiting, say("the next poll will tell"), body(canvas))
        return
    _tile.draw(canvas, history, now, tiles, body(canvas)._replace(left=0, right=canvas.width))
