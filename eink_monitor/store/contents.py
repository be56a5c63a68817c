"""All that a store holds, as one part."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.events import Events
from eink_monitor.store.facts import Facts
from eink_monitor.store.ledger import Ledger
from eink_monitor.store.listings import Listings
from eink_monitor.store.outcomes import Outcomes
from eink_monitor.store.outlooks import Outlooks
from eink_monitor.store.part import Part
from eink_monitor.store.pending import Pending
from eink_monitor.store.readings import Readings
from eink_monitor.store.wear import WearCounts


class Contents(Part):
    """While ``held`` what has a date is not written, because that may be wrong; bookings are.

    Nothing is read before ``reload``.
    """

    def __init__(self, disk: OpenDatabase, zone: ZoneInfo) -> None:
        self.held = False
        self.facts = Facts(disk)
        self.ledger = Ledger(disk, self.facts, zone)
        self.wear = WearCounts(disk)
        self.readings = Readings(disk, zone)
        self.outcomes = Outcomes(disk)
        self.outlooks = Outlooks(disk, zone)
        self.listings = Listings(disk)
        self.events = Events(disk)
        self.unwritten = Pending(self.readings, self.outcomes)
        self._undated: tuple[Part, ...] = (self.facts, self.ledger, self.wear)
        dated = (self.readings, self.outcomes, self.outlooks, self.listings, self.events, self.unwritten)
        self._all: tuple[Part, ...] = (*self._undated, *dated)

    @property
    def _written(self) -> tuple[Part, ...]:
        return self._undated if self.held else self._all

    @property
    def pending(self) -> bool:
        """Whether anything that may be written is only in memory."""
        return any(part.pending for part in self._written)

    def reload(self) -> None:
        """Read from disk again, then take in what is not there yet."""
        for part in self._all:
            part.reload()
        for part in self._all:
            part.adopt()

    def write(self) -> None:
        """Put what may be written on disk, at the beginning of the caller's transaction."""
        for part in self._written:
            part.write()

    def finish(self) -> None:
        """Put there, too, what has changed in the course of the transaction."""
        for part in self._written:
            part.finish()

    def written(self) -> None:
        """The transaction is durable."""
        for part in self._written:
            part.written()

    def drop(self) -> None:
        """Another database is open now: forget what only applied to the previous one."""
        for part in self._all:
            part.drop()
