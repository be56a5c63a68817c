"""What a car has sent before, which decides how to read what it sends now: which of several keys, in which unit.

A car sends the same value under several names, not all of them in every message, and omits a unit now and then. A new
choice for each message would make the panel alternate between two quantities that only look alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from eink_monitor.clock import DAY
from eink_monitor.model.reading import Metric
from eink_monitor.sources._car import kilometres

_DISTANCES = ("range", "odometer")


class Told(NamedTuple):
    """A value in the metric's own unit, the vendor's ``name`` for it, and when the car said so."""

    name: str
    value: float
    at: int


class CarMemory:
    """Facts about one car that hold over time, kept in ``notes`` of a notebook; they change rarely."""

    def __init__(self, notes: dict[str, str | int] | None = None) -> None:
        self.notes = {} if notes is None else notes

    def saw(self, fact: str) -> None:
        """Note something about the car that stays true: that it has a tank, a plug."""
        self.notes[fact] = 1

    def note(self, fact: str, holds: int) -> None:
        """Note something that may change: 1 where it holds, else 0."""
        self.notes[fact] = holds

    def has(self, fact: str) -> bool:
        """Whether that was noted, and not otherwise since."""
        return bool(self.notes.get(fact))

    def learn_unit(self, metric: Metric, unit: str) -> None:
        """Note the unit that the car gave for a quantity."""
        self.notes[f"{metric.name} unit"] = unit

    def unit(self, metric: Metric) -> str:
        """The unit that the car last gave for the quantity, else that of its other distances; empty where unknown."""
        known = self.notes.get(f"{metric.name} unit")
        if known is not None or metric.name not in _DISTANCES:
            return str(known or "")
        others = {str(unit) for name in _DISTANCES if (unit := self.notes.get(f"{name} unit"))}
        return others.pop() if len(others) == 1 else ""

    def distance(self, metric: Metric, unit: object, otherwise: str = "") -> float | None:
        """How many km one of the car's units is; None if unknown. ``otherwise`` is the dictionary's unit."""
        given = unit.strip().lower() if isinstance(unit, str) else ""
        return kilometres(given or self.unit(metric) or otherwise)

    def choose(
        self, metric: Metric, names: Sequence[str], told: Iterable[Told], last_resorts: Iterable[str] = ()
    ) -> Told | None:
        """The value to believe: that of the best name in the order of ``names`` that was sent lately, in any message.

        None if only a lesser one is sent now and the better one was within a day: its value stands. A name that a car
        stopped using must not hide forever one that it still uses, so a value that is a day newer goes first; but
        ``last_resorts`` mean something else and only count for a car that never used another name.
        """
        known, day = self._chosen(metric, names)
        values = _eligible(told, known, last_resorts)
        if not values:
            return None
        spoke = {known: (day + 1) * DAY} | {name: entry.at for name, entry in values.items()}
        newest = max(day * DAY, *(entry.at for entry in values.values()))
        lately = (name for name in names if name in spoke and newest - spoke[name] <= DAY)
        name = next(lately, names[-1])  # if an old message is repeated, no name was sent lately
        best = values.get(name)
        if best:
            self.notes[f"{metric.name} key"] = f"{name} {max(best.at // DAY, day if name == known else 0)}"
        return best

    def _chosen(self, metric: Metric, names: Sequence[str]) -> tuple[str, int]:
        """Which name was last believed, and on which day (since 1970) it was last sent."""
        name, _, day = str(self.notes.get(f"{metric.name} key", "")).rpartition(" ")
        return (name, int(day)) if name in names and day.isdecimal() else ("", 0)


def _eligible(told: Iterable[Told], known: str, last_resorts: Iterable[str]) -> dict[str, Told]:
    """The values by their names; those of last resorts only where there are no others, and never were."""
    values = {entry.name: entry for entry in told}
    regular = {name: entry for name, entry in values.items() if name not in last_resorts}
    return regular if regular or (known and known not in last_resorts) else values
