"""One look at the devices of a unit: its inverter, its meters, and the battery that its models tell of."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import NamedTuple

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter import plausible
from eink_monitor.sources._inverter.devices import ASLEEP, BatteryBlock, Inverter, Look, Meter, Place, Plant, Rated
from eink_monitor.sources._inverter.registers import Block
from eink_monitor.sources._modbus import Unit
from eink_monitor.sources.sunspec import chain
from eink_monitor.sources.sunspec.models import INVERTERS, METERS, STORAGE, StorageModel, charging

_AT_ONCE = 100  # registers; the protocol allows 125, and some devices less
_ROLES = {"grid": "Export+Import", "house": "Consumption", "production": "Production", "other": "other"}
_METER_UNITS = (200, 240)  # where a Fronius GEN24, and its Datamanager, show their meter
_BATTERIES = (802, 713, 124)  # models that a battery has; those of DC inputs are everybody's


class SunSpecMaker(NamedTuple):
    """How plants that speak SunSpec are found and read, as configured.

    ``meters`` says by unit what the meters there measure, ``sign`` what a positive power of a battery means.
    """

    bases: tuple[int, ...]
    meters: Mapping[int, str]
    sign: str

    def survey(self, unit: Unit, remarks: Remarks, *, patient: bool) -> Plant:
        """Find the devices behind a unit. Raises ``Silence``, ``Unavailable`` or ``BadAnswer``."""
        role = _ROLES.get(self.meters.get(unit.number, ""), "")
        return chain.survey(unit, remarks, self.bases, role, patient=patient)

    def look(self, unit: Unit, plant: Plant, known: Container[int], remarks: Remarks) -> Look:
        """Read every device, close together in time. Raises as ``survey``."""
        inverter = _inverter(unit, plant.inverter, remarks) if plant.inverter else None
        meters = tuple(_meter(unit, place, remarks) for place in plant.meters)
        return Look(inverter, meters, *self._batteries(unit, plant, inverter, known, remarks))

    def beside(self, plants: Mapping[int, Plant | None]) -> Mapping[int, bool]:
        """The units of meters: those configured, those found before, and where a Fronius without one may have it."""
        found = [plant for plant in plants.values() if plant is not None]
        units = dict.fromkeys(self.meters, True) | {plant.unit: True for plant in found if plant.inverter is None}
        if units or not any(map(_hides_its_meter, found)):
            return units
        return {unit: False for unit in _METER_UNITS if unit not in plants}

    def _batteries(
        self, unit: Unit, plant: Plant, inverter: Inverter | None, known: Container[int], remarks: Remarks
    ) -> tuple[dict[int, BatteryBlock], bool]:
        """The battery of every model 802, or the one that the others tell of, and whether a known one is missing."""
        if not any(place.model in _BATTERIES for place in plant.storage):
            return {}, 0 in known
        told, silent = _told(unit, plant.storage, remarks)
        ac = inverter.ac_power if inverter else None
        found: dict[int, BatteryBlock] = {}
        for bay, models in enumerate(_apart(told)):
            seen, rated = _battery(models, ac, self.sign)
            if plausible.there(seen, rated):
                found[bay] = plausible.battery(seen, rated, remarks)
            elif bay in known:
                remarks.add(f"the battery (unit {unit.number}) was there before and tells nothing now")
                silent = True
        return found, silent and (bool(found) or 0 in known)


def _hides_its_meter(plant: Plant) -> bool:
    who = plant.inverter.identity.maker.lower() if plant.inverter else ""
    return who.startswith("fronius") and not plant.meters


def _inverter(unit: Unit, place: Place, remarks: Remarks) -> Inverter:
    registers = _read(unit, place, _block(INVERTERS, place.model).count)
    if registers is None:
        message = f"the inverter at unit {unit.number} is not where it was; looking for it at the next poll"
        raise Unavailable(message)
    seen = _block(INVERTERS, place.model).decode(registers)
    if seen.ac_power is None and seen.status not in ASLEEP:
        remarks.add(f"the inverter (unit {unit.number}) gives no AC power")
    return plausible.inverter(seen, place.rating, remarks)


def _meter(unit: Unit, place: Place, remarks: Remarks) -> Meter | None:
    who = f'the meter "{place.identity.model or place.identity.option}" (unit {unit.number})'
    block = _block(METERS, place.model)
    try:
        registers = _read(unit, place, block.count)
    except (Unavailable, BadAnswer):
        registers = None
    if registers is None:
        remarks.add(f"{who} does not answer, so it is left out")
        return None
    seen = block.decode(registers)
    if seen.power is None:
        remarks.add(f"{who} gives no power")
    return plausible.meter(seen, remarks)


def _told(unit: Unit, places: Sequence[Place], remarks: Remarks) -> tuple[dict[int, list[StorageModel]], bool]:
    """What the models say, by their numbers, and whether one that matters was silent."""
    told: dict[int, list[StorageModel]] = {}
    for place in places:
        read, shortest, longest = STORAGE[place.model]
        try:
            registers = _read(unit, place, min(place.length, longest))
        except (Unavailable, BadAnswer):
            registers = None
        if registers is None or len(registers) < shortest:
            remarks.add(f"the battery (unit {unit.number}, model {place.model}) does not answer, so it is left out")
            return told, True
        told.setdefault(place.model, []).append(read(registers))
    return told, False


def _apart(told: Mapping[int, list[StorageModel]]) -> Iterator[list[StorageModel]]:
    """The models of one battery after the other, those first that know best."""
    others = [model for number in (713, 124, 160, 714) for model in told.get(number, ())]
    batteries = told.get(802, [])
    if len(batteries) > 1:
        yield from ([one] for one in batteries)
    elif batteries or others:
        yield [*batteries, *others]


def _battery(models: Sequence[StorageModel], ac: float | None, sign: str) -> tuple[BatteryBlock, Rated]:
    """What several models say of one battery, with charging positive; the inputs of a Fronius need no sign."""
    power = next((one.power for one in models if one.signed), None)
    if power is None and (raw := _first(models, "power")) is not None:
        strings = _first(models, "strings")
        balance = None if strings is None or ac is None else strings - ac
        state = _first(models, "state")
        power = charging(raw, None if state is None else int(state), balance, sign)
    capacity, most = _first(models, "capacity"), _first(models, "most")
    charge, given, taken = (_first(models, name) for name in ("charge", "given", "taken"))
    return BatteryBlock(power, capacity, charge, given, taken), Rated(capacity, most)


def _first(models: Sequence[StorageModel], name: str) -> float | None:
    return next((value for one in models if (value := getattr(one, name)) is not None), None)


def _block(blocks: Sequence[Block[Inverter]] | Sequence[Block[Meter]], model: int) -> Block:  # type: ignore[type-arg]
    return next(block for block in blocks if model in block.models)


def _read(unit: Unit, place: Place, count: int) -> list[int] | None:
    """The first registers of a model; None where another one begins there now, or none."""
    whole: list[int] = []
    for start in range(0, count + 2, _AT_ONCE):
        part = unit.probe(place.address - 2 + start, min(_AT_ONCE, count + 2 - start))
        if part is None or (not start and tuple(part[:2]) != (place.model, place.length)):
            return None
        whole += part
    return whole[2:]
