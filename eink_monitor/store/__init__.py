"""The store: the only module that speaks SQL, and the only meeting point of fetching and drawing.

The daemon is the only regular writer. What comes in is usable at once and kept in memory until ``flush`` writes it in
one transaction (six small commits write three times as much to an SD card). When another process, such as
``eink-monitor poll``, has written meanwhile, ``sync`` notices, reads again and takes what was only in memory in anew.

The card may fail in any way at any time. The daemon's store (``lasting``) then goes on in memory, and is on the card
again as soon as that is possible; a damaged database is set aside and a new one begun.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor import files
from eink_monitor.clock import SystemClock
from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.model.poll import Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.store.card import VERSION, Disk, in_memory, in_words, plain_words
from eink_monitor.store.contents import Contents
from eink_monitor.store.dating import Dating
from eink_monitor.store.outcomes import Past
from eink_monitor.store.pending import Batch
from eink_monitor.store.place import Place
from eink_monitor.store.repair import damage
from eink_monitor.store.repair.replaced import copy_out

__all__ = ["VERSION", "Past", "Store"]

_FAR_PAST = -(1 << 40)


class Store:
    """One open database. Not for use across a fork.

    While ``held`` neither readings nor outcomes are written, because their dates may be wrong; bookings are.
    """

    def __init__(
        self, path: Path, zone: ZoneInfo, *, writes: bool = True, durable: bool = True, lasting: int | None = None
    ) -> None:
        """Open, creating or upgrading it where needed; ``writes=False`` opens it for looking only.

        ``durable=False`` is for simulations. With ``lasting``, the time it is now, it opens whatever state the card is
        in; else it raises ``StoreError``.
        """
        self.path = path
        self.commits = 0  # transactions that were durable
        self.told: list[str] = []  # what happened to its files, until somebody has said it
        self._place = Place(path, writes=writes, durable=durable, alone=lasting is not None)
        db = self._place.open() if lasting is None else self._place.open_somehow(lasting)
        self._disk = Disk(db, path)
        try:
            self._begin(zone)
        except BaseException as error:
            self.close()
            if lasting is None or not isinstance(error, Damaged):
                raise
            self._place.fault = error
            self._disk.db = self._place.begin_anew(lasting)
            self._begin(zone)

    def _begin(self, zone: ZoneInfo) -> None:
        self._contents = contents = Contents(self._disk, zone)
        self.readings, self.outcomes = contents.readings, contents.outcomes
        self.ledger, self.facts, self.wear = contents.ledger, contents.facts, contents.wear
        self.dating = Dating(self._disk, contents, zone, self.transaction)
        self._read()

    def _read(self) -> None:
        """What panels and feeds need comes into memory."""
        with plain_words(self.path, ours=True):
            self._seen = self._version()
            self._rebuild()

    @property
    def held(self) -> bool:
        """Whether readings and outcomes are not written for now."""
        return self._contents.held

    @held.setter
    def held(self, held: bool) -> None:
        self._contents.held = held

    @property
    def durable(self) -> bool:
        """Whether what is written survives a power cut; it does in all but simulations."""
        return self._place.durable

    @property
    def fault(self) -> StoreError | None:
        """What keeps us from the card since we last tried to be on it, or None."""
        return self._place.fault

    @property
    def found(self) -> str:
        """What was wrong with its files when it was opened, though it could be opened in the end, or nothing."""
        return self._place.found

    # -- what comes in ---------------------------------------------------------------------------------------------

    def add(self, readings: Iterable[Reading], spacing: int, ours: int = _FAR_PAST) -> None:
        """Take readings in (see ``Readings.add``); durable after the next ``flush``.

        What is dated ``ours`` or later was dated by our own clock, and moves should that prove wrong.
        """
        batch = Batch(list(readings), spacing, ours)
        if batch.readings and self._contents.unwritten.add(batch):
            self._rebuild()
            return
        try:
            self.readings.add(batch.readings, spacing)
        except sqlite3.Error as error:
            self._disk.fault = error  # ``sync`` sees to it, and takes the batch in again

    def note(self, outcome: Outcome, due: int | None, stamp: int) -> None:
        """Take an outcome in; durable after the next ``flush``."""
        self.outcomes.add(outcome, due, stamp)
        self._contents.unwritten.note(outcome, due, stamp)

    @property
    def pending(self) -> bool:
        """Whether anything that may be written is only in memory."""
        return self._contents.pending

    # -- what goes to the card -------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write everything in one durable transaction. Raises ``StoreError`` and loses nothing when it cannot."""
        with self.transaction():
            pass

    def reserve(self, quota: Quota, cost: int, now: int, *, force: bool = False) -> int:
        """Book vendor calls, durable before this returns (see ``Ledger.reserve``)."""
        if not (self._place.durable or self.fault):  # a simulation makes one commit of many bookings
            self.ledger.move()
            return self.ledger.reserve(quota, cost, now, force=force)
        with self.transaction():
            return self.ledger.reserve(quota, cost, now, force=force)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction that also carries all that is only in memory; all or nothing."""
        self._come_home()
        with plain_words(self.path):
            self._disk.execute("BEGIN IMMEDIATE")
            try:
                self.sync()
                self._contents.write()
                yield
                self._contents.finish()
                self._disk.execute("COMMIT")
            except BaseException as error:
                if self._disk.db.in_transaction:
                    self._disk.execute("ROLLBACK")
                if getattr(error, "sqlite_errorcode", sqlite3.SQLITE_BUSY) != sqlite3.SQLITE_BUSY:
                    self._place.doubt()
                raise
        self._contents.written()
        self.commits += 1
        self._place.note()

    def sync(self) -> bool:
        """Notice what another process wrote, and what panels could not read; returns whether one did.

        Raises ``StoreError`` about the latter.
        """
        alone = not self._place.durable or self.fault  # a simulation has its database to itself, and so has memory
        if alone and not self._disk.fault:
            return False
        self._notice_copy()
        with plain_words(self.path):
            fault, self._disk.fault = self._disk.fault, None
            if fault and self._place.lost():  # nobody but this connection has what was in them: it is saved, not closed
                self._come_home()
                return True
            if fault:
                self._leave(in_words(self.path, fault))
                raise fault
            version = self._version()
        if version == self._seen:
            return False
        self._place.note()
        self._read()
        return True

    def _rebuild(self) -> None:
        self._contents.reload()

    # -- the card --------------------------------------------------------------------------------------------------

    @property
    def displaced(self) -> str:
        """The name of a file of the database that somebody removed or replaced since it was opened, or nothing."""
        return self._place.lost()

    def _leave(self, error: StoreError) -> None:
        """The card cannot even be read: go on in memory."""
        before, self._disk.db = self._disk.db, in_memory()
        with suppress(sqlite3.Error):
            before.close()
        self._place.fault = error

    def _notice_copy(self) -> bool:
        """Go on with a database that somebody has copied over ours; returns whether. Raises ``StoreError``."""
        if not self._place.is_written():
            return False
        with suppress(sqlite3.Error):
            if self._version() != self._seen:  # others of ours have written
                return False
        if not self._place.is_copied_over():
            return False
        if words := self._place.leave(self._disk.db, SystemClock().now()):
            self.told.append(words)
        self._disk.fault = None
        self._go_on_there()
        return True

    def _come_home(self) -> None:
        """Be on the card again if we are not, or if the files we have open are no longer those in their places."""
        if self._notice_copy():
            return
        if not self._place.is_elsewhere():
            return
        if not self._place.lost():
            self._settle_on(self._place.open())
            return
        try:
            self.told.append(self._place.save(self._disk.db))
        except WrongFile as error:  # what we had is kept beside it, and once is enough
            self._leave(error)
            raise
        with suppress(sqlite3.Error):
            self._disk.db.close()  # before the next is opened: SQLite would share the memory of the two
        self._go_on_there()

    def _go_on_there(self) -> None:
        """Open what is in the place of a database that is closed, or go on in memory. Raises ``StoreError``."""
        try:
            db = self._place.open()
        except StoreError as error:
            self._leave(error)
            raise
        self._settle_on(db)

    def recover(self, now: int) -> None:
        """The database is damaged: begin a new one with what the house needs at once, and take memory along.

        Raises ``StoreError`` when not even that can be written; memory goes on.
        """
        if self._notice_copy():
            return
        if self._place.lost():
            with suppress(Damaged):  # then nothing of it can be saved here
                self._come_home()
                return
        self._leave(self.fault or Damaged(f"the database is damaged ({self.path})"))
        self._settle_on(self._place.begin_anew(now))

    def _settle_on(self, db: sqlite3.Connection) -> None:
        before, self._disk.db = self._disk.db, db
        with suppress(sqlite3.Error):
            before.close()
        self._contents.drop()
        self._read()

    def forget(self, subjects: Iterable[str]) -> None:
        """Delete everything ever said of some subjects. Raises ``StoreError``."""
        with self.transaction():
            for subject in subjects:
                self.readings.forget(subject)
        with plain_words(self.path):
            self._rebuild()

    # -- about itself ----------------------------------------------------------------------------------------------

    def rows(self) -> dict[str, int]:
        """How many rows each table holds."""
        tables = ("series", "reading", "hour", "day", "feed", "outcome", "call")
        count = "SELECT count(*) FROM {}"
        return {table: int(self._disk.execute(count.format(table)).fetchone()[0]) for table in tables}

    def size(self) -> int:
        """Bytes of the database file, without its log."""
        return self.path.stat().st_size

    def backup(self, target: Path) -> None:
        """Write a consistent copy while the daemon runs; only a plain file is replaced. Raises ``StoreError``."""
        if other := files.kind(target):
            raise StoreError(f"{target} is {other}", "name a file, or one that is not there yet")
        draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
        copy_out(self._disk.db, draft)
        with plain_words(target):
            draft.replace(target)
            files.settle(target.parent)

    def tidy(self, saved: Collection[str]) -> list[str]:
        """Delete the oldest damaged files that are saved, where they take too much room; returns their names."""
        with suppress(OSError):
            return [file.name for file in damage.tidy(self.path, saved)]
        return []

    def close(self) -> None:
        """Close without writing; call ``flush`` first."""
        self._disk.db.close()
        self._place.close()

    def _version(self) -> int:
        return int(self._disk.execute("PRAGMA data_version").fetchone()[0])
