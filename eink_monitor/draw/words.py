"""Numbers and times worded for people in the locale that is spoken, never longer than the slot each one names."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, SKEW, local
from eink_monitor.currencies import DECIMALS
from eink_monitor.locale import marked_many, say, say_many, spoken

UNKNOWN = "–"

_WATT = ("W", "kW", "MW", "GW")
_WATT_HOUR = ("Wh", "kWh", "MWh", "GWh", "TWh")
_MILE = 1.609344  # km
_BYTE = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


class Quantity(NamedTuple):
    """A number of at most 4 characters (5 with a sign) and its unit."""

    number: str
    unit: str

    def __str__(self) -> str:
        return f"{self.number}{'' if self.unit in {'°', ''} else ' '}{self.unit}"


def _scaled(value: float, units: tuple[str, ...]) -> Quantity:
    """Two or three digits and the thousandfold of the unit that leaves them: 840 W, 3.1 kW, 12.4 kW, 312 kW."""
    if not math.isfinite(value):
        return Quantity(UNKNOWN, units[0])
    size, step = abs(value), 0
    while step < len(units) - 1 and round(size) >= 1000:
        size, step = size / 1000, step + 1
    number = f"{size:.1f}" if step and round(size, 1) < 100 else f"{min(size, 9999):.0f}"
    sign = "−" if value < 0 and float(number) else ""
    return Quantity(sign + number.replace(".", spoken().decimal), units[step])


def power(watts: float) -> Quantity:
    """Power from W: "840 W", "3.1 kW", "12.4 kW"."""
    return _scaled(watts, _WATT)


def energy(watt_hours: float) -> Quantity:
    """Energy from Wh: "840 Wh", "12.4 kWh", "312 kWh", "4.1 MWh"."""
    return _scaled(watt_hours, _WATT_HOUR)


def size(octets: float) -> Quantity:
    """An amount of data from bytes, in the decimal units disks are sold in: "412 GB", "1.8 TB"."""
    return _scaled(octets, _BYTE)


def quantity(value: float, unit: str) -> Quantity:
    """Whatever was measured, from the unit of its metric: "3.1 kW", "67 %", "21.5 °C", "13.4 V", "€12.50"."""
    worded = _WORDED.get(unit)
    if worded:
        return worded(value)
    code, _, per = unit.partition("/")
    if code in DECIMALS:
        return price(value, code, per) if per else money(value, code)
    if not math.isfinite(value):
        return Quantity(UNKNOWN, brief(unit, _UNIT))
    if abs(value) > _FAR:
        value, unit = max(-_FAR, min(_FAR, value / 1e6)), f"M {unit}"
    return Quantity(decimal(value, 0 if abs(value) >= 99.5 or float(value).is_integer() else 1), brief(unit, _UNIT))


def brief(text: str, most: int) -> str:
    """A text of at most so many letters, which ends in an ellipsis where there were more."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


_FAR = 9_999_999  # more is shown in millions, or as that much
_UNIT = 10  # letters of one that a source declared
_COINS, _MILLIONS = 999.995, 9_999_999.5  # of an amount of money: from here without coins, or in millions
_MINOR = {"EUR": "ct", "GBP": "p", "SEK": "öre", "NOK": "øre", "DKK": "øre", "CHF": "Rp", "PLN": "gr"}


def price(value: float, currency: str, per: str = "kWh") -> Quantity:
    """What a kWh costs in the hundredth part of a currency, if that has a name: "24.3 ct"; else "1.799 EUR/l"."""
    if per == "kWh" and currency in _MINOR:
        return Quantity(decimal(value * 100, 1 if abs(value) < 0.9995 else 0), _MINOR[currency])
    coins = DECIMALS[currency] + int(abs(value) < 10)
    value = max(-_FAR, min(_FAR, value)) if math.isfinite(value) else value
    return Quantity(decimal(value, coins if abs(value) < _COINS else 0), f"{currency}/{per}")


