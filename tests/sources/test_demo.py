"""The demo house keeps the laws of physics and of the calendar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds, local, midnight
from eink_monitor.errors import Throttled, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Window
from eink_monitor.sources.demo import Demo
from eink_monitor.vet import heard

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia")]
)
SHOWS = st.sampled_from(["house", "roof", "car", "hybrid", "disk", "weather", "price"])
INSTANTS = st.integers(1_710_000_000, 1_900_000_000)
POWERS = ("pv_power", "load_power", "grid_power", "storage_power")
ENERGIES = ("production_today", "consumption_today", "self_consumption_today", "feed_in_today", "purchased_today")
LONG = ("production_month", "production_year", "production_lifetime")


def visit(now: int, zone: ZoneInfo = BERLIN, allowance: int = 0) -> Visit:
    return Visit("feed", "it", now, zone, 300, {}, Path(), allowance)


def poll(now: int, zone: ZoneInfo = BERLIN, show: str = "roof") -> dict[tuple[str, str], tuple[float, int]]:
    asked = visit(now, zone)
    readings = heard(Demo(show=show).poll(asked), asked).readings  # type: ignore[arg-type] # one of its words
    found = {(reading.subject, reading.metric.name): (reading.value, reading.at) for reading in readings}
    assert len(found) == len(readings)
    return found


def roof(now: int, zone: ZoneInfo = BERLIN) -> dict[str, float]:
    return {metric: value for (_, metric), (value, _) in poll(now, zone).items()}


@settings(max_examples=150, deadline=None)
@given(INSTANTS, ZONES, SHOWS)
def test_every_reading_is_plausible_announced_and_not_from_the_future(now: int, zone: ZoneInfo, show: str) -> None:
    announced = Demo(show=show).publishes("it")  # type: ignore[arg-type] # one of its words
    readings = poll(now, zone, show)
    assert {subject for subject, _ in readings} == set(announced)
    for (subject, metric), (_, at) in readings.items():
        assert metric in {known.name for known in announced[subject]}
        assert now - 30 * MINUTE < at <= now


@settings(max_examples=150, deadline=None)
@given(INSTANTS, st.integers(0, 3600), ZONES, SHOWS)
def test_one_instant_has_one_value(now: int, later: int, zone: ZoneInfo, show: str) -> None:
    before, after = poll(now, zone, show), poll(now + later, zone, show)
    for key, (value, at) in before.items():
        if key in after:
            assert after[key][1] >= at
            if after[key][1] == at:
                assert after[key][0] == value


@settings(max_examples=150, deadline=None)
@given(INSTANTS, ZONES)
def test_what_goes_in_comes_out(now: int, zone: ZoneInfo) -> None:
    it = roof(now, zone)
    assert it["pv_power"] + it["grid_power"] == pytest.approx(it["load_power"] + it["storage_power"], abs=1e-6)
    assert it["self_consumption_today"] + it["feed_in_today"] == pytest.approx(it["production_today"], abs=1e-6)
    assert it["production_today"] <= it["production_month"] <= it["production_year"] <= it["production_lifetime"]
    assert 10 - 1e-6 <= it["storage_soc"] <= 100
    assert abs(it["storage_power"]) <= 4600
    if it["storage_power"] > 0:
        assert it["grid_power"] <= 1e-6  # the battery is charged by the roof alone


def walk(day: date, zone: ZoneInfo, step: int) -> Iterable[dict[str, float]]:
    start, end = day_bounds(day, zone)
    return [roof(now, zone) for now in range(start, end, step)]


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 17), 24), (date(2026, 12, 21), 24)],
)
def test_the_day_adds_up(day: date, hours: int) -> None:
    moments = list(walk(day, BERLIN, 300))
    assert len(moments) == hours * 12
    for metric in (*ENERGIES, *LONG):
        values = [moment[metric] for moment in moments]
        assert values == sorted(values)
    for power, energy in (("pv_power", "production_today"), ("load_power", "consumption_today")):
        assert moments[-1][energy] == pytest.approx(sum(moment[power] for moment in moments) / 12)
    bought = sum(max(moment["grid_power"], 0) for moment in moments) / 12
    assert moments[-1]["purchased_today"] == pytest.approx(bought)
    charged = sum(moment["storage_power"] for moment in moments[1:]) / 12
    assert (moments[-1]["storage_soc"] - moments[0]["storage_soc"]) * 97 == pytest.approx(charged)
    assert moments[0]["pv_power"] == moments[-1]["pv_power"] == 0
    assert max(moment["pv_power"] for moment in moments) > 500


def test_a_year_of_totals_never_runs_backwards() -> None:
    day, before = date(2025, 12, 30), 0.0
    month = year = 0.0
    for _ in range(370):
        start, end = day_bounds(day, BERLIN)
        morning, evening = roof(start), roof(end - 1)
        assert before <= morning["production_lifetime"] + 1e-3
        assert morning["production_today"] == 0
        if day.day == 1:
            assert morning["production_month"] == 0
        elif month:
            assert morning["production_month"] == pytest.approx(month)
        if (day.month, day.day) == (1, 1):
            assert morning["production_year"] == 0
        elif year:
            assert morning["production_year"] == pytest.approx(year)
        before = evening["production_lifetime"]
        month, year = evening["production_month"], evening["production_year"]
        day += timedelta(days=1)


def test_a_workday_of_the_car() -> None:
    start = midnight(date(2026, 6, 17), BERLIN)
    night, road, office, home, evening = (poll(start + int(hour * 3600), show="car") for hour in (3, 8, 12, 19, 23))
    for when, plugged, charging in ((night, 1, 0), (road, 0, 0), (office, 0, 0), (home, 1, 1), (evening, 1, 0)):
        assert when["it", "plugged"][0] == plugged
        assert when["it", "charging"][0] == charging
        assert (("it", "time_to_full") in when) is bool(charging)
    assert home["it", "charging_power"][0] == 11000
    assert home["it", "time_to_full"][0] == pytest.approx(60, abs=1)
    assert night["it", "soc"][0] > road["it", "soc"][0] > office["it", "soc"][0]
    assert office["it", "odometer"][0] > road["it", "odometer"][0] > night["it", "odometer"][0]


def test_the_hybrid_burns_fuel_and_never_charges() -> None:
    start = midnight(date(2026, 6, 17), BERLIN)
    for hour in range(24):
        it = poll(start + hour * 3600, show="hybrid")
        assert 0 < it["it", "fuel"][0] <= 100
        assert it["it", "charging"][0] == it["it", "charging_power"][0] == 0


def test_the_disk_adds_up_and_is_backed_up_every_hour() -> None:
    for now in range(1_780_000_000, 1_780_000_000 + 20 * DAY, 7000):
        it = {metric: value for (_, metric), (value, _) in poll(now, show="disk").items()}
        assert it["disk_used"] + it["disk_free"] == it["disk_size"]
        assert 0 <= now - it["newest_backup"] <= 3600 + MINUTE
        assert it["newest_backup"] % 3600 == 600


def test_nobody_answers_during_an_outage() -> None:
    demo = Demo(show="car", outage=Window.parse("13:40-17:00"))
    start = midnight(date(2026, 6, 17), BERLIN)
    with pytest.raises(Unavailable, match=r"^feed: the demo vendor does not answer until 17:00$"):
        list(demo.poll(visit(start + 14 * 3600)))
    assert list(demo.poll(visit(start + 17 * 3600)))
    assert local(start, BERLIN).hour == 0


@pytest.mark.parametrize("every", [MINUTE, 5 * MINUTE, 2 * HOUR])
def test_what_was_just_asked_never_looks_old(every: int) -> None:
    start = midnight(date(2026, 6, 17), BERLIN)
    for show in ("house", "roof", "car", "hybrid", "weather", "price"):
        demo = Demo(show=show)
        for now in range(start, start + DAY, 7 * MINUTE):
            readings = heard(demo.poll(asked := visit(now)), asked).readings
            assert min(reading.at for reading in readings) >= now - demo.patience(every)


def test_a_quota_to_run_into() -> None:
    demo = Demo(show="car", calls_per_day=45)
    quota = demo.quota()
    assert quota is not None
    assert [(budget.calls, budget.span) for budget in quota.budgets] == [(45, "day")]
    assert Demo().quota() is None
    asked = visit(1_780_000_000, allowance=1)
    assert list(demo.poll(asked))
    assert asked.spent == 1
    with pytest.raises(Throttled, match="more than the 1 calls"):
        list(demo.poll(asked))


# -- what it foretells -----------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(INSTANTS, ZONES)
def test_everything_announced_is_foretold_and_plausible(now: int, zone: ZoneInfo) -> None:
    demo, asked = Demo(), visit(now, zone)
    outlooks = heard(demo.poll(asked), asked).outlooks
    announced = {(subject, metric) for subject, metrics in demo.expects("it").items() for metric in metrics}
    assert {(one.subject, one.metric) for one in outlooks} == announced
    assert asked.note == "", "nothing had to be left out"
    for one in outlooks:
        assert one.slot(now)
        assert one.covers(*day_bounds(local(now, zone).date(), zone))


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-17", 96)])
def test_prices_of_tomorrow_are_known_in_the_afternoon(day: str, quarters: int) -> None:
    midnight_of, noon = day_bounds(date.fromisoformat(day), BERLIN)[0], 12
    for hour, known in ((noon - 2, quarters), (noon + 2, quarters + 96)):
        asked = visit(midnight_of + hour * HOUR)
        (outlook,) = heard(Demo(show="price").poll(asked), asked).outlooks
        assert len(outlook.slots) == known
    assert len({round(slot.value, 3) for slot in outlook.slots}) > 50


def test_power_is_free_now_and_then() -> None:
    for day in range(60):
        asked = visit(midnight(date(2026, 6, 1) + timedelta(days=day), BERLIN))
        (outlook,) = heard(Demo(show="price").poll(asked), asked).outlooks
        if min(slot.value for slot in outlook.slots) < 0:
            return
    pytest.fail("bars never go below zero")


def test_the_sun_is_foretold_with_a_grain_of_salt() -> None:
    beside = []
    for number in range(30):
        day = date(2026, 6, 1) + timedelta(days=number)
        start, end = day_bounds(day, BERLIN)
        asked = visit(start)
        (outlook,) = heard(Demo(show="roof").poll(asked), asked).outlooks
        beside.append(outlook.energy(start, end) / roof(end - 1)["production_today"])
    assert 0.78 < min(beside) < 0.9
    assert 1.1 < max(beside) < 1.22


def test_an_outlook_is_issued_four_times_a_day() -> None:
    start, issued = midnight(date(2026, 6, 17), BERLIN), 0
    latest: dict[tuple[str, str], Reading] = {}
    for now in range(start, start + DAY, 300):
        asked = visit(now)
        asked.latest = latest
        said = heard(Demo(show="weather").poll(asked), asked)
        issued += bool(said.outlooks)
        latest.update({(one.subject, one.metric.name): one for one in said.readings})
    assert issued == 5, "at the first poll, too"
