"""Values of evcc's state, whatever it is made of."""

from __future__ import annotations

import math
from collections.abc import Mapping

Part = Mapping[str, object]
"""A loadpoint, a meter, a vehicle."""

_NANOSECONDS = 1e8  # three years in seconds, a tenth of one in nanoseconds


def parts(value: object) -> list[Part]:
    """The objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def number(value: object) -> float | None:
    """A finite number; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1 << 53 and math.isfinite(value) else None


def times(value: object, factor: float) -> object:
    """A number times something; anything else as it is, to be told."""
    known = number(value)
    return value if known is None else known * factor


def least(value: object) -> object:
    """A power that is never negative: what an inverter or a wallbox takes at rest is none."""
    known = number(value)
    return value if known is None else max(0.0, known)


def is_called(part: Part, title: str, *keys: str) -> bool:
    """Whether one of some keys holds a title; upper and lower case do not matter."""
    wanted = title.strip().casefold()
    return any(isinstance(one := part.get(key), str) and one.strip().casefold() == wanted for key in keys)


def seconds(value: object) -> float | None:
    """A duration: some releases and calls count nanoseconds."""
    known = number(value)
    return known / 1e9 if known is not None and known >= _NANOSECONDS else known


def slug(title: str) -> str:
    """A name for a subject, made of a title."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in title.lower()).strip("-")[:40]
