"""The known panels: Waveshare's, by their names, as their drivers (``epd2in9_V2``) are called.

Sizes, held in landscape, and the level of BUSY are those of the drivers in waveshareteam/e-Paper.
"""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor.nearest import nearest
from eink_monitor.settings import Size


class Model(NamedTuple):
    """A panel: its pixels, the level of BUSY while it works, and whether it has red (or yellow) ink beside black.

    Controllers of the SSD16xx family pull BUSY up while they work, those of the UC81xx family pull it down.
    """

    size: Size
    busy: int = 1
    red: bool = False


_2IN13, _2IN13_OLD, _2IN7, _2IN9 = Size(250, 122), Size(212, 104), Size(264, 176), Size(296, 128)
_4IN2, _7IN5 = Size(400, 300), Size(800, 480)

MODELS = {
    "2in13_V2": Model(_2IN13),
    "2in13_V3": Model(_2IN13),
    "2in13_V4": Model(_2IN13),
    "2in13b_V4": Model(_2IN13, red=True),
    "2in13g": Model(_2IN13, busy=0, red=True),
    "2in13b_V3": Model(_2IN13_OLD, busy=0, red=True),
    "2in13bc": Model(_2IN13_OLD, busy=0, red=True),
    "2in13d": Model(_2IN13_OLD, busy=0),
    "2in7": Model(_2IN7, busy=0),
    "2in7_V2": Model(_2IN7),
    "2in7b": Model(_2IN7, busy=0, red=True),
    "2in7b_V2": Model(_2IN7, red=True),
    "2in9": Model(_2IN9),
    "2in9_V2": Model(_2IN9),
    "2in9b_V3": Model(_2IN9, busy=0, red=True),
    "2in9b_V4": Model(_2IN9, red=True),
    "2in9bc": Model(_2IN9, busy=0, red=True),
    "2in9d": Model(_2IN9, busy=0),
    "4in2": Model(_4IN2, busy=0),
    "4in2_V2": Model(_4IN2),
    "7in5_V2": Model(_7IN5, busy=0),
    "7in5b_V2": Model(_7IN5, busy=0, red=True),
}


def unknown(name: str) -> str:
    """What to say of a model that is none of these."""
    near = nearest(name, sorted(MODELS))
    hint = f"did you mean {near}?" if near else f"known are {', '.join(MODELS)}"
    return f'model "{name}" is not known; {hint}'


def alike(name: str) -> list[str]:
    """The models of that diagonal whose BUSY behaves in the same way: they cannot be told apart."""
    return [one for one in _sisters(name) if MODELS[one].busy == MODELS[name].busy]


def resting(name: str, level: int) -> str:
    """Which models of that diagonal it may be when BUSY rests at a level, in words; empty where there is none."""
    names = [one for one in _sisters(name) if MODELS[one].busy != level]
    return f" (BUSY of {', '.join(names)} rests {'high' if level else 'low'})" if names else ""


def _sisters(name: str) -> list[str]:
    return [one for one in MODELS if one[:4] == name[:4]]
