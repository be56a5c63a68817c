"""What stands at a SolarEdge Modbus unit: found by walking the SunSpec chain, never by trusting fixed addresses.

An inverter with several trackers (model 160) shifts its meters, so only the chain knows where they start. The inverter
must answer; a meter or a battery that does not costs itself only, and the remarks say so.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import NamedTuple

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.remarks import Remarks
from eink_monitor.sources.solaredge_modbus import plausible, sunspec
from eink_monitor.sources.solaredge_modbus.line import Unit

_START = 40_000
_LONGEST_CHAIN = 40
_LAST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device's registers start, and who it is."""

    address: int
    identity: sunspec.Identity


@dataclass(frozen=True, slots=True)
class Plant:
    """The inverter and the meters behind one unit; ``whole`` is whether everything said who it is."""

    unit: int
    inverter: Place
    meters: tuple[Place, ...]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Look:
    """One look at every device: the meters in the order of the plant, None for one that is silent.

    ``batteries`` are those that answered, by the number of their bay; ``lost`` is whether one that was there before
    did not, so that neither their sum nor what the modules make is known.
    """

    inverter: sunspec.Inverter
    meters: tuple[sunspec.Meter | None, ...]
    batteries: dict[int, sunspec.BatteryBlock]
    lost: bool = False


class _Part(NamedTuple):
    """The registers of an optional part, None where there are none; ``silent`` is whether that is for lack of words."""

    registers: list[int] | None
    silent: bool = False


def survey(unit: Unit, remarks: Remarks, *, patient: bool) -> Plant:
    """Find the devices; ``patient`` looks into silence.

    Raises ``Silence``, ``Unavailable`` or ``BadAnswer`` where no inverter answers.
    """
    if tuple(unit.greet(_START, 2) if patient else unit.read(_START, 2)) != sunspec.MARK:
        message = "what answered is not a SunSpec inverter; check host, port (1502, older firmware 502) and unit"
        raise BadAnswer(message)
    inverter: Place | None = None
    identity: sunspec.Identity | None = sunspec.Identity("", "", "")
    meters, whole, address = [], True, _START + 2
    for _ in range(_LONGEST_CHAIN):
        header = _header(unit, address, remarks, found=inverter is not None)
        if header is None:
            whole = False
        if not header:
            break
        model, length = header
        body, address = address + 2, address + 2 + length
        if model == sunspec.COMMON and length >= sunspec.COMMON_USED:
            identity = _identity(unit, body, remarks, found=inverter is not None)
            whole = whole and identity is not None
        elif model in sunspec.INVERTERS and length >= sunspec.INVERTER_USED:
            inverter = inverter or Place(body, identity or sunspec.Identity("", "", ""))
        elif model in sunspec.METERS and length >= sunspec.METER_USED and identity is not None:
            meters.append(Place(body, identity))
    if inverter is None:
        message = "what answered speaks SunSpec but shows no inverter (model 101, 102 or 103); check unit"
        raise BadAnswer(message)
    return Plant(unit.number, inverter, tuple(meters), whole)


def look(unit: Unit, plant: Plant, known: Container[int], remarks: Remarks) -> Look:
    """Read every device, close together in time so that the powers belong together. Raises as ``survey``.

    ``known`` are the bays in which a battery was seen lately.
    """
    seen = sunspec.inverter(unit.read(plant.inverter.address, sunspec.INVERTER_USED))
    if seen.ac_power is None and seen.status not in sunspec.ASLEEP:
        remarks.add(f"the inverter (unit {unit.number}) gives no AC power")
    return Look(
        plausible.inverter(seen, plant.inverter.identity, remarks),
        tuple(_meter(unit, place, remarks) for place in plant.meters),
        *_batteries(unit, known, remarks),
    )


def _header(unit: Unit, address: int, remarks: Remarks, *, found: bool) -> tuple[int, int] | tuple[()] | None:
    """Identifier and length of the next model; nothing at the end of the chain, None where it broke off."""
    if address >= _LAST:
        return ()
    if not found:
        header, silent = unit.probe(address, 2), False
    else:
        header, silent = _optional(unit, address, 2, "what follows the inverter", remarks)
    if silent:
        return None
    if header is None or header[0] in {0, 0xFFFF} or header[1] in {0, 0xFFFF}:
        return ()
    return header[0], header[1]


def _identity(unit: Unit, address: int, remarks: Remarks, *, found: bool) -> sunspec.Identity | None:
    """Who the following models are, None for a silent meter. Raises ``BadAnswer`` for a wallbox."""
    if found:
        registers = _optional(unit, address, sunspec.COMMON_USED, "a meter", remarks).registers
        return sunspec.identity(registers) if registers else None
    identity = sunspec.identity(unit.read(address, sunspec.COMMON_USED))
    if identity.charges_cars:
        message = f"unit {unit.number} is an EV charger ({identity.model}), not an inverter; check unit:"
        raise BadAnswer(message)
    return identity


def _meter(unit: Unit, place: Place, remarks: Remarks) -> sunspec.Meter | None:
    who = f'the meter "{place.identity.option or place.identity.model}"'
    registers, silent = _optional(unit, place.address, sunspec.METER_USED, who, remarks)
    if registers is None:
        if not silent:
            remarks.add(f"{who} has no registers")
        return None
    seen = sunspec.meter(registers)
    if seen == sunspec.Meter(None, None, None):
        remarks.add(f"{who} ({place.identity.model}) gives no values; check its wiring, and its settings in SetApp")
    elif seen.power is None:
        remarks.add(f"{who} gives no power")
    return plausible.meter(seen, remarks)


def _batteries(unit: Unit, known: Container[int], remarks: Remarks) -> tuple[dict[int, sunspec.BatteryBlock], bool]:
    """The batteries that answer by their bays, and whether a known one does not."""
    found: dict[int, sunspec.BatteryBlock] = {}
    lost = False
    for bay, start in enumerate(sunspec.BATTERIES):
        who = f"the battery in bay {bay + 1}"
        label = _optional(unit, start + sunspec.BATTERY_RATED, sunspec.RATED_USED, who, remarks)
        state = label if label.registers is None else _Part(None)
        if label.registers is not None:
            state = _optional(unit, start + sunspec.BATTERY_POWER, sunspec.BATTERY_USED, who, remarks)
        if state.silent:  # nor will the next one answer, and each silence takes as long as timeout: says
            lost = lost or any(one in known for one in range(bay, len(sunspec.BATTERIES)))
            break
        if label.registers is not None and state.registers is not None:
            rated, seen = sunspec.rated(label.registers), sunspec.battery(state.registers)
            if plausible.there(seen, rated):
                if seen.power is None:
                    remarks.add(f"{who} gives no power")
                found[bay] = plausible.battery(seen, rated, remarks)
        if bay in known and bay not in found:
            lost = True
            remarks.add(f"{who} was there before and is silent now")
    return found, lost


def _optional(unit: Unit, address: int, count: int, who: str, remarks: Remarks) -> _Part:
    """Registers of a part that may be missing, and may be silent: then a remark says so."""
    try:
        return _Part(unit.probe(address, count))
    except (Unavailable, BadAnswer):
        remarks.add(f"{who} (unit {unit.number}) does not answer, so it is left out")
        return _Part(None, silent=True)
