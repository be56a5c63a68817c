"""Readings from an inverter's registers: powers, energies since midnight and longer, its condition."""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple, Protocol

from eink_monitor import metrics
from eink_monitor.clock import Clock
from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter import counters, energies, memory
from eink_monitor.sources._inverter.devices import Inverter, Look, Plant, PlantPart
from eink_monitor.sources._inverter.flow import GridMeter, PowerFlow, flow, grid_meter, joined
from eink_monitor.sources._inverter.memory import Memory
from eink_monitor.sources._inverter.night import asleep, rest
from eink_monitor.sources._modbus import Line, Silence, Unit
from eink_monitor.sources._storage import without_plunges
from eink_monitor.vet import vet

_FILE = "counters.json"
_FAULT = 7
_BY_WEIGHT = (_FAULT, 5, 4, 3, 6, 8, 2, 1)  # of several inverters the state that says most
_STRANGERS = (
    "others feed in here, too, so consumption is unknown; name all inverters in units:, or add the meters "
    "called Production by external_production: true"
)
_GROWING = (
    metrics.PRODUCTION_TODAY,
    metrics.FEED_IN_TODAY,
    metrics.PURCHASED_TODAY,
    metrics.PRODUCTION_MONTH,
    metrics.PRODUCTION_YEAR,
)
_TWIN = 1_000.0  # Wh; what one inverter may count between two looks


Plants = dict[int, Plant | None]
"""What was found at each unit; None where nobody was."""


class Maker(Protocol):
    """How the devices behind a unit are found and read."""

    def survey(self, unit: Unit, remarks: Remarks, *, patient: bool) -> Plant:
        """Find the devices; ``patient`` looks into silence. Raises ``Silence``, ``Unavailable`` or ``BadAnswer``."""

    def look(self, unit: Unit, plant: Plant, known: Container[int], remarks: Remarks) -> Look:
        """Read every device; ``known`` are the bays in which a battery was seen lately. Raises as ``survey``."""

    def beside(self, plants: Mapping[int, Plant | None]) -> Mapping[int, bool]:
        """The units of meters and batteries, and whether they are known to be there."""


class Roof(NamedTuple):
    """What the configuration knows of a roof: who made it, its units, degrees north, the meters."""

    maker: Maker
    units: tuple[int, ...]
    latitude: float
    meter_sign: str
    external: bool


def once(line: Line, visit: Visit, roof: Roof, plants: Plants | None = None) -> list[Reading]:
    """Connect, read, disconnect. At night silence is sleep: no readings, and a note.

    ``plants`` is what earlier polls found; what this one finds is added.
    """
    known = memory.load(visit.state / _FILE)
    try:
        with line:
            parts = _look(line, visit, roof, known, {} if plants is None else plants)
    except Silence as silence:
        return rest(visit, roof.latitude, silence)
    return _digest(visit, parts, roof, known)


def steadily(
    connect: Callable[[], Line], visit: Visit, clock: Clock, roof: Roof
) -> Generator[list[Reading], None, None]:
    """The readings of every beat over one connection, without end; asleep, an empty list, and a new connection."""
    latest = dict(visit.latest)
    while True:
        try:
            with connect() as line:
                plants: Plants = {}
                while True:
                    started = clock.monotonic()
                    visit.now, visit.latest = clock.now(), latest
                    known = memory.load(visit.state / _FILE)
                    readings = _digest(visit, _look(line, visit, roof, known, plants), roof, known)
                    latest.update({(reading.subject, reading.metric.name): reading for reading in readings})
                    yield readings
                    clock.wait(visit.every - (clock.monotonic() - started))
        except Silence as silence:
            visit.now = clock.now()
            yield rest(visit, roof.latitude, silence)
            clock.wait(visit.every)


