"""Energies since midnight, since the month and the year began, and of a lifetime, from the counters of all devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from eink_monitor import metrics
from eink_monitor.clock import day_bounds, local, midnight
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric
from eink_monitor.sources._inverter import counters
from eink_monitor.sources._inverter.counters import Count, Mark, Span
from eink_monitor.sources._inverter.devices import BatteryBlock, LifetimeEnergy, Look, Meter, Place, PlantPart
from eink_monitor.sources._inverter.flow import grid_meter, meters

_FASTER = 2.0  # times an inverter's rating
_NO_WRAP = 1e12
_NOISE = 100.0  # Wh; what counters of separate devices may disagree by
_DRAWS = -50.0  # W; an inverter that takes more than that charges its battery from the grid
_MADE, _GIVEN, _CHARGED = "production", "inverter", "charged"
_SPANS = ("", " month", " year")


class Spans(NamedTuple):
    """The running day, month and year."""

    day: Span
    month: Span
    year: Span


def spans(visit: Visit) -> Spans:
    """In the configured time zone."""
    today = local(visit.now, visit.zone).date()
    first, new_year = today.replace(day=1), today.replace(month=1, day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return Spans(
        Span(*day_bounds(today, visit.zone)),
        Span(midnight(first, visit.zone), midnight(following, visit.zone)),
        Span(midnight(new_year, visit.zone), midnight(new_year.replace(year=today.year + 1), visit.zone)),
    )


def producers(parts: Sequence[PlantPart], *, external: bool) -> list[str]:
    """The producers of this roof: every inverter, and the Production meters if they are to be added."""
    beside = [_name(part.unit, place) for part, place, _ in _added(parts)] if external else []
    return [str(part.unit) for part in parts if part.look is None or part.look.inverter] + beside


def read(parts: Sequence[PlantPart], marks: Mapping[str, Mark]) -> dict[str, Count]:
    """The available counters, by a name that says what they count and, for a producer, which one.

    The modules' production is the inverter's output plus the increase in the battery, without what came from the grid,
    which is counted separately; if that is unknown, there is none. The counters of a sleeping inverter stand still.
    """
    found: dict[str, Count] = {}
    for part in parts:
        counts = _asleep(part.unit, marks) if part.asleep else _of_inverter(part)
        found |= {f"{name}@{part.unit}": count for name, count in counts.items()}
    for part, place, beside in _added(parts):
        if beside and beside.exported:
            found[f"{_MADE}@{_name(part.unit, place)}"] = Count(place.identity.serial, beside.exported)
    grid = grid_meter(parts)
    if grid and grid.seen.exported:
        found["feed_in"] = Count(grid.owner, grid.seen.exported)
    if grid and grid.seen.imported:
        found["purchased"] = Count(grid.owner, grid.seen.imported)
    return found


def _added(parts: Sequence[PlantPart]) -> Iterator[tuple[PlantPart, Place, Meter | None]]:
    """The Production meters, None for one that is silent."""
    return (each for each in meters(parts) if each[1].identity.role == "production")


def _name(unit: int, place: Place) -> str:
    return f"{unit}/{place.address}"


def _of_inverter(part: PlantPart) -> dict[str, Count]:
    if not (part.plant and part.plant.inverter and part.look and part.look.inverter and part.look.inverter.energy):
        return {}
    place = part.plant.inverter
    given = Count(place.identity.serial, part.look.inverter.energy)
    if place.rating:
        given = given._replace(fastest=_FASTER * place.rating)
    made = _made(part.look, given)
    if not (part.look.batteries or part.look.lost):
        return {_MADE: given}
    if made is None:
        return {_GIVEN: given}
    draws = (part.look.inverter.ac_power or 0.0) < _DRAWS
    return {_GIVEN: given, _CHARGED: made._replace(idle=not draws), _MADE: made._replace(idle=draws)}


def _asleep(unit: int, marks: Mapping[str, Mark]) -> dict[str, Count]:
    known = {name: marks[f"{name}@{unit}"] for name in (_MADE, _GIVEN, _CHARGED) if f"{name}@{unit}" in marks}
    return {
        name: Count(mark.owner, LifetimeEnergy(mark.value, _NO_WRAP), idle=mark.idle) for name, mark in known.items()
    }


def tally(marks: Mapping[str, Mark], counts: Mapping[str, Count], at: int, when: Spans) -> dict[str, Mark]:
    """The marks after this look: every counter since midnight, production since the month and year began, too."""
    made = {name: count for name, count in counts.items() if name.startswith(f"{_MADE}@")}
    fresh = counters.tally(marks, counts, at, when.day)
    for words, span in zip(_SPANS[1:], when[1:], strict=True):
        fresh = counters.tally(fresh, {name + words: count for name, count in made.items()}, at, span)
    return fresh


def sums(
    marks: Mapping[str, Mark], counts: Mapping[str, Count], made_by: Sequence[str], when: Spans
) -> dict[Metric, float | None]:
    """The energies, None for what is unknown; for several inverters all must be known."""
    marks = {name: mark for name, mark in marks.items() if name.split()[0] in counts}
    made = [f"{_MADE}@{who}" for who in made_by]
    today = _sum(marks, made, when.day)
    fed, bought = (_energy(marks, name, when.day) for name in ("feed_in", "purchased"))
    out = _total([_out(marks, who, when.day) for who in made_by])
    return {
        metrics.PRODUCTION_TODAY: today,
        metrics.FEED_IN_TODAY: fed,
        metrics.PURCHASED_TODAY: bought,
        metrics.SELF_CONSUMPTION_TODAY: _kept(today, fed),
        metrics.CONSUMPTION_TODAY: _total([_kept(out, fed), bought]),
        metrics.PRODUCTION_MONTH: _sum(marks, [name + _SPANS[1] for name in made], when.month),
        metrics.PRODUCTION_YEAR: _sum(marks, [name + _SPANS[2] for name in made], when.year),
    }


def _kept(made: float | None, fed: float | None) -> float | None:
    """What of it was not fed into the grid; None where that cannot be known, or the counters disagree."""
    return None if made is None or fed is None or made < fed - _NOISE else max(0.0, made - fed)


def lifetimes(
    marks: Mapping[str, Mark], counts: Mapping[str, Count], made_by: Sequence[str]
) -> dict[Metric, float | None]:
    """The counters' own values; for producers the sum of their output. A counter in doubt is left out."""
    out = [f"{_GIVEN}@{who}" if f"{_GIVEN}@{who}" in counts else f"{_MADE}@{who}" for who in made_by]
    known = {name: count.energy.value for name, count in counts.items() if marks[name].doubt is None}
    return {
        metrics.PRODUCTION_LIFETIME: _total([known.get(name) for name in out]),
        metrics.FEED_IN_LIFETIME: known.get("feed_in"),
        metrics.PURCHASED_LIFETIME: known.get("purchased"),
    }


