"""A list: which thing comes first, what is said of it, and that no text of a vendor breaks the panel."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR
from eink_monitor.model.listing import Item
from eink_monitor.model.poll import Visit
from eink_monitor.panels.list import ListPanel, in_order, instant
from eink_monitor.vet import heard
from paper_house import BERLIN, PaperHouse
from scenes import AT, GLASS, HELD, NOW, PARCELS, listed
from witness import Listener


def heard_of(house: PaperHouse, panel: ListPanel | None = None) -> list[str]:
    canvas = Listener()
    (panel or ListPanel("post")).draw(canvas, house, NOW)
    return [text for text, _ in canvas.heard]


def test_what_needs_a_hand_comes_first_then_what_is_next_then_what_was_last() -> None:
    names = {"soon": 1, "later": 5, "ago": -1, "long ago": -9}
    items = [Item(name, start=NOW + days * DAY) for name, days in names.items()]
    found = in_order([Item("some day"), *reversed(items), Item("stuck", start=NOW - DAY, stuck=True)], NOW)
    assert [item.title for item in found] == ["stuck", "soon", "later", "ago", "long ago", "some day"]


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [(1, 2, 1), (-1, 2, 2), (-2, -1, -1), (None, 3, 3), (3, None, 3), (-3, None, -3), (None, None, None)],
)
def test_the_time_that_matters_is_the_next_or_the_last(start: int | None, end: int | None, told: int | None) -> None:
    hours = [None if one is None else NOW + one * HOUR for one in (start, end, told)]
    assert instant(Item("it", start=hours[0], end=hours[1]), NOW) == hours[2]


def test_what_is_past_goes_by_its_date() -> None:
    house = listed(Item("yesterday", start=NOW - DAY), Item("tomorrow", start=NOW + DAY), Item("now", start=NOW - HOUR))
    assert {"15 Jun", "Wed 14:34", "13:34"} <= set(heard_of(house))


def test_what_there_is_no_room_for_is_counted() -> None:
    assert "+3 more" in heard_of(listed(*PARCELS, more=3))
    assert "+96 more" in heard_of(listed(*[Item(str(number)) for number in range(100)], more=1))
    assert not [text for text in heard_of(listed(*PARCELS)) if "more" in text]


def test_one_of_several_lists_says_its_name() -> None:
    house = listed(*PARCELS).enlist(listed(HELD, name="letters").listings["post", "letters"])
    assert "Parcels · parcels" in heard_of(house)
    assert "Parcels · letters" in heard_of(house, ListPanel("post", name="letters"))
    assert "Post box" in heard_of(house, ListPanel("post", name="letters", title="Post box"))


TEXT = st.text(max_size=200)
TIME = st.none() | st.integers(NOW - 400 * DAY, NOW + 400 * DAY)
ITEMS = st.lists(st.builds(Item, TEXT, TEXT, TIME, TIME, TEXT, st.booleans()), max_size=12)


@given(ITEMS, st.integers(0, 5000), st.sampled_from(GLASS))
def test_whatever_is_listed_it_is_drawn(items: list[Item], more: int, glass: tuple[int, int]) -> None:
    said = listed(Item("it"), *items, at=AT, more=more).listings["post", "parcels"]
    (listing,) = heard([said], Visit("post", "post", NOW, BERLIN, 300, {}, Path())).listings
    canvas = Listener.on(glass)
    ListPanel("post").draw(canvas, PaperHouse().enlist(listing), NOW)
    assert canvas.heard
