"""SSD1683, the controller of the 4.2" V2: as an SSD1680, but 400 x 300, with a table of 227 bytes.

Its table is not modelled: the vendor's driver asks for the factory's.
"""

from __future__ import annotations

from dataclasses import replace

from virtual_panel.chip import Command, hexes
from virtual_panel.ssd1680 import SSD1680
from virtual_panel.waveform import otp

SSD1683 = replace(
    SSD1680,
    name="SSD1683",
    stride=50,
    rows=300,
    commands={
        **SSD1680.commands,
        0x01: Command("driver output", 3, hexes("2B 01 00")),
        0x1A: Command("write temperature", 1, hexes("7F")),
        0x32: Command("look-up table", 227),
        0x44: Command("window X", 2, hexes("00 31")),
        0x45: Command("window Y", 4, hexes("00 00 2B 01")),
    },
    lut=lambda _: otp(1, hot=False),
)
