"""The current part of one series: its open run, and the tallies of the hour and the day."""

from __future__ import annotations

from datetime import date

from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Bucket, Metric
from eink_monitor.units import converted


def day_key(day: date) -> int:
    """A local day as it is kept: 20260528."""
    return day.year * 10000 + day.month * 100 + day.day


def day_of(key: int) -> date | None:
    """The day again; None for a damaged row."""
    try:
        return date(key // 10000, key // 100 % 100, key % 100)
    except ValueError:
        return None


class Tally:
    """The running sum of one hour or day of one series, in steps of its metric."""

    __slots__ = ("dirty", "end", "high", "key", "last", "low", "n", "start", "total")

    def __init__(self, key: int, start: int, end: int) -> None:
        self.key, self.start, self.end = key, start, end
        self.n = self.total = self.last = 0
        self.low = self.high = 0
        self.dirty = False

    def count(self, value: int, *, newest: bool) -> None:
        """Take one measurement in."""
        if not self.n:
            self.low = self.high = self.last = value
        elif value < self.low:
            self.low = value
        elif value > self.high:
            self.high = value
        self.dirty = True
        self.n += 1
        self.total += value
        if newest:
            self.last = value

    def correct(self, old: int, new: int, *, newest: bool) -> None:
        """A counted measurement was corrected; lowest and highest keep the old value."""
        self.dirty = True
        self.total += new - old
        self.low, self.high = min(self.low, new), max(self.high, new)
        if newest:
            self.last = new

    def bucket(self, step: float) -> Bucket:
        """The aggregate, in the metric's unit."""
        return Bucket(
            self.n, self.low * step, self.high * step, self.total / max(self.n, 1) * step, self.last * step, self.start
        )


class Series:
    """One metric of one subject: its open run and the tallies being filled."""

    __slots__ = ("day", "dirty", "end", "hour", "hourly", "id", "metric", "start", "step", "subject", "unit", "value")

    def __init__(self, number: int, subject: str, metric: str, unit: str, step: float) -> None:
        self.id, self.subject, self.metric, self.unit, self.step = number, subject, metric, unit, step
        self.start = self.end = -1
        self.value = 0
        self.hourly = metric in METRICS and METRICS[metric].hourly
        self.hour: Tally | None = None
        self.day: Tally | None = None
        self.dirty = False

    def size(self, metric: Metric) -> float | None:
        """What one step is in a metric's unit, which may have been declared anew; None if that is of another kind."""
        if self.unit in {metric.unit, ""}:
            return self.step
        try:
            zero, step = converted(0, self.unit, metric), converted(self.step, self.unit, metric)
        except KeyError:
            return None
        return None if zero else step  # degrees do not begin at the same zero
