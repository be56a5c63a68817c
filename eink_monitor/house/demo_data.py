"""Demo data gives way to the truth: it is deleted once a real source reports on its subject, or no demo source does.

A newcomer's first readings are those of the demo house; the roof that replaces it must not inherit its history, and an
own house has no car that never was.
"""

from __future__ import annotations

import logging

from eink_monitor.config import Config, Feed
from eink_monitor.errors import StoreError
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")


def real_subjects(config: Config) -> frozenset[str]:
    """The subjects of which a real source speaks."""
    return _subjects(config, demo=False)


def _subjects(config: Config, *, demo: bool) -> frozenset[str]:
    feeds = (feed for feed in config.feeds.values() if feed.source.demo == demo)
    return frozenset(subject for feed in feeds for subject in feed.source.publishes(feed.subject))


class DemoData:
    """Knows which stored subjects are demo data, and forgets those that are real by now, or of no demo source."""

    def __init__(self, config: Config, store: Store) -> None:
        self._real = real_subjects(config)
        self._store = store
        self._noted: dict[str, tuple[str, ...]] = {}  # what was written down when each feed was last looked at
        known = self._known()
        if known and (gone := known & self._real | known - _subjects(config, demo=True)):
            self._forget(gone)

    def sift(self, feed: Feed, readings: list[Reading]) -> list[Reading]:
        """The readings of a feed without demo data about real things."""
        if not feed.source.demo:
            return readings
        if self._real:
            readings = [reading for reading in readings if reading.subject not in self._real]
        if self._noted.get(feed.name) != self._store.facts.invented:  # another process may have forgotten some
            self._remember(self._known() | {reading.subject for reading in readings})
            self._noted[feed.name] = self._store.facts.invented
        return readings

    def _known(self) -> set[str]:
        return set(self._store.facts.invented)

    def _remember(self, subjects: set[str]) -> None:
        self._store.facts.invented = tuple(sorted(subjects))

    def _forget(self, subjects: set[str]) -> None:
        try:
            self._store.forget(subjects)
        except StoreError:  # told by whoever keeps the card, and tried again with the next start
            return
        self._remember(self._known() - subjects)
        log.info("%s: the demo data is deleted", ", ".join(sorted(subjects)))
