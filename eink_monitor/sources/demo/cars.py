"""The demo cars: one with a battery, one with a tank besides; both commute on workdays."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE, local
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources.demo.roof import INSTALLED, noise

METRICS = (
    m.SOC,
    m.TARGET_SOC,
    m.RANGE,
    m.PLUGGED,
    m.CHARGING,
    m.CHARGING_POWER,
    m.TIME_TO_FULL,
    m.ODOMETER,
    m.BATTERY_12V,
)
HYBRID = (*METRICS, m.FUEL)

# hour of the day -> state of charge in %; the car is out between 7.5 and 17.5, plugged in otherwise
_WORKDAY = ((0.0, 80.0), (7.5, 80.0), (8.2, 69.0), (16.8, 68.0), (17.5, 56.0), (18.0, 56.0), (20.0, 80.0), (25.0, 80.0))
_WEEKEND = (
    (0.0, 80.0),
    (10.0, 80.0),
    (11.0, 72.0),
    (15.0, 72.0),
    (16.0, 63.0),
    (16.5, 63.0),
    (18.0, 80.0),
    (25.0, 80.0),
)


def car(subject: str, visit: Visit) -> Iterator[Reading]:
    """The one with a battery."""
    return _readings(subject, visit, with_tank=False)


def hybrid(subject: str, visit: Visit) -> Iterator[Reading]:
    """The one with a tank besides, which is never charged."""
    return _readings(subject, visit, with_tank=True)


def _readings(subject: str, visit: Visit, *, with_tank: bool) -> Iterator[Reading]:
    """A parked car wakes twice an hour to report; a driving or charging one reports at once.

    Everything is told as it was at the instant of the report, so that one instant never has two values.
    """
    here = local(visit.now, visit.zone)
    hour = here.hour + here.minute / 60
    plan = _WEEKEND if here.weekday() >= 5 else _WORKDAY
    _, slope, since = _along(plan, hour)
    minute = visit.now - visit.now % MINUTE
    at = minute if slope else max(visit.now - visit.now % (30 * MINUTE), minute - round((hour - since) * HOUR))
    here = local(at, visit.zone)
    hour = here.hour + here.minute / 60
    soc, slope, _ = _along(plan, hour)
    charging = slope > 0
    if with_tank:
        soc, charging = min(100.0, soc * 1.1), False
    out = plan[1][0] <= hour < plan[4][0]
    days = here.date().toordinal() - INSTALLED.toordinal()
    values = (
        *(soc, 80, soc * (0.6 if with_tank else 4.1), not out, charging, 11000 if charging else 0),
        (80 - soc) / slope * 60 if charging else None,
        days * 52 + 4000 + (52 * min(1.0, hour / 24)),
        14.2 if slope < 0 else 12.6 - 0.2 * noise(days),
    )
    for metric, value in zip(METRICS, values, strict=True):
        if value is not None:
            yield Reading(subject, metric, float(value), at)
    if with_tank:
        yield Reading(subject, m.FUEL, 100 - (days * 7) % 85, at)


def _along(plan: tuple[tuple[float, float], ...], hour: float) -> tuple[float, float, float]:
    """Value and slope per hour of a broken line, and the hour since which it has that slope."""
    for (start, low), (end, high) in pairwise(plan):
        if start <= hour < end:
            slope = (high - low) / (end - start)
            return low + slope * (hour - start), slope, start
    return plan[-1][1], 0.0, plan[-1][0]
