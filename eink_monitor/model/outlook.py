"""Forecasts: tomorrow's sun, the price of power, the weather.

An outlook is not a measurement and never becomes one: the newest replaces the previous one, and history ignores it. It
has two times, when it was issued and what it is about, and it ages: panels show when it was issued.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import NamedTuple

from eink_monitor.clock import HOUR
from eink_monitor.model.reading import Metric

FRESH = 12 * HOUR
"""Weather models run every 1 to 6 hours; an outlook older than this has lost its source."""
_WHOLE = 0.95  # of a stretch that is covered; a slot of a night may be missing
_PACKED = 3  # parts of a stretch of equal slots
_NO_SLOTS = "these are no slots"


class Slot(NamedTuple):
    """A value expected from ``start`` up to, not including, ``end`` (epoch seconds UTC)."""

    start: int
    end: int
    value: float


Stretch = tuple[int, int, list[int]]
"""Slots of one length without a gap, to be stored: the first one's start, their length, values in steps of a metric."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What ``subject``'s ``metric`` is expected to be, in its unit, slot by slot: in order, without an overlap.

    ``issued_at`` (epoch seconds UTC) is when it was issued: by its vendor if it says so, else when we asked.
    ``attribution`` is what its licence wants to be shown beside it ("Open-Meteo"), or empty. A slot is a quarter hour
    or whatever its vendor says; a local day has 92, 96 or 100 quarters.
    """

    subject: str
    metric: Metric
    issued_at: int
    slots: tuple[Slot, ...]
    attribution: str = ""

    @property
    def end(self) -> int:
        """Where it ends; 0 where nothing is expected."""
        return self.slots[-1].end if self.slots else 0

    def is_old(self, now: int) -> bool:
        """Whether it was issued so long ago that its age must be shown. A fixed price does not age."""
        return now - self.issued_at > FRESH

    def slot(self, instant: int) -> Slot | None:
        """The slot that an instant lies in."""
        number = bisect_right(self.slots, instant, key=attrgetter("start")) - 1
        return self.slots[number] if number >= 0 and instant < self.slots[number].end else None

    def between(self, since: int, until: int) -> tuple[Slot, ...]:
        """The slots from one instant up to another; those that reach beyond are cut there."""
        first = bisect_right(self.slots, since, key=attrgetter("end"))
        after = bisect_left(self.slots, until, key=attrgetter("start"))
        inside = list(self.slots[first:after])
        if inside and inside[0].start < since:
            inside[0] = inside[0]._replace(start=since)
        if inside and inside[-1].end > until:
            inside[-1] = inside[-1]._replace(end=until)
        return tuple(inside)

    def covers(self, since: int, until: int) -> bool:
        """Whether that time is covered, except for a slot or two."""
        return sum([end - start for start, end, _ in self.between(since, until)]) >= _WHOLE * (until - since)

    def energy(self, since: int, until: int) -> float:
        """The energy of a power (W) between two instants, in Wh."""
        return sum([value * (end - start) for start, end, value in self.between(since, until)]) / HOUR

    def lowest(self, length: int, since: int, until: int | None = None) -> Slot | None:
        """The stretch of ``length`` seconds with the lowest mean, as one slot: when power is cheapest.

        It begins with a slot, or ``since``, and is whole; None where there is no such stretch. The first of equals.
        """
        until = self.end if until is None else min(until, self.end)
        inside = self.between(since, until)
        whole = (_mean(inside, number, length) for number in range(len(inside)))
        return min(filter(None, whole), key=lambda slot: round(slot.value / self.metric.step), default=None)

    def stretches(self) -> list[Stretch]:
        """A compact form, to be stored or sent; ``slots_of`` reverses it."""
        found: list[Stretch] = []
        end = 0
        for slot in self.slots:
            length, steps = slot.end - slot.start, round(slot.value / self.metric.step)
            if found and slot.start == end and length == found[-1][1]:
                found[-1][2].append(steps)
            else:
                found.append((slot.start, length, [steps]))
            end = slot.end
        return found


class ForecastDay(NamedTuple):
    """The accuracy of a forecast: Wh of a local day, as expected the day before and as measured."""

    day: date
    expected: float
    measured: float


def slots_of(stretches: Sequence[Sequence[object]], metric: Metric) -> tuple[Slot, ...]:
    """What ``Outlook.stretches`` made, with values in the unit again. Raises ``ValueError`` for anything else."""
    return tuple(_slots(stretches, metric))


def _slots(stretches: Sequence[Sequence[object]], metric: Metric) -> Iterator[Slot]:
    step, low, high = metric.step, metric.low - metric.step, metric.high + metric.step
    for stretch in stretches:
        start, length, values = stretch if len(stretch) == _PACKED else (None, None, None)
        if type(start) is not int or type(length) is not int or not isinstance(values, list):
            raise ValueError(_NO_SLOTS)
        for value in values:
            if type(value) is not int or not low <= value * step <= high:
                raise ValueError(_NO_SLOTS)
            yield Slot(start, start + length, value * step)
            start += length


def _mean(slots: Sequence[Slot], first: int, length: int) -> Slot | None:
    """The mean of ``length`` seconds from the ``first`` slot on; None where they are not whole."""
    start = end = slots[first].start
    total = 0.0
    for slot in islice(slots, first, None):
        if slot.start != end or end >= start + length:
            break
        end = min(slot.end, start + length)
        total += slot.value * (end - slot.start)
    return Slot(start, end, total / length) if end == start + length else None
