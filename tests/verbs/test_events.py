"""What is listed and what happened, for people and for machines."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, SystemClock, iso
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from houses import HOUSE, say, write

NOW = SystemClock().now()
FIRST = Event(
    "garage", "charging.session", "7", NOW - 2 * DAY, NOW - 2 * DAY + HOUR, {"energy_wh": 5200}, {"vehicle": "A"}
)
SECOND = Event("garage", "charging.session", "8", NOW - HOUR, None, {"cost_eur": 1.5})
TRIP = Event("car", "trip", "1", NOW - DAY, NOW - DAY + HOUR, {"distance_km": 12})
OLD = Event("garage", "charging.session", "6", NOW - 90 * DAY, NOW - 90 * DAY + 9)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    with closing(Store(tmp_path / "readings.db", time_zone())) as store:
        store.events.add([SECOND, FIRST, TRIP, OLD])
        items = (
            Item("Solar cable", "held at customs", None, None, "needs papers", stuck=True),
            Item("Shoes", start=NOW),
        )
        store.listings.add([Listing("post", "parcels", NOW - DAY, items, 3), Listing("post", "letters", NOW, ())])
        store.flush()
    return write(tmp_path, HOUSE)


def test_events_are_told_in_order_with_a_column_for_each_figure(house: Path) -> None:
    said = say("events", "-c", house)
    assert (said.code, said.err) == (0, "")
    head, *rows = said.out.splitlines()
    assert head.split() == ["from", "to", "subject", "kind", "energy_wh", "distance_km", "cost_eur", "vehicle"]
    assert ["charging.session" in row or "trip" in row for row in rows] == [True] * 3
    assert "5200" in rows[0]
    assert "12" in rows[1]


def test_events_of_one_kind_for_machines(house: Path) -> None:
    said = say("events", "garage", "charging.session", "--json", "-c", house)
    first, second = json.loads(said.out)
    assert first == {
        "subject": "garage",
        "metric": None,
        "kind": "charging.session",
        "key": "7",
        "from": iso(FIRST.start),
        "to": iso(FIRST.end or 0),
        "figures": {"energy_wh": 5200},
        "words": {"vehicle": "A"},
    }
    assert second["to"] is None
    rows = list(csv.DictReader(say("events", "--since", "1y", "--csv", "-c", house).out.splitlines()))
    assert [row["key"] for row in rows] == ["6", "7", "1", "8"]
    assert rows[3]["to"] == rows[3]["energy_wh"] == ""


def test_a_mistake_is_told_and_so_is_nothing(house: Path, tmp_path: Path) -> None:
    assert say("events", "garag", "-c", house).code == 64
    assert say("events", "garage", "trip", "-c", house).code == 64
    assert say("events", "--since", "soon", "-c", house).code == 64
    said = say("events", "garage", "--since", "10m", "-c", house)
    assert (said.code, said.out) == (0, "")
    assert "nothing began between" in said.err


def test_there_are_no_events(lived: Path) -> None:
    said = say("events", "-c", lived)
    assert said.code != 0
    assert "no event is stored" in said.err


def test_latest_shows_what_is_listed_and_marks_what_needs_a_hand(house: Path) -> None:
    said = say("latest", "-c", house)
    assert "post letters: 0 items, as of" in said.out
    assert "post parcels: 2 items and 3 more, 1 of them stuck, as of" in said.out
    assert ", 24 h ago, old" in said.out
    (line,) = [line for line in said.out.splitlines() if "Solar cable" in line]
    assert line.startswith("!")
    letters, parcels = json.loads(say("latest", "--json", "-c", house).out)
    assert (letters["list"], letters["items"]) == ("letters", [])
    assert (parcels["more"], parcels["old"], parcels["items"][1]["start"]) == (3, True, iso(NOW))
    assert parcels["items"][0]["stuck"]


def test_a_poll_prints_what_is_listed(tmp_path: Path) -> None:
    head = "database: {folder}/readings.db\ndisplay: {{type: 'null'}}\npanels: {{}}\n"
    file = write(tmp_path, head + "sources:\n  post: {{type: demo, show: parcels}}\n")
    said = say("poll", "post", "-c", file)
    assert said.code == 0
    assert "post parcels: " in said.out
    (listing,) = json.loads(say("poll", "post", "--json", "-c", file).out)
    assert (listing["subject"], listing["list"]) == ("post", "parcels")


def test_a_spreadsheet_obeys_no_word(tmp_path: Path) -> None:
    words = {"vehicle": '=HYPERLINK("http://evil.example";"A")', "note": "@SUM(1)", "place": "-1.5"}
    with closing(Store(tmp_path / "readings.db", time_zone())) as store:
        store.events.add([Event("car", "trip", "+cmd|x", NOW - HOUR, NOW, {"gain_eur": -2}, words)])
        store.flush()
    (row,) = csv.DictReader(say("events", "--csv", "-c", write(tmp_path, HOUSE)).out.splitlines())
    assert (row["key"], row["vehicle"][:3], row["note"]) == ("'+cmd|x", "'=H", "'@SUM(1)")
    assert (row["place"], row["gain_eur"]) == ("-1.5", "-2")
