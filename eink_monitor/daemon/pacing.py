"""How often each source is polled: the interval it wants, stretched so that its account's calls last."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from eink_monitor import quota as planning
from eink_monitor.clock import HOUR
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.turns import Rhythm
from eink_monitor.house.merging import Merging
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.store import Store

_NEARBY = 3  # intervals; the longest that failures put off a source on the local network
_STAMPS = 1 << 62  # fit into the database's whole numbers


class Pacing:
    """The pace that each source wants and may have."""

    def __init__(self, config: Config, store: Store, merging: Merging) -> None:
        self._config = config
        self._store = store
        self._merging = merging
        self._quotas: dict[str, Quota | None] = {}
        self._states = {name: config.state / name for name in config.feeds}

    def visit(self, feed: Feed, now: int) -> Visit:
        """What a source may know about a poll at that instant."""
        latest = self._merging.latest(feed, now)
        return Visit(feed.name, feed.subject, now, self._config.zone, feed.every, latest, self._states[feed.name])

    def quota(self, feed: Feed) -> Quota | None:
        """A feed's quota, computed once: a source never changes."""
        if feed.name not in self._quotas:
            self._quotas[feed.name] = feed.source.quota()
        return self._quotas[feed.name]

    def pace(self, feed: Feed, now: int) -> float:
        """Seconds until the next poll."""
        pace = feed.source.pace(self.visit(feed, now))
        quota = self.quota(feed)
        if quota is None:
            return pace
        calls = self._store.ledger.calls(quota, now)
        recent = calls[-10:]
        each = sum(call.calls for call in recent) / len(recent) if recent else 1.0
        fellows = [other for other in self._config.feeds.values() if self.quota(other) == quota]
        wanted = [self._wanted(fellow, each) for fellow in fellows]
        stretched = pace * planning.stretch(quota, calls, wanted, now, self._config.zone)
        return min(stretched, max(pace, planning.renewal(quota, now, self._config.zone)))

    def _wanted(self, feed: Feed, calls: float) -> Callable[[int], float]:
        """Calls per second a feed would like at an instant, if each of its polls takes so many."""
        visit = self.visit(feed, 0)

        def rate(at: int) -> float:
            visit.now = at
            return calls / max(feed.source.pace(visit), 1)

        return rate

    def stamp(self, feed: Feed) -> int:
        """Changes when the configuration, a secret file or this feed's tokens do.

        The newest date would not do: a machine without a real-time clock may date backwards.
        """
        own = self._states[feed.name]
        folders = (own, *feed.source.shares(own))
        return sum((when for folder in folders for when in _modified(folder)), self._config.stamp) % _STAMPS


def rhythm_of(feed: Feed, pace: float) -> Rhythm:
    """How long a feed may be put off: never for long on the local network, where calls cost nothing."""
    return Rhythm(pace, min(HOUR, _NEARBY * pace)) if feed.source.local else Rhythm(pace)


def _modified(folder: Path) -> Iterator[int]:
    """When the files a feed keeps were changed, in nanoseconds; nothing of what cannot be looked at."""
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):
                if entry.is_file():
                    yield entry.stat().st_mtime_ns
