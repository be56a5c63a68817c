"""The whole daemon on a simulated clock: a year in seconds, without one vendor call.

The real daemon, timetable, ledger, store and panels run; only the vendors are simulated. A source of type ``demo`` is
really polled; for any other a demo house answers, at the cost that the source declares.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from eink_monitor.clock import DAY, HOUR, FastClock, midnight, stopwatch
from eink_monitor.config import Config, Feed
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.child import carry_out
from eink_monitor.daemon.polls import Done, SilentStream
from eink_monitor.daemon.runner import Company, Result, Runner
from eink_monitor.metrics import CHARGING, PLUGGED
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.store import Store

_CABLE = {PLUGGED: (17, 6), CHARGING: (22, 3)}  # on from one hour (UTC) to the other
_COMMIT = Duration(6 * HOUR)  # fewer, larger commits than in life: the same rows end up on disk


@dataclass(slots=True)
class Report:
    """The result of a simulation. ``peaks`` holds the highest calls per account on a day and in a month."""

    days: int
    polls: int
    frames: int
    refreshes: dict[str, int]
    rows: dict[str, int]
    peaks: dict[str, dict[str, int]]
    database_bytes: int
    seconds: float


class StandIn:
    """Polls demo sources in this process, and makes up what any other source would publish."""

    def start(self, feed: Feed, visit: Visit) -> Done:
        """Answer at once."""
        if feed.type == "demo":
            return Done(carry_out(feed, visit))
        visit.spend(visit.allowance)
        outlooks = list(_foretold(feed, visit))
        listings = list(_listed(feed, visit))
        readings = list(_invented(feed, visit))
        return Done(Result(readings, "ok", "", 0.0, visit.spent, outlooks=outlooks, listings=listings))

    def follow(self, company: Company) -> SilentStream:  # noqa: ARG002 - the interface
        """There are no streams in a simulation."""
        return SilentStream()


def _invented(feed: Feed, visit: Visit) -> Iterator[Reading]:
    """A plausible value for everything a source can publish, dated as late as its vendor would date it."""
    at = visit.now - feed.source.lag
    hour = at // 3600
    for subject, metrics in feed.source.publishes(feed.subject).items():
        for number, metric in enumerate(metrics):
            yield Reading(subject, metric, _value(metric, hour, number), at)


def _foretold(feed: Feed, visit: Visit) -> Iterator[Outlook]:
    """Two plausible days of everything that a source expects, hour by hour."""
    hours = range(visit.now // HOUR, visit.now // HOUR + 48)
    for subject, metrics in feed.source.expects(feed.subject).items():
        for number, metric in enumerate(metrics):
            slots = (Slot(hour * HOUR, (hour + 1) * HOUR, _value(metric, hour, number)) for hour in hours)
            yield Outlook(subject, metric, visit.now, tuple(slots))


def _listed(feed: Feed, visit: Visit) -> Iterator[Listing]:
    """Three things of everything that a source lists; a day later they are others."""
    day = visit.now // DAY
    items = tuple(Item(f"thing {number}", "", number * DAY, None, "under way") for number in range(day, day + 3))
    for subject, names in feed.source.lists(feed.subject).items():
        yield from (Listing(subject, name, visit.now, items) for name in names)


def _value(metric: Metric, hour: int, number: int) -> float:
    if metric in _CABLE:  # a car comes home, is plugged in, and charges at night: how often it is asked hangs on that
        since, until = _CABLE[metric]
        return float(not until <= hour % 24 < since)
    low, high, seed = max(metric.low, 0), min(metric.high, 100), hour * 31 + number
    return low + (high - low) * (seed * 2654435761 % 2**32) / 2**32


def simulate(  # noqa: PLR0913 - what may differ between two lives
    config: Config,
    days: int,
    first: date,
    progress: Callable[[int], Any] = lambda _: None,
    *,
    folder: Path | None = None,
    runner: Runner | None = None,
) -> Report:
    """Run ``days`` days from local midnight of ``first`` on; ``progress`` is called after each.

    The database is a temporary one unless a ``folder`` is given to keep it in. A ``runner`` may answer the polls with
    what was recorded instead of what is invented.
    """
    with TemporaryDirectory(prefix="eink-monitor-") as temporary:
        file = (folder or Path(temporary)) / "readings.db"
        config = replace(config, database=file, commit_every=_COMMIT)
        clock = FastClock(midnight(first, config.zone))
        store = Store(file, config.zone, durable=False)
        began = stopwatch()
        daemon = Daemon(config, store, clock, runner or StandIn())
        with silence():
            for day in range(1, days + 1):
                live(daemon, midnight(date.fromordinal(first.toordinal() + day), config.zone))
                progress(day)
        daemon.stop()
        report = Report(
            days=days,
            polls=daemon.fetching.polls,
            frames=daemon.drawing.frames,
            refreshes={"full": daemon.wear.full, "partial": daemon.wear.partial},
            rows=store.rows(),
            peaks=store.ledger.peaks(config.zone),
            database_bytes=store.size(),
            seconds=round(stopwatch() - began, 2),
        )
        store.close()
        return report


@contextmanager
def silence() -> Iterator[None]:
    """No log lines: nobody wants those of a simulated year."""
    logger = logging.getLogger("eink_monitor")
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def live(daemon: Daemon, until: int) -> None:
    """Run a daemon until an instant of its own clock."""
    clock = daemon.clock
    while (now := clock.now()) < until:
        pause = daemon.tick()
        daemon.wait(min(pause, until - now), daemon.watch())
