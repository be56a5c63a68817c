"""The roof at a glance: power now, today's energy and curve, and what month, year and lifetime came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import (
    PRODUCTION_LIFETIME,
    PRODUCTION_MONTH,
    PRODUCTION_TODAY,
    PRODUCTION_YEAR,
    PV_POWER,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.panels._figures import Cell, amount_right, aside, cells, hero, tagged
from eink_monitor.panels._sheet import LEFT, RIGHT, RULE, Figure, Sheet, SubjectPanel

_CHART = 128  # px wide
_FLOOR = 100  # W; the least a chart's height stands for, so that a moonlit night is no mountain
_SUMS = (("month", PRODUCTION_MONTH, 2), ("year", PRODUCTION_YEAR, 1), ("total", PRODUCTION_LIFETIME, 0))


@dataclass(frozen=True)
class Solar(SubjectPanel):
    """Power from the roof now, energy today, and today's curve from midnight to midnight."""

    corner: ClassVar[bool] = True

    def needs(self) -> Iterator[Need]:
        """Power, and whatever energy there is."""
        yield Need(self.subject, (PV_POWER,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Power in huge digits; the day's curve; today, month, year and total."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((PV_POWER,), "sun", "the first sun", "roof power"):
            return
        hero(sheet, *words.power(sheet.value(PV_POWER) or 0))
        if sheet.narrow:
            canvas.rule(RULE, LEFT, sheet.right)
            cells(sheet, [_today(sheet)])
            return
        aside(sheet, _today(sheet), 69, fonts.TEXT)
        canvas.rule(RULE)
        _chart(sheet)
        _sums(sheet)


def _today(sheet: Sheet) -> Cell:
    energy = sheet.today(PRODUCTION_TODAY)
    return Cell("today", *words.energy(energy.value), tag=energy.tag) if energy else Cell("today", words.UNKNOWN, "kWh")


def _chart(sheet: Sheet) -> None:
    """The day from midnight to midnight, be it 23, 24 or 25 hours long; without its axis where room is low."""
    canvas, history, (since, until) = sheet.canvas, sheet.history, sheet.day
    runs = history.series(sheet.panel.subject, PV_POWER, since, min(until, sheet.now))
    low = sheet.bottom < canvas.height
    foot = sheet.bottom - (3 if low else 12)
    top = max([_FLOOR, *(run.value for run in runs)])
    canvas.rule(foot, LEFT, LEFT + _CHART)
    plot = charts.Plot(LEFT, RULE + 5, _CHART, foot - RULE - 7, since, until, top)
    newest = charts.curve(canvas, plot, runs, history.gap(sheet.panel.subject))
    if newest and not sheet.stale:
        charts.ring(canvas, *newest)
    if not low:
        canvas.text(LEFT, sheet.bottom - 2, "0h", fonts.TINY)
        canvas.text(LEFT + _CHART // 2, sheet.bottom - 2, "12h", fonts.TINY, align="centre")
        canvas.text(LEFT + _CHART, sheet.bottom - 2, "24h", fonts.TINY, align="right")


def _sums(sheet: Sheet) -> None:
    """As many of the three longer sums as there is room for; what was measured last month is not this month's."""
    line, pitch = (RULE + 13, 14) if sheet.bottom == sheet.canvas.height else (RULE + 12, 11)
    if sheet.stale:  # outlines need room
        line, pitch = RULE + 17, 19
    for word, metric, fields in _SUMS:
        if line >= sheet.bottom:
            return
        _sum(sheet, line, word, sheet.figure(metric, fields))
        line += pitch


def _sum(sheet: Sheet, line: int, word: str, energy: Figure | None) -> None:
    """One of the longer sums; there is no room for its age beside it, so that stands in its place."""
    canvas, left = sheet.canvas, LEFT + _CHART + 10
    if energy and energy.tag:
        tagged(canvas, (left, RIGHT), line, (word,), energy.tag)
        return
    canvas.text(left, line, word, fonts.SMALL)
    if energy and sheet.stale:
        amount_right(canvas, RIGHT, line, words.energy(energy.value), (fonts.FIGURE_18, fonts.SMALL), hollow=1)
    else:
        canvas.text(
            RIGHT, line, str(words.energy(energy.value)) if energy else words.UNKNOWN, fonts.TEXT, align="right"
        )
