"""The sections of an answer: one that fails does not affect the others, and contradictory totals are detected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec, TypeVar

from eink_monitor import metrics
from eink_monitor.clock import HOUR, local
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks

T = TypeVar("T")
P = ParamSpec("P")
_NOISE = 1_000.0  # Wh; what totals that were made apart may disagree by
_SHARE = 0.01
_STANDS = 3 * HOUR
_DAYS = (metrics.PRODUCTION_TODAY, metrics.CONSUMPTION_TODAY, metrics.FEED_IN_TODAY, metrics.PURCHASED_TODAY)
_SPANS = {  # how many of year, month and day tell one span of a sum from the next
    metrics.PRODUCTION_LIFETIME: 0,
    metrics.PRODUCTION_YEAR: 1,
    metrics.PRODUCTION_MONTH: 2,
    **dict.fromkeys(_DAYS, 3),
}


class Barred(AuthFailed):
    """A section that we may not read: a scope or a tariff may close it, and leave the others open."""


class Sections:
    """Fetches section after section, and records what went wrong.

    A refused sign-in or a limit concerns them all and is raised. After a lost connection or two failures it fetches no
    more: each try may take ``timeout``, and a poll has a deadline. Nor does it exceed the reserved calls, of which a
    new token may have taken one.
    """

    def __init__(self, visit: Visit) -> None:
        self.troubles: list[Trouble] = []
        self._visit = visit
        self._heard = False

    def one(self, name: str, ask: Callable[[], T | None], otherwise: T | None = None) -> T | None:
        """What a section says, or ``otherwise``."""
        if self._given_up or self._visit.spent >= self._visit.allowance:
            self._visit.remarks.add(f"{name} must wait for the next poll")
            return otherwise
        try:
            said = ask()
        except (BadAnswer, Barred, Unavailable) as trouble:
            self.troubles.append(trouble)
            self._visit.remarks.add(f"{name} could not be read: {trouble}")
            return otherwise
        self._heard = True
        return said

    def trouble(self) -> Trouble | None:
        """The outcome of a poll without readings: closed sections are no fault as long as the rest is open."""
        faults = [trouble for trouble in self.troubles if not (self._heard and isinstance(trouble, Barred))]
        return next(iter(faults), None)

    @property
    def _given_up(self) -> bool:
        silent = [trouble for trouble in self.troubles if isinstance(trouble, Unavailable)]
        return len(silent) > 1 or any(isinstance(trouble, Unreachable) for trouble in silent)

    def get(self, name: str, ask: Callable[P, Iterable[Reading]], *args: P.args, **kwargs: P.kwargs) -> list[Reading]:
        """The readings of a section, none where it fails."""
        return self.one(name, lambda: list(ask(*args, **kwargs))) or []


def growing(totals: Mapping[Metric, float | None], remarks: Remarks) -> dict[Metric, float]:
    """The totals that are known, in the order of their spans, without one that is less than a shorter one."""
    found: dict[Metric, float] = {}
    least = 0.0
    for metric, value in totals.items():
        if value is None:
            continue
        if value < least - _NOISE - _SHARE * least:
            remarks.leave_out(metric.name, value, "Wh")
            continue
        found[metric] = value
        least = max(least, value)
    return found


def grown(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """The readings without sums that fell within their span: a cloud forgets a total for a while.

    Whatever stays lower for hours is believed: then it was the earlier one that was wrong. Own use may fall, where a
    battery is sold empty; but what was computed with a sum that fell is none.
    """
    kept, fallen = [], set()
    for reading in readings:
        if _fell(reading, visit):
            fallen.add(reading.at)
        else:
            kept.append(reading)
    return [each for each in kept if each.metric is not metrics.SELF_CONSUMPTION_TODAY or each.at not in fallen]


def _fell(reading: Reading, visit: Visit) -> bool:
    fields, last = _SPANS.get(reading.metric), visit.last(reading.metric)
    if fields is None or last is None or not 0 <= reading.at - last.at < _STANDS:
        return False
    one, other = (local(each.at, visit.zone).timetuple()[:fields] for each in (reading, last))
    if one != other or reading.value >= last.value - _NOISE - _SHARE * last.value:
        return False
    visit.remarks.leave_out(reading.metric.name, reading.value, reading.metric.unit)
    return True
