"""When the sun is up, accurately enough to decide when to poll a roof."""

from __future__ import annotations

import math
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.settings import Window

_MARGIN = 40 * MINUTE  # twilight, and how far a zone's clock may be from the sun's


def sunlit(at: int, zone: ZoneInfo, latitude: float, window: Window | None) -> bool:
    """Whether it is day at that instant: inside ``window`` if one is given, else by latitude and season."""
    when = local(at, zone)
    if window is not None:
        return window.holds(when.hour * 60 + when.minute)
    return abs(at - _noon(when.date(), zone)) <= _half(when.timetuple().tm_yday, latitude)


def sunlit_seconds(at: int, zone: ZoneInfo, latitude: float, window: Window | None) -> int:
    """How long the day of that instant is, in seconds."""
    if window is not None:
        return (window.end - window.start) * MINUTE % DAY or DAY
    return min(DAY, 2 * _half(local(at, zone).timetuple().tm_yday, latitude))


@lru_cache(maxsize=4)  # a plan looks at every hour of a day
def _noon(day: date, zone: ZoneInfo) -> int:
    """When the sun is about at its highest, in epoch seconds."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    summer = noon.dst()
    return int(noon.timestamp()) + (int(summer.total_seconds()) if summer else 0)


@lru_cache(maxsize=4)
def _half(day_of_year: int, latitude: float) -> int:
    turn = 2 * math.pi * (day_of_year + 10) / 365.25
    declination = math.radians(-23.44) * math.cos(turn)
    cosine = -math.tan(math.radians(latitude)) * math.tan(declination)
    angle = math.acos(min(1.0, max(-1.0, cosine)))  # beyond the polar circles the sun stays up, or down
    return int(angle / math.pi * 12 * HOUR) + _MARGIN