def _look(line: Line, visit: Visit, roof: Roof, known: Memory, plants: Plants) -> list[PlantPart]:
    """Every unit as it is now; ``plants`` keeps what is found there. Raises where none answers."""
    parts, troubles = [], []
    dark = asleep(visit, roof.latitude)
    patient = len(roof.units) == 1 and not dark
    for number in roof.units:
        unit = Unit(line, number)
        try:
            plant = plants.get(number) or roof.maker.survey(unit, visit.remarks, patient=patient)
            parts.append(_part(unit, plant, visit, roof.maker, known))
        except Unavailable as trouble:
            plants.pop(number, None)
            troubles.append(trouble)
            parts.append(PlantPart(number, asleep=dark and isinstance(trouble, Silence)))
        else:
            if plant.whole:
                plants[number] = plant
    beside = _beside(line, visit, roof, known, plants)
    if len(troubles) == len(roof.units) and not any(part.plant for part in beside):
        raise troubles[0]
    _tell_of_the_silent(parts, visit)
    return _told_apart([*parts, *beside])


def _tell_of_the_silent(parts: Sequence[PlantPart], visit: Visit) -> None:
    for part in parts:
        if part.look is None:
            fate = "sleeps" if part.asleep else "does not answer, so what all inverters make is unknown; check units:"
            visit.remarks.add(f"unit {part.unit} {fate}")


def _part(unit: Unit, plant: Plant, visit: Visit, maker: Maker, known: Memory) -> PlantPart:
    """One inverter with its devices as they are now. Raises ``Unavailable`` or ``BadAnswer``."""
    if plant.inverter is None:
        message = f"unit {unit.number} speaks SunSpec but shows no inverter; check unit:, and meters: for a meter"
        raise BadAnswer(message)
    seen = maker.look(unit, plant, known.batteries(unit.number, visit.now), visit.remarks)
    return PlantPart(unit.number, plant, seen)


def _beside(line: Line, visit: Visit, roof: Roof, known: Memory, plants: Plants) -> list[PlantPart]:
    """The meters and batteries at units of their own; one that should be there and is not hides what depends on it."""
    parts: list[PlantPart] = []
    for number, sure in roof.maker.beside(plants).items():
        if parts and not sure:
            break
        unit = Unit(line, number)
        try:
            plant = plants.get(number) or roof.maker.survey(unit, visit.remarks, patient=False)
            plant = replace(plant, inverter=None)
            seen = roof.maker.look(unit, plant, known.batteries(number, visit.now), visit.remarks)
        except (Unavailable, BadAnswer):
            plants.pop(number, None)
            if sure:
                visit.remarks.add(f"nothing answers at unit {number}, where there should be a meter")
                parts.append(PlantPart(number, look=Look(None, (), {}, bool(known.batteries(number, visit.now)))))
            else:
                plants[number] = None
        else:
            parts.append(PlantPart(number, plant, seen))
            if plant.whole:
                plants[number] = plant
    return parts


def _told_apart(parts: list[PlantPart]) -> list[PlantPart]:
    """The parts, unless one inverter answers at two units: its power would count twice."""
    seen = [
        (part.unit, part.plant.inverter.identity, part.look.inverter)
        for part in parts
        if part.plant and part.plant.inverter and part.look and part.look.inverter
    ]
    for (one, who, first), (other, whom, second) in combinations(seen, 2):
        made = [inverter.energy.value if inverter.energy else 0.0 for inverter in (first, second)]
        if who.serial and who == whom and abs(made[0] - made[1]) < _TWIN:
            message = f"units {one} and {other} are the same inverter; name it once in units:"
            raise BadAnswer(message)
    return parts


def _digest(visit: Visit, parts: list[PlantPart], roof: Roof, old: Memory) -> list[Reading]:
    path, new, when = visit.state / _FILE, deepcopy(old), energies.spans(visit)
    for part in parts:
        new.saw(part.unit, set(part.look.batteries) if part.look else set(), visit.now)
    parts = joined(parts)
    counts = energies.read(parts, old.marks)
    new.marks = energies.tally(old.marks, counts, visit.now, when)
    power, made_by = _flow(visit, parts, roof, (old, new)), energies.producers(parts, external=roof.external)
    values = {
        **_powers(power),
        **_never_less(visit, energies.sums(new.marks, counts, made_by, when), when.day.start),
        **energies.lifetimes(new.marks, counts, made_by),
        **_condition(parts),
    }
    if new.crowded(visit.now):
        values |= dict.fromkeys((metrics.LOAD_POWER, metrics.SELF_CONSUMPTION_TODAY, metrics.CONSUMPTION_TODAY))
    if power.strangers or new.crowded(visit.now):
        visit.remarks.add(_STRANGERS)
    for name, odd in energies.doubts(new.marks, counts):
        visit.remarks.leave_out(name, odd, "Wh")
    _tell(visit, parts, list(energies.gaps(new.marks, when)))
    # vetted already here: impossible values must not be remembered
    readings = vet(without_plunges(_readings(visit, values), visit), visit)
    if memory.worth_saving(old, new, visit.now, when.day.end, visit.every) and not memory.save(path, new):
        visit.remarks.add(f"cannot write {path}, so today's energies may be lost; is the disk full or read-only?")
    return readings


