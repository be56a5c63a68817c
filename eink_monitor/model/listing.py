"""Lists as they stand now: parcels under way, open orders, appointments.

A listing is replaced whole at each poll and ages like a reading: panels show when it was true. An empty one says that
there is nothing; no listing says that nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass


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
