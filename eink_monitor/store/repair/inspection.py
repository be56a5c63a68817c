"""Whether a database is intact, checked from outside, while the daemon may be using it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from eink_monitor.store.card import plain_words
from eink_monitor.store.repair import ownership
from eink_monitor.store.schema import VERSION

_MOST = 3  # complaints; more would not help


class Inspection(NamedTuple):
    """The layout the file has, of which this program knows ``VERSION``, and what SQLite complains of."""

    layout: int
    problems: list[str]

    @property
    def newer(self) -> bool:
        """Whether a newer eink-monitor wrote it."""
        return self.layout > VERSION

    @property
    def older(self) -> bool:
        """Whether it must be upgraded before it can be read."""
        return 0 < self.layout < VERSION


def inspect(path: Path) -> Inspection:
    """Inspect a database without changing it. Raises ``StoreError``, ``WrongFile`` for one that is not ours."""
    with plain_words(path):
        ownership.inspect(path)
    with plain_words(path), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        problems = [row[0] for row in db.execute(f"PRAGMA quick_check({_MOST})") if row[0] != "ok"]
    return Inspection(found, problems)
