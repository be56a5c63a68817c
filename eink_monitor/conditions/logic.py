"""What joins the parts of a condition: `and`, `or`, `not` by the logic of three values (Kleene), and `for`."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from eink_monitor.conditions import Term, Truth, Witness
from eink_monitor.conditions.terms import Leaf
from eink_monitor.model.reading import Metric, Reading, Run


@dataclass(frozen=True)
class Not:
    """The opposite; of what is unknown unknown."""

    term: Term

    def holds(self, witness: Witness, at: int) -> Truth:
        """Whether the other does not."""
        held = self.term.holds(witness, at)
        return None if held is None else not held


@dataclass(frozen=True)
class Several:
    """Parts joined by `and` (``each``) or by `or`: one that decides is enough, whatever is unknown of the others."""

    terms: tuple[Term, ...]
    each: bool

    def holds(self, witness: Witness, at: int) -> Truth:
        """By the logic of three values (Kleene)."""
        held: Truth = self.each
        for term in self.terms:
            one = term.holds(witness, at)
            if one is (not self.each):
                return one
            held = None if one is None else held
        return held


@dataclass(frozen=True)
class For:
    """A part, without another of these in it, that has held for so many seconds without a break."""

    term: Term
    seconds: int

    def holds(self, witness: Witness, at: int) -> Truth:
        """Whether it holds now and at each instant when it may have changed."""
        if (now := self.term.holds(witness, at)) is False:
            return False
        since = at - self.seconds
        memory = _Memory(witness, since, at)
        points = {since}
        for leaf in leaves(self.term):
            points.update(point for point in leaf.changes(memory, since, at) if since < point < at)
        held: Truth = now
        for point in sorted(points, reverse=True):
            one = self.term.holds(memory, point)
            if one is False:
                return False
            held = None if one is None else held
        return held


class _Memory:
    """A witness that reads a period once, however often it is asked about it."""

    def __init__(self, witness: Witness, since: int, until: int) -> None:
        self.zone = witness.zone
        self.metrics, self.patience, self.ever = witness.metrics, witness.patience, witness.ever
        self.trouble, self.turns, self.day = witness.trouble, witness.turns, witness.day
        self._witness = witness
        self._since, self._until = since, until
        self._read: dict[tuple[str, str], tuple[int, Sequence[Run]]] = {}

    def known(self, subject: str, metric: Metric, at: int, within: int) -> Reading | None:
        """As the witness says."""
        runs = self.runs(subject, metric, min(self._since, at) - within, self._until)
        if not (before := bisect_right(runs, at, key=_start)):
            return None
        end = min(runs[before - 1].end, at)
        return Reading(subject, metric, runs[before - 1].value, end) if at - end <= within else None

    def runs(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Of the stretch, and of as much before it as is asked for."""
        key = (subject, metric.name)
        since = min(since, self._since)
        read = self._read.get(key)
        if read is None or since < read[0]:
            read = self._read[key] = since, self._witness.runs(subject, metric, since, max(until, self._until))
        return read[1]


def _start(run: Run) -> int:
    return run.start


def leaves(term: Term) -> Iterator[Leaf]:
    """The parts of a condition that have no parts themselves."""
    match term:
        case Not(inner) | For(inner):
            yield from leaves(inner)
        case Several(terms):
            for one in terms:
                yield from leaves(one)
        case _:
            yield cast("Leaf", term)


def contains_for(term: Term) -> bool:
    """Whether a duration stands anywhere in it."""
    match term:
        case For():
            return True
        case Not(inner):
            return contains_for(inner)
        case Several(terms):
            return any(map(contains_for, terms))
        case _:
            return False
