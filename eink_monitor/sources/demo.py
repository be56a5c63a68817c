"""A demo house that needs no account and no hardware."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import ClassVar, Literal, NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE, day_bounds, local
from eink_monitor.errors import Unavailable
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Window, insist

_STEP = 5 * MINUTE
_LATITUDE = 50.0  # degrees north
_INSTALLED = date(2024, 3, 1)
_PEAK = 8200  # W
_BATTERY = 9700  # Wh
_BATTERY_POWER = 4600  # W
_DISK = 2_000_398_934_016
_CAR = (
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
_HYBRID = (*_CAR, m.FUEL)
_DISK_METRICS = (m.DISK_SIZE, m.DISK_USED, m.DISK_FREE, m.NEWEST_BACKUP)


@dataclass(frozen=True)
class Demo(Source):
    """A demo house: a roof with battery and meter, two cars and a backup disk; no account, no hardware.

    ``show`` picks one thing of the house, ``outage`` is when nobody answers, ``calls_per_day`` a quota to run into.
    """

    show: Literal["house", "roof", "car", "hybrid", "disk"] = "house"
    outage: Window | None = None
    calls_per_day: int = 0

    demo: ClassVar[bool] = True
    latitude: ClassVar[float] = _LATITUDE
    metrics: ClassVar[tuple[Metric, ...]] = (*m.ROOF, *_HYBRID, *_DISK_METRICS)

    def __post_init__(self) -> None:
        insist((self.calls_per_day >= 0, "calls_per_day must be 0 (no quota) or more"))

    def patience(self, every: int) -> int:
        """A parked car speaks twice an hour, however often it is asked."""
        return max(3 * every, 45 * MINUTE) if self.show in {"house", "car", "hybrid"} else 3 * every

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """A whole house speaks of ``roof``, ``car``, ``hybrid`` and ``disk:backups``; one thing of its own subject."""
        if self.show == "house":
            return {"roof": m.ROOF, "car": _CAR, "hybrid": _HYBRID, "disk:backups": _DISK_METRICS}
        if self.show == "disk":
            return {f"{subject}:backups": _DISK_METRICS}
        return {subject: {"roof": m.ROOF, "car": _CAR, "hybrid": _HYBRID}[self.show]}

    def quota(self) -> Quota | None:
        """A vendor that counts, if ``calls_per_day`` says so."""
        return Quota(f"demo {self.show}", (Budget(self.calls_per_day, "day"),)) if self.calls_per_day else None

    def poll(self, visit: Visit) -> list[Reading]:
        """What the house measures at this instant."""
        if self.calls_per_day:
            visit.spend()
        here = local(visit.now, visit.zone)
        if self.outage and self.outage.holds(here.hour * 60 + here.minute):
            raise Unavailable(f"{visit.feed}: the demo vendor does not answer until {str(self.outage)[6:]}")
        readings = []
        for subject, known in self.publishes(visit.subject).items():
            if known is m.ROOF:
                readings += _roof(subject, visit)
            elif known is _DISK_METRICS:
                readings += _disk(subject, visit)
            else:
                readings += _car(subject, visit, hybrid=known is _HYBRID)
        return readings


# -- the roof --------------------------------------------------------------------------------------------------------


class _Moment(NamedTuple):
    """The house at one step of a day: watts, battery charge in Wh, and Wh since midnight."""

    pv: float
    load: float
    grid: float
    storage: float
    charge: float
    produced: float
    used: float
    fed_in: float
    bought: float


def _noise(seed: int) -> float:
    """A number from 0 to 1 that looks random and never changes (a splitmix round)."""
    z = (seed + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return (z ^ z >> 31) / 2**64


def _daylight(day: date) -> tuple[float, float]:
    """Sunrise and sunset as hours of the local solar day, at the latitude of the demo house."""
    declination = 0.409 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 80) / 365.25)
    half = math.acos(max(-1.0, min(1.0, -math.tan(math.radians(_LATITUDE)) * math.tan(declination)))) * 12 / math.pi
    return 13 - half, 13 + half


def _yield(day: date) -> float:
    """Wh a day produces: season times weather."""
    rise, fall = _daylight(day)
    season = (fall - rise - 6) / 10
    weather = 0.25 + 0.75 * _noise(day.toordinal()) ** 0.6
    return float(max(0.08, season) * weather * _PEAK * 5.2)


@lru_cache(maxsize=4)
def _day(day: date, zone: ZoneInfo) -> tuple[int, list[_Moment]]:
    """When a local day begins, and all of it in steps of five minutes (23, 24 or 25 hours of them)."""
    start, end = day_bounds(day, zone)
    rise, fall = _daylight(day)
    hours = [at / HOUR for at in range(0, end - start, _STEP)]
    share = [_sun(hour, rise, fall, day) for hour in hours]
    scale = _yield(day) / max(sum(share), 1e-9) * HOUR / _STEP
    charge = _BATTERY * (0.35 + 0.3 * _noise(day.toordinal() * 7 + 1))
    moment = _Moment(0, 0, 0, 0, charge, 0, 0, 0, 0)
    moments = []
    for index, hour in enumerate(hours):
        pv = share[index] * scale
        moment = _step(moment, pv, _load(hour, day.toordinal() * 300 + index))
        moments.append(moment)
    return start, moments


def _sun(hour: float, rise: float, fall: float, day: date) -> float:
    if not rise < hour < fall:
        return 0.0
    clear = math.sin(math.pi * (hour - rise) / (fall - rise)) ** 1.6
    cloud = _noise(day.toordinal() * 1000 + int(hour * 2))
    return float(clear * (1.0 if cloud > 0.35 else 0.35 + cloud))


def _load(hour: float, seed: int) -> float:
    """Watts of a family: a base, breakfast, lunch, a long evening, and a kettle now and then."""
    base = 240 + 60 * _noise(seed // 6)
    for peak, width, watts in ((7.3, 0.7, 900), (12.5, 0.8, 1100), (19.0, 1.8, 1300)):
        base += watts * math.exp(-(((hour - peak) / width) ** 2))
    return base + (1800 if _noise(seed) > 0.97 and hour > 6 else 0)


def _step(was: _Moment, pv: float, load: float) -> _Moment:
    """Five minutes later: the battery takes what is over and gives what is missing, the grid does the rest."""
    hours = _STEP / HOUR
    room, stored = (_BATTERY - was.charge) / hours, (was.charge - 0.1 * _BATTERY) / hours
    storage = min(pv - load, _BATTERY_POWER, room) if pv > load else -min(load - pv, _BATTERY_POWER, max(stored, 0))
    grid = load + storage - pv
    return _Moment(
        pv,
        load,
        grid,
        storage,
        was.charge + storage * hours,
        was.produced + pv * hours,
        was.used + load * hours,
        was.fed_in + max(-grid, 0) * hours,
        was.bought + max(grid, 0) * hours,
    )


_LIFETIME = [0.0]  # Wh from the day of installation up to, not including, each day after it, as far as asked for


@lru_cache(maxsize=4)
def _before(today: date) -> tuple[float, float, float]:
    """Wh of the month, of the year and since the installation, up to, not including, today."""
    life = _upto(today)
    return life - _upto(today.replace(day=1)), life - _upto(today.replace(month=1, day=1)), life


def _upto(day: date) -> float:
    """Wh from the installation up to, not including, a day."""
    days = max((day - _INSTALLED).days, 0)
    while len(_LIFETIME) <= days:
        _LIFETIME.append(_LIFETIME[-1] + _yield(_INSTALLED + timedelta(days=len(_LIFETIME) - 1)))
    return _LIFETIME[days]


def _roof(subject: str, visit: Visit) -> list[Reading]:
    today = local(visit.now, visit.zone).date()
    midnight, moments = _day(today, visit.zone)
    step = (visit.now - midnight) // _STEP
    now = moments[min(step, len(moments) - 1)]
    at = visit.now - visit.now % MINUTE
    values = (
        *(now.pv, now.load, now.grid, now.storage, 100 * now.charge / _BATTERY, now.produced, now.used),
        *(now.produced - now.fed_in, now.fed_in, now.bought),
        *(now.produced + before for before in _before(today)),
    )
    return [Reading(subject, metric, value, at) for metric, value in zip(m.ROOF, values, strict=True)]


# -- the cars --------------------------------------------------------------------------------------------------------

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


def _car(subject: str, visit: Visit, *, hybrid: bool) -> Iterator[Reading]:
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
    if hybrid:
        soc, charging = min(100.0, soc * 1.1), False
    out = plan[1][0] <= hour < plan[4][0]
    days = here.date().toordinal() - _INSTALLED.toordinal()
    values = (
        *(soc, 80, soc * (0.6 if hybrid else 4.1), not out, charging, 11000 if charging else 0),
        (80 - soc) / slope * 60 if charging else None,
        days * 52 + 4000 + (52 * min(1.0, hour / 24)),
        14.2 if slope < 0 else 12.6 - 0.2 * _noise(days),
    )
    for metric, value in zip(_CAR, values, strict=True):
        if value is not None:
            yield Reading(subject, metric, float(value), at)
    if hybrid:
        yield Reading(subject, m.FUEL, 100 - (days * 7) % 85, at)


def _along(plan: tuple[tuple[float, float], ...], hour: float) -> tuple[float, float, float]:
    """Value and slope per hour of a broken line, and the hour since which it has that slope."""
    for (start, low), (end, high) in pairwise(plan):
        if start <= hour < end:
            slope = (high - low) / (end - start)
            return low + slope * (hour - start), slope, start
    return plan[-1][1], 0.0, plan[-1][0]


# -- the disk --------------------------------------------------------------------------------------------------------


def _disk(subject: str, visit: Visit) -> Iterator[Reading]:
    """Grows by 8 GB a day; old backups are thinned on Sundays; a backup ends ten minutes past every hour."""
    at = visit.now - visit.now % MINUTE
    days = (at - 1_700_000_000) / 86400
    used = int(_DISK * 0.55 + 8e9 * (days % 60) - 2e9 * (days % 7))
    used -= used % 4096
    backup = at - (at - 10 * MINUTE) % HOUR
    for metric, value in zip(_DISK_METRICS, (_DISK, used, _DISK - used, backup), strict=True):
        yield Reading(subject, metric, value, at)
