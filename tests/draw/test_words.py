"""Whatever the number, the words are true, finite and fit their slot."""

from __future__ import annotations

import math
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.currencies import DECIMALS
from eink_monitor.draw import words
from eink_monitor.locale import ENGLISH, load, speaking

BERLIN = ZoneInfo("Europe/Berlin")
NOW = int(datetime(2026, 6, 16, 14, 34, tzinfo=BERLIN).timestamp())
ANY = st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**12), 10**18)
SCALE = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}


@pytest.mark.parametrize(
    ("watts", "text"),
    [
        (0, "0 W"),
        (-0.4, "0 W"),
        (0.4, "0 W"),
        (0.7, "1 W"),
        (-0.7, "−1 W"),
        (840, "840 W"),
        (999.4, "999 W"),
        (999.6, "1.0 kW"),
        (3120, "3.1 kW"),
        (-3120, "−3.1 kW"),
        (12_400, "12.4 kW"),
        (99_960, "100 kW"),
    ],
)
def test_power(watts: float, text: str) -> None:
    assert str(words.power(watts)) == text


@given(ANY)
def test_a_quantity_fits_its_slot_and_is_true(value: float) -> None:
    for quantity, unit in ((words.power(value), "W"), (words.energy(value), "Wh"), (words.size(value), "B")):
        assert len(quantity.number) <= 5
        assert quantity.unit.endswith(unit)
        if quantity.number != words.UNKNOWN and abs(value) < 9e11:
            shown = float(quantity.number.replace("−", "-")) * SCALE[quantity.unit.removesuffix(unit)]
            assert abs(shown - value) <= max(0.5, abs(value) * 0.051)


@pytest.mark.parametrize(
    ("amount", "unit", "english", "german"),
    [
        (12.5, "EUR", "€12.50", "12,50 €"),
        (-3, "EUR", "€−3.00", "−3,00 €"),
        (999.99, "EUR", "€999.99", "999,99 €"),
        (999.996, "EUR", "€1000", "1.000 €"),
        (1234.5, "EUR", "€1234", "1.234 €"),
        (12_345_678, "EUR", "€12.3 M", "12,3 M €"),
        (120, "JPY", "JPY 120", "120 JPY"),
        (1.2345, "KWD", "KWD 1.234", "1,234 KWD"),
        (49.9, "RON", "RON 49.90", "49,90 RON"),
        (math.nan, "TRY", "TRY –", "– TRY"),
        (math.inf, "TRY", "TRY –", "– TRY"),
        (0.312, "EUR/kWh", "31.2 ct", "31,2 ct"),
        (1.799, "EUR/l", "1.799 EUR/l", "1,799 EUR/l"),
        (31.2, "JPY/kWh", "31 JPY/kWh", "31 JPY/kWh"),
        (0.85, "RON/kWh", "0.850 RON/kWh", "0,850 RON/kWh"),
    ],
)
def test_money_has_its_currency_and_its_coins(amount: float, unit: str, english: str, german: str) -> None:
    for locale, said in ((ENGLISH, english), (load("de", "Europe/Berlin"), german)):
        with speaking(locale):
            assert str(words.quantity(amount, unit)).replace("\u00a0", " ") == said


@given(ANY, st.sampled_from([*DECIMALS]))
def test_an_amount_is_true_to_half_a_coin(amount: float, code: str) -> None:
    said = words.money(amount, code)
    if said.number != words.UNKNOWN and abs(amount) < 9e12:
        shown = float(said.number.replace("−", "-")) * (1e6 if said.unit.startswith("M ") else 1)
        coin = 0.5 * 10.0 ** -DECIMALS[code] if abs(amount) < 999 else 0.5
        assert abs(shown - amount) <= max(coin * 1.0001, abs(amount) * 0.0051 * (abs(amount) > 9e6))


@given(ANY)
def test_a_percentage_is_full_only_when_full(value: float) -> None:
    text = words.percent(value)
    assert re.fullmatch(r"\d{1,3}|–", text)
    if 0 < value < 100:
        assert text not in {"0", "100"}


def test_distances() -> None:
    assert words.distance(312.4) == "312"
    assert words.distance(float("nan")) == words.UNKNOWN
    assert words.distance(1e9) == "99999"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-300, "clock wrong"),
        (-121, "clock wrong"),
        (-120, "just now"),
        (90, "just now"),
        (5 * MINUTE + 59, "5 min ago"),
        (47 * HOUR, "47 h ago"),
        (2 * DAY, "2 days ago"),
        (15 * DAY, "2 weeks ago"),
        (70 * DAY, "2 months ago"),
        (1000 * DAY, "2 years ago"),
        (1e15, "999 years ago"),
    ],
)
def test_ages(seconds: float, text: str) -> None:
    assert words.age(seconds) == text


@given(st.floats(-1e20, 1e20))
def test_spans_fit_their_slot_and_never_exaggerate(seconds: float) -> None:
    assert len(words.span(seconds)) <= 9
    assert len(words.age(seconds)) <= 13


@given(st.integers(0, 400 * DAY), st.integers(0, DAY))
def test_more_time_is_never_worded_as_less(seconds: int, more: int) -> None:
    assert in_seconds(words.span(seconds)) <= in_seconds(words.span(seconds + more))


def in_seconds(text: str) -> int:
    number, unit = text.split()
    units = {"s": 1, "min": MINUTE, "h": HOUR, "day": DAY, "week": 7 * DAY, "month": 30 * DAY, "year": 365 * DAY}
    return int(number) * units[unit if unit == "s" else unit.removesuffix("s")]


@given(st.integers(0, 1 << 33), st.integers(0, 1 << 33))
def test_stamps_fit_their_slot(at: int, now: int) -> None:
    assert len(words.stamp(at, now, BERLIN)) <= 11


def test_stamps_say_as_much_of_the_date_as_is_needed() -> None:
    stamps = [words.stamp(NOW - back, NOW, BERLIN) for back in (0, 15 * HOUR, 7 * DAY, 400 * DAY)]
    assert stamps == ["14:34", "Mon 23:34", "9 Jun", "May 2025"]


def test_stamps_are_local_on_both_sides_of_a_clock_change() -> None:
    spring = int(datetime(2026, 3, 29, 1, 59, tzinfo=BERLIN).timestamp())
    assert [words.stamp(spring + wait, spring, BERLIN) for wait in (0, MINUTE)] == ["01:59", "03:00"]


def test_dates() -> None:
    assert words.day(date(2026, 11, 3)) == "Tue 3 Nov"
    assert words.weekday(date(2026, 11, 3)) == "Tue"
    assert words.month(date(2026, 11, 3)) == "Nov"
