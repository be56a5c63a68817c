"""SunSpec registers into watts: pure decoding, no network.

Offsets count from the first register after a model's two-register header (identifier, length) and follow SolarEdge's
"SunSpec Logging" application note; the battery block is SolarEdge's own and is not SunSpec. ``None`` stands for a value
that the device marks as not implemented, NaN for nonsense; plausibility is checked elsewhere.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

T = TypeVar("T")
Registers = Sequence[int]

MARK = (0x5375, 0x6E53)  # "SunS"

ASLEEP = (1, 2)
"""States of an inverter that is off or sleeps: its AC power reads "not implemented" and is nought."""

BAYS = (0xE100, 0xE200, 0xE400)
"""Where the registers of a battery begin."""

_SCALES = range(-10, 11)
_FLOAT_LIMIT = 1e9  # a domestic battery has no figure beyond; the not-implemented markers are near 3.4e38


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a SunSpec common block says it is; ``option`` is what a meter measures ("Export+Import", "Production")."""

    model: str
    option: str
    serial: str

    @property
    def role(self) -> Literal["grid", "house", "production", "other"]:
        """Where a meter sits. One that does not say is taken for the grid meter, as it is where there is only one."""
        option = self.option.lower()
        if not option or ("import" in option and "export" in option):
            return "grid"
        if "consumption" in option:
            return "house"
        return "production" if "production" in option else "other"

    @property
    def charges_cars(self) -> bool:
        """Whether it is a wallbox, which answers at a unit of its own and calls itself an inverter."""
        return self.model.upper().replace("-", "").startswith("SEEV")

    @property
    def rating(self) -> float | None:
        """The AC power in W that the model's name tells ("SE10K-RWS48BEN4", "SE3680H"), None where it does not."""
        found = re.match(r"SE(\d{1,6}(?:\.\d{1,3})?)(K?)", self.model.upper())
        return float(found[1]) * (1000 if found[2] else 1) if found else None


@dataclass(frozen=True, slots=True)
class LifetimeEnergy:
    """A lifetime counter in Wh, and the value at which it starts again from nought."""

    value: float
    wrap: float


@dataclass(frozen=True, slots=True)
class Inverter:
    """AC power and temperature (W, °C), the lifetime energy, and the state with the vendor's own code beside it."""

    ac_power: float | None
    energy: LifetimeEnergy | None
    temperature: float | None
    status: int | None
    code: int | None


@dataclass(frozen=True, slots=True)
class Meter:
    """Power in W with the sign the meter gives it, and what went each way since installation."""

    power: float | None
    exported: LifetimeEnergy | None
    imported: LifetimeEnergy | None


@dataclass(frozen=True, slots=True)
class Rated:
    """What a battery's label says: the energy it holds in Wh, and the most it gives or takes in W; None where blank."""

    energy: float | None
    power: float | None


@dataclass(frozen=True, slots=True)
class BatteryBlock:
    """Power in W (charging positive), the energy it can hold in Wh, and its state of charge in percent.

    ``given`` and ``taken`` are its lifetime counters in Wh, None where it keeps none.
    """

    power: float | None
    capacity: float | None
    charge: float | None
    given: float | None
    taken: float | None


def uint16(registers: Registers, at: int) -> int | None:
    """An unsigned register; 0xFFFF is "not implemented"."""
    return None if registers[at] == 0xFFFF else registers[at]


def int16(registers: Registers, at: int) -> int | None:
    """A signed register; 0x8000 is "not implemented"."""
    value = registers[at]
    return None if value == 0x8000 else value - ((value & 0x8000) << 1)


def scaled(registers: Registers, at: int, scale_at: int) -> float | None:
    """A signed register times ten to the power of its scale factor; at either end of what it can hold it is NaN."""
    value, scale = int16(registers, at), _scale(registers, scale_at)
    if value is None or scale is None:
        return None
    return math.nan if abs(value) == 0x7FFF else value * scale


def energy(registers: Registers, at: int, scale_at: int) -> LifetimeEnergy | None:
    """A 32-bit accumulator in Wh; SunSpec lets nought (and 0xFFFFFFFF) mean "not implemented"."""
    value, scale = registers[at] << 16 | registers[at + 1], _scale(registers, scale_at)
    if value in {0, 0xFFFFFFFF} or scale is None or math.isnan(scale):
        return None
    return LifetimeEnergy(value * scale, (1 << 32) * scale)


def float32(registers: Registers, at: int) -> float | None:
    """A float whose low word comes first; NaN, infinities and absurd sizes are "not implemented"."""
    (value,) = struct.unpack(">f", struct.pack(">HH", registers[at + 1], registers[at]))
    return float(value) if math.isfinite(value) and abs(value) < _FLOAT_LIMIT else None


def uint64(registers: Registers, at: int) -> float | None:
    """A counter of four registers, low word first; nought and all ones are "not implemented"."""
    value = sum(registers[at + n] << 16 * n for n in range(4))
    return None if value in {0, 0xFFFFFFFFFFFFFFFF} else float(value)


def text(registers: Registers, at: int, count: int) -> str:
    """A padded string; whatever is not printable ASCII is left out."""
    raw = struct.pack(f">{count}H", *registers[at : at + count]).split(b"\0")[0]
    return "".join(chr(byte) for byte in raw if 32 <= byte < 127).strip()


def highest(registers: Registers, *places: int) -> float | None:
    """The largest of several floats, None where none is above nought."""
    return max((value for at in places if (value := float32(registers, at)) is not None and value > 0), default=None)


@dataclass(frozen=True, slots=True)
class Block(Generic[T]):
    """A run of registers: what it becomes, how many are read, and of each figure how it is read and from which.

    ``start`` is where it begins in its model or bay, ``models`` the SunSpec models that it is the beginning of.
    """

    kind: Callable[..., T]
    count: int
    figures: Mapping[str, tuple[Callable[..., object], *tuple[int, ...]]]
    models: tuple[int, ...] = ()
    start: int = 0

    def decode(self, registers: Registers) -> T:
        """What the registers say."""
        return self.kind(**{name: read(registers, *where) for name, (read, *where) in self.figures.items()})

    def begins(self, model: int, length: int) -> bool:
        """Whether a model of that length begins with it."""
        return model in self.models and length >= self.count


COMMON = Block(Identity, 64, {"model": (text, 16, 16), "option": (text, 32, 8), "serial": (text, 48, 16)}, (1,))
INVERTER = Block(
    Inverter,
    38,
    {
        "ac_power": (scaled, 12, 13),
        "energy": (energy, 22, 24),
        "temperature": (scaled, 32, 35),
        "status": (uint16, 36),
        "code": (uint16, 37),
    },
    (101, 102, 103),  # one, split and three phase
)
METER = Block(
    Meter,
    53,
    {"power": (scaled, 16, 20), "exported": (energy, 36, 52), "imported": (energy, 44, 52)},
    (201, 202, 203, 204),
)
RATED = Block(  # continuous and peak powers of charging and discharging
    Rated, 10, {"energy": (float32, 0), "power": (highest, 2, 4, 6, 8)}, start=66
)
BATTERY = Block(
    BatteryBlock,
    20,
    {
        "power": (float32, 0),
        "capacity": (float32, 10),
        "charge": (float32, 16),
        "given": (uint64, 2),
        "taken": (uint64, 6),
    },
    start=116,
)


def _scale(registers: Registers, at: int) -> float | None:
    """Ten to the power of a scale factor; SunSpec allows -10 to 10, what is beyond makes no sense (NaN)."""
    exponent = int16(registers, at)
    if exponent is None:
        return None
    return 10.0**exponent if exponent in _SCALES else math.nan
