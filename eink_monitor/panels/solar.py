"""The roof at a glance: power now, today's energy and curve, and what month, year and lifetime came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import HOUR
from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import (
    PRODUCTION_LIFETIME,
    PRODUCTION_MONTH,
    PRODUCTION_TODAY,
    PRODUCTION_YEAR,
    PV_POWER,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import Cell, amount_right, aside, cells, hero, tagged
from eink_monitor.panels._known import Figure
from eink_monitor.panels._outlook import expected
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone

_LONGER = 110  # units for the longer sums at the right of the chart
_FLOOR = 100  # W; the least a chart's height stands for, so that a moonlit night is no mountain
# TRANSLATORS: at most 5 letters; the energy of this month, of this year, and of all time
_SUMS = (
    (marked("month"), PRODUCTION_MONTH, 2),
    (marked("year"), PRODUCTION_YEAR, 1),
    (marked("total"), PRODUCTION_LIFETIME, 0),
)


@dataclass(frozen=True)
class Solar(SubjectPanel):
    """Power from the roof now, energy today, and today's curve; what is expected of the rest is a thin line."""

    corner: ClassVar[bool] = True

    def needs(self) -> Iterator[Need]:
        """Power, and whatever energy there is."""
        yield Need(self.subject, (PV_POWER,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Power in huge digits; the day's curve; today, month, year and total."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No roof power yet"
        if not sheet.begin((PV_POWER,), "sun", say("the first sun"), say("roof power")):
            return
        hero(sheet, *words.power(sheet.value(PV_POWER) or 0))
        if sheet.narrow:
            sheet.rule()
            cells(sheet, [_today(sheet)])
            return
        aside(sheet, _today(sheet), fonts.TEXT, lift=2)
        sheet.rule()
        if sheet.more:
            cells(sheet, [_longer(sheet, *one) for one in _SUMS])
            canvas.rule(sheet.more.top)
            _chart(sheet, sheet.more)
        else:
            _chart(sheet, sheet.foot._replace(right=sheet.foot.right - _LONGER))
            _sums(sheet)


def _today(sheet: Sheet) -> Cell:
    energy = sheet.today(PRODUCTION_TODAY)
    # TRANSLATORS: at most 9 letters; the energy of today
    word = say("today")
    return Cell(word, *words.energy(energy.value), tag=energy.tag) if energy else Cell(word, words.UNKNOWN, "kWh")


def _longer(sheet: Sheet, word: str, metric: Metric, fields: int) -> Cell:
    """One of the longer sums where there is room for a cell."""
    energy, word = sheet.figure(metric, fields), say(word)
    return Cell(word, *words.energy(energy.value), tag=energy.tag) if energy else Cell(word, words.UNKNOWN, "kWh")


def _chart(sheet: Sheet, zone: Zone) -> None:
    """The day from midnight to midnight, be it 23, 24 or 25 hours long; without its axis where room is low."""
    canvas, history, (since, until) = sheet.canvas, sheet.history, sheet.day
    runs = history.series(sheet.subject, PV_POWER, since, min(until, sheet.now))
    foot = zone.bottom - (3 if sheet.low else 12)
    outlook = history.outlook(sheet.subject, PV_POWER)
    rest = expected(outlook, sheet.now, until) if outlook and not outlook.is_old(sheet.now) else []
    top = max([_FLOOR, *(run.value for run in (*runs, *rest))])
    canvas.rule(foot, zone.left, zone.right)
    plot = charts.Plot(zone.left, zone.top + 5, zone.width, foot - zone.top - 7, since, until, top)
    charts.curve(canvas, plot, rest, 2 * HOUR, thin=True)
    newest = charts.curve(canvas, plot, runs, history.gap(sheet.subject))
    if newest and not sheet.stale:
        charts.ring(canvas, *newest)
    if not sheet.low:
        for hour, x, align in (
            ("0h", zone.left, "left"),
            ("12h", zone.centre[0], "centre"),
            ("24h", zone.right, "right"),
        ):
            canvas.text(x, zone.bottom - 2, hour, fonts.TINY, align=align)


def _sums(sheet: Sheet) -> None:
    """As many of the three longer sums as there is room for; what was measured last month is not this month's."""
    zone = sheet.foot
    line, pitch = (zone.top + 12, 11) if sheet.low else (zone.top + 13, 14)
    if sheet.stale:  # outlines need room
        line, pitch = zone.top + 17, 19
    for word, metric, fields in _SUMS:
        if line >= zone.bottom:
            return
        _sum(sheet, line, say(word), sheet.figure(metric, fields))
        line += pitch


def _sum(sheet: Sheet, line: int, word: str, energy: Figure | None) -> None:
    """One of the longer sums; there is no room for its age beside it, so that stands in its place."""
    canvas, right = sheet.canvas, sheet.foot.right
    left = right - _LONGER + 10
    if energy and energy.tag:
        tagged(canvas, (left, right), line, (word,), energy.tag)
        return
    canvas.text(left, line, word, fonts.SMALL)
    if energy and sheet.stale:
        amount_right(canvas, right, line, words.energy(energy.value), (fonts.FIGURE_18, fonts.SMALL), hollow=1)
    else:
        canvas.text(
            right, line, str(words.energy(energy.value)) if energy else words.UNKNOWN, fonts.TEXT, align="right"
        )
