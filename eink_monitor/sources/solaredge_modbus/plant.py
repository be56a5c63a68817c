"""The devices at a SolarEdge Modbus unit: found by walking the SunSpec chain, never by fixed addresses.

An inverter with several trackers (model 160) shifts its meters, so only the chain knows where they start. The inverter
must answer; a silent meter or battery does not affect the others, and the remarks say so.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter import plausible
from eink_monitor.sources._inverter.devices import ASLEEP, NOBODY, BatteryBlock, Identity, Look, Meter, Place, Plant
from eink_monitor.sources._inverter.models import COMMON, INVERTER, MARK, METER
from eink_monitor.sources._modbus import Unit
from eink_monitor.sources.solaredge_modbus.registers import BATTERY, BAYS, RATED, charges_cars, rating

_START = 40_000
_LONGEST_CHAIN = 40
_LAST = 0xFFFF


class _Part(NamedTuple):
    """The registers of an optional part, None if there are none; ``silent`` is whether the part did not answer."""

    registers: list[int] | None
    silent: bool = False


def survey(unit: Unit, remarks: Remarks, *, patient: bool) -> Plant:
    """Find the devices; ``patient`` looks into silence.

    Raises ``Silence``, ``Unavailable`` or ``BadAnswer`` where no inverter answers.
    """
    if tuple(unit.greet(_START, 2) if patient else unit.read(_START, 2)) != MARK:
        message = "what answered is not a SunSpec inverter; check host, port (1502, older firmware 502) and unit"
        raise BadAnswer(message)
    chain = _Chain(unit, remarks)
    for model, length, body in chain.models():
        chain.take(model, length, body)
    if chain.inverter is None:
        message = "what answered speaks SunSpec but shows no inverter (model 101, 102 or 103); check unit"
        raise BadAnswer(message)
    return Plant(unit.number, chain.inverter, tuple(chain.meters), chain.whole)


def look(unit: Unit, plant: Plant, known: Container[int], remarks: Remarks) -> Look:
    """Read every device, close together in time so that the powers belong together. Raises as ``survey``.

    ``known`` are the bays in which a battery was seen lately.
    """
    assert plant.inverter  # noqa: S101 `survey` finds none without
    seen = INVERTER.decode(unit.read(plant.inverter.address, INVERTER.count))
    if seen.ac_power is None and seen.status not in ASLEEP:
        remarks.add(f"the inverter (unit {unit.number}) gives no AC power")
    return Look(
        plausible.inverter(seen, plant.inverter.rating, remarks),
        tuple(_meter(unit, place, remarks) for place in plant.meters),
        *_batteries(unit, known, remarks),
    )


def beside(plants: Mapping[int, Plant | None]) -> Mapping[int, bool]:  # noqa: ARG001 - what others ask here
    """None: SolarEdge's meters and batteries answer at the units of their inverters."""
    return {}


@dataclass(slots=True)
class _Chain:
    """What the chain has shown so far: up to the inverter all must answer, from there on nothing needs to.

    ``who`` is whose the next models are, None for a silent meter.
    """

    unit: Unit
    remarks: Remarks
    who: Identity | None = NOBODY
    inverter: Place | None = None
    meters: list[Place] = field(default_factory=list)
    whole: bool = True

    def models(self) -> Iterator[tuple[int, int, int]]:
        """Identifier, length and first register of one model after the other, until the chain ends or breaks off."""
        address = _START + 2
        for _ in range(_LONGEST_CHAIN):
            header = self._header(address) if address < _LAST else None
            if header is None or not all(0 < word < _LAST for word in header):
                return
            model, length = header
            yield model, length, address + 2
            address += 2 + length

    def take(self, model: int, length: int, body: int) -> None:
        """Note what the next model is. Raises ``BadAnswer`` for a wallbox."""
        if COMMON.begins(model, length):
            self.who = self._identity(body)
        elif INVERTER.begins(model, length):
            who = self.who or NOBODY
            self.inverter = self.inverter or Place(body, who, rating(who))
        elif METER.begins(model, length) and self.who is not None:
            self.meters.append(Place(body, self.who))

    def _header(self, address: int) -> list[int] | None:
        if self.inverter is None:
            return self.unit.probe(address, 2)
        header, silent = _optional(self.unit, address, 2, "what follows the inverter", self.remarks)
        self.whole = self.whole and not silent
        return header

    def _identity(self, address: int) -> Identity | None:
        if self.inverter is not None:
            registers = _optional(self.unit, address, COMMON.count, "a meter", self.remarks).registers
            self.whole = self.whole and registers is not None
            return COMMON.decode(registers) if registers else None
        identity = COMMON.decode(self.unit.read(address, COMMON.count))
        if charges_cars(identity):
            message = f"unit {self.unit.number} is an EV charger ({identity.model}), not an inverter; check unit:"
            raise BadAnswer(message)
        return identity


def _meter(unit: Unit, place: Place, remarks: Remarks) -> Meter | None:
    who = f'the meter "{place.identity.option or place.identity.model}"'
    registers, silent = _optional(unit, place.address, METER.count, who, remarks)
    if registers is None:
        if not silent:
            remarks.add(f"{who} has no registers")
        return None
    seen = METER.decode(registers)
    if seen == Meter(None, None, None):
        remarks.add(f"{who} ({place.identity.model}) gives no values; check its wiring, and its settings in SetApp")
    elif seen.power is None:
        remarks.add(f"{who} gives no power")
    return plausible.meter(seen, remarks)


def _batteries(unit: Unit, known: Container[int], remarks: Remarks) -> tuple[dict[int, BatteryBlock], bool]:
    """The batteries that answer by their bays, and whether a known one does not."""
    found: dict[int, BatteryBlock] = {}
    lost = False
    for bay in range(len(BAYS)):
        who = f"the battery in bay {bay + 1}"
        seen, silent = _battery(unit, BAYS[bay], who, remarks)
        if silent:  # the next one will not answer either, and each silence takes a whole timeout
            return found, lost or any(one in known for one in range(bay, len(BAYS)))
        if seen is not None:
            found[bay] = seen
        elif bay in known:
            lost = True
            remarks.add(f"{who} was there before and is silent now")
    return found, lost


def _battery(unit: Unit, bay: int, who: str, remarks: Remarks) -> tuple[BatteryBlock | None, bool]:
    """The battery in the bay that begins there, None if there is none, and whether it was silent."""
    label = _optional(unit, bay + RATED.start, RATED.count, who, remarks)
    if label.registers is None:
        return None, label.silent
    state = _optional(unit, bay + BATTERY.start, BATTERY.count, who, remarks)
    if state.registers is None:
        return None, state.silent
    rated, seen = RATED.decode(label.registers), BATTERY.decode(state.registers)
    if not plausible.there(seen, rated):
        return None, False
    if seen.power is None:
        remarks.add(f"{who} gives no power")
    return plausible.battery(seen, rated, remarks), False


def _optional(unit: Unit, address: int, count: int, who: str, remarks: Remarks) -> _Part:
    """Registers of a part that may be missing, and may be silent: then a remark says so."""
    try:
        return _Part(unit.probe(address, count))
    except (Unavailable, BadAnswer):
        remarks.add(f"{who} (unit {unit.number}) does not answer, so it is left out")
        return _Part(None, silent=True)
