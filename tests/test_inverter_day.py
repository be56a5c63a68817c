"""A day of an inverter asked over Modbus every half minute goes through ``simulate``: nothing lost, little written.

The day is composed (``doors.day``); that its registers read the same over TCP is shown first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bench import inverter as bench
from bench.__main__ import TARGETS
from doors.day import BEAT, BEATS, Replay, moments, registers
from doors.inverter import serve
from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, midnight
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.polls import Done
from eink_monitor.displays.null import Null
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.simulation import Report, simulate
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus
from eink_monitor.store import Store

ZONE = ZoneInfo("Europe/Berlin")
EVE, TODAY = date(2026, 12, 31), date(2027, 1, 1)  # so that month and year, too, begin here
START = midnight(EVE, ZONE)


class Witness(Replay):
    """Writes down what every poll brought."""

    def __init__(self, first: int) -> None:
        super().__init__(first)
        self.told: list[Reading] = []

    def start(self, feed: Feed, visit: Visit) -> Done:
        done = super().start(feed, visit)
        self.told += done.result().readings
        return done


@dataclass(frozen=True)
class Lived:
    """Two days, the second of which knows its energies since midnight."""

    report: Report
    witness: Witness
    store: Store


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    folder, witness = tmp_path_factory.mktemp("day"), Witness(START)
    feed = Feed("roof", "solaredge_modbus", SolarEdgeModbus("inverter.local"), Duration(BEAT), Duration(60), "roof")
    config = Config(folder / "c", folder / "house.db", ZONE, Null(), {"roof": feed}, {})
    report = simulate(config, 2, EVE, folder=folder, runner=witness)
    store = Store(folder / "readings.db", ZONE, writes=False)
    yield Lived(report, witness, store)
    store.close()


def test_the_registers_read_the_same_over_tcp(tmp_path: Path) -> None:
    """Every hour of the day from pymodbus's own simulator server, with the memory of counters beside it."""
    taped, replay = Feed("roof", "solaredge_modbus", SolarEdgeModbus("inverter.local")), Replay(START)
    for seconds in range(DAY - HOUR, 2 * DAY, HOUR):
        folder = tmp_path / "taped", tmp_path / "served"
        first, second = (Visit("roof", "roof", START + seconds, ZONE, BEAT, {}, state) for state in folder)
        with serve(registers(seconds)) as port:
            served = SolarEdgeModbus("127.0.0.1", port).poll(first)
        assert served == replay.start(taped, second).result().readings


def test_the_day_balances_to_the_watt(lived: Lived) -> None:
    polls: dict[int, dict[Metric, float]] = {}
    for reading in lived.witness.told:
        polls.setdefault(reading.at, {})[reading.metric] = reading.value
    assert len(polls) == 2 * BEATS == lived.report.polls
    for values in polls.values():
        given = values[metrics.PV_POWER] + values[metrics.GRID_POWER]
        assert given - values[metrics.STORAGE_POWER] == values[metrics.LOAD_POWER]
    last, whole = polls[START + 2 * DAY - BEAT], moments()[-2]
    modules = sum(moment.roof for moment in moments()[:-2]) * BEAT / HOUR
    assert last[metrics.PRODUCTION_TODAY] == pytest.approx(modules, abs=30)  # a full battery shows no more than 100 %
    assert last[metrics.FEED_IN_TODAY] == pytest.approx(whole.fed, abs=2)


def test_thinning_loses_no_change(lived: Lived) -> None:
    """Every value ever told is found again at its instant, to the step of its metric, and counted once."""
    told: dict[Metric, list[Reading]] = {}
    for reading in lived.witness.told:
        told.setdefault(reading.metric, []).append(reading)
    assert set(told) == set(SolarEdgeModbus.metrics)
    for metric, readings in told.items():
        runs = iter(lived.store.readings.runs("roof", metric, START, START + 2 * DAY))
        run = next(runs)
        for reading in readings:
            while run.end < reading.at:
                run = next(runs)
            assert run.start <= reading.at
            assert run.value == round(reading.value / metric.step) * metric.step
        today = lived.store.readings.days("roof", metric, TODAY, TODAY)[TODAY]
        assert today.n == BEATS
        assert today.last == round(readings[-1].value / metric.step) * metric.step
    assert lived.report.rows["reading"] < 0.6 * len(lived.witness.told)


def test_a_day_is_within_what_a_card_is_meant_to_bear() -> None:
    figures = bench.measure()
    assert figures["modbus_written_per_day_mb"] <= TARGETS["modbus_written_per_day_mb"]
    assert 0.5 < figures["modbus_bytes_per_reading"] <= TARGETS["modbus_bytes_per_reading"]
