"""Command sequences written after the datasheets, for tests and demonstrations; no driver's code."""

from __future__ import annotations

RESET = "PWR 1; wait 0.01; RST 0; wait 0.002; RST 1; idle; 12; idle"
# Look-up tables of our own making: flash both ways and end in the new colour; or move what changes, 10 or 20 frames.
LUT70_FULL = (
    "80x1 60 40 00x4 10 60 20 00x4 80 60 40 00x4 10 60 20 00x4 00x7 03 03 00x2 02 09 09 00x2 02 03 03 00x2 02 00x20"
)
LUT70_PARTIAL = "00x7 80 00x6 40 00x6 00x7 00x7 0A 00x4 00x30"
LUT153_FULL = (
    "80 4A 40 00x9 40 4A 80 00x9 80 4A 40 00x9 40 4A 80 00x9 00x12 "
    "0F 00x6 0F 00x2 0F 00x2 02 0F 00x6 01 00x6 00x56 22x6 00x3"
)
LUT153_PARTIAL = "00x12 80 00x11 40 00x11 00x12 00x12 14 00x6 00x77 22x6 00x3"
WINDOW_UP = "11:03; 44:00 0F; 45:00 00 F9 00"
HOME = "4E:00; 4F:00 00"
START = {
    "2in13_V2": f"{RESET}; 74:54; 7E:3B; 01:F9 00 00; {WINDOW_UP}; 3C:03; 2C:55; 03:15; 04:41 A8 32; 3A:30; 3B:0A",
    "2in13_V3": f"{RESET}; 01:F9 00 00; {WINDOW_UP}; 3C:05; 21:00 80; 18:80; 3F:22; 03:17; 04:41 00 32; 2C:36",
    "2in13_V4": f"{RESET}; 01:F9 00 00; {WINDOW_UP}; 3C:05; 21:00 80; 18:80",
}
TABLE = {
    "2in13_V2": (f"32:{LUT70_FULL}", f"32:{LUT70_PARTIAL}"),
    "2in13_V3": (f"32:{LUT153_FULL}", f"32:{LUT153_PARTIAL}"),
    "2in13_V4": ("", ""),
}
UPDATE = {
    "2in13_V2": ("22:C7; 20; idle", "22:C7; 20; idle"),
    "2in13_V3": ("22:C7; 20; idle", "22:CF; 20; idle"),
    "2in13_V4": ("22:F7; 20; idle", "22:FF; 20; idle"),
}


def _write(model: str, bank: str, blob: str) -> str:
    return f"{HOME}; {bank}:${blob}"


def full(model: str) -> str:
    """Write $new to both banks and refresh in full."""
    return f"{TABLE[model][0]}; {_write(model, '24', 'new')}; {_write(model, '26', 'new')}; {UPDATE[model][0]}"


def partial(model: str) -> str:
    """Write $old and $new, move what differs."""
    return f"{TABLE[model][1]}; {_write(model, '24', 'new')}; {_write(model, '26', 'old')}; {UPDATE[model][1]}"


PARTIAL = {model: partial(model) for model in START}
