"""What a panel may ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from eink_monitor.clock import SKEW
from eink_monitor.model.event import Event
from eink_monitor.model.frame import Wear
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import ForecastDay, Outlook
from eink_monitor.model.reading import Bucket, Metric, Reading, Run


class FeedStatus(NamedTuple):
    """The state of a feed: the outcome of the last poll, and since when.

    Times are epoch seconds UTC, None for never.

    ``door`` is the address where a person signs in again, ``renews`` the key to be made there, if it is one;
    ``warning`` says what will soon expire. ``lack`` is what is wrong although polls go well, in two words: a disk is
    "not mounted". ``shown`` is whether, of several feeds of one subject, this one made the newest measurement: the one
    on the panels.
    """

    name: str
    label: str
    type: str
    what: str | None = None
    detail: str = ""
    since: int | None = None
    at: int | None = None
    ok_at: int | None = None
    due: int | None = None
    measured_at: int | None = None
    patience: int = 0
    calls_used: int | None = None
    calls_limit: int | None = None
    door: str = ""
    warning: str = ""
    shown: bool = False
    renews: str = ""
    lack: str = ""

    @property
    def is_well(self) -> bool:
        """Whether its polls succeed and nothing is missing."""
        return self.what in {None, "ok"} and not self.lack

    def is_silent(self, now: int) -> bool:
        """Whether polls go well but bring nothing, or nothing that is not older than the source's own patience."""
        return self.what == "ok" and not self.lack and not self.is_fresh(now)

    def is_fresh(self, now: int) -> bool:
        """Whether the newest measurement is within the source's patience."""
        return self.measured_at is not None and -SKEW <= now - self.measured_at <= self.patience


class History(Protocol):
    """The queries of panels. Every answer comes from our own store; nothing here touches a network."""

    zone: ZoneInfo
    wear: Wear
    """The wear of the display."""

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        """The newest reading, or None."""

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time."""

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        """Local days from ``first`` to ``last`` inclusive; a day without a measurement is absent."""

    def outlook(self, subject: str, metric: Metric) -> Outlook | None:
        """The newest outlook (``Outlook.is_old`` judges its age), or None."""

    def listing(self, subject: str, name: str) -> Listing | None:
        """What is listed now, or was when its source was last heard; None where nothing is known."""

    def lists(self, subject: str) -> Sequence[str]:
        """The names of a subject's listings, in the order of the configuration."""

    def freshness(self, subject: str, name: str) -> int:
        """Seconds after which a listing is stale, by the source that lists it."""

    def events(self, subject: str, kind: str, since: int, until: int) -> Sequence[Event]:
        """What began from ``since`` up to, not including, ``until``, in order of time; of all kinds for ``""``."""

    def compared(self, subject: str, metric: Metric, days: int) -> Sequence[ForecastDay]:
        """For the last ``days`` full local days: the energy of a power in Wh, expected and measured.

        A day that lacks one of the two is absent. Only what the roof makes (``PV_POWER``) is compared.
        """

    def gap(self, subject: str) -> int:
        """Seconds between two measurements of a subject beyond which a chart must show a gap."""

    def patience(self, subject: str, metric: Metric) -> int:
        """Seconds after which the newest measurement is stale, by the source that it came from."""

    def label(self, subject: str) -> str:
        """The subject's name on panels."""

    def trouble(self, subject: str) -> FeedStatus | None:
        """The feed of a subject that is failing now, or None when all is well."""

    def answered(self, subject: str) -> int | None:
        """When a feed of the subject last answered successfully, whatever it said, or None for never."""

    def subjects(self) -> Sequence[str]:
        """Whatever the sources speak of, in the order of the configuration."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Every feed, in the order of the configuration."""
