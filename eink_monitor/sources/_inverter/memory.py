"""What is kept between two polls of an inverter, and its small file."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from eink_monitor import files
from eink_monitor.clock import DAY, MINUTE
from eink_monitor.sources._inverter.counters import Mark

SAVE_EVERY = 15 * MINUTE  # every poll would write 35 MB a day to the card
_UNNUMBERED = re.compile(r"^production( \w+)?$")  # as an earlier version named what its only unit made
_SURE = 3
_CONVINCED = -2
_KNOWN = 7 * DAY  # a battery silent for longer is gone
_STRANGERS = 180 * DAY  # somebody who fed in once does so again after the winter


@dataclass(slots=True)
class Memory:
    """A mark per counter, votes that the grid meter's sign is the usual one, and when bays had batteries.

    ``doubts`` counts consecutive polls that no house can explain (somebody else feeds in), ``strangers`` is when there
    were last enough of them.
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    votes: int = 0
    bays: dict[str, int] = field(default_factory=dict)
    doubts: int = 0
    strangers: int = 0

    def vote(self, ballot: int) -> None:
        """Count evidence that the meter's plus means what is usual (+1) or the opposite (-1)."""
        was = self.usual
        self.votes = max(-_SURE, min(_SURE, self.votes + ballot))
        if self.usual != was:  # what was doubtful until now had the wrong sign
            self.doubts = self.strangers = 0

    @property
    def usual(self) -> bool:
        """What the votes say; most installations do as their maker's others, so it takes two to say otherwise."""
        return self.votes > _CONVINCED

    @property
    def proven(self) -> bool:
        """Whether the counters have borne the sign out."""
        return self.votes > 0 or self.votes <= _CONVINCED

    def doubt(self, at: int, *, inexplicable: bool) -> None:
        """Count a poll: three in a row that no house explains mean that somebody else produces here."""
        self.doubts = min(_SURE, self.doubts + 1) if inexplicable else 0
        if self.doubts == _SURE and at - self.strangers > DAY:
            self.strangers = at

    def crowded(self, at: int) -> bool:
        """Whether an inverter that we do not read produces here, too."""
        return self.strangers > 0 and at - self.strangers <= _STRANGERS

    def batteries(self, unit: int, at: int) -> set[int]:
        """The bays of a unit in which a battery was seen lately."""
        own = f"{unit}/"
        return {
            int(name.removeprefix(own))
            for name, seen in self.bays.items()
            if name.startswith(own) and at - seen <= _KNOWN
        }

    def saw(self, unit: int, bays: set[int], at: int) -> None:
        """Remember batteries, a day at a time."""
        for bay in bays:
            if at - self.bays.get(f"{unit}/{bay}", 0) > DAY:
                self.bays[f"{unit}/{bay}"] = at


def load(path: Path) -> Memory:
    """Read the file; one that is missing or damaged is an empty memory (the energies then start with the next span)."""
    try:
        kept = json.loads(path.read_text("utf-8"))
        marks = {_UNNUMBERED.sub(r"production@1\1", str(name)): _mark(value) for name, value in kept["marks"].items()}
        bays = {str(name): int(_number(at)) for name, at in kept.get("bays", {}).items() if _is_bay(name)}
        votes, doubts, strangers = (int(_number(kept.get(key, 0))) for key in ("votes", "doubts", "strangers"))
        return Memory(marks, max(-_SURE, min(_SURE, votes)), bays, max(0, min(_SURE, doubts)), strangers)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        return Memory()


def save(path: Path, memory: Memory) -> bool:
    """Replace the file so that a power cut leaves the old one or the new one; False where it cannot be written."""
    try:
        files.make_folder(path.parent)
        with files.replacing(path) as file:
            file.write(json.dumps(asdict(memory)).encode())
    except OSError:
        return False
    return True


def worth_saving(old: Memory, new: Memory, at: int, midnight: int, every: int) -> bool:
    """Whether something changed that the file must know, or the next poll may be tomorrow's, or it is simply time."""
    if _ways(old) != _ways(new) or old.marks.keys() != new.marks.keys():
        return True
    for name, mark in new.marks.items():
        was = old.marks[name]
        if _state(was) != _state(mark):
            return True
        if (
            mark.at != was.at and not was.at <= at < was.at + SAVE_EVERY
        ):  # a counter that is not read now can wait forever
            return True
    return bool(new.marks) and midnight - at <= every + MINUTE


def _ways(memory: Memory) -> tuple[object, ...]:
    return memory.votes, memory.bays, memory.doubts, memory.strangers


def _state(mark: Mark) -> tuple[object, ...]:
    return mark.owner, mark.start, mark.energy is None, mark.incomplete, mark.doubt, mark.idle


def _is_bay(name: str) -> bool:
    unit, _, bay = name.partition("/")
    return all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in (unit, bay))


def _mark(kept: dict[str, object]) -> Mark:
    owner, value, at, start, energy = (kept[key] for key in ("owner", "value", "at", "start", "energy"))
    doubt = kept.get("doubt")
    return Mark(
        str(owner),
        _number(value),
        int(_number(at)),
        int(_number(start)),
        None if energy is None else _number(energy),
        kept.get("incomplete") is True,
        None if doubt is None else _number(doubt),
        int(_number(kept.get("doubted_at", 0))),
        kept.get("idle") is True,
    )


def _number(kept: object) -> float:
    if isinstance(kept, bool) or not isinstance(kept, int | float) or not math.isfinite(kept):
        message = f"{kept!r} is not a number"
        raise ValueError(message)
    return kept
