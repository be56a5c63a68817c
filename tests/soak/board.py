"""What the daemon of a soak shows of itself while it lives, in memory that outlives it; and what it is bidden there."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

FEEDS = ("attic", "car", "here", "roof")
"""The neighbours: whatever happens, what they measure goes on."""

_PLACES = ("now", "polls", "frames", "begun", "stored", "short of forks", "greedy", *FEEDS)
_SHAPE = struct.Struct("q")


class Board:
    """Whole numbers by name.

    ``now``: epoch seconds of the simulated now; ``polls`` of this process; ``frames`` drawn, ``begun`` houses (one more
    with every reload) and ``stored`` readings of all processes; for each feed when it was last well. The daemon's forks
    fail while ``short of forks`` is 1, and its feed ``mob`` eats processes while ``greedy`` is.
    """

    def __init__(self, folder: Path, now: int | None = None) -> None:
        """Look at the one in ``folder``, or put up a new one that begins at ``now``."""
        path = folder / "board"
        if now is not None:
            path.write_bytes(bytes(_SHAPE.size * len(_PLACES)))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), _SHAPE.size * len(_PLACES))
        if now is not None:
            self["now"] = now

    def __getitem__(self, name: str) -> int:
        return int(_SHAPE.unpack_from(self._memory, _SHAPE.size * _PLACES.index(name))[0])

    def __setitem__(self, name: str, value: int) -> None:
        _SHAPE.pack_into(self._memory, _SHAPE.size * _PLACES.index(name), value)
