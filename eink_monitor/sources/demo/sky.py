"""The forecasts of the demo house: the sun on its roof, the weather, and the price of power."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE, day_bounds, local
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from eink_monitor.sources.demo.roof import clear, daylight, energy_of, fair, noise, readings

_QUARTER = 15 * MINUTE
_ISSUED = 6 * HOUR  # as often as a weather model runs
_DAYS = 4
_AUCTION = 13  # the hour from which on tomorrow's prices are known
_CHARGES, _VAT = 0.08, 0.19  # EUR/kWh and share
WEATHER = (
    *(m.OUTDOOR_TEMPERATURE, m.WEATHER_CODE, m.PRECIPITATION, m.PRECIPITATION_PROBABILITY),
    *(m.DAY_WEATHER, m.DAY_HIGH, m.DAY_LOW),
)


def is_due(subject: str, metric: Metric, visit: Visit) -> bool:
    """Whether the newest reading is from before an outlook was last issued."""
    last = visit.last(metric, subject)
    return last is None or last.at // _ISSUED != visit.now // _ISSUED


def _slots(days: Iterator[date], zone: ZoneInfo, length: int, value: Callable[[date, float], float]) -> Iterator[Slot]:
    """What is expected of some days: of the hour of the day in the middle of each slot."""
    for day in days:
        start, end = day_bounds(day, zone)
        for at in range(start, end, length):
            yield Slot(at, at + length, value(day, (at - start + length / 2) / HOUR))


def _days(visit: Visit, count: int) -> Iterator[date]:
    today = local(visit.now, visit.zone).date()
    return (today + timedelta(days=number) for number in range(count))


# -- the roof --------------------------------------------------------------------------------------------------------


def roof_and_sun(subject: str, visit: Visit) -> Iterator[Said]:
    """What the roof measures, and its power for three days: without passing clouds, up to a fifth off."""
    yield from readings(subject, visit)
    if is_due(subject, m.PV_POWER, visit):
        slots = _slots(_days(visit, 3), visit.zone, _QUARTER, _expected_power)
        yield Outlook(subject, m.PV_POWER, visit.now, tuple(slots), "Demo")


def _expected_power(day: date, hour: float) -> float:
    rise, fall = daylight(day)
    whole = (fall - rise) * 0.5437  # the mean of sin ** 1.6 over half a turn
    return energy_of(day) * (0.8 + 0.4 * noise(day.toordinal() * 31 + 5)) * clear(hour, rise, fall) / whole


# -- the weather -----------------------------------------------------------------------------------------------------


def weather(subject: str, visit: Visit) -> Iterator[Said]:
    """The temperature outdoors, and the weather of four days, hour by hour and day by day."""
    here, at = local(visit.now, visit.zone), visit.now - visit.now % MINUTE
    temperature = _temperature(here.date(), here.hour + here.minute / 60)
    yield Reading(subject, m.OUTDOOR_TEMPERATURE, temperature, at)
    if not is_due(subject, m.OUTDOOR_TEMPERATURE, visit):
        return
    for metric, value in zip(WEATHER, (_temperature, _code, _rain, _chance), strict=False):
        slots = _slots(_days(visit, _DAYS), visit.zone, HOUR, value)
        yield Outlook(subject, metric, visit.now, tuple(slots), "Demo")
    for metric, of_day in ((m.DAY_WEATHER, _day_code), (m.DAY_HIGH, _high), (m.DAY_LOW, _low)):
        days = (Slot(*day_bounds(day, visit.zone), of_day(day)) for day in _days(visit, _DAYS))
        yield Outlook(subject, metric, visit.now, tuple(days), "Demo")


def _temperature(day: date, hour: float) -> float:
    season = 10 - 11 * math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365.25)
    swing = 1.5 + 5 * fair(day)
    return season + 6 * (noise(day.toordinal() * 13) - 0.5) - swing * math.cos(2 * math.pi * (hour - 3.5) / 24)


def _high(day: date) -> float:
    return _temperature(day, 15.5)


def _low(day: date) -> float:
    return _temperature(day, 3.5)


def _rain(day: date, hour: float) -> float:
    """Millimetres in an hour; none on a fair day."""
    chance = noise(day.toordinal() * 24 + int(hour))
    return 4 * (chance - 0.5) if fair(day) < 0.4 and chance > 0.5 else 0.0


def _chance(day: date, hour: float) -> float:
    """Per cent."""
    return 100 * (1 - fair(day)) * (1.0 if _rain(day, hour) else 0.6)


def _code(day: date, hour: float) -> float:
    rain = _rain(day, hour)
    if not rain:
        return _dry(day)
    if _temperature(day, hour) < 1:
        return 73 if rain > 1 else 71
    return 63 if rain > 1 else 61


def _dry(day: date) -> float:
    """From clear to overcast."""
    return next((code for code, least in enumerate((0.85, 0.7, 0.55)) if fair(day) > least), 3)


def _day_code(day: date) -> float:
    return max(_code(day, hour + 0.5) for hour in range(6, 22))


# -- the price -------------------------------------------------------------------------------------------------------


def price(subject: str, visit: Visit) -> Iterator[Said]:
    """The price of this quarter hour, of today, and of tomorrow once that is known."""
    here, quarter = local(visit.now, visit.zone), visit.now - visit.now % _QUARTER
    midnight, _ = day_bounds(here.date(), visit.zone)
    yield Reading(subject, m.PRICE_EUR, _price(here.date(), (quarter - midnight + _QUARTER / 2) / HOUR), quarter)
    if is_due(subject, m.PRICE_EUR, visit):
        slots = _slots(_days(visit, 2 if here.hour >= _AUCTION else 1), visit.zone, _QUARTER, _price)
        yield Outlook(subject, m.PRICE_EUR, visit.now, tuple(slots), "Demo")


def _price(day: date, hour: float) -> float:
    """In EUR/kWh: expensive morning and evening, cheap where the sun shines, below zero on sunny weekends."""
    rise, fall = daylight(day)
    spot = 0.09 + 0.05 * _bump(hour, 8, 1.5) + 0.09 * _bump(hour, 19, 2)
    spot += 0.01 * noise(day.toordinal() * 96 + int(hour * 4))
    weekend = day.weekday() > 4
    spot -= (0.03 + 0.012 * (fall - rise - 8) * fair(day) + 0.09 * weekend) * _bump(hour, 13, 3)
    return (spot + _CHARGES) * (1 + _VAT)


def _bump(hour: float, peak: float, width: float) -> float:
    return math.exp(-(((hour - peak) / width) ** 2))
