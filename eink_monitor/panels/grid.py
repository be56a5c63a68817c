"""The grid: importing, exporting or off, and what went in and out today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import FEED_IN_TODAY, GRID_POWER, LOAD_POWER, PURCHASED_TODAY
from eink_monitor.model import History, Metric, Need
from eink_monitor.panels._figures import Cell, cells, hero
from eink_monitor.panels._sheet import RULE, Sheet, SubjectPanel

_IDLE = 10  # W; less than this is a meter's noise
_RIGHT_MIDDLE = 206


@dataclass(frozen=True)
class Grid(SubjectPanel):
    """Power from or to the grid, and today's feed-in and purchase."""

    kind: ClassVar[str] = "grid"

    def needs(self) -> Iterator[Need]:
        """The grid meter."""
        yield Need(self.subject, (GRID_POWER,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The power in huge digits, the direction in a word and an icon, two sums below."""
        sheet = Sheet(canvas, history, now, self)
        off = _off(sheet)
        if not sheet.begin((LOAD_POWER,) if off else (GRID_POWER,), "grid", "the first reading"):
            return
        watts = sheet.value(GRID_POWER) or 0.0
        if off:
            hero(canvas, "off", "", hollow=sheet.hollow)
            word, icon = "off-grid", "grid-off"
        else:
            hero(canvas, *words.power(abs(watts)), hollow=sheet.hollow)
            word, icon = _direction(watts)
        canvas.icon(_RIGHT_MIDDLE - 20, 20, icon, 40)
        canvas.text(_RIGHT_MIDDLE, 74, word, fonts.FIGURE_18, align="centre")
        canvas.rule(RULE)
        cells(sheet, [_sum(sheet, "fed in", FEED_IN_TODAY), _sum(sheet, "bought", PURCHASED_TODAY)])


def _off(sheet: Sheet) -> bool:
    """Whether the house is still measured but the grid is not: what a meter says of an island."""
    load, grid = sheet.reading(LOAD_POWER), sheet.reading(GRID_POWER)
    return load is not None and (grid is None or load.at - grid.at > sheet.history.gap(sheet.panel.subject))


def _direction(watts: float) -> tuple[str, str]:
    """A word and an icon for a power from the grid in W."""
    if abs(watts) < _IDLE:
        return "balanced", "grid"
    return ("importing", "grid-import") if watts > 0 else ("exporting", "grid-export")


def _sum(sheet: Sheet, word: str, metric: Metric) -> Cell:
    energy = sheet.today(metric)
    return Cell(word, *(words.energy(energy) if energy is not None else (words.UNKNOWN, "kWh")))
