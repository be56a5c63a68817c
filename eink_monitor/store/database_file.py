"""A database file, and every way to open it: as it is, new after damage, or as far as a broken card permits."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import Damaged, InUse, StoreError, WrongFile
from eink_monitor.store.card import closed_on_error, connect, plain_words
from eink_monitor.store.lock import Lock
from eink_monitor.store.repair import damage, ownership, replaced
from eink_monitor.store.schema import VERSION, in_memory, upgrade
from eink_monitor.store.watch import Watch, identity


class DatabaseFile:
    """The file of a database. ``fault`` is what keeps us from it since the last attempt to open it, or None.

    ``alone`` is for the daemon: no other may use the database meanwhile.
    """

    def __init__(self, path: Path, *, writes: bool, durable: bool, alone: bool = False) -> None:
        self.path = path
        self.durable = durable
        self.fault: StoreError | None = None
        self.found = ""  # what was wrong with the files when they were last opened, and has been seen to
        self._writes = writes
        self._alone = alone and durable
        self._lock: Lock | None = None
        self._watch: Watch | None = None
        self._doubted = False
        self._quarantined: tuple[Path, int] | None = None  # set aside at that time, and nothing copied from it yet
        self._enlists = False
        self._fresh: set[str] = set()  # the names of what was quarantined since

    def open(self) -> sqlite3.Connection:
        """The database on the card, created or upgraded where needed. Raises ``StoreError``."""
        path = self.path
        with plain_words(path):
            if not self._watch or identity(path) != self._watch.database:
                ownership.inspect(path)
            self._claim()
        with plain_words(path, ours=True):
            if self._writes:
                upgrade(path)
            elif not path.exists():
                raise self._not_yet()
            db = connect(path, writes=self._writes, durable=self.durable)
            with closed_on_error(db):
                if not self._writes:
                    self._check_layout(db)
                self._watch = Watch(path)
                self._take_over(db)
        self.fault, self._doubted = None, False
        return db

    def _take_over(self, db: sqlite3.Connection) -> None:
        if not (self._quarantined or self._enlists):
            return
        db.execute("BEGIN IMMEDIATE")
        if self._quarantined:
            damage.rescue(self._quarantined[0], self.path, db, self._quarantined[1], self._fresh)
        else:
            damage.enlist(self.path, db, self._fresh)
        db.execute("COMMIT")
        self._quarantined, self._enlists, self._fresh = None, False, set()

    def _claim(self) -> None:
        """Become the only daemon on the database; its folder may have been replaced."""
        if not self._alone or (self._lock and self._lock.holds(self.path)):
            return
        files.make_folder(self.path.parent)
        self.close()
        self._lock = Lock(self.path)

    def close(self) -> None:
        """Release it for the next daemon."""
        if self._lock:
            self._lock.close()
            self._lock = None

    def _not_yet(self) -> StoreError:
        return StoreError(f"there is no database at {self.path} yet", "start the daemon or poll a source first")

    def _check_layout(self, db: sqlite3.Connection) -> None:
        """A reader must not upgrade. Raises ``StoreError`` if the database is behind."""
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found >= VERSION:
            return
        words = f"{self.path} was written by an older eink-monitor; start the daemon or poll a source to upgrade it"
        raise StoreError(words) if found else self._not_yet()

    def open_somehow(self, now: int) -> sqlite3.Connection:
        """The database on the card, or a new one, or what can be read of it, or one in memory.

        Raises ``WrongFile`` and ``InUse`` only.
        """
        if self._writes and not self.path.exists() and (before := damage.damaged(self.path)):
            self._quarantined = (before[-1], now)  # the power failed before a new one was started
        try:
            return self._open_whole()
        except (WrongFile, InUse):
            raise
        except StoreError as error:
            self.fault = error
        if isinstance(self.fault, Damaged):
            with suppress(StoreError):
                return self.begin_anew(now)
        return self._snapshot() or in_memory()

    def _open_whole(self) -> sqlite3.Connection:
        with plain_words(self.path):
            if damage.side(self.path, "-wal").exists():
                ownership.inspect(self.path)
                if replaced.has_newer_database(self.path) and replaced.log_is_of_another(self.path):
                    raise Damaged(f"the database's log belongs to another database ({self.path})")
        db = self.open()
        with closed_on_error(db), plain_words(self.path, ours=True):
            damage.glance(db)
        return db

    def begin_anew(self, now: int) -> sqlite3.Connection:
        """Set a damaged database aside and start a new one with what is needed at once. Raises ``StoreError``.

        Another program's file is not touched: ``WrongFile``. Where a good copy was put beside the log of the one
        before, only the log goes.
        """
        found = str(self.fault or "the database is damaged")
        with plain_words(self.path):
            with suppress(Damaged):
                ownership.inspect(self.path)  # it may have been replaced
            self._claim()
            if replaced.log_is_of_another(self.path):
                found = f"the database's log belongs to another database ({self.path})"
                with self._enlisting():
                    damage.quarantine(self.path, now, damage.SIDES[1:])
            else:
                self._quarantined = (damage.quarantine(self.path, now), now)
            try:
                db = self._open_whole()
            except Damaged:  # by what was copied: then nothing is
                with self._enlisting():
                    damage.quarantine(self.path, now)
                self._fresh |= {self._quarantined[0].name} if self._quarantined else set()
                self._quarantined = None
                db = self._open_whole()
        self.found = found
        return db

    @contextmanager
    def _enlisting(self) -> Iterator[None]:
        """Salvage what was quarantined meanwhile."""
        before = damage.damaged(self.path)
        self._enlists = True
        try:
            yield
        finally:
            self._fresh |= {file.name for file in damage.damaged(self.path) if file not in before}

    def doubt(self) -> None:
        """The open file has failed: reopen it next time."""
        self._doubted = True

    def is_elsewhere(self) -> bool:
        """Whether what we have open is not, or no longer, what is in its place."""
        return self.fault is not None or (self.durable and (self._doubted or bool(self.lost())))

    def lost(self) -> str:
        """The name of a file that was removed or replaced while it is open, or nothing."""
        return self._watch.lost() if self._watch and self.durable and not self.fault else ""

    def is_written(self) -> bool:
        """Whether somebody has written to the file we have open; ``note`` tells of our own writes."""
        return bool(self._watch and self.durable and not self.fault and self._watch.is_written())

    def note(self) -> None:
        """What has been written to the file was written by us, or by others of ours."""
        if self._watch:
            self._watch.note()

    def is_copied_over(self) -> bool:
        """Whether what was written may be another database, copied into the very file of ours.

        Its pages do not match SQLite's log and memory.
        """
        from eink_monitor.store.repair.job import ask  # noqa: PLC0415 - a program, too, which would be there twice

        self.note()
        if not self._watch or self._watch.lost():
            return False
        return not self._has_log() or ask("log", self.path) == "another"

    def _has_log(self) -> bool:
        log = damage.side(self.path.resolve(), "-wal")
        return log.exists() and log.stat().st_size > 0

    def leave(self, db: sqlite3.Connection, now: int) -> str:
        """Close a database that another was copied over, so that nothing of its log gets there.

        Says what was done, if there was a log to tell the one from the other; else perhaps it was only emptied.
        """
        told, path = "", self.path.resolve()
        with plain_words(self.path):
            if self._has_log():
                with self._enlisting():
                    kept = damage.keep_log(self.path, now).name
                os.truncate(damage.side(path, "-wal"), 0)  # or SQLite would write it into the new one now
                told = f"{self.path.name} {replaced.USED}; the log of the one before is kept as {kept}"
            with suppress(sqlite3.Error):
                db.close()
            for end in damage.SIDES[1:]:
                damage.side(path, end).unlink(missing_ok=True)
        self._watch = None
        return told

    def save(self, db: sqlite3.Connection) -> str:
        """Nothing of what ``db`` sees may go with it, now that its files are no longer in their places.

        Says what was done. Raises ``StoreError`` where it could not be; then the connection must be kept.
        """
        watch = self._watch
        if watch is None:
            return ""
        with plain_words(self.path), self._enlisting():
            if watch.lost() == self.path.name:
                return replaced.save_database(db, self.path, watch)
            return replaced.save_log(db, self.path, watch)

    def _snapshot(self) -> sqlite3.Connection | None:
        """The database on a card that can only be read; without what is still in its log."""
        with suppress(sqlite3.Error, OSError, StoreError, ValueError):
            db = connect(self.path, writes=False, immutable=True)
            with closed_on_error(db):
                if db.execute("PRAGMA user_version").fetchone() == (VERSION,):
                    damage.glance(db)
                    return db
            db.close()
        return None
