"""Saving what can be read of a damaged database.

SQLite's own ``.recover`` is not built into Debian's library. A stretch of keys is read from both ends, and what is
between is halved, until only what the damaged pages held is left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eink_monitor.store.card import connect

_GRAIN = 64  # keys: a stretch this short that cannot be read is given up
_REFUSALS = 20_000  # after so many failed looks the rest of a table is given up
_ROWS = 2_000  # read, and written in one transaction
_TABLES = ("day", "hour", "reading")  # what is missed most, first
_AT_LAST = 1 << 32

Rows = list[tuple[Any, ...]]


@dataclass
class Tally:
    """Rows saved, and an estimate of the rows lost: the unreadable stretches at the density of the rest."""

    saved: int = 0
    lost: int = 0

    def add(self, saved: int, holes: list[tuple[int, int]], low: int, high: int) -> None:
        """Count a table whose sound rows reach from ``low`` to ``high``."""
        missing = sum(max(0, min(last, high) - max(first, low) + 1) for first, last in holes)
        self.saved += saved
        self.lost += len(holes) + saved * missing // max(high - low + 1 - missing, 1)


@dataclass
class _Table:
    """One table by its integer key, and what was found in it."""

    db: sqlite3.Connection
    name: str
    key: str
    saved: int = 0
    low: int = _AT_LAST
    high: int = 0
    holes: list[tuple[int, int]] = field(default_factory=list)

    def along(self, first: int, last: int) -> Generator[Rows, None, int | None]:
        """Rows from key to key, backwards too; returns the first key that cannot be read, None when all can."""
        low, high, order = (first, last, "ASC") if first <= last else (last, first, "DESC")
        step = 1 if first <= last else -1
        here, batch, sound = first - step, [], False
        query = f"SELECT {self.key}, * FROM {self.name} WHERE {self.key} BETWEEN ? AND ? ORDER BY {self.key} {order}"  # noqa: S608 - our own names
        try:
            for at, *row in self.db.execute(query, (low, high)):
                if not isinstance(at, int) or not low <= at <= high or (at - here) * step < 0:
                    break  # pages that have changed places
                here = at
                batch.append(tuple(row))
                if len(batch) == _ROWS:
                    yield self._count(batch, here)
                    batch = []
            else:
                sound = True
        except sqlite3.Error:
            pass
        if batch:
            yield self._count(batch, here)
        return None if sound else here + step

    def _count(self, batch: Rows, at: int) -> Rows:
        self.saved += len(batch)
        self.low, self.high = min(self.low, at), max(self.high, at)
        return batch

    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest key as far as they can be read; None for an empty table."""
        try:
            if self.db.execute(f"SELECT 1 FROM {self.name} LIMIT 1").fetchone() is None:  # noqa: S608 - as above
                return None
        except sqlite3.Error:
            pass
        return self._end("min", 0), self._end("max", _AT_LAST)

    def _end(self, which: str, otherwise: int) -> int:
        try:
            found = self.db.execute(f"SELECT {which}({self.key}) FROM {self.name}").fetchone()[0]  # noqa: S608 - as above
        except sqlite3.Error:
            return otherwise
        return found if isinstance(found, int) and 0 <= found <= _AT_LAST else otherwise


def sound_rows(
    db: sqlite3.Connection, name: str, key: str, tally: Tally, bounds: tuple[int, int] | None = None
) -> Iterator[Rows]:
    """Every row of a table that can be read, in batches."""
    table = _Table(db, name, key)
    bounds = bounds or table.bounds()
    stretches, refusals = [bounds] if bounds else [], 0
    while stretches:
        first, last = stretches.pop()
        if refusals > _REFUSALS:
            table.holes.append((first, last))
            continue
        stopped = yield from table.along(first, last)
        if stopped is None:
            continue
        refusals += 1
        first = stopped
        if last > first:
            last = (yield from table.along(last, first)) or first
        if last - first < _GRAIN:
            table.holes.append((first, max(first, last)))
        else:
            middle = (first + last) // 2
            stretches += [(first, middle), (middle + 1, last)]
    tally.add(table.saved, table.holes, table.low, table.high)


def salvage(old: sqlite3.Connection, path: Path) -> Tally:
    """Put every sound row of a damaged database into the good one at ``path``, where there is none in its place yet.

    Small transactions, so that the daemon never waits; what is interrupted is simply begun again. The facts "saved"
    and "lost" tell how it went. Raises sqlite3's own errors for the good database only.
    """
    tally = Tally()
    with closing(connect(path, writes=True)) as db:
        db.execute("PRAGMA busy_timeout = 30000")
        numbers = _numbers(old, db)
        for table in _TABLES:
            for rows in sound_rows(old, table, "at", tally):
                whole = [(row[0], numbers[row[1]], *row[2:]) for row in rows if _is_sound(row, numbers)]
                tally.saved -= len(rows) - len(whole)
                tally.lost += len(rows) - len(whole)
                if whole:
                    db.execute("BEGIN IMMEDIATE")
                    places = ", ".join("?" * len(whole[0]))
                    db.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({places})", whole)  # noqa: S608 - our own names
                    db.execute("COMMIT")
        facts = [("saved", tally.saved), ("lost", tally.lost)]
        db.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", facts)
    return tally


def _numbers(old: sqlite3.Connection, db: sqlite3.Connection) -> dict[int, int]:
    """The new number of every series whose old one can still be read; the names were rescued before."""
    new = {
        (subject, metric): number for number, subject, metric in db.execute("SELECT id, subject, metric FROM series")
    }
    found: dict[int, int] = {}
    for query in (
        "SELECT id, subject, metric FROM series ORDER BY subject, metric",  # from the index, the rows may be lost
        "SELECT id, subject, metric FROM series NOT INDEXED",
    ):
        try:
            for number, subject, metric in old.execute(query):
                if (subject, metric) in new:
                    found.setdefault(number, new[subject, metric])
        except sqlite3.Error:
            continue
    return found


def _is_sound(row: tuple[Any, ...], numbers: dict[int, int]) -> bool:
    return row[1] in numbers and all(isinstance(value, int) for value in row)
