"""SunSpec registers into watts: pure decoding, no network.

Offsets count from the first register after a model's two-register header (identifier, length) and follow SolarEdge's
"SunSpec Logging" application note; the battery block is SolarEdge's own and is not SunSpec. ``None`` stands for a value
that the device marks as not implemented.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eink_monitor.errors import BadAnswer

Registers = Sequence[int]

MARK = (0x5375, 0x6E53)  # "SunS"
COMMON = 1
INVERTERS = (101, 102, 103)  # one, split and three phase
METERS = (201, 202, 203, 204)
COMMON_LENGTH, INVERTER_LENGTH, METER_LENGTH = 65, 50, 105
COMMON_USED, INVERTER_USED, METER_USED = 64, 38, 53  # how many of them are decoded here

BATTERIES = (0xE100, 0xE200, 0xE400)
BATTERY_RATED, BATTERY_POWER = 66, 116  # offsets of the rated energy and of the block that is decoded here
BATTERY_USED = 20

_SCALES = range(-10, 11)
_FLOAT_LIMIT = 1e9  # a domestic battery has no figure beyond; the not-implemented markers are near 3.4e38
_FULL_SLACK = 1.5  # percent; a full battery may report a little over 100


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a SunSpec common block says it is; ``option`` is what a meter measures ("Export+Import", "Production")."""

    model: str
    option: str
    serial: str

    @property
    def role(self) -> Literal["grid", "house", "other"]:
        """Where a meter sits. One that does not say is taken for the grid meter, as it is where there is only one."""
        option = self.option.lower()
        if not option or ("import" in option and "export" in option):
            return "grid"
        return "house" if "consumption" in option else "other"


@dataclass(frozen=True, slots=True)
class Energy:
    """A lifetime counter in Wh, and the value at which it starts again from nought."""

    value: float
    wrap: float


@dataclass(frozen=True, slots=True)
class Inverter:
    """AC power and temperature (W, °C), the lifetime energy, and the state with the vendor's own code beside it."""

    ac_power: float | None
    energy: Energy | None
    temperature: float | None
    status: int | None
    code: int | None


@dataclass(frozen=True, slots=True)
class Meter:
    """Power in W with the sign the meter gives it, and what went each way since installation."""

    power: float | None
    exported: Energy | None
    imported: Energy | None


@dataclass(frozen=True, slots=True)
class Battery:
    """Power in W (charging positive), the energy it can hold in Wh, and its state of charge in percent."""

    power: float | None
    capacity: float | None
    charge: float | None


def uint16(registers: Registers, at: int) -> int | None:
    """An unsigned register; 0xFFFF is "not implemented"."""
    return None if registers[at] == 0xFFFF else registers[at]


def int16(registers: Registers, at: int) -> int | None:
    """A signed register; 0x8000 is "not implemented"."""
    value = registers[at]
    return None if value == 0x8000 else value - ((value & 0x8000) << 1)


def scaled(registers: Registers, at: int, scale_at: int) -> float | None:
    """A signed register times ten to the power of its scale factor. Raises ``BadAnswer`` for a senseless factor."""
    value, scale = int16(registers, at), _scale(registers, scale_at)
    return None if value is None or scale is None else value * scale


def energy(registers: Registers, at: int, scale_at: int) -> Energy | None:
    """A 32-bit accumulator in Wh; SunSpec lets nought (and 0xFFFFFFFF) mean "not implemented"."""
    value, scale = registers[at] << 16 | registers[at + 1], _scale(registers, scale_at)
    if value in {0, 0xFFFFFFFF} or scale is None:
        return None
    return Energy(value * scale, (1 << 32) * scale)


def float32(registers: Registers, at: int) -> float | None:
    """A float whose low word comes first; NaN, infinities and absurd sizes are "not implemented"."""
    (value,) = struct.unpack(">f", struct.pack(">HH", registers[at + 1], registers[at]))
    return float(value) if math.isfinite(value) and abs(value) < _FLOAT_LIMIT else None


def text(registers: Registers, at: int, count: int) -> str:
    """A padded string; whatever is not printable ASCII is left out."""
    raw = struct.pack(f">{count}H", *registers[at : at + count]).split(b"\0")[0]
    return "".join(chr(byte) for byte in raw if 32 <= byte < 127).strip()


def identity(registers: Registers) -> Identity:
    """The common block, 64 registers of it."""
    return Identity(text(registers, 16, 16), text(registers, 32, 8), text(registers, 48, 16))


def inverter(registers: Registers) -> Inverter:
    """Models 101 to 103, 38 registers of them. Raises ``BadAnswer``."""
    return Inverter(
        ac_power=scaled(registers, 12, 13),
        energy=energy(registers, 22, 24),
        temperature=scaled(registers, 32, 35),
        status=uint16(registers, 36),
        code=uint16(registers, 37),
    )


def meter(registers: Registers) -> Meter:
    """Models 201 to 204, 53 registers of them. Raises ``BadAnswer``."""
    return Meter(
        power=scaled(registers, 16, 20), exported=energy(registers, 36, 52), imported=energy(registers, 44, 52)
    )


def battery(registers: Registers) -> Battery:
    """The 20 registers from a battery's power on."""
    charge = float32(registers, 16)
    if charge is not None and 100 < charge < 100 + _FULL_SLACK:
        charge = 100.0
    return Battery(power=float32(registers, 0), capacity=float32(registers, 10), charge=charge)


def _scale(registers: Registers, at: int) -> float | None:
    """Ten to the power of a scale factor; SunSpec allows -10 to 10."""
    exponent = int16(registers, at)
    if exponent is None:
        return None
    if exponent not in _SCALES:
        message = f"the inverter gave the scale factor {exponent}, which SunSpec does not have; nothing of it was kept"
        raise BadAnswer(message)
    return 10.0**exponent
