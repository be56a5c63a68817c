"""Lists as they stand now: parcels under way, open orders, appointments.

A listing is replaced whole at each poll and ages like a reading: panels show when it was true. An empty one says that
there is nothing; no listing says that nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """One thing of a list: what, when, and how it stands.

    ``start`` and ``end`` are epoch seconds UTC, or None where there is no such time; ``state`` is in the vendor's words
    or ours ("in delivery"); ``stuck`` is whether it needs a hand, and then it stands first.
    """

    title: str
    detail: str = ""
    start: int | None = None
    end: int | None = None
    state: str = ""
    stuck: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """The items of ``subject``'s list ``name`` ("parcels") as they were ``at`` that instant (epoch seconds UTC).

    ``more`` is how many the vendor has beyond these, where it says so.
    """

    subject: str
    name: str
    at: int
    items: tuple[Item, ...]
    more: int = 0

    def rows(self) -> list[tuple[object, ...]]:
        """The items as plain lists, to be stored or sent; ``items_of`` reverses it."""
        return [astuple(item) for item in self.items]


def items_of(rows: Iterable[object]) -> tuple[Item, ...]:
    """What ``Listing.rows`` made. Raises ``ValueError`` or ``TypeError`` for anything else."""
    return tuple(map(_item, rows))


def _item(row: object) -> Item:
    if not isinstance(row, Sequence) or len(row) != len(_KINDS):
        raise ValueError(_NO_ITEMS)
    if not all(type(value) in kinds for value, kinds in zip(row, _KINDS, strict=True)):
        raise ValueError(_NO_ITEMS)
    return Item(*row)


_NO_ITEMS = "these are no items of a listing"
_MAYBE = (int, type(None))
_KINDS: tuple[tuple[type, ...], ...] = ((str,), (str,), _MAYBE, _MAYBE, (str,), (bool,))
