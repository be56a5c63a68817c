"""Where a database is, and every way to open it: as it is, anew after damage, or as far as a broken card lets us."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.store import damage
from eink_monitor.store.card import VERSION, closed_on_error, connect, in_memory, plain_words, upgrade


class Place:
    """The file of a database. ``fault`` is what keeps us from it since the last attempt to open it, or None."""

    def __init__(self, path: Path, *, writes: bool, durable: bool) -> None:
        self.path = path
        self.durable = durable
        self.fault: StoreError | None = None
        self._writes = writes
        self._inode = 0

    def open(self) -> sqlite3.Connection:
        """The database on the card, created or upgraded where needed. Raises ``StoreError``."""
        path = self.path
        with plain_words(path):
            damage.inspect(path)
            if self._writes:
                upgrade(path)
            elif not path.exists():
                raise self._not_yet()
            db = connect(path, writes=self._writes, durable=self.durable)
            with closed_on_error(db):
                if not self._writes:
                    self._check_layout(db)
                self._inode = path.stat().st_ino
        self.fault = None
        return db

    def _not_yet(self) -> StoreError:
        return StoreError(f"there is no database at {self.path} yet; start the daemon or poll a source first")

    def _check_layout(self, db: sqlite3.Connection) -> None:
        """Whoever only looks must not upgrade. Raises ``StoreError`` where the database is behind."""
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found >= VERSION:
            return
        words = f"{self.path} was written by an older eink-monitor; start the daemon or poll a source to bring it up"
        raise StoreError(words) if found else self._not_yet()

    def open_somehow(self, now: int) -> sqlite3.Connection:
        """The database on the card, or a new one, or what can be read of it, or one in memory.

        Raises ``WrongFile`` only.
        """
        try:
            db = self.open()
            with closed_on_error(db), plain_words(self.path):
                damage.glance(db)
        except WrongFile:
            raise
        except StoreError as error:
            self.fault = error
            if isinstance(error, Damaged):
                with suppress(StoreError):
                    return self.begin_anew(now)
            return self._snapshot() or in_memory()
        return db

    def begin_anew(self, now: int) -> sqlite3.Connection:
        """Set a damaged database aside and begin a new one with what the house needs at once. Raises ``StoreError``."""
        with plain_words(self.path):
            aside = damage.set_aside(self.path, now)
            db = self.open()
            with closed_on_error(db):
                db.execute("BEGIN IMMEDIATE")
                damage.rescue(aside, db, now)
                db.execute("COMMIT")
        return db

    def doubt(self) -> None:
        """Something went wrong with the file we have open: look for it anew next time."""
        self._inode = 0

    def is_elsewhere(self) -> bool:
        """Whether the file we have open is not, or no longer, the one in its place."""
        if self.fault or not self.durable:
            return self.fault is not None
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True

    def _snapshot(self) -> sqlite3.Connection | None:
        """The database on a card that can only be read; without what is still in its log."""
        with suppress(sqlite3.Error, OSError, StoreError):
            db = connect(self.path, writes=False, immutable=True)
            with closed_on_error(db):
                if db.execute("PRAGMA user_version").fetchone() == (VERSION,):
                    damage.glance(db)
                    return db
            db.close()
        return None
