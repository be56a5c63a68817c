"""The SunSpec models that every inverter and meter has, as the makers' notes lay them out."""

from __future__ import annotations

from eink_monitor.sources._inverter.devices import Identity, Inverter, Meter
from eink_monitor.sources._inverter.registers import Block, energy, scaled, text, uint16

MARK = (0x5375, 0x6E53)  # "SunS"

COMMON = Block(
    Identity,
    64,
    {"maker": (text, 0, 16), "model": (text, 16, 16), "option": (text, 32, 8), "serial": (text, 48, 16)},
    (1,),
)
INVERTER = Block(
    Inverter,
    38,
    {
        "ac_power": (scaled, 12, 13),
        "energy": (energy, 22, 24),
        "temperature": (scaled, 32, 35),
        "status": (uint16, 36),
        "code": (uint16, 37),
    },
    (101, 102, 103),  # one, split and three phase
)
METER = Block(
    Meter,
    53,
    {"power": (scaled, 16, 20), "exported": (energy, 36, 52), "imported": (energy, 44, 52)},
    (201, 202, 203, 204),
)
