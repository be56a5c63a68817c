"""A day of a Fronius hybrid asked every half minute goes through ``simulate``: the powers balance, the energies add up.

The day is the one of ``doors.day``, shown by another maker's registers: two inputs for the battery, a meter at a unit
of its own, and nothing at all from the inverter while it sleeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

import pytest

from doors.day import BEAT, BEATS, CAPACITY, Moment, moments
from doors.inverter import House, serve
from doors.makers import Maker, Scene, gen24
from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, midnight
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.polls import Done
from eink_monitor.displays.null import Null
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.simulation import simulate
from eink_monitor.sources._modbus import Line, Silence
from eink_monitor.sources.sunspec import SunSpec
from houses.inline import Inline

ZONE = ZoneInfo("Europe/Berlin")
EVE = date(2026, 6, 20)
START = midnight(EVE, ZONE)


@cache
def through_the_battery() -> tuple[tuple[float, float], ...]:
    """What it has given and taken since midnight, in Wh, at every half minute."""
    counted = [(0.0, 0.0)]
    for moment in moments()[1:]:
        given, taken = counted[-1]
        hours = BEAT / HOUR
        counted.append((given + max(0, -moment.battery) * hours, taken + max(0, moment.battery) * hours))
    return tuple(counted)


def asleep(moment: Moment) -> bool:
    return moment.roof == moment.battery == 0


def houses(seconds: int) -> dict[int, House]:
    """Everything that can be read so many seconds after the first midnight."""
    days, beat = divmod(seconds // BEAT, BEATS)
    now, last = moments()[beat], moments()[-1]
    given, taken = (
        int(1000 + days * whole + since)
        for whole, since in zip(through_the_battery()[-1], through_the_battery()[beat], strict=True)
    )
    made, fed, bought = (int(10_000 + days * whole + since) for whole, since in zip(last[-3:], now[-3:], strict=True))
    scene = Scene(now.inverter, now.grid, now.battery, now.charge, made, fed, bought, given, taken)
    units = gen24(scene, floats=False)
    return {200: units[200]} if asleep(now) else units


class UnitTape(Line):
    """A line to the registers of several units; one that is not there is silent."""

    def __init__(self, kept: Mapping[int, House]) -> None:
        super().__init__("tape", 0, 1)
        self._kept = kept

    def __enter__(self) -> Self:
        return self

    def ask(self, unit: int, address: int, count: int) -> list[int] | None:
        if unit not in self._kept:
            message = "nobody"
            raise Silence(message)
        known = self._kept[unit].registers
        return [known[at] for at in range(address, address + count)] if address + count - 1 in known else None


@dataclass(frozen=True)
class _Taped(SunSpec):
    """The plant at one moment."""

    kept: Mapping[int, House] = field(default_factory=dict)

    def _line(self) -> Line:
        return UnitTape(self.kept)


class Watcher(Inline):
    """Polls the plant as it was at the time, and writes down what every poll brought."""

    def __init__(self) -> None:
        self.told: list[Reading] = []

    def start(self, feed: Feed, visit: Visit) -> Done:
        done = super().start(replace(feed, source=_Taped("tape", kept=houses(visit.now - START))), visit)
        self.told += done.result().readings
        return done


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Watcher:
    folder, watcher = tmp_path_factory.mktemp("day"), Watcher()
    feed = Feed("roof", "sunspec", SunSpec("inverter.local"), Duration(BEAT), Duration(60), "roof")
    config = Config(folder / "c", folder / "house.db", ZONE, Null(), {"roof": feed}, {})
    simulate(config, 2, EVE, folder=folder, runner=watcher)
    return watcher


def test_the_powers_balance_at_every_look(lived: Watcher) -> None:
    polls: dict[int, dict[Metric, float]] = {}
    for reading in lived.told:
        polls.setdefault(reading.at, {})[reading.metric] = reading.value
    assert len(polls) == 2 * BEATS
    for at, values in polls.items():
        moment = moments()[(at - START) // BEAT % BEATS]
        assert values[metrics.GRID_POWER] == moment.grid
        assert values[metrics.LOAD_POWER] == moment.load
        assert values[metrics.PV_POWER] == moment.roof
        assert values.get(metrics.STORAGE_POWER, 0) == moment.battery


def test_the_energies_of_the_day_are_those_of_the_counters(lived: Watcher) -> None:
    last: dict[Metric, float] = {}
    for reading in lived.told:
        if reading.at < START + 2 * DAY:
            last[reading.metric] = reading.value
    whole = moments()[-2]
    modules = sum(moment.roof for moment in moments()[:-2]) * BEAT / HOUR
    assert last[metrics.PRODUCTION_TODAY] == pytest.approx(modules, abs=30)
    assert last[metrics.FEED_IN_TODAY] == pytest.approx(whole.fed, abs=2)
    assert last[metrics.PURCHASED_TODAY] == pytest.approx(whole.bought, abs=2)
    assert abs(last[metrics.STORAGE_SOC] - moments()[-2].charge) < CAPACITY


def test_the_registers_read_the_same_over_tcp(tmp_path: Path) -> None:
    for seconds in range(DAY - HOUR, 2 * DAY, 3 * HOUR):
        units = houses(seconds)
        if 1 not in units:
            continue
        first, second = (
            Visit("roof", "roof", START + seconds, ZONE, BEAT, {}, tmp_path / f"{seconds}{n}") for n in range(2)
        )
        with serve(units[1].registers, beside={200: units[200].registers}) as port:
            served = SunSpec("127.0.0.1", port).poll(first)
        assert served == _Taped("tape", kept=units).poll(second)
    assert isinstance(units[200], Maker)