def percent(value: float) -> str:
    """A share of a hundred as whole digits: "67". Only what is full says 100, only what is empty says 0."""
    if not math.isfinite(value):
        return UNKNOWN
    if 0 < value < 100:
        value = min(99, max(1, round(value)))
    return f"{min(100, max(0, value)):.0f}"


def distance(kilometres: float) -> str:
    """Kilometres as at most 5 characters: "312"."""
    return f"{min(99_999, max(0, kilometres)):.0f}" if math.isfinite(kilometres) else UNKNOWN


def road(kilometres: float, most: int = 99_999) -> Quantity:
    """A distance in what the house counts in, at most so far: "312 km", "194 mi"."""
    unit = spoken().distance
    length = kilometres / _MILE if unit == "mi" else kilometres
    return Quantity(whole(min(most, max(0, length))) if math.isfinite(length) else UNKNOWN, unit)


def degrees(celsius: float) -> str:
    """A temperature in what the house counts in, in at most 5 characters: "21°", "−3°"."""
    return f"{whole(_fahrenheit(celsius) if spoken().temperature == 'f' else celsius)}°"


def _fahrenheit(celsius: float) -> float:
    return celsius * 9 / 5 + 32


_WORDED: dict[str, Callable[[float], Quantity]] = {
    "W": power,
    "Wh": energy,
    "B": size,
    "%": lambda value: Quantity(percent(value), "%"),
    "km": lambda value: road(value, _FAR),
    "°C": lambda value: Quantity(degrees(value)[:-1] if math.isfinite(value) else UNKNOWN, "°"),
}
"""How a quantity is worded, by the unit of its metric."""


def whole(value: float) -> str:
    """A number without decimals, its digits grouped as is usual: "57093", "57.093"."""
    if not math.isfinite(value):
        return UNKNOWN
    digits, locale = f"{abs(value):.0f}", spoken()
    grouped = f"{int(digits):,}".replace(",", locale.group) if len(digits) >= locale.least_grouped else digits
    return f"{'−' if value < 0 and int(digits) else ''}{grouped}"


def decimal(value: float, places: int) -> str:
    """A number with so many decimals: "4.1"."""
    if not math.isfinite(value):
        return UNKNOWN
    front, _, back = f"{abs(value):.{places}f}".partition(".")
    sign = "−" if value < 0 and int(front + back) else ""
    return f"{sign}{whole(int(front))}{spoken().decimal if back else ''}{back}"


def share(value: float) -> str:
    """A share of a hundred with its sign, as ``percent`` has it: "67%"."""
    return spoken().percent.format(number=percent(value))


class Money(Quantity):
    """An amount, which a language may write behind its currency."""

    __slots__ = ()

    def __str__(self) -> str:
        pattern, (mega, sign) = spoken().money, (" M" * self.unit.startswith("M "), self.unit.removeprefix("M "))
        apart = " " if sign.isalpha() and pattern.startswith("{currency}{") else ""
        return pattern.format(number=self.number + mega, currency=sign + apart)


def money(amount: float, currency: str) -> Money:
    """An amount with as many decimals as its currency has: "€1.20", "JPY 120"; no coins from 1000 on; "€12.3 M".

    The house's own currency goes by its sign, any other by its code, because many share a sign.
    """
    sign = spoken().sign if currency == spoken().currency else currency
    if math.isfinite(amount) and abs(amount) >= _MILLIONS:
        return Money(decimal(max(-_FAR, min(_FAR, amount / 1e6)), int(abs(amount) < 1e9)), f"M {sign}")
    return Money(decimal(amount, DECIMALS[currency] if abs(amount) < _COINS else 0), sign)


