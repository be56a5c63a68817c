"""When and how a panel may be refreshed: pure functions, so that years can be tested in a second.

The figures are Waveshare's: refreshes at least 180 s apart and one a day at least (2.13inch e-Paper HAT manual,
precautions), a full refresh after five partial ones (2.13inch e-Paper V4 specification).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from eink_monitor.clock import DAY, HOUR
from eink_monitor.settings import Duration, insist

_SHORTEST = 30  # seconds between two refreshes
_ROUNDING = 1e-3  # a wait may end this much early


class Step(Enum):
    """What to do with a frame."""

    SAME = "the panel shows it already"
    HOLD = "too soon after the last refresh"
    PARTIAL = "move only the pixels that differ"
    FULL = "drive every pixel"


class Past(NamedTuple):
    """The seconds since the ink last moved and since the last full refresh (None: unknown), and partials since."""

    moved: float | None
    full: float | None
    partials: int


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one panel: seconds between refreshes, partials in a row, seconds between full refreshes.

    ``rest`` is for how many seconds after a refresh nobody may move the ink, not even a person.
    """

    min_interval: int
    partials: int
    full_every: int
    rest: int = 0

    def __post_init__(self) -> None:
        """Refuse what would harm the panel."""
        least = Duration(max(_SHORTEST, self.rest))
        insist(
            (self.min_interval >= least, f"min_interval must be at least {least} (Waveshare asks for 3m)"),
            (
                0 <= self.partials <= 5,
                "partials must be 0 to 5: the panel's specification asks for a full refresh after five",
            ),
            (
                HOUR <= self.full_every <= DAY,
                "full_every must be 1h to 24h: a panel must be refreshed fully once a day",
            ),
            (self.min_interval <= self.full_every // 4, "min_interval must be at most a quarter of full_every"),
        )

    def ready_in(self, past: Past) -> float:
        """Seconds until the next refresh is allowed."""
        return _left(self.min_interval, past)

    def rests(self, past: Past) -> float:
        """Seconds for which the ink must not move, whoever asks."""
        return _left(self.rest, past)

    def due(self, past: Past) -> bool:
        """Whether the next refresh must be a full one.

        A little early, so that it is in time even if the next chance lies a ``min_interval`` and up to a twenty-fourth
        of ``full_every`` (1 h of a day) ahead.
        """
        return past.full is None or past.full >= self.full_every - self.full_every // 24 - self.min_interval

    def step(self, past: Past, *, same: bool, crisp: bool, urgent: bool) -> Step:
        """Decide about a frame: ``same`` as what is shown, a ``crisp`` picture wanted, ``urgent`` for a person."""
        due = crisp or self.due(past)
        if same and not due:
            return Step.SAME
        if self.rests(past) > 0 or (self.ready_in(past) > 0 and not urgent):
            return Step.HOLD
        return Step.FULL if due or past.partials >= self.partials else Step.PARTIAL


def _left(seconds: int, past: Past) -> float:
    """What is left of so many seconds since the ink moved."""
    left = 0.0 if past.moved is None else seconds - past.moved
    return left if left > _ROUNDING else 0.0
