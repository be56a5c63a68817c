"""Which glass there is: Waveshare's panels by their names, as their drivers (``epd2in9_V2``) are called.

Sizes are those of the drivers in waveshareteam/e-Paper, held in landscape.
"""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.settings import Size


class Model(NamedTuple):
    """A panel: its size in pixels, and whether it has red or yellow ink beside black."""

    size: Size
    red: bool = False


_2IN13, _2IN13_OLD, _2IN7, _2IN9 = Size(250, 122), Size(212, 104), Size(264, 176), Size(296, 128)
_4IN2, _7IN5 = Size(400, 300), Size(800, 480)

MODELS = {
    "2in13_V2": Model(_2IN13),
    "2in13_V3": Model(_2IN13),
    "2in13_V4": Model(_2IN13),
    "2in13b_V4": Model(_2IN13, red=True),
    "2in13g": Model(_2IN13, red=True),
    "2in13b_V3": Model(_2IN13_OLD, red=True),
    "2in13bc": Model(_2IN13_OLD, red=True),
    "2in13d": Model(_2IN13_OLD),
    "2in7": Model(_2IN7),
    "2in7_V2": Model(_2IN7),
    "2in7b": Model(_2IN7, red=True),
    "2in7b_V2": Model(_2IN7, red=True),
    "2in9": Model(_2IN9),
    "2in9_V2": Model(_2IN9),
    "2in9b_V3": Model(_2IN9, red=True),
    "2in9b_V4": Model(_2IN9, red=True),
    "2in9bc": Model(_2IN9, red=True),
    "2in9d": Model(_2IN9),
    "4in2": Model(_4IN2),
    "4in2_V2": Model(_4IN2),
    "4in2bc": Model(_4IN2, red=True),
    "7in5_V2": Model(_7IN5),
    "7in5b_V2": Model(_7IN5, red=True),
}
