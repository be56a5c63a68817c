"""Energies of a day, a month, a year from imperfect lifetime counters: pure functions.

The energy since such a span began is summed from one reading of a counter to the next. Across the midnight between two
spans it is divided by time, but only if that cannot be far wrong: what cannot be known is absent.

Real counters partly count down, are reset, replaced, and misread. A small fall counts as no rise. A value that cannot
follow the previous one is in doubt: if the next one follows it, the counter goes on from there and the span is
incomplete; if not, it was a misreading and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.sources._inverter.devices import LifetimeEnergy

UNSURE = 100.0  # Wh; an energy across midnight up to this may be shared out by time whatever the gap
SLACK = 20 * MINUTE  # so near to midnight a reading pins the counter there well enough
SMALL = 2_000.0  # Wh; what an inverter may count down while it feeds itself or a battery, before it counts up again
_SHARE = 30  # a gap across the border of a month or year that is so small a part of it is shared out by time, too
_FASTEST = 100_000.0  # W; no domestic counter runs faster
_GRACE = 1_000.0  # Wh on top, for clocks that were set
_FLOW = 50.0  # W; below this the sign of a meter is noise


@dataclass(frozen=True, slots=True)
class Mark:
    """A counter of the device ``owner`` as it stood ``at`` some instant of the span that began with ``start``.

    ``energy`` is what it has counted since that midnight, in Wh, None where it cannot be known; ``incomplete`` says
    that some of it is missing. While it is ``idle`` its rises do not count. ``doubt`` is a value that cannot follow
    ``value``, and ``doubted_at`` when it was read.
    """

    owner: str
    value: float
    at: int
    start: int
    energy: float | None
    incomplete: bool = False
    doubt: float | None = None
    doubted_at: int = 0
    idle: bool = False


class Count(NamedTuple):
    """A counter as it was read: whose it is, how it stands, how fast it can run in W; ``idle`` as in ``Mark``."""

    owner: str
    energy: LifetimeEnergy
    fastest: float = _FASTEST
    idle: bool = False


class Span(NamedTuple):
    """A day, month or year: its first instant and the first one after it."""

    start: int
    end: int


def tally(marks: Mapping[str, Mark], counts: Mapping[str, Count], at: int, span: Span) -> dict[str, Mark]:
    """The marks after every counter was read ``at``, in that span."""
    fresh = {name: advance(marks.get(name), count, at, span) for name, count in counts.items()}
    return {**marks, **fresh}


def advance(mark: Mark | None, count: Count, at: int, span: Span) -> Mark:
    """The mark after a counter was read ``at``."""
    if mark is None:
        return Mark(count.owner, count.energy.value, at, span.start, None, idle=count.idle)
    rise = risen(mark, count, at) if mark.owner == count.owner else None
    if rise is not None:
        value = max(mark.value, count.energy.value) if rise == 0 and not mark.idle else count.energy.value
        counted = 0.0 if mark.idle else rise
        return _added(replace(mark, value=value, idle=count.idle), counted, at, span)
    if mark.doubt is not None and (more := _rise(mark.doubt, mark.doubted_at, count, at)) is not None:
        since, energy = (mark.start, mark.energy) if mark.start == span.start else (span.start, 0.0)
        if mark.doubted_at < span.start:  # then what it rose by lies on both sides of the midnight
            since = mark.start
        fresh = Mark(count.owner, count.energy.value, mark.doubted_at, since, energy, idle=count.idle)
        return replace(_added(fresh, more, at, span), incomplete=True)
    return replace(mark, doubt=count.energy.value, doubted_at=at)


def risen(mark: Mark, count: Count, at: int) -> float | None:
    """Wh between a mark and now, through a wrap; None where the counter fell far or jumped (another device, a slip)."""
    return _rise(mark.value, mark.at, count, at)


def rise(marks: Mapping[str, Mark], name: str, count: Count | None, at: int) -> float | None:
    """Wh that a counter has risen since it was last marked, None where that cannot be known."""
    mark = marks.get(name)
    return risen(mark, count, at) if mark and count and mark.owner == count.owner else None


def ballot(power: float, exported: float | None, imported: float | None) -> int:
    """Which way the meter's plus points, by how much its counters rose: +1 export, -1 import, 0 no evidence."""
    if abs(power) < _FLOW or exported is None or imported is None or (exported > 0) == (imported > 0):
        return 0
    return 1 if (exported > 0) == (power > 0) else -1


def _rise(value: float, since: int, count: Count, at: int) -> float | None:
    energy = count.energy
    change = energy.value - value
    if -SMALL <= change <= 0:
        return 0.0
    if change < 0:
        change += energy.wrap
    limit = min(count.fastest, _FASTEST) * max(0, at - since) / HOUR + _GRACE
    return change if 0 <= change <= limit else None


def _added(mark: Mark, rise: float, at: int, span: Span) -> Mark:
    """The mark moved on by a rise that is believed."""
    energy, incomplete = None, mark.incomplete
    if mark.start == span.start:
        energy = None if mark.energy is None else mark.energy + rise
    elif mark.at < span.start:
        before, after = span.start - mark.at, at - span.start
        sure = rise <= UNSURE or min(before, after) <= SLACK
        incomplete = not sure
        if sure or before + after <= (span.end - span.start) / _SHARE:
            energy = rise * after / (before + after)
    return replace(mark, at=at, start=span.start, energy=energy, incomplete=incomplete, doubt=None, doubted_at=0)
