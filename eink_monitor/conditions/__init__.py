"""A small language of conditions: `roof.pv_power > 500 W for 5m and between 10:00 and 16:00`, `stale(car)`.

A condition is parsed once, when the configuration is read, and can be asked at any instant of the past. It is true,
false or unknown (None): an unknown figure makes a comparison unknown, and `not` of that is unknown, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from eink_monitor.model.reading import Metric, Reading, Run
from eink_monitor.settings import MistakesError

Truth = bool | None
"""Whether a condition holds; None is unknown."""


class Witness(Protocol):
    """What a condition needs to know. Instants are epoch seconds UTC, past or present."""

    zone: ZoneInfo

    def known(self, subject: str, metric: Metric, at: int, within: int) -> Reading | None:
        """The newest reading at that instant that is no older than ``within`` seconds, or None."""

    def ever(self, subject: str, metric: Metric, at: int) -> bool:
        """Whether anything was measured until then."""

    def runs(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        """Runs that end at or after ``since`` and start at or before ``until``, in order of time."""

    def metrics(self, subject: str) -> Sequence[Metric]:
        """What the sources publish of a subject."""

    def patience(self, subject: str, metric: Metric) -> int:
        """Seconds after which a reading is stale."""

    def trouble(self, name: str, at: int) -> Truth:
        """Whether the sources of a subject, or the one of that name, failed then; of any, where no name is given."""

    def turns(self, name: str, since: int, until: int) -> Iterable[int]:
        """When the answer to ``trouble`` may have changed."""

    def day(self, at: int) -> Truth:
        """Whether the sun was up; None if the location is unknown."""


class Term(Protocol):
    """A part of a condition."""

    def holds(self, witness: Witness, at: int) -> Truth:
        """Whether it holds at an instant."""


class Mention(NamedTuple):
    """What a condition refers to, and where in its text, to be checked against the configuration.

    ``metric_at`` is where the metric stands, if one does. ``what`` is what the name may be: "subject", "trouble" (or
    the name of a source), "day" (none: it must be known where the house stands).
    """

    what: str
    subject: str
    at: int
    metric: Metric | None = None
    metric_at: int = 0


class ConditionError(MistakesError):
    """A text is not a condition."""

    noun = "condition"


@dataclass(frozen=True)
class Condition:
    """A condition: its text and its meaning."""

    text: str
    term: Term
    mentions: tuple[Mention, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Read a condition. Raises ``ConditionError``."""
        from eink_monitor.conditions.parser import parse  # noqa: PLC0415 - a house without conditions does without

        return cls(" ".join(text.split()), *parse(text))

    def holds(self, witness: Witness, at: int) -> Truth:
        """Whether it holds at an instant."""
        return self.term.holds(witness, at)

    def __str__(self) -> str:
        return self.text
