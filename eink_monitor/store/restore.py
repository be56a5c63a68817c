"""Replacing the database with a copy; the database is kept, and there is never half of one.

The copy is only read. A draft of it is checked beside the database and takes its name once it is proven to be ours and
intact.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import Damaged, InUse, Newer, StoreError, WrongFile
from eink_monitor.store.card import plain_words
from eink_monitor.store.lock import Lock
from eink_monitor.store.repair import damage, ownership, replaced
from eink_monitor.store.schema import layout

_SPENT = ("call", "account", "wear")  # calls and wear since the copy was made still count
_WAY_OUT = "stop the daemon (sudo systemctl stop eink-monitor), restore again, then start it"


def restore(copy: Path, path: Path, called: str = "") -> Path | None:
    """Replace ``path`` with ``copy``; returns where the previous database is kept, or None.

    Calls that were spent and the wear of the panel stay as they are. Raises ``InUse`` if a daemon uses it,
    ``WrongFile`` for a copy that is not ours or of a newer version, ``Damaged`` for a damaged one, and ``StoreError``;
    then nothing has changed. They call the copy ``called``.
    """
    path = path.resolve() if path.is_symlink() else path.absolute()
    files.make_folder(path.parent)
    try:
        lock = Lock(path)
    except InUse:
        raise InUse(f"the daemon is using {path}", _WAY_OUT) from None
    draft = files.draft_of(path)
    try:
        with plain_words(path):
            _take(copy, draft)
            _prove(draft, called or str(copy))
            kept = _keep(path, draft)
            files.settle(path.parent)
    finally:
        lock.close()
        for end in damage.SIDES:
            damage.side(draft, end).unlink(missing_ok=True)
    return kept


def _take(copy: Path, draft: Path) -> None:
    """Copy the file and the log beside it: it may be from a copy of the whole folder."""
    for end in damage.SIDES[:2]:
        source = damage.side(copy, end)
        if end and not source.exists():
            continue
        if other := files.kind(source, follow=True):
            raise WrongFile(f"{source} is {other}, not a database of eink-monitor")
        with files.replacing(damage.side(draft, end)) as target, _readable(source).open("rb") as held:
            shutil.copyfileobj(held, target)


def _readable(source: Path) -> Path:
    if not source.exists():
        raise StoreError(f"there is no {source}")
    if not os.access(source, os.R_OK):
        raise StoreError(f"{source} cannot be read by this user")
    return source


def _prove(draft: Path, copy: str) -> None:
    """The draft is a whole database of ours, without a log from now on. Messages name the copy."""
    if not draft.stat().st_size:
        raise WrongFile(f"{copy} is empty, so it is not a database of eink-monitor")
    try:
        ownership.inspect(draft)
        layout(draft)
    except Damaged:
        raise Damaged(f"{copy} is damaged", "try an older copy") from None
    except Newer:
        raise Newer(f"{copy} was written by a newer eink-monitor", "upgrade first") from None
    except WrongFile:
        raise WrongFile(f"{copy} is not a database of eink-monitor") from None
    if not replaced.is_whole(draft):
        raise Damaged(f"{copy} is damaged", "try an older copy")
    with closing(sqlite3.connect(draft)) as db:
        db.execute("PRAGMA journal_mode = DELETE")  # its log ends here


def _keep(path: Path, draft: Path) -> Path | None:
    """Give the draft the database's name; the database gets a new name, including what is in its log."""
    if not path.exists():
        if not files.put(draft, path):
            raise StoreError(f"another file has appeared at {path} meanwhile", "try again")
        return None
    kept = replaced.free_name(path)
    if _is_well(path):
        _empty_log(path)
        _carry_over(path, draft)
    for end in damage.SIDES[1:]:
        with suppress(FileNotFoundError):
            damage.side(path, end).rename(damage.side(kept, end))
    try:
        os.link(path, kept)
    except OSError:  # FAT and exFAT have no hard links
        path.rename(kept)
    draft.replace(path)
    return kept


def _is_well(path: Path) -> bool:
    """Whether it can be opened safely. Raises ``WrongFile`` for a file that is not ours to move."""
    try:
        ownership.inspect(path)
    except Damaged:
        return False
    return bool(path.stat().st_size) and not replaced.log_is_of_another(path)


def _empty_log(path: Path) -> None:
    """Write the log into the database; that of a damaged one stays beside it. Raises ``StoreError`` while in use."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as db:
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError(f"another program holds {path}", "stop it, then try again")


def _carry_over(path: Path, draft: Path) -> None:
    """Take over the calls spent since the copy was made, as far as they can be read."""
    with closing(sqlite3.connect(draft.as_uri(), uri=True, isolation_level=None)) as db, suppress(sqlite3.Error):
        db.execute("ATTACH ? AS before", (f"{path.as_uri()}?mode=ro",))
        db.execute("BEGIN IMMEDIATE")
        for table in _SPENT:
            db.execute(f"DELETE FROM main.{table}")  # noqa: S608 - our own names
            db.execute(f"INSERT INTO main.{table} SELECT * FROM before.{table}")  # noqa: S608 - as above
        db.execute("COMMIT")  # until then, closing the connection rolls it back
    files.settle(draft)
