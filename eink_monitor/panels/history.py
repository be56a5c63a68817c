"""The last days of production or consumption as bars, from our own store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from eink_monitor.clock import local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say, say_many
from eink_monitor.metrics import CONSUMPTION_TODAY, PRODUCTION_TODAY
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Bucket, Metric
from eink_monitor.panels._bars import Bar, bars
from eink_monitor.panels._days import cut_short
from eink_monitor.panels._sheet import Sheet, SubjectPanel
from eink_monitor.settings import insist

_AVERAGE = (fonts.FIGURE_18, fonts.TITLE, fonts.TEXT, fonts.SMALL)  # the largest that has room
_SUMMARY = 26  # units for what stands above the bars
_LABELS = 14  # units for the days below them
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
        return (
            (self.title, "")
            if self.title
            else (history.label(self.subject), say_many("{n} day", "{n} days", self.days))
        )

    @property
    def _what(self) -> Metric:
        return CONSUMPTION_TODAY if self._used else PRODUCTION_TODAY

    @property
    def _used(self) -> bool:
        """Whether it shows what was used, not what was made."""
        return self.metric == "consumption"

    def _said(self, whole: Mapping[date, Bucket]) -> str:
        """The average of the days that are over."""
        mean = words.energy(sum(bucket.last for bucket in whole.values()) / len(whole))
        # TRANSLATORS: at most 22 letters; {energy} is "12.4 kWh", the average of the last days
        return say("used {energy} a day", energy=mean) if self._used else say("made {energy} a day", energy=mean)

    def needs(self) -> Iterator[Need]:
        """The counter whose days are shown."""
        yield Need(self.subject, (self._what,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """A bar a day; one that is not the whole day is dotted; a day without data interrupts the ground."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No production yet"
        wanted, lacking = say("the first day"), say("consumption") if self._used else say("production")
        if not sheet.begin((self._what,), "chart", wanted, lacking):
            return
        today = local(now, history.zone).date()
        first = today - timedelta(days=self.days - 1)
        known = history.daily(self.subject, self._what, first, today)
        past = {day: bucket for day, bucket in known.items() if day != today}
        parts = {today, *cut_short(history, self.subject, self._what, past)}
        whole = {day: bucket for day, bucket in past.items() if day not in parts}
        if whole:
            _summary(sheet, self._said(whole), whole)
        else:
            newest = local(sheet.at, history.zone).date()
            # TRANSLATORS: at most 29 letters; {day} is "Tue 3 Nov"
            since = say("nothing since {day}", day=words.day(newest))
            # TRANSLATORS: at most 29 letters
            silent = say("the first day is not over yet") if newest >= today else since
            canvas.text(sheet.body.left, sheet.body.top + 20, silent, fonts.TEXT)
        _bars(sheet, known, (first, self.days), parts)


def _summary(sheet: Sheet, said: str, whole: Mapping[date, Bucket]) -> None:
    """The average, as it is said, and the best of the days that are over, which has no outline and is left out then."""
    canvas, zone, line = sheet.canvas, sheet.body, sheet.body.top + 20
    if sheet.stale:
        canvas.text(zone.left, line, said, fonts.FIGURE_18, hollow=sheet.outline())
        return
    # TRANSLATORS: at most 14 letters; {energy} is "12.4 kWh", the best of the last days
    most = say("max {energy}", energy=words.energy(max(bucket.last for bucket in whole.values())))
    room = zone.width - canvas.measure(fonts.SMALL).width(most) - 6
    face = next((face for face in _AVERAGE if canvas.measure(face).width(said) <= room), fonts.SMALL)
    end = zone.left + canvas.text(zone.left, line, said, face)
    canvas.text(zone.right, line, most, fonts.SMALL, align="right", width=zone.right - end - 6)


def _bars(sheet: Sheet, known: Mapping[date, Bucket], days: tuple[date, int], parts: set[date]) -> None:
    """``days`` are the first and how many; those in ``parts`` are not whole."""
    first, count = days
    canvas, zone = sheet.canvas, sheet.body
    dates = [first + timedelta(days=number) for number in range(count)]
    values = [Bar(known[day].last if day in known else None, day in parts) for day in dates]
    room = zone._replace(top=zone.top + _SUMMARY, bottom=zone.bottom - _LABELS)
    where = bars(canvas, room, values, hollow=sheet.stale)
    for day, x in zip(dates, where.lefts, strict=True):
        if where.pitch >= 9:
            canvas.text(x + where.wide // 2 + 1, zone.bottom - 3, words.letter(day), fonts.SMALL, align="centre")
        elif day.weekday() == 0 and x + 30 <= zone.right:
            canvas.text(x, zone.bottom - 4, words.short_date(day), fonts.TINY)
