"""What SolarEdge adds to SunSpec: ratings in its models' names, and the registers of its batteries (not SunSpec)."""

from __future__ import annotations

import math
import re
import struct

from eink_monitor.sources._inverter.devices import BatteryBlock, Identity, Rated
from eink_monitor.sources._inverter.registers import Block, Registers

BAYS = (0xE100, 0xE200, 0xE400)
"""Where the registers of a battery begin."""

_FLOAT_LIMIT = 1e9  # a domestic battery has no figure beyond; the not-implemented markers are near 3.4e38


def charges_cars(who: Identity) -> bool:
    """Whether it is a wallbox, which answers at a unit of its own and calls itself an inverter."""
    return who.model.upper().replace("-", "").startswith("SEEV")


def rating(who: Identity) -> float | None:
    """The AC power in W that the model's name tells ("SE10K-RWS48BEN4", "SE3680H"), None where it does not."""
    found = re.match(r"SE(\d{1,6}(?:\.\d{1,3})?)(K?)", who.model.upper())
    return float(found[1]) * (1000 if found[2] else 1) if found else None


def float32(registers: Registers, at: int) -> float | None:
    """A float whose low word comes first; NaN, infinities and absurd sizes are "not implemented"."""
    (value,) = struct.unpack(">f", struct.pack(">HH", registers[at + 1], registers[at]))
    return float(value) if math.isfinite(value) and abs(value) < _FLOAT_LIMIT else None


def uint64(registers: Registers, at: int) -> float | None:
    """A counter of four registers, low word first; nought and all ones are "not implemented"."""
    value = sum(registers[at + n] << 16 * n for n in range(4))
    return None if value in {0, 0xFFFFFFFFFFFFFFFF} else float(value)


def highest(registers: Registers, *places: int) -> float | None:
    """The largest of several floats, None where none is above nought."""
    return max((value for at in places if (value := float32(registers, at)) is not None and value > 0), default=None)


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