def count(number: int, thing: str) -> str:
    """So many things: "1 source", "3 sources"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


_SPANS = ((1, MINUTE), (MINUTE, HOUR), (HOUR, 2 * DAY), (DAY, 14 * DAY), (7 * DAY, 60 * DAY), (30 * DAY, 730 * DAY))
"""Seconds of a unit, and below how many it is used; years are used beyond."""

# TRANSLATORS: at most 9 letters; a length of time, coarser the longer it is
_LONG = (
    marked_many("{n} s", "{n} s"),
    marked_many("{n} min", "{n} min"),
    marked_many("{n} h", "{n} h"),
    marked_many("{n} day", "{n} days"),
    marked_many("{n} week", "{n} weeks"),
    marked_many("{n} month", "{n} months"),
    marked_many("{n} year", "{n} years"),
)

# TRANSLATORS: at most 14 letters; how old something is
_AGO = (
    marked_many("{n} s ago", "{n} s ago"),
    marked_many("{n} min ago", "{n} min ago"),
    marked_many("{n} h ago", "{n} h ago"),
    marked_many("{n} day ago", "{n} days ago"),
    marked_many("{n} week ago", "{n} weeks ago"),
    marked_many("{n} month ago", "{n} months ago"),
    marked_many("{n} year ago", "{n} years ago"),
)


def _counted(seconds: float, said: tuple[tuple[str, str], ...]) -> str:
    """So many of the largest unit that is used for it, at most 999."""
    step = next((step for step, (_, below) in enumerate(_SPANS) if seconds < below), len(_SPANS))
    unit = _SPANS[step][0] if step < len(_SPANS) else 365 * DAY
    return say_many(*said[step], max(0, min(999, int(seconds / unit))))


def span(seconds: float) -> str:
    """A length of time in at most 9 characters, coarser the longer it is: "45 s", "5 min", "3 h", "12 days"."""
    return _counted(seconds, _LONG)


def age(seconds: float) -> str:
    """How long ago, in at most 14 characters: "just now", "5 min ago"; "clock wrong" for what is yet to come."""
    if seconds < -SKEW:
        # TRANSLATORS: at most 14 letters; for what was measured in the future
        return say("clock wrong")
    # TRANSLATORS: at most 14 letters; how old a measurement is
    return say("just now") if seconds < 2 * MINUTE else _counted(seconds, _AGO)


def day(when: date) -> str:
    """A date in at most 13 characters: "Tue 3 Nov"."""
    return _dated(spoken().day, when)


def weekday(when: date) -> str:
    """At most four letters: "Tue"."""
    return spoken().weekdays[when.weekday()]


def letter(when: date) -> str:
    """The weekday in one letter: "T"."""
    return spoken().letters[when.weekday()]


def month(when: date) -> str:
    """At most five letters: "Nov"."""
    return spoken().months[when.month - 1]


def short_date(when: date) -> str:
    """A date without its weekday in at most 8 characters: "3 Nov"."""
    return _dated(spoken().date, when)


def _dated(pattern: str, when: date) -> str:
    return pattern.format(weekday=weekday(when), day=when.day, month=month(when), number=when.month, year=when.year)


def clock(when: datetime) -> str:
    """A time of day in at most 9 characters: "14:32", "2:32 pm"."""
    locale, half = spoken(), when.hour // 12
    hour = when.hour if "{half}" not in locale.clock else when.hour % 12 or 12
    return locale.clock.format(hour=hour, minute=when.minute, half=locale.noon[half])


def stamp(at: int, now: int, zone: ZoneInfo) -> str:
    """When, in at most 14 characters, as seen from ``now``: "14:32", "Tue 14:32", "3 Nov", "Nov 2025".

    Ink stands still: "at 14:32" stays true on it, "5 min ago" does not.
    """
    then, today = local(at, zone), local(now, zone)
    days = (today.date() - then.date()).days
    if days == 0:
        return clock(then)
    if 0 < abs(days) < 7:
        return f"{weekday(then)} {clock(then)}"
    return _dated(spoken().date if abs(days) < 300 else spoken().month_year, then)
