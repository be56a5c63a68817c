"""Takes in the results of polls and streams: what is stored, and what is logged."""

from __future__ import annotations

from collections.abc import Sequence

from eink_monitor.config import Config, Feed
from eink_monitor.daemon.fault_log import FaultLog
from eink_monitor.daemon.pacing import Pacing
from eink_monitor.daemon.turns import FOR_A_PERSON, Turn, first
from eink_monitor.house.demo_data import DemoData
from eink_monitor.house.merging import Merging
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Outcome, Visit
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store


class Intake:
    """The ``name`` of an outcome is a feed's, or that of its stream."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config = config
        self._store = store
        self.feeds = config.feeds
        self._fault_log = FaultLog(store)
        self._merging = Merging(config, store)
        self._demo_data = DemoData(config, store)
        self.pacing = Pacing(config, store, self._merging)
        self._noted = {name: past.at for name in config.feeds if (past := store.outcomes.get(name))}

    def first(self, feed: Feed, name: str, now: int, mono: float) -> Turn:
        """The turn after a start, or after somebody else's poll."""
        return first(self._store.outcomes.get(name), now, mono, self.pacing.stamp(feed), self._config.stamp // 10**9)

    def visit(self, feed: Feed, now: int) -> Visit:
        """What a source may know about a poll at that instant."""
        return self.pacing.visit(feed, now)

    def keep(self, feed: Feed, readings: Sequence[Reading], ours: int) -> list[Reading]:
        """Store what a feed brought; anything dated ``ours`` or later was dated by our own clock.

        Returns it without demo data for real devices.
        """
        real = self._demo_data.sift(feed, list(readings))
        if kept := self._merging.admit(feed, real):
            self._store.add(kept, feed.spacing, ours)
        return real

    def expect(self, feed: Feed, outlooks: Sequence[Outlook]) -> list[Outlook]:
        """Store a feed's outlooks, each replacing the previous one; returns them as ``keep`` does."""
        real = self._demo_data.outlooks(feed, list(outlooks))
        self._store.outlooks.add(real)
        return real

    def enlist(self, feed: Feed, listings: Sequence[Listing]) -> list[Listing]:
        """Store a feed's listings, each replacing the previous one; returns them as ``keep`` does."""
        real = self._demo_data.others(feed, listings)
        self._store.listings.add(real)
        return real

    def tell(self, feed: Feed, events: Sequence[Event], ours: int) -> list[Event]:
        """Store what happened, as ``keep`` does it; one that is known already is changed."""
        real = self._demo_data.others(feed, events)
        self._store.events.add(real, ours)
        return real

    def note(self, feed: Feed, outcome: Outcome, mono: float, due: int | None) -> None:
        """Keep an outcome and when the next try is due; the log gets a line when a fault begins and when it ends."""
        self._fault_log.tell(outcome, mono)
        stamp = self.pacing.stamp(feed) if outcome.what in FOR_A_PERSON else 0
        self._store.note(outcome, due, stamp)
        self._noted[outcome.feed] = outcome.at

    def changed_since(self, feed: Feed, name: str) -> bool:
        """Whether a person has changed something since the outcome kept under ``name``."""
        past = self._store.outcomes.get(name)
        return past is not None and past.what in FOR_A_PERSON and past.stamp != self.pacing.stamp(feed)

    def is_news(self, name: str) -> bool:
        """Whether another process has polled it: ``eink-monitor poll``."""
        past = self._store.outcomes.get(name)
        return past is not None and past.at > self._noted.get(name, 0)

    def take_note(self, name: str) -> None:
        """What is known of it now need not be logged again."""
        if past := self._store.outcomes.get(name):
            self._noted[name] = past.at

    def recall(self) -> None:
        """Log what was wrong when the daemon last stopped: polls and streams."""
        names = [name for feed in self._config.feeds.values() for name in (feed.name, f"{feed.name} stream")]
        self._fault_log.recall(names, self._config.zone)
