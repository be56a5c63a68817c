"""Salvage: saving what can be read of a damaged database, page by page.

SQLite's own ``.recover`` is not built into Debian's library, and a query fails when the root of a tree is lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from math import inf
from pathlib import Path
from typing import NamedTuple, cast

from eink_monitor.metrics import METRICS
from eink_monitor.store.card import connect
from eink_monitor.store.repair.overflow import rows_of
from eink_monitor.store.repair.pages import Record, Scan, names
from eink_monitor.store.repair.rows import is_sound, table_of, width

_READING = 4  # columns
_ROWS = 2_000  # written in one transaction
_BUCKET = """INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (at, series) DO UPDATE SET
             n = excluded.n, total = excluded.total, low = excluded.low, high = excluded.high, last = excluded.last
             WHERE excluded.n > n"""
_PUT = {
    "reading": "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)",
    "hour": _BUCKET.format("hour"),
    "day": _BUCKET.format("day"),
}
Names = Mapping[int, Sequence[tuple[str, str]]]
_AHEAD = "SELECT 1 FROM ahead WHERE what = ? AND at = ? AND series = ?"


class Salvaged(NamedTuple):
    """What came of it, in rows of the damaged file: those that are in the good one, and about how many it had more.

    ``missing`` is how many could be read but are not there: the salvage is complete when it is 0.
    """

    saved: int
    lost: int
    missing: int


def salvage(quarantined: Path, path: Path) -> Salvaged:
    """Put every row found in a damaged database into the good one at ``path``, unless it has that row already.

    Of two copies of one hour or day, the one that counts more measurements is the later. Transactions are small, so
    that the daemon never waits; an interrupted salvage simply starts again. At the end each row is checked once more.
    Raises ``sqlite3.Error`` for the good database, ``OSError`` for the damaged one.
    """
    named = names(quarantined)
    with closing(connect(path, writes=True)) as db:
        db.execute("PRAGMA busy_timeout = 30000")
        numbers = _numbers(db, named)
        rows = _rows(Scan(), quarantined, numbers, _ranges(db))
        while some := list(islice(rows, _ROWS)):
            db.execute("BEGIN IMMEDIATE")
            for table, row in some:
                db.execute(_PUT[table], row)
            db.execute("COMMIT")
        _put_events(db, quarantined)
    with closing(connect(path, writes=False)) as db:
        return _counted(db, quarantined, _known(db, named))


def _put_events(db: sqlite3.Connection, quarantined: Path) -> None:
    """Every event whose key the good database does not have yet; it came first in a log, so the latest version wins."""
    known = set(db.execute("SELECT subject, kind, key FROM event"))
    lost = [row for row in _events(quarantined) if None not in row[3:] and tuple(row[3:6]) not in known]
    latest = {tuple(row[3:6]): row[1:] for row in reversed(lost)}
    db.execute("BEGIN IMMEDIATE")
    db.executemany(
        "INSERT INTO event (start, end, subject, kind, key, rest) VALUES (?, ?, ?, ?, ?, ?)", latest.values()
    )
    db.execute("COMMIT")


def _events(quarantined: Path) -> Iterator[Record]:
    """Every row of an event that makes sense, those of the log first; a text of which a part is lost is None."""
    rows = rows_of(quarantined, width("event"))
    return (
        row for row in rows if is_sound("event", [*row[:3], *("lost" if text is None else text for text in row[3:])])
    )


def _counted(db: sqlite3.Connection, quarantined: Path, numbers: dict[int, int]) -> Salvaged:
    """Go through the damaged file again and look for each of its rows in the good one; one in its log counts once."""
    scan, logged = Scan(), set[tuple[object, ...]]()
    saved = missing = 0
    for table, row in _rows(scan, quarantined, numbers, _ranges(db)):
        key = (table, *row[:2])
        if key in logged:
            continue
        if scan.pages <= scan.in_log:
            logged.add(key)
        there = db.execute(f"SELECT 1 FROM {table} WHERE at = ? AND series = ?", row[:2]).fetchone()  # noqa: S608 - our own
        if there or db.execute(_AHEAD, key).fetchone():
            saved += 1
        else:
            missing += 1
    told = {tuple(row[3:6]) for row in _events(quarantined)}
    there = told & set(db.execute("SELECT subject, kind, key FROM event"))
    return Salvaged(saved + len(there), scan.lost, missing + len(told - there))


def _numbers(db: sqlite3.Connection, named: Names) -> dict[int, int]:
    """The number in the good database of every series that the damaged one had a name for."""
    db.execute("BEGIN IMMEDIATE")
    known = _known(db, named)
    for number, ((subject, name), *_) in named.items():
        if number not in known and (metric := METRICS.get(name)):
            db.execute(
                "INSERT OR IGNORE INTO series (subject, metric, unit, step) VALUES (?, ?, ?, ?)",
                (subject, name, metric.unit, metric.step),
            )
    db.execute("COMMIT")
    return _known(db, named)


def _known(db: sqlite3.Connection, named: Names) -> dict[int, int]:
    """Of several names for one series, the one of which the good database knows the newest reading."""
    rows = db.execute("SELECT subject, metric, id, coalesce(end, 0) FROM series")
    good = {(subject, name): (end, number) for subject, name, number, end in rows}
    found = {old: max((good[name] for name in said if name in good), default=None) for old, said in named.items()}
    return {old: series[1] for old, series in found.items() if series}


def _ranges(db: sqlite3.Connection) -> dict[int, tuple[float, float]]:
    """The lowest and the highest plausible value of every series, in steps."""
    found = {}
    for number, name, step in db.execute("SELECT id, metric, step FROM series"):
        if metric := METRICS.get(name):
            found[number] = (metric.low / step, metric.high / step)
    return found


def _rows(
    scan: Scan, quarantined: Path, numbers: dict[int, int], ranges: dict[int, tuple[float, float]]
) -> Iterator[tuple[str, Record]]:
    """Every row that makes sense, with the table it belongs to and the series it belongs to now."""
    for record in scan.records_of(quarantined):
        if len(record) not in {4, 7}:
            continue
        table = table_of(record)  # nothing for what are not all whole numbers
        series = numbers.get(cast("int", record[1])) if table else None
        if series is not None and _is_possible(record, *ranges.get(series, (-inf, inf))):
            yield table, [record[0], series, *record[2:]]
        else:
            scan.lost_cells += 1


def _is_possible(record: Record, low: float, high: float) -> bool:
    """Whether the value, or the lowest and the highest of an hour or a day, can have been measured."""
    values = record[2:3] if len(record) == _READING else record[4:6]
    return all(low <= cast("int", value) <= high for value in values)
