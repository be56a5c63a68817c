"""What the store remembers about itself: named values that survive a restart."""

from __future__ import annotations

from typing import Any

from eink_monitor.store.card import Disk


class Facts:
    """Facts in memory and on disk. Nothing here commits; ``Store`` does."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._changed: dict[str, Any] = {}
        self._known: dict[str, Any] = {}
        self.reload()

    def reload(self) -> None:
        """Read them from disk again."""
        self._known = dict(self._disk.execute("SELECT name, value FROM fact").fetchall())

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - a fact is a number or a text
        """What is known under a name."""
        value = self._changed.get(name, self._known.get(name))
        return default if value is None else value

    def set(self, **facts: int | str | None) -> None:
        """Remember; None forgets. Durable with the next transaction."""
        self._changed.update({name: value for name, value in facts.items() if value != self.get(name)})

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._changed)

    def drop(self) -> None:
        """Forget what is only in memory: it was found out about another database."""
        self._changed.clear()

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._disk.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", self._changed.items())

    def written(self) -> None:
        """The transaction is durable."""
        self._known.update(self._changed)
        self._changed.clear()
