"""What tells the 122x250 panels apart: registers, waveforms and update sequences of HAT revisions V2, V3 and V4.

V2 carries an IL3897 (SSD1675A), V3 and V4 an SSD1680; V2 and V3 take their waveforms from us, V4 has them in its OTP.
The figures are those of Waveshare's own drivers (waveshareteam/e-Paper, MIT licence) put into the order of the
SSD1680 datasheet r0.14; names of registers are the datasheet's.
"""

from __future__ import annotations

from dataclasses import dataclass

# The glass: gates are rows, the last 6 bits of a row lie beyond it; a bank is 4000 bytes, one write() of spidev's.
WIDTH, HEIGHT, STRIDE = 122, 250, 16

DRIVER_OUTPUT, GATE_VOLTAGE, SOURCE_VOLTAGE, DEEP_SLEEP, ENTRY_MODE, SW_RESET = 0x01, 0x03, 0x04, 0x10, 0x11, 0x12
TEMPERATURE_SENSOR, ACTIVATE, UPDATE_OPTION, UPDATE_SEQUENCE, RAM_NEW, RAM_OLD = 0x18, 0x20, 0x21, 0x22, 0x24, 0x26
VCOM, LUT, DUMMY_LINES, GATE_TIME, BORDER, LUT_END = 0x2C, 0x32, 0x3A, 0x3B, 0x3C, 0x3F
RAM_X, RAM_Y, RAM_X_COUNTER, RAM_Y_COUNTER, ANALOG_BLOCK, DIGITAL_BLOCK = 0x44, 0x45, 0x4E, 0x4F, 0x74, 0x7E

Registers = tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Refresh:
    """One kind of refresh: registers to set, the 0x22 sequence, and the seconds it may take.

    A refresh shorter than ``shortest`` did not run the waveform it was given, one longer than ``longest`` is another
    panel's; ``deadline`` is when to give up.
    """

    registers: Registers
    sequence: int
    shortest: float
    longest: float
    deadline: float


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of the panel. ``registers`` are common to both refreshes and sent before either."""

    name: str
    chip: str
    registers: Registers
    full: Refresh
    partial: Refresh


def _waveform(levels: list[str], phases: list[str], *, level_size: int, phase_size: int, tail: str = "") -> bytes:
    """A LUT from hex: source levels for old-new 00, 01, 10, 11 and VCOM, then lengths of phases; zeros fill both."""
    rows = [bytes.fromhex(row).ljust(level_size, b"\0") for row in [*levels, ""]]
    count = 7 if level_size == 7 else 12
    rows += [bytes.fromhex(row).ljust(phase_size, b"\0") for row in [*phases, *[""] * (count - len(phases))]]
    return b"".join(rows) + bytes.fromhex(tail)


def _il3897(levels: list[str], phases: list[str]) -> bytes:
    return _waveform(levels, phases, level_size=7, phase_size=5)  # 5 x 7 + 7 x 5 = 70 bytes


def _ssd1680(levels: list[str], phases: list[str]) -> bytes:
    return _waveform(levels, phases, level_size=12, phase_size=7, tail="22" * 6 + "00" * 3)  # 153 bytes


_GEOMETRY: Registers = (
    (DRIVER_OUTPUT, bytes([HEIGHT - 1, 0, 0])),
    (ENTRY_MODE, b"\x03"),  # X and Y count upwards, X first
    (RAM_X, bytes([0, STRIDE - 1])),
    (RAM_Y, bytes([0, 0, HEIGHT - 1, 0])),
)
# GxEPD2 measured 1.6 to 4.0 s for a full refresh of this family and 0.19 to 0.74 s for a partial one, at 25 degrees.
# Boards with red or yellow ink, (B) and (G), carry the same stickers and need about 15 s: waited for, to name them.
_LONGEST, _FULL_DEADLINE, _PARTIAL_DEADLINE = 10.0, 30.0, 5.0

_V2_FULL = _il3897(["806040", "106020", "806040", "106020"], ["0303000002", "0909000002", "0303000002"])
_V2_PARTIAL = _il3897(["", "80", "40", ""], ["0A"])
V2 = Revision(
    "V2",
    "IL3897",
    (
        (ANALOG_BLOCK, b"\x54"),
        (DIGITAL_BLOCK, b"\x3b"),
        *_GEOMETRY,
        (GATE_VOLTAGE, b"\x15"),
        (SOURCE_VOLTAGE, b"\x41\xa8\x32"),
        (DUMMY_LINES, b"\x30"),
        (GATE_TIME, b"\x0a"),
    ),
    Refresh(((BORDER, b"\x03"), (VCOM, b"\x55"), (LUT, _V2_FULL)), 0xC7, 1.0, _LONGEST, _FULL_DEADLINE),
    Refresh(((BORDER, b"\x01"), (VCOM, b"\x26"), (LUT, _V2_PARTIAL)), 0xC7, 0.05, _LONGEST, _PARTIAL_DEADLINE),
)

_SSD1680: Registers = (
    *_GEOMETRY,
    (UPDATE_OPTION, b"\x00\x80"),  # both banks as they are; sources S8 to S167
    (TEMPERATURE_SENSOR, b"\x80"),  # the one inside
)

_V3_FULL = _ssd1680(["804A40", "404A80", "804A40", "404A80"], ["0F", "0F00000F000002", "0F", "01"])
_V3_PARTIAL = _ssd1680(["0040", "8080", "4040", "0080"], ["14", "01", "01"])
V3 = Revision(
    "V3",
    "SSD1680",
    (
        *_SSD1680,
        (LUT_END, b"\x22"),
        (GATE_VOLTAGE, b"\x17"),
        (SOURCE_VOLTAGE, b"\x41\x00\x32"),
        (VCOM, b"\x36"),
    ),
    Refresh(((BORDER, b"\x05"), (LUT, _V3_FULL)), 0xC7, 1.0, _LONGEST, _FULL_DEADLINE),
    Refresh(((BORDER, b"\x80"), (LUT, _V3_PARTIAL)), 0xCF, 0.05, _LONGEST, _PARTIAL_DEADLINE),
)

V4 = Revision(
    "V4",
    "SSD1680",
    _SSD1680,
    Refresh(((BORDER, b"\x05"),), 0xF7, 0.6, _LONGEST, _FULL_DEADLINE),
    Refresh(((BORDER, b"\x80"),), 0xFF, 0.05, _LONGEST, _PARTIAL_DEADLINE),
)

REVISIONS = {f"2in13_{revision.name}": revision for revision in (V2, V3, V4)}
