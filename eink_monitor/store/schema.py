"""The layout of the tables: creating a database and migrating an older one, in a child process."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import files, forked
from eink_monitor.errors import Damaged, Newer, Overloaded, StoreError
from eink_monitor.store.card import BUSY, closed_on_error, plain_words

VERSION = 9  # the number of steps in migrations.py
_AHEAD = 99  # no newer version is further ahead


def upgrade(path: Path) -> None:
    """Create or migrate in a child process, which gives the memory of sqlite-utils back when it ends.

    A new database gets its name when it is whole, so that a power cut never leaves half of one.
    """
    if not path.exists() or not path.stat().st_size:
        _create(path.resolve())
    elif layout(path) != VERSION:
        _in_a_child(lambda: _migrate(path), f"upgrading {path}")


def layout(path: Path) -> int:
    """The version of the tables in an existing database.

    Raises ``WrongFile`` for a newer one, but believes that only of a file that is whole; and sqlite3's own.
    """
    with closing(sqlite3.connect(path, timeout=BUSY)) as db:
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found <= VERSION:
            return found
        steps = db.execute("SELECT count(*) FROM _sqlite_migrations WHERE migration_set = 'eink-monitor'").fetchone()[0]
        whole = db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    if not whole or steps <= VERSION or found > VERSION + _AHEAD:  # a newer one has taken more steps than we know
        raise Damaged(f"the database is damaged: it claims to have layout {found} ({path})")
    raise Newer(f"{path} was written by a newer eink-monitor (layout {found}, this one knows {VERSION})", "upgrade")


def _create(path: Path) -> None:
    files.make_folder(path.parent)
    blank = bytearray(_in_a_child(_blank, f"creating {path}"))
    blank[18:20] = bytes((2, 2))  # a log is kept (sqlite.org/fileformat2.html, 1.3)
    with suppress(FileNotFoundError):
        if not path.stat().st_size:
            path.unlink()
    draft = files.draft_of(path)
    with files.replacing(draft) as file:
        file.write(blank)
    try:
        files.put(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def in_memory() -> sqlite3.Connection:
    """An empty database in memory, while there is no card to write to."""
    try:
        blank = _in_a_child(_blank, "creating an empty database")
    except StoreError:  # on a machine short of processes, do not wait for one
        blank = _blank()
    db = sqlite3.connect(":memory:", isolation_level=None)
    with closed_on_error(db):
        db.deserialize(blank)
    return db


def _in_a_child(work: Callable[[], bytes], what: str) -> bytes:
    """What ``work`` returns in a child. What it raises is raised here: a ``StoreError`` as it is, else with its reason.

    On a machine that is short of processes, memory or files that is a ``StoreError``, too.
    """

    def explained() -> bytes:
        try:
            return work()
        except StoreError:
            raise
        except Exception as error:
            raise StoreError(f"{what} failed: {_reason(error)}") from error

    try:
        return forked.ask(explained)
    except Overloaded as error:
        raise StoreError(error.fact, "the database waits for one") from error
    except forked.Silent:
        raise StoreError(f"{what} was interrupted", "start again") from None


def _reason(error: BaseException | None) -> str:
    return f"{type(error).__name__}: {error}"


def _migrate(path: Path) -> bytes:
    from eink_monitor.store import migrations  # noqa: PLC0415 - brings sqlite-utils, in the child only

    try:
        with plain_words(path, ours=True):
            migrations.apply(path, VERSION)
    except Damaged as error:
        told = f"upgrading it to layout {VERSION} failed ({_reason(error.__cause__)})"
        raise Damaged(f"{error.fact}: {told}", error.cure) from error
    return b""


def _blank() -> bytes:
    from eink_monitor.store import migrations  # noqa: PLC0415 - as above

    return migrations.blank(VERSION)
