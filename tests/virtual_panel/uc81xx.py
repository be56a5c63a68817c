"""The UC81xx family: UC8151 (2.13" and 2.9"), UC8176 (4.2"), UC8179 (7.5"), and the four colours of the 2.13" G.

Names and polarity are those of the UC8179 datasheet (R00h, R20h, R50h, R61h); its sisters' commands are shorter and say
the same. BUSY is low while the chip works. A plane begins anew with every 0x10 and 0x13, and is as wide as 0x61 says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from virtual_panel.waveform import BLACK, RED, WHITE, Effect, Waveform, effect

ANY = -1  # as many data bytes as one likes
PANEL, POWER_OFF, POWER_ON, SLEEP, PLANE_1, REFRESH, PLANE_2, STATUS = 0x00, 0x02, 0x04, 0x07, 0x10, 0x12, 0x13, 0x71
INTERVAL, RESOLUTION = 0x50, 0x61
FROM_REGISTERS, NO_RED = 0x20, 0x10  # bits of 0x00
FRAMES_A_SECOND = 50
TURNS = {1: 1, 2: -1, 3: 2}  # levels of a table: VDH towards black, VDL towards white, VDHR towards red

LENGTHS: Mapping[int, tuple[int, ...]] = {
    PANEL: (1, 2),
    0x01: (4, 5),
    POWER_OFF: (0,),
    POWER_ON: (0,),
    0x06: (3,),
    SLEEP: (1,),
    PLANE_1: (ANY,),
    0x11: (0,),
    REFRESH: (0,),
    PLANE_2: (ANY,),
    0x16: (1,),
    0x20: (44,),
    0x21: (42,),
    0x22: (42,),
    0x23: (42,),
    0x24: (42,),
    0x30: (1,),
    INTERVAL: (1,),
    0x60: (1,),
    RESOLUTION: (3, 4),
    STATUS: (0,),
    0x82: (1,),
    0x92: (0,),
    0xF8: (2,),
}
# Which tables the four values of a pixel take, second plane first, by the two bits of polarity in 0x50.
WITH_OLD = ("WW KW WK KK", "KK WK KW WW", "KW KW WK WK", "WK WK KW KW")
WITH_RED = ("W K R R", "K W R R", "R R W K", "R R K W")
TABLES = {"WW": 0x21, "KW": 0x22, "R": 0x22, "WK": 0x23, "W": 0x23, "KK": 0x24, "K": 0x24}
ENDS = {"W": WHITE, "K": BLACK, "R": RED}


@dataclass(frozen=True, slots=True)
class Uc81xx:
    """A controller: its glass where 0x61 says nothing, what is in 0x50 after a reset, and where polarity is there."""

    name: str
    size: tuple[int, int]
    lengths: Mapping[int, tuple[int, ...]] = field(default_factory=lambda: LENGTHS)
    interval: int = 0xD7
    polarity: int = 4
    four_colours: bool = False

    def waveform(self, registers: Mapping[int, bytes]) -> Waveform:
        """What the four values of a pixel come to, by what stands in the registers."""
        if self.four_colours:
            return _factory(("K", "W", "R", "R"))
        panel = registers[PANEL][0]
        names = (WITH_OLD if panel & NO_RED else WITH_RED)[registers[INTERVAL][0] >> self.polarity & 3].split()
        if not panel & FROM_REGISTERS:
            return _factory(names)
        one, two, three, four = (decode_42(registers.get(TABLES[name], bytes(42))) for name in names)
        frames = max(one[1], two[1], three[1], four[1])
        return Waveform((one[0], two[0], three[0], four[0]), frames, frames / FRAMES_A_SECOND)


def _factory(names: tuple[str, ...] | list[str]) -> Waveform:
    """The factory's tables, whose contents nobody publishes: all pixels flash and end in their colour."""
    one, two, three, four = (Effect(ENDS[name[-1]], 0, cleans=True) for name in names)
    seconds = 14.0 if "R" in names else 3.5
    return Waveform((one, two, three, four), round(seconds * FRAMES_A_SECOND), seconds)


def decode_42(table: bytes) -> tuple[Effect, int]:
    """A table for one kind of pixel, and its frames: seven groups of four levels, four lengths and a repeat.

    What was not sent of it is 0, as after a reset.
    """
    drives, charge, frames = [], 0, 0
    for group in range(0, 42, 6):
        levels, *lengths, times = table[group : group + 6].ljust(6, b"\0")
        phases = [(TURNS.get(levels >> 6 - 2 * at & 3, 0), length) for at, length in enumerate(lengths)]
        drives += phases * times
        charge += times * sum((drive > 0) * length - (drive < 0) * length for drive, length in phases)
        frames += times * sum(lengths)
    return effect(drives, charge), frames


UC8151 = Uc81xx("UC8151", (128, 296))
UC8176 = Uc81xx("UC8176", (400, 300))
EK79652 = Uc81xx("EK79652", (176, 264))  # the first 2.7"
UC8179 = Uc81xx(
    "UC8179",
    (800, 600),
    {**LENGTHS, 0x06: (4,), 0x15: (1,), INTERVAL: (2,), RESOLUTION: (4,)},
    interval=0x31,
    polarity=0,
)
FOUR_COLOURS = Uc81xx(
    "four colours",
    (128, 250),
    {
        **LENGTHS,
        0x01: (2,),
        0x03: (3,),
        0x06: (7,),
        REFRESH: (1,),
        0x4D: (1,),
        0x60: (2,),
        0xB4: (1,),
        0xB5: (1,),
        0xE3: (1,),
        0xE7: (1,),
        0xE9: (1,),
    },
    four_colours=True,
)
