"""SSD1680 (datasheet r0.14): 176 x 296, table of 153 bytes, RAM ping-pong.

It is the controller of the 2.13" V3 and V4, the 2.9" V2 and the 2.7" V2, and of their sisters with red ink. There the
second bank is red, and the factory's table knows one waveform only.
"""

from __future__ import annotations

from dataclasses import replace

from virtual_panel.chip import ANY, SHARED, Chip, Command, hexes
from virtual_panel.waveform import decode_153, otp_red

SSD1680 = Chip(
    name="SSD1680",
    stride=22,
    rows=296,
    commands=SHARED
    | {
        0x0C: Command("soft start", 4, hexes("8B 9C 96 0F")),
        0x21: Command("update options", 2),
        0x32: Command("look-up table", 153),
        0x35: Command("read CRC", ANY),
        0x37: Command("display option", 10),
        0x3C: Command("border", 1, hexes("C0")),
        0x3F: Command("table end", 1, hexes("02")),
        0x44: Command("window X", 2, hexes("00 15")),
        0x46: Command("fill old RAM", 1),
        0x47: Command("fill new RAM", 1),
    },
    lut=decode_153,
    assumes={(0x01, 2): 0x00},
    ping_pong=(5, 0x40),
)

SSD1680_RED = replace(SSD1680, name="SSD1680 (red)", otp=otp_red)
