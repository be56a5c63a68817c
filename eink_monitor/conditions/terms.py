"""The parts of a condition that have no parts: whether they hold at an instant, and when that may have changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Protocol
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, MINUTE, local, midnight
from eink_monitor.conditions import Term, Truth, Witness
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Window

_LIGHT = 10 * MINUTE  # how finely dusk and dawn are searched
_FINE = 1e-6  # of a step: what is stored as a multiple of it is not quite one


class Leaf(Term, Protocol):
    """A part that has no parts itself."""

    def changes(self, witness: Witness, since: int, until: int) -> Iterable[int]:
        """Instants about ``since`` to ``until``, at least all those from which on it answers otherwise."""


@dataclass(frozen=True)
class Comparison:
    """A figure against a number in its own unit; unknown where the figure is stale or was never measured."""

    subject: str
    metric: Metric
    sign: str
    number: float

    def holds(self, witness: Witness, at: int) -> Truth:
        """By the newest figure of that instant."""
        patience = witness.patience(self.subject, self.metric)
        reading = witness.known(self.subject, self.metric, at, patience)
        return None if reading is None else compare(reading.value, self.sign, self.number, self.metric.step)

    def changes(self, witness: Witness, since: int, until: int) -> Iterator[int]:
        """With every measurement, and when the last one is stale."""
        patience = witness.patience(self.subject, self.metric)
        for run in witness.runs(self.subject, self.metric, since - patience, until):
            yield run.start
            yield run.end + patience + 1


@dataclass(frozen=True)
class Age:
    """How long ago something was measured, against a number of seconds; without a ``metric`` anything of a subject.

    ``dated`` is a metric whose value is itself an instant, such as that of the newest backup: then since that one.
    """

    subject: str
    metric: Metric | None
    sign: str
    seconds: int
    dated: bool = False

    def holds(self, witness: Witness, at: int) -> Truth:
        """Anything older than necessary is old; what was never measured has no age."""
        if self.dated and self.metric:
            reading = witness.known(self.subject, self.metric, at, witness.patience(self.subject, self.metric))
            return None if reading is None else compare(at - reading.value, self.sign, self.seconds, 1)
        metrics = _metrics(witness, self.subject, self.metric)
        found = (witness.known(self.subject, metric, at, self.seconds + 1) for metric in metrics)
        ages = [max(0, at - reading.at) for reading in found if reading]
        if ages:
            return compare(min(ages), self.sign, self.seconds, 1)
        ever = any(witness.ever(self.subject, metric, at) for metric in metrics)
        return self.sign in {">", ">=", "!="} if ever else None

    def changes(self, witness: Witness, since: int, until: int) -> Iterator[int]:
        """With every measurement, and so long after the last one."""
        for metric in _metrics(witness, self.subject, self.metric):
            reach = max(self.seconds + 1, witness.patience(self.subject, metric) if self.dated else 0)
            for run in witness.runs(self.subject, metric, since - reach, until):
                yield from (run.start, run.end + reach + 1)
                aged = (int(run.value) if self.dated else run.end) + self.seconds
                yield from (aged, aged + 1)


@dataclass(frozen=True)
class Stale:
    """Whether nothing of a subject (or of one metric) is as recent as its source should keep it."""

    subject: str
    metric: Metric | None = None

    def holds(self, witness: Witness, at: int) -> Truth:
        """Unknown where nothing was ever measured."""
        metrics = _metrics(witness, self.subject, self.metric)
        if any(witness.known(self.subject, one, at, witness.patience(self.subject, one)) for one in metrics):
            return False
        return True if any(witness.ever(self.subject, one, at) for one in metrics) else None

    def changes(self, witness: Witness, since: int, until: int) -> Iterator[int]:
        """With every measurement, and when the last one is stale."""
        for metric in _metrics(witness, self.subject, self.metric):
            yield from Comparison(self.subject, metric, "=", 0).changes(witness, since, until)


@dataclass(frozen=True)
class InTrouble:
    """Whether the source of a subject fails; without a name any."""

    name: str = ""

    def holds(self, witness: Witness, at: int) -> Truth:
        """As the witness says."""
        return witness.trouble(self.name, at)

    def changes(self, witness: Witness, since: int, until: int) -> Iterable[int]:
        """When the kind of outcome changed."""
        return witness.turns(self.name, since, until)


@dataclass(frozen=True)
class Between:
    """A stretch of the local day; its end does not belong to it."""

    window: Window

    def holds(self, witness: Witness, at: int) -> Truth:
        """By local time."""
        return self.window.covers(at, witness.zone)

    def changes(self, witness: Witness, since: int, until: int) -> Iterator[int]:
        """Both ends; on a day on which the zone changes every minute."""
        for start, end in pairwise(_midnights(since, until, witness.zone)):
            yield from (start + self.window.start * MINUTE, start + self.window.end * MINUTE)
            if end - start != DAY:
                yield from range(start, end, MINUTE)


@dataclass(frozen=True)
class Weekday:
    """One of some days of the week, 0 is Monday."""

    days: frozenset[int]

    def holds(self, witness: Witness, at: int) -> Truth:
        """By the local calendar."""
        return local(at, witness.zone).weekday() in self.days

    def changes(self, witness: Witness, since: int, until: int) -> Iterable[int]:
        """Every midnight."""
        return _midnights(since, until, witness.zone)


@dataclass(frozen=True)
class Daylight:
    """Whether the sun is up (or, ``up`` being false, down)."""

    up: bool

    def holds(self, witness: Witness, at: int) -> Truth:
        """Unknown if the location is unknown."""
        day = witness.day(at)
        return None if day is None else day is self.up

    def changes(self, witness: Witness, since: int, until: int) -> Iterable[int]:  # noqa: ARG002 - the interface
        """Looked for every few minutes."""
        return range(since - since % _LIGHT, until, _LIGHT)


def compare(value: float, sign: str, number: float, step: float) -> bool:
    """Whether a value, a multiple of ``step``, stands so to a number."""
    near = abs(value - number) <= step / 2
    match sign:
        case "=":
            return near
        case "!=":
            return not near
        case ">":
            return value > number + step * _FINE
        case ">=":
            return value >= number - step * _FINE
        case "<":
            return value < number - step * _FINE
        case _:
            return value <= number + step * _FINE


def _metrics(witness: Witness, subject: str, metric: Metric | None) -> Sequence[Metric]:
    return [metric] if metric else witness.metrics(subject)


def _midnights(since: int, until: int, zone: ZoneInfo) -> Iterator[int]:
    """The first instants of the days of a stretch, and of those beside it."""
    day = local(since - DAY, zone).date()
    while (start := midnight(day, zone)) <= until + DAY:
        yield start
        day += timedelta(days=1)
