"""Bars over equal stretches of time; a stretch of which nothing is known interrupts the ground."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eink_monitor.draw.canvas import DOTS, Canvas
from eink_monitor.panels._sheet import Zone

_LEAST = 1e-6  # what the height of all bars stands for at least


class Bar(NamedTuple):
    """What a stretch came to, None where nobody knows; ``part`` where it is not the whole stretch."""

    value: float | None
    part: bool = False


class Places(NamedTuple):
    """Where bars stand: their left edges, how wide each is, and from one to the next."""

    lefts: list[int]
    wide: int
    pitch: int


def places(zone: Zone, count: int) -> Places:
    """Room for so many bars from edge to edge."""
    pitch = zone.width // count
    wide = pitch - max(1, pitch // 4)
    lefts = [zone.left + round(number * (zone.width - wide) / max(1, count - 1)) for number in range(count)]
    return Places(lefts, wide, pitch)


def bars(canvas: Canvas, zone: Zone, values: Sequence[Bar], *, hollow: bool = False) -> Places:
    """A bar for each value, on a ground 2 units thick; those below zero hang from it.

    A bar that is not whole is dotted; all are outlines where they are ``hollow``.
    """
    known = [bar.value for bar in values if bar.value is not None]
    top, low = max([0.0, *known]), min([0.0, *known])
    scale = zone.height / max(top - low, _LEAST)
    ground = zone.bottom - round(-low * scale)
    where = places(zone, len(values))
    ends = [*where.lefts[1:], where.lefts[-1] + where.wide]
    for (value, part), x, end in zip(values, where.lefts, ends, strict=True):
        if value is None:
            continue
        canvas.fill(x, ground, end - x, 2)
        high = round(abs(value) * scale)
        start = ground - high if value >= 0 else ground
        if part:
            canvas.fill(x, start, where.wide, high, DOTS)
        if part or hollow:
            canvas.box(x, start, where.wide, high)
        else:
            canvas.fill(x, start, where.wide, high)
    return where
