"""Units: within a dimension there and back, never across; money in its smallest unit."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.conditions import Condition
from eink_monitor.conditions.terms import Comparison
from eink_monitor.currencies import DECIMALS, currency
from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Metric
from eink_monitor.units import canonical, converted, countable, is_unit, units


def of(unit: str) -> Metric:
    return Metric("thing", unit, 0.01, -1e9, 1e9, "a thing")


@pytest.mark.parametrize(
    ("value", "unit", "own", "expected"),
    [
        (1.5, "kW", "W", 1500),
        (3.6, "MJ", "kWh", 1),
        (1, "m³", "l", 1000),
        (1, "m3", "l", 1000),
        (2.5, "L/min", "l/h", 150),
        (18, "kWh/100km", "Wh/km", 180),
        (180, "Wh/km", "kWh/100 km", 18),
        (6.5, "l/100km", "l/km", 0.065),
        (1, "bar", "hPa", 1000),
        (14.503773773, "psi", "bar", 1),
        (29.92, "inHg", "hPa", 1013.2076),
        (20, "°C", "°F", 68),
        (68, "°F", "°C", 20),
        (293.15, "K", "°C", 20),
        (68, "°F", "K", 293.15),
        (1.2, "klx", "lx", 1200),
        (1, "kW/m2", "W/m²", 1000),
        (50, "ug/m3", "mg/m³", 0.05),
        (1, "Gbit/s", "Mbit/s", 1000),
        (5, "m/s", "km/h", 18),
        (3000, "1/min", "rpm", 3000),
        (12, "in", "mm", 304.8),
        (1234, "EUR minor", "EUR", 12.34),
        (1234, "JPY minor", "JPY", 1234),
        (1234, "KWD minor", "KWD", 1.234),
        (12.34, "€", "EUR", 12.34),
        (30, "ct/kWh", "EUR/kWh", 0.3),
        (30, "EUR minor/kWh", "EUR/kWh", 0.3),
        (5, "orders", "orders", 5),
    ],
)
def test_a_number_is_converted(value: float, unit: str, own: str, expected: float) -> None:
    assert converted(value, unit, of(own)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("unit", "own"),
    [
        *(("kWh", "W"), ("EUR", "USD"), ("EUR minor", "JPY"), ("orders", "parcels"), ("", "W"), ("W", "")),
        ("%", "ppm"),
        *(("EUR/kWh", "EUR"), ("W/h", "W"), ("100km", "km"), ("°C", "%"), ("minor", "EUR"), ("/", "W"), ("1", "0/1")),
    ],
)
def test_another_dimension_is_none(unit: str, own: str) -> None:
    with pytest.raises(KeyError):
        converted(1, unit, of(own))


@given(st.sampled_from([*METRICS.values(), of("K"), of("hPa"), of("kWh/100km"), of("m³/h"), of("JPY")]), st.data())
def test_there_and_back_is_the_same(metric: Metric, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted({*units(metric)} - {"m"})))  # which is a metre, except of times
    there = converted(123.4, unit, metric)
    assert converted(there, metric.unit, of(unit)) == pytest.approx(123.4)


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_a_unit_or_none(unit: str, own: str) -> None:
    assert canonical(canonical(unit)) == canonical(unit)
    try:
        assert math.isfinite(converted(1, unit, of(own)))
    except KeyError:
        assert unit != own


def test_currencies_are_those_of_the_standard() -> None:
    assert len(DECIMALS) > 150
    assert all(len(code) == 3 and code.isupper() for code in DECIMALS)
    assert [DECIMALS[code] for code in ("EUR", "RON", "TRY", "JPY", "KWD", "ISK")] == [2, 2, 2, 0, 3, 0]
    told = [currency(unit) for unit in ("EUR", "€", "EUR/kWh", "TRY minor", "W", "", "orders", "eur")]
    assert told == ["EUR", "EUR", "EUR", "TRY", "", "", "", ""]


@pytest.mark.parametrize(
    ("unit", "written"),
    [
        ("€", "EUR"),
        ("EUR minor", "EUR"),
        ("m3/h", "m³/h"),
        ("L", "l"),
        ("orders", "orders"),
        ("kWh/100 km", "kWh/100km"),
    ],
)
def test_a_unit_is_written_in_one_way(unit: str, written: str) -> None:
    assert canonical(unit) == written


def test_what_is_counted_needs_no_unit() -> None:
    assert [countable(of(unit)) for unit in ("orders", "", "0/1", "pH")] == [True] * 4
    assert [is_unit(unit) for unit in ("%", "EUR", "EUR/h", "orders/h", "°C", "m3", "dB")] == [True] * 7


@pytest.mark.parametrize("unit", ["kWh/100km", "m³/h", "µg/m³", "W/m²", "$", "₺", "Ω", "Mbit/s", "hPa", "K"])
def test_a_condition_may_name_it(unit: str) -> None:
    known = METRICS["outdoor_temperature"]
    text = f"roof.{known.name} > 5 {unit}"
    if unit in units(known):
        term = Condition.parse(text).term
        assert isinstance(term, Comparison)
    else:
        with pytest.raises(ValueError, match=f"`{unit.replace('$', '.')}` is not a unit"):
            Condition.parse(text)
