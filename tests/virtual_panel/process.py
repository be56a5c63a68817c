"""Who may touch the hardware: the process that made the panel, and none of its forked children."""

from __future__ import annotations

import mmap
import os
import struct


class Owner:
    """Counts, in memory that forked children share, every use by a process other than the one that made this."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._count = mmap.mmap(-1, 8)

    @property
    def foreign_uses(self) -> int:
        """How often a child used SPI or GPIO."""
        return int(struct.unpack("q", self._count[:8])[0])

    def foreign(self) -> bool:
        """Whether this is a child; counts if so."""
        if os.getpid() == self.pid:
            return False
        self._count[:8] = struct.pack("q", self.foreign_uses + 1)
        return True

    def mine(self) -> bool:
        """Whether this is the process that made the panel."""
        return os.getpid() == self.pid

    def check(self, what: str) -> None:
        """Raise what a descriptor of somebody else's would: the count is what a test should look at."""
        if self.foreign():
            raise PermissionError(f"{what} in a forked child")
