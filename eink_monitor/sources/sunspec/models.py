"""The models of SunSpec beyond those that SolarEdge has: floats, the newer DER family, batteries, DC inputs.

Offsets follow the published model definitions, counted from the first register after a model's header. A float says
"not implemented" by NaN. What one battery tells is spread over several models; ``battery`` puts it together.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eink_monitor.sources._inverter import models
from eink_monitor.sources._inverter.devices import Inverter, LifetimeEnergy, Meter
from eink_monitor.sources._inverter.registers import Block, Registers, energy, scaled, text, uint16

_NO_WRAP = 1e15
_DC_INPUT, _DC_PORT = 20, 25  # registers of one DC input in model 160, of one port in model 714
_MOST_INPUTS = 12
_BATTERY_PORT = 2
_CHARGING, _DISCHARGING = 4, 3
_TELLING = 300.0  # W; by how much one sign of a battery must fit better than the other


@dataclass(frozen=True, slots=True)
class StorageModel:
    """What one model tells of a battery: power in W as it gives it, energy it holds in Wh, charge in %, counters in Wh.

    ``state`` is SunSpec's (3 discharging, 4 charging), ``most`` the power in W it is made for, ``strings`` the power in
    W that the modules deliver. ``signed`` is whether a positive power certainly means charging.
    """

    power: float | None = None
    capacity: float | None = None
    charge: float | None = None
    state: int | None = None
    most: float | None = None
    given: float | None = None
    taken: float | None = None
    strings: float | None = None
    signed: bool = False


def _float(registers: Registers, at: int) -> float | None:
    (value,) = struct.unpack(">f", struct.pack(">HH", registers[at], registers[at + 1]))
    return float(value) if math.isfinite(value) else None


def _first(registers: Registers, scale_at: int, *places: int) -> float | None:
    """The first of several temperatures that is implemented."""
    return next((value for at in places if (value := scaled(registers, at, scale_at)) is not None), None)


def _first_float(registers: Registers, *places: int) -> float | None:
    return next((value for at in places if (value := _float(registers, at)) is not None), None)


def _float_energy(registers: Registers, at: int) -> LifetimeEnergy | None:
    value = _float(registers, at)
    return None if value is None or value <= 0 else LifetimeEnergy(value, _NO_WRAP)


def _uint64(registers: Registers, at: int, scale_at: int) -> LifetimeEnergy | None:
    value = sum(registers[at + n] << 16 * (3 - n) for n in range(4))
    scale = _power_of_ten(registers, scale_at)
    if value in {0, 0xFFFFFFFFFFFFFFFF, 0x8000000000000000} or scale is None:
        return None
    return LifetimeEnergy(value * scale, _NO_WRAP)


def _unsigned(registers: Registers, at: int, scale_at: int) -> float | None:
    value, scale = uint16(registers, at), _power_of_ten(registers, scale_at)
    return None if value is None or scale is None else value * scale


def _power_of_ten(registers: Registers, at: int) -> float | None:
    """A scale factor; a model that leaves out an optional one means 1."""
    raw = registers[at]
    exponent = 0 if raw == 0x8000 else raw - ((raw & 0x8000) << 1)
    return 10.0**exponent if -10 <= exponent <= 10 else None


def _state(registers: Registers, at: int) -> int | None:
    """The newer family counts the states of an inverter from nought."""
    value = uint16(registers, at)
    return None if value is None else value + 1


def _none(_registers: Registers) -> None:
    return None


WHOLE = Block(
    Inverter,
    38,
    {**models.INVERTER.figures, "temperature": (_first, 35, 32, 31, 33, 34)},
    models.INVERTER.models,
)
_FLOAT_INVERTER = Block(
    Inverter,
    48,
    {
        "ac_power": (_float, 20),
        "energy": (_float_energy, 30),
        "temperature": (_first_float, 40, 38, 42, 44),
        "status": (uint16, 46),
        "code": (uint16, 47),
    },
    (111, 112, 113),
)
_DER_INVERTER = Block(
    Inverter,
    121,
    {
        "ac_power": (scaled, 8, 114),
        "energy": (_uint64, 17, 118),
        "temperature": (_first, 120, 35, 34, 36, 38),
        "status": (_state, 2),
        "code": (_none,),
    },
    (701,),
)
_FLOAT_METER = Block(
    Meter,
    68,
    {"power": (_float, 26), "exported": (_float_energy, 58), "imported": (_float_energy, 66)},
    (211, 212, 213, 214),
)
INVERTERS = (WHOLE, _FLOAT_INVERTER, _DER_INVERTER)
METERS = (models.METER, _FLOAT_METER)

_RATINGS = {120: (3, 1, 2), 702: (44, 0, 43)}
"""How many registers tell an inverter's rating, where it is, and where its scale factor."""


