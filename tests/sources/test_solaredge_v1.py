"""SolarEdge V1, whose flows carry no time and whose totals contradict each other at times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import HOUR, FastClock
from eink_monitor.errors import AuthFailed, Throttled, Unavailable
from eink_monitor.model.reading import Metric
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
from loopback.replay import ReplayServer
from loopback.server import Said
from loopback.solaredge import SITE
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Dublin")
NOW = int(datetime(2026, 8, 24, 12, 2, tzinfo=ZONE).timestamp())
FLOW = {
    "unit": "kW",
    "connections": [{"from": "PV", "to": "Load"}, {"from": "GRID", "to": "Load"}],
    "GRID": {"currentPower": 0.5},
    "LOAD": {"currentPower": 2.0},
    "PV": {"currentPower": 1.5},
    "STORAGE": {"status": "Charging", "currentPower": 0.4, "chargeLevel": 62},
}
METERS = [
    {"type": "Production", "values": [{"value": 8000}]},
    {"type": "FeedIn", "values": [{"value": 3000}]},
    {"type": "Consumption", "values": [{"value": 6000}]},
]
POWERS = {metrics.PV_POWER, metrics.LOAD_POWER, metrics.GRID_POWER, metrics.STORAGE_POWER, metrics.STORAGE_SOC}


def overview(updated: str = "2026-08-24 11:58:00", totals: Mapping[str, object] | None = None) -> dict[str, object]:
    known: dict[str, object] = {"lastDayData": 8000, "lastMonthData": 400_000, "lastYearData": 4_370_000}
    amounts = {
        name: {"energy": value} for name, value in (known | {"lifeTimeData": 21_000_000} | dict(totals or {})).items()
    }
    return {"overview": {"lastUpdateTime": updated, "currentPower": {"power": 1480.0}, **amounts}}


class House:
    def __init__(self, server: ReplayServer, state: Path) -> None:
        self.server = server
        self.visitor = Visitor(
            SolarEdge(SITE, api="v1", api_key=Secret("key"), base_url=server.url), state, ZONE, FastClock(NOW)
        )
        server.answers = {
            "/overview": overview(),
            "/energyDetails": {"energyDetails": {"unit": "Wh", "meters": METERS}},
            "/currentPowerFlow": {"siteCurrentPowerFlow": FLOW},
        }

    def poll(self, **answers: object) -> dict[Metric, float]:
        self.server.answers |= {f"/{name}": document for name, document in answers.items()}
        readings = self.visitor.poll()
        self.dates = {reading.at for reading in readings}
        return {reading.metric: reading.value for reading in readings}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with ReplayServer({}) as server:
        yield House(server, tmp_path)


def test_everything_is_as_old_as_the_overview_says(house: House) -> None:
    assert house.poll().keys() >= POWERS
    assert house.dates == {NOW - 4 * 60}
    found = house.poll(overview=overview("2026-08-23 02:02:00"))
    assert found[metrics.LOAD_POWER] == 2000
    assert house.dates == {NOW - 34 * HOUR}, "the flows, too: they are of the last time that the site was heard"


@pytest.mark.parametrize(
    ("totals", "out"),
    [
        ({"lifeTimeData": 0.0}, {metrics.PRODUCTION_LIFETIME}),
        ({"lifeTimeData": 4_000_000}, {metrics.PRODUCTION_LIFETIME}),
        ({"lastYearData": 0}, {metrics.PRODUCTION_YEAR}),
        ({"lastMonthData": 0.0, "lastYearData": 0.0}, {metrics.PRODUCTION_MONTH, metrics.PRODUCTION_YEAR}),
        ({"lastMonthData": -400}, {metrics.PRODUCTION_MONTH}),
        ({"lastYearData": "much"}, {metrics.PRODUCTION_YEAR}),
        ({"lastYearData": True, "lifeTimeData": 1e300}, {metrics.PRODUCTION_YEAR, metrics.PRODUCTION_LIFETIME}),
        ({"lastMonthData": 7_600}, set()),
        ({}, set()),
    ],
)
def test_totals_that_contradict_shorter_ones_are_left_out(
    totals: dict[str, object], out: set[Metric], house: House
) -> None:
    found = house.poll(overview=overview(totals=totals))
    all_of_them = {metrics.PRODUCTION_MONTH, metrics.PRODUCTION_YEAR, metrics.PRODUCTION_LIFETIME}
    assert all_of_them - found.keys() == out
    assert found[metrics.PRODUCTION_TODAY] == 8000
    assert ("left out" in house.visitor.note) is bool(out)


@pytest.mark.parametrize(
    "odd", [{}, [], Said(500, {}), {"siteCurrentPowerFlow": {**FLOW, "unit": "HP"}}, {"siteCurrentPowerFlow": []}]
)
def test_a_flow_that_fails_costs_the_flow(odd: object, house: House) -> None:
    found = house.poll(currentPowerFlow=odd)
    assert POWERS & found.keys() == {metrics.PV_POWER}, "of the overview"
    assert found[metrics.CONSUMPTION_TODAY] == 6000
    assert "the power flow could not be read" in house.visitor.note


@pytest.mark.parametrize("odd", [{}, Said(503, {}), {"energyDetails": {"unit": "HP", "meters": METERS}}])
def test_meters_that_fail_cost_the_meters(odd: object, house: House) -> None:
    found = house.poll(energyDetails=odd)
    assert found.keys() >= POWERS
    assert found[metrics.PRODUCTION_YEAR] == 4_370_000
    assert metrics.CONSUMPTION_TODAY not in found
    assert "today's meters could not be read" in house.visitor.note


@pytest.mark.parametrize(
    ("part", "value", "out"),
    [
        ("GRID", -0.5, metrics.GRID_POWER),
        ("STORAGE", -0.4, metrics.STORAGE_POWER),
        ("LOAD", 5000, metrics.LOAD_POWER),
        ("PV", "1.5", metrics.PV_POWER),
        ("GRID", 10**400, metrics.GRID_POWER),
    ],
)
def test_a_size_that_cannot_be_makes_no_power_of_the_other_direction(
    part: str, value: object, out: Metric, house: House
) -> None:
    found = house.poll(currentPowerFlow={"siteCurrentPowerFlow": FLOW | {part: {"currentPower": value}}})
    assert out not in found or (out is metrics.PV_POWER and found[out] == 1480), "that of the overview"
    assert POWERS - found.keys() <= {out, metrics.STORAGE_SOC}
    assert f"left out: {part}" in house.visitor.note


def test_more_feed_in_than_production_makes_no_self_consumption(house: House) -> None:
    meters = [{"type": "Production", "values": [{"value": 10}]}, {"type": "FeedIn", "values": [{"value": 9000}]}]
    found = house.poll(energyDetails={"energyDetails": {"unit": "Wh", "meters": meters}})
    assert metrics.SELF_CONSUMPTION_TODAY not in found
    assert found[metrics.FEED_IN_TODAY] == 9000


@pytest.mark.parametrize("connections", [None, "GRID", [None, 7, {"from": "GRID", "to": "Load"}]])
def test_odd_connections_cost_directions_only(house: House, connections: object) -> None:
    found = house.poll(currentPowerFlow={"siteCurrentPowerFlow": FLOW | {"connections": connections}})
    assert (found[metrics.PV_POWER], found[metrics.LOAD_POWER], found[metrics.STORAGE_POWER]) == (1500, 2000, 400)
    assert found.get(metrics.GRID_POWER) == (500 if isinstance(connections, list) else None)


def test_an_odd_battery_costs_itself(house: House) -> None:
    found = house.poll(currentPowerFlow={"siteCurrentPowerFlow": FLOW | {"STORAGE": ["Idle"]}})
    assert (found[metrics.PV_POWER], found[metrics.GRID_POWER]) == (1500, 500)
    assert not {metrics.STORAGE_POWER, metrics.STORAGE_SOC} & found.keys()
    full = {"status": "Idle", "currentPower": 0, "chargeLevel": 100.7}
    found = house.poll(currentPowerFlow={"siteCurrentPowerFlow": FLOW | {"STORAGE": full}})
    assert (found[metrics.STORAGE_POWER], found[metrics.STORAGE_SOC]) == (0, 100)


def test_a_meter_of_another_day_says_nothing_of_today(house: House) -> None:
    days = [{"date": "2026-08-23 00:00:00", "value": 9100}, {"date": "2026-08-24 00:00:00", "value": None}]
    meters = [{"type": "Consumption", "values": days}]
    assert metrics.CONSUMPTION_TODAY not in house.poll(energyDetails={"energyDetails": {"meters": meters}})


def test_a_section_that_is_closed_to_us_costs_itself(house: House) -> None:
    found = house.poll(energyDetails=Said(403, {}))
    assert found[metrics.PRODUCTION_TODAY] == 8000
    assert metrics.CONSUMPTION_TODAY not in found
    with pytest.raises(AuthFailed):
        house.poll(overview=Said(403, {}))


def test_a_sum_that_falls_is_left_out_until_it_stays(house: House) -> None:
    house.poll()
    empty = {"lastDayData": 0, "lastMonthData": 0, "lastYearData": 0, "lifeTimeData": 0}
    later = overview("2026-08-24 12:01:00", empty)
    found = house.poll(overview=later, energyDetails=Said(500, {}))
    assert set(found) == POWERS
    assert "left out: production_today 0 Wh" in house.visitor.note
    house.visitor.clock.wait(4 * HOUR)
    found = house.poll(overview=overview("2026-08-24 16:00:00", {"lastDayData": 3000}))
    assert found[metrics.PRODUCTION_TODAY] == 3000, "the earlier one was wrong"
    house.visitor.clock.wait(10 * HOUR)
    midnight_over = overview("2026-08-25 01:58:00", {"lastDayData": 0})
    assert house.poll(overview=midnight_over)[metrics.PRODUCTION_TODAY] == 0, "another day"


def test_own_use_goes_with_the_sums_that_it_was_made_of(house: House) -> None:
    house.poll()
    meters = [{"type": "Production", "values": [{"value": 0}]}, {"type": "FeedIn", "values": [{"value": 0}]}]
    found = house.poll(energyDetails={"energyDetails": {"meters": meters}})
    assert not {metrics.PRODUCTION_TODAY, metrics.FEED_IN_TODAY, metrics.SELF_CONSUMPTION_TODAY} & found.keys()
    sold = [{"type": "Production", "values": [{"value": 8200}]}, {"type": "FeedIn", "values": [{"value": 6000}]}]
    found = house.poll(energyDetails={"energyDetails": {"meters": sold}})
    assert found[metrics.SELF_CONSUMPTION_TODAY] == 2200, "the battery was sold empty"


def test_an_overview_that_fails_is_trouble_and_a_limit_concerns_all(house: House) -> None:
    house.server.answers["/overview"] = Said(500, {})
    with pytest.raises(Unavailable):
        house.poll()
    for headers, wait in (({}, HOUR), ({"Retry-After": "90"}, 90)):
        with pytest.raises(Throttled) as caught:
            house.poll(overview=overview(), currentPowerFlow=Said(429, {}, headers))
        assert caught.value.until == NOW + wait
