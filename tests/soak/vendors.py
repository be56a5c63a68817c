"""Vendors that are well most of the time: they keep what they said, and how they failed."""

from __future__ import annotations

import random
from collections.abc import Callable
from zoneinfo import ZoneInfo

from eink_monitor.clock import iso
from loopback.faults import FAULTS
from loopback.server import Asked, LoopbackServer, Said
from loopback.solaredge import SolarEdgeServer

_FATAL = {"401", "403", "404", "410", "429 month"}  # these rightly end the asking
_SLOW = "drip"  # costs its whole deadline in real time
WAYS = sorted(set(FAULTS) - _FATAL)


class Moody:
    """Draws a fault for one request in five, unless ``calm``; ``injected`` are their names and when they came."""

    def __init__(self, now: Callable[[], int], seed: int) -> None:
        self._now, self._dice = now, random.Random(seed)
        self.injected: list[tuple[str, int]] = []
        self.calls = 0
        self.calm = False

    def mood(self) -> Said | str | None:
        self.calls += 1
        if self.calm or self._dice.random() > 0.2:
            return None
        way = _SLOW if self._dice.random() < 0.01 else self._dice.choice(WAYS)
        self.injected.append((way, self._now()))
        return FAULTS.get(way, way)


class Skoda(LoopbackServer):
    """A car whose odometer grows by one with every answer, so that each answer is a reading of its own."""

    def __init__(self, now: Callable[[], int], seed: int) -> None:
        super().__init__()
        self.moody = Moody(now, seed)
        self.odometer = 0
        self._now = now

    def answer(self, asked: Asked) -> Said:
        self.asked.clear()
        self.odometer += 1
        at = iso(self._now())
        charging = {"state": "CHARGING", "plugConnectionState": "CONNECTED", "battery": {"stateOfChargeInPercent": 50}}
        vehicle = {
            "odometer": {"mileageInKm": self.odometer, "carCapturedTimestamp": at},
            "charging": {"carCapturedTimestamp": at, "status": charging},
        }
        return Said(200, {"vehicle": vehicle, "errors": []})

    @property
    def fault(self) -> Said | str | None:
        return self.moody.mood()

    @fault.setter
    def fault(self, value: Said | str | None) -> None:
        """Its moods are its own."""


class SolarEdge(SolarEdgeServer):
    """A roof with moods."""

    def __init__(self, now: Callable[[], int], seed: int) -> None:
        self.moody = Moody(now, seed)
        super().__init__(ZoneInfo("Europe/Berlin"), now)

    def answer(self, asked: Asked) -> Said:
        self.asked.clear()
        return super().answer(asked)

    @property
    def fault(self) -> Said | str | None:
        return self.moody.mood()

    @fault.setter
    def fault(self, value: Said | str | None) -> None:
        """Its moods are its own."""
