"""What the panel objects to, as data: breaches of the datasheet and of the rules that keep a panel alive.

The rules are those of the vendor's precautions and the V4 specification: a full refresh after five partial ones, one
refresh with full waveform every 24 hours, never powered and awake at rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

HOUR = 3600.0
SAME = 1.0  # seconds


class Kind(StrEnum):
    """The kinds of finding."""

    BUSY = "command while BUSY"
    ASLEEP = "SPI while asleep"
    UNPOWERED = "SPI while unpowered"
    IN_RESET = "SPI while RES# is low"
    NO_RESET = "SPI before the first reset since power came"
    NO_COMMAND = "data without a command"
    LENGTH = "wrong data length"
    UNKNOWN = "unknown command"
    UNMODELLED = "not modelled"
    OUTSIDE = "RAM write outside the window"
    OVERFLOW = "more RAM data than the window holds"
    UNWRITTEN = "refresh of a never-written bank"
    OUT_OF_STEP = "old bank is not what the glass shows"
    NO_WAVEFORM = "refresh without a waveform"
    NO_DRIVE = "refresh without clock or analog"
    NO_SENSOR = "temperature of a sensor that is not there"
    RESET_IN_REFRESH = "RES# during a refresh"
    POWER_IN_REFRESH = "power lost during a refresh"
    PARTIALS = "too many partials in a row"
    STALE = "too long without a full refresh"
    HASTE = "refreshes too close"
    AWAKE = "left awake"
    BUS = "SPI as the chip cannot read it"
    DOUBLE_OPEN = "SPI opened twice"


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach, at ``at`` seconds of the panel's monotonic clock."""

    at: float
    kind: Kind
    detail: str

    def __str__(self) -> str:
        return f"{self.at:12.6f} s  {self.kind}: {self.detail}"


@dataclass(slots=True)
class Rules:
    """The limits; times in seconds. ``min_interval`` counts from start to start, and 0 switches it off."""

    partials: int = 5
    full_every: float = 24 * HOUR
    min_interval: float = 0.0
    awake: float = 60.0


@dataclass(frozen=True, slots=True)
class Refresh:
    """One display update: when it began, its kind, how long the ink moves, and how many pixels changed colour.

    ``kind`` is "full" (every pixel driven both ways), "fast" (the same from a hot waveform) or "partial". An activation
    that moves nothing is no refresh but a finding.
    """

    at: float
    kind: str
    seconds: float
    driven: int
    changed: int


class Lint:
    """Collects findings and keeps the counters of wear; at most ``KEEP`` findings and refreshes are remembered."""

    KEEP = 2000

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.findings: list[Finding] = []
        self.refreshes: list[Refresh] = []
        self.counts: Counter[str] = Counter()
        self.partials = 0
        self.last: float | None = None
        self.last_full: float | None = None
        self._stale_told = False

    def add(self, at: float, kind: Kind, detail: str) -> None:
        """Note one breach; the same one over and over (a whole frame sent while BUSY, byte by byte) is noted once."""
        last = self.findings[-1] if self.findings else None
        if last and (last.kind, last.detail) == (kind, detail) and at - last.at < SAME:
            return
        if len(self.findings) < self.KEEP:
            self.findings.append(Finding(at, kind, detail))

    def refreshed(self, refresh: Refresh) -> None:
        """Judge one display update against the rules of wear, then count it."""
        self.counts[refresh.kind] += 1
        self.refreshes.append(refresh)
        del self.refreshes[: -self.KEEP]
        if self.last is not None and refresh.at - self.last < self.rules.min_interval:
            gap = refresh.at - self.last
            self.add(refresh.at, Kind.HASTE, f"{gap:.1f} s after the last one, {self.rules.min_interval:g} s asked for")
        self.last = refresh.at
        if refresh.kind == "full":
            self.partials = 0
            self.last_full, self._stale_told = refresh.at, False
            return
        self.partials += 1
        if self.partials > self.rules.partials:
            self.add(refresh.at, Kind.PARTIALS, f"number {self.partials} in a row, {self.rules.partials} allowed")
        self.check_age(refresh.at)

    def check_age(self, now: float) -> None:
        """Note, once an episode, that the last full refresh is too long ago."""
        if self.last_full is None or self._stale_told or now - self.last_full <= self.rules.full_every:
            return
        self._stale_told = True
        self.add(now, Kind.STALE, f"{(now - self.last_full) / HOUR:.1f} h since the last full refresh")
