"""The weather: now, today, and the days to come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from eink_monitor.clock import DAY, HOUR, day_bounds, local
from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import (
    DAY_HIGH,
    DAY_LOW,
    DAY_WEATHER,
    OUTDOOR_TEMPERATURE,
    PRECIPITATION,
    WEATHER_CODE,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import hero
from eink_monitor.panels._outlook import expected
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone
from eink_monitor.panels._trace import axis, bounds

_SUN_UP = range(6, 21)  # hours; good enough for the icon of a clear sky
_DAYS = 4
_COLUMN = 56  # units that a day takes at least
_ICONS = (
    (1, "clear-day"),
    (2, "partly-cloudy"),
    (3, "cloudy"),
    (48, "fog"),
    (55, "rain"),
    (57, "freezing"),
    (63, "rain"),
    (65, "pouring"),
    (67, "freezing"),
    (77, "snow"),
    (81, "rain"),
    (82, "pouring"),
    (86, "snow"),
    (95, "thunder"),
    (99, "hail"),
)
"""The highest code of the WMO's table 4677 that an icon stands for."""


@dataclass(frozen=True)
class Weather(SubjectPanel):
    """The temperature, today's weather with high, low and rain, and the next days."""

    # TRANSLATORS: at most 10 letters; in the header, behind a name
    kind: ClassVar[str] = marked("weather")

    def needs(self) -> Iterator[Need]:
        """Somebody who foretells the weather."""
        yield Need(self.subject, (DAY_WEATHER, WEATHER_CODE), expected=True)

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Now in huge digits with an icon, today beside it, a column a day below."""
        sheet, outlook = Sheet(canvas, history, now, self), history.outlook(self.subject, DAY_WEATHER)
        # TRANSLATORS: at most 13 letters each; in "Waiting for {what}" and in "No {what} yet"
        if not sheet.begin_expected(outlook, "cloudy", say("the weather"), say("weather")) or outlook is None:
            return
        _now(sheet)
        _today(sheet)
        sheet.rule()
        zone = sheet.foot
        if sheet.more:
            _coming(sheet, sheet.more)
        today = local(now, history.zone).date()
        coming = [today + timedelta(days=number) for number in range(1, 1 + min(_DAYS, zone.width // _COLUMN))]
        coming = [day for day in coming if _of_day(sheet, DAY_WEATHER, day_bounds(day, history.zone)) is not None]
        for number, day in enumerate(coming):
            left, right = (zone.left + zone.width * edge // len(coming) for edge in (number, number + 1))
            _day(sheet, day, zone._replace(left=left, right=min(right - 4, left + 2 * _COLUMN)))
        attribution = outlook.attribution
        canvas.text(sheet.hero.right, sheet.hero.bottom - 3, attribution, fonts.TINY, align="right")


def icon(code: float, *, night: bool = False) -> str:
    """The icon of a weather code (WMO 4677 as Open-Meteo has it)."""
    name = next((name for most, name in _ICONS if code <= most), "cloudy")
    return "clear-night" if night and name == "clear-day" else name


def _now(sheet: Sheet) -> None:
    """The temperature as it is measured or foretold for this hour, and what the sky does."""
    measured, outlook = sheet.value(OUTDOOR_TEMPERATURE), sheet.history.outlook(sheet.subject, OUTDOOR_TEMPERATURE)
    slot = outlook.slot(sheet.now) if outlook else None
    value = measured if measured is not None else slot.value if slot else None
    hero(sheet, words.degrees(value)[:-1] if value is not None else words.UNKNOWN, "°")
    codes = sheet.history.outlook(sheet.subject, WEATHER_CODE)
    code = codes.slot(sheet.now) if codes else None
    if code:
        name = icon(code.value, night=local(sheet.now, sheet.history.zone).hour not in _SUN_UP)
        sheet.canvas.icon(sheet.beside + 4, sheet.hero.top + 10, name, 40, hollow=sheet.outline())
        sheet.beside += 44


def _today(sheet: Sheet) -> None:
    """High, low and rain of the whole day."""
    canvas, zone, day = sheet.canvas, sheet.side, sheet.day
    high, low = _of_day(sheet, DAY_HIGH, day), _of_day(sheet, DAY_LOW, day)
    faces, outline = (fonts.FIGURE_22, fonts.FIGURE_18), sheet.outline()
    # TRANSLATORS: at most 10 letters each; highest and lowest temperature of the day
    for row, (word, value) in enumerate(((say("high"), high), (say("low"), low))):
        line = zone.top + 18 + 19 * row
        text = words.degrees(value) if value is not None else words.UNKNOWN
        wide = canvas.text(zone.right, line, text, faces[0], align="right", hollow=outline)
        canvas.text(zone.right - wide - 6, line, word, fonts.SMALL, align="right")
    rain = sheet.history.outlook(sheet.subject, PRECIPITATION)
    if rain and rain.covers(sheet.now, day[1]) and not sheet.stale:
        fallen = sum(slot.value for slot in rain.between(*day))
        # TRANSLATORS: at most 12 letters with the amount; rain and snow of the day
        text = say("rain {amount}", amount=words.quantity(fallen, PRECIPITATION.unit))
        canvas.text(zone.right, zone.bottom - 11, text, fonts.SMALL, align="right")


def _day(sheet: Sheet, day: date, zone: Zone) -> None:
    """One day to come: its name, its sky, its high over its low."""
    canvas, bounds, outline = sheet.canvas, day_bounds(day, sheet.history.zone), sheet.outline()
    canvas.text(zone.left, zone.top + 12, words.weekday(day), fonts.SMALL)
    code = _of_day(sheet, DAY_WEATHER, bounds)
    if code is not None:
        canvas.icon(zone.left, zone.top + 16, icon(code), 24, hollow=outline)
    rows = (
        ((36, DAY_HIGH, fonts.FIGURE_18),) if sheet.stale else ((27, DAY_HIGH, fonts.TEXT), (40, DAY_LOW, fonts.SMALL))
    )
    for line, metric, face in rows:  # outlines need room
        value = _of_day(sheet, metric, bounds)
        text = words.degrees(value) if value is not None else words.UNKNOWN
        canvas.text(zone.right, zone.top + line, text, face, align="right", hollow=outline)


def _coming(sheet: Sheet, zone: Zone) -> None:
    """The temperature of the next two days as a curve, where there is room for one."""
    canvas, until = sheet.canvas, sheet.now + 2 * DAY
    outlook = sheet.history.outlook(sheet.subject, OUTDOOR_TEMPERATURE)
    runs = expected(outlook, sheet.now, until) if outlook else []
    if not runs or sheet.stale:
        return
    canvas.rule(zone.top, zone.left, zone.right)
    low, high = bounds([run.value for run in runs], OUTDOOR_TEMPERATURE)
    curve = zone._replace(top=zone.top + 5, bottom=zone.bottom - 13, right=zone.right - 34)
    plot = charts.Plot(curve.left, curve.top, curve.width, curve.height, sheet.now, until, high, low)
    charts.curve(canvas, plot, runs, 3 * HOUR, thin=True)
    for line, value in (curve.top + 8, max(run.value for run in runs)), (curve.bottom, min(run.value for run in runs)):
        canvas.text(zone.right, line, words.degrees(value), fonts.SMALL, align="right")
    axis(canvas, curve, zone.bottom - 2, say("now"), words.stamp(until, sheet.now, sheet.history.zone))


def _of_day(sheet: Sheet, metric: Metric, day: tuple[int, int]) -> float | None:
    """What is expected of a whole day, or None."""
    outlook = sheet.history.outlook(sheet.subject, metric)
    slot = outlook.slot((day[0] + day[1]) // 2) if outlook else None
    return slot.value if slot else None
