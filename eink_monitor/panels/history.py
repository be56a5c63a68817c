"""The last days of production or consumption as bars, from our own store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from eink_monitor.clock import local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import DOTS, Canvas
from eink_monitor.metrics import CONSUMPTION_TODAY, PRODUCTION_TODAY
from eink_monitor.model import Bucket, History, Metric, Need
from eink_monitor.panels._sheet import LEFT, RIGHT, Sheet, SubjectPanel
from eink_monitor.settings import insist

_TOP = 44
_MOST = 60


@dataclass(frozen=True)
class DailyHistory(SubjectPanel):
    """Energy of the last days as bars, with the average and the best of them."""

    metric: Literal["production", "consumption"] = "production"
    days: int = 14

    def __post_init__(self) -> None:
        insist((2 <= self.days <= _MOST, f"days must be 2 to {_MOST}"))

    def label(self, history: History) -> str:
        """The subject and how many days are shown."""
        return self.title or f"{history.label(self.subject)} · {self.days} days"

    @property
    def _what(self) -> Metric:
        return CONSUMPTION_TODAY if self.metric == "consumption" else PRODUCTION_TODAY

    def needs(self) -> Iterator[Need]:
        """The counter whose days are shown."""
        yield Need(self.subject, (self._what,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """A bar a day; today's, still growing, is dotted; a day without data interrupts the ground."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((self._what,), "chart", "the first day"):
            return
        today = local(now, history.zone).date()
        first = today - timedelta(days=self.days - 1)
        known = history.daily(self.subject, self._what, first, today)
        whole = {day: bucket for day, bucket in known.items() if day != today}
        _summary(sheet, "used" if self.metric == "consumption" else "made", whole)
        _bars(sheet, known, first, self.days)


def _summary(sheet: Sheet, word: str, whole: Mapping[date, Bucket]) -> None:
    """Average and best of the days that are over."""
    if not whole:
        sheet.canvas.text(LEFT, 38, "the first day is not over yet", fonts.TEXT)
        return
    values = [bucket.last for bucket in whole.values()]
    mean, most = words.energy(sum(values) / len(values)), words.energy(max(values))
    end = LEFT + sheet.canvas.text(LEFT, 38, f"{word} {mean} a day", fonts.FIGURE_18)
    sheet.canvas.text(RIGHT, 38, f"max {most}", fonts.SMALL, align="right", width=RIGHT - end - 6)


def _bars(sheet: Sheet, known: Mapping[date, Bucket], first: date, count: int) -> None:
    canvas, pitch, foot = sheet.canvas, (RIGHT - LEFT) // count, sheet.bottom - 14
    gap = max(1, pitch // 4)
    wide = pitch - gap
    lefts = [LEFT + round(number * (RIGHT - LEFT - wide) / (count - 1)) for number in range(count)]
    top = max((bucket.last for bucket in known.values()), default=0) or 1
    for number in range(count):
        day, x = first + timedelta(days=number), lefts[number]
        bucket = known.get(day)
        if bucket:
            canvas.fill(x, foot, (lefts[number + 1] - x) if number < count - 1 else wide, 2)
            _bar(canvas, x, foot, wide, round((foot - _TOP) * min(1.0, bucket.last / top)), number == count - 1)
        if pitch >= 9:
            canvas.text(x + wide // 2 + 1, sheet.bottom - 3, words.weekday(day)[0], fonts.SMALL, align="centre")
        elif day.weekday() == 0 and x + 30 <= RIGHT:
            canvas.text(x, sheet.bottom - 4, f"{day.day} {words.month(day)}", fonts.TINY)


def _bar(canvas: Canvas, x: int, foot: int, wide: int, high: int, growing: bool) -> None:
    if growing:
        canvas.fill(x, foot - high, wide, high, DOTS)
        canvas.box(x, foot - high, wide, high)
    else:
        canvas.fill(x, foot - high, wide, high)
