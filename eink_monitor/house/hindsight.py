"""The store as a condition sees it at any past instant: a ``conditions.Witness``.

It includes what was measured by then, even if a vendor reported it later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from eink_monitor.clock import SKEW, local, midnight
from eink_monitor.conditions import Truth
from eink_monitor.config import Config, Feed
from eink_monitor.metrics import DISK_STATE, NO_DISK, PRICES
from eink_monitor.model.history import History
from eink_monitor.model.reading import Metric, Reading, Run
from eink_monitor.sources._daylight import sunlit
from eink_monitor.store import Store

WELL = frozenset({None, "ok", "throttled"})
"""Outcomes of a source that does not fail."""

_DAWN_OF_TIME = date(1970, 1, 1)


class Hindsight:
    """Answers from the store; ``by_subject`` are the feeds of each subject, ``history`` knows their patience."""

    def __init__(
        self, config: Config, store: Store, by_subject: Mapping[str, Sequence[Feed]], history: History
    ) -> None:
        self.zone: ZoneInfo = config.zone
        self.patience = history.patience
        self._store = store
        self._feeds = config.feeds
        self._by_subject = by_subject
        self._sun = next(
            (
                (float(place), getattr(feed.source, "daylight", None))
                for feed in config.feeds.values()
                if (place := getattr(feed.source, "latitude", None)) is not None
            ),
            None,
        )

    def known(self, subject: str, metric: Metric, at: int, within: int) -> Reading | None:
        """The newest reading at that instant that is no older than ``within`` seconds, or None.

        A price is what it was announced to be at that instant, if it was.
        """
        outlook = self._store.outlooks.get(subject, metric) if metric in PRICES else None
        if outlook and (slot := outlook.slot(at)):
            return Reading(subject, metric, slot.value, at)
        newest = self._store.readings.latest(subject, metric)
        if newest is not None and newest.at <= at:
            return newest if at - newest.at <= within else None
        if runs := self.runs(subject, metric, at - within, at):
            return Reading(subject, metric, runs[-1].value, min(runs[-1].end, at))
        return newest if newest and newest.at <= at + SKEW else None  # its clock is ahead, and it is the first

    def ever(self, subject: str, metric: Metric, at: int) -> bool:
        """Whether anything was measured until then."""
        newest = self._store.readings.latest(subject, metric)
        if newest is not None and newest.at <= at:
            return True
        today = local(at, self.zone).date()
        if newest and self._store.readings.days(subject, metric, _DAWN_OF_TIME, today - timedelta(days=1)):
            return True
        return bool(self.runs(subject, metric, midnight(today, self.zone), at))

    def runs(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time.

        What nobody measures and somebody foretells, such as a price, is what the newest outlook says of that time.
        """
        outlook = self._store.outlooks.get(subject, metric)
        announced = metric in PRICES and outlook is not None and outlook.covers(since, until)
        if announced or self._store.readings.latest(subject, metric) is None:
            slots = outlook.slots if outlook else ()
            return [Run(start, end - 1, value) for start, end, value in slots if end > since and start <= until]
        return self._store.readings.runs(subject, metric, since, until)

    def metrics(self, subject: str) -> Sequence[Metric]:
        """What the sources publish of a subject, or foretell."""
        feeds = self._by_subject.get(subject, ())
        said = [
            *(feed.source.publishes(feed.subject).get(subject, ()) for feed in feeds),
            *(feed.source.expects(feed.subject).get(subject, ()) for feed in feeds),
        ]
        return list(dict.fromkeys(metric for metrics in said for metric in metrics))

    def trouble(self, name: str, at: int) -> Truth:
        """Whether the sources of a subject, or the one of that name, or any source without a name, failed then.

        One that fails is no trouble while another keeps the subject fresh. A disk that is not there is one.
        """
        if not name:
            return _any([self.trouble(one, at) for one in self._by_subject])
        if self._lacks(name, at):
            return True
        words = [self._word(feed, at) for feed in self._named(name)]
        ill = [None if word is None else word not in WELL for word in words]
        if True in ill and not all(ill) and self._fresh(name, at):
            return False
        return _any(ill) if ill else None

    def turns(self, name: str, since: int, until: int) -> Iterator[int]:
        """When the answer to ``trouble`` may have changed."""
        for feed in self._named(name) if name else self._feeds.values():
            for past in self._store.outcomes.between(feed.name, since, until):
                yield past.since
        subjects = [name] if name else self._by_subject
        for subject in subjects:
            for metric in self.metrics(subject) if len(self._named(subject)) > 1 else (DISK_STATE,):
                patience = self.patience(subject, metric)
                for run in self.runs(subject, metric, since - patience, until):
                    yield from (run.start, run.end + patience + 1)

    def day(self, at: int) -> Truth:
        """Whether the sun was up, to three quarters of an hour; None where no source says where the house stands."""
        return None if self._sun is None else sunlit(at, self.zone, *self._sun)

    def _named(self, name: str) -> Sequence[Feed]:
        """The feeds of a subject, or the one of a name."""
        if name in self._by_subject:
            return self._by_subject[name]
        return [feed for feed in self._feeds.values() if name in {feed.name, feed.subject}]

    def _word(self, feed: Feed, at: int) -> str | None:
        """The outcome of a feed's polls then; None if unknown."""
        past = self._store.outcomes.at(feed.name, at)
        return past.what if past else None

    def _fresh(self, subject: str, at: int) -> bool:
        return any(self.known(subject, one, at, self.patience(subject, one)) for one in self.metrics(subject))

    def _lacks(self, subject: str, at: int) -> bool:
        """Whether a disk was not there, or could not be measured."""
        state = self.known(subject, DISK_STATE, at, self.patience(subject, DISK_STATE))
        return state is not None and round(state.value) in NO_DISK


def _any(truths: Sequence[Truth]) -> Truth:
    """Whether one of them holds; None where that hangs on one that nobody knows."""
    return True if True in truths else None if None in truths else False
