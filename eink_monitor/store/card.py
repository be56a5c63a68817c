"""The file on the card: opening, creating and upgrading it, and one plain sentence for whatever goes wrong with it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NoReturn

from eink_monitor.errors import Damaged, StoreError, WrongFile

VERSION = 6  # the number of steps in migrations.py

_BUSY = 5.0  # seconds to wait for another process's transaction


class Disk:
    """The connection of a store, which may be another one tomorrow.

    ``look`` is the way of the panels: it never fails, draws a gap instead, and remembers why in ``fault``.
    """

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.fault: sqlite3.Error | None = None

    def look(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """The rows, or none when the card cannot be read."""
        try:
            return self.db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            self.fault = error
            return []

    def execute(self, statement: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        """As sqlite3 does it."""
        return self.db.execute(statement, values)

    def executemany(self, statement: str, rows: Collection[Sequence[object]]) -> None:
        """As sqlite3 does it, if there are any rows."""
        if rows:
            self.db.executemany(statement, rows)


def connect(path: Path, *, writes: bool, durable: bool = True, immutable: bool = False) -> sqlite3.Connection:
    """Open what is there. ``immutable`` reads a database on a read-only card, without what is still in its log."""
    mode = "rwc" if writes else "ro"
    uri = f"{path.resolve().as_uri()}?mode={mode}{'&immutable=1' * immutable}"
    db = sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)
    pragmas = ["cache_size = -512", "foreign_keys = ON", "temp_store = MEMORY"]
    if writes:
        pragmas += [
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
    """Whoever opened it has it only if all went well; else nobody does, and it is closed."""
    try:
        yield
    except BaseException:
        db.close()
        raise


def upgrade(path: Path) -> None:
    """Create or migrate in a child process, which gives the memory of sqlite-utils back when it ends."""
    if layout(path) == VERSION:
        return
    answer = _in_a_child(lambda: _migrate(path))
    if answer != b"done":
        words = f"the upgrade of {path} was interrupted; start again"
        raise StoreError(answer.decode() or words)


def layout(path: Path) -> int:
    """The version of the tables in a database, 0 where there are none yet. Raises ``WrongFile`` and sqlite3's own."""
    if not path.exists() or not path.stat().st_size:
        return 0
    with closing(sqlite3.connect(path, timeout=_BUSY)) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
    if found > VERSION:
        raise WrongFile(
            f"{path} was written by a newer eink-monitor (layout {found}, this one knows {VERSION}); upgrade"
        )
    return found


def in_memory() -> sqlite3.Connection:
    """An empty database without a file, for as long as there is no card to write on."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    with closed_on_error(db):
        db.deserialize(_in_a_child(_blank))
    return db


def _in_a_child(work: Callable[[], bytes]) -> bytes:
    """What a forked child answers; nothing when it dies."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    return answer


def _answer(work: Callable[[], bytes], writer: int) -> NoReturn:
    """The child's half; never returns."""
    try:
        with os.fdopen(writer, "wb", closefd=False) as pipe:
            pipe.write(work())
    finally:
        os._exit(0)


def _migrate(path: Path) -> bytes:
    from eink_monitor.store import migrations  # noqa: PLC0415 - brings sqlite-utils, in the child only

    try:
        with plain_words(path):
            migrations.apply(path, VERSION)
    except StoreError as error:
        return str(error).encode()
    return b"done"


def _blank() -> bytes:
    from eink_monitor.store import migrations  # noqa: PLC0415 - as above

    return migrations.blank(VERSION)


@contextmanager
def plain_words(path: Path) -> Iterator[None]:
    """Turn what SQLite and the file system say into one sentence about the card."""
    try:
        yield
    except sqlite3.Error as error:
        raise in_words(path, error) from error
    except OSError as error:
        raise StoreError(f"{_ERRNO.get(error.errno or 0, error.strerror)} ({path})") from error


def in_words(path: Path, error: sqlite3.Error) -> StoreError:
    """What an error of SQLite means for the person at the wall."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    words, kind = _SENTENCES.get(code, (str(error), StoreError))
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such", "Could not decode", "malformed")):
        words, kind = _SENTENCES[sqlite3.SQLITE_CORRUPT]
    if code in _FORBIDDEN and not _writable(path):
        words = _NOT_OURS
    return kind(f"{words} ({path})")


def _writable(path: Path) -> bool:
    """Whether this user may write there, as far as a card that can be written would let it."""
    try:
        frozen = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    except OSError:
        return True
    return bool(frozen) or all(os.access(place, os.W_OK) for place in (path.parent, path) if place.exists())


_NOT_OURS = "this user may not write there, which even looking needs; be the user it belongs to"
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


_SENTENCES: dict[int, tuple[str, type[StoreError]]] = {
    sqlite3.SQLITE_FULL: ("the card is full; free some space", StoreError),
    sqlite3.SQLITE_READONLY: ("the card is read-only; is it worn out, or mounted so?", StoreError),
    sqlite3.SQLITE_IOERR: ("the card cannot be read or written; is it worn out?", StoreError),
    sqlite3.SQLITE_BUSY: ("another program holds the database; try again", StoreError),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened; may this user write in its folder?", StoreError),
    sqlite3.SQLITE_CORRUPT: ("the database is damaged", Damaged),
    sqlite3.SQLITE_CONSTRAINT: ("the database is damaged: it contradicts itself", Damaged),
    sqlite3.SQLITE_NOTADB: ("this file is not a database, or its beginning is damaged", Damaged),
}
_ERRNO = {
    13: _NOT_OURS,
    28: "the card is full; free some space",
    30: "the card is read-only; is it worn out, or mounted so?",
    5: "the card cannot be read or written; is it worn out?",
}
