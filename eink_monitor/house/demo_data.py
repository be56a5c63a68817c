"""Demo data gives way to the truth: it is deleted once a real source reports on its subject, or no demo source does.

A newcomer's first readings are those of the demo house; the roof that replaces it must not inherit its history, and an
own house has no car that never was.
"""

from __future__ import annotations

import logging

from eink_monitor.config import Config, Feed
from eink_monitor.errors import StoreError
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")


def real_subjects(config: Config) -> frozenset[str]:
    """The subjects of which a real source tells what is."""
    feeds = (feed for feed in config.feeds.values() if not feed.source.demo)
    return frozenset(subject for feed in feeds for subject in feed.source.publishes(feed.subject))


def _demo_subjects(config: Config) -> frozenset[str]:
    """The subjects of which a demo source tells what is, or what will be."""
    feeds = [feed for feed in config.feeds.values() if feed.source.demo]
    told = [subject for feed in feeds for subject in feed.source.publishes(feed.subject)]
    return frozenset(told + [subject for feed in feeds for subject in feed.source.expects(feed.subject)])


def _real_outlooks(config: Config) -> frozenset[tuple[str, str]]:
    """Subject and metric of what a real source expects."""
    feeds = [feed for feed in config.feeds.values() if not feed.source.demo]
    expected = [pair for feed in feeds for pair in feed.source.expects(feed.subject).items()]
    return frozenset((subject, metric.name) for subject, metrics in expected for metric in metrics)


class DemoData:
    """Knows which stored subjects are demo data, and forgets those that are real by now, or of no demo source."""

    def __init__(self, config: Config, store: Store) -> None:
        self._real = real_subjects(config)
        self._expected = _real_outlooks(config)
        self._store = store
        known = self._known()
        if known and (gone := known & self._real | known - _demo_subjects(config)):
            self._forget(gone)

    def sift(self, feed: Feed, readings: list[Reading]) -> list[Reading]:
        """The readings of a feed without demo data about real things."""
        if not feed.source.demo:
            return readings
        if self._real:
            readings = [reading for reading in readings if reading.subject not in self._real]
        self._note({reading.subject for reading in readings})
        return readings

    def outlooks(self, feed: Feed, outlooks: list[Outlook]) -> list[Outlook]:
        """The outlooks of a feed without demo data about real things, or about what is really expected."""
        if not feed.source.demo or not outlooks:
            return outlooks
        real = [one for one in outlooks if one.subject not in self._real]
        real = [one for one in real if (one.subject, one.metric.name) not in self._expected]
        self._note({one.subject for one in real})
        return real

    def _note(self, subjects: set[str]) -> None:
        """Write down which subjects are demo data."""
        if not subjects <= (known := self._known()):
            self._remember(known | subjects)

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
