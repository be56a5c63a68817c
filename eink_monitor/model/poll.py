"""One poll: what it may cost, what a source may know about it, and its outcome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.errors import Throttled
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one poll: ``what`` is "ok" or an error's word, ``detail`` one plain sentence or empty."""

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
    """Everything a source may know about the current poll.

    ``latest`` holds the newest stored reading per (subject, metric name) of what this source publishes, so that a
    source without any state of its own can skip what is fresh; of what another feed brings too, the newest it brought
    itself. ``allowance`` is how many vendor calls the ledger has reserved; ``spend`` must be called before each one.
    ``remarks`` take plain sentences about a poll that went well ("the car sleeps") and the values that it had to leave
    out, ``heard`` is the time by the vendor's own clock (epoch seconds), if it says so. ``state`` is a private
    directory for tokens. ``explained`` takes lines on how each value was found, if a person wants to know.
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
    explained: list[str] | None = None

    def spend(self, calls: int = 1) -> None:
        """Count vendor calls about to be made; raises ``Throttled`` rather than exceed what was reserved."""
        if self.spent + calls > self.allowance:
            message = f"{self.feed}: this poll wanted more than the {self.allowance} calls reserved for it"
            raise Throttled(message, self.now + self.every, account_wide=False)
        self.spent += calls

    def spare(self, calls: int = 1) -> None:
        """Uncount calls: the vendor was not even reached, so they were never made."""
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
