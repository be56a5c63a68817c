"""A day of a house as its inverter's registers show it, moment by moment; the same one every day.

Sun behind broken clouds, a fridge, kettles, an oven, a battery that fills and empties: composed, not measured, with
noise wherever a meter has some, so that hardly any two looks at a power are alike. It balances to the watt.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from random import Random
from typing import NamedTuple, Self

from doors.inverter import MISSING, House
from eink_monitor.clock import DAY, HOUR
from eink_monitor.config import Feed
from eink_monitor.daemon.polls import Done
from eink_monitor.model.poll import Visit
from eink_monitor.sources._modbus import Line
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus
from houses.inline import Inline

BEAT = 30
BEATS = DAY // BEAT
PEAK, STRONGEST, CAPACITY = 7200.0, 3300.0, 9700.0  # W, W, Wh
KETTLES = ((6.7, 0.05, 2000), (7.2, 0.06, 2000), (12.3, 0.4, 1500), (16.0, 0.05, 2000), (18.5, 0.9, 2300))


class Moment(NamedTuple):
    """Powers in W (battery: charging positive), charge in percent, temperature in °C, and counters in Wh."""

    roof: int
    load: int
    battery: int
    charge: float
    warmth: float
    made: float = 0.0
    fed: float = 0.0
    bought: float = 0.0

    @property
    def inverter(self) -> int:
        return self.roof - self.battery

    @property
    def grid(self) -> int:
        return self.load - self.inverter


@cache
def moments() -> tuple[Moment, ...]:
    """Every half minute from midnight to midnight; the last one is the first of the next day."""
    return tuple(_counted(_day(_day(35.0)[-1].charge)))


def _day(charge: float) -> list[Moment]:
    """A day that the battery begins with so many percent."""
    random, cloud, warmth = Random(1), 1.0, 18.0
    day: list[Moment] = []
    for beat in range(BEATS + 1):
        hour = beat * BEAT / HOUR
        broken = 11 < hour < 15
        cloud += (random.choice((0.25, 0.5, 1.0) if broken else (0.97, 1.0)) - cloud) * (0.3 if broken else 0.1)
        sun = max(0.0, math.sin((hour - 5.25) / 16.25 * math.pi)) if 5.25 < hour < 21.5 else 0.0
        roof = round(PEAK * sun**1.3 * cloud * random.uniform(0.99, 1.0))
        fridge = 90 if beat % 90 < 30 else 0
        load = 190 + fridge + sum(watts for at, hours, watts in KETTLES if at <= hour < at + hours)
        load += random.randint(-8, 8)
        spare = max(-STRONGEST, min(STRONGEST, float(roof - load)))
        battery = round(0 if (spare > 0 and charge >= 100) or (spare < 0 and charge <= 10) else spare)
        charge = max(10.0, min(100.0, charge + battery * BEAT / 3600 / CAPACITY * 100))
        warmth += (20 + (roof + abs(battery)) / 200 - warmth) * 0.01
        day.append(Moment(roof, load, battery, charge, warmth))
    return day


def _counted(day: list[Moment]) -> list[Moment]:
    """The same, with what the counters have counted since midnight."""
    counted = [day[0]]
    for before, now in pairwise(day):
        made, fed, bought = counted[-1][-3:]
        hours = BEAT / 3600
        counted.append(
            now._replace(
                made=made + max(0, before.inverter) * hours,
                fed=fed + max(0, -before.grid) * hours,
                bought=bought + max(0, before.grid) * hours,
            )
        )
    return counted


def registers(seconds: int) -> dict[int, int]:
    """Everything that can be read so many seconds after the first midnight."""
    days, beat = divmod(seconds // BEAT, BEATS)
    now, whole = moments()[beat], moments()[-1]
    made, fed, bought = (
        int(10_000 + days * all_day + since) for all_day, since in zip(whole[-3:], now[-3:], strict=True)
    )
    asleep = now.roof == now.battery == 0
    house = House().inverter(MISSING if asleep else now.inverter, 2 if asleep else 4, wh=made)
    house.put(40103, [round(now.warmth * 100)])
    return house.meter(-now.grid, (fed, bought)).battery(0, now.battery, now.charge, CAPACITY).registers


class Tape(Line):
    """A line to registers that were kept; it can only be read."""

    def __init__(self, kept: Mapping[int, int]) -> None:
        super().__init__("tape", 0, 1)
        self._kept = kept

    def __enter__(self) -> Self:
        return self

    def ask(self, unit: int, address: int, count: int) -> list[int] | None:
        try:
            return [self._kept[at] for at in range(address, address + count)]
        except KeyError:
            return None


@dataclass(frozen=True)
class _Taped(SolarEdgeModbus):
    """The inverter at one moment."""

    kept: Mapping[int, int] = field(default_factory=dict)

    def _line(self) -> Line:
        return Tape(self.kept)


class Replay(Inline):
    """Polls an inverter as it was at the time; ``first`` is the midnight at which its first day began."""

    def __init__(self, first: int) -> None:
        self.first = first

    def start(self, feed: Feed, visit: Visit) -> Done:
        source = _Taped(host="tape", kept=registers(visit.now - self.first))
        return super().start(replace(feed, source=source), visit)
