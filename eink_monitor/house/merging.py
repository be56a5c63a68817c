"""Merging two sources of one subject: a roof read from its inverter and from the cloud, as one history.

The newest measurement counts, whoever made it. Older ones that arrive later only fill gaps: where the other source has
measured, they would count twice. Each source sees only its own readings, so that the other's do not make it think there
is nothing left to fetch.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from eink_monitor.clock import AHEAD, DAY
from eink_monitor.config import Config, Feed
from eink_monitor.house.demo_data import real_subjects
from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store

Key = tuple[str, str]
"""Subject and metric name."""


class Merging:
    """Which metrics have two sources, and what came from each."""

    def __init__(self, config: Config, store: Store) -> None:
        real = real_subjects(config)
        keys = {feed.name: set(_keys(feed, without=real if feed.source.demo else ())) for feed in config.feeds.values()}
        doors = Counter(chain.from_iterable(keys.values()))
        shared = {key for key, count in doors.items() if count > 1}
        self._keys = {name: mine & shared for name, mine in keys.items() if mine & shared}
        self._near = {key: min(config.feeds[name].spacing for name in keys if key in keys[name]) for key in shared}
        self._store = store
        self._brought: dict[str, dict[Key, Reading]] = {}

    def shares(self, feed: Feed) -> bool:
        """Whether another feed brings some of the same."""
        return feed.name in self._keys

    def measured(self, feed: Feed) -> int | None:
        """When the newest of a feed's shared measurements was made."""
        return self._store.facts.measured_by[feed.name]

    def latest(self, feed: Feed, now: int) -> Mapping[Key, Reading]:
        """The newest readings as a feed sees them: of shared metrics, its own."""
        readings = self._store.readings
        if not self.shares(feed):
            return readings
        others = {key: readings[key] for key in readings if key not in self._keys[feed.name]}
        return others | {key: known for key, known in self._own(feed).items() if known.at <= now + AHEAD}

    def admit(self, feed: Feed, readings: Iterable[Reading]) -> list[Reading]:
        """The readings of a feed that belong into history."""
        readings = list(readings)
        if not readings or not self.shares(feed):
            return readings
        wanted = [reading for reading in readings if self._is_wanted(feed, reading)]
        shared = [reading for reading in readings if _key(reading) in self._keys[feed.name]]
        for reading in shared:
            self._note(feed, reading)
        if shared:  # an answer without any of that keeps nothing fresh
            self._store.facts.measured_by[feed.name] = max(reading.at for reading in shared)
        return wanted

    def _note(self, feed: Feed, reading: Reading) -> None:
        """Record that a feed brought a reading, and whether it counts."""
        key, own = _key(reading), self._own(feed)
        if key not in own or reading.at >= own[key].at:
            own[key] = reading
        newest = self._store.readings.get(key)
        if newest is None or reading.at > newest.at:
            self._store.facts.door_of[_words(key)] = feed.name

    def bringers(self, feeds: Sequence[Feed], key: Key) -> Sequence[Feed]:
        """Of several feeds of a metric, the one with its newest measurement; all if unknown."""
        name = self._store.facts.door_of[_words(key)]
        return [feed for feed in feeds if feed.name == name] or feeds

    def _is_wanted(self, feed: Feed, reading: Reading) -> bool:
        key = _key(reading)
        newest = self._store.readings.get(key)
        if key not in self._keys[feed.name] or newest is None or reading.at > newest.at:
            return True
        near = self._near[key]
        return not self._store.readings.runs(reading.subject, reading.metric, reading.at - near, reading.at + near)

    def _own(self, feed: Feed) -> dict[Key, Reading]:
        """What a feed brought; after a start, what was known when it last brought anything."""
        own = self._brought.get(feed.name)
        if own is None:
            own = self._brought[feed.name] = {}
            until = self.measured(feed) or 0
            for subject, name in self._keys[feed.name] if until else ():
                runs = self._store.readings.runs(subject, METRICS[name], until - DAY, until)
                if runs:
                    own[subject, name] = Reading(subject, METRICS[name], runs[-1].value, min(runs[-1].end, until))
        return own


def _words(key: Key) -> str:
    return " ".join(key)


def _key(reading: Reading) -> Key:
    return reading.subject, reading.metric.name


def _keys(feed: Feed, without: Container[str]) -> Iterator[Key]:
    for subject, metrics in feed.source.publishes(feed.subject).items():
        for metric in metrics if subject not in without else ():
            yield subject, metric.name
