"""The last look at what a source says before it may be stored."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from eink_monitor.clock import MINUTE, iso
from eink_monitor.errors import BadAnswer
from eink_monitor.model import Reading

_AHEAD = 5 * MINUTE  # how far a vendor's clock may run ahead of ours
_OLDEST = 946_684_800  # 2000-01-01; an instant before that was never set


def vet(readings: Iterable[Reading], now: int) -> list[Reading]:
    """The readings, in order of time; those dated up to 5 min ahead are dated ``now``.

    Raises ``BadAnswer`` naming the metric if a value is no number or outside its metric's plausible range, or if its
    date is impossible: then nothing of the whole answer should be kept.
    """
    vetted = []
    for reading in readings:
        _, metric, value, at = reading
        plain = type(at) is int and (type(value) is float or type(value) is int)  # nearly all are, and in range
        well = plain and metric.low <= value <= metric.high and _OLDEST <= at <= now
        vetted.append(reading if well else _check(reading, now))
    vetted.sort(key=attrgetter("at"))
    return vetted


def _check(reading: Reading, now: int) -> Reading:
    metric, at = reading.metric, reading.at
    value: object = reading.value  # whatever its annotation says: it came from a vendor
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not metric.low <= value <= metric.high:
        message = (
            f"{reading.subject}: {metric.name} is not a plausible value "
            f"({metric.low:g} to {metric.high:g} {metric.unit}); nothing of this answer is kept"
        )
        raise BadAnswer(message)
    if not _OLDEST <= at <= now + _AHEAD:
        when = iso(at) if _OLDEST <= at < 1 << 36 else "an impossible time"
        message = f"{reading.subject}: {metric.name} is dated {when}; is this machine's clock right?"
        raise BadAnswer(message)
    return reading if at <= now and type(at) is int else reading._replace(at=min(int(at), now))
