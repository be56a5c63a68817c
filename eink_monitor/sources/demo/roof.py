"""The demo roof: sun, weather, a family and a battery, which keep the laws of physics."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE, day_bounds, local
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading

STEP = 5 * MINUTE
INSTALLED = date(2024, 3, 1)
LATITUDE = 50.0  # degrees north
_PEAK = 8200  # W
_BATTERY = 9700  # Wh
_BATTERY_POWER = 4600  # W
METRICS = m.ROOF


class Moment(NamedTuple):
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


def noise(seed: int) -> float:
    """A number from 0 to 1 that looks random and never changes (a splitmix round)."""
    z = (seed + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    z = (z ^ z >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    return (z ^ z >> 31) / 2**64


@lru_cache(maxsize=8)
def daylight(day: date) -> tuple[float, float]:
    """Sunrise and sunset as hours of the local solar day, at the latitude of the demo house."""
    declination = 0.409 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 80) / 365.25)
    half = math.acos(max(-1.0, min(1.0, -math.tan(math.radians(LATITUDE)) * math.tan(declination)))) * 12 / math.pi
    return 13 - half, 13 + half


def energy_of(day: date) -> float:
    """Wh a day produces: season times weather."""
    rise, fall = daylight(day)
    season = (fall - rise - 6) / 10
    return float(max(0.08, season) * (0.25 + 0.75 * fair(day)) * _PEAK * 5.2)


def fair(day: date) -> float:
    """How fair the weather of a day is, from 0 to 1."""
    return float(noise(day.toordinal()) ** 0.6)


def clear(hour: float, rise: float, fall: float) -> float:
    """How strong a clear sun is at an hour of the day, from 0 to 1."""
    return float(math.sin(math.pi * (hour - rise) / (fall - rise)) ** 1.6) if rise < hour < fall else 0.0


@lru_cache(maxsize=4)
def day_of(day: date, zone: ZoneInfo) -> tuple[int, list[Moment]]:
    """When a local day begins, and all of it in steps of five minutes (23, 24 or 25 hours of them)."""
    start, end = day_bounds(day, zone)
    rise, fall = daylight(day)
    hours = [at / HOUR for at in range(0, end - start, STEP)]
    share = [_sun(hour, rise, fall, day) for hour in hours]
    scale = energy_of(day) / max(sum(share), 1e-9) * HOUR / STEP
    charge = _BATTERY * (0.35 + 0.3 * noise(day.toordinal() * 7 + 1))
    moment = Moment(0, 0, 0, 0, charge, 0, 0, 0, 0)
    moments = []
    for index, hour in enumerate(hours):
        pv = share[index] * scale
        moment = _step(moment, pv, _load(hour, day.toordinal() * 300 + index))
        moments.append(moment)
    return start, moments


def _sun(hour: float, rise: float, fall: float, day: date) -> float:
    cloud = noise(day.toordinal() * 1000 + int(hour * 2))
    return float(clear(hour, rise, fall) * (1.0 if cloud > 0.35 else 0.35 + cloud))


def _load(hour: float, seed: int) -> float:
    """Watts of a family: a base, breakfast, lunch, a long evening, and a kettle now and then."""
    base = 240 + 60 * noise(seed // 6)
    for peak, width, watts in ((7.3, 0.7, 900), (12.5, 0.8, 1100), (19.0, 1.8, 1300)):
        base += watts * math.exp(-(((hour - peak) / width) ** 2))
    return base + (1800 if noise(seed) > 0.97 and hour > 6 else 0)


def _step(was: Moment, pv: float, load: float) -> Moment:
    """Five minutes later: the battery takes what is over and gives what is missing, the grid does the rest."""
    hours = STEP / HOUR
    room, stored = (_BATTERY - was.charge) / hours, (was.charge - 0.1 * _BATTERY) / hours
    storage = min(pv - load, _BATTERY_POWER, room) if pv > load else -min(load - pv, _BATTERY_POWER, max(stored, 0))
    grid = load + storage - pv
    return Moment(
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
    days = max((day - INSTALLED).days, 0)
    while len(_LIFETIME) <= days:
        _LIFETIME.append(_LIFETIME[-1] + energy_of(INSTALLED + timedelta(days=len(_LIFETIME) - 1)))
    return _LIFETIME[days]


def readings(subject: str, visit: Visit) -> list[Reading]:
    """What the roof measures at this instant."""
    today = local(visit.now, visit.zone).date()
    midnight, moments = day_of(today, visit.zone)
    step = (visit.now - midnight) // STEP
    now = moments[min(step, len(moments) - 1)]
    at = visit.now - visit.now % MINUTE
    values = (
        *(now.pv, now.load, now.grid, now.storage, 100 * now.charge / _BATTERY, now.produced, now.used),
        *(now.produced - now.fed_in, now.fed_in, now.bought),
        *(now.produced + before for before in _before(today)),
    )
    return [Reading(subject, metric, value, at) for metric, value in zip(METRICS, values, strict=True)]
