"""Any figure over time: a curve of hours, or bars of days, months or years."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from eink_monitor.clock import HOUR, local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say
from eink_monitor.metrics import PRODUCTION_TODAY
from eink_monitor.model.history import History
from eink_monitor.model.reading import Bucket, Metric
from eink_monitor.panels import _tile
from eink_monitor.panels._bars import Bar, bars
from eink_monitor.panels._days import cut_short
from eink_monitor.panels._metric_panel import MetricPanel
from eink_monitor.panels._sheet import Sheet
from eink_monitor.panels._trace import trace
from eink_monitor.settings import insist

Span = Literal["hours", "days", "months", "years"]

_COUNTS: Mapping[Span, tuple[int, int]] = {"hours": (24, 168), "days": (14, 60), "months": (12, 24), "years": (5, 10)}
"""How many of a span are shown unless the panel says, and how many at most."""
_SUMMARY, _LABELS = 26, 14  # units above the bars, and for what stands below them


@dataclass(frozen=True, kw_only=True)
class Chart(MetricPanel):
    """Any figure of any subject over hours (a curve) or over days, months or years (bars).

    A day's sum ("produced today") is summed over months and years; of what only ever rises (a mileage) a bar shows the
    rise; anything else is averaged. A bar of which days are missing, or not whole, is dotted and not part of the
    average.
    """

    over: Span = "hours"
    count: int | None = None

    def __post_init__(self) -> None:
        most = _COUNTS[self.over][1]
        insist((self.count is None or 2 <= self.count <= most, f"count must be 2 to {most} ({self.over})"))

    @property
    def word(self) -> str:
        """What the figure is called; "today" over a year's bars would be wrong."""
        return say("produced") if self.metric.metric is PRODUCTION_TODAY and self.over != "hours" else super().word

    @property
    def _shown(self) -> int:
        return self.count or _COUNTS[self.over][0]

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The newest value or the average in words, and below it the curve or the bars."""
        sheet, metric = Sheet(canvas, history, now, self), self.metric.metric
        if not self.begin(sheet, "chart"):
            return
        if self.over == "hours":
            _curve(sheet, metric, self._shown)
        else:
            _periods(sheet, metric, self.over, self._shown)


def _curve(sheet: Sheet, metric: Metric, hours: int) -> None:
    known, zone = _tile.figure(sheet, metric), sheet.body
    text = str(_tile.told(known.value, metric, sheet.now)) if known else words.UNKNOWN
    sheet.canvas.text(zone.left, zone.top + 20, text, fonts.FIGURE_18, hollow=sheet.outline(), width=zone.width)
    trace(sheet, zone._replace(top=zone.top + _SUMMARY), metric, hours * HOUR)


def _periods(sheet: Sheet, metric: Metric, over: Span, count: int) -> None:
    canvas, zone, today = sheet.canvas, sheet.body, local(sheet.now, sheet.history.zone).date()
    starts = _starts(today, over, count)
    known = sheet.history.daily(sheet.subject, metric, starts[0], today)
    parts = {today, *cut_short(sheet.history, sheet.subject, metric, known)} if metric.daily else {today}
    ends = [*starts[1:], today + timedelta(days=1)]
    days = sorted(known)
    shown = [
        _period(
            {day: known[day] for day in days[bisect_left(days, first) : bisect_left(days, after)]},
            metric,
            (first, after),
            parts,
        )
        for first, after in zip(starts, ends, strict=True)
    ]
    whole = [bar.value for bar in shown if bar.value is not None and not bar.part]
    if whole:
        mean = words.quantity(sum(whole) / len(whole), metric.unit)
        # TRANSLATORS: at most 20 letters with a number; the average of the bars
        text = say("{number} on average", number=mean)
        face, outline = fonts.FIGURE_18, sheet.outline()
        end = zone.left + canvas.text(zone.left, zone.top + 20, text, face, hollow=outline, width=zone.width)
        most = say("max {energy}", energy=words.quantity(max(whole), metric.unit))
        if canvas.measure(fonts.SMALL).width(most) <= zone.right - end - 6 and not sheet.stale:
            canvas.text(zone.right, zone.top + 20, most, fonts.SMALL, align="right")
    room = zone._replace(top=zone.top + _SUMMARY, bottom=zone.bottom - _LABELS)
    where = bars(canvas, room, shown, hollow=sheet.stale)
    for first, x in zip(starts, where.lefts, strict=True):
        label, apart = _label(first, over)
        if where.pitch >= apart:
            canvas.text(x + where.wide // 2 + 1, zone.bottom - 3, label, fonts.SMALL, align="centre")


def _starts(today: date, over: Span, count: int) -> list[date]:
    """The first day of each of the last ``count`` days, months or years."""
    if over == "days":
        return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]
    if over == "years":
        return [date(today.year - back, 1, 1) for back in range(count - 1, -1, -1)]
    months = today.year * 12 + today.month - 1
    return [date((months - back) // 12, (months - back) % 12 + 1, 1) for back in range(count - 1, -1, -1)]


def _period(days: Mapping[date, Bucket], metric: Metric, span: tuple[date, date], parts: set[date]) -> Bar:
    """What the days of a period came to; no value where none is known, a part where some are not, or not whole."""
    if not days:
        return Bar(None)
    buckets = [days[day] for day in sorted(days)]
    if metric.daily:
        value = sum(bucket.last for bucket in buckets)
    elif metric.counter:
        value = buckets[-1].last - buckets[0].low
    else:
        value = sum(bucket.mean for bucket in buckets) / len(buckets)
    return Bar(value, not parts.isdisjoint(days) or len(days) < (span[1] - span[0]).days)


def _label(first: date, over: Span) -> tuple[str, int]:
    """What stands below a bar, and how far apart bars must be for it."""
    if over == "days":
        return words.letter(first), 9
    return (words.month(first)[:1], 9) if over == "months" else (str(first.year), 30)
