"""What a counter of the day usually stands at: the median of the same weekday at the same time of day."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from eink_monitor.clock import local, midnight
from eink_monitor.draw import fonts, words
from eink_monitor.locale import say
from eink_monitor.model.history import History
from eink_monitor.model.reading import Metric
from eink_monitor.panels import _tile
from eink_monitor.panels._figures import amount_right
from eink_monitor.panels._sheet import Sheet

_WEEKS, _FEWEST = 8, 3  # how far back, and of how many days something must be known
_LINE, _CURVE = 11, 30  # units that it takes as a line of its own, and that a curve takes with its axis


class Usual(NamedTuple):
    """The median, and the weekday and time of day whose it is: "Fri 14:00"."""

    value: float
    when: str


def usual(sheet: Sheet, metric: Metric) -> Usual | None:
    """The median of the last 8 weeks at the time when today's figure was measured.

    None where it is not from today or old, or fewer than 3 of those days are known at that time. A day of which
    nothing was measured just before that time does not count: it may have gone on.
    """
    found = sheet.today(metric) if metric.daily and not sheet.stale else None
    if found is None or found.tag:
        return None
    when = local(found.at, sheet.history.zone)
    days = [when.date() - timedelta(weeks=week) for week in range(1, _WEEKS + 1)]
    values = sorted(
        value for day in days if (value := _stood(sheet.history, sheet.subject, metric, day, when)) is not None
    )
    if len(values) < _FEWEST:
        return None
    middle = values[(len(values) - 1) // 2 : len(values) // 2 + 1]
    return Usual(sum(middle) / len(middle), f"{words.weekday(when.date())} {words.clock(when)}")


def _stood(history: History, subject: str, metric: Metric, day: date, when: datetime) -> float | None:
    """What the counter stood at on that day at that time, or None. One that began the day before was not reset yet."""
    at = int(datetime.combine(day, when.time(), history.zone).timestamp())
    begun = midnight(day, history.zone)
    runs = history.series(subject, metric, max(begun, at - history.gap(subject)), at)
    whole = [run for run in runs if run.start <= at and (run.start >= begun or not run.value)]
    return whole[-1].value if whole else None


def beside(sheet: Sheet, metric: Metric, median: Usual, unit: str) -> bool:
    """The median at the right of the figure, whose unit is ``unit``; False, and nothing drawn, where it has no room."""
    canvas, zone = sheet.canvas, sheet.side
    said = _tile.told(median.value, metric, sheet.now)
    text = (said.number, "" if said.unit == unit else said.unit)
    measure, small = canvas.measure(fonts.FIGURE_28), canvas.measure(fonts.TEXT)
    wide = measure.width(text[0]) + small.width(text[1]) + 4 * bool(text[1])
    if max(wide, small.width(median.when), small.width(_median())) > zone.width:
        return False
    canvas.text(zone.right, zone.top + 13, _median(), fonts.TEXT, align="right")
    canvas.text(zone.right, zone.top + 27, median.when, fonts.TEXT, align="right")
    amount_right(canvas, zone.right, zone.bottom - 8, text, (fonts.FIGURE_28, fonts.TEXT))
    return True


def below(sheet: Sheet, metric: Metric, median: Usual, top: int) -> int:
    """The median in a line under ``top``, where that leaves room for a curve; returns where it ends."""
    if sheet.body.bottom - top < _CURVE + _LINE:
        return top
    text = f"{_median()} {median.when}: {_tile.told(median.value, metric, sheet.now)}"
    sheet.canvas.text(sheet.body.left, top + _LINE, text, fonts.SMALL, width=sheet.body.width)
    return top + _LINE


def _median() -> str:
    # TRANSLATORS: at most 9 letters; the middle value of some days, before a weekday with a time: "median Fri 14:00"
    return say("median")
