"""Time, from one place only, so that a year can be simulated in seconds.

Every module asks a ``Clock``; ruff bans the other ways. Instants are whole seconds since 1970 in UTC. ``monotonic``
never jumps and drives the timetable, because a Pi has no real-time clock and its wall clock may be weeks off until the
network is up.
"""

from __future__ import annotations

import math
import select
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Wall clock, epoch seconds UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards, counting through suspend."""

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Sleep until ``seconds`` are over or one of the file descriptors is readable; returns those that are."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Wall clock, epoch seconds UTC."""
        return int(time.time())

    def monotonic(self) -> float:
        """CLOCK_BOOTTIME where there is one: unlike CLOCK_MONOTONIC it counts through suspend."""
        return time.clock_gettime(_BOOTTIME)

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Sleep on the file descriptors with one system call."""
        return select.select(readable, (), (), max(0.0, seconds))[0]


_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class FastClock:
    """A clock that jumps instead of sleeping; a wait with file descriptors really waits for them, and costs no time.

    Simulations, the demo and the tests run on it.
    """

    def __init__(self, start: int) -> None:
        self._start = start
        self._elapsed = 0.0

    def now(self) -> int:
        """Simulated wall clock, epoch seconds UTC."""
        return int(self._start + self._elapsed)

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        return self._elapsed

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Jump, or wait up to ``seconds`` of real time for a file descriptor."""
        if readable:
            ready = select.select(readable, (), (), max(0.0, seconds))[0]
            if ready:
                return ready
        if seconds > 0:  # a wait too short for the last digit of a float must still pass, or a loop would never end
            self._elapsed = max(self._elapsed + seconds, math.nextafter(self._elapsed, math.inf))
        return []

    def set_wall(self, now: int) -> None:
        """Jump the wall clock only, as a late time synchronisation does."""
        self._start = int(now - self._elapsed)


def stopwatch() -> float:
    """Seconds for measuring how long something took; real even under a simulated clock."""
    return time.perf_counter()


def local(at: int, zone: ZoneInfo) -> datetime:
    """The local date and time of an instant."""
    return datetime.fromtimestamp(at, zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant of a local day (00:00, or the first that exists where a DST change skips midnight)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp())


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First instant of a local day and of the next one; 23, 24 or 25 hours apart."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def iso(at: int) -> str:
    """ISO 8601 in UTC, to the second, for machines to read."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
