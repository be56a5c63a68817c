"""Failover: a store works on its database, or in memory while it cannot."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from eink_monitor.clock import SystemClock
from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.store.card import OpenDatabase, in_words, plain_words
from eink_monitor.store.contents import Contents
from eink_monitor.store.database_file import DatabaseFile
from eink_monitor.store.schema import in_memory


class Failover:
    """Keeps ``disk`` connected to the database ``file``; the ``contents`` follow it.

    ``told`` is what happened to the files, until it is reported.
    """

    def __init__(self, disk: OpenDatabase, file: DatabaseFile, contents: Contents) -> None:
        self.told: list[str] = []
        self._disk = disk
        self._file = file
        self._contents = contents
        self._seen = 0

    def read(self) -> None:
        """What panels and feeds need comes into memory."""
        with plain_words(self._disk.path, ours=True):
            self._seen = self._version()
            self._contents.reload()

    def sync(self) -> bool:
        """Notice what another process wrote, and what panels could not read; returns whether one did.

        Raises ``StoreError`` about the latter.
        """
        alone = not self._file.durable or self._file.fault  # a simulation has its database to itself; so has memory
        if alone and not self._disk.fault:
            return False
        self._notice_copy()
        with plain_words(self._disk.path):
            fault, self._disk.fault = self._disk.fault, None
            if fault and self._file.lost():  # only this connection has their contents: it is saved, not closed
                self.fail_back()
                return True
            if fault:
                self._fail_over(in_words(self._disk.path, fault))
                raise fault
            version = self._version()
        if version == self._seen:
            return False
        self._file.note()
        self.read()
        return True

    def _fail_over(self, error: StoreError) -> None:
        """The card cannot even be read: go on in memory."""
        before, self._disk.db = self._disk.db, in_memory()
        with suppress(sqlite3.Error):
            before.close()
        self._file.fault = error

    def _notice_copy(self) -> bool:
        """Go on with a database that somebody has copied over ours; returns whether. Raises ``StoreError``."""
        if not self._file.is_written():
            return False
        with suppress(sqlite3.Error):
            if self._version() != self._seen:  # others of ours have written
                return False
        if not self._file.is_copied_over():
            return False
        if words := self._file.leave(self._disk.db, SystemClock().now()):
            self.told.append(words)
        self._disk.fault = None
        self._go_on_there()
        return True

    def fail_back(self) -> None:
        """Return to the card if we are not on it, or if our open files have been replaced."""
        if self._notice_copy():
            return
        if not self._file.is_elsewhere():
            return
        if not self._file.lost():
            self._settle_on(self._file.open())
            return
        try:
            self.told.append(self._file.save(self._disk.db))
        except WrongFile as error:  # what we had is kept beside it, once
            self._fail_over(error)
            raise
        with suppress(sqlite3.Error):
            self._disk.db.close()  # before the next is opened: SQLite would share the memory of the two
        self._go_on_there()

    def _go_on_there(self) -> None:
        """Reopen the database after closing it, or go on in memory. Raises ``StoreError``."""
        try:
            db = self._file.open()
        except StoreError as error:
            self._fail_over(error)
            raise
        self._settle_on(db)

    def recover(self, now: int) -> None:
        """Start a new database in place of a damaged one. Raises ``StoreError`` when that cannot be written."""
        if self._notice_copy():
            return
        if self._file.lost():
            with suppress(Damaged):  # then nothing of it can be saved here
                self.fail_back()
                return
        self._fail_over(self._file.fault or Damaged(f"the database is damaged ({self._disk.path})"))
        self._settle_on(self._file.begin_anew(now))

    def _settle_on(self, db: sqlite3.Connection) -> None:
        before, self._disk.db = self._disk.db, db
        with suppress(sqlite3.Error):
            before.close()
        self._contents.drop()
        self.read()

    def _version(self) -> int:
        return int(self._disk.execute("PRAGMA data_version").fetchone()[0])
