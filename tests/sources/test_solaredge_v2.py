from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, local, midnight
from eink_monitor.errors import Unavailable
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge.v2 import _day_totals, _new, _sum
from loopback.server import Said
from loopback.solaredge import CLIENT, KEY, SECRET, SITE, SolarEdgeServer
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
LUNCH = midnight(date(2026, 6, 10), ZONE) + 12 * HOUR + 40 * MINUTE


def house(
    tmp_path: Path, start: int = LUNCH, *, meters: bool = True, battery: bool = True
) -> tuple[Visitor, SolarEdgeServer]:
    clock = FastClock(start)
    server = SolarEdgeServer(ZONE, clock.now, meters=meters, battery=battery)
    source = SolarEdge(SITE, api_key=Secret(KEY), base_url=server.url + "/v2")
    visitor = Visitor(source, tmp_path, ZONE, clock)
    return visitor, server


@pytest.fixture
def roof(tmp_path: Path) -> Iterator[tuple[Visitor, SolarEdgeServer]]:
    visitor, server = house(tmp_path)
    with server:
        yield visitor, server


def curve(readings: list[Reading], metric: Metric) -> dict[int, float]:
    return {reading.at: reading.value for reading in readings if reading.metric is metric}


def test_a_first_poll_fills_every_metric(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    readings = visitor.poll()
    assert {reading.metric for reading in readings} == set(SolarEdge.metrics)
    assert server.calls == visitor.spent == 5
    assert visitor.note == ""


def test_the_last_bucket_is_dated_by_its_end_and_balances(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    visitor.poll()
    end = LUNCH // 900 * 900
    flow = server.roof.flow(end - 900)
    assert visitor.at(metrics.PV_POWER) == visitor.at(metrics.LOAD_POWER) == visitor.at(metrics.STORAGE_SOC) == end
    assert visitor.value(metrics.PV_POWER) == pytest.approx(flow.production)
    assert visitor.value(metrics.GRID_POWER) == pytest.approx(flow.bought - flow.sold)
    assert visitor.value(metrics.STORAGE_POWER) == pytest.approx(flow.charge - flow.discharge)
    assert visitor.value(metrics.LOAD_POWER) == pytest.approx(flow.used)
    assert visitor.value(metrics.STORAGE_SOC) == pytest.approx(server.roof.charge_level(end - 900))


@pytest.mark.parametrize(
    ("ahead", "dated", "note"),
    [(-901, -1, ""), (-200, 0, ""), (0, 0, ""), (300, 0, ""), (301, None, "left out: pv_power dated 2026-06-10T")],
)
def test_a_bucket_that_has_begun_is_dated_by_now_and_a_site_s_clock_may_be_ahead(
    tmp_path: Path, ahead: int, dated: int | None, note: str
) -> None:
    visit = Visitor(SolarEdge(SITE, api_key=Secret(KEY)), tmp_path, ZONE, FastClock(LUNCH)).visit()
    found = curve(list(_new(visit, metrics.PV_POWER, {LUNCH + ahead: 5.0})), metrics.PV_POWER)
    assert found == ({} if dated is None else {LUNCH + dated: 5.0})
    assert visit.note[: len(note) or None] == note


@pytest.mark.parametrize(
    ("buckets", "total"),
    [
        ({}, None),
        ({date(2026, 1, 1): 5.0, date(2025, 1, 1): 7.0}, 12.0),
        ({date(2026, 1, 1): 5.0, date(2025, 1, 1): math.nan}, None),
        ({date(2026, 1, 1): 5.0, date(2009, 12, 31): math.nan}, None),  # of nobody knows which year
        ({date(2026, 1, 1): 5.0, date(2010, 1, 1): math.nan}, 5.0),
        ({date(2026, 1, 1): 5.0, date(2024, 1, 1): math.nan}, 5.0),  # nobody wants that one
        ({date(2024, 1, 1): 5.0}, None),
    ],
)
def test_a_sum_is_known_where_each_of_its_parts_is(buckets: dict[date, float], total: float | None) -> None:
    assert _sum(buckets, lambda day: day.year > 2024) == total


@pytest.mark.parametrize(("fed", "own"), [(3.0, 5000.0), (8.0, 0.0), (9.0, 0.0), (9.001, None)])
def test_own_use_is_what_was_not_fed_in_and_never_less_than_nothing(
    tmp_path: Path, fed: float, own: float | None
) -> None:
    visit = Visitor(SolarEdge(SITE, api_key=Secret(KEY)), tmp_path, ZONE, FastClock(LUNCH)).visit()
    overview = {"production": {"unit": "kWh", "total": 8.0, "toGrid": fed}}
    found = {reading.metric: reading.value for reading in _day_totals(overview, visit, LUNCH)}
    assert found.get(metrics.SELF_CONSUMPTION_TODAY) == own
    assert found.get(metrics.FEED_IN_TODAY) == (None if own is None else fed * 1000)


def test_flows_of_every_bucket_balance(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, _ = roof
    readings = visitor.poll()
    pv, load = curve(readings, metrics.PV_POWER), curve(readings, metrics.LOAD_POWER)
    grid, storage = curve(readings, metrics.GRID_POWER), curve(readings, metrics.STORAGE_POWER)
    assert len(pv) > 40
    assert pv.keys() == load.keys() == grid.keys() == storage.keys()
    assert all(pv[at] + grid[at] - storage[at] == pytest.approx(load[at]) for at in pv)
    assert min(grid.values()) < 0 < max(grid.values())


def test_totals_are_physical_and_dated_by_the_last_measurement(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    visitor.poll()
    made, used = visitor.value(metrics.PRODUCTION_TODAY), visitor.value(metrics.CONSUMPTION_TODAY)
    fed, bought = visitor.value(metrics.FEED_IN_TODAY), visitor.value(metrics.PURCHASED_TODAY)
    start = midnight(date(2026, 6, 10), ZONE)
    stored = server.roof.energy("charge", start, LUNCH // 900 * 900)
    assert made + bought == pytest.approx(used + fed + stored)
    assert visitor.value(metrics.SELF_CONSUMPTION_TODAY) == pytest.approx(made - fed)
    assert visitor.at(metrics.PRODUCTION_TODAY) == visitor.at(metrics.PV_POWER) == LUNCH // 900 * 900
    month, year = visitor.value(metrics.PRODUCTION_MONTH), visitor.value(metrics.PRODUCTION_YEAR)
    assert made < month < year < visitor.value(metrics.PRODUCTION_LIFETIME)


def test_past_days_come_once_each_dated_within_its_day(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, _ = roof
    today = date(2026, 6, 10)
    days = curve(visitor.poll(), metrics.PRODUCTION_TODAY)
    assert len(days) == 28
    assert {local(at, ZONE).date() for at in days} == {today - timedelta(days=n) for n in range(28)}
    visitor.clock.wait(5 * HOUR)
    assert {local(at, ZONE).date() for at in curve(visitor.poll(), metrics.PRODUCTION_TODAY)} == {today}


def test_a_second_poll_brings_only_what_is_new(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    first = visitor.poll()
    visitor.clock.wait(30 * MINUTE)
    server.asked.clear()
    second = visitor.poll()
    assert server.paths() == [f"/v2/sites/{SITE}/meters/telemetry", f"/v2/sites/{SITE}/storage/telemetry"]
    assert not {(r.metric, r.at) for r in first} & {(r.metric, r.at) for r in second}
    last = max(curve(first, metrics.PV_POWER))
    assert sorted(curve(second, metrics.PV_POWER)) == [last + 900, last + 1800]


def test_an_outage_of_hours_leaves_no_hole(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, _ = roof
    seen = set(curve(visitor.poll(), metrics.GRID_POWER))
    visitor.clock.wait(7 * HOUR)
    seen |= set(curve(visitor.poll(), metrics.GRID_POWER))
    assert sorted(seen) == list(range(min(seen), max(seen) + 1, 900))


def test_without_meters_the_power_is_asked(tmp_path: Path) -> None:
    visitor, server = house(tmp_path, meters=False, battery=False)
    with server:
        readings = visitor.poll()
        assert {r.metric for r in readings} == {
            metrics.PV_POWER,
            metrics.PRODUCTION_TODAY,
            metrics.PRODUCTION_MONTH,
            metrics.PRODUCTION_YEAR,
            metrics.PRODUCTION_LIFETIME,
        }
        visitor.clock.wait(30 * MINUTE)
        server.asked.clear()
        assert {r.metric for r in visitor.poll()} == {metrics.PV_POWER}
        assert server.paths() == [f"/v2/sites/{SITE}/power"]
        server.meters = True
        visitor.clock.wait(DAY)
        assert metrics.GRID_POWER in {r.metric for r in visitor.poll()}, "a new meter is found the next day"


def test_without_a_battery_the_house_still_balances(tmp_path: Path) -> None:
    visitor, server = house(tmp_path, battery=False)
    with server:
        assert metrics.STORAGE_SOC not in {r.metric for r in visitor.poll()}
        flow = server.roof.flow(LUNCH // 900 * 900 - 900)
        assert visitor.value(metrics.LOAD_POWER) == pytest.approx(flow.used)
        visitor.clock.wait(30 * MINUTE)
        server.asked.clear()
        visitor.poll()
        assert server.paths() == [f"/v2/sites/{SITE}/meters/telemetry"]


def test_a_fraction_for_the_charge_is_seen(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    server.soc_unit = 0.01
    visitor.poll()
    assert visitor.value(metrics.STORAGE_SOC) == pytest.approx(server.roof.charge_level(LUNCH // 900 * 900 - 900))


def test_a_site_without_battery_endpoint_is_a_site_without_battery(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    server.fault, server.fault_on = Said(404, {}), "storage"
    assert metrics.STORAGE_SOC not in {r.metric for r in visitor.poll()}


def test_failing_totals_do_not_take_the_curves_along(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    server.fault, server.fault_on = "truncated", "overview"
    assert {r.metric for r in visitor.poll()} == {
        metrics.PV_POWER,
        metrics.LOAD_POWER,
        metrics.GRID_POWER,
        metrics.STORAGE_POWER,
        metrics.STORAGE_SOC,
        metrics.PRODUCTION_TODAY,
        metrics.PRODUCTION_MONTH,
        metrics.PRODUCTION_YEAR,
        metrics.PRODUCTION_LIFETIME,
    }
    assert "the totals of today could not be read" in visitor.note


def test_totals_that_keep_failing_are_told_once_nothing_else_is_new(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    server.fault, server.fault_on = "truncated", "overview"
    visitor.poll()
    with pytest.raises(Unavailable, match="cut off"):
        visitor.poll()
    server.fault = None
    assert metrics.CONSUMPTION_TODAY in {r.metric for r in visitor.poll()}


def test_a_silent_inverter_costs_no_totals_and_looks_old(roof: tuple[Visitor, SolarEdgeServer]) -> None:
    visitor, server = roof
    visitor.poll()
    server.silent_since = LUNCH
    visitor.clock.wait(2 * HOUR)
    server.asked.clear()
    assert visitor.poll() == []
    assert server.calls == 2
    assert visitor.at(metrics.PRODUCTION_TODAY) <= LUNCH


def test_night_is_told_as_night(tmp_path: Path) -> None:
    visitor, server = house(tmp_path, LUNCH + 11 * HOUR)
    with server:
        visitor.poll()
        assert visitor.value(metrics.PV_POWER) == 0
        assert visitor.value(metrics.STORAGE_POWER) < 0
        assert visitor.source.pace(visitor.visit()) == 2 * HOUR


def test_just_after_midnight_nothing_of_today_is_invented(tmp_path: Path) -> None:
    start = midnight(date(2026, 7, 1), ZONE)
    visitor, server = house(tmp_path, start - 20 * MINUTE)
    with server:
        visitor.poll()
        visitor.clock.wait(25 * MINUTE)
        assert not {r.metric for r in visitor.poll()} & {metrics.CONSUMPTION_TODAY, metrics.PRODUCTION_MONTH}


def test_a_new_month_starts_from_nothing_and_completes_the_old_day(tmp_path: Path) -> None:
    start = midnight(date(2026, 7, 1), ZONE)
    visitor, server = house(tmp_path, start - 2 * HOUR)
    with server:
        visitor.poll()
        old = visitor.value(metrics.CONSUMPTION_TODAY)
        visitor.clock.wait(9 * HOUR)
        readings = visitor.poll()
        whole = server.roof.energy("used", start - DAY, start)
        days = curve(readings, metrics.CONSUMPTION_TODAY)
        assert days[start - 1] == pytest.approx(whole, rel=1e-6)
        assert old < whole
        assert visitor.value(metrics.PRODUCTION_MONTH) == pytest.approx(visitor.value(metrics.PRODUCTION_TODAY))
        made = curve(readings, metrics.PRODUCTION_TODAY)
        assert made[start - 1] == pytest.approx(server.roof.energy("production", start - DAY, start))


@pytest.mark.parametrize("offsets", [True, False])
@pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)])
def test_days_of_dst_changes_have_all_their_quarters(tmp_path: Path, day: date, hours: int, offsets: bool) -> None:
    start = midnight(day, ZONE)
    visitor, server = house(tmp_path, start + 20 * MINUTE)
    server.offsets = offsets
    seen: dict[int, float] = {}
    with server:
        while visitor.clock.now() < start + (hours + 1) * HOUR:
            seen |= curve(visitor.poll(), metrics.LOAD_POWER)
            visitor.clock.wait(47 * MINUTE)
    inside = [at for at in seen if start < at <= start + hours * HOUR]
    assert len(inside) == hours * 4
    assert all(seen[at] == pytest.approx(server.roof.flow(at - 900).used) for at in inside)


def test_sign_in_refreshes_and_retries(tmp_path: Path) -> None:
    clock = FastClock(LUNCH)
    server = SolarEdgeServer(ZONE, clock.now)
    with server:
        source = SolarEdge(SITE, client_id=CLIENT, client_secret=Secret(SECRET), base_url=server.url + "/v2")
        visitor = Visitor(source, tmp_path, ZONE, clock)
        with TokenStore(tmp_path, "roof").locked() as store:
            store.save(Tokens("access-0", "refresh-0", LUNCH + HOUR))
        assert visitor.poll()
        assert server.refreshes == 0
        visitor.clock.wait(HOUR)
        assert visitor.poll()
        assert server.refreshes == 1
        server.access_tokens.clear()
        visitor.clock.wait(HOUR)
        assert visitor.poll(allowance=9)
        assert server.refreshes == 2
