from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.clock import FastClock, local, midnight
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge import SolarEdge
from loopback.replay import ReplayServer, mutated, recorded
from loopback.solaredge import SITE
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Dublin")
RECORDINGS = Path(__file__).parent / "solaredge"
NOW = int(datetime(2026, 8, 24, 12, 2, tzinfo=ZONE).timestamp())
V2 = {
    "/meters/telemetry": recorded(RECORDINGS / "v2_meters.json"),
    "/storage/telemetry": recorded(RECORDINGS / "v2_storage.json"),
    "/power": recorded(RECORDINGS / "v2_power.json"),
    "/overview": recorded(RECORDINGS / "v2_overview.json"),
    "/energy": recorded(RECORDINGS / "v2_energy_day.json"),
}
YEARS = recorded(RECORDINGS / "v2_energy_year.json")
V1 = {
    "/overview": recorded(RECORDINGS / "v1_overview.json"),
    "/energyDetails": recorded(RECORDINGS / "v1_energy_details.json"),
    "/currentPowerFlow": recorded(RECORDINGS / "v1_power_flow.json"),
}
NO_FLOW = recorded(RECORDINGS / "v1_power_flow_no_meter.json")


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer({}) as server:
        yield server


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


def poll(server: ReplayServer, state: Path, answers: Mapping[str, object], api: str = "v2") -> list[Reading]:
    server.answers = dict(answers)
    source = SolarEdge(SITE, api="v1" if api == "v1" else "v2", api_key=Secret("key"), base_url=server.url)
    return Visitor(source, state, ZONE, FastClock(NOW)).poll()


def newest(readings: list[Reading]) -> dict[Metric, Reading]:
    return {reading.metric: reading for reading in sorted(readings, key=lambda reading: reading.at)}


def at(hour: int, minute: int) -> int:
    return int(datetime(2026, 8, 24, hour, minute, tzinfo=ZONE).timestamp())


def test_the_recorded_telemetry(server: ReplayServer, state: Path) -> None:
    found = newest(poll(server, state, V2))
    assert found[metrics.PV_POWER] == Reading("roof", metrics.PV_POWER, 3721.9, at(11, 45))
    assert found[metrics.GRID_POWER] == Reading("roof", metrics.GRID_POWER, -1600.2, at(11, 45))
    assert found[metrics.STORAGE_POWER] == Reading("roof", metrics.STORAGE_POWER, 1500.0, at(11, 45))
    assert found[metrics.LOAD_POWER].value == pytest.approx(621.7)
    assert found[metrics.STORAGE_SOC] == Reading("roof", metrics.STORAGE_SOC, 63.3, at(11, 45))


def test_the_recorded_totals_in_wh(server: ReplayServer, state: Path) -> None:
    found = newest(poll(server, state, V2))
    assert found[metrics.PRODUCTION_TODAY].value == pytest.approx(18_010)
    assert found[metrics.CONSUMPTION_TODAY].value == 20_410
    assert found[metrics.FEED_IN_TODAY].value == pytest.approx(70)
    assert found[metrics.PURCHASED_TODAY].value == 3_230
    assert found[metrics.SELF_CONSUMPTION_TODAY].value == pytest.approx(9_980 + 7_960)
    days = [20 + (d * 7 % 13) * 1.7 for d in range(24)]
    assert found[metrics.PRODUCTION_MONTH].value == pytest.approx(1000 * sum(days))


def test_years_make_a_lifetime(server: ReplayServer, state: Path) -> None:
    found = newest(poll(server, state, V2 | {"/energy": YEARS}))
    assert found[metrics.PRODUCTION_YEAR].value == pytest.approx(5_377_000)
    assert found[metrics.PRODUCTION_LIFETIME].value == pytest.approx(38_942_000)


def test_a_site_without_meters_publishes_no_zeros_for_them(server: ReplayServer, state: Path) -> None:
    nothing = recorded(RECORDINGS / "v2_nothing.json")
    bare = recorded(RECORDINGS / "v2_overview_no_meters.json")
    without = V2 | {"/meters/telemetry": nothing, "/storage/telemetry": nothing, "/overview": bare}
    found = newest(poll(server, state, without))
    assert found[metrics.PV_POWER].value == 3721.9
    assert found[metrics.PRODUCTION_TODAY].value == pytest.approx(18_010)
    assert not found.keys() & {metrics.GRID_POWER, metrics.LOAD_POWER, metrics.CONSUMPTION_TODAY, metrics.FEED_IN_TODAY}


