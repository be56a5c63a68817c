"""A history that lives in memory: what the store answers, without a store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from eink_monitor.clock import local
from eink_monitor.model.event import Event
from eink_monitor.model.frame import Wear
from eink_monitor.model.history import FeedStatus
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import ForecastDay, Outlook
from eink_monitor.model.reading import Bucket, Metric, Reading, Run

BERLIN = ZoneInfo("Europe/Berlin")


def feed(name: str, what: str | None = "ok", detail: str = "", **times: int) -> FeedStatus:
    """A feed in the state one wants; the rest is unknown."""
    status = FeedStatus(name, name.capitalize(), "demo", what, detail, None, None, None, None, None, 5400, None, None)
    return status._replace(**times)  # type: ignore[arg-type]  # the fields that are times


@dataclass
class PaperHouse:
    """Readings by subject and metric name, as (at, value) in order of time."""

    zone: ZoneInfo = BERLIN
    readings: dict[tuple[str, str], list[tuple[int, float]]] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    statuses: list[FeedStatus] = field(default_factory=list)
    troubles: dict[str, FeedStatus] = field(default_factory=dict)
    patience_seconds: int = 5400
    gap_seconds: int = 5400
    answered_at: int | None = None
    wear: Wear = field(default_factory=Wear)
    outlooks: dict[tuple[str, str], Outlook] = field(default_factory=dict)
    listings: dict[tuple[str, str], Listing] = field(default_factory=dict)
    happened: list[Event] = field(default_factory=list)
    comparisons: list[ForecastDay] = field(default_factory=list)
    _days: dict[tuple[str, str], tuple[list[tuple[int, float]], dict[date, Bucket]]] = field(
        default_factory=dict, compare=False
    )

    def expect(self, outlook: Outlook) -> PaperHouse:
        """Let an outlook take the place of the one before."""
        self.outlooks[outlook.subject, outlook.metric.name] = outlook
        return self

    def enlist(self, listing: Listing) -> PaperHouse:
        """Let a listing take the place of the one before."""
        self.listings[listing.subject, listing.name] = listing
        return self

    def add(self, subject: str, metric: Metric, points: Iterable[tuple[int, float]]) -> PaperHouse:
        """Store some more points of a series; the later of two at one instant counts."""
        known = {**dict(self.readings.get((subject, metric.name), [])), **dict(points)}
        self.readings[subject, metric.name] = sorted(known.items())
        return self

    def set(self, subject: str, at: int, values: Mapping[Metric, float]) -> PaperHouse:
        """Store one reading each of several metrics, all measured at one instant."""
        for metric, value in values.items():
            self.add(subject, metric, [(at, value)])
        return self

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        points = self.readings.get((subject, metric.name))
        return Reading(subject, metric, points[-1][1], points[-1][0]) if points else None

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        points = self.readings.get((subject, metric.name), [])
        return [Run(at, at, value) for at, value in points if since <= at <= until]

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        points = self.readings.get((subject, metric.name), [])
        seen, known = self._days.get((subject, metric.name), ([], {}))
        if seen != points:  # grouped once: the fake must not cost more than the panel that asks it
            known = _by_day(points, self.zone)
            self._days[subject, metric.name] = list(points), known
        return {day: bucket for day, bucket in known.items() if first <= day <= last}

    def outlook(self, subject: str, metric: Metric) -> Outlook | None:
        return self.outlooks.get((subject, metric.name))

    def listing(self, subject: str, name: str) -> Listing | None:
        return self.listings.get((subject, name))

    def lists(self, subject: str) -> Sequence[str]:
        return [name for one, name in self.listings if one == subject]

    def freshness(self, subject: str, name: str) -> int:
        return self.patience_seconds

    def events(self, subject: str, kind: str, since: int, until: int) -> Sequence[Event]:
        of = [one for one in self.happened if one.subject == subject and kind in {"", one.kind}]
        return [one for one in of if since <= one.start < until]

    def compared(self, subject: str, metric: Metric, days: int) -> Sequence[ForecastDay]:
        return self.comparisons[-days:]

    def gap(self, subject: str) -> int:
        return self.gap_seconds

    def patience(self, subject: str, metric: Metric) -> int:
        return self.patience_seconds

    def label(self, subject: str) -> str:
        return self.labels.get(subject, subject.capitalize())

    def trouble(self, subject: str) -> FeedStatus | None:
        return self.troubles.get(subject)

    def answered(self, subject: str) -> int | None:
        return self.answered_at

    def subjects(self) -> Sequence[str]:
        return list(dict.fromkeys(subject for subject, _ in (*self.readings, *self.outlooks, *self.listings)))

    def feeds(self) -> Sequence[FeedStatus]:
        return self.statuses


def _by_day(points: list[tuple[int, float]], zone: ZoneInfo) -> dict[date, Bucket]:
    days: dict[date, list[tuple[int, float]]] = {}
    for at, value in points:
        days.setdefault(local(at, zone).date(), []).append((at, value))
    return {day: _bucket(found) for day, found in days.items()}


def _bucket(points: list[tuple[int, float]]) -> Bucket:
    values = [value for _, value in points]
    return Bucket(len(values), min(values), max(values), sum(values) / len(values), values[-1], points[-1][0])
