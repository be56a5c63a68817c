"""The models behind a unit: found by their headers, wherever the maker put the chain.

An inverter must answer; from there on a part that is silent costs itself, and the remarks say so. A chain that never
ends, or that runs past the last register, is cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter.devices import NOBODY, Identity, Inverter, Meter, Place, Plant
from eink_monitor.sources._inverter.models import COMMON, MARK
from eink_monitor.sources._inverter.registers import Block
from eink_monitor.sources._modbus import Silence, Unit
from eink_monitor.sources.sunspec.models import INVERTERS, METERS, STORAGE, rating, rating_length

BASES = (40_000, 50_000, 0)
_LONGEST_CHAIN = 80
_LAST = 0xFFFF


def survey(unit: Unit, remarks: Remarks, bases: Sequence[int], role: str, *, patient: bool) -> Plant:
    """Find the devices; ``role`` is what the meters of this unit measure where they do not say.

    Raises ``Silence``, ``Unavailable`` or ``BadAnswer`` where nobody speaks SunSpec.
    """
    walk = _Walk(unit, remarks, role)
    for model, length, body in walk.models(_base(unit, bases, patient=patient)):
        walk.take(model, length, body)
    return walk.plant()


def _base(unit: Unit, bases: Sequence[int], *, patient: bool) -> int:
    """Where the chain begins: behind the mark "SunS"."""
    trouble: Unavailable | None = None
    answered = False
    for number, base in enumerate(bases):
        try:
            ask = unit.line.greet if patient and not number else unit.line.ask
            found = ask(unit.number, base, 2)
        except Silence:
            raise
        except Unavailable as error:
            trouble = error
            continue
        answered = answered or found is not None
        if found is not None and tuple(found) == MARK:
            return base
    if trouble is not None:
        raise trouble
    where = ", ".join(str(base) for base in bases)
    what = "is no SunSpec device" if answered else "has none of the registers that a SunSpec device begins with"
    message = f"what answered at unit {unit.number} {what} (looked at {where}); check host, port and unit, and its menu"
    raise BadAnswer(message)


def _is_one_of(blocks: Sequence[Block[Inverter]] | Sequence[Block[Meter]], place: Place) -> bool:
    return any(block.begins(place.model, place.length) for block in blocks)


@dataclass(slots=True)
class _Walk:
    """What the chain has shown so far; ``who`` is whose the next models are, None for a silent one."""

    unit: Unit
    remarks: Remarks
    role: str
    who: Identity | None = NOBODY
    inverter: Place | None = None
    meters: list[Place] = field(default_factory=list)
    storage: list[Place] = field(default_factory=list)
    rated: float | None = None
    numbers: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    whole: bool = True
    measured: bool = False  # whether the device at hand has shown its meter

    def models(self, base: int) -> Iterator[tuple[int, int, int]]:
        """Identifier, length and first register of one model after the other, until the chain ends or breaks off."""
        address = base + len(MARK)
        for _ in range(_LONGEST_CHAIN):
            header = self._read(address, 2, "what follows") if address < _LAST else None
            if header is None:
                return
            model, length = header
            if model in {0, _LAST} or address + 2 + length > _LAST:
                return
            yield model, length, address + 2
            address += 2 + length

    def take(self, model: int, length: int, body: int) -> None:
        """Note what the next model is."""
        if COMMON.begins(model, length):
            self._take_name(body)
            return
        self.numbers.append(model)
        place = Place(body, self.who or NOBODY, None, model, length)
        if _is_one_of(INVERTERS, place):
            self._take_inverter(place)
        elif _is_one_of(METERS, place):
            self._take_meter(place)
        elif model in STORAGE and length >= STORAGE[model][1]:
            self.storage.append(place)
        elif 0 < rating_length(model) <= length:
            registers = self._read(body, rating_length(model), "a rating")
            self.rated = self.rated or (rating(model, registers) if registers else None)

    def _take_name(self, body: int) -> None:
        """Whose the next models are."""
        registers = self._read(body, COMMON.count, "a device")
        self.who = COMMON.decode(registers) if registers else None
        self.whole, self.measured = self.whole and registers is not None, False
        self.names += [f"{self.who.maker} {self.who.model}".strip()] if self.who else []

    def _take_inverter(self, place: Place) -> None:
        """The first one: an inverter often shows itself in whole numbers, in floats, and as the newer family has it."""
        if self.inverter is None:
            self.inverter = place
        elif place.identity.serial != self.inverter.identity.serial:
            self.remarks.add(f"unit {self.unit.number} shows a second inverter, which is not counted")

    def _take_meter(self, place: Place) -> None:
        if self.measured or self.who is None:
            return
        self.measured = True
        self.meters.append(replace(place, identity=self._placed(place.identity)))

    def _placed(self, who: Identity) -> Identity:
        """The meter with an option that tells where it sits: as configured, as it says, else the first is the grid."""
        if self.role:
            return replace(who, option=self.role)
        if who.role != "other":
            return who
        first = "secondary" not in who.option.lower() and all(one.identity.role != "grid" for one in self.meters)
        return replace(who, option="") if first else who

    def plant(self) -> Plant:
        """What was found. Raises ``BadAnswer`` where it is nothing that we can read."""
        if self.inverter is None and not self.meters and not self.storage:
            models = ", ".join(map(str, self.numbers[:12])) or "none"
            message = f"unit {self.unit.number} speaks SunSpec, but has no inverter, meter or battery (models {models})"
            raise BadAnswer(message)
        numbers = ", ".join(map(str, dict.fromkeys(self.numbers)))
        who = ", ".join(dict.fromkeys(name for name in self.names if name)) or "a device"
        self.remarks.add(f"found {who} at unit {self.unit.number} (SunSpec models {numbers})")
        maker = (self.inverter or (self.meters or self.storage)[0]).identity.maker
        return Plant(
            self.unit.number,
            replace(self.inverter, rating=self.rated) if self.inverter else None,
            tuple(self.meters),
            self.whole,
            export_usual=maker.lower().startswith("solaredge"),
            storage=tuple(self.storage),
        )

    def _read(self, address: int, count: int, who: str) -> list[int] | None:
        """Registers that must answer until there is an inverter or a meter, and from then on may be silent."""
        try:
            return self.unit.probe(address, count)
        except (Unavailable, BadAnswer):
            if self.inverter is None and not self.meters:
                raise
            self.whole = False
            self.remarks.add(f"{who} (unit {self.unit.number}) does not answer, so it is left out")
            return None
