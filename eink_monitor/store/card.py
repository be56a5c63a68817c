"""The database file: opening it, and one plain sentence for whatever goes wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eink_monitor.errors import Damaged, StoreError, Trouble

BUSY = 5.0  # seconds to wait for another process's transaction


class OpenDatabase:
    """The connection of a store, which may be replaced.

    ``look`` is for panels: it never raises, returns nothing instead, and records why in ``fault``.
    """

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self.db = db
        self.path = path
        self.fault: sqlite3.Error | None = None

    def look(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows, or none when the card cannot be read."""
        try:
            return self.db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.fault = error
        except (ValueError, OverflowError) as error:
            self.garbled(error)
        return []

    def garbled(self, error: Exception) -> None:
        """What was read makes no sense: treat it like an error of SQLite's."""
        self.fault = sqlite3.DatabaseError(str(error))
        self.fault.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def execute(self, statement: str, values: Sequence[object] | Mapping[str, object] = ()) -> sqlite3.Cursor:
        """As sqlite3's. Repeated parameters are named: some Pythons confuse numbered ones."""
        return self.db.execute(statement, values)

    def executemany(self, statement: str, rows: Collection[Sequence[object]]) -> None:
        """As sqlite3 does it, if there are any rows."""
        if rows:
            self.db.executemany(statement, rows)


def connect(path: Path, *, writes: bool, durable: bool = True, immutable: bool = False) -> sqlite3.Connection:
    """Open what is there. ``immutable`` reads a database on a read-only card, without what is still in its log."""
    mode = "rw" if writes else "ro"
    uri = f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' * immutable}"
    db = sqlite3.connect(uri, uri=True, timeout=BUSY, isolation_level=None)
    pragmas = ["cache_size = -512", "foreign_keys = ON", "temp_store = MEMORY"]
    if writes:
        pragmas += [
            "journal_mode = WAL",  # of a copy it is not
            f"synchronous = {'FULL' if durable else 'OFF'}",
            "wal_autocheckpoint = 1000",
            "journal_size_limit = 4000000",
        ]
    with closed_on_error(db):
        for pragma in pragmas:
            db.execute(f"PRAGMA {pragma}")
    return db


@contextmanager
def closed_on_error(db: sqlite3.Connection) -> Iterator[None]:
    """Close a connection unless everything succeeded."""
    try:
        yield
    except BaseException:
        db.close()
        raise


@contextmanager
def plain_words(path: Path, *, ours: bool = False) -> Iterator[None]:
    """Turn errors of SQLite and the file system into one sentence.

    Where what is done is only to read a database of ``ours``, whatever else is raised comes from what it holds, and is
    damage; elsewhere only texts and numbers are that cannot be.
    """
    try:
        yield
    except Trouble:
        raise
    except sqlite3.Error as error:
        raise in_words(path, error, ours=ours) from error
    except OSError as error:
        raise StoreError(f"{_ERRNO.get(error.errno or 0, error.strerror)} ({path})") from error
    except Exception as error:
        if ours or isinstance(error, (UnicodeDecodeError, OverflowError)):
            raise Damaged(f"the database is damaged: it holds what we never wrote ({path})") from error
        raise


def in_words(path: Path, error: sqlite3.Error, *, ours: bool = False) -> StoreError:
    """What an error of SQLite means, for the user."""
    extended = getattr(error, "sqlite_errorcode", 0)
    code = extended & 0xFF
    words, kind = _SENTENCES.get(code, (str(error), StoreError))
    odd = code == sqlite3.SQLITE_ERROR and not str(error).startswith(_NO_DAMAGE)
    if odd or extended == _SHORT_READ or (ours and code not in _ENVIRONMENT):
        words, kind = _SENTENCES[code if code in _DAMAGE else sqlite3.SQLITE_CORRUPT]
    if code in _FORBIDDEN and not _writable(path):
        words = _NOT_OURS
    return kind(f"{words} ({path})")


def is_damage(path: Path, error: sqlite3.Error) -> bool:
    """Whether an error of SQLite, where a database of ours was only read, comes from what it holds."""
    return isinstance(in_words(path, error, ours=True), Damaged)


def _writable(path: Path) -> bool:
    """Whether this user has permission to write there."""
    try:
        frozen = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    except OSError:
        return True
    return bool(frozen) or all(os.access(place, os.W_OK) for place in (path.parent, path) if place.exists())


_NO_DAMAGE = ("cannot ", "output file", "unable to open")  # all else that our statements can be told is in the tables
_NOT_OURS = "this user may not write to it, which SQLite needs even for reading; run this as its owner"
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_SHORT_READ = 522  # SQLITE_IOERR_SHORT_READ: a file that ends too soon


_SENTENCES: dict[int, tuple[str, type[StoreError]]] = {
    sqlite3.SQLITE_FULL: ("the disk is full; free some space", StoreError),
    sqlite3.SQLITE_READONLY: ("the disk is read-only; is the card worn out, or is it mounted read-only?", StoreError),
    sqlite3.SQLITE_IOERR: ("the disk cannot be read or written; is the card worn out?", StoreError),
    sqlite3.SQLITE_BUSY: ("another program holds the database; try again", StoreError),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened; does its folder exist, and may this user write to it?",
        StoreError,
    ),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", Damaged),
    sqlite3.SQLITE_CONSTRAINT: ("the database is damaged: it contradicts itself", Damaged),
    sqlite3.SQLITE_NOTADB: ("this file is not a database, or its beginning is damaged", Damaged),
}
_DAMAGE = {code for code, (_, kind) in _SENTENCES.items() if kind is Damaged}
_ENVIRONMENT = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_PROTOCOL,
}
_ERRNO = {
    13: _NOT_OURS,
    28: "the disk is full; free some space",
    30: "the disk is read-only; is the card worn out, or is it mounted read-only?",
    5: "the disk cannot be read or written; is the card worn out?",
}
