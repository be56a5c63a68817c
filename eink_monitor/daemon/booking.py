"""Calls booked for several polls in one durable write: an SD card wears by the write, not by the row.

A write also books the calls of the feeds that are due soon. Such a booking is dated at the end of the time in which it
may be used; so it counts longer than the call it stands for, and the ledger never undercounts. One that is not used in
time is given back.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

from eink_monitor.errors import Throttled
from eink_monitor.model.poll import Quota
from eink_monitor.store import Store
from eink_monitor.store.ledger import AHEAD

_ROLLING = {"hour", "day"}  # a minute is too short to be blocked by a booking, and a month may end before its use


class Demand(NamedTuple):
    """The calls that a feed's next poll may make."""

    feed: str
    quota: Quota
    cost: int


class _Held(NamedTuple):
    """A booking that waits for its poll, until a monotonic instant."""

    booking: int
    cost: int
    until: float


class Bookings:
    """The bookings that are waiting for their polls."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: dict[str, _Held] = {}

    def book(self, need: Demand, now: int, mono: float, soon: Iterable[Demand] = (), *, force: bool = False) -> int:
        """A durable booking for ``need``; where that takes a write, it carries those of ``soon`` along.

        Raises as ``Store.reserve``.
        """
        held = self._held.pop(need.feed, None)
        if held:
            if self._is_good(held, need, now, mono):
                return held.booking
            self._store.ledger.settle(held.booking, 0)
        self.give_back(mono)
        if not self._store.durable:  # a simulation has no SD card to spare
            return self._store.reserve(need.quota, need.cost, now, force=force)
        with self._store.transaction():
            booking = self._store.ledger.reserve(need.quota, need.cost, now, force=force)
            found = dict(self._ahead(soon, now, mono))
        self._held |= found
        return booking

    @property
    def holds(self) -> bool:
        """Whether anything is booked that no poll has begun to use."""
        return bool(self._held)

    def flush(self, soon: Iterable[Demand], now: int, mono: float) -> None:
        """Write what is only in memory, and book what is needed soon. Raises as ``Store.flush``."""
        self.give_back(mono)
        with self._store.transaction():
            found = dict(self._ahead(soon, now, mono)) if self._store.durable else {}
        self._held |= found

    def give_back(self, mono: float = float("inf")) -> None:
        """Give back what was not used until then; written with the next transaction."""
        for feed, held in list(self._held.items()):
            if held.until < mono:
                self._store.ledger.settle(held.booking, 0)
                del self._held[feed]

    def _is_good(self, held: _Held, need: Demand, now: int, mono: float) -> bool:
        ledger = self._store.ledger
        enough = held.cost >= need.cost and mono <= held.until
        return enough and ledger.holds(held.booking) and not ledger.waits(need.quota.account, now)

    def _ahead(self, soon: Iterable[Demand], now: int, mono: float) -> Iterable[tuple[str, _Held]]:
        for need in soon:
            if need.feed not in self._held and all(budget.span in _ROLLING for budget in need.quota.budgets):
                with suppress(Throttled):  # its own turn will report it
                    booking = self._store.ledger.reserve(need.quota, need.cost, now, ahead=AHEAD)
                    yield need.feed, _Held(booking, need.cost, mono + AHEAD)
