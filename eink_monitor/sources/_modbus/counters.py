"""Energies of a day, a month, a year from counters that only know a lifetime: pure arithmetic, and a small file.

The energy since such a span began is summed from one reading of a counter to the next. Across the midnight between two
spans it is shared out by time, and only where that cannot be far wrong: what cannot be known is absent, not invented.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.sources._modbus.sunspec import Energy

UNSURE = 100.0  # Wh; an energy across midnight up to this may be shared out by time whatever the gap
SLACK = 20 * MINUTE  # so near to midnight a reading pins the counter there well enough
SAVE_EVERY = 15 * MINUTE  # every poll would write 35 MB a day to the card
_FASTEST = 100_000.0  # W; no domestic counter runs faster
_GRACE = 1_000.0  # Wh on top, for clocks that were set
_SURE = 3
_CONVINCED = -2
_FLOW = 50.0  # W; below this the sign of a meter is noise


@dataclass(frozen=True, slots=True)
class Mark:
    """A counter of the device ``owner`` as it stood ``at`` some instant of the span that began with ``start``.

    ``energy`` is what it has counted since that midnight, in Wh, None where it cannot be known.
    """

    owner: str
    value: float
    at: int
    start: int
    energy: float | None


@dataclass(slots=True)
class Memory:
    """What is remembered between polls: a mark per counter, and votes on the sign of the grid meter."""

    marks: dict[str, Mark] = field(default_factory=dict)
    votes: int = 0

    def vote(self, ballot: int) -> None:
        """Count evidence that the meter's plus means export (+1) or import (-1)."""
        self.votes = max(-_SURE, min(_SURE, self.votes + ballot))

    @property
    def export_positive(self) -> bool:
        """What the votes say; most installations count export as positive, so it takes two to say otherwise."""
        return self.votes > _CONVINCED


def tally(memory: Memory, energies: Mapping[str, tuple[str, Energy]], at: int, start: int) -> Memory:
    """The memory after every counter (owner and energy by name) was read ``at``, in the span that began ``start``."""
    marks = {name: _advance(memory.marks.get(name), *energies[name], at, start) for name in energies}
    return Memory({**memory.marks, **marks}, memory.votes)


def rise(memory: Memory, name: str, owner: str, energy: Energy | None, at: int) -> float | None:
    """Wh that a counter has risen since it was last marked, None where that cannot be known."""
    mark = memory.marks.get(name)
    return _risen(mark, energy, at) if mark and energy and mark.owner == owner else None


def _advance(mark: Mark | None, owner: str, counter: Energy, at: int, start: int) -> Mark:
    energy = None
    rise = _risen(mark, counter, at) if mark and mark.owner == owner else None
    if mark and rise is not None:
        if mark.start == start:
            energy = None if mark.energy is None else mark.energy + rise
        elif mark.at < start:
            before, after = start - mark.at, at - start
            if rise <= UNSURE or min(before, after) <= SLACK:
                energy = rise * after / (before + after)
    return Mark(owner, counter.value, at, start, energy)


def _risen(mark: Mark, energy: Energy, at: int) -> float | None:
    """Wh between a mark and now, through a wrap; None where the counter went backwards or jumped (another device)."""
    rise = energy.value - mark.value
    if rise < 0:
        rise += energy.wrap
    limit = _FASTEST * max(0, at - mark.at) / HOUR + _GRACE
    return rise if 0 <= rise <= limit else None


def ballot(power: float, exported: float | None, imported: float | None) -> int:
    """Which way the meter's plus points, by how much its counters rose: +1 export, -1 import, 0 no evidence."""
    if abs(power) < _FLOW or exported is None or imported is None or (exported > 0) == (imported > 0):
        return 0
    return 1 if (exported > 0) == (power > 0) else -1


def load(path: Path) -> Memory:
    """Read the file; one that is missing or damaged is an empty memory (the energies then start with the next span)."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        marks = {str(name): _mark(value) for name, value in kept["marks"].items()}
        return Memory(marks, max(-_SURE, min(_SURE, int(kept["votes"]))))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return Memory()


def save(path: Path, memory: Memory) -> bool:
    """Replace the file so that a power cut leaves the old one or the new one; False where it cannot be written."""
    fresh = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(
                {"marks": {name: asdict(mark) for name, mark in memory.marks.items()}, "votes": memory.votes}, file
            )
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        return False
    return True


def worth_saving(old: Memory, new: Memory, at: int, midnight: int, every: int) -> bool:
    """Whether something changed that the file must know, or the next poll may be tomorrow's, or it is simply time."""
    if old.votes != new.votes or old.marks.keys() != new.marks.keys():
        return True
    for name, mark in new.marks.items():
        was = old.marks[name]
        if (was.owner, was.start, was.energy is None) != (mark.owner, mark.start, mark.energy is None):
            return True
        if not was.at <= at < was.at + SAVE_EVERY:
            return True
    return bool(new.marks) and midnight - at <= every + MINUTE


def _mark(kept: dict[str, object]) -> Mark:
    owner, value, at, start, energy = (kept[key] for key in ("owner", "value", "at", "start", "energy"))
    known = None if energy is None else _number(energy)
    return Mark(str(owner), _number(value), int(_number(at)), int(_number(start)), known)


def _number(kept: object) -> float:
    if isinstance(kept, bool) or not isinstance(kept, int | float) or not math.isfinite(kept):
        message = f"{kept!r} is no number"
        raise ValueError(message)
    return kept
