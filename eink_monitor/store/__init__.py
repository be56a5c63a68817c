"""The store: the only module with SQL, and the only meeting point of polling and drawing.

The daemon is the only regular writer. What comes in is usable at once and kept in memory until ``flush`` writes it in
one transaction (six small commits write three times as much to an SD card). When another process, such as
``eink-monitor poll``, has written meanwhile, ``sync`` notices, rereads the database, and applies what was only in
memory again.

The card may fail in any way at any time. The daemon's store (``lasting``) then goes on in memory, and returns to the
card as soon as possible; a damaged database is set aside and a new one started.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor import files
from eink_monitor.errors import Damaged, StoreError
from eink_monitor.model.poll import Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.store.card import OpenDatabase, plain_words
from eink_monitor.store.contents import Contents
from eink_monitor.store.database_file import DatabaseFile
from eink_monitor.store.dating import Dating
from eink_monitor.store.failover import Failover
from eink_monitor.store.outcomes import OutcomeRun
from eink_monitor.store.pending import Batch
from eink_monitor.store.renaming import rename
from eink_monitor.store.repair import damage
from eink_monitor.store.repair.replaced import copy_out
from eink_monitor.store.schema import VERSION

__all__ = ["VERSION", "OutcomeRun", "Store"]

_FAR_PAST = -(1 << 40)


class Store:
    """One open database. Not for use across a fork.

    While ``held`` neither readings nor outcomes are written, because their dates may be wrong; bookings are.
    """

    def __init__(
        self, path: Path, zone: ZoneInfo, *, writes: bool = True, durable: bool = True, lasting: int | None = None
    ) -> None:
        """Open, creating or upgrading it where needed; ``writes=False`` opens it read-only.

        ``durable=False`` is for simulations. With ``lasting``, the time it is now, it opens whatever state the card is
        in; else it raises ``StoreError``.
        """
        self.path = path
        self.commits = 0  # transactions that were durable
        self._file = DatabaseFile(path, writes=writes, durable=durable, alone=lasting is not None)
        db = self._file.open() if lasting is None else self._file.open_somehow(lasting)
        self._disk = OpenDatabase(db, path)
        try:
            self._begin(zone)
        except BaseException as error:
            self.close()
            if lasting is None or not isinstance(error, Damaged):
                raise
            self._file.fault = error
            self._disk.db = self._file.begin_anew(lasting)
            self._begin(zone)

    def _begin(self, zone: ZoneInfo) -> None:
        self._contents = contents = Contents(self._disk, zone)
        self.readings, self.outcomes, self.outlooks = contents.readings, contents.outcomes, contents.outlooks
        self.listings, self.events = contents.listings, contents.events
        self.ledger, self.facts, self.wear = contents.ledger, contents.facts, contents.wear
        self.dating = Dating(self._disk, contents, zone, self.transaction)
        self._failover = Failover(self._disk, self._file, contents)
        self._failover.read()

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
        return self._file.durable

    @property
    def fault(self) -> StoreError | None:
        """What keeps us from the card since the last attempt, or None."""
        return self._file.fault

    @property
    def found(self) -> str:
        """What was wrong with its files when it was opened, though it could be opened in the end, or empty."""
        return self._file.found

    @property
    def told(self) -> list[str]:
        """What happened to its files; whoever reports it removes it."""
        return self._failover.told

    @property
    def displaced(self) -> str:
        """The name of a file of the database that somebody removed or replaced since it was opened, or nothing."""
        return self._file.lost()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def add(self, readings: Iterable[Reading], spacing: int, ours: int = _FAR_PAST) -> None:
        """Take readings in (see ``Readings.add``); durable after the next ``flush``.

        What is dated ``ours`` or later was dated by our own clock, and moves should that prove wrong.
        """
        batch = Batch(list(readings), spacing, ours)
        if batch.readings and self._contents.unwritten.add(batch):
            self._contents.reload()
            return
        try:
            self.readings.add(batch.readings, spacing)
        except sqlite3.Error as error:
            self._disk.fault = error  # ``sync`` handles it, and applies the batch again

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
        if not (self._file.durable or self.fault):  # a simulation makes one commit of many bookings
            self.ledger.move()
            return self.ledger.reserve(quota, cost, now, force=force)
        with self.transaction():
            return self.ledger.reserve(quota, cost, now, force=force)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One write transaction that also carries all that is only in memory; all or nothing."""
        self._failover.fail_back()
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
                    self._file.doubt()
                raise
        self._contents.written()
        self.commits += 1
        self._file.note()

    def sync(self) -> bool:
        """Notice what another process wrote, and what panels could not read; returns whether one did.

        Raises ``StoreError`` about the latter.
        """
        return self._failover.sync()

    def recover(self, now: int) -> None:
        """The database is damaged: start a new one with what is needed at once, and add what is in memory.

        Raises ``StoreError`` when not even that can be written; memory goes on.
        """
        self._failover.recover(now)

    def forget(self, subjects: Iterable[str]) -> None:
        """Delete everything about some subjects. Raises ``StoreError``."""
        with self.transaction():
            for subject in subjects:
                self.readings.forget(subject)
                self.outlooks.forget(subject)
                self.listings.forget(subject)
                self.events.forget(subject)
        with plain_words(self.path):
            self._contents.reload()

    @contextmanager
    def renaming(self, old: str, new: str, *, subject: bool) -> Iterator[None]:
        """Everything of a source goes by a new name once the block has ended; nothing if it raises (see ``rename``).

        Raises ``StoreError``.
        """
        with self.transaction():
            rename(self._disk, old, new, subject=subject)
            yield
        with plain_words(self.path):
            self._contents.reload()

    # -- about itself ----------------------------------------------------------------------------------------------

    def rows(self) -> dict[str, int]:
        """How many rows each table holds."""
        tables = ("series", "reading", "hour", "day", "feed", "outcome", "call")
        others = ("outlook", "expectation", "listing", "event")
        count = "SELECT count(*) FROM {}"
        return {table: int(self._disk.execute(count.format(table)).fetchone()[0]) for table in (*tables, *others)}

    def size(self) -> int:
        """Bytes of the database file, without its log."""
        return self.path.stat().st_size

    def backup(self, target: Path) -> None:
        """Write a consistent copy while the daemon runs; only a regular file is replaced. Raises ``StoreError``."""
        if other := files.kind(target):
            raise StoreError(f"{target} is {other}", "name a regular file, or one that does not exist yet")
        draft = files.draft_of(target)
        copy_out(self._disk.db, draft)
        with plain_words(target):
            draft.replace(target)
            files.settle(target.parent)

    def tidy(self, saved: Collection[str]) -> list[str]:
        """Delete the oldest salvaged files if damaged files take too much space; returns their names."""
        with suppress(OSError):
            return [file.name for file in damage.tidy(self.path, saved)]
        return []

    def close(self) -> None:
        """Close without writing; call ``flush`` first."""
        self._disk.db.close()
        self._file.close()
