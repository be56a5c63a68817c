"""Outlooks: slots, days that are longer or shorter, the cheapest stretch, and the way to the card and back."""

from __future__ import annotations

import json
from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.outlook import FRESH, Outlook, Slot, slots_of

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER = 15 * MINUTE
NOW = 1_780_000_000 // DAY * DAY


def outlook(*values: float, since: int = NOW, length: int = HOUR) -> Outlook:
    slots = (Slot(since + n * length, since + (n + 1) * length, value) for n, value in enumerate(values))
    return Outlook("roof", PV_POWER, NOW, tuple(slots))


@pytest.mark.parametrize(("day", "quarters"), [("2026-03-29", 92), ("2026-03-30", 96), ("2026-10-25", 100)])
def test_a_day_has_as_many_quarters_as_it_has(day: str, quarters: int) -> None:
    since, until = day_bounds(date.fromisoformat(day), BERLIN)
    days = outlook(*[4000] * 400, since=since - DAY, length=QUARTER)
    assert len(days.between(since, until)) == quarters
    assert days.energy(since, until) == quarters * 1000
    assert days.covers(since, until)


def test_a_slot_holds_from_its_start_up_to_its_end() -> None:
    slots = (Slot(NOW, NOW + HOUR, 1), Slot(NOW + 2 * HOUR, NOW + 3 * HOUR, 3))
    gap = Outlook("roof", PV_POWER, NOW, slots)
    asked = (NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR, NOW + 2 * HOUR, NOW + 3 * HOUR)
    assert [gap.slot(at) for at in asked] == [None, slots[0], slots[0], None, slots[1], None]
    assert not gap.covers(NOW, NOW + 3 * HOUR)
    assert gap.end == NOW + 3 * HOUR


def test_a_slot_that_reaches_beyond_is_cut() -> None:
    assert outlook(600, 1200).between(NOW + 45 * MINUTE, NOW + 75 * MINUTE) == (
        Slot(NOW + 45 * MINUTE, NOW + HOUR, 600),
        Slot(NOW + HOUR, NOW + 75 * MINUTE, 1200),
    )
    assert outlook(600, 1200).energy(NOW + 45 * MINUTE, NOW + 75 * MINUTE) == 450


def test_one_of_yesterday_is_old() -> None:
    assert not outlook(1).is_old(NOW + FRESH)
    assert outlook(1).is_old(NOW + FRESH + 1)


def test_the_cheapest_stretch_is_whole_and_the_first_of_equals() -> None:
    prices = outlook(30, 10, 20, 5, 25, 5)
    assert prices.lowest(2 * HOUR, NOW) == Slot(NOW + 2 * HOUR, NOW + 4 * HOUR, 12.5)
    assert prices.lowest(2 * HOUR, NOW + 4 * HOUR) == Slot(NOW + 4 * HOUR, NOW + 6 * HOUR, 15)
    assert prices.lowest(HOUR, NOW) == Slot(NOW + 3 * HOUR, NOW + 4 * HOUR, 5)
    assert prices.lowest(2 * HOUR, NOW, NOW + 2 * HOUR) == Slot(NOW, NOW + 2 * HOUR, 20)
    assert prices.lowest(2 * HOUR, NOW + 5 * HOUR) is None
    assert prices.lowest(HOUR, NOW + 3 * HOUR + 30 * MINUTE) == Slot(NOW + 5 * HOUR, NOW + 6 * HOUR, 5)


def test_a_cheap_stretch_does_not_reach_across_a_gap() -> None:
    gap = Outlook("roof", PV_POWER, NOW, (Slot(NOW, NOW + HOUR, 1), Slot(NOW + 2 * HOUR, NOW + 3 * HOUR, 1)))
    assert gap.lowest(2 * HOUR, NOW) is None


def test_it_is_stored_in_few_numbers() -> None:
    quarters = outlook(*range(288), length=QUARTER)
    assert quarters.stretches() == [(NOW, QUARTER, list(range(288)))]
    assert len(json.dumps(quarters.stretches(), separators=(",", ":"))) < 1_200


@given(st.lists(st.tuples(st.integers(0, 2 * HOUR), st.integers(1, 2 * HOUR), st.integers(0, 9999)), max_size=30))
def test_what_is_stored_comes_back(parts: list[tuple[int, int, int]]) -> None:
    slots, at = [], NOW
    for gap, length, value in parts:
        slots.append(Slot(at + gap, at + gap + length, value))
        at += gap + length
    said = Outlook("roof", PV_POWER, NOW, tuple(slots))
    assert slots_of(json.loads(json.dumps(said.stretches())), PV_POWER) == said.slots


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda more: st.lists(more, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.lists(_JSON, max_size=4), max_size=4))
def test_what_a_card_makes_of_it_is_refused_in_one_way(damaged: list[list[object]]) -> None:
    try:
        slots = slots_of(damaged, PV_POWER)
    except ValueError:
        return
    assert all(type(slot.start) is int for slot in slots)
