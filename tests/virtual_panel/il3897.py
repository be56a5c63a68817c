"""IL3897 (SSD1675A), the controller of the 2.13" V2: 160 x 296, table of 70 bytes, frame rate in 0x3A and 0x3B.

Its factory table is taken as blank, because the vendor never relies on it: who asks for it gets a refresh that moves
nothing. Ping-pong is not documented.
"""

from __future__ import annotations

from virtual_panel.chip import SHARED, Chip, Command, hexes
from virtual_panel.waveform import decode_70

IL3897 = Chip(
    name="IL3897",
    stride=20,
    rows=296,
    commands=SHARED
    | {
        0x0C: Command("soft start", 3),
        0x0F: Command("gate scan start", 2),
        0x21: Command("update options", 1),
        0x32: Command("look-up table", 70),
        0x37: Command("display option", 7),
        0x3A: Command("dummy line", 1, hexes("30")),
        0x3B: Command("gate time", 1, hexes("0A")),
        0x3C: Command("border", 1, hexes("C0")),
        0x44: Command("window X", 2, hexes("00 13")),
        0x74: Command("analog block", 1),
        0x7E: Command("digital block", 1),
    },
    lut=decode_70,
    assumes={(0x01, 2): 0x00, (0x0F, 0): 0x00, (0x0F, 1): 0x00, (0x3A, 0): 0x30, (0x3B, 0): 0x0A},
    otp=None,
)
