from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.sources._solaredge.series import charge, devices, flows, instant, present, scale, series, stamp

ZONE = ZoneInfo("Europe/Berlin")
FIRST = int(datetime(2026, 10, 25, 0, 15, tzinfo=UTC).timestamp())  # 02:15 for the first time
SECOND = FIRST + 3600


@pytest.mark.parametrize(
    ("unit", "factor"), [("W", 1), ("kW", 1000), ("MW", 1e6), ("WH", 1), ("KWH", 1000), ("MWh", 1e6), ("GWH", 1e9)]
)
def test_units(unit: str, factor: float) -> None:
    assert scale(unit, "x") == factor


@pytest.mark.parametrize("unit", [None, "", "HP", 5])
def test_unknown_units(unit: object) -> None:
    with pytest.raises(BadAnswer, match="unit of x"):
        scale(unit, "x")


def test_times_of_every_form() -> None:
    wanted = int(datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp())
    for text in ("2026-06-01T12:00:00+02:00", "2026-06-01T10:00:00Z", "2026-06-01T12:00:00", " 2026-06-01 12:00:00"):
        assert instant(text, ZONE) == wanted


def test_the_repeated_hour_is_told_apart_by_what_came_before() -> None:
    assert instant("2026-10-25T02:15:00", ZONE) == FIRST
    assert instant("2026-10-25T02:15:00", ZONE, FIRST - 900) == FIRST
    assert instant("2026-10-25T02:15:00", ZONE, FIRST) == SECOND
    values = [{"timestamp": "2026-10-25T02:15:00", "value": 1}, {"timestamp": "2026-10-25T02:30:00", "value": 2}]
    assert series({"unit": "W", "values": values}, "x", ZONE, SECOND) == {SECOND: 1, SECOND + 900: 2}


def test_the_repeated_hour_is_asked_for_with_its_offset() -> None:
    assert stamp(FIRST, ZONE) == "2026-10-25T02:15:00+02:00"
    assert stamp(SECOND, ZONE) == "2026-10-25T02:15:00+01:00"
    assert stamp(SECOND + 3600, ZONE) == "2026-10-25T03:15:00"


@given(st.integers(0, 4_000_000_000))
def test_every_instant_comes_back(at: int) -> None:
    assert instant(stamp(at, ZONE), ZONE) == at


@given(st.text())
def test_any_text_is_a_time_or_trouble(text: str) -> None:
    try:
        assert isinstance(instant(text, ZONE), int)
    except BadAnswer as error:
        assert "timestamp" in str(error)  # noqa: PT017 - some texts are times


def test_empty_series() -> None:
    nothing: object
    for nothing in (None, {}, {"unit": "W"}, {"unit": "W", "values": []}, {"values": []}):
        assert series(nothing, "x", ZONE) == {}


def test_present_means_any_device() -> None:
    assert present({"storage": {"B": {}}}, "storage")
    assert not present({"storage": {}}, "storage")
    assert not present({"storage": None}, "storage")
    assert devices({"storage": None}, "storage", ZONE) == {}


def test_two_meters_add_up_where_both_know() -> None:
    meters = {"productionPower": [{0: 100.0, 900: 200.0}, {900: 50.0}], "importPower": [{900: 0.0}]}
    assert flows({}, meters, None)[metrics.PV_POWER] == {900: 250.0}


def test_without_an_export_series_the_grid_follows_from_the_consumption() -> None:
    meters = {"productionPower": [{0: 3000.0}], "consumptionPower": [{0: 1200.0}]}
    storage = {"chargePower": [{0: 500.0}], "dischargePower": [{0: 0.0}]}
    found = flows({}, meters, storage)
    assert found[metrics.GRID_POWER] == {0: -1300.0}
    assert found[metrics.LOAD_POWER] == {0: 1200.0}
    assert flows({}, meters, None)[metrics.GRID_POWER] == {0: -1800.0}


def test_a_silent_battery_leaves_the_house_unknown() -> None:
    meters = {"productionPower": [{0: 3000.0}], "importPower": [{0: 0.0}], "exportPower": [{0: 2000.0}]}
    assert flows({}, meters, {})[metrics.LOAD_POWER] == {}
    assert flows({}, meters, None)[metrics.LOAD_POWER] == {0: 1000.0}


def test_noise_around_nothing_is_nothing_and_contradictions_are_left_out() -> None:
    meters = {
        "productionPower": [{0: -8.0, 900: 100.0}],
        "importPower": [{0: 500.0, 900: 0.0}],
        "exportPower": [{0: 0.0, 900: 900.0}],
    }
    found = flows({}, meters, None)
    assert found[metrics.PV_POWER] == {0: 0.0, 900: 100.0}
    assert found[metrics.LOAD_POWER] == {0: 492.0}


@pytest.mark.parametrize(
    ("values", "last", "wanted"),
    [
        ({0: 67.8}, None, {0: 67.8}),
        ({0: 0.678}, None, {0: 67.8}),
        ({0: 0.678, 900: 1.0}, 65.0, {0: 67.8, 900: 100.0}),
        ({0: 0.8, 900: 0.5}, 1.5, {0: 0.8, 900: 0.5}),
        ({0: 0.02}, 5.0, {0: 2.0}),
        ({0: 1.0, 900: 1.2}, None, {0: 1.0, 900: 1.2}),
        ({}, 5.0, {}),
    ],
)
def test_charge_as_fraction_or_percentage(
    values: dict[int, float], last: float | None, wanted: dict[int, float]
) -> None:
    assert charge([values] if values else [], last) == pytest.approx(wanted)


def test_the_charge_of_two_batteries_is_their_mean() -> None:
    assert charge([{0: 40.0}, {0: 60.0, 900: 61.0}], None) == {0: 50.0}