def rating(model: int, registers: Registers) -> float | None:
    """The AC power in W that an inverter is made for, from model 120 or 702."""
    _, at, scale_at = _RATINGS[model]
    found = _unsigned(registers, at, scale_at)
    return found if found and found > 0 else None


def rating_length(model: int) -> int:
    """How many registers of a model ``rating`` wants; 0 where the model tells none."""
    return _RATINGS.get(model, (0, 0, 0))[0]


def _basic_storage(registers: Registers) -> StorageModel:
    return StorageModel(charge=_unsigned(registers, 6, 20), state=uint16(registers, 9))


def _battery(registers: Registers) -> StorageModel:
    rates = [rate for at in (2, 3) if (rate := _unsigned(registers, at, 52)) is not None and rate > 0]
    return StorageModel(
        power=scaled(registers, 45, 61) if registers[61] != 0x8000 else _plain(registers, 45),
        capacity=_unsigned(registers, 1, 51),
        charge=_unsigned(registers, 9, 54),
        state=uint16(registers, 14),
        most=max(rates, default=None),
    )


def _plain(registers: Registers, at: int) -> float | None:
    raw = registers[at]
    return None if raw == 0x8000 else float(raw - ((raw & 0x8000) << 1))


def _der_storage(registers: Registers) -> StorageModel:
    return StorageModel(capacity=_unsigned(registers, 0, 5), charge=_unsigned(registers, 2, 6))


def _inputs(registers: Registers) -> StorageModel:
    """Model 160: strings, and at Fronius two inputs called after what the battery does ("StCha 3", "StDisCha 4")."""
    strings: list[float | None] = []
    flows: dict[str, tuple[float | None, float | None]] = {}
    for start in _starts(registers, 8, registers[6], _DC_INPUT):
        name = text(registers, start + 1, 8).lower()
        power = _unsigned(registers, start + 11, 2) if registers[2] != 0x8000 else None
        if name.startswith(("stcha", "stdischa")):
            counter = energy(registers, start + 12, 3)
            flows[name[:5]] = power, counter.value if counter else None
        else:
            strings.append(power)
    total = _sum(strings)
    if not flows:
        return StorageModel(strings=total)
    (taking, taken), (giving, given) = flows.get("stcha", (None, None)), flows.get("stdis", (None, None))
    known = taking is not None or giving is not None
    power = (taking or 0.0) - (giving or 0.0) if known else None
    return StorageModel(power=power, given=given, taken=taken, strings=total, signed=True)


def _ports(registers: Registers) -> StorageModel:
    """Model 714: DC ports, each with its type."""
    strings: list[float | None] = []
    powers: list[float | None] = []
    counters: list[tuple[LifetimeEnergy | None, LifetimeEnergy | None]] = []
    for start in _starts(registers, 18, registers[2], _DC_PORT):
        power = scaled(registers, start + 12, 15)
        if registers[start] == _BATTERY_PORT:
            powers.append(power)
            counters.append((_uint64(registers, start + 13, 16), _uint64(registers, start + 17, 16)))
        else:
            strings.append(power)
    given, taken = (_sum([count.value if (count := one[way]) else None for one in counters]) for way in (0, 1))
    return StorageModel(power=_sum(powers), given=given, taken=taken, strings=_sum(strings))


def _starts(registers: Registers, first: int, count: int, size: int) -> Sequence[int]:
    """Where the parts of a repeating model begin, as many as it says and was read."""
    return range(first, min(len(registers), first + min(count, _MOST_INPUTS) * size) - size + 1, size)


def _sum(values: Sequence[float | None]) -> float | None:
    return None if not values or None in values else sum(value for value in values if value is not None)


STORAGE: dict[int, tuple[Callable[[Registers], StorageModel], int, int]] = {
    124: (_basic_storage, 24, 24),
    160: (_inputs, 8, 8 + _MOST_INPUTS * _DC_INPUT),
    713: (_der_storage, 7, 7),
    714: (_ports, 18, 18 + _MOST_INPUTS * _DC_PORT),
    802: (_battery, 62, 62),
}
"""Per model: how it is read, how long it must be, and how much of it is read at most."""


def charging(power: float, state: int | None, balance: float | None, sign: str) -> float:
    """A battery's power with charging positive, whichever sign it has.

    By what the modules give and the inverter does not let out (``balance``), else by what the battery says it does,
    else as most do: out of the battery is positive. ``sign`` may settle it.
    """
    if sign != "auto":
        return power if sign == "charge_positive" else -power
    if balance is not None and abs(abs(balance - power) - abs(balance + power)) > _TELLING:
        return power if abs(balance - power) < abs(balance + power) else -power
    if state in {_CHARGING, _DISCHARGING}:
        return abs(power) if state == _CHARGING else -abs(power)
    return -power