def doubts(marks: Mapping[str, Mark], counts: Mapping[str, Count]) -> Iterator[tuple[str, float]]:
    """The counters that are in doubt, and how they stand."""
    for name in counts:
        if (odd := marks[name].doubt) is not None:
            yield f"{name.split('@')[0]} counter", odd


def _out(marks: Mapping[str, Mark], who: str, span: Span) -> float | None:
    """What left an inverter, less what it took from the grid."""
    if f"{_GIVEN}@{who}" not in marks:
        return _energy(marks, f"{_MADE}@{who}", span)
    given, charged = (_energy(marks, f"{name}@{who}", span) for name in (_GIVEN, _CHARGED))
    return None if given is None or charged is None else given - charged


def _made(seen: Look, out: Count) -> Count | None:
    """What the modules of an inverter made: its own counter, and where there is a battery that one's balance."""
    if seen.lost:
        return None
    batteries = list(seen.batteries.values())
    if not batteries:
        return out
    for kind, balance in (("counters", _counted), ("charge", _held)):
        held = [balance(battery) for battery in batteries]
        if None not in held:
            total = out.energy.value + sum(value for value in held if value is not None)
            return Count(f"{out.owner}+{kind}", LifetimeEnergy(total, _NO_WRAP))
    return None


def _counted(battery: BatteryBlock) -> float | None:
    """What went in less what came out, by its own counters."""
    return None if battery.given is None or battery.taken is None else battery.taken - battery.given


def _held(battery: BatteryBlock) -> float | None:
    """What is in it."""
    return None if battery.charge is None or battery.capacity is None else battery.charge / 100 * battery.capacity


def _energy(marks: Mapping[str, Mark], name: str, span: Span) -> float | None:
    mark = marks.get(name)
    return mark.energy if mark and mark.start == span.start else None


def _sum(marks: Mapping[str, Mark], names: Sequence[str], span: Span) -> float | None:
    return _total([_energy(marks, name, span) for name in names])


def _total(values: Sequence[float | None]) -> float | None:
    """The sum, None unless all are known."""
    return None if not values or None in values else sum(value for value in values if value is not None)


def gaps(marks: Mapping[str, Mark], when: Spans) -> Iterator[str]:
    """The spans of which something is missing, in words."""
    for words, span in zip(_SPANS, when, strict=True):
        missing = [
            name
            for name, mark in marks.items()
            if mark.incomplete
            and mark.start == span.start
            and mark.energy is not None
            and name.endswith(words)
            and (words or " " not in name)
        ]
        if missing:
            yield (words or " day").strip()
