"""What a bar stands for, and which bars are whole."""

from __future__ import annotations

from datetime import date

import pytest

from eink_monitor import metrics as m
from eink_monitor.model.reading import Bucket
from eink_monitor.panels._bars import Bar
from eink_monitor.panels.chart import _period, _starts

MARCH = date(2026, 3, 1), date(2026, 4, 1)


def days(first: int, until: int, **one: float) -> dict[date, Bucket]:
    """Days of March, each like ``one`` unless it says otherwise."""
    usual = {"n": 10, "low": 1.0, "high": 9.0, "mean": 5.0, "last": 8.0, "at": 0} | one
    return {date(2026, 3, day): Bucket(**usual) for day in range(first, until + 1)}  # type: ignore[arg-type]


def test_a_sum_of_a_day_is_summed_and_a_power_averaged() -> None:
    assert _period(days(1, 31), m.PRODUCTION_TODAY, MARCH, set()) == Bar(31 * 8.0)
    assert _period(days(1, 31), m.PV_POWER, MARCH, set()) == Bar(5.0)


def test_of_what_only_ever_rises_the_rise_is_shown() -> None:
    known = days(1, 30, low=47_000, last=47_100) | days(31, 31, low=48_300, last=48_412)
    assert _period(known, m.ODOMETER, MARCH, set()) == Bar(1_412)


@pytest.mark.parametrize(("first", "last", "parts"), [(28, 31, set()), (1, 30, set()), (1, 31, {date(2026, 3, 31)})])
def test_a_month_of_which_days_are_missing_or_not_whole_is_a_part(first: int, last: int, parts: set[date]) -> None:
    assert _period(days(first, last), m.PRODUCTION_TODAY, MARCH, parts).part


def test_a_month_of_which_nothing_is_known_is_no_zero() -> None:
    assert _period({}, m.PRODUCTION_TODAY, MARCH, set()) == Bar(None)


def test_periods_begin_with_their_first_day() -> None:
    assert _starts(date(2028, 2, 29), "days", 2) == [date(2028, 2, 28), date(2028, 2, 29)]
    assert _starts(date(2026, 1, 31), "months", 3) == [date(2025, 11, 1), date(2025, 12, 1), date(2026, 1, 1)]
    assert _starts(date(2026, 1, 31), "years", 2) == [date(2025, 1, 1), date(2026, 1, 1)]