def _flow(visit: Visit, parts: Sequence[PlantPart], roof: Roof, memories: tuple[Memory, Memory]) -> PowerFlow:
    """The powers, with the meter's sign as configured, or as its counters show it: nothing else does."""
    old, new = memories
    positive, proven = roof.meter_sign == "export_positive", roof.meter_sign != "auto"
    if not proven:
        found = grid_meter(parts)
        usual = found is None or found.export_usual
        if found and found.seen.power is not None:
            ballot = counters.ballot(found.seen.power, *_rises(old, found, visit.now))
            new.vote(ballot if usual else -ballot)
        positive, proven = new.usual == usual, new.proven
    power = flow(parts, export_positive=positive, external=roof.external, remarks=visit.remarks)
    if proven and (power.strangers or power.load is not None):
        new.doubt(visit.now, inexplicable=power.strangers)
    return power


def _rises(old: Memory, grid: GridMeter, at: int) -> list[float | None]:
    """What was fed in and what was bought since the last look; a counter that never counted anything has not risen."""
    counts = (("feed_in", grid.seen.exported), ("purchased", grid.seen.imported))
    return [
        counters.rise(old.marks, name, counters.Count(grid.owner, count), at) if count else 0.0
        for name, count in counts
    ]


def _never_less(visit: Visit, sums: dict[Metric, float | None], today: int) -> dict[Metric, float | None]:
    """The sums; those that only grow never fall below today's earlier values, even if counters do."""
    held = dict(sums)
    for metric in _GROWING:
        value, last = sums[metric], visit.last(metric)
        if value is not None and last and last.at >= today and value < last.value <= value + counters.SMALL:
            held[metric] = last.value
    return held


def _powers(power: PowerFlow) -> dict[Metric, float | None]:
    return {
        metrics.PV_POWER: power.pv,
        metrics.LOAD_POWER: power.load,
        metrics.GRID_POWER: power.grid,
        metrics.STORAGE_POWER: power.storage,
        metrics.STORAGE_SOC: power.charge,
    }


def _condition(parts: Sequence[PlantPart]) -> dict[Metric, float | None]:
    """Of several inverters the state that says most, and the highest temperature."""
    seen = _inverters(parts)
    states = [one.status for one in seen if one.status is not None]
    warmths = [one.temperature for one in seen if one.temperature is not None]
    return {
        metrics.INVERTER_STATUS: next((state for state in _BY_WEIGHT if state in states), next(iter(states), None)),
        metrics.INVERTER_TEMPERATURE: max(warmths, default=None),
    }


def _inverters(parts: Sequence[PlantPart]) -> list[Inverter]:
    return [part.look.inverter for part in parts if part.look and part.look.inverter]


def _tell(visit: Visit, parts: Sequence[PlantPart], gaps: Sequence[str]) -> None:
    """What a person should know of this poll."""
    for part in parts:
        if part.look and part.look.inverter and part.look.inverter.status == _FAULT:
            which = f"the inverter of unit {part.unit}" if len(_inverters(parts)) > 1 else "the inverter"
            visit.remarks.add(f"{which} reports a fault (vendor code {part.look.inverter.code or 'unknown'})")
    if gaps:
        visit.remarks.add(f"a counter fell or jumped, so of this {', '.join(gaps)} some energy is missing")


def _readings(visit: Visit, values: dict[Metric, float | None]) -> list[Reading]:
    found = [Reading(visit.subject, metric, value, visit.now) for metric, value in values.items() if value is not None]
    if not found:
        why = f"gives no plausible value ({visit.remarks.left_out})" if visit.remarks.left_out else ""
        message = f"the inverter answered, but {why or 'marks every value as not implemented; check unit'}"
        raise BadAnswer(message)
    return found
