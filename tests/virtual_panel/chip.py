"""What one controller is: its RAM, its commands with their data lengths and power-on values, its look-up table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from virtual_panel.waveform import Waveform, otp

ANY = -1  # as many data bytes as one likes


@dataclass(frozen=True, slots=True)
class Command:
    """A command: how many data bytes it takes and what they are after a reset."""

    name: str
    length: int = 0
    por: bytes = b""


@dataclass(frozen=True, slots=True)
class Chip:
    """A controller. ``lut`` turns the bytes of 0x32 into a waveform, ``otp`` is the factory's own, by mode and heat.

    ``assumes`` maps (register, index of its data byte) to the one value whose effect is modelled.
    """

    name: str
    stride: int
    rows: int
    commands: Mapping[int, Command]
    lut: Callable[[bytes], Waveform]
    assumes: Mapping[tuple[int, int], int]
    ping_pong: tuple[int, int] | None = None  # byte and bit of 0x37, where documented
    otp: Callable[..., Waveform] | None = otp
    own_old: bool = False  # what was shown before is remembered by the chip, and cannot be written

    def defaults(self) -> dict[int, bytearray]:
        """Every register after power-on or a software reset."""
        return {
            code: bytearray(command.por or bytes(max(0, command.length)))
            for code, command in self.commands.items()
            if command.length > 0
        }


def hexes(text: str) -> bytes:
    """Bytes of a datasheet's hexadecimal notation."""
    return bytes.fromhex(text)


SHARED: dict[int, Command] = {
    0x01: Command("driver output", 3, hexes("27 01 00")),
    0x03: Command("gate voltage", 1),
    0x04: Command("source voltage", 3, hexes("41 A8 32")),
    0x10: Command("deep sleep", 1),
    0x11: Command("entry mode", 1, hexes("03")),
    0x12: Command("software reset"),
    0x18: Command("temperature sensor", 1, hexes("48")),
    0x1A: Command("write temperature", 2, hexes("7F F0")),
    0x1B: Command("read temperature", ANY),
    0x20: Command("activate"),
    0x22: Command("update sequence", 1, hexes("FF")),
    0x24: Command("write new RAM", ANY),
    0x26: Command("write old RAM", ANY),
    0x27: Command("read RAM", ANY),
    0x2C: Command("VCOM", 1),
    0x2D: Command("read OTP", ANY),
    0x2E: Command("read user id", ANY),
    0x2F: Command("read status", ANY),
    0x41: Command("read RAM option", 1),
    0x45: Command("window Y", 4, hexes("00 00 27 01")),
    0x4E: Command("counter X", 1),
    0x4F: Command("counter Y", 2),
    0x7F: Command("no operation"),
}
