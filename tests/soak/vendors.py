"""Vendors that are well most of the time: they keep what they said, and how they failed; and one that never is."""

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
_AN_HOUR = "429 minute by header"  # so long it would stop the car, which tells us what is stored
_LATER = "2099-01-01T00:00:00Z"
_TEXT = "\x1b]0;owned\x07\x1b[2J\ud800\u202e" + "long " * 40_000
_ODD = (-1, 1e308, 10**30, float("nan"), "1e3", "", None, True, [900_001], {"km": 900_002})
"""Odometers that are none; ``json`` writes NaN as vendors do."""


class Moody:
    """Draws a fault for one request in five, unless ``calm``; ``injected`` are their names and when they came.

    ``odd`` are faults of this vendor's own, by name.
    """

    def __init__(
        self, now: Callable[[], int], seed: int, odd: Callable[[random.Random], dict[str, Said]], but: str = ""
    ) -> None:
        self._now, self._dice, self._odd = now, random.Random(seed), odd
        self._ways = [way for way in WAYS if way != but]
        self.injected: list[tuple[str, int]] = []
        self.calls = 0
        self.calm = False

    def mood(self) -> Said | str | None:
        self.calls += 1
        if self.calm or self._dice.random() > 0.2:
            return None
        odd = self._odd(self._dice)
        way = _SLOW if self._dice.random() < 0.01 else self._dice.choice([*self._ways, *odd])
        self.injected.append((way, self._now()))
        return odd.get(way) or FAULTS.get(way, way)


def _odd_car(dice: random.Random) -> dict[str, Said]:
    captured: object = dice.choice([_LATER, "0000-00-00T99:99:99Z", "\ud800", _TEXT, 7, None, True, [], -1, 1e300])
    now = {"carCapturedTimestamp": "2026-06-01T00:00:00Z"}
    errors = [{"type": _TEXT, "description": _TEXT}, _TEXT, None, 3]
    return {
        "odd values": _car({"odometer": {"mileageInKm": dice.choice(_ODD), **now}}),
        "odd dates": _car({"odometer": {"mileageInKm": 900_003, "carCapturedTimestamp": captured}}),
        "hostile texts": _car({"charging": {**now, "status": {"state": _TEXT, "plugConnectionState": _TEXT}}}, errors),
        "hostile errors": Said(500, {"message": _TEXT, "errors": errors}, {"Retry-After": "9" * 5000}),
    }


def _car(vehicle: object, errors: object = ()) -> Said:
    return Said(200, {"vehicle": vehicle, "errors": errors})


def _odd_roof(dice: random.Random) -> dict[str, Said]:
    values = [
        {"timestamp": at, "value": dice.choice(_ODD)} for at in (_LATER, _TEXT, None, "2026-06-01T10:00:00+02:00")
    ]
    return {
        "odd values": Said(200, {"unit": dice.choice(["W", "kW", _TEXT, None]), "values": values}),
        "hostile texts": Said(200, {"unit": _TEXT, "values": _TEXT, "meters": [{"serialNumber": _TEXT}]}),
        "hostile errors": Said(503, {"detail": _TEXT, "title": _TEXT}),
    }


class Skoda(LoopbackServer):
    """A car whose odometer grows by one with every answer, so that each answer is a reading of its own."""

    def __init__(self, now: Callable[[], int], seed: int) -> None:
        super().__init__()
        self.moody = Moody(now, seed, _odd_car, _AN_HOUR)
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
        self.moody = Moody(now, seed, _odd_roof)
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


class Refusing(LoopbackServer):
    """Says 401 to everybody."""

    def answer(self, asked: Asked) -> Said:
        self.asked.clear()
        return Said(401, {"message": _TEXT})
