"""What a look at an inverter's registers comes to: powers, energies since midnight and longer, its condition."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import NamedTuple

from eink_monitor import metrics
from eink_monitor.clock import Clock, day_bounds, local, midnight
from eink_monitor.errors import BadAnswer
from eink_monitor.model import Metric, Reading, Visit
from eink_monitor.sources._modbus import counters
from eink_monitor.sources._modbus.flow import Flow, flow, grid_meter
from eink_monitor.sources._modbus.line import Line, Silence
from eink_monitor.sources._modbus.night import rest
from eink_monitor.sources._modbus.plant import Look, Plant, look, survey
from eink_monitor.sources._modbus.sunspec import Energy
from eink_monitor.vet import vet

_FILE = "counters.json"
_FAULT = 7


class Roof(NamedTuple):
    """What the configuration knows of a roof: degrees north, and what a positive power of the grid meter means."""

    latitude: float
    meter_sign: str


def once(line: Line, visit: Visit, roof: Roof) -> list[Reading]:
    """Connect, read, leave. At night silence is sleep: no readings, and a note."""
    try:
        with line:
            plant = survey(line)
            seen = look(line, plant)
    except Silence as silence:
        return rest(visit, roof.latitude, silence)
    return _digest(visit, plant, seen, roof)


def steadily(
    connect: Callable[[], Line], visit: Visit, clock: Clock, roof: Roof
) -> Generator[list[Reading], None, None]:
    """The readings of every beat over one connection, without end; asleep, an empty list, and a new connection."""
    latest = dict(visit.latest)
    while True:
        try:
            with connect() as line:
                plant = survey(line)
                while True:
                    started = clock.monotonic()
                    visit.now, visit.latest = clock.now(), latest
                    readings = _digest(visit, plant, look(line, plant), roof)
                    latest.update({(reading.subject, reading.metric.name): reading for reading in readings})
                    yield readings
                    clock.wait(visit.every - (clock.monotonic() - started))
        except Silence as silence:
            visit.now = clock.now()
            yield rest(visit, roof.latitude, silence)
            clock.wait(visit.every)


def _digest(visit: Visit, plant: Plant, seen: Look, roof: Roof) -> list[Reading]:
    path = visit.state / _FILE
    old = counters.load(path)
    energies = _energies(plant, seen)
    new = _tally(old, energies, visit)
    power = _flow(old, new, (plant, seen, visit.now), roof.meter_sign)
    values = {**_powers(power), **_sums(new, energies), **_condition(seen)}
    readings = vet(_readings(visit, values), visit)
    if seen.inverter.status == _FAULT:
        visit.remarks.add(f"the inverter reports a fault (vendor code {seen.inverter.code or 'unknown'})")
    _, tomorrow = day_bounds(local(visit.now, visit.zone).date(), visit.zone)
    if counters.worth_saving(old, new, visit.now, tomorrow, visit.every) and not counters.save(path, new):
        visit.remarks.add(f"cannot write {path}, so today's energies may get lost; is the disk full or read-only?")
    return readings


def _flow(old: counters.Memory, new: counters.Memory, at: tuple[Plant, Look, int], meter_sign: str) -> Flow:
    """The powers, with the meter's sign as configured, or as its counters and common sense show it."""
    plant, seen, now = at
    if meter_sign != "auto":
        return flow(plant, seen, export_positive=meter_sign == "export_positive")
    found = grid_meter(plant, seen)
    if found and found[1].power is not None:
        owner, meter = found
        exported = counters.rise(old, "feed_in", owner, meter.exported, now)
        imported = counters.rise(old, "purchased", owner, meter.imported, now)
        new.vote(counters.ballot(found[1].power, exported, imported))
    likely = flow(plant, seen, export_positive=new.export_positive)
    if likely.impossible:
        other = flow(plant, seen, export_positive=not new.export_positive)
        if not other.impossible:
            new.vote(-1 if new.export_positive else 1)
            return other
    return likely


def _energies(plant: Plant, seen: Look) -> dict[str, tuple[str, Energy]]:
    """The lifetime counters that are there, each with the serial number of the device that keeps it."""
    owner, meter = grid_meter(plant, seen) or ("", None)
    every: dict[str, tuple[str, Energy | None]] = {
        "production": (plant.inverter.identity.serial, seen.inverter.energy),
        "feed_in": (owner, meter.exported if meter else None),
        "purchased": (owner, meter.imported if meter else None),
    }
    return {name: (owner, energy) for name, (owner, energy) in every.items() if energy is not None}


def _tally(old: counters.Memory, energies: dict[str, tuple[str, Energy]], visit: Visit) -> counters.Memory:
    """What is remembered after this look: every counter since midnight, production since the month and year began."""
    today = local(visit.now, visit.zone).date()
    new = counters.tally(old, energies, visit.now, midnight(today, visit.zone))
    for span, first in (("month", today.replace(day=1)), ("year", today.replace(month=1, day=1))):
        made = {f"{name} {span}": energy for name, energy in energies.items() if name == "production"}
        new = counters.tally(new, made, visit.now, midnight(first, visit.zone))
    return new


def _powers(power: Flow) -> dict[Metric, float | None]:
    return {
        metrics.PV_POWER: power.pv,
        metrics.LOAD_POWER: power.load,
        metrics.GRID_POWER: power.grid,
        metrics.STORAGE_POWER: power.storage,
        metrics.STORAGE_SOC: power.charge,
    }


def _sums(memory: counters.Memory, energies: dict[str, tuple[str, Energy]]) -> dict[Metric, float | None]:
    """Energies of the running spans, and of a lifetime; what a discharging battery adds is production, too."""
    spans = {name: mark.energy for name, mark in memory.marks.items() if name.split()[0] in energies}
    lifetime = {name: energy.value for name, (_, energy) in energies.items()}
    production, feed_in, purchased = (spans.get(name) for name in ("production", "feed_in", "purchased"))
    own = None if production is None or feed_in is None else max(0.0, production - feed_in)
    return {
        metrics.PRODUCTION_TODAY: production,
        metrics.FEED_IN_TODAY: feed_in,
        metrics.PURCHASED_TODAY: purchased,
        metrics.SELF_CONSUMPTION_TODAY: own,
        metrics.CONSUMPTION_TODAY: None if own is None or purchased is None else own + purchased,
        metrics.PRODUCTION_MONTH: spans.get("production month"),
        metrics.PRODUCTION_YEAR: spans.get("production year"),
        metrics.PRODUCTION_LIFETIME: lifetime.get("production"),
        metrics.FEED_IN_LIFETIME: lifetime.get("feed_in"),
        metrics.PURCHASED_LIFETIME: lifetime.get("purchased"),
    }


def _condition(seen: Look) -> dict[Metric, float | None]:
    return {
        metrics.INVERTER_STATUS: seen.inverter.status,
        metrics.INVERTER_TEMPERATURE: seen.inverter.temperature,
    }


def _readings(visit: Visit, values: dict[Metric, float | None]) -> list[Reading]:
    found = [Reading(visit.subject, metric, value, visit.now) for metric, value in values.items() if value is not None]
    if not found:
        raise BadAnswer("the inverter answered, but marks every value as not implemented; check unit")
    return found
