"""Which registers are asked for together: as few requests as the device allows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

MOST_REGISTERS, MOST_BITS = 125, 2000
"""What one answer of the protocol can hold."""


class Stretch(NamedTuple):
    """Registers, or bits, that stand one after the other: of which kind, from which address, and how many."""

    kind: str
    start: int
    size: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.size

    def holds(self, other: Stretch) -> bool:
        """Whether all of another one lies inside."""
        return self.kind == other.kind and self.start <= other.start and other.end <= self.end


def together(wanted: Iterable[Stretch], gap: int, at_once: int) -> list[Stretch]:
    """Stretches that hold all that is wanted, each whole; up to ``gap`` that nobody wants may lie between two."""
    joined: list[Stretch] = []
    for one in sorted(set(wanted)):
        last = joined[-1] if joined else None
        if last and last.kind == one.kind and one.start - last.end <= gap:
            end = max(last.end, one.end)
            if end - last.start <= _most(one.kind, at_once):
                joined[-1] = last._replace(size=end - last.start)
                continue
        joined.append(one)
    return joined


def _most(kind: str, at_once: int) -> int:
    return MOST_BITS if kind in {"coil", "discrete"} else at_once
