"""The last look at what a source says before it may be stored: value by value, so that an odd one costs itself only."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter

from eink_monitor.clock import AHEAD
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading

"""How far a vendor's clock may run ahead of ours."""
_OLDEST = 946_684_800  # 2000-01-01; an instant before that was never set


def vet(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """The plausible readings, in order of time; the rest is left out, and ``visit.remarks`` says so.

    Those dated up to 5 min ahead are dated ``visit.now``. Raises ``BadAnswer`` where readings were there and none is
    plausible.
    """
    vetted, seen = _sift(readings, visit)
    if seen and not vetted:
        told = visit.remarks.left_out
        doubt = "; is this machine's clock right?" if " dated " in told else ""
        message = f"{visit.subject}: no value of this answer is plausible ({told}){doubt}"
        raise BadAnswer(message)
    return vetted


def sift(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """As ``vet``, for a batch of a stream: one of which nothing is plausible is empty, and no reason to hang up."""
    return _sift(readings, visit)[0]


def _sift(readings: Iterable[Reading], visit: Visit) -> tuple[list[Reading], int]:
    """The plausible readings in order of time, and how many there were."""
    now, seen = visit.now, 0
    vetted: list[Reading] = []
    for reading in readings:
        seen += 1
        _, metric, value, at = reading
        plain = type(at) is int and (type(value) is float or type(value) is int)  # nearly all are, and in range
        if plain and metric.low <= value <= metric.high and _OLDEST <= at <= now:
            vetted.append(reading)
        elif (checked := _check(reading, visit)) is not None:
            vetted.append(checked)
    vetted.sort(key=attrgetter("at"))
    return vetted, seen


def _check(reading: Reading, visit: Visit) -> Reading | None:
    """The reading as it may be kept, or None: what it says came from a vendor, whatever its annotations promise."""
    metric = reading.metric
    name = metric.name if reading.subject == visit.subject else f"{reading.subject} {metric.name}"
    value: object = reading.value
    if not isinstance(value, int | float) or isinstance(value, bool) or not metric.low <= value <= metric.high:
        visit.remarks.leave_out(name, value, metric.unit if not metric.unit[:1].isdigit() else "")  # "0-3" is no unit
        return None
    at: object = reading.at
    if not isinstance(at, int | float) or isinstance(at, bool) or not _OLDEST <= at <= visit.now + AHEAD:
        visit.remarks.leave_out_date(name, at)
        return None
    return reading._replace(at=min(int(at), visit.now))
