"""A frame, and the wear of the panel that shows it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture for a display: rows of ``(width + 7) // 8`` bytes, most significant bit leftmost, 1 is white.

    ``name`` is the panel it came from; two frames with the same bits are the same frame. ``red`` is a second plane of
    the same shape, in which 1 is what a display with red (or yellow) ink shows in that; all of it is black in ``bits``.
    It is empty where nothing is red.
    """

    width: int
    height: int
    bits: bytes = field(repr=False)
    name: str = field(default="", compare=False)
    red: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Wear:
    """The wear of a panel; kept in the database, because no panel lasts forever.

    ``full`` and ``partial`` count refreshes since the panel was new, ``since_full`` the partial ones in a row.
    ``last_full`` and ``last`` are when (epoch seconds UTC) the last full one ended and when the ink last moved.
    """

    full: int = 0
    partial: int = 0
    since_full: int = 0
    last_full: int | None = None
    last: int | None = None

    def count(self, now: int, *, partial: bool, done: bool = True) -> None:
        """Count a refresh at ``now``; after a full one that failed (not ``done``), the next must be full."""
        self.last = now
        if partial:
            self.partial += 1
            self.since_full += 1
            return
        self.full += 1
        if done:
            self.since_full, self.last_full = 0, now
