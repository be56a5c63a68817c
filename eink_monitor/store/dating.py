"""Dates: which can be trusted, and what becomes of those that a wrong clock gave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from zoneinfo import ZoneInfo

from eink_monitor.clock import AHEAD, DAY
from eink_monitor.errors import StoreError
from eink_monitor.store import future
from eink_monitor.store.card import OpenDatabase, plain_words
from eink_monitor.store.contents import Contents
from eink_monitor.store.future import Dated


class Dating:
    """Of the ``contents`` of one store, whose ``transaction`` writes all or nothing and raises ``StoreError``."""

    def __init__(
        self,
        disk: OpenDatabase,
        contents: Contents,
        zone: ZoneInfo,
        transaction: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._disk = disk
        self._contents = contents
        self._zone = zone
        self._transaction = transaction

    def _reload(self) -> None:
        with plain_words(self._disk.path):
            self._contents.reload()

    def newest(self, now: int) -> int:
        """The latest stored instant that can be trusted, when a clock says ``now``; 0 for none."""
        rows = self._disk.look("SELECT end FROM series WHERE end NOT NULL UNION ALL SELECT at FROM feed")
        known = [int(row[0]) for row in rows]
        if not any(now + AHEAD < at <= now + DAY for at in known) and future.was_ahead(self._disk, now):
            known = [at for at in known if at <= now + AHEAD]
        return future.plausible(known, now)

    def clock_moved(self, by: int, now: int) -> int:
        """The clock was put forward by ``by`` seconds and says ``now``: what is not on the card yet moves along.

        So do the bookings of this boot, with the next ``flush``. Returns how many readings were re-dated.
        """
        moved = self._contents.unwritten.shift(by)
        self._contents.outlooks.shift(by)
        self._contents.listings.shift(by)
        self._contents.events.shift(by)
        self._contents.ledger.redate(by, now)
        self._reload()
        if by > 0 and future.was_right(self._disk, now):
            with self._transaction():
                future.give_back(self._disk, now)
            self._reload()
        return moved

    def clock_is_right(self, now: int, booted: int) -> int:
        """The time is certainly ``now``: set aside what is dated later; returns how many runs that is."""
        with self._transaction():
            self._contents.ledger.sure(booted, now)
            gone = future.set_aside(self._disk, now + AHEAD, self._zone, sure=True)
            self._disk.execute("UPDATE ahead SET sure = 1 WHERE at > ?", (now + AHEAD,))
            self._contents.outcomes.forget_after(now)
            self._contents.outlooks.forget_after(now)
            self._contents.listings.forget_after(now)
        self._reload()
        return gone

    def set_future_aside(self, now: int) -> int:
        """Nothing vouches for it, but it is probably ``now``: as above, until the clock is put forward.

        Raises ``StoreError`` if the card cannot be written; the rows are hidden anyway.
        """
        with plain_words(self._disk.path, ours=True):
            if self.latest <= now + AHEAD and not future.count(self._disk, now + AHEAD, self._zone):
                return 0
        try:
            with self._transaction():
                gone = future.set_aside(self._disk, now + AHEAD, self._zone, sure=False)
                self._contents.outcomes.forget_after(now)
                self._contents.outlooks.forget_after(now)
                self._contents.listings.forget_after(now)
        except StoreError:
            self._contents.readings.hide_after(now + AHEAD)
            raise
        self._reload()
        return gone

    @property
    def latest(self) -> int:
        """The latest date of any newest reading, plausible or not; 0 for none."""
        return max(self._contents.readings.end, *self._contents.outcomes.ends(), 0)

    def dated_after(self, limit: int) -> list[Dated]:
        """All of it, in its place or set aside."""
        with plain_words(self._disk.path, ours=True):
            return [*future.listed(self._disk, limit, self._zone), *self._contents.events.dated_after(limit)]

    def forget_after(self, limit: int, now: int, keep: Callable[[list[Dated]], None]) -> None:
        """Delete all of it, once ``keep`` has saved it; nothing if that raises.

        Polls and calls are never later than ``now``, whatever the limit. Raises ``StoreError``.
        """
        with self._transaction():
            gone = future.forget(self._disk, limit, self._zone)
            self._contents.outcomes.forget_after(max(limit, now))
            self._contents.outlooks.forget_after(max(limit, now))
            self._contents.listings.forget_after(max(limit, now))
            self._contents.ledger.nothing_after(max(limit, now))
            keep([*gone, *self._contents.events.forget_after(limit)])
        self._reload()
