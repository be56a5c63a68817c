"""One value among a device's registers: where it stands, how it is written, and what its bits become."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eink_monitor.settings import insist
from eink_monitor.sources._declared import Declared

Order = Literal["big", "little"]

_FORMS = {"int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q"}
_FLOATS = {"float32": "f", "float64": "d"}
_WIDTHS = {name: struct.calcsize(f">{form}") // 2 for name, form in (_FORMS | _FLOATS).items()}
_BITS = ("coil", "discrete")
_LONGEST_TEXT = 125
_NO_FLOAT = 3.4e38  # what some write for "not implemented"
_SCALES = range(-10, 11)


class Whole(int):
    """A whole number, decimal or as documents write registers: 40083, 0x9C93."""

    @classmethod
    def parse(cls, text: str) -> Whole:
        """Read a number. Raises ``ValueError``."""
        try:
            return cls(int(text, 16 if text.lower().startswith("0x") else 10))
        except ValueError:
            message = f'"{text[:20]}" is not a whole number; write for example 40083 or 0x9C93'
        raise ValueError(message)


@dataclass(frozen=True, kw_only=True)
class RegisterReading(Declared):
    """One value of a device; ``register`` is the first of those it takes, ``length`` how many a text takes.

    ``bit`` is one of a whole number's (0 is the lowest). ``scale_register`` holds the power of ten that the value is
    multiplied by. A value among ``invalid``, compared before it is scaled, says that there is none; neither is a float
    that is no number. ``word_order`` is which of several registers comes first, ``byte_order`` which byte of each;
    without them they are the block's.
    """

    register: Whole
    kind: Literal["holding", "input", "coil", "discrete"] = "holding"
    type: Literal["int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64", "text"] = "uint16"
    length: int = 0
    bit: int | None = None
    scale_register: Whole | None = None
    invalid: tuple[Whole, ...] = ()
    word_order: Literal["", "big", "little"] = ""
    byte_order: Literal["", "big", "little"] = ""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what contradicts itself."""
        super().__post_init__()
        text, bits = self.type == "text", self.kind in _BITS
        insist(
            (not self.path and not self.at, "path and at are for answers of text; a register has neither"),
            (0 <= self.register <= 0x1FFFF, "register must be a number from 0 to 65535, or as documents count"),
            (
                1 <= self.length <= _LONGEST_TEXT or not text,
                f"length: how many registers the text takes, 1 to {_LONGEST_TEXT}",
            ),
            (not self.length or text, "length is for type: text; the other types know theirs"),
            (not text or bool(self.values), "values: a text needs what stands for which number: {Charging: 1}"),
            (
                self.bit is None or (self.type in _FORMS and 0 <= self.bit < 16 * self.width),
                "bit must be one of the number's",
            ),
            (
                not (bits and (self.bit is not None or self.type != "uint16")),
                f"a {self.kind} is one bit; it has no type and no bit",
            ),
            (self.scale_register is None or (not bits and not text), "scale_register is for numbers"),
        )

    @property
    def width(self) -> int:
        """How many registers, or bits, it takes."""
        return self.length if self.type == "text" else _WIDTHS[self.type]

    def decode(self, words: Sequence[int], word_order: Order, byte_order: Order) -> float | int | str | None:
        """What its registers say, before any scale; None for "there is none"."""
        parts = [word.to_bytes(2, self.byte_order or byte_order) for word in words]
        if self.type == "text":
            return "".join(chr(byte) for byte in b"".join(parts).split(b"\0")[0] if 32 <= byte < 127).strip()
        little = (self.word_order or word_order) == "little"
        raw = b"".join(reversed(parts) if little else parts)
        return self._float(raw) if self.type in _FLOATS else self._whole(raw)

    def _float(self, raw: bytes) -> float | None:
        (number,) = struct.unpack(f">{_FLOATS[self.type]}", raw)
        return float(number) if math.isfinite(number) and abs(number) < _NO_FLOAT else None

    def _whole(self, raw: bytes) -> int | None:
        whole = int.from_bytes(raw, "big", signed=self.type.startswith("int"))
        if whole in self.invalid or int.from_bytes(raw, "big") in self.invalid:
            return None
        return whole if self.bit is None else whole >> self.bit & 1

    def scaled(self, value: float | str, exponent: int | None) -> object:
        """The value times ten to the power of what its ``scale_register`` holds (unsigned), None where that is none."""
        if self.scale_register is not None and not isinstance(value, str):
            power = None if exponent is None else exponent - ((exponent & 0x8000) << 1)
            return value * 10.0**power if power in _SCALES and power is not None else None
        if self.values and isinstance(value, int):
            return str(value)
        return value
