"""The words the whole house shares: metrics, readings, outcomes, frames, and what a source, a panel and a display are.

A reading is a sentence of four words: subject, metric, value, at. ``at`` is when the *thing* measured it (UTC), never
when we fetched it. Missing means no reading; a failed poll never writes one.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol
from zoneinfo import ZoneInfo

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import Throttled
from eink_monitor.finding import Finding
from eink_monitor.remarks import Remarks
from eink_monitor.signin import Credential, SignIn

if TYPE_CHECKING:
    from eink_monitor.draw.canvas import Canvas

_STATES = re.compile(r"\d+-\d+")


@dataclass(frozen=True, slots=True)
class Metric:
    """One quantity the house can speak of.

    ``step`` is the finest difference worth keeping (values are stored as whole multiples of it); ``low`` and ``high``
    bound what is physically plausible in a home: anything outside is a wrong answer, not a reading. ``hourly`` asks for
    a row an hour beside the row a day: worth its room for what goes up and down within one.
    """

    name: str
    unit: str
    step: float
    low: float
    high: float
    words: str
    hourly: bool = False

    @property
    def names(self) -> dict[float, str]:
        """The names of its values, where its unit says that they are only numbers of states ("0-3")."""
        found = re.findall(r"(\d+) (.+?)(?=, \d|$)", self.words) if _STATES.fullmatch(self.unit) else ()
        return {float(value): name for value, name in found}

    def rounded(self, value: float) -> float:
        """The value as it is kept: a whole multiple of ``step``."""
        return round(value / self.step) * self.step


class Reading(NamedTuple):
    """``subject``'s ``metric`` was ``value`` (in the metric's unit) ``at`` that instant (epoch seconds UTC)."""

    subject: str
    metric: Metric
    value: float
    at: int


class Run(NamedTuple):
    """A value that held from ``start`` to ``end`` without a gap; a single measurement has ``start == end``."""

    start: int
    end: int
    value: float


class Bucket(NamedTuple):
    """What one hour or local day of a series came to; ``n`` counts measurements, ``at`` is its first instant."""

    n: int
    low: float
    high: float
    mean: float
    last: float
    at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one poll came to: ``what`` is "ok" or an error's word, ``detail`` one plain sentence or empty."""

    feed: str
    at: int
    took: float
    what: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``calls`` in any ``span``: "minute", "hour" and "day" roll; "month" is the local calendar month."""

    calls: int
    span: str


@dataclass(frozen=True, slots=True)
class Quota:
    """The budgets of one vendor account. ``account`` names it in the ledger and must not be a secret."""

    account: str
    budgets: tuple[Budget, ...]


@dataclass(slots=True)
class Visit:
    """Everything a source may know about the poll it is asked for.

    ``latest`` holds the newest stored reading per (subject, metric name) of what this source publishes, so that a
    source without any state of its own can skip what is fresh; of what another feed brings too, the newest it brought
    itself. ``allowance`` is how many vendor calls the ledger has reserved; ``spend`` must be called before each one.
    ``remarks`` take plain sentences about a poll that went well ("the car sleeps") and the values that it had to leave
    out, ``heard`` what time it is by the vendor's own clock (epoch seconds), where it says so. ``state`` is a private
    directory for tokens.
    """

    feed: str
    subject: str
    now: int
    zone: ZoneInfo
    every: int
    latest: Mapping[tuple[str, str], Reading]
    state: Path
    allowance: int = 0
    spent: int = 0
    heard: int = 0
    remarks: Remarks = field(default_factory=Remarks)

    def spend(self, calls: int = 1) -> None:
        """Account for vendor calls about to be made; raises ``Throttled`` rather than exceed what was reserved."""
        if self.spent + calls > self.allowance:
            message = f"{self.feed}: this poll wanted more than the {self.allowance} calls reserved for it"
            raise Throttled(message, self.now + self.every, account_wide=False)
        self.spent += calls

    def spare(self, calls: int = 1) -> None:
        """Take back what was accounted for: the vendor was not even reached, so the calls were never made."""
        self.spent -= calls

    @property
    def note(self) -> str:
        """The remarks in one line; empty when there is nothing to say."""
        return str(self.remarks)

    def last(self, metric: Metric, subject: str | None = None) -> Reading | None:
        """The newest stored reading of a metric of this feed (of its own subject unless another is named)."""
        return self.latest.get((subject or self.subject, metric.name))

    def age(self, metric: Metric, subject: str | None = None) -> int:
        """Seconds since that metric was measured; very large when never."""
        reading = self.last(metric, subject)
        return self.now - reading.at if reading else 1 << 40


class Source(ABC):
    """Where readings come from: one frozen dataclass whose fields are its YAML keys, and one verb, ``poll``.

    ``metrics`` lists what it can publish; ``lag`` is by how many seconds its vendor's data trails reality at best;
    ``preload`` names light modules worth importing once in the daemon instead of in every child. ``extra`` is the extra
    of this package that installs what ``modules`` names. ``door`` is the address, without https://, where a person lets
    us in again. ``invented`` readings give way to those of a real source of the same subject. ``together`` tells, after
    a comma, how several of its kind can be one subject. ``family`` is what its ``thing`` is ("car") where sources of
    several types may ask the same one.
    """

    metrics: ClassVar[tuple[Metric, ...]] = ()
    lag: ClassVar[int] = 0
    preload: ClassVar[tuple[str, ...]] = ()
    extra: ClassVar[str] = ""
    door: ClassVar[str] = ""
    invented: ClassVar[bool] = False
    together: ClassVar[str] = ""
    family: ClassVar[str] = ""

    @abstractmethod
    def poll(self, visit: Visit) -> Iterable[Reading]:
        """Fetch once. Raises only the errors of ``eink_monitor.errors``. Runs in a child process with a deadline."""

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """Which metrics of which subjects can come from here; most sources speak of one subject only."""
        return {subject: self.metrics}

    def quota(self) -> Quota | None:
        """The vendor account's budgets, or None where calls are free."""
        return None

    def cost(self, visit: Visit) -> int:
        """At most how many vendor calls the next poll would make; 0 where calls are free."""
        return 0 if self.quota() is None else 1

    def pace(self, visit: Visit) -> int:
        """Seconds this source would like between polls, knowing what it knows; the ledger may stretch it."""
        return visit.every

    def patience(self, every: int) -> int:
        """Seconds after which a reading from here counts as stale."""
        return 3 * every + self.lag

    def patience_with(self, metric: Metric, every: int) -> int:
        """As ``patience``, of one metric: longer where a source asks for it more rarely than for the rest."""
        return self.patience(every)

    @property
    def renews(self) -> str:
        """What a person must make anew when the vendor refuses us ("API key"); empty where signing in again does."""
        return ""

    @property
    def way_in(self) -> str:
        """The address, without https://, where a person lets us in again as the source is configured."""
        return self.door

    @property
    def modules(self) -> tuple[str, ...]:
        """Import names of the libraries that it cannot work without as it is configured."""
        return ()

    @property
    def thing(self) -> object:
        """Which one of its kind it asks, to tell it from another; None where nobody would mix them up."""
        return None

    @property
    def follows(self) -> bool:
        """Whether ``follow`` has something to add to ``poll``."""
        return False

    @property
    def polls(self) -> bool:
        """Whether ``poll`` is wanted beside ``follow``; where not, the stream must speak at every ``every``."""
        return True

    def follow(self, visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        """Readings as the vendor sends them, batch by batch, without end.

        Runs in a child process that lives long; raises ``Trouble`` when the stream ends.
        """
        return iter(())

    def doubts(self) -> Iterator[tuple[str, str]]:
        """What is configured as it may be, and yet hardly meant: what is wrong with it, and what to write instead."""
        return iter(())

    @property
    def local(self) -> bool:
        """Whether it is asked in the house, where a call costs nothing: failures never put it off for long."""
        return False

    def sign_in(self) -> SignIn | None:
        """How a person signs in, or None where nobody needs to."""
        return None

    def sign_out(self, visit: Visit) -> str:
        """Revoke and forget the sign-in; returns a sentence about what was done."""
        return "There is no sign-in to forget."

    def shares(self, state: Path) -> tuple[Path, ...]:
        """Folders beside ``state``, its own, that it shares with the other feeds of its vendor account."""
        return ()

    def credentials(self, visit: Visit) -> list[Credential]:
        """What the vendor let us in with and how long that holds; makes no call."""
        return []


_AHEAD = 2 * MINUTE  # clocks of vendors run a little ahead of ours


class FeedStatus(NamedTuple):
    """How a feed is doing: what the last poll came to, and since when. Times are epoch seconds UTC, None for never.

    ``door`` is the address where a person lets us in again, ``renews`` what must be made anew there, if it is a key;
    ``warning`` says what will soon need one. ``lack`` is what is wrong although polls go well, in two words: a disk is
    "not mounted". ``shown`` is whether, of several feeds of one subject, this one made the newest measurement: the one
    on the panels.
    """

    name: str
    label: str
    type: str
    what: str | None
    detail: str
    since: int | None
    at: int | None
    ok_at: int | None
    due: int | None
    measured_at: int | None
    patience: int
    calls_used: int | None
    calls_limit: int | None
    door: str = ""
    warning: str = ""
    shown: bool = False
    renews: str = ""
    lack: str = ""

    @property
    def is_well(self) -> bool:
        """Whether its polls do not fail, whatever they bring but that something is missing."""
        return self.what in {None, "ok"} and not self.lack

    def is_silent(self, now: int) -> bool:
        """Whether polls go well but bring nothing, or nothing that is not older than the source's own patience."""
        return self.what == "ok" and not self.lack and not self.is_fresh(now)

    def is_fresh(self, now: int) -> bool:
        """Whether the newest measurement is within the source's patience."""
        return self.measured_at is not None and -_AHEAD <= now - self.measured_at <= self.patience


class History(Protocol):
    """What a panel may ask. Every answer comes from our own store; nothing here touches a network."""

    zone: ZoneInfo
    wear: Wear
    """What the display has been through."""

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        """The newest reading, or None."""

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time."""

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        """Local days from ``first`` to ``last`` inclusive; a day without a measurement is absent."""

    def gap(self, subject: str) -> int:
        """Seconds between two measurements of a subject beyond which a chart must show a gap."""

    def patience(self, subject: str, metric: Metric) -> int:
        """Seconds after which the newest measurement is stale, by the source that it came from."""

    def label(self, subject: str) -> str:
        """What a person calls the subject."""

    def trouble(self, subject: str) -> FeedStatus | None:
        """The feed of a subject that is failing now, or None when all is well."""

    def answered(self, subject: str) -> int | None:
        """When a feed of the subject last answered well, whatever the answer said, or None for never."""

    def feeds(self) -> Sequence[FeedStatus]:
        """Every feed, in the order of the configuration."""


class Need(NamedTuple):
    """A panel cannot work unless one of ``any_of`` is published for ``subject``."""

    subject: str
    any_of: tuple[Metric, ...]


class Panel(ABC):
    """What the ink can show: one frozen dataclass whose fields are its YAML keys, and one verb, ``draw``."""

    @abstractmethod
    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Draw onto a blank canvas. Never fails for lack of data: an empty store gets words, not an exception."""

    def needs(self) -> Iterator[Need]:
        """What must be published for this panel to make sense; checked when the configuration is read."""
        return iter(())


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture for the ink: rows of ``(width + 7) // 8`` bytes, most significant bit leftmost, 1 is white.

    ``name`` is the panel it came from; two frames with the same bits are the same frame.
    """

    width: int
    height: int
    bits: bytes = field(repr=False)
    name: str = field(default="", compare=False)


@dataclass(slots=True)
class Wear:
    """How much a panel has been through; kept in the database, because no panel lives for ever.

    ``full`` and ``partial`` count refreshes since the panel was new, ``since_full`` the partial ones in a row.
    ``last_full`` and ``last`` are when (epoch seconds UTC) the last full one ended and when the ink last moved.
    """

    full: int = 0
    partial: int = 0
    since_full: int = 0
    last_full: int | None = None
    last: int | None = None


class Display(ABC):
    """Where frames become ink: one dataclass whose fields are its YAML keys, and one verb, ``show``.

    The daemon calls ``open`` once, then ``show`` at every turn of the rotation: a display knows itself what it shows,
    so an unchanged frame costs nothing. After each ``show``, whether it succeeded or not, ``wear`` is worth saving.
    """

    size: ClassVar[tuple[int, int]] = (250, 122)

    @property
    def label(self) -> str:
        """What kind of display it is, for a test picture to name: its file, or its model where there are several."""
        return type(self).__module__.rpartition(".")[2]

    @property
    def where(self) -> str:
        """Where to look for what it shows, for the log to say ("pictures in /home/pi/out"); empty where one sees it."""
        return ""

    @property
    def modules(self) -> tuple[str, ...]:
        """Import names of the libraries that it cannot work without."""
        return ()

    @property
    def extra(self) -> str:
        """The extra of this package that installs them."""
        return ""

    @property
    def looks(self) -> bool:
        """Whether anybody will see the frame; where nobody does it need not be drawn."""
        return True

    def open(self, clock: Clock, wear: Wear) -> None:
        """Lend the display a clock and its history, which it keeps up to date in place; touches no hardware yet."""

    def ready_in(self) -> float:
        """Seconds until a frame that is not urgent may be drawn; 0.0 for now."""
        return 0.0

    @property
    def every_beat(self) -> bool:
        """Whether ``show`` wants unchanged frames, too: a panel that ages decides by itself when to refresh."""
        return False

    @abstractmethod
    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        """Make the frame visible before returning. Raises ``DisplayError``.

        A display that must be spared does nothing while ``ready_in`` is above 0, unless a person asked (``urgent``).
        """

    def collect(self, frames: Iterable[Frame]) -> None:
        """At a start, one frame of every panel: for who keeps a picture of each. Others do not look at them.

        Raises ``DisplayError``.
        """

    def freshen(self) -> None:
        """Make the next frame crisp, whatever it costs: quiet hours are over."""

    def clear(self) -> None:
        """Whiten the panel, for storage. Raises ``DisplayError``."""

    def examine(self) -> Iterator[Finding]:
        """What is right and wrong with the hardware, line by line, without moving any ink; never raises."""
        return iter(())

    def close(self) -> None:
        """Release what is held; the last frame stays visible. Does nothing in a forked child."""
