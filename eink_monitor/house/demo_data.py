"""Demo data for a device is deleted once a real source reports on it, or no demo source does.

A new user's first readings are demo data; the real roof must not inherit their history, and the car of the demo house
must not stay.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import TypeVar

from eink_monitor.config import Config, Feed
from eink_monitor.errors import StoreError
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store

T = TypeVar("T", Listing, Event)

log = logging.getLogger("eink_monitor")


def real_subjects(config: Config) -> frozenset[str]:
    """The subjects on which a real source reports."""
    feeds = (feed for feed in config.feeds.values() if not feed.source.demo)
    return frozenset(subject for feed in feeds for subject in (*feed.source.publishes(feed.subject), *_listed(feed)))


def _listed(feed: Feed) -> Iterable[str]:
    """The subjects of which a feed has lists or events."""
    return (*feed.source.lists(feed.subject), *feed.source.tells(feed.subject))


def _demo_subjects(config: Config) -> frozenset[str]:
    """The subjects on which a demo source reports, or which it forecasts or lists."""
    feeds = [feed for feed in config.feeds.values() if feed.source.demo]
    told = [subject for feed in feeds for subject in feed.source.publishes(feed.subject)]
    told += [subject for feed in feeds for subject in _listed(feed)]
    return frozenset(told + [subject for feed in feeds for subject in feed.source.expects(feed.subject)])


def _real_outlooks(config: Config) -> frozenset[tuple[str, str]]:
    """Subject and metric of what a real source forecasts."""
    feeds = [feed for feed in config.feeds.values() if not feed.source.demo]
    expected = [pair for feed in feeds for pair in feed.source.expects(feed.subject).items()]
    return frozenset((subject, metric.name) for subject, metrics in expected for metric in metrics)


class DemoData:
    """Knows which stored subjects are demo data, and deletes those that have become real, or have no demo source."""

    def __init__(self, config: Config, store: Store) -> None:
        self._real = real_subjects(config)
        self._expected = _real_outlooks(config)
        self._store = store
        known = self._known()
        if known and (gone := known & self._real | known - _demo_subjects(config)):
            self._forget(gone)

    def sift(self, feed: Feed, readings: list[Reading]) -> list[Reading]:
        """The readings of a feed without demo data for real devices."""
        if not feed.source.demo:
            return readings
        if self._real:
            readings = [reading for reading in readings if reading.subject not in self._real]
        self._note({reading.subject for reading in readings})
        return readings

    def outlooks(self, feed: Feed, outlooks: list[Outlook]) -> list[Outlook]:
        """The outlooks of a feed without demo data for real devices and real forecasts."""
        if not feed.source.demo or not outlooks:
            return outlooks
        real = [one for one in outlooks if one.subject not in self._real]
        real = [one for one in real if (one.subject, one.metric.name) not in self._expected]
        self._note({one.subject for one in real})
        return real

    def others(self, feed: Feed, said: Sequence[T]) -> list[T]:
        """The listings or events of a feed without demo data for real devices."""
        if not feed.source.demo:
            return list(said)
        real = [one for one in said if one.subject not in self._real]
        self._note({one.subject for one in real})
        return real

    def _note(self, subjects: set[str]) -> None:
        """Record which subjects are demo data."""
        if not subjects <= (known := self._known()):
            self._remember(known | subjects)

    def _known(self) -> set[str]:
        return set(self._store.facts.invented)

    def _remember(self, subjects: set[str]) -> None:
        self._store.facts.invented = tuple(sorted(subjects))

    def _forget(self, subjects: set[str]) -> None:
        try:
            self._store.forget(subjects)
        except StoreError:  # reported by ``keeping``, and tried again at the next start
            return
        self._remember(self._known() - subjects)
        log.info("%s: the demo data is deleted", ", ".join(sorted(subjects)))
