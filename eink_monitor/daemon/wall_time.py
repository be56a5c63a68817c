"""The daemon's wall clock: the machine's, watched for jumps, and never earlier than what is already stored.

A Pi has no real-time clock: at boot its wall clock may be weeks behind, and jumps when the network is up. Until then
time goes on from the newest stored instant, so that rows keep their order; whatever is dated by it waits in memory and
is re-dated when the clock is right. It is right once the machine says so, or once it agrees with a vendor's clock: two
wrong clocks would not agree. If nothing vouches for it for hours, the machine's clock is not behind; what is stored was
once ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eink_monitor.clock import AHEAD, DAY, HOUR, JUMP, MINUTE, Clock

_AGREE = MINUTE
_PATIENCE = 6 * HOUR  # for somebody to set a clock that is earlier than what is stored


class WallTime:
    """A ``Clock`` on top of the machine's. Jumps take effect in ``look`` only, so that a tick has one time."""

    def __init__(self, clock: Clock, newest: int) -> None:
        self._clock = clock
        self._floor = newest - clock.monotonic()
        self._patient_until = clock.monotonic() + _PATIENCE
        self._seen = clock.offset()
        self._confirmed = False
        self.sure = self._is_sure()
        self._offset = self._lifted()
        self._began = f"started at {clock.now()}"

    def now(self) -> int:
        """Wall clock, epoch seconds UTC."""
        return int(self._offset + self._clock.monotonic())

    def monotonic(self) -> float:
        """As the machine's."""
        return self._clock.monotonic()

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """As the machine's."""
        return self._clock.wait(seconds, readable)

    def offset(self) -> float:
        """How far wall time is ahead of the monotonic clock."""
        return self._offset

    def trusted(self) -> bool | None:
        """As the machine's, or True because a vendor's clock agreed."""
        return True if self._confirmed else self._clock.trusted()

    def boot(self) -> str:
        """As the machine's; without its word every start of the program is one."""
        return self._clock.boot() or self._began

    @property
    def booted(self) -> int:
        """When the machine was started, if the clock is right."""
        return int(self._offset)

    def hear(self, said: int, within: float) -> None:
        """A vendor's clock said ``said`` (epoch seconds) at some moment within the last ``within`` seconds."""
        now = self._clock.now()
        self._confirmed |= now - within - _AGREE <= said <= now + _AGREE

    def reconsider(self, newest: Callable[[int], int]) -> None:
        """What is stored has changed: ``newest`` is its newest instant now. This never makes readings wait."""
        self._floor = min(self._floor, newest(self._clock.now()) - self._clock.monotonic())

    def look(self) -> int:
        """Notice what happened to the wall clock; returns by how many seconds wall time was put forward."""
        offset, before = self._clock.offset(), self._offset
        jumped = abs(offset - self._seen) > JUMP
        self._confirmed &= not jumped
        sure = self._is_sure()
        self._seen = offset
        if jumped or sure != self.sure:
            self.sure = sure
            self._offset = self._lifted()
        elif sure:
            self._offset = offset
        by = round(self._offset - before)
        return by if abs(by) > JUMP else 0

    def _is_sure(self) -> bool:
        told = self.trusted()
        if told is not None:
            return told
        return self._clock.offset() + AHEAD >= self._floor or self._clock.monotonic() > self._patient_until

    def _lifted(self) -> float:
        """The machine's offset, or what brings the time up to the newest instant known while that is not certain."""
        return self._seen if self.sure else max(self._seen, self._floor)


def span(seconds: int) -> str:
    """A length of time for the log: "21 days", "3 h", "40 s"."""
    size = abs(seconds)
    for unit, words in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if size >= 2 * unit:
            return f"{size // unit} {words}"
    return f"{size} s"
