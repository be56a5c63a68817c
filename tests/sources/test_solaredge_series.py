from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.errors import BadAnswer
from eink_monitor.remarks import Remarks
from eink_monitor.sources.solaredge.series import (
    NOWHEN,
    Kind,
    charge,
    devices,
    flows,
    instant,
    present,
    scale,
    series,
    sound,
    stamp,
)

ZONE = ZoneInfo("Europe/Berlin")
KINDS: tuple[Kind, ...] = ("power", "energy", "charge")
FIRST = int(datetime(2026, 10, 25, 0, 15, tzinfo=UTC).timestamp())  # 02:15 for the first time
SECOND = FIRST + 3600


@pytest.mark.parametrize(
    ("unit", "factor"), [("W", 1), ("kW", 1000), ("MW", 1e6), ("WH", 1), ("KWH", 1000), ("MWh", 1e6), ("GWH", 1e9)]
)
def test_units(unit: str, factor: float) -> None:
    assert scale(unit, "x", "energy" if "h" in unit.lower() else "power") == factor


@pytest.mark.parametrize("unit", [None, "", "HP", 5])
def test_unknown_units(unit: object) -> None:
    for kind in KINDS:
        with pytest.raises(BadAnswer, match="unit of x"):
            scale(unit, "x", kind)


@pytest.mark.parametrize(("unit", "fits"), [("W", "power"), ("KWH", "energy"), ("PERCENTAGE", "charge")])
def test_a_unit_of_another_kind_is_none(unit: str, fits: Kind) -> None:
    for kind in KINDS:
        if kind == fits:
            assert scale(unit, "x", kind)
        else:
            with pytest.raises(BadAnswer, match="unit of x"):
                scale(unit, "x", kind)


def test_times_of_every_form() -> None:
    wanted = int(datetime(2026, 6, 1, 10, tzinfo=UTC).timestamp())
    for text in ("2026-06-01T12:00:00+02:00", "2026-06-01T10:00:00Z", "2026-06-01T12:00:00", " 2026-06-01 12:00:00"):
        assert instant(text, ZONE) == wanted


def test_the_repeated_hour_is_told_apart_by_what_came_before() -> None:
    assert instant("2026-10-25T02:15:00", ZONE) == FIRST
    assert instant("2026-10-25T02:15:00", ZONE, FIRST - 900) == FIRST
    assert instant("2026-10-25T02:15:00", ZONE, FIRST) == SECOND
    values = [{"timestamp": "2026-10-25T02:15:00", "value": 1}, {"timestamp": "2026-10-25T02:30:00", "value": 2}]
    assert series({"unit": "W", "values": values}, "x", "power", ZONE, Remarks(), SECOND) == {
        SECOND: 1,
        SECOND + 900: 2,
    }


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
        assert series(nothing, "x", "power", ZONE, Remarks()) == {}


def test_present_means_any_device() -> None:
    assert present({"storage": {"B": {}}}, "storage")
    assert not present({"storage": {}}, "storage")
    assert not present({"storage": None}, "storage")
    assert devices({"storage": None}, "storage", ZONE, Remarks()) == {}


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


@pytest.mark.parametrize(
    ("value", "kind", "unit"),
    [
        (-6304, "power", "W"),
        (-0.2, "power", "KW"),
        (101, "power", "kW"),
        (10**400, "power", "MW"),
        (-1, "energy", "WH"),
        (1e9, "energy", "GWH"),
        (-1.5, "charge", "PERCENTAGE"),
        (640, "charge", "%"),
        (True, "power", "W"),
        ("1200", "power", "W"),
        ([], "energy", "WH"),
    ],
)
def test_one_odd_bucket_costs_itself(value: object, kind: Kind, unit: str) -> None:
    remarks = Remarks()
    buckets: list[dict[str, object]] = [
        {"timestamp": f"2026-06-10T10:{minute:02}:00Z", "value": 0} for minute in (0, 15, 30)
    ]
    buckets[1]["value"] = value
    found = series({"unit": unit, "values": buckets}, "x", kind, ZONE, remarks)
    assert len(found) == 3
    assert len(sound(found)) == 2
    assert remarks.left_out.startswith("x ")


@pytest.mark.parametrize("odd", [{}, {"timestamp": "yesterday", "value": 1}, {"timestamp": 5}, 3, None, []])
def test_a_bucket_without_a_time_is_left_out_and_not_forgotten(odd: object) -> None:
    remarks = Remarks()
    good = {"timestamp": "2026-06-10T10:00:00Z", "value": 1}
    found = series({"unit": "W", "values": [good, odd, good]}, "x", "power", ZONE, remarks)
    assert NOWHEN in found
    assert len(sound(found)) == 1
    assert remarks.left_out == "x dated an impossible time"


def test_a_series_that_cannot_be_read_hides_the_sum_and_no_other_series() -> None:
    remarks = Remarks()
    stamp_of = "2026-06-10T10:00:00Z"
    one = {"unit": "W", "values": [{"timestamp": stamp_of, "value": 100}]}
    odd = {"unit": "WH", "values": [{"timestamp": stamp_of, "value": 100}]}
    document = {"meters": {"A": {"importPower": one, "exportPower": one}, "B": {"importPower": odd}}}
    found = flows({}, devices(document, "meters", ZONE, remarks), None)
    assert found[metrics.GRID_POWER] == {}, "not the half of it"
    assert "the unit of importPower is unknown, so it is left out" in str(remarks)


def test_the_odd_bucket_of_one_battery_makes_no_plausible_mean() -> None:
    remarks = Remarks()
    batteries = {
        name: {
            "stateOfEnergy": {"unit": "PERCENTAGE", "values": [{"timestamp": "2026-06-10T10:00:00Z", "value": value}]}
        }
        for name, value in (("A", -60), ("B", 100))
    }
    assert charge(devices({"storage": batteries}, "storage", ZONE, remarks)["stateOfEnergy"], None) == {}


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["W", "KWH", "%", "2026-06-10T10:00:00Z"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["unit", "values", "timestamp", "value", "chargePower"]), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(ANY, st.sampled_from(KINDS))
def test_any_series_is_buckets_or_a_bad_answer(known: object, kind: Kind) -> None:
    remarks = Remarks()
    try:
        found = series(known, "x", kind, ZONE, remarks)
    except BadAnswer:
        return
    assert all(-100 <= value <= 1e10 for value in sound(found).values())
    assert len(str(remarks)) <= 400
