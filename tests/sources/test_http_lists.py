"""Lists and events that an answer holds, as ``type: http`` points to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.vet import heard
from loopback.blocks import NOW, read, source, visitor
from loopback.json_vendor import JsonVendor, http_date
from loopback.server import Said

PARCELS = {
    "total": 7,
    "data": [
        {"awb": 2000000000082, "to": "Cluj\x1b[2J", "sent": "2026-11-25 10:00:00", "state": "H4"},
        {"awb": "RO1", "to": None, "sent": "2026-11-28 08:00:00", "due": "2026-11-29", "state": 5},
        {"awb": "", "sent": "2026-11-28 08:00:00"},
        "nonsense",
    ],
}
LIST = """
list:
  name: parcels
  items: data
  title: awb
  detail: to
  start: sent
  end: due
  state: state
  stuck: time(sent) < `{{hours_ago_48_s}}`
  more: "minus(total, length(data))"
"""
SESSIONS = [
    {"id": 7, "from": "2026-11-28T06:00:00Z", "to": None, "kwh": "3.5", "car": "Zoe"},
    {"id": 6, "from": "2026-11-27T06:00:00Z", "to": "2026-11-27T08:00:00Z", "kwh": None, "car": 3},
    {"id": None, "from": "2026-11-27T06:00:00Z"},
    {"id": 5, "from": "never"},
]
EVENTS = """
events:
  kind: charging.session
  items: "@"
  key: id
  start: from
  end: to
  figures: {energy_wh: "times(kwh, `1000`)"}
  words: {vehicle: car}
"""


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW)
        yield running


def said(vendor: JsonVendor, folder: Path, block: str) -> list[object]:
    visits = visitor(folder, f"url: {vendor.url}/x\n{block}")
    visit = visits.visit()
    found = heard(visits.source.poll(visit), visit)
    return [*found.readings, *found.listings, *found.events]


def test_a_list_as_it_stands(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, PARCELS)
    assert said(vendor, tmp_path, LIST) == [
        Listing(
            "roof",
            "parcels",
            NOW,
            (
                Item("2000000000082", "", NOW - 3 * 86_400 + 5_400, None, "H4", stuck=True),
                Item("RO1", "", NOW - 1_800, NOW + 55_800, "5"),
            ),
            more=3,
        )
    ]


def test_an_empty_list_says_that_there_is_nothing(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, {"data": []})
    assert said(vendor, tmp_path, LIST) == [Listing("roof", "parcels", NOW, ())]


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, {"data": "x"}, []])
def test_no_list_says_nothing(vendor: JsonVendor, tmp_path: Path, answer: object) -> None:
    vendor.routes["/x"] = Said(200, answer)
    with pytest.raises(BadAnswer, match="`data` finds no list"):
        said(vendor, tmp_path, LIST)


def test_a_long_list_is_cut_and_counted(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, {"data": [{"awb": number} for number in range(1, 501)]})
    (listing,) = said(vendor, tmp_path, "list: {name: parcels, items: data, title: awb}")
    assert isinstance(listing, Listing)
    assert (len(listing.items), listing.more) == (50, 450)


def test_events_have_a_key_and_a_beginning(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, SESSIONS)
    assert said(vendor, tmp_path, EVENTS) == [
        Event("roof", "charging.session", "7", NOW - 1_800, None, {"energy_wh": 3500.0}, {"vehicle": "Zoe"}),
        Event("roof", "charging.session", "6", NOW - 88_200, NOW - 81_000, {}, {"vehicle": "3"}),
    ]


def test_several_of_both_beside_readings(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, {"a": [{"t": 1}], "b": [], "n": 4})
    lists = "list: [{name: a, items: a, title: t}, {name: b, items: b, title: t}]"
    found = said(vendor, tmp_path, f"{lists}\nreadings: {{n: {{path: n}}}}")
    assert [type(one).__name__ for one in found] == ["Reading", "Listing", "Listing"]


def test_lists_are_asked_for_whole(vendor: JsonVendor, tmp_path: Path) -> None:
    """What has not changed would not be said, and the list would look old."""
    vendor.tagged = ("/",)
    vendor.routes["/x"] = Said(200, {"data": []})
    for _ in range(3):
        said(vendor, tmp_path, LIST)
    assert not any("If-None-Match" in asked.headers for asked in vendor.asked)


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("list: {name: A b, items: x, title: y}", "name: lower-case letters"),
        ("list: {name: a, items: x}", "`title` is missing"),
        ("list: {name: a, items: 'x[', title: y}", "ends too early"),
        ("events: {kind: a, items: x, key: k, start: s, figures: {'a b': c}}", "figures and words: names of"),
        ("list: {name: a, items: x, title: '{{unheard}}'}", "goes into quotes"),
        ("list: {name: a, items: x, title: \"'{{unheard}}'\"}", "nobody says what {{unheard}}"),
    ],
)
def test_mistakes(tmp_path: Path, block: str, complaint: str) -> None:
    complaints = read(tmp_path, f"url: https://a.example/x\n{block}")[1]
    assert any(complaint in line for line in complaints), complaints


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["data", "awb", "sent", "id", "from", "kwh"]), inner, max_size=4)
    ),
    max_leaves=15,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_any_json_may_come(vendor: JsonVendor, tmp_path: Path, document: object) -> None:
    vendor.routes["/x"] = Said(200, document)
    for block in (LIST, EVENTS):
        try:
            found = said(vendor, tmp_path, block)
        except Trouble:
            found = []
        assert all(isinstance(one, Listing | Event) for one in found)


def test_what_was_found_is_explained(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, PARCELS | {"sessions": SESSIONS})
    visits = visitor(tmp_path, f"url: {vendor.url}/x\n{LIST}\n{EVENTS.replace('@', 'sessions')}")
    visit = visits.visit()
    visit.explained = []
    heard(visits.source.poll(visit), visit)
    assert visit.explained[1:] == [
        "parcels: data finds 4 items, as of 2026-11-28T08:30:00+02:00",
        "- 2000000000082, 2026-11-25T10:00:00+02:00, H4, needs a hand",
        "- RO1, 2026-11-28T08:00:00+02:00, 2026-11-29T00:00:00+02:00, 5",
        "- 2026-11-28T08:00:00+02:00",
        "charging.session: sessions finds 2 events",
        "- 7, from 2026-11-28T08:00:00+02:00",
        "- 6, from 2026-11-27T08:00:00+02:00",
    ]


def test_it_says_what_it_lists_and_tells(tmp_path: Path) -> None:
    listing = source(tmp_path, f"url: https://a.example/x\n{LIST}")
    assert (listing.publishes("x"), listing.lists("x"), listing.tells("x")) == ({"x": ()}, {"x": ("parcels",)}, {})
    telling = source(tmp_path, f"url: https://a.example/x\n{EVENTS}")
    assert (telling.lists("x"), telling.tells("x")) == ({}, {"x": ("charging.session",)})
