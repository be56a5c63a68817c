"""The parts of a tick behind fences: one that hits a bug does not affect the others, and rests for a while.

It is the last fence: what a feed, a panel or the display raises is caught where it is called. A half that hits a bug
again and again makes no progress, and the watchdog notices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import bug
from eink_monitor.house.fence import Once

T = TypeVar("T")


class Parts:
    """Runs parts, by name."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._once = Once()
        self._rests: dict[str, float] = {}  # those that met a bug, and until when (monotonic) they rest

    def do(self, part: str, deed: Callable[..., T], *words: float) -> T | None:
        """Run a part and return its result; None if it rests or hits a bug."""
        if self._rests and self._clock.monotonic() < self._rests.get(part, 0.0):
            return None
        try:
            return deed(*words)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a fence, without the cost of one at every tick
            self._rest(part, error)
        return None

    def pause(self, mono: float) -> float:
        """How long to sleep at least: what is overdue in a part that rests cannot be done in a hurry."""
        return float(any(mono < until for until in self._rests.values()))

    def _rest(self, part: str, error: BaseException) -> None:
        self._rests[part] = self._clock.monotonic() + MINUTE
        self._once.tell(f"a bug in the part that is {part}, please report it: {bug(error)}")
