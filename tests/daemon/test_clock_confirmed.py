"""A clock that nobody vouches for is right once it agrees with a vendor's, which every HTTP answer tells."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import ClassVar

import pytest

from eink_monitor.clock import DAY, MINUTE, FastClock
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.wall_time import WallTime
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.sources._http.web import Web
from loopback.server import Asked, LoopbackServer, Said
from small_house import START, Says, Small, feed, slide, small_house

Blank = Callable[[Path], Path]
WEEKS = 21 * DAY


@dataclass
class Cloud(Source):
    """One question; the reading is dated by us."""

    url: str

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        Web(self.url, "the vendor", visit).get("/now", cost=0)
        return [Reading(visit.subject, PV_POWER, 7, visit.now)]


class Vendor(LoopbackServer):
    """Knows what time it is in truth, or is ``late``."""

    def __init__(self, clock: FastClock) -> None:
        super().__init__()
        self.clock, self.late, self.status = clock, 0, 200

    def answer(self, asked: Asked) -> Said:
        truth = START + self.clock.monotonic()
        return Said(self.status, {}, {"Date": formatdate(truth - self.late, usegmt=True)})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor(FastClock(START - WEEKS, sure=False, boot="one")) as vendor:
        yield vendor


def house_of(vendor: Vendor, path: Path) -> Small:
    feeds = [feed("roof", Cloud(vendor.url))]
    return small_house(path, feeds, [slide("s", Says())], clock=vendor.clock, runner=Forked, durable=True)


def put_right(house: Small) -> None:
    """A time service that we cannot ask has set the clock."""
    house.clock.set_wall(int(START + house.clock.monotonic()))


def stored(house: Small) -> list[int]:
    return [run.start for run in house.store.readings.runs("roof", PV_POWER, 0, START + DAY)]


def test_readings_wait_for_a_vendor_that_agrees(
    vendor: Vendor, tmp_path: Path, blank: Blank, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    house = house_of(vendor, blank(tmp_path / "readings.db"))
    house.live(12 * MINUTE)
    assert house.daemon.house.clock.startswith("waiting for the clock to be set"), "the vendor's clock is weeks ahead"
    assert house.store.rows()["reading"] + sum(1 for _ in house.store._disk.execute("SELECT 1 FROM series")) == 0
    put_right(house)
    house.live(12 * MINUTE)
    assert house.daemon.clock.sure
    assert house.daemon.house.clock == ""
    house.daemon.stop()
    assert stored(house) == [START], "dated anew, as it was in truth"
    assert [record.getMessage().partition(";")[0] for record in caplog.records] == [
        "the clock is not set yet",
        "the clock was put forward by 21 days",
        "the clock is now set",
    ]


def test_a_refusal_tells_the_time_as_well(vendor: Vendor, tmp_path: Path, blank: Blank) -> None:
    vendor.status = 500
    house = house_of(vendor, blank(tmp_path / "readings.db"))
    put_right(house)
    house.live(6 * MINUTE)
    assert house.daemon.clock.sure


@pytest.mark.parametrize("late", [2 * MINUTE, -2 * MINUTE, WEEKS])
def test_a_vendor_that_disagrees_proves_nothing(vendor: Vendor, tmp_path: Path, blank: Blank, late: int) -> None:
    vendor.late = late
    house = house_of(vendor, blank(tmp_path / "readings.db"))
    put_right(house)
    house.live(20 * MINUTE)
    assert not house.daemon.clock.sure


@pytest.mark.parametrize(("said", "sure"), [(-61, False), (-59, True), (0, True), (59, True), (61, False)])
def test_within_a_minute(said: int, sure: bool) -> None:
    clock = FastClock(START, sure=False)
    time = WallTime(clock, 0)
    time.hear(START + said, 0)
    time.look()
    assert time.sure is sure
    assert time.trusted() is sure


def test_a_slow_poll_heard_it_at_some_moment_of_its_life() -> None:
    for said, sure in ((-91, False), (-89, True), (0, True), (59, True), (61, False)):
        time = WallTime(FastClock(START, sure=False), 0)
        time.hear(START + said, 30)
        time.look()
        assert time.sure is sure


def test_a_jump_makes_it_doubtful_again() -> None:
    clock = FastClock(START, sure=False)
    time = WallTime(clock, 0)
    time.hear(START, 0)
    time.look()
    clock.wait(DAY)
    time.look()
    assert time.sure
    clock.set_wall(START)
    time.look()
    assert not time.sure
