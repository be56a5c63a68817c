"""The interface of a store's parts, which are read, written and dropped together."""

from __future__ import annotations


class Part:
    """One kind of row, in memory and on disk. A part implements what it needs of this; only ``Store`` commits."""

    @property
    def pending(self) -> bool:
        """Whether anything of it waits to be written that no other part reports."""
        return False

    def reload(self) -> None:
        """Read from disk again what is there. What ``pending`` tells of is kept."""

    def adopt(self) -> None:
        """All parts have been reread: restore what was known before and is not on disk."""

    def write(self) -> None:
        """Put what is only in memory on disk, at the beginning of the caller's transaction."""

    def finish(self) -> None:
        """Put there, too, what has changed in the course of the transaction."""

    def written(self) -> None:
        """The transaction is durable."""

    def drop(self) -> None:
        """Another database is open now: forget what only applied to the previous one."""
