"""The roof at a glance: power now, today's energy and curve, and what month, year and lifetime came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import (
    PRODUCTION_LIFETIME,
    PRODUCTION_MONTH,
    PRODUCTION_TODAY,
    PRODUCTION_YEAR,
    PV_POWER,
)
from eink_monitor.model import History, Need
from eink_monitor.panels._figures import amount_right, hero
from eink_monitor.panels._sheet import LEFT, RIGHT, RULE, Sheet, SubjectPanel

_CHART = 146  # px wide


@dataclass(frozen=True)
class Solar(SubjectPanel):
    """Power from the roof now, energy today, and today's curve from midnight to midnight."""

    def needs(self) -> Iterator[Need]:
        """Power, and whatever energy there is."""
        yield Need(self.subject, (PV_POWER,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Power in huge digits; the day's curve; today, month, year and total."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((PV_POWER,), "sun", "the first sun"):
            return
        watts = sheet.value(PV_POWER)
        if watts is not None:
            hero(canvas, *words.power(watts), hollow=sheet.hollow)
        _today(sheet)
        canvas.rule(RULE)
        _chart(sheet)
        _sums(sheet)


def _today(sheet: Sheet) -> None:
    energy = sheet.today(PRODUCTION_TODAY)
    figure = words.energy(energy) if energy is not None else (words.UNKNOWN, "kWh")
    sheet.canvas.text(RIGHT, 42, "today", fonts.TEXT, align="right")
    amount_right(sheet.canvas, RIGHT, 69, figure, (fonts.FIGURE_28, fonts.TEXT))


def _chart(sheet: Sheet) -> None:
    """The day from midnight to midnight, be it 23, 24 or 25 hours long."""
    canvas, history, (since, until) = sheet.canvas, sheet.history, sheet.day
    runs = history.series(sheet.panel.subject, PV_POWER, since, min(until, sheet.now))
    top = charts.ceiling(max((run.value for run in runs), default=0))
    foot = sheet.bottom - 12
    plot = charts.Plot(LEFT, RULE + 6, _CHART, foot - RULE - 8, since, until, top)
    canvas.rule(foot, LEFT, LEFT + _CHART)
    newest = charts.curve(canvas, plot, runs, history.gap(sheet.panel.subject))
    if newest and not sheet.stale:
        charts.ring(canvas, *newest)
    for text, align, x in (
        ("0h", "left", LEFT),
        ("12h", "centre", LEFT + _CHART // 2),
        ("24h", "right", LEFT + _CHART),
    ):
        canvas.text(x, sheet.bottom - 2, text, fonts.TINY, align=align)


def _sums(sheet: Sheet) -> None:
    """As many of the three longer sums as there is room for."""
    sums = (("month", PRODUCTION_MONTH), ("year", PRODUCTION_YEAR), ("total", PRODUCTION_LIFETIME))
    pitch = 14 if sheet.bottom == sheet.canvas.height else 12
    line = RULE + pitch - 1
    for word, metric in sums:
        if line >= sheet.bottom:
            return
        value = sheet.value(metric)
        sheet.canvas.text(LEFT + _CHART + 10, line, word, fonts.SMALL)
        text = str(words.energy(value)) if value is not None else words.UNKNOWN
        sheet.canvas.text(RIGHT, line, text, fonts.SMALL, align="right")
        line += pitch
