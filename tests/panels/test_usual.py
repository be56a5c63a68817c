"""The median of a weekday: of whole days only, at the time of day of today's figure, and never of few."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, local, midnight
from eink_monitor.draw.canvas import Canvas
from eink_monitor.panels._names import MetricName
from eink_monitor.panels._sheet import Sheet
from eink_monitor.panels._usual import Usual, usual
from eink_monitor.panels.number import Number
from paper_house import BERLIN, PaperHouse
from scenes import AT, NOW, ORDERS, shop


def median(house: PaperHouse, now: int = NOW) -> Usual | None:
    panel = Number("shop", metric=MetricName("orders_today"))
    sheet = Sheet(Canvas.on((250, 122)), house, now, panel)
    sheet.begin((ORDERS,), "chart", "", "")
    return usual(sheet, ORDERS)


def weekly(values: Sequence[float], now: int = AT, minutes: int = 0) -> PaperHouse:
    """Orders of so many weeks ago, the first a week ago, measured so many minutes before that time of day."""
    house, then = PaperHouse(gap_seconds=HOUR), local(now, BERLIN)
    for week, value in enumerate(values, start=1):
        at = int((then - timedelta(weeks=week)).timestamp())
        house.add("shop", ORDERS, [(at - minutes * MINUTE, value)])
    return house.set("shop", now, {ORDERS: 31})


def test_it_is_the_middle_of_the_last_eight_weeks() -> None:
    assert median(weekly([10, 30, 20])) == Usual(20, "Tue 14:32")
    assert median(weekly([10, 30, 20, 25])) == Usual(22.5, "Tue 14:32")
    assert median(weekly([5] * 8 + [1000] * 20)) == Usual(5, "Tue 14:32")


@pytest.mark.parametrize("weeks", [0, 1, 2])
def test_of_few_weeks_there_is_none(weeks: int) -> None:
    assert median(weekly([10] * weeks)) is None
    assert median(shop(weeks)) is None


def test_a_day_on_which_nothing_was_measured_just_before_does_not_count() -> None:
    assert median(weekly([10, 20, 30], minutes=59)) is not None
    assert median(weekly([10, 20, 30], minutes=61)) is None


def test_what_was_counted_the_day_before_does_not_count() -> None:
    early = midnight(local(AT, BERLIN).date(), BERLIN) + 10 * MINUTE
    assert median(weekly([10, 20, 30], early, minutes=5), early + MINUTE) is not None
    assert median(weekly([10, 20, 30], early, minutes=20), early + MINUTE) is None


def test_an_old_figure_and_one_of_yesterday_are_not_compared() -> None:
    house = weekly([10, 20, 30])
    assert median(house, AT + MINUTE) is not None
    assert median(house, AT + 5 * HOUR) is None
    assert median(house, AT + DAY) is None


def test_the_time_of_day_is_that_of_the_clock_on_the_wall() -> None:
    after = int(datetime(2026, 4, 7, 14, 0, tzinfo=BERLIN).timestamp())  # summer time began on 29 March
    assert median(weekly([10, 20, 30, 40], after, minutes=0), after) == Usual(25, "Tue 14:00")
