"""The wear of the panel, by the names of ``model.frame.Wear``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part


class WearCounts(Part):
    """Counters and instants, read when somebody asks; memory has only what is to be kept."""

    def __init__(self, disk: OpenDatabase) -> None:
        self._disk = disk
        self._kept: dict[str, Any] = {}

    def counts(self) -> dict[str, Any]:
        """What is on disk."""
        return dict(self._disk.look("SELECT name, value FROM wear"))

    def keep(self, counts: Mapping[str, Any]) -> None:
        """Remember; written with the next transaction."""
        self._kept = {name: value for name, value in counts.items() if value is not None}

    def write(self) -> None:
        """Put on disk what has changed, inside the caller's transaction."""
        self._disk.executemany(
            """INSERT INTO wear (name, value) VALUES (?, ?)
               ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE value IS NOT excluded.value""",
            self._kept.items(),
        )
