"""The tables, step by step. Each function is applied once and recorded by sqlite-utils in ``_sqlite_migrations``.

This module is imported only when a database is behind: sqlite-utils costs 15 MiB that the daemon need not carry.
Pages are 1 KiB: a commit touches six or seven of them, and three 4 KiB blocks then reach the card instead of seven.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlite_utils import Database, Migrations

from eink_monitor.files import PRIVATE

_APPLICATION_ID = 0x65696E6B  # "eink", as in ownership.py

steps = Migrations("eink-monitor")


@steps()
def m001_readings(db: Database) -> None:
    """Series with their open run, closed runs in order of time, and hourly and daily rows."""
    db.conn.execute(
        """CREATE TABLE series (
             id INTEGER PRIMARY KEY, subject TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL,
             step REAL NOT NULL, start INTEGER, end INTEGER, value INTEGER, UNIQUE (subject, metric))"""
    )
    db.conn.execute(
        """CREATE TABLE reading (
             at INTEGER NOT NULL, series INTEGER NOT NULL REFERENCES series(id), value INTEGER NOT NULL,
             held INTEGER NOT NULL, PRIMARY KEY (at, series)) WITHOUT ROWID"""
    )
    for table in ("hour", "day"):
        db.conn.execute(
            f"""CREATE TABLE {table} (
                  at INTEGER NOT NULL, series INTEGER NOT NULL REFERENCES series(id), n INTEGER NOT NULL,
                  total INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, last INTEGER NOT NULL,
                  PRIMARY KEY (at, series)) WITHOUT ROWID"""
        )
    db.create_view(
        "readings",
        """SELECT datetime(at - held, 'unixepoch') AS since, datetime(at, 'unixepoch') AS until, subject, metric,
             reading.value * step AS value, unit FROM reading JOIN series ON series.id = reading.series
           UNION ALL SELECT datetime(start, 'unixepoch'), datetime(end, 'unixepoch'), subject, metric,
             value * step, unit FROM series WHERE start IS NOT NULL""",
    )


@steps()
def m002_outcomes(db: Database) -> None:
    """Outcomes of polls: the open run of equal outcomes per feed, and the closed runs."""
    columns = """feed TEXT NOT NULL, since INTEGER NOT NULL, at INTEGER NOT NULL, polls INTEGER NOT NULL,
                 took REAL NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL"""
    db.conn.execute(f"CREATE TABLE feed ({columns}, ok_at INTEGER, due INTEGER, stamp INTEGER, UNIQUE (feed))")
    db.conn.execute(f"CREATE TABLE outcome (id INTEGER PRIMARY KEY, {columns})")


@steps()
def m003_ledger(db: Database) -> None:
    """Vendor calls: reserved before they are made, settled after; and accounts a vendor has told to wait."""
    db.conn.execute(
        """CREATE TABLE call (
             id INTEGER PRIMARY KEY, account TEXT NOT NULL, at INTEGER NOT NULL, calls INTEGER NOT NULL,
             settled INTEGER NOT NULL)"""
    )
    db.conn.execute("CREATE INDEX call_account_at ON call (account, at)")
    db.conn.execute("CREATE TABLE account (name TEXT PRIMARY KEY, waits_until INTEGER NOT NULL, why TEXT NOT NULL)")


@steps()
def m004_wear(db: Database) -> None:
    """The wear of the panel: named counters and instants."""
    db.conn.execute("CREATE TABLE wear (name TEXT PRIMARY KEY, value INTEGER)")


@steps()
def m005_facts(db: Database) -> None:
    """What the store must remember about itself: when it was checked, what was saved of a damaged one, which boot."""
    db.conn.execute("CREATE TABLE fact (name TEXT PRIMARY KEY, value)")


@steps()
def m006_ahead(db: Database) -> None:
    """Rows dated in the future, as JSON: hidden until a person deletes them.

    ``sure`` is 0 if nothing vouched for the clock then: if it is put forward past ``at``, they were right.
    """
    db.conn.execute(
        """CREATE TABLE ahead (
             id INTEGER PRIMARY KEY, what TEXT NOT NULL, at INTEGER NOT NULL, series INTEGER NOT NULL,
             row TEXT NOT NULL, sure INTEGER NOT NULL, UNIQUE (what, at, series))"""
    )


@steps()
def m007_hours_and_days(db: Database) -> None:
    """Hours and days with names, units, local dates and kWh.

    Days are those of the configured time zone. An hour is in UTC, and in the time zone of whoever runs the query. The
    mean power of an hour, held for that hour, is its energy; the counter of a day that starts anew at midnight ends as
    the day's energy, and one that never does has grown by it.
    """
    figures = """subject, metric, unit, n AS measurements, round(low * step, 6) AS low,
                 round(total * step / n, 6) AS mean, round(high * step, 6) AS high, round(last * step, 6) AS last"""
    db.create_view(
        "hours",
        f"""SELECT datetime(at, 'unixepoch') AS utc, datetime(at, 'unixepoch', 'localtime') AS local,
              date(at, 'unixepoch', 'localtime') AS date, {figures},
              CASE unit WHEN 'W' THEN round(total * step / n / 1000.0, 3) END AS kwh
            FROM hour JOIN series ON series.id = hour.series""",  # noqa: S608 - constants
    )
    db.create_view(
        "days",
        f"""SELECT printf('%04d-%02d-%02d', at / 10000, at / 100 % 100, at % 100) AS date, {figures},
              CASE WHEN unit = 'Wh' AND metric GLOB '*_today' THEN round(last * step / 1000.0, 3)
                   WHEN unit = 'Wh' AND metric GLOB '*_lifetime'
                   THEN round((high - low) * step / 1000.0, 3) END AS kwh
            FROM day JOIN series ON series.id = day.series""",  # noqa: S608 - constants
    )


@steps()
def m008_outlooks(db: Database) -> None:
    """Forecasts: the newest outlook of each metric, and the Wh expected of each day the day before.

    ``slots`` is a list of [start, length, [value, ...]], values in steps. No index, and ``issued_at`` before the names:
    nothing of this can be taken for the names of series where those of a damaged database are looked for (pages.py).
    """
    db.conn.execute(
        """CREATE TABLE outlook (
             id INTEGER PRIMARY KEY, issued_at INTEGER NOT NULL, subject TEXT NOT NULL, metric TEXT NOT NULL,
             unit TEXT NOT NULL, step REAL NOT NULL, end INTEGER NOT NULL, attribution TEXT NOT NULL,
             slots TEXT NOT NULL)"""
    )
    db.conn.execute(
        """CREATE TABLE expectation (
             id INTEGER PRIMARY KEY, subject TEXT NOT NULL, metric TEXT NOT NULL, day INTEGER NOT NULL,
             energy INTEGER NOT NULL)"""
    )
    db.create_view(
        "outlooks",
        """SELECT subject, metric, unit, datetime(issued_at, 'unixepoch') AS issued,
             datetime(stretch.value ->> 0 + slot.key * (stretch.value ->> 1), 'unixepoch') AS since,
             datetime(stretch.value ->> 0 + (slot.key + 1) * (stretch.value ->> 1), 'unixepoch') AS until,
             round(slot.value * step, 6) AS value, attribution
           FROM outlook, json_each(slots) AS stretch, json_each(stretch.value, '$[2]') AS slot""",
    )


@steps()
def m009_listings_and_events(db: Database) -> None:
    """What is listed now, each list replaced whole, and what happened once, by its key.

    ``items`` is a list of [title, detail, start, end, state, stuck], ``rest`` is [figures, words]. Neither has the
    width of a series, nor has the index (see m008).
    """
    db.conn.execute(
        """CREATE TABLE listing (
             id INTEGER PRIMARY KEY, at INTEGER NOT NULL, more INTEGER NOT NULL, subject TEXT NOT NULL,
             name TEXT NOT NULL, items TEXT NOT NULL)"""
    )
    db.conn.execute(
        """CREATE TABLE event (
             id INTEGER PRIMARY KEY, start INTEGER NOT NULL, end INTEGER, subject TEXT NOT NULL, kind TEXT NOT NULL,
             key TEXT NOT NULL, rest TEXT NOT NULL)"""
    )
    db.conn.execute("CREATE INDEX event_key ON event (key)")
    db.create_view(
        "listings",
        """SELECT subject, name, datetime(at, 'unixepoch') AS utc, item.value ->> 0 AS title,
             item.value ->> 1 AS detail, datetime(item.value ->> 2, 'unixepoch') AS since,
             datetime(item.value ->> 3, 'unixepoch') AS until, item.value ->> 4 AS state, item.value ->> 5 AS stuck
           FROM listing, json_each(items) AS item""",
    )
    db.create_view(
        "events",
        """SELECT subject, kind, key, datetime(start, 'unixepoch') AS since, datetime(end, 'unixepoch') AS until,
             rest -> 0 AS figures, rest -> 1 AS words
           FROM event""",
    )


def apply(path: Path, version: int) -> None:
    """Bring the database at ``path`` up to ``version``. Nobody but its owner needs to read it from then on."""
    db = Database(path)
    try:
        _step_up(db, version)
    finally:
        db.close()
    path.chmod(PRIVATE)


def blank(version: int) -> bytes:
    """The content of an empty database, to be held in memory."""
    with closing(Database(memory=True)) as db:
        db.execute("PRAGMA page_size = 1024")
        db.execute("PRAGMA auto_vacuum = NONE")
        _step_up(db, version)
        content: bytes = db.conn.serialize()
    return content


def _step_up(db: Database, version: int) -> None:
    steps.apply(db)
    db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    db.execute(f"PRAGMA user_version = {version}")
