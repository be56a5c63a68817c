"""IL3820 (SSD1608 family), the controller of the first 2.9": 128 x 296, table of 30 bytes, no factory table.

Of a phase each of its 20 bytes holds the levels of 1-1, 1-0, 0-1 and 0-0, from the left; its length is a nibble of the
last ten bytes, the lower one first.
"""

from __future__ import annotations

from functools import lru_cache

from virtual_panel.chip import SHARED, Chip, Command, hexes
from virtual_panel.waveform import DRIVES, Waveform, effect

PHASES = 20


@lru_cache(maxsize=8)
def decode_30(table: bytes) -> Waveform:
    """The table, at the 50 Hz that 0x3A = 1Ah and 0x3B = 08h make."""
    lengths = [byte >> shift & 15 for byte in table[PHASES:30] for shift in (0, 4)]

    def one(transition: int) -> list[tuple[int, int]]:
        return [(DRIVES[table[at] >> 2 * transition & 3], lengths[at]) for at in range(PHASES)]

    effects = [effect(drives, sum(drive * length for drive, length in drives)) for drives in map(one, range(4))]
    return Waveform((effects[0], effects[1], effects[2], effects[3]), sum(lengths), sum(lengths) / 50)


IL3820 = Chip(
    name="IL3820",
    stride=16,
    rows=296,
    commands={code: command for code, command in SHARED.items() if code not in {0x03, 0x04, 0x18, 0x26}}
    | {
        0x0C: Command("soft start", 3),
        0x21: Command("update options", 1),
        0x32: Command("look-up table", 30),
        0x37: Command("display option", 1),
        0x3A: Command("dummy line", 1, hexes("16")),
        0x3B: Command("gate time", 1, hexes("08")),
        0x3C: Command("border", 1, hexes("71")),
        0x44: Command("window X", 2, hexes("00 0F")),
        0xFF: Command("terminate"),
    },
    lut=decode_30,
    assumes={(0x01, 2): 0x00, (0x3A, 0): 0x1A, (0x3B, 0): 0x08},
    otp=None,
    own_old=True,
)
