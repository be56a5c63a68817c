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

    def heading(self, history: History) -> tuple[str, str]:
        """The subject and how many days are shown."""
        return (self.title, "") if self.title else (history.label(self.subject), f"{self.days} days")

    @property
    def _what(self) -> Metric:
        return CONSUMPTION_TODAY if self.metric == "consumption" else PRODUCTION_TODAY

    def needs(self) -> Iterator[Need]:
        """The counter whose days are shown."""
        yield Need(self.subject, (self._what,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """A bar a day; today's, still growing, is dotted; a day without data interrupts the ground."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((self._what,), "chart", "the first day", self.metric):
            return
        today = local(now, history.zone).date()
        first = today - timedelta(days=self.days - 1)
        known = history.daily(self.subject, self._what, first, today)
        whole = {day: bucket for day, bucket in known.items() if day != today}
        if whole:
            _summary(sheet, "used" if self.metric == "consumption" else "made", whole)
        else:
            newest = local(sheet.at, history.zone).date()
            silent = "the first day is not over yet" if newest >= today else f"nothing since {words.day(newest)}"
            canvas.text(LEFT, 38, silent, fonts.TEXT)
        _bars(sheet, known, first, self.days)


def _summary(sheet: Sheet, word: str, whole: Mapping[date, Bucket]) -> None:
    """Average and best of the days that are over."""
    values = [bucket.last for bucket in whole.values()]
    mean, most = words.energy(sum(values) / len(values)), words.energy(max(values))
    said = f"{word} {mean} a day"
    end = LEFT + sheet.canvas.text(LEFT, 38, said, fonts.FIGURE_18, hollow=sheet.outline())
    if not sheet.stale:
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
            high = round((foot - _TOP) * min(1.0, bucket.last / top))
            _bar(canvas, (x, foot), wide, high, growing=number == count - 1, hollow=sheet.stale)
        if pitch >= 9:
            canvas.text(x + wide // 2 + 1, sheet.bottom - 3, words.weekday(day)[0], fonts.SMALL, align="centre")
        elif day.weekday() == 0 and x + 30 <= RIGHT:
            canvas.text(x, sheet.bottom - 4, f"{day.day} {words.month(day)}", fonts.TINY)


def _bar(canvas: Canvas, corner: tuple[int, int], wide: int, high: int, *, growing: bool, hollow: bool) -> None:
    """A day; dotted while it grows, an outline on a stale sheet."""
    x, foot = corner
    if growing:
        canvas.fill(x, foot - high, wide, high, DOTS)
    if growing or hollow:
        canvas.box(x, foot - high, wide, high)
    else:
        canvas.fill(x, foot - high, wide, high)
