"""Days of a counter: which of them are whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from eink_monitor.clock import HOUR, day_bounds
from eink_monitor.model.history import History
from eink_monitor.model.reading import Bucket, Metric

_FEWER = 0.9  # of the measurements of the fullest day: a day with less may have been cut short
_EARLY = 2 * HOUR  # before the fullest day's last measurement; the sun alone moves less in a panel's days


def cut_short(history: History, subject: str, metric: Metric, days: Mapping[date, Bucket]) -> set[date]:
    """Days on which the counter was last read hours before it is on the fullest one: what came after nobody knows."""
    fullest = max(days, key=lambda day: days[day].n, default=None)
    few = [day for day, bucket in days.items() if fullest and bucket.n < _FEWER * days[fullest].n]
    if not fullest or not few:
        return set()

    def ended(day: date) -> float:
        """How many seconds into the day; what is no longer kept in full is beyond doubt."""
        start, end = day_bounds(day, history.zone)
        runs = history.series(subject, metric, start, end - 1)
        return min(runs[-1].end, end) - start if runs else float("inf")

    usual = ended(fullest)
    return {day for day in few if usual - ended(day) > _EARLY} if usual != float("inf") else set()
