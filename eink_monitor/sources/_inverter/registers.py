"""Registers of a SunSpec model into numbers: pure decoding, no network.

Offsets count from the first register after a model's two-register header (identifier, length). ``None`` stands for a
value that the device marks as not implemented, NaN for nonsense; plausibility is checked elsewhere.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from eink_monitor.sources._inverter.devices import LifetimeEnergy

T = TypeVar("T")
Registers = Sequence[int]

_SCALES = range(-10, 11)


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


def text(registers: Registers, at: int, count: int) -> str:
    """A padded string; whatever is not printable ASCII is left out."""
    raw = struct.pack(f">{count}H", *registers[at : at + count]).split(b"\0")[0]
    return "".join(chr(byte) for byte in raw if 32 <= byte < 127).strip()


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


def _scale(registers: Registers, at: int) -> float | None:
    """Ten to the power of a scale factor; SunSpec allows -10 to 10, what is beyond makes no sense (NaN)."""
    exponent = int16(registers, at)
    if exponent is None:
        return None
    return 10.0**exponent if exponent in _SCALES else math.nan
