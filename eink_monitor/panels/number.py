"""One figure, as large as it gets, and how it went."""

from __future__ import annotations

import math
from dataclasses import dataclass

from eink_monitor.clock import HOUR
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.model.history import History
from eink_monitor.panels import _tile
from eink_monitor.panels._figures import hero
from eink_monitor.panels._metric_panel import MetricPanel
from eink_monitor.panels._names import named
from eink_monitor.panels._sheet import Sheet
from eink_monitor.panels._trace import trace
from eink_monitor.panels._usual import below, beside, usual
from eink_monitor.settings import insist

_WORDS = (fonts.FIGURE_28, fonts.FIGURE_22, fonts.FIGURE_18)  # what the name of a state is written in, if it fits
_MOST = 7 * 24
_ICON = 46  # units for the icon


@dataclass(frozen=True, kw_only=True)
class Number(MetricPanel):
    """Any figure of any subject as large as it gets, with its curve of the last hours, its highest and its lowest.

    A counter that starts anew at midnight is compared with what it usually comes to: the median of the same weekday at
    the same time of day.
    """

    hours: int = 24

    def __post_init__(self) -> None:
        insist((1 <= self.hours <= _MOST, f"hours must be 1 to {_MOST}"))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The figure in huge digits, a state in words; below it how it went."""
        sheet, metric = Sheet(canvas, history, now, self), self.metric.metric
        icon = named(metric).icon
        if not self.begin(sheet, icon):
            return
        known = _tile.figure(sheet, metric)
        number, unit = _tile.told(known.value, metric, now) if known else words.quantity(math.nan, metric.unit)
        _figure(sheet, number, unit)
        median, top = usual(sheet, metric), sheet.foot.top
        if median is None or not beside(sheet, metric, median, unit):
            if sheet.beside <= sheet.hero.right - _ICON:
                canvas.icon(sheet.hero.right - 40, sheet.hero.top + 6, icon, 40, hollow=sheet.outline())
            top = below(sheet, metric, median, top) if median else top
        sheet.rule()
        trace(sheet, sheet.body._replace(top=top), metric, self.hours * HOUR)


def _figure(sheet: Sheet, number: str, unit: str) -> None:
    """The number as large as it fits; a state in words."""
    canvas, zone = sheet.canvas, sheet.hero
    wide = canvas.measure(fonts.FIGURE_64).width(number) + canvas.measure(fonts.FIGURE_28).width(unit) + 4
    if wide <= zone.width and not any(letter.isalpha() for letter in number):
        hero(sheet, number, unit)
        return
    room = zone.width - _ICON
    face = next((face for face in _WORDS if canvas.measure(face).width(number) <= room), _WORDS[-1])
    taken = canvas.text(zone.left, zone.bottom - 20, number, face, hollow=sheet.outline(), width=room)
    sheet.beside = zone.left + taken + 4
    sheet.beside += canvas.text(
        sheet.beside, zone.bottom - 20, unit, fonts.FIGURE_18, width=max(0, zone.right - sheet.beside)
    )