def test_v1_as_it_was(server: ReplayServer, state: Path) -> None:
    found = newest(poll(server, state, V1, "v1"))
    heard = at(12, 0) + 1
    assert {metric.name: (reading.value, reading.at) for metric, reading in found.items()} == {
        "pv_power": (880.0, heard),
        "load_power": (3100.0, heard),
        "grid_power": (2220.0, heard),
        "storage_power": (0.0, heard),
        "storage_soc": (67.0, heard),
        "production_today": (12345.0, heard),
        "consumption_today": (9876.0, heard),
        "self_consumption_today": (12345.0 - 4321.0, heard),
        "feed_in_today": (4321.0, heard),
        "purchased_today": (1852.0, heard),
        "production_month": (500_000.0, heard),
        "production_year": (4_000_000.0, heard),
        "production_lifetime": (23_456_789.0, heard),
    }


def test_v1_without_a_meter_has_the_power_of_the_overview(server: ReplayServer, state: Path) -> None:
    found = newest(poll(server, state, V1 | {"/currentPowerFlow": NO_FLOW}, "v1"))
    assert found[metrics.PV_POWER] == Reading("roof", metrics.PV_POWER, 3210.5, at(12, 0) + 1)
    assert metrics.GRID_POWER not in found


def test_v1_that_is_a_day_behind_says_nothing_of_today(server: ReplayServer, state: Path) -> None:
    old = {"overview": {"lastUpdateTime": "2026-08-23 21:00:00", "lastDayData": {"energy": 900}}}
    found = newest(poll(server, state, V1 | {"/overview": old}, "v1"))
    assert metrics.CONSUMPTION_TODAY not in found
    assert found[metrics.PRODUCTION_TODAY].at < midnight(date(2026, 8, 24), ZONE)


def test_v1_from_the_future_is_refused(server: ReplayServer, state: Path) -> None:
    ahead = {"overview": {"lastUpdateTime": "2026-08-25 21:00:00"}}
    with pytest.raises(BadAnswer, match="future"):
        poll(server, state, V1 | {"/overview": ahead}, "v1")


@pytest.mark.parametrize(
    ("status", "ways", "power"),
    [
        ("Charging", [("PV", "Storage")], 1200.0),
        ("Discharging", [("STORAGE", "Load")], -1200.0),
        ("Unknown", [("PV", "Storage")], 1200.0),
        ("Unknown", [("STORAGE", "Load")], -1200.0),
        ("Unknown", [], None),
    ],
)
def test_v1_the_direction_of_the_battery(
    status: str, ways: list[tuple[str, str]], power: float | None, server: ReplayServer, state: Path
) -> None:
    flow = {
        "unit": "kW",
        "connections": [{"from": start, "to": end} for start, end in ways],
        "STORAGE": {"status": status, "currentPower": 1.2},
        "GRID": {"status": "Active", "currentPower": 0.5},
    }
    found = newest(poll(server, state, V1 | {"/currentPowerFlow": {"siteCurrentPowerFlow": flow}}, "v1"))
    assert (found[metrics.STORAGE_POWER].value if metrics.STORAGE_POWER in found else None) == power
    assert metrics.GRID_POWER not in found, "a size without a direction is no reading"


def test_v1_feed_in_is_negative(server: ReplayServer, state: Path) -> None:
    flow = {"unit": "W", "connections": [{"from": "LOAD", "to": "Grid"}], "GRID": {"currentPower": 700}}
    found = newest(poll(server, state, V1 | {"/currentPowerFlow": {"siteCurrentPowerFlow": flow}}, "v1"))
    assert found[metrics.GRID_POWER].value == -700


@pytest.mark.parametrize("end", V2)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_v2_is_published_only_if_plausible(
    end: str, data: st.DataObject, server: ReplayServer, state: Path
) -> None:
    _survives(server, state, V2 | {end: data.draw(mutated(V2[end]))}, "v2")


@pytest.mark.parametrize("end", V1)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_v1_is_published_only_if_plausible(
    end: str, data: st.DataObject, server: ReplayServer, state: Path
) -> None:
    _survives(server, state, V1 | {end: data.draw(mutated(V1[end]))}, "v1")


def _survives(server: ReplayServer, state: Path, answers: Mapping[str, object], api: str) -> None:
    try:
        readings = poll(server, state, answers, api)
    except Trouble as error:
        assert str(error)  # noqa: PT017 - most mutations are refused, some are harmless
        return
    for reading in readings:
        assert reading.metric.low <= reading.value <= reading.metric.high
        assert reading.at <= NOW
        assert local(reading.at, UTC).year >= 2000
