"""A demo house with a roof, a meter and a battery, whose energy balances to the watt at every instant."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from zoneinfo import ZoneInfo

from eink_monitor.clock import local

QUARTER = 900


@dataclass(frozen=True)
class Flow:
    """Mean powers in W; each is at least 0, and production + bought + discharge = used + sold + charge."""

    production: float
    used: float
    charge: float
    discharge: float
    bought: float
    sold: float


@dataclass(frozen=True)
class Roof:
    """``peak`` watts of panels; without ``battery`` nothing is stored."""

    zone: ZoneInfo
    peak: float = 8000.0
    battery: bool = True

    def flow(self, at: int) -> Flow:
        """The flows of the instant."""
        hour = self._hour(at)
        production = max(0.0, self.peak * math.sin(math.pi * (hour - 7) / 12)) if 7 < hour < 19 else 0.0
        used = 350.0 + (900.0 if 6 <= hour < 9 else 0.0) + (1600.0 if 18 <= hour < 22 else 0.0)
        spare = production - used
        charge = min(spare, 3000.0) if self.battery and spare > 0 and hour < 14 else 0.0
        discharge = min(-spare, 2500.0) if self.battery and spare < 0 and hour >= 18 else 0.0
        rest = spare - charge + discharge
        return Flow(production, used, charge, discharge, max(0.0, -rest), max(0.0, rest))

    def charge_level(self, at: int) -> float:
        """State of charge in %."""
        hour = self._hour(at)
        return 20.0 + 75.0 * (max(0.0, min(1.0, (hour - 8) / 6)) if hour < 18 else (24 - hour) / 6)

    def energy(self, name: str, since: int, until: int) -> float:
        """Wh of one of the flows between two instants."""
        return math.fsum(
            getattr(self.flow(max(at, since)), name) * (min(at + QUARTER, until) - max(at, since)) / 3600
            for at in quarters(since, until)
        )

    def day(self, name: str, since: int, until: int) -> float:
        """As ``energy``; remembered, because a roof's past does not change."""
        return _remembered(self, name, since, until)

    def _hour(self, at: int) -> float:
        when = local(at // QUARTER * QUARTER, self.zone)
        return when.hour + when.minute / 60


@cache
def _remembered(roof: Roof, name: str, since: int, until: int) -> float:
    return roof.energy(name, since, until)


def quarters(since: int, until: int) -> Iterator[int]:
    """The starts of the quarters of an hour that overlap with a span."""
    return iter(range(since // QUARTER * QUARTER, until, QUARTER))
