"""Parallel lists of instants and values, as servers of forecasts and prices send them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from eink_monitor.clock import HOUR
from eink_monitor.errors import BadAnswer
from eink_monitor.model.outlook import Slot
from eink_monitor.sources._http.answer import number, rows

_MOST = 5_000


class Sample(NamedTuple):
    """A value at an instant (epoch seconds UTC); None where there is none."""

    at: int
    value: float | None


def samples(section: Mapping[str, object], times: str, values: str, who: str) -> list[Sample]:
    """Two lists of one length, in order of time, each instant once; what is no number is a gap.

    Raises ``BadAnswer``.
    """
    instants, found = rows(section.get(times), who, times), rows(section.get(values), who, values)
    if len(instants) != len(found) or len(found) > _MOST:
        message = f"{who}: {values} and {times} are not lists of one length"
        raise BadAnswer(message)
    known = {int(number(at, who, times)): finite(value) for at, value in zip(instants, found, strict=True)}
    return [Sample(at, known[at]) for at in sorted(known)]


def finite(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1 << 53:
        return float(value) if math.isfinite(value) else None
    return None


def slots(found: Sequence[Sample], longest: int = HOUR) -> list[Slot]:
    """Each value up to the next instant; the last as long as the one before, none longer than ``longest``.

    Where an instant is missing, the slot before it is as long as its neighbours, and a gap follows.
    """
    lengths = [min(after.at - before.at, longest) for before, after in pairwise(found)]
    lengths = [*lengths, *(lengths[-1:] or [longest])][: len(found)]
    return [
        Slot(sample.at, sample.at + min(length, lengths[max(number - 1, 0)]), sample.value)
        for number, (sample, length) in enumerate(zip(found, lengths, strict=True))
        if sample.value is not None
    ]
