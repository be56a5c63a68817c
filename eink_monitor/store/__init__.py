"""The store: the only module that speaks SQL, and the only meeting point of fetching and drawing.

The daemon is the only regular writer. What comes in is usable at once and kept in memory until ``flush`` writes it in
one transaction (six small commits write three times as much to an SD card). When another process, such as
``eink-monitor poll``, has written meanwhile, ``sync`` notices, reads again and takes what was only in memory in anew.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from eink_monitor.errors import StoreError
from eink_monitor.model import Outcome, Quota, Reading
from eink_monitor.store.ledger import Ledger
from eink_monitor.store.outcomes import Outcomes, Past
from eink_monitor.store.readings import Readings

__all__ = ["Past", "Store"]

VERSION = 4  # the number of steps in migrations.py

_BUSY = 5.0  # seconds to wait for another process's transaction


class Store:
    """One open database. Not for use across a fork."""

    def __init__(self, path: Path, zone: ZoneInfo, *, writes: bool = True, durable: bool = True) -> None:
        """Open, creating or upgrading it where needed; ``writes=False`` opens it for looking only.

        ``durable=False`` is for simulations. Raises ``StoreError``.
        """
        self.path = path
        self._durable = durable
        with plain_words(path):
            if writes:
                _upgrade(path)
            elif not path.exists():
                raise StoreError(f"there is no database at {path} yet; start the daemon or poll a source first")
            self._db = _connect(path, writes=writes, durable=durable)
            self.readings = Readings(self._db, zone)
            self.outcomes = Outcomes(self._db)
            self.ledger = Ledger(self._db, zone)
            self._seen = self._version()
        self._wear: dict[str, Any] = {}
        self._pending: list[tuple[list[Reading], int]] = []
        self._pending_outcomes: list[tuple[Outcome, int | None, int]] = []

    def add(self, readings: Iterable[Reading], spacing: int) -> None:
        """Take readings in (see ``Readings.add``); durable after the next ``flush``."""
        batch = list(readings)
        self.readings.add(batch, spacing)
        self._pending.append((batch, spacing))

    def note(self, outcome: Outcome, due: int | None, stamp: int) -> None:
        """Take an outcome in; durable after the next ``flush``."""
        self.outcomes.add(outcome, due, stamp)
        self._pending_outcomes.append((outcome, due, stamp))

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._pending or self._pending_outcomes)

    def flush(self) -> None:
        """Write everything in one durable transaction. Raises ``StoreError`` and loses nothing when it cannot."""
        with self.transaction():
            pass

    def reserve(self, quota: Quota, cost: int, now: int, *, force: bool = False) -> int:
        """Book vendor calls, durable before this returns (see ``Ledger.reserve``)."""
        with self.transaction():
            return self.ledger.reserve(quota, cost, now, force=force)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction that also carries all that is only in memory; all or nothing."""
        with plain_words(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self.sync()
                self.readings.write()
                self.outcomes.write()
                self.ledger.write()
                self._db.executemany("INSERT OR REPLACE INTO wear (name, value) VALUES (?, ?)", self._wear.items())
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        self.readings.written()
        self.outcomes.written()
        self.ledger.written()
        self._pending.clear()
        self._pending_outcomes.clear()

    def sync(self) -> None:
        """Notice what another process wrote; a simulation has its database to itself."""
        if not self._durable:
            return
        with plain_words(self.path):
            version = self._version()
            if version == self._seen:
                return
            self._seen = version
            self.readings.reload()
            self.outcomes.reload()
            for batch, spacing in self._pending:
                self.readings.add(batch, spacing)
            for outcome, due, stamp in self._pending_outcomes:
                self.outcomes.add(outcome, due, stamp)

    def wear(self) -> dict[str, Any]:
        """What the panel has been through, by the names of ``model.Wear``."""
        with plain_words(self.path):
            return dict(self._db.execute("SELECT name, value FROM wear").fetchall())

    def keep_wear(self, wear: dict[str, Any]) -> None:
        """Remember what the panel has been through; durable after the next ``flush``."""
        self._wear = {name: value for name, value in wear.items() if value is not None}

    def rows(self) -> dict[str, int]:
        """How many rows each table holds."""
        tables = ("series", "reading", "hour", "day", "feed", "outcome", "call")
        count = "SELECT count(*) FROM {}"
        return {table: int(self._db.execute(count.format(table)).fetchone()[0]) for table in tables}

    def size(self) -> int:
        """Bytes of the database file, without its log."""
        return self.path.stat().st_size

    def backup(self, target: Path) -> None:
        """Write a consistent copy while the daemon runs. Raises ``StoreError``."""
        with plain_words(target):
            partial = target.with_name(target.name + ".partial")
            partial.unlink(missing_ok=True)
            self._db.execute("VACUUM INTO ?", (str(partial),))
            partial.replace(target)

    def close(self) -> None:
        """Close without writing; call ``flush`` first."""
        self._db.close()

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])


def _upgrade(path: Path) -> None:
    """Create or migrate in a child process, which gives the memory of sqlite-utils back when it ends."""
    found = 0
    if path.exists() and path.stat().st_size:
        db = sqlite3.connect(path, timeout=_BUSY)
        try:
            found = db.execute("PRAGMA user_version").fetchone()[0]
        finally:
            db.close()
    if found == VERSION:
        return
    if found > VERSION:
        raise StoreError(
            f"{path} was written by a newer eink-monitor (layout {found}, this one knows {VERSION}); upgrade"
        )
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _migrate(path, writer)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as answers:
        complaint = answers.read()
    os.waitpid(child, 0)
    if complaint != "done":
        raise StoreError(complaint or f"{path} could not be created: the upgrade was interrupted; start again")


def _migrate(path: Path, writer: int) -> None:
    """The child's half of ``_upgrade``; never returns."""
    answer = "done"
    try:
        from eink_monitor.store import migrations  # noqa: PLC0415 - brings sqlite-utils

        with plain_words(path):
            migrations.apply(path, VERSION)
    except StoreError as error:
        answer = str(error)
    finally:
        os.write(writer, answer.encode())
        os._exit(0)


def _connect(path: Path, *, writes: bool, durable: bool) -> sqlite3.Connection:
    mode = "rwc" if writes else "ro"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=_BUSY, isolation_level=None)
    pragmas = ["cache_size = -512", "foreign_keys = ON", "temp_store = MEMORY"]
    if writes:
        pragmas += [
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "wal_autocheckpoint = 1000",
            "journal_size_limit = 4000000",
        ]
    for pragma in pragmas:
        db.execute(f"PRAGMA {pragma}")
    return db


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into one sentence about the card."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(_sentence(path, getattr(error, "sqlite_errorname", ""), str(error))) from error
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _sentence(path: Path, code: str, text: str) -> str:
    for prefix, words in _SENTENCES.items():
        if code.startswith(prefix):
            return f"{path}: {words}"
    return f"{path}: {text}"


_SENTENCES = {
    "SQLITE_FULL": "the card is full; free some space",
    "SQLITE_READONLY": "the card or the folder is read-only",
    "SQLITE_IOERR": "the card cannot be read or written",
    "SQLITE_CORRUPT": "the database is damaged",
    "SQLITE_NOTADB": "this file is not a database",
    "SQLITE_BUSY": "another program holds the database; try again",
    "SQLITE_CANTOPEN": "cannot be opened; is the folder there, and may this user write in it?",
}
