"""How old what a panel shows may be, is a matter of the source that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.config import Config, Feed
from eink_monitor.house import House
from eink_monitor.house.merging import Merging
from eink_monitor.metrics import DISK_FREE, GRID_POWER, INVERTER_STATUS, PRODUCTION_MONTH, PV_POWER, SOC
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources.evcc import Evcc
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.ssh_disk import SshDisk
from eink_monitor.store import Store
from small_house import START, UTC, Scripted, Wall, feed


@dataclass
class Door(Scripted):
    """Publishes what it is told to."""

    what: tuple[Metric, ...] = (PV_POWER,)
    trusted: int = 10_020

    def publishes(self, subject: str) -> dict[str, tuple[Metric, ...]]:
        return {subject: self.what}

    def patience(self, every: int) -> int:
        return self.trusted


class Home:
    """A house of some feeds, told readings and outcomes by hand."""

    def __init__(self, folder: Path, **sources: Source) -> None:
        feeds = {name: feed(name, source) for name, source in sources.items()}
        if "inverter" in feeds:
            feeds = {name: replace(one, subject="roof") for name, one in feeds.items()}
        self.config = Config(folder / "config.yaml", folder / "house.db", UTC, Wall(FastClock(START)), feeds, {})
        self.store = Store(self.config.database, UTC)
        self.merging = Merging(self.config, self.store)

    @property
    def house(self) -> House:
        """As a panel sees it; knows nothing but what is stored."""
        return House(self.config, self.store, START)

    def __getitem__(self, name: str) -> Feed:
        return self.config.feeds[name]

    def brings(self, name: str, *found: tuple[Metric, int]) -> None:
        """One answer: metrics, and how many seconds ago each was measured."""
        readings = [Reading(self[name].subject, metric, 5, START - back) for metric, back in found]
        self.store.readings.add(self.merging.admit(self[name], readings), 10 * MINUTE)
        self.ends(name, "ok")

    def ends(self, name: str, what: str, times: int = 1) -> None:
        for _ in range(times):
            self.store.outcomes.add(Outcome(name, START, 0.1, what), None, 0)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[type]:
    stores: list[Store] = []

    def build(**sources: Source) -> Home:
        home = Home(tmp_path, **sources)
        stores.append(home.store)
        return home

    yield build  # type: ignore[misc]  # something to call
    for store in stores:
        store.close()


def two_doors(homes: type) -> Home:
    home: Home = homes(inverter=Door(trusted=180, what=(PV_POWER, GRID_POWER, INVERTER_STATUS)), cloud=Door())
    return home


def test_the_patience_of_the_door_that_brought_the_newest_measurement_counts(homes: type) -> None:
    home = two_doors(homes)
    home.brings("cloud", (PV_POWER, 900))
    assert home.house.patience("roof", PV_POWER) == 10_020
    home.brings("inverter", (PV_POWER, 300), (GRID_POWER, 300))
    assert home.house.patience("roof", PV_POWER) == 180
    home.brings("cloud", (PV_POWER, 900))
    assert home.house.patience("roof", PV_POWER) == 180, "what it brought is older"
    home.brings("cloud", (PV_POWER, 100))
    assert home.house.patience("roof", PV_POWER) == 10_020
    assert home.house.patience("roof", GRID_POWER) == 180, "only one door brings it"


def test_an_answer_without_what_is_shared_keeps_nothing_fresh(homes: type) -> None:
    home = two_doors(homes)
    home.brings("inverter", (PV_POWER, HOUR))
    home.brings("inverter", (INVERTER_STATUS, 0))
    status = home.house.feeds()[0]
    assert status.measured_at == START - HOUR
    assert status.is_silent(START)
    assert not status.is_fresh(START)


def test_a_door_that_answers_without_content_does_not_hide_one_that_fails(homes: type) -> None:
    home = two_doors(homes)
    home.brings("inverter", (PV_POWER, HOUR))
    home.ends("inverter", "unavailable", 3)
    home.brings("cloud")
    trouble = home.house.trouble("roof")
    assert trouble is not None
    assert trouble.name == "inverter"
    home.brings("cloud", (PV_POWER, 900))
    assert home.house.trouble("roof") is None


def test_what_is_dated_in_the_future_is_not_fresh(homes: type) -> None:
    home: Home = homes(roof=Door())
    home.brings("roof", (PV_POWER, -HOUR))
    assert not home.house.feeds()[0].is_fresh(START)


def test_the_most_silent_of_several_subjects_dates_a_feed(homes: type) -> None:
    home: Home = homes(nas=SshDisk("localhost", {"a": "/a", "b": "/b"}))
    for name, back in (("a", 3 * DAY), ("b", 0)):
        home.store.readings.add([Reading(f"nas:{name}", DISK_FREE, 1, START - back)], HOUR)
    assert home.house.feeds()[0].measured_at == START - 3 * DAY


def test_the_newest_of_several_things_that_come_and_go_dates_a_feed(homes: type) -> None:
    home: Home = homes(roof=Evcc(loadpoints={"left": "Garage Left"}, vehicles={"zoe": "Zoe"}))
    home.store.readings.add([Reading("roof", PV_POWER, 1, START)], HOUR)
    home.store.readings.add([Reading("roof:zoe", SOC, 1, START - 3 * DAY)], HOUR)
    assert home.house.feeds()[0].measured_at == START
    assert home.house.label("roof:left") == "Garage Left"
    assert home.house.label("roof") == "roof"


def test_when_an_answer_came_is_known_even_if_it_said_nothing(homes: type) -> None:
    home: Home = homes(car=Door(what=(SOC,)))
    assert home.house.answered("car") is None
    home.ends("car", "unavailable")
    assert home.house.answered("car") is None
    home.brings("car")
    assert home.house.answered("car") == START


def names(homes: type, mounts: Sequence[str], name: str) -> list[str]:
    home: Home = homes(nas=SshDisk("localhost", {mount: f"/{mount}" for mount in mounts}))
    if name:
        home.config.feeds["nas"] = replace(home["nas"], label=name)
    return [home.house.label(f"nas:{mount}") for mount in mounts]


def test_the_name_of_a_disk_counts(homes: type) -> None:
    assert names(homes, ["backups"], "") == ["nas:backups"]
    assert names(homes, ["backups"], "Time Machine") == ["Time Machine"]
    assert names(homes, ["backups", "films"], "NAS") == ["NAS backups", "NAS films"]


def test_sums_that_are_asked_for_rarely_are_trusted_for_longer() -> None:
    for api, patient in (("v1", False), ("v2", True)):
        cloud = SolarEdge(site_id=1, api=api, api_key=Secret("k"))  # type: ignore[arg-type]  # one of two words
        every = Duration(15 * MINUTE)
        assert cloud.patience_with(PV_POWER, every) == cloud.patience(every) < DAY
        assert (cloud.patience_with(PRODUCTION_MONTH, every) > DAY) is patient
