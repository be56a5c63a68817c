"""The store as configured, for panels. Implements ``model.History``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from eink_monitor.clock import DAY, MINUTE, local
from eink_monitor.config import Config, Feed
from eink_monitor.house.demo_data import real_subjects
from eink_monitor.house.expiry import Expiry
from eink_monitor.house.fence import fenced
from eink_monitor.house.hindsight import WELL, Hindsight
from eink_monitor.house.merging import Key, Merging
from eink_monitor.metrics import DISK_STATE, NO_DISK, PRODUCTION_TODAY, PV_POWER
from eink_monitor.model.event import Event
from eink_monitor.model.frame import Wear
from eink_monitor.model.history import FeedStatus
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import ForecastDay, Outlook
from eink_monitor.model.reading import Bucket, Metric, Reading, Run
from eink_monitor.store import Store

_REMEMBERED = 3 * DAY  # how long a damaged database is shown on the health panel
_WHOLE_DAY = 0.5  # of the measurements of the day with most


class House:
    """Answers from our own store only; ``now`` is set before drawing."""

    def __init__(self, config: Config, store: Store, now: int = 0) -> None:
        config = fenced(config)
        self.zone = config.zone
        self.locale = config.locale
        self.now = now
        self.wear = Wear(**store.wear.counts())
        self.card = ""  # what is wrong with storage, in words, or empty
        self.clock = ""  # what is wrong with the clock, in words, or empty
        self.screen = ""  # what is wrong with the display, in words, or empty
        self._config = config
        self._expiry = Expiry(config)
        self._merging = Merging(config, store)
        self._store = store
        self._by_subject: dict[str, list[Feed]] = {}
        self._by_metric: dict[Key, list[Feed]] = {}
        real = real_subjects(config)
        for feed in config.feeds.values():
            for subject, metrics in feed.source.publishes(feed.subject).items():
                if subject not in real or not feed.source.demo:
                    self._by_subject.setdefault(subject, []).append(feed)
                    for metric in metrics:
                        self._by_metric.setdefault((subject, metric.name), []).append(feed)
        for feed in config.feeds.values():  # for what is only forecast or listed, that feed answers
            source = feed.source
            others = (*source.expects(feed.subject), *source.lists(feed.subject), *source.tells(feed.subject))
            for subject in dict.fromkeys(others):
                if all(subject not in one.source.publishes(one.subject) for one in config.feeds.values()):
                    self._by_subject.setdefault(subject, []).append(feed)
        self.hindsight = Hindsight(config, store, self._by_subject, self)

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        """The newest reading, or None."""
        return self._store.readings.latest(subject, metric)

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time."""
        return self._store.readings.runs(subject, metric, since, until)

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        """Local days from ``first`` to ``last`` inclusive; a day without a measurement is absent."""
        return self._store.readings.days(subject, metric, first, last)

    def outlook(self, subject: str, metric: Metric) -> Outlook | None:
        """The newest outlook, or None."""
        return self._store.outlooks.get(subject, metric)

    def listing(self, subject: str, name: str) -> Listing | None:
        """What is listed now, or was when its source was last heard; None where nothing is known."""
        return self._store.listings.get(subject, name)

    def lists(self, subject: str) -> Sequence[str]:
        """The names of a subject's listings, in the order of the configuration."""
        feeds = self._by_subject.get(subject, ())
        return list(dict.fromkeys(name for feed in feeds for name in feed.source.lists(feed.subject).get(subject, ())))

    def freshness(self, subject: str, name: str) -> int:
        """Seconds after which a listing is stale, by the source that lists it."""
        feeds = self._by_subject.get(subject, ())
        mine = (feed for feed in feeds if name in feed.source.lists(feed.subject).get(subject, ()))
        return min((feed.source.patience(feed.every) for feed in mine), default=15 * MINUTE)

    def events(self, subject: str, kind: str, since: int, until: int) -> Sequence[Event]:
        """What began from ``since`` up to, not including, ``until``, in order of time."""
        return self._store.events.get(subject, kind, since, until)

    def compared(self, subject: str, metric: Metric, days: int) -> Sequence[ForecastDay]:
        """For the last ``days`` full local days: Wh as expected the day before, and as measured.

        A day with far fewer measurements than the others is incomplete.
        """
        if metric is not PV_POWER:
            return []
        today = local(self.now, self.zone).date()
        first, last = today - timedelta(days=days), today - timedelta(days=1)
        expected = self._store.outlooks.expected(subject, metric, first, last)
        measured = self.daily(subject, PRODUCTION_TODAY, first, last) if expected else {}
        few = _WHOLE_DAY * max((bucket.n for bucket in measured.values()), default=0)
        return [
            ForecastDay(day, expected[day], measured[day].last)
            for day in expected
            if day in measured and measured[day].n >= few
        ]

    def gap(self, subject: str) -> int:
        """Seconds between two measurements of a subject beyond which a chart must show a gap."""
        return max((feed.spacing for feed in self._by_subject.get(subject, ())), default=15 * MINUTE)

    def patience(self, subject: str, metric: Metric) -> int:
        """Seconds after which the newest measurement is stale: as the feed says that brought it."""
        feeds: Sequence[Feed] = self._by_metric.get((subject, metric.name), ())
        if len(feeds) > 1:
            feeds = self._merging.bringers(feeds, (subject, metric.name))
        return min((feed.source.patience_with(metric, feed.every) for feed in feeds), default=15 * MINUTE)

    def label(self, subject: str) -> str:
        """The subject's name on panels."""
        for feed in self._by_subject.get(subject, ()):
            if feed.subject == subject:
                return feed.label
            if title := feed.source.titles(feed.subject).get(subject):
                return title
            if feed.label != feed.subject and subject.startswith(f"{feed.subject}:"):  # one of the disks of a machine
                several = len(feed.source.publishes(feed.subject)) > 1
                return f"{feed.label} {subject[len(feed.subject) + 1 :]}" if several else feed.label
        return subject

    def trouble(self, subject: str) -> FeedStatus | None:
        """The feed of a subject that is failing now, or None when all are well, or one that keeps the panels fresh."""
        statuses = [self._status(feed) for feed in self._by_subject.get(subject, ())]
        well = [status for status in statuses if status.what in WELL]
        if len(well) == len(statuses) or any(status.is_fresh(self.now) for status in well):
            return None
        return next(status for status in statuses if status not in well)

    def answered(self, subject: str) -> int | None:
        """When a feed of the subject last answered successfully, whatever it said, or None for never."""
        pasts = [self._store.outcomes.get(feed.name) for feed in self._by_subject.get(subject, ())]
        return max((past.ok_at for past in pasts if past and past.ok_at is not None), default=None)

    def subjects(self) -> Sequence[str]:
        """Whatever the sources speak of, in the order of the configuration."""
        return list(self._by_subject)

    def feeds(self) -> Sequence[FeedStatus]:
        """Every feed, in the order of the configuration, then what is wrong with the machine itself."""
        statuses = [self._status(feed) for feed in self._config.feeds.values()]
        machine = {"card": self.card, "clock": self.clock, "database": self._damage(), "display": self.screen}
        for name, complaint in machine.items():
            if complaint:
                statuses.append(_machine(name, complaint, self.now))
        return statuses

    def warning(self, feed: Feed) -> str:
        """Which credential of a feed will soon expire, in a sentence, or empty."""
        return self._expiry.warning(feed, self.now)

    def saved(self) -> str:
        """How much of a damaged database could be saved, in words."""
        facts = self._store.facts
        saved, lost = facts.saved, facts.lost
        if saved is None or facts.salvage:
            return "it is being saved"
        return f"{min(99.9, 100 * saved / (saved + lost)):.1f} % of it was saved" if lost else "all of it was saved"

    def _damage(self) -> str:
        """What happened to the database lately, or nothing."""
        lately = abs(self.now - self._store.facts.damaged) < _REMEMBERED
        return f"the database was damaged; {self.saved()}" if lately else ""

    def _status(self, feed: Feed) -> FeedStatus:
        past, source = self._store.outcomes.get(feed.name), feed.source
        used, limit = self._calls(feed)
        status = FeedStatus(
            name=feed.name,
            label=feed.name if self._merging.shares(feed) else feed.label,
            type=feed.type,
            measured_at=self._measured_at(feed),
            patience=source.patience(feed.every),
            calls_used=used,
            calls_limit=limit,
            door=source.way_in,
            warning=self.warning(feed),
            shown=self._is_shown(feed),
            renews=source.renews,
        )
        if past is None:
            return status
        return status._replace(
            what=past.what,
            detail=past.detail,
            since=past.since,
            at=past.at,
            ok_at=past.ok_at,
            due=past.due,
            lack=self._lack(feed) if past.what == "ok" else "",
        )

    def _calls(self, feed: Feed) -> tuple[int | None, int | None]:
        """The calls used and allowed in the tightest of a feed's budgets, except the one per minute."""
        quota = feed.source.quota()
        spent = self._store.ledger.spent(quota, self.now) if quota else ()
        budgets = [entry for entry in spent if entry.span != "minute"]
        tight = min(budgets, key=lambda entry: entry.limit - entry.used, default=None)
        return (tight.used, tight.limit) if tight else (None, None)

    def _lack(self, feed: Feed) -> str:
        """What is wrong with a disk of a feed, in two words, or empty."""
        states = (self.latest(subject, DISK_STATE) for subject in feed.source.publishes(feed.subject))
        return next((NO_DISK[round(state.value)] for state in states if state and round(state.value) in NO_DISK), "")

    def _is_shown(self, feed: Feed) -> bool:
        """Whether the panels show the subject by this feed, of several."""
        if not self._merging.shares(feed):
            return False
        fellows = [one for one in self._by_subject.get(feed.subject, ()) if self._merging.shares(one)]
        through = {one.name: self._merging.measured(one) or 0 for one in fellows}
        return bool(through) and feed.name == max(through, key=lambda name: through[name])

    def _measured_at(self, feed: Feed) -> int | None:
        """When this feed's newest value was measured, or issued; of subjects that belong together, the oldest."""
        if self._merging.shares(feed):
            return self._merging.measured(feed)
        newest: dict[str, int] = {}
        for subject, at in self._instants(feed):
            newest[subject] = max(at, newest.get(subject, at))
        if not newest and feed.source.tells(feed.subject):  # that nothing has happened is news, too
            return past.ok_at if (past := self._store.outcomes.get(feed.name)) else None
        return (max if feed.source.independent else min)(newest.values(), default=None)

    def _instants(self, feed: Feed) -> Iterator[tuple[str, int]]:
        """When whatever is known from a feed was measured, issued or listed, by subject."""
        source, store = feed.source, self._store
        for subject, metrics in source.publishes(feed.subject).items():
            yield from ((subject, reading.at) for metric in metrics if (reading := self.latest(subject, metric)))
        for subject, metrics in source.expects(feed.subject).items():
            yield from ((subject, at) for one in metrics if (at := store.outlooks.issued_at(subject, one)) is not None)
        for subject, names in source.lists(feed.subject).items():
            yield from ((subject, at) for name in names if (at := store.listings.at(subject, name)) is not None)


def _machine(name: str, complaint: str, now: int) -> FeedStatus:
    return FeedStatus(name, name, name, name, complaint, now, now)
