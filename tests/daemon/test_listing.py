"""A listing and an event on their way: from a source through the pipe and the store to whoever draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, FastClock
from eink_monitor.daemon.polls import Forked
from eink_monitor.errors import Unavailable
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from small_house import START, Scripted, feed, leave, small_house


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    leave()


@dataclass
class Post(Scripted):
    """Lists as many parcels as its script says, and tells of each poll."""

    silent: bool = False

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        return {}

    def lists(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        return {} if self.silent else {subject: ("parcels",)}

    def tells(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        return {subject: ("post.round",)}

    def poll(self, visit: Visit) -> Iterator[Said]:  # type: ignore[override]  # it measures nothing
        for _, _, value, at in super().poll(visit):
            if not self.silent:
                yield Listing("post", "parcels", at, tuple(Item(str(number)) for number in range(int(value))))
                yield Event("post", "post.round", str(at), at, None, {"parcels": value})


def test_they_reach_the_panel_through_a_child(tmp_path: Path) -> None:
    home = small_house(tmp_path / "readings.db", [feed("post", Post(script=[2]), every=3600)], runner=Forked)
    house = home.daemon.house
    while house.listing("post", "parcels") is None:
        home.live(1)
    found = house.listing("post", "parcels")
    assert found is not None
    assert found.items == (Item("0"), Item("1"))
    assert [one.figures for one in house.events("post", "", 0, home.clock.now() + 1)] == [{"parcels": 2}]
    assert (house.subjects(), house.lists("post")) == (["post"], ["parcels"])
    assert house.freshness("post", "parcels") == 3 * HOUR
    status = house.feeds()[0]
    assert status.measured_at == found.at
    assert not status.is_silent(home.clock.now())


def test_an_empty_list_outlives_a_start_and_says_how_old_it_is(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    home = small_house(path, [feed("post", Post(script=[0, Unavailable("gone")]), every=3600)])
    home.live(DAY)
    home.daemon.stop()
    again = small_house(path, [feed("post", Post(script=[Unavailable("gone")]))], clock=FastClock(START + DAY))
    again.live(60)
    assert again.daemon.house.listing("post", "parcels") == Listing("post", "parcels", START, ())
    assert again.daemon.house.trouble("post")


def test_a_source_that_only_tells_is_as_young_as_its_last_answer(tmp_path: Path) -> None:
    """That nothing has happened is news, too."""
    home = small_house(tmp_path / "readings.db", [feed("post", Post(silent=True), every=3600)])
    home.live(3 * HOUR + 60)
    home.daemon.house.now = home.clock.now()
    (status,) = home.daemon.house.feeds()
    assert status.is_fresh(home.clock.now())


def test_events_are_kept_for_good_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    home = small_house(tmp_path / "readings.db", [feed("post", Post(), every=6 * HOUR)])
    home.live(3 * DAY)
    assert home.store.rows()["event"] == 12
    assert home.store.rows()["listing"] == 1
