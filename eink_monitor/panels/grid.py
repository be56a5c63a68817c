"""The grid: importing or exporting, and what went in and out today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import FEED_IN_TODAY, GRID_POWER, LOAD_POWER, PURCHASED_TODAY
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import Cell, cells, hero
from eink_monitor.panels._sheet import Sheet, SubjectPanel
from eink_monitor.panels._trace import trace

_IDLE = 10  # W; less than this is a meter's noise
_DIRECTION = 38  # units from the right to the middle of the word for it


@dataclass(frozen=True)
class Grid(SubjectPanel):
    """Power from or to the grid, and today's feed-in and purchase."""

    # TRANSLATORS: at most 9 letters; behind the name of a house or roof
    kind: ClassVar[str] = marked("grid")

    def needs(self) -> Iterator[Need]:
        """The grid meter."""
        yield Need(self.subject, (GRID_POWER,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The power in huge digits, the direction in a word and an icon, two sums below."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No grid power yet"
        if not sheet.begin((GRID_POWER,), "grid", say("the first reading"), say("grid power")):
            return
        watts, outline = sheet.value(GRID_POWER) or 0.0, sheet.outline()
        hero(sheet, *words.power(abs(watts)))
        # TRANSLATORS: at most 10 letters; below a crossed-out pylon
        word, icon = (say("no reading"), "grid-off") if _silent(sheet) else _direction(watts)
        zone, middle = sheet.hero, sheet.hero.right - _DIRECTION
        canvas.icon(middle - 20, zone.top + 2, icon, 40, hollow=outline)
        canvas.text(middle, zone.bottom - 5, word, fonts.FIGURE_18, align="centre", hollow=outline)
        sheet.rule()
        # TRANSLATORS: at most 10 letters; energy of today
        cells(sheet, [_sum(sheet, say("fed in"), FEED_IN_TODAY), _sum(sheet, say("bought"), PURCHASED_TODAY)])
        if sheet.more:
            canvas.rule(sheet.more.top)
            trace(sheet, sheet.more, GRID_POWER)


def _silent(sheet: Sheet) -> bool:
    """Whether the house is still measured but the grid is not, be it that its meter is silent or that there is none."""
    load = sheet.reading(LOAD_POWER)
    return sheet.stale and load is not None and load.at - sheet.at > sheet.history.gap(sheet.subject)


def _direction(watts: float) -> tuple[str, str]:
    """A word and an icon for a power from the grid in W."""
    if abs(watts) < _IDLE:
        # TRANSLATORS: at most 10 letters; power neither bought nor sold
        return say("balanced"), "grid"
    # TRANSLATORS: at most 10 letters; power that is bought from, or fed into the grid
    return (say("importing"), "grid-import") if watts > 0 else (say("exporting"), "grid-export")


def _sum(sheet: Sheet, word: str, metric: Metric) -> Cell:
    energy = sheet.today(metric)
    return Cell(word, *words.energy(energy.value), tag=energy.tag) if energy else Cell(word, words.UNKNOWN, "kWh")
