"""When systemd's watchdog may be fed: only while both halves of the daemon keep to their own timetable.

Pure arithmetic on the monotonic clock. A half makes a *step* (a panel shown or tried, a poll begun or ended) and says
with it by when the next one is due; then it has ``SLACK`` seconds more. One half never covers for the other.
"""

from __future__ import annotations

from dataclasses import dataclass

SLACK = 60.0
"""Seconds a half may be late: a full refresh takes 3 s, a busy database 5 s, a slow card perhaps ten times that."""


@dataclass(slots=True)
class _Half:
    steps: int = -1
    until: float = 0.0


class Heartbeat:
    """``interval`` is systemd's WATCHDOG_USEC in seconds, or 0.0 where nobody watches."""

    def __init__(self, interval: float) -> None:
        self._every = interval / 2
        self._next = 0.0
        self._halves: dict[str, _Half] = {}

    def step(self, half: str, steps: int, due: float, mono: float) -> None:
        """Take note of a half: the number of ``steps`` it has made, and when the next one is ``due`` (monotonic)."""
        known = self._halves.setdefault(half, _Half())
        if steps != known.steps:
            known.steps, known.until = steps, max(due, mono) + SLACK

    def rest(self, mono: float, seconds: float) -> None:
        """Quiet hours: for so long nobody is expected to do anything."""
        for known in self._halves.values():
            known.until = max(known.until, mono + seconds + SLACK)

    def late(self, mono: float) -> list[str]:
        """The halves that have missed their time."""
        return [name for name, known in self._halves.items() if mono > known.until]

    def feed(self, mono: float) -> bool:
        """Whether to feed the watchdog now; at most twice per interval."""
        if not self._every or mono < self._next:
            return False
        self._next = mono + self._every
        return not self.late(mono)

    def pause(self, mono: float) -> float:
        """Seconds until the watchdog wants to be fed again; infinite where nobody watches."""
        return max(self._next - mono, 0.0) if self._every else float("inf")
