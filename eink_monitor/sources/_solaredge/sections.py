"""The sections of an answer: one that fails costs itself only, and totals that contradict each other are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ParamSpec, TypeVar

from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model import Metric, Reading, Visit
from eink_monitor.remarks import Remarks

T = TypeVar("T")
P = ParamSpec("P")
_NOISE = 1_000.0  # Wh; what totals that were made apart may disagree by
_SHARE = 0.01


class Barred(AuthFailed):
    """A section that we may not read: a scope or a tariff may close it, and leave the others open."""


class Sections:
    """Asks section after section, and remembers what went wrong.

    A sign-in that is refused or a limit concerns them all and is raised. Whoever is not reached, or fails twice, is
    asked no more: each try may take as long as ``timeout`` says, and a poll has a deadline. Nor is who would be asked
    beyond the calls that are reserved, of which a new token may have taken one.
    """

    def __init__(self, visit: Visit) -> None:
        self.troubles: list[Trouble] = []
        self._visit = visit
        self._heard = False

    def one(self, name: str, ask: Callable[[], T | None], otherwise: T | None = None) -> T | None:
        """What a section says, or ``otherwise``."""
        if self._given_up or self._visit.spent >= self._visit.allowance:
            self._visit.remarks.add(f"{name} must wait for the next visit")
            return otherwise
        try:
            said = ask()
        except (BadAnswer, Barred, Unavailable) as trouble:
            self.troubles.append(trouble)
            self._visit.remarks.add(f"{name} could not be read: {trouble}")
            return otherwise
        self._heard = True
        return said

    def trouble(self) -> Trouble | None:
        """What a visit without any reading comes to: what is closed to us is no fault as long as the rest is open."""
        faults = [trouble for trouble in self.troubles if not (self._heard and isinstance(trouble, Barred))]
        return next(iter(faults), None)

    @property
    def _given_up(self) -> bool:
        silent = [trouble for trouble in self.troubles if isinstance(trouble, Unavailable)]
        return len(silent) > 1 or any(isinstance(trouble, Unreachable) for trouble in silent)

    def get(self, name: str, ask: Callable[P, Iterable[Reading]], *args: P.args, **kwargs: P.kwargs) -> list[Reading]:
        """The readings of a section, none where it fails."""
        return self.one(name, lambda: list(ask(*args, **kwargs))) or []


def growing(totals: Mapping[Metric, float | None], remarks: Remarks) -> dict[Metric, float]:
    """The totals that are known, in the order of their spans, without one that is less than a shorter one."""
    found: dict[Metric, float] = {}
    least = 0.0
    for metric, value in totals.items():
        if value is None:
            continue
        if value < least - _NOISE - _SHARE * least:
            remarks.leave_out(metric.name, value, "Wh")
            continue
        found[metric] = value
        least = max(least, value)
    return found
