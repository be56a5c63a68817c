"""Which SolarEdge V2 calls the next poll makes, and how long to wait between polls.

Everything follows from what is stored, so that a restart changes nothing. A call is a credit, and a homeowner has 2,000
a month: 64 a day.
"""

from __future__ import annotations

import math
from datetime import date
from typing import NamedTuple

from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Window
from eink_monitor.sources._daylight import sunlit, sunlit_seconds

NIGHT = 2 * HOUR
"""Between two visits while the sun is down."""

LAG = 17 * MINUTE
"""A bucket is a quarter of an hour, its value is there about 90 s after its end."""

SUMS = frozenset({metrics.PRODUCTION_MONTH, metrics.PRODUCTION_YEAR, metrics.PRODUCTION_LIFETIME})
SUMS_HOLD = DAY + NIGHT
"""The sums that are asked for rarely, and after how many seconds one of them is stale."""

MOST_CALLS = 7
"""What a visit may need when everything is due at once; an account that grants less would wait forever."""

_DAY_TOTALS = (
    metrics.PRODUCTION_TODAY,
    metrics.CONSUMPTION_TODAY,
    metrics.FEED_IN_TODAY,
    metrics.PURCHASED_TODAY,
)
_LONG_TOTALS = (metrics.PRODUCTION_MONTH, metrics.PRODUCTION_YEAR, metrics.PRODUCTION_LIFETIME)
_KNOWN = 7 * DAY  # a device silent for longer is looked for like a new one
_TOTALS = 5 * HOUR  # between two looks at the month and the years
_SPARE = 0.93  # of the month's calls; the rest is for a person who types ``poll``
_DAILY = 8  # calls a day that do not depend on the pace: the energies 3 x 2, the day before, looking for devices


class Plan(NamedTuple):
    """The calls of one visit. ``power`` is only needed if the meters say nothing of the production.

    ``unfinished`` is the past day whose totals are still to be completed, if any.
    """

    meters: bool
    storage: bool
    power: bool
    overview: bool
    energy: bool
    unfinished: date | None

    def calls(self) -> int:
        """At most how many calls that is."""
        return self.meters + self.storage + self.power + self.overview + 2 * self.energy + (self.unfinished is not None)


class Schedule(NamedTuple):
    """The settings that decide when to ask: calls a month, latitude in degrees, and daylight if a person knows it."""

    calls_per_month: int
    latitude: float
    daylight: Window | None

    def plan(self, visit: Visit) -> Plan:
        """What to fetch now. Devices that have sent data this week are polled; others are looked for once a day."""
        by_day = self._is_day(visit, visit.now)
        power, metered = visit.last(metrics.PV_POWER), spoke(visit, metrics.GRID_POWER)
        look = power is None or (by_day and _is_past(visit, power))
        behind, unknown = (_behind(visit, metric) for metric in (metrics.PV_POWER, metrics.LOAD_POWER))
        overview = _are_old(visit, _DAY_TOTALS, 1.5 * self.pace(visit) + 10 * MINUTE if by_day else HOUR)
        return Plan(
            meters=metered or look,
            storage=spoke(visit, metrics.STORAGE_POWER) or look or unknown,  # perhaps for lack of the battery
            power=not metered or (by_day and behind),
            overview=overview,
            energy=_are_old(visit, _LONG_TOTALS, _TOTALS if by_day else math.inf),
            unfinished=_unfinished(visit) if overview else None,
        )

    def pace(self, visit: Visit) -> int:
        """``every`` by day, longer where the month's calls would not last, and two hours by night."""
        if self._is_day(visit, visit.now):
            return max(visit.every, self._affordable(visit))
        dawn = next((at for at in range(visit.now, visit.now + NIGHT, 5 * MINUTE) if self._is_day(visit, at)), None)
        return max(visit.every, NIGHT if dawn is None else dawn - visit.now)

    def _affordable(self, visit: Visit) -> int:
        bright = sunlit_seconds(visit.now, visit.zone, self.latitude, self.daylight)
        each = 2 if spoke(visit, metrics.GRID_POWER) and spoke(visit, metrics.STORAGE_POWER) else 1
        night = (each + 1) * (DAY - bright) / NIGHT
        left = self.calls_per_month * _SPARE / 31 - _DAILY - night
        visits = max(1.0, left / (each + 0.5))  # the overview joins every second visit, and every one by night
        return int(bright / visits)

    def _is_day(self, visit: Visit, at: int) -> bool:
        return sunlit(at, visit.zone, self.latitude, self.daylight)


def _behind(visit: Visit, metric: Metric) -> bool:
    """Whether the grid meter goes on, and that power does not."""
    return spoke(visit, metrics.GRID_POWER) and visit.age(metric) - visit.age(metrics.GRID_POWER) > 20 * MINUTE


def _day(visit: Visit, at: int) -> date:
    return local(at, visit.zone).date()


def spoke(visit: Visit, metric: Metric) -> bool:
    """Whether a device has said that this week."""
    return visit.age(metric) < _KNOWN


def _is_past(visit: Visit, reading: Reading) -> bool:
    return _day(visit, reading.at) != _day(visit, visit.now)


def _are_old(visit: Visit, totals: tuple[Metric, ...], most: float) -> bool:
    """Whether some totals that come together are unknown, of another day, or older than that many seconds.

    The newest of them counts: one that is left out again and again is not asked for each time.
    """
    known = [reading for metric in totals if (reading := visit.last(metric))]
    newest = max(known, key=lambda reading: reading.at, default=None)
    return newest is None or _is_past(visit, newest) or visit.now - newest.at >= most


def _unfinished(visit: Visit) -> date | None:
    """The past day of which what the house used is known in part."""
    used = visit.last(metrics.CONSUMPTION_TODAY)
    if used is None or not spoke(visit, metrics.CONSUMPTION_TODAY):
        return None
    day = _day(visit, used.at)
    return day if day < _day(visit, visit.now) else None
