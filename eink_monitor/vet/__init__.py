"""The last plausibility check of what a poll brought before it is stored, value by value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeVar

from eink_monitor.clock import AHEAD, DAY
from eink_monitor.errors import BadAnswer
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from eink_monitor.outside import clean
from eink_monitor.vet.listed import OLDEST, events, is_past, listings

MOST_SLOTS = 1_000
"""Of one outlook; ten days in quarter hours."""
MOST_OUTLOOKS = 20
"""Of one poll."""
_LONGEST_SLOT = 31 * DAY
_FURTHEST = 366 * DAY
_LONGEST_ATTRIBUTION = 60  # characters

T = TypeVar("T")


class Vetted(NamedTuple):
    """What may be stored of a poll."""

    readings: list[Reading]
    outlooks: list[Outlook]
    listings: list[Listing]
    events: list[Event]


def heard(said: Iterable[Said], visit: Visit) -> Vetted:
    """What of a poll may be stored. Raises ``BadAnswer`` where something was said and nothing of it is plausible."""
    everything = list(said)
    readings = [one for one in everything if isinstance(one, Reading)]
    expected = list(_expected(_of(Outlook, everything), visit))
    listed, told = list(listings(_of(Listing, everything), visit)), list(events(_of(Event, everything), visit))
    others = len(everything) - len(readings)
    sound = sift(readings, visit) if expected or listed or told else _vet(readings, visit, others)
    return Vetted(sound, expected, listed, told)


def _of(kind: type[T], said: list[Said]) -> list[T]:
    return [one for one in said if isinstance(one, kind)]


def vet(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """The plausible readings, in order of time; the rest is left out, and ``visit.remarks`` says so.

    Those dated up to 5 min ahead are dated ``visit.now``. Raises ``BadAnswer`` where readings were there and none is
    plausible. A source does this only where it must know what will be kept before it remembers anything:
    ``heard`` is the poll's own.
    """
    return _vet(readings, visit)


def _vet(readings: Iterable[Reading], visit: Visit, more: int = 0) -> list[Reading]:
    """As ``vet``, where ``more`` was said beside the readings, and is not plausible."""
    vetted, seen = _sift(readings, visit)
    if seen + more and not vetted:
        told = visit.remarks.left_out
        doubt = "; is this machine's clock right?" if " dated " in told else ""
        message = f"{visit.subject}: every value of this answer is implausible ({told}){doubt}"
        raise BadAnswer(message)
    return vetted


def sift(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """As ``vet``, for a batch of a stream: one without a plausible value is empty, and no reason to disconnect."""
    return _sift(readings, visit)[0]


def _sift(readings: Iterable[Reading], visit: Visit) -> tuple[list[Reading], int]:
    """The plausible readings in order of time, and how many there were."""
    now, seen = visit.now, 0
    vetted: list[Reading] = []
    for reading in readings:
        seen += 1
        _, metric, value, at = reading
        plain = type(at) is int and (type(value) is float or type(value) is int)  # nearly all are, and in range
        if plain and metric.low <= value <= metric.high and OLDEST <= at <= now:
            vetted.append(reading)
        elif (checked := _check(reading, visit)) is not None:
            vetted.append(checked)
    vetted.sort(key=attrgetter("at"))
    return vetted, seen


def _check(reading: Reading, visit: Visit) -> Reading | None:
    """The reading as it may be stored, or None: its fields came from a vendor, whatever their annotations say."""
    name = _name(reading.subject, reading.metric, visit)
    if not _is_plausible(reading.value, reading.metric):
        _leave_out(name, reading.value, reading.metric, visit)
        return None
    at: object = reading.at
    if not isinstance(at, int | float) or isinstance(at, bool) or not OLDEST <= at <= visit.now + AHEAD:
        visit.remarks.leave_out_date(name, at)
        return None
    return reading._replace(at=min(int(at), visit.now))


def _name(subject: str, metric: Metric, visit: Visit) -> str:
    return metric.name if subject == visit.subject else f"{subject} {metric.name}"


def _is_plausible(value: object, metric: Metric) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and metric.low <= value <= metric.high


def _leave_out(name: str, value: object, metric: Metric, visit: Visit) -> None:
    visit.remarks.leave_out(name, value, metric.unit if not metric.unit[:1].isdigit() else "")  # "0-3" is no unit


def _expected(outlooks: list[Outlook], visit: Visit) -> Iterator[Outlook]:
    """The outlooks of which a slot is left: plausible ones in order, without those that overlap the one before."""
    if len(outlooks) > MOST_OUTLOOKS:
        visit.remarks.add(f"left out: {len(outlooks) - MOST_OUTLOOKS} outlooks beyond the first {MOST_OUTLOOKS}")
    for outlook in outlooks[:MOST_OUTLOOKS]:
        name = f"{_name(outlook.subject, outlook.metric, visit)} expected"
        at = outlook.issued_at
        if not is_past(at, visit):
            visit.remarks.leave_out_date(name, at)
            continue
        sound = [slot for slot in outlook.slots if _is_sound(slot, name, outlook.metric, visit)]
        if slots := _in_order(sound, name, visit):
            said = clean(outlook.attribution, _LONGEST_ATTRIBUTION)
            yield replace(outlook, slots=slots, issued_at=min(outlook.issued_at, visit.now), attribution=said)


def _is_sound(slot: Slot, name: str, metric: Metric, visit: Visit) -> bool:
    """Whether a slot is plausible: its fields came from a vendor."""
    if not _is_plausible(slot.value, metric):
        _leave_out(name, slot.value, metric, visit)
        return False
    start, end = slot.start, slot.end
    whole = type(start) is int and type(end) is int
    if not whole or not OLDEST <= start < end <= visit.now + _FURTHEST or end - start > _LONGEST_SLOT:
        visit.remarks.leave_out_date(name, start)
        return False
    return True


def _in_order(slots: list[Slot], name: str, visit: Visit) -> tuple[Slot, ...]:
    """By time; of two that overlap the first stays, and of too many those that come first."""
    kept: list[Slot] = []
    for slot in sorted(slots, key=itemgetter(0, 1)):
        if kept and slot.start < kept[-1].end:
            visit.remarks.leave_out_date(f"{name} overlapping", slot.start)
        elif len(kept) < MOST_SLOTS:
            kept.append(slot)
    return tuple(kept)
