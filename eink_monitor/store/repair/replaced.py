"""Files of a database that somebody removed or replaced: whose log it is, and how to save what only a connection sees.

Putting a good copy in place of the database restores it, and is no damage, even if the log of the previous database is
still beside it, which SQLite would replay into the copy.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import files
from eink_monitor.clock import SystemClock
from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.store.card import connect, plain_words
from eink_monitor.store.repair import damage, ownership
from eink_monitor.store.repair.pages import differs_from_log
from eink_monitor.store.watch import Watch

_APPEARED = "another file has appeared in place of the database; trying again"
USED = "was replaced by another database of eink-monitor, which is used from now on"


def log_is_of_another(path: Path) -> bool:
    """Whether a database is intact by itself, but not with the log beside it."""
    log = damage.side(path, "-wal")
    if not path.exists() or not log.exists() or not log.stat().st_size:
        return False
    return is_whole(path, immutable=True) and not is_whole(path)


def has_newer_database(path: Path) -> bool:
    """Whether a database is newer than the log beside it, and not a result of it: worth a closer check."""
    log = damage.side(path, "-wal")
    with suppress(OSError):
        return path.stat().st_ctime_ns >= log.stat().st_mtime_ns and differs_from_log(path)
    return False


def is_whole(path: Path, *, immutable: bool = False) -> bool:
    """Whether every page of a database of ours can be read, with the log beside it, or ``immutable``: without."""
    try:
        with closing(connect(path, writes=False, immutable=immutable)) as db:
            db.execute("SELECT count(*) FROM series").fetchone()
            return bool(db.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except (sqlite3.Error, ValueError, MemoryError):
        return False


def copy_out(db: sqlite3.Connection, target: Path) -> None:
    """Write what a connection sees into a new private file. Raises ``StoreError`` and leaves nothing then."""
    try:
        with plain_words(target):
            os.close(files.create(target))
            db.execute("VACUUM INTO ?", (str(target),))
            files.settle(target)
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise


def save_log(db: sqlite3.Connection, path: Path, watch: Watch) -> str:
    """The log or the shared memory is gone: put what was in it into the database, and say so. Raises ``StoreError``."""
    lost, log = watch.lost(), watch.side("-wal")
    told = f"{lost} was removed or replaced while it was in use"
    if log in watch.ours() or not log.exists() or not log.stat().st_size:
        if db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise StoreError(f"{told}, and another program holds the database; trying again ({path})")
        return f"{told}; everything in the log is in the database now"
    draft = files.draft_of(path)
    copy_out(db, draft)  # others have written to another log meanwhile: what they wrote is salvaged
    quarantined = damage.quarantine(path, SystemClock().now())
    _give_place(draft, path)
    return f"{told}, and others wrote to another; what they wrote is kept as {quarantined.name}"


def save_database(db: sqlite3.Connection, path: Path, watch: Watch) -> str:
    """The database is gone or replaced: make sure that nothing of it is lost, and say what is in its place now.

    Raises ``WrongFile`` where that is not ours: what ``db`` sees is kept all the same. The connection can be closed
    afterwards, unless another ``StoreError`` says that nothing could be saved.
    """
    seen = _identity(path)
    try:
        ownership.inspect(path)
        there = "another" if path.exists() and path.stat().st_size else ""
    except Damaged:
        there = "damaged"
    except WrongFile as error:
        raise WrongFile(f"{error}; {_keep(db, path, watch)}") from None
    ours = watch.side("-wal") in watch.ours()  # then it is no log of what is there now
    if there == "another" and is_whole(path, immutable=ours):
        return f"{path.name} {USED}; {_keep(db, path, watch)}"
    files.make_folder(path.parent)
    draft = files.draft_of(path)
    copy_out(db, draft)
    if _identity(path) != seen:  # copying takes long; what has come meanwhile may be anybody's
        draft.unlink()
        raise StoreError(f"{_APPEARED} ({path})")
    kept = f"; what was in its place is kept as {damage.quarantine(path, SystemClock().now()).name}" if there else ""
    if not there:
        path.unlink(missing_ok=True)  # it is empty
    _remove_log(watch)
    _give_place(draft, path)
    return f"{path.name} was removed while it was in use; it is written again, with everything that was in it{kept}"


def _keep(db: sqlite3.Connection, path: Path, watch: Watch) -> str:
    """Keep a replaced database that would end with the connection; says where."""
    if not watch.is_unlinked():
        with suppress(sqlite3.Error):
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _remove_log(watch)
        return "the previous one is wherever it was moved"
    kept = free_name(path)
    try:
        copy_out(db, kept)
    except StoreError as error:
        return _keep_as_it_is(kept, watch, error)
    _remove_log(watch)
    return f"the previous one is kept as {kept.name}"


def _keep_as_it_is(kept: Path, watch: Watch, error: StoreError) -> str:
    """Keep a partly unreadable database with its log: something may be salvaged from it."""
    for file in watch.ours():
        file.rename(kept.with_name(kept.name + file.name[-4:]))
    try:
        watch.copy_as_it_is(kept)
    except OSError:
        return f"the previous one could not be kept: {error}"
    return f"the previous one is kept as it is, as {kept.name}: {error}"


def _give_place(draft: Path, path: Path) -> None:
    """Another file was faster, but nothing of ours is lost: the connection still has it."""
    if not files.put(draft, path):
        raise StoreError(f"{_APPEARED} ({path})")


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Which file that is, and whether somebody has written to it; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _remove_log(watch: Watch) -> None:
    """Of a database that has been copied: SQLite would take it for that of the next one."""
    for file in watch.ours():
        file.unlink()


def free_name(path: Path) -> Path:
    """Where to keep a replaced database: a name never used before."""
    names = [file.name.removeprefix(f"{path.name}.replaced-") for file in path.parent.glob(f"{path.name}.replaced-*")]
    numbers = [int(number) for name in names if (number := name.partition("-")[0]).isdecimal()]
    return path.with_name(f"{path.name}.replaced-{max(numbers, default=0) + 1}")
