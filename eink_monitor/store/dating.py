"""What a store does about dates: which can be believed, what becomes of those that a wrong clock gave."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY
from eink_monitor.errors import StoreError
from eink_monitor.store import ahead
from eink_monitor.store.ahead import AHEAD, Ahead, Dated
from eink_monitor.store.card import Disk, plain_words
from eink_monitor.store.ledger import Ledger
from eink_monitor.store.outcomes import Outcomes
from eink_monitor.store.pending import Pending
from eink_monitor.store.readings import Readings


class Dating:
    """That half of a store; the other half gives it what it works on."""

    path: Path
    readings: Readings
    outcomes: Outcomes
    ledger: Ledger
    _zone: ZoneInfo
    _disk: Disk
    _pending: Pending

    def transaction(self) -> AbstractContextManager[None]:
        """One write transaction, all or nothing. Raises ``StoreError``."""
        raise NotImplementedError

    def _rebuild(self) -> None:
        raise NotImplementedError

    def newest(self, now: int) -> int:
        """The latest instant on the card that can be believed to have been, when a clock says ``now``; 0 for none."""
        rows = self._disk.look("SELECT end FROM series WHERE end NOT NULL UNION ALL SELECT at FROM feed")
        known = [int(row[0]) for row in rows]
        if not any(now + AHEAD < at <= now + DAY for at in known) and ahead.was_ahead(self._disk, now):
            known = [at for at in known if at <= now + AHEAD]
        return ahead.plausible(known, now)

    def clock_moved(self, by: int, now: int) -> int:
        """The clock was put forward by ``by`` seconds and says ``now``: what is not on the card yet goes along.

        So do the bookings of this boot, with the next ``flush``. Returns how many readings were dated anew.
        """
        moved = self._pending.shift(by)
        self.ledger.redate(by, now)
        with plain_words(self.path):
            self._rebuild()
        if by > 0 and ahead.was_right(self._disk, now):
            with self.transaction():
                ahead.give_back(self._disk, now)
            with plain_words(self.path):
                self._rebuild()
        return moved

    def clock_is_right(self, now: int, booted: int) -> int:
        """It is ``now`` for certain: set aside what is dated later than that; returns how many runs those were."""
        with self.transaction():
            self.ledger.sure(booted, now)
            gone = ahead.set_aside(self._disk, now + AHEAD, self._zone, sure=True)
            self._disk.execute("UPDATE ahead SET sure = 1 WHERE at > ?", (now + AHEAD,))
            self.outcomes.forget_after(now)
        with plain_words(self.path):
            self._rebuild()
        return gone

    def set_future_aside(self, now: int) -> int:
        """Nobody vouches for it, but it is ``now`` as far as anybody knows: as above, until the clock is put forward.

        Raises ``StoreError`` where the card cannot be written; it is out of sight all the same.
        """
        with plain_words(self.path, ours=True):
            if self.latest <= now + AHEAD and not ahead.count(self._disk, now + AHEAD, self._zone).placed:
                return 0
        try:
            with self.transaction():
                gone = ahead.set_aside(self._disk, now + AHEAD, self._zone, sure=False)
                self.outcomes.forget_after(now)
        except StoreError:
            self.readings.hide_after(now + AHEAD)
            raise
        with plain_words(self.path):
            self._rebuild()
        return gone

    @property
    def latest(self) -> int:
        """The latest instant that anything newest is dated, whether or not it can have been; 0 for none."""
        return max(self.readings.end, *self.outcomes.ends(), 0)

    def ahead(self, limit: int) -> Ahead:
        """How much there is that is dated later than an instant."""
        with plain_words(self.path):
            return ahead.count(self._disk, limit, self._zone)

    def dated_after(self, limit: int) -> list[Dated]:
        """All of it, in its place or set aside."""
        with plain_words(self.path, ours=True):
            return list(ahead.listed(self._disk, limit, self._zone))

    def forget_after(self, limit: int, now: int, keep: Callable[[list[Dated]], None]) -> None:
        """Delete all of it, once ``keep`` has taken it to a safe place; nothing where that raises.

        Polls and calls are never later than ``now``, whatever the limit. Raises ``StoreError``.
        """
        with self.transaction():
            gone = ahead.forget(self._disk, limit, self._zone)
            self.outcomes.forget_after(max(limit, now))
            self.ledger.nothing_after(max(limit, now))
            keep(gone)
        with plain_words(self.path):
            self._rebuild()
