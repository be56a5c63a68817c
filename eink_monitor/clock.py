"""The only source of time, so that a year can be simulated in seconds.

Every module asks a ``Clock``; ruff bans the other ways. Instants are whole seconds since 1970 in UTC. ``monotonic``
never jumps and drives the timetable, because a Pi has no real-time clock and its wall clock may be weeks off until the
network is up.
"""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_103_974_400, 253_370_851_200  # 2 January of the years 2 and 9999: room for any zone and a day more
_LONGEST = 30 * DAY  # of one wait; select() takes what fits into a time_t, and who waits looks again anyway

AHEAD = 5 * MINUTE
"""How far a vendor's clock may be ahead of ours; anything dated later is not believed."""
SKEW = 2 * MINUTE
"""How far it may be ahead without a remark."""

JUMP = 5  # seconds a wall clock must move at once to count as a jump; one that is disciplined slews by less


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Wall clock, epoch seconds UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, never backwards, counting through suspend."""

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Sleep until ``seconds`` are over or one of the file descriptors is readable; returns those that are."""

    def offset(self) -> float:
        """By how much the wall clock is ahead of the monotonic one: constant, unless somebody sets the wall clock."""

    def trusted(self) -> bool | None:
        """Whether the wall clock is right: True when it was synchronised, False when it was not, None for unknown."""

    def boot(self) -> str:
        """Which start of the machine this is: within one, ``monotonic`` has one meaning."""


def disciplined() -> bool | None:
    """Whether the kernel's clock is synchronised (adjtimex(2)); None if unknown."""
    import ctypes  # noqa: PLC0415 - asked only until the answer is yes

    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(_TIMEX))  # all zero: change nothing
    except (OSError, AttributeError):
        return None
    return meant(state)


def meant(state: int) -> bool | None:
    """What the kernel's answer means: below 0 it gave none."""
    return None if state < 0 else state != _TIME_ERROR


class SystemClock:
    """The machine's own clock.

    ``root`` is where its system files are; ``disciplined`` asks the kernel whether its clock is synchronised.
    """

    def __init__(self, root: Path = Path("/"), disciplined: Callable[[], bool | None] = disciplined) -> None:
        self._root = root
        self._disciplined = disciplined
        self._synchronised = False

    def now(self) -> int:
        """Wall clock, epoch seconds UTC."""
        return int(time.time())

    def monotonic(self) -> float:
        """CLOCK_BOOTTIME where there is one: unlike CLOCK_MONOTONIC it counts through suspend."""
        return time.clock_gettime(_BOOTTIME)

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Sleep on the file descriptors with one system call."""
        return select.select(readable, (), (), min(max(0.0, seconds), _LONGEST))[0]

    def offset(self) -> float:
        """Wall clock less monotonic."""
        return time.time() - time.clock_gettime(_BOOTTIME)

    def trusted(self) -> bool | None:
        """True once systemd-timesyncd, or the kernel on behalf of whoever disciplines it, says so.

        Without their word a machine with a clock of its own is believed as far as it is plausible (None); a board
        without one starts where it was switched off, and is not (False).
        """
        if not self._synchronised:
            self._synchronised = (self._root / "run/systemd/timesync/synchronized").exists() or bool(
                self._disciplined()
            )
        if self._synchronised:
            return True
        if self.now() < RELEASED:
            return False
        board = (self._root / "sys/firmware/devicetree/base").exists()
        return False if board and not any((self._root / "sys/class/rtc").glob("rtc*")) else None

    def boot(self) -> str:
        """The kernel's own name for it, or nothing."""
        try:
            return (self._root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return ""


_TIME_ERROR = 5  # <sys/timex.h>: the clock is not synchronised
_TIMEX = 512  # bytes; more than struct timex takes anywhere
RELEASED = 1_767_225_600  # 2026-01-01: this program is not older
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class FastClock:
    """A clock that jumps instead of sleeping; a wait with file descriptors really waits for them, and costs no time.

    Simulations, the demo and the tests run on it. ``sure`` is what ``trusted`` says.
    """

    def __init__(self, start: int, *, sure: bool | None = None, boot: str = "") -> None:
        self.sure = sure
        self._start = start
        self._elapsed = 0.0
        self._boot = boot

    def now(self) -> int:
        """Simulated wall clock, epoch seconds UTC."""
        return int(self._start + self._elapsed)

    def monotonic(self) -> float:
        """Simulated seconds since the start."""
        return self._elapsed

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """Jump, or wait up to ``seconds`` of real time for a file descriptor."""
        if readable:
            ready = select.select(readable, (), (), min(max(0.0, seconds), _LONGEST))[0]
            if ready:
                return ready
        if seconds > 0:  # a wait too short for the last digit of a float must still pass, or a loop would never end
            self._elapsed = max(self._elapsed + seconds, math.nextafter(self._elapsed, math.inf))
        return []

    def offset(self) -> float:
        """Wall clock less monotonic."""
        return self._start

    def trusted(self) -> bool | None:
        """What the test says."""
        return self.sure

    def boot(self) -> str:
        """What the test says; nothing in a simulation."""
        return self._boot

    def set_wall(self, now: int) -> None:
        """Jump the wall clock only, as a late time synchronisation does."""
        self._start = int(now - self._elapsed)


def stopwatch() -> float:
    """Seconds for measuring how long something took; real even under a simulated clock."""
    return time.perf_counter()


def local(at: float, zone: tzinfo) -> datetime:
    """The local date and time of any instant; one that no calendar can write is the first or last that it can.

    The platform may know fewer of them than the calendar: with a ``time_t`` of 32 bits none before 1901 or after 2038.
    """
    try:
        return datetime.fromtimestamp(at, zone)
    except (OverflowError, OSError, ValueError):
        return (_EPOCH + timedelta(seconds=min(max(at, _FIRST), _LAST))).astimezone(zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant of a local day (00:00, or the first that exists where a DST change skips midnight)."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC).timestamp())


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First instant of a local day and of the next one; 23, 24 or 25 hours apart."""
    return midnight(day, zone), midnight(day + timedelta(days=1), zone)


def stamp(at: int, zone: tzinfo) -> str:
    """ISO 8601 in local time with its offset from UTC, to the second, for people to read."""
    return local(at, zone).isoformat(timespec="seconds")


def iso(at: int) -> str:
    """ISO 8601 in UTC, to the second, for machines to read."""
    return f"{local(at, UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"
