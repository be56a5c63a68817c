"""Listings and events of a vendor: cleaned, bounded, and what is implausible costs itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY
from eink_monitor.daemon.child import pack, unpack
from eink_monitor.daemon.runner import Result
from eink_monitor.errors import BadAnswer
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.poll import Visit
from eink_monitor.model.said import Said
from eink_monitor.vet import heard
from eink_monitor.vet.listed import MOST_EVENTS, MOST_ITEMS, MOST_LISTINGS

NOW = 1_780_000_000
NEVER = [0, -(10**30), 10**30, float("nan"), "today", True]
SHOES, BOOK = Item("Shoes", "GLS", NOW, NOW + DAY, "in delivery"), Item("Book")


def visit() -> Visit:
    return Visit("post", "post", NOW, ZoneInfo("UTC"), 300, {}, Path())


def parcels(*items: Item, at: object = NOW, more: int = 0, name: str = "parcels") -> Listing:
    return Listing("post", name, at, items, more)  # type: ignore[arg-type]  # a vendor's


def session(**other: object) -> Event:
    usual: dict[str, Any] = {"subject": "post", "kind": "charging.session", "key": "7", "start": NOW - 90, "end": NOW}
    return Event(**{**usual, **other})


def test_what_is_sound_passes_and_nothing_is_said() -> None:
    asked = visit()
    told = session(figures={"energy_wh": 5200, "cost_eur": 1.5}, words={"vehicle": "Enyaq"})
    assert heard([parcels(SHOES, BOOK, more=2), told], asked) == ([], [], [parcels(SHOES, BOOK, more=2)], [told])
    assert asked.note == ""


def test_an_empty_listing_says_that_there_is_nothing() -> None:
    assert heard([parcels()], visit()).listings == [parcels()]


def test_a_listing_of_which_nothing_is_left_is_a_bad_answer() -> None:
    with pytest.raises(BadAnswer):
        heard([parcels(Item(""), Item("\x1b\n"))], visit())


@pytest.mark.parametrize("at", [*NEVER, None, NOW + 301])
def test_an_impossible_date_costs_the_listing_or_the_event(at: object) -> None:
    asked = visit()
    assert heard([parcels(BOOK), parcels(BOOK, at=at), session(start=at)], asked).listings == [parcels(BOOK)]
    assert " dated " in asked.note


@pytest.mark.parametrize("at", NEVER)
def test_an_impossible_time_of_an_item_costs_that_time(at: object) -> None:
    asked = visit()
    odd = Item("Shoes", start=at, end=NOW)  # type: ignore[arg-type]  # a vendor's
    assert heard([parcels(odd)], asked).listings == [parcels(Item("Shoes", end=NOW))]
    assert "parcels dated" in asked.note
    assert heard([parcels(Item("Shoes", start=NOW, end=NOW - 1))], visit()).listings[0].items[0].end is None


def test_texts_are_cleaned_and_bounded() -> None:
    (found,) = heard([parcels(Item("a\x1b[31m\nb", "x" * 500, state="y" * 500, stuck=1))], visit()).listings  # type: ignore[arg-type]  # a vendor's
    (item,) = found.items
    assert (item.title, len(item.detail), len(item.state), item.stuck) == ("a[31m b", 120, 40, False)
    odd: Any = Item(None, 5, "x", 1.5, {}, "yes")  # type: ignore[arg-type]  # a vendor's
    with pytest.raises(BadAnswer):
        heard([parcels(odd)], visit())


def test_too_many_are_counted_and_what_is_stuck_stays() -> None:
    asked = visit()
    many = [Item(str(number), stuck=number == 70) for number in range(80)]
    (found, *others) = heard([parcels(*many, more=3, name=f"n{n}") for n in range(MOST_LISTINGS + 1)], asked).listings
    assert len(others) == MOST_LISTINGS - 1
    assert (len(found.items), found.more, found.items[0]) == (MOST_ITEMS, 33, many[70])
    assert heard([session(key=str(n)) for n in range(MOST_EVENTS + 2)], asked).events[0].key == "2"


@pytest.mark.parametrize("odd", [{"key": ""}, {"key": 7}, {"kind": "a\nb"}, {"end": NOW - 91}, {"end": NOW + 999}])
def test_an_event_without_a_name_or_with_an_odd_end_is_left_out(odd: dict[str, Any]) -> None:
    asked = visit()
    assert heard([session(), session(**odd)], asked).events == [session()]
    assert asked.note


def test_odd_figures_and_words_cost_themselves() -> None:
    figures = {"energy_wh": 5.0, "a b": 1, "nan": float("nan"), "text": "5", "flag": True, "huge": 10**400}
    (found,) = heard([session(figures=figures, words={"vehicle": "A\nB", "empty": "", "n": 5})], visit()).events
    assert (found.figures, found.words) == ({"energy_wh": 5.0}, {"vehicle": "A B"})


def test_one_that_still_goes_on_has_no_end() -> None:
    assert heard([session(end=None)], visit()).events[0].end is None


def test_they_pass_the_pipe_as_they_are_and_nothing_else_does() -> None:
    result = Result([], listings=[parcels(SHOES, BOOK, more=1)], events=[session(figures={"a": 1.5}, words={"b": "c"})])
    assert unpack(pack(result)) == result
    for old, new in ((b'"Book"', b"5"), (b'"a": 1.5', b'"a": true'), (b'"b": "c"', b'"b": 1'), (b", false]", b"]")):
        with pytest.raises((ValueError, TypeError)):
            unpack(pack(result).replace(old, new))


ODD: Any = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text())


ITEMS = st.builds(Item, ODD, ODD, ODD, ODD, ODD, ODD)
LISTINGS = st.builds(Listing, st.just("post"), ODD, st.one_of(st.just(NOW), ODD), st.lists(ITEMS), ODD)
PARTS = st.dictionaries(ODD, ODD)
EVENTS = st.builds(Event, st.just("post"), ODD, ODD, st.one_of(st.just(NOW), ODD), ODD, PARTS, PARTS)


@given(st.lists(st.one_of(LISTINGS, EVENTS)))
def test_whatever_it_says_what_is_kept_can_be_sent(said: list[Said]) -> None:
    found = heard([parcels(), *said], visit())
    result = Result([], listings=found.listings, events=found.events)
    assert unpack(pack(result)) == result
