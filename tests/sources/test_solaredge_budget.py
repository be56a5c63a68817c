from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, midnight
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Secret, Window
from eink_monitor.sources._daylight import sunlit, sunlit_seconds
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge.plan import Schedule
from loopback.solaredge import KEY, SITE, SolarEdgeServer
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
MORNING = midnight(date(2026, 6, 10), ZONE)


@pytest.mark.parametrize(
    ("first", "meters", "battery"),
    [(date(2026, 5, 1), True, True), (date(2026, 12, 1), True, True), (date(2026, 7, 1), False, False)],
)
def test_a_month_at_half_an_hour_stay_under_2000_calls(
    tmp_path: Path, first: date, meters: bool, battery: bool
) -> None:
    clock = FastClock(midnight(first, ZONE) + 11 * HOUR)
    server = SolarEdgeServer(ZONE, clock.now, meters=meters, battery=battery)
    with server:
        source = SolarEdge(SITE, api_key=Secret(KEY), base_url=server.url + "/v2")
        visitor = Visitor(source, tmp_path, ZONE, clock, every=30 * MINUTE)
        end = visitor.clock.now() + 31 * DAY
        minutes: Counter[int] = Counter()
        visits = reserved = 0
        while visitor.clock.now() < end:
            visit = visitor.visit()
            reserved += visit.allowance
            visitor.poll()
            visits += 1
            minutes[visitor.clock.now() // 60] += visitor.spent
            visitor.clock.wait(source.pace(visit))
        assert server.calls < 2000
        assert reserved < 2000, "what the ledger must reserve"
        assert max(minutes.values()) <= 10
        assert visits > 30 * 18
        assert visitor.clock.now() - visitor.at(metrics.PV_POWER) < 3 * HOUR


def test_a_generous_account_is_asked_as_often_as_wanted(tmp_path: Path) -> None:
    source = SolarEdge(SITE, api_key=Secret(KEY), calls_per_month=100_000)
    visitor = Visitor(source, tmp_path, ZONE, FastClock(MORNING + 12 * HOUR), every=15 * MINUTE)
    assert source.pace(visitor.visit()) == 15 * MINUTE


@pytest.mark.parametrize(
    ("devices", "seconds"),
    [((), 1800), ((metrics.GRID_POWER,), 1800), ((metrics.GRID_POWER, metrics.STORAGE_POWER), 3405)],
    ids=["nothing but the power", "meters", "meters and a battery"],
)
def test_the_pace_is_what_a_visit_to_these_devices_allows(
    tmp_path: Path, devices: Sequence[Metric], seconds: int
) -> None:
    """60 calls a day, 8 for the totals; 14 h of daylight, and 5 visits by night that ask for the overview, too."""
    source = SolarEdge(SITE, api_key=Secret(KEY), daylight=Window.parse("06:00-20:00"))
    visitor = Visitor(source, tmp_path, ZONE, FastClock(MORNING + 12 * HOUR), every=15 * MINUTE)
    now = visitor.clock.now()
    visitor.latest = {("roof", metric.name): Reading("roof", metric, 1, now) for metric in devices}
    assert source.pace(visitor.visit()) == seconds


@pytest.mark.parametrize(("silent", "asked"), [(7 * DAY - 1, True), (7 * DAY, False)])
def test_a_device_is_asked_until_it_has_been_silent_for_a_week(tmp_path: Path, silent: int, asked: bool) -> None:
    visitor = Visitor(SolarEdge(SITE, api_key=Secret(KEY)), tmp_path, ZONE, FastClock(MORNING + 12 * HOUR))
    now = visitor.clock.now()
    said = {metrics.PV_POWER: now, metrics.LOAD_POWER: now, metrics.GRID_POWER: now - silent}
    visitor.latest = {("roof", metric.name): Reading("roof", metric, 1, at) for metric, at in said.items()}
    assert Schedule(2000, 50.0, None).plan(visitor.visit()).meters is asked


@pytest.mark.parametrize(
    ("total", "used", "unfinished"),
    [
        (HOUR, DAY, date(2026, 6, 9)),
        (HOUR, 2 * DAY, date(2026, 6, 8)),
        (HOUR, 2 * HOUR, None),  # of today
        (HOUR, 7 * DAY, None),  # no meter any more
        (MINUTE, DAY, None),  # with the next overview
    ],
)
def test_a_day_whose_end_nobody_saw_is_asked_for_with_the_next_overview(
    tmp_path: Path, total: int, used: int, unfinished: date | None
) -> None:
    visitor = Visitor(SolarEdge(SITE, api_key=Secret(KEY)), tmp_path, ZONE, FastClock(MORNING + 12 * HOUR), every=900)
    now = visitor.clock.now()
    ages = {metrics.PRODUCTION_TODAY: total, metrics.CONSUMPTION_TODAY: used, metrics.PV_POWER: 60}
    visitor.latest = {("roof", metric.name): Reading("roof", metric, 1, now - age) for metric, age in ages.items()}
    plan = Schedule(100_000, 50.0, None).plan(visitor.visit())
    assert (plan.overview, plan.unfinished) == (total == HOUR, unfinished)


def test_v1_keeps_its_beat_by_day_and_rests_by_night(tmp_path: Path) -> None:
    source = SolarEdge(SITE, api="v1", api_key=Secret(KEY))
    visitor = Visitor(source, tmp_path, ZONE, FastClock(MORNING + 12 * HOUR), every=15 * MINUTE)
    assert source.pace(visitor.visit()) == 15 * MINUTE
    assert source.cost(visitor.visit()) == 3
    visitor.clock.wait(11 * HOUR)
    assert source.pace(visitor.visit()) == 2 * HOUR


def test_the_night_ends_with_the_dawn(tmp_path: Path) -> None:
    source = SolarEdge(SITE, api_key=Secret(KEY), daylight=Window.parse("06:00-20:00"))
    visitor = Visitor(source, tmp_path, ZONE, FastClock(MORNING + 5 * HOUR))
    assert source.pace(visitor.visit()) == HOUR
    visitor.clock.wait(50 * MINUTE)
    assert source.pace(visitor.visit()) == 30 * MINUTE


def test_patience_covers_a_long_visit_of_the_night() -> None:
    source = SolarEdge(SITE, api_key=Secret(KEY))
    assert source.patience(30 * MINUTE) > 2 * HOUR + 30 * MINUTE
    assert source.patience(2 * HOUR) > 6 * HOUR


@pytest.mark.parametrize(
    ("day", "latitude", "hours"),
    [
        (date(2026, 6, 21), 50.0, 16.2),
        (date(2026, 12, 21), 50.0, 7.9),
        (date(2026, 12, 21), -35.0, 14.3),
        (date(2026, 3, 20), 0.0, 12.0),
        (date(2026, 6, 21), 80.0, 24.0),
    ],
)
def test_the_length_of_days(day: date, latitude: float, hours: float) -> None:
    noon = midnight(day, ZONE) + 12 * HOUR
    wanted = min(24.0, hours + 80 / 60)
    assert sunlit_seconds(noon, ZONE, latitude, None) / HOUR == pytest.approx(wanted, abs=0.4)


def test_the_polar_night_has_a_little_dusk_at_noon() -> None:
    noon = midnight(date(2026, 12, 21), ZONE) + 12 * HOUR
    assert sunlit(noon, ZONE, 80.0, None)
    assert not sunlit(noon + 2 * HOUR, ZONE, 80.0, None)


def test_a_window_may_span_midnight_and_a_zone_may_have_no_summer() -> None:
    window = Window.parse("22:00-06:00")
    start = MORNING
    assert sunlit(start + HOUR, ZONE, 0, window)
    assert sunlit_seconds(start, ZONE, 0, window) == 8 * HOUR
    assert sunlit(start + 12 * HOUR, ZoneInfo("UTC"), 0, None)


def test_a_site_whose_meter_hides_the_production_gets_its_power_asked(tmp_path: Path) -> None:
    clock = FastClock(MORNING + 10 * HOUR + 5 * MINUTE)
    server = SolarEdgeServer(ZONE, clock.now)
    server.mute = {"productionPower"}
    with server:
        source = SolarEdge(SITE, api_key=Secret(KEY), base_url=server.url + "/v2")
        visitor = Visitor(source, tmp_path, ZONE, clock)
        for _ in range(4):
            visitor.poll(allowance=source.cost(visitor.visit()))
            visitor.clock.wait(30 * MINUTE)
        assert visitor.clock.now() - visitor.at(metrics.PV_POWER) <= 90 * MINUTE
        assert visitor.latest["roof", "load_power"]


def test_the_plan_of_an_empty_store_looks_for_everything(tmp_path: Path) -> None:
    visitor = Visitor(SolarEdge(SITE, api_key=Secret(KEY)), tmp_path, ZONE, FastClock(MORNING))
    plan = Schedule(2000, 50.0, None).plan(visitor.visit())
    assert plan.calls() == 6
    assert plan.unfinished is None
