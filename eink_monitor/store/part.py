"""What every part of a store can do, so that all of them are read, written and dropped together."""

from __future__ import annotations


class Part:
    """Things of one kind, in memory and on disk. A part does what it must of this; nothing commits, ``Store`` does."""

    @property
    def pending(self) -> bool:
        """Whether anything of it waits to be written that no other part answers for."""
        return False

    def reload(self) -> None:
        """Read from disk again what is there. What ``pending`` tells of is kept."""

    def adopt(self) -> None:
        """All parts are read again: take in what was known before and the disk knows nothing of."""

    def write(self) -> None:
        """Put what is only in memory on disk, at the beginning of the caller's transaction."""

    def finish(self) -> None:
        """Put there, too, what has changed in the course of the transaction."""

    def written(self) -> None:
        """The transaction is durable."""

    def drop(self) -> None:
        """Another database is open now: forget what was only true of the one before."""
