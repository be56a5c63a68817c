"""Saving what can be read of a damaged database, page by page.

SQLite's own ``.recover`` is not built into Debian's library, and a query gets nowhere when the top of a tree is lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from eink_monitor.clock import DAY
from eink_monitor.metrics import METRICS
from eink_monitor.store.card import connect
from eink_monitor.store.late import LONGEST_RUN
from eink_monitor.store.pages import Record, Scan, names

_ROWS = 2_000  # written in one transaction
_OLDEST = 946_684_800  # 2000-01-01, as in vet.py
_DAYS = range(20_000_101, 100_000_000)  # a local day is kept as 20260528
_BUCKET = """INSERT INTO {} VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (at, series) DO UPDATE SET
             n = excluded.n, total = excluded.total, low = excluded.low, high = excluded.high, last = excluded.last
             WHERE excluded.n > n"""
_PUT = {
    "reading": "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)",
    "hour": _BUCKET.format("hour"),
    "day": _BUCKET.format("day"),
}


def salvage(aside: Path, path: Path, now: int) -> tuple[int, int]:
    """Put every row found in a damaged database into the good one at ``path``, where there is none in its place yet.

    Of two copies of one hour or day, the one that counts more measurements is the later. Small transactions, so that
    the daemon never waits; what is interrupted is simply begun again. Returns, and keeps as the facts "saved" and
    "lost", how many rows there are now and about how many are missing. Raises ``sqlite3.Error`` for the good database,
    ``OSError`` for the damaged one.
    """
    scan = Scan()
    with closing(connect(path, writes=True)) as db:
        db.execute("PRAGMA busy_timeout = 30000")
        numbers = _numbers(db, names(aside))
        rows = _rows(scan, aside, numbers, now)
        while some := list(islice(rows, _ROWS)):
            db.execute("BEGIN IMMEDIATE")
            for table, row in some:
                db.execute(_PUT[table], row)
            db.execute("COMMIT")
        saved = sum(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in _PUT)  # noqa: S608 - our own
        facts = [("saved", saved), ("lost", scan.lost)]
        db.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", facts)
    return saved, scan.lost


def _numbers(db: sqlite3.Connection, named: dict[int, tuple[str, str]]) -> dict[int, int]:
    """The number in the good database of every series that the damaged one had a name for."""
    db.execute("BEGIN IMMEDIATE")
    for subject, name in named.values():
        if metric := METRICS.get(name):
            db.execute(
                "INSERT OR IGNORE INTO series (subject, metric, unit, step) VALUES (?, ?, ?, ?)",
                (subject, name, metric.unit, metric.step),
            )
    known = {(subject, name): number for number, subject, name in db.execute("SELECT id, subject, metric FROM series")}
    db.execute("COMMIT")
    return {old: known[name] for old, name in named.items() if name in known}


def _rows(scan: Scan, aside: Path, numbers: dict[int, int], now: int) -> Iterator[tuple[str, Record]]:
    """Every row that makes sense, with the table it belongs to and the series it belongs to now."""
    for record in scan.records_of(aside):
        numeric = [value for value in record if isinstance(value, int)]
        if len(numeric) < len(record) or len(record) not in {4, 7}:
            continue
        table = _table(numeric, now)
        if table and numeric[1] in numbers:
            yield table, [numeric[0], numbers[numeric[1]], *numeric[2:]]
        else:
            scan.lost_cells += 1


def _table(record: list[int], now: int) -> str:
    """Which table of ours a row can be from, or nothing."""
    at = record[0]
    if len(record) == 4:
        return "reading" if _OLDEST <= at <= now + DAY and 0 <= record[3] <= LONGEST_RUN else ""
    _, _, n, total, low, high, last = record
    if n < 1 or not low <= last <= high or not n * low <= total <= n * high:
        return ""
    if at in _DAYS:
        return "day"
    return "hour" if _OLDEST <= at <= now + DAY else ""
