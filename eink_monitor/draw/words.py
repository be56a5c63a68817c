"""Numbers and times worded for people; pure functions, and never longer than the slot each one names."""

from __future__ import annotations

import math
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, SKEW, local

UNKNOWN = "–"

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WATT = ("W", "kW", "MW", "GW")
_WATT_HOUR = ("Wh", "kWh", "MWh", "GWh", "TWh")
_BYTE = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


class Quantity(NamedTuple):
    """A number of at most 4 characters (5 with a sign) and its unit."""

    number: str
    unit: str

    def __str__(self) -> str:
        return f"{self.number} {self.unit}"


def _scaled(value: float, units: tuple[str, ...]) -> Quantity:
    """Two or three digits and the thousandfold of the unit that leaves them: 840 W, 3.1 kW, 12.4 kW, 312 kW."""
    if not math.isfinite(value):
        return Quantity(UNKNOWN, units[0])
    size, step = abs(value), 0
    while step < len(units) - 1 and round(size) >= 1000:
        size, step = size / 1000, step + 1
    number = f"{size:.1f}" if step and round(size, 1) < 100 else f"{min(size, 9999):.0f}"
    sign = "−" if value < 0 and float(number) else ""
    return Quantity(sign + number, units[step])


def power(watts: float) -> Quantity:
    """Power from W: "840 W", "3.1 kW", "12.4 kW"."""
    return _scaled(watts, _WATT)


def energy(watt_hours: float) -> Quantity:
    """Energy from Wh: "840 Wh", "12.4 kWh", "312 kWh", "4.1 MWh"."""
    return _scaled(watt_hours, _WATT_HOUR)


def size(octets: float) -> Quantity:
    """An amount of data from bytes, in the decimal units disks are sold in: "412 GB", "1.8 TB"."""
    return _scaled(octets, _BYTE)


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


def count(number: int, thing: str) -> str:
    """So many things: "1 source", "3 sources"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def span(seconds: float) -> str:
    """A length of time in at most 9 characters, coarser the longer it is: "45 s", "5 min", "3 h", "12 days"."""
    for unit, word, upto in _SPANS:
        if seconds < upto:
            whole = max(0, int(seconds / unit))
            return f"{whole} {word}" if word in _SYMBOLS else count(whole, word)
    return "999 years"


_SYMBOLS = frozenset({"s", "min", "h"})
_SPANS = (
    (1, "s", MINUTE),
    (MINUTE, "min", HOUR),
    (HOUR, "h", 2 * DAY),
    (DAY, "day", 14 * DAY),
    (7 * DAY, "week", 60 * DAY),
    (30 * DAY, "month", 730 * DAY),
    (365 * DAY, "year", 999 * 365 * DAY),
)


def age(seconds: float) -> str:
    """How long ago, in at most 13 characters: "just now", "5 min ago"; "clock wrong" for what is yet to come."""
    if seconds < -SKEW:
        return "clock wrong"
    return "just now" if seconds < 2 * MINUTE else f"{span(seconds)} ago"


def day(when: date) -> str:
    """A date in at most 10 characters: "Tue 3 Nov"."""
    return f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]}"


def weekday(when: date) -> str:
    """Three letters: "Tue"."""
    return _WEEKDAYS[when.weekday()]


def month(when: date) -> str:
    """Three letters: "Nov"."""
    return _MONTHS[when.month - 1]


def stamp(at: int, now: int, zone: ZoneInfo) -> str:
    """When, in at most 11 characters, as seen from ``now``: "14:32", "Tue 14:32", "3 Nov", "Nov 2025".

    Ink stands still: "at 14:32" stays true on it, "5 min ago" does not.
    """
    then, today = local(at, zone), local(now, zone)
    days = (today.date() - then.date()).days
    if days == 0:
        return f"{then:%H:%M}"
    if 0 < abs(days) < 7:
        return f"{weekday(then)} {then:%H:%M}"
    if abs(days) < 300:
        return f"{then.day} {month(then)}"
    return f"{month(then)} {then.year}"
