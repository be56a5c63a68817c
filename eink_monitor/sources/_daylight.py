"""When the sun is up, well enough to decide when a roof is worth asking."""

from __future__ import annotations

import math
from datetime import datetime
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.settings import Window

_MARGIN = 40 * MINUTE  # twilight, and how far a zone's clock may be from the sun's


def sunlit(at: int, zone: ZoneInfo, latitude: float, window: Window | None) -> bool:
    """Whether it is day at that instant: inside ``window`` if one is given, else by latitude and season."""
    when = local(at, zone)
    if window is not None:
        return window.holds(when.hour * 60 + when.minute)
    noon = datetime(when.year, when.month, when.day, 12, tzinfo=zone)
    summer = noon.dst()
    sun_noon = int(noon.timestamp()) + (int(summer.total_seconds()) if summer else 0)
    return abs(at - sun_noon) <= _half(at, zone, latitude)


def sunlit_seconds(at: int, zone: ZoneInfo, latitude: float, window: Window | None) -> int:
    """How long the day of that instant is, in seconds."""
    if window is not None:
        return (window.end - window.start) * MINUTE % DAY or DAY
    return min(DAY, 2 * _half(at, zone, latitude))


def _half(at: int, zone: ZoneInfo, latitude: float) -> int:
    turn = 2 * math.pi * (local(at, zone).timetuple().tm_yday + 10) / 365.25
    declination = math.radians(-23.44) * math.cos(turn)
    cosine = -math.tan(math.radians(latitude)) * math.tan(declination)
    angle = math.acos(min(1.0, max(-1.0, cosine)))  # beyond the polar circles the sun stays up, or down
    return int(angle / math.pi * 12 * HOUR) + _MARGIN
