"""Declared values: what an answer says becomes a reading in the metric's unit, or nothing, and never an exception."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.metrics import CHARGING, INVERTER_STATUS, OUTDOOR_TEMPERATURE, PRICE_EUR, PV_POWER
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.sources._declared import Declared

NOW = 1_780_000_000


def visit() -> Visit:
    return Visit("porch", "porch", NOW, ZoneInfo("Europe/Berlin"), 60, {}, Path("/nowhere"))


def value(declared: Declared, name: str, raw: object) -> float | None:
    reading = declared.reading(name, raw, NOW, visit())
    return reading.value if reading else None


@pytest.mark.parametrize(
    ("declared", "name", "raw", "expected"),
    [
        (Declared(unit="°F"), "outdoor_temperature", 68, 20),
        (Declared(), "outdoor_temperature", "21.5", 21.5),
        (Declared(unit="kW"), "pv_power", "1.5e0", 1500),
        (Declared(unit="W", scale=10, offset=-5), "pv_power", 100, 995),
        (Declared(unit="ct/kWh"), "price_eur", 31.2, 0.312),
        (Declared(), "charging", True, 1),
        (Declared(), "charging", "off", 0),
        (Declared(values={"Charging": 1, "Idle": 0}), "charging", "charging", 1),
        (Declared(unit="EUR minor"), "sales", 1234, 12.34),
        (Declared(unit="JPY minor"), "sales", 1234, 1234),
        (Declared(unit="€"), "sales", "1234.5", 1234.5),
        (Declared(unit="orders"), "orders_today", "7", 7),
        (Declared(values={"": 3, "unknown": 4}), "state", "unknown", 4),
        (Declared(unit="m3"), "gas", " 12.345 ", 12.345),
    ],
)
def test_a_value_is_read(declared: Declared, name: str, raw: object, expected: float) -> None:
    assert value(declared, name, raw) == pytest.approx(expected)


@pytest.mark.parametrize("raw", [None, "", "unavailable", "Unknown", " none ", "N/A"])
def test_nothing_is_no_reading_and_no_remark(raw: object) -> None:
    about = visit()
    assert Declared().reading("outdoor_temperature", raw, NOW, about) is None
    assert about.note == ""


@pytest.mark.parametrize(
    "raw",
    [
        *(
            1e308,
            -1e308,
            10**400,
            -(10**400),
            math.nan,
            math.inf,
            "1,234",
            "12.5 €",
            "nan",
            "inf",
            "1e999",
            "0x10",
            "1_000",
            "٣",
        ),
        *([], {}, [1], {"value": 1}, "hot", "9" * 41, b"1", object()),
    ],
)
def test_what_is_no_number_is_left_out_and_said(raw: object) -> None:
    about = visit()
    assert Declared(subject="attic").reading("heat", raw, NOW, about) is None
    assert about.note.startswith("left out: porch:attic heat")
    assert "€" not in about.note


def test_a_known_name_is_that_metric() -> None:
    assert Declared(unit="K").metric("outdoor_temperature") is OUTDOOR_TEMPERATURE
    assert Declared(unit="EUR/MWh").metric("price_eur") is PRICE_EUR
    assert Declared().metric("inverter_status") is INVERTER_STATUS
    assert Declared(unit="0/1").metric("charging") is CHARGING


@pytest.mark.parametrize(
    ("declared", "metric"),
    [
        (
            Declared(unit="orders", step=1, resets="daily"),
            Metric("thing_today", "orders", 1, -1e15, 1e15, "thing today", daily=True),
        ),
        (
            Declared(unit="$", min=0, words="sold today"),
            Metric("thing_today", "USD", 0.01, 0, 1e13, "sold today"),
        ),
        (
            Declared(values={"Idle": 0, "Charging": 1, "Laden": 1, "Error 5": 3}),
            Metric("thing_today", "0-3", 1, 0, 3, "0 Idle, 1 Charging, 3 Error 5"),
        ),
        (Declared(unit="JPY", min=0, max=1e6), Metric("thing_today", "JPY", 1, 0, 1e6, "thing today")),
        (Declared(unit="EUR/l", min=0, max=9), Metric("thing_today", "EUR/l", 0.0001, 0, 9, "thing today")),
        (
            Declared(unit="m3", counter=True, hourly=True),
            Metric("thing_today", "m³", 0.01, -1e13, 1e13, "thing today", hourly=True, counter=True),
        ),
        (Declared(unit="0/1"), Metric("thing_today", "0/1", 1, 0, 1, "thing today")),
    ],
)
def test_another_name_declares_a_metric(declared: Declared, metric: Metric) -> None:
    assert declared.metric("thing_today") == metric


def test_the_names_of_declared_states_are_known() -> None:
    assert Declared(values={"Idle": 0, "Error 5": 3}).metric("state").names == {0: "Idle", 3: "Error 5"}


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"unit": "kWh"}, "pv_power", "pv_power is known, and counted in W, not kWh; name it otherwise"),
        ({"unit": "EUR"}, "price_gbp", "counted in GBP/kWh, not EUR"),
        ({"unit": "W"}, "charging", "counted in no unit, not W"),
        ({"step": 5}, "pv_power", "has its own step; leave step out"),
        ({"resets": "daily"}, "pv_power", "has its own resets"),
        ({}, "Orders", "lower-case letters"),
        ({}, "9lives", "lower-case letters"),
        ({}, "x" * 41, "at most 40"),
        ({}, "a.b", "lower-case letters"),
        ({"step": 1e-12, "max": 1e6}, "thing", "too far apart"),
    ],
)
def test_a_contradiction_is_told(fields: dict[str, Any], name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words.replace(".", r"\.")):
        Declared(**fields).metric(name)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"scale": 0}, "scale must not be 0"),
        ({"scale": math.inf}, "must be numbers"),
        ({"values": {"on": math.nan}}, "must be numbers"),
        ({"values": {"on, off": 1}}, "without commas"),
        ({"step": 0}, "step must be above 0"),
        ({"step": -1}, "step must be above 0"),
        ({"min": 1, "max": 1}, "min must be below max"),
        ({"unit": "x" * 21}, "unit: at most 20"),
        ({"unit": "a\nb"}, "unit: at most 20"),
        ({"words": "x" * 61}, "words: at most 60"),
        ({"resets": "daily", "counter": True}, "cannot be both"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Declared(**fields)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=50)
    | st.integers(5000, 5001).map(lambda digits: 10**digits),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
DECLARED = st.builds(
    Declared,
    unit=st.sampled_from(["", "EUR", "EUR minor", "m3", "orders", "0/1"]),
    scale=st.floats(allow_nan=False, allow_infinity=False).filter(bool),
    offset=st.floats(allow_nan=False, allow_infinity=False),
    values=st.dictionaries(st.sampled_from(["", "on", "idle", "5"]), st.floats(0, 1e9), max_size=3),
)


@given(DECLARED, JSON, st.sampled_from(["thing", "pv_power"]))
def test_any_answer_is_a_finite_reading_or_none(declared: Declared, raw: object, name: str) -> None:
    about = visit()
    try:
        declared.metric(name)
    except ValueError:
        return
    reading = declared.reading(name, raw, NOW, about)
    assert reading is None or (math.isfinite(reading.value) and reading.subject == "porch")
    assert len(about.note) <= 400


def test_a_reading_of_a_part_has_a_subject_of_its_own() -> None:
    declared = Declared(subject="ups")
    assert declared.reading("pv_power", 5, NOW, visit()) == Reading("porch:ups", PV_POWER, 5, NOW)
