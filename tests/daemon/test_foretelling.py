"""An outlook on its way: from a source through the pipe and the store to whoever draws, and how right it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, midnight
from eink_monitor.daemon.child import pack, unpack
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Result
from eink_monitor.errors import Unavailable
from eink_monitor.metrics import PRODUCTION_TODAY, PV_POWER
from eink_monitor.model.outlook import ForecastDay, Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from small_house import START, Scripted, feed, leave, small_house

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def _tidy() -> Iterator[None]:
    yield
    leave()


@dataclass
class Foretells(Scripted):
    """Expects three days of as many watts as its script says, in quarter hours, and measures nothing."""

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        return {}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        return {"roof": (PV_POWER,)}

    def poll(self, visit: Visit) -> Iterator[Said]:  # type: ignore[override]  # it measures nothing
        for _, _, value, at in super().poll(visit):
            start = at - at % (15 * MINUTE)
            slots = (Slot(start + n * 900, start + (n + 1) * 900, value) for n in range(288))
            yield Outlook("roof", PV_POWER, at, tuple(slots), "Open-Meteo")


def test_it_reaches_the_panel_through_a_child(tmp_path: Path) -> None:
    sky = Foretells(script=[400, 500])
    home = small_house(tmp_path / "readings.db", [feed("sky", sky, every=3600)], runner=Forked)
    while home.daemon.house.outlook("roof", PV_POWER) is None:
        home.live(1)
    found = home.daemon.house.outlook("roof", PV_POWER)
    assert found is not None
    assert (len(found.slots), found.slots[0].value, found.attribution) == (288, 400, "Open-Meteo")
    status = home.daemon.house.feeds()[0]
    assert status.measured_at == found.issued_at, "a feed that only foretells is not silent"
    assert home.daemon.house.answered("roof"), "whoever foretells it answers, where nobody measures it"
    assert not status.is_silent(home.clock.now())


def test_it_outlives_a_start_and_says_how_old_it_is(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    home = small_house(path, [feed("sky", Foretells(script=[400, Unavailable("gone")]), every=3600)])
    home.live(DAY)
    home.daemon.stop()
    again = small_house(path, [feed("sky", Foretells(script=[Unavailable("gone")]))], clock=FastClock(START + DAY))
    again.live(60)
    found = again.daemon.house.outlook("roof", PV_POWER)
    assert found is not None
    assert found.issued_at == START
    assert found.is_old(again.clock.now())


def test_how_right_it_was_is_told_of_days_that_are_over(tmp_path: Path) -> None:
    """Two weeks; the roof makes half of what is expected, and one day it is out of order."""
    home = small_house(tmp_path / "readings.db", [feed("sky", Foretells(script=[400]), every=6 * HOUR)], zone=BERLIN)
    home.live(15 * DAY)
    first = date(2026, 5, 28)
    for number in range(15):
        day = first + timedelta(days=number)
        begin = midnight(day, BERLIN)
        times = range(begin, begin + (DAY if number != 5 else 3 * HOUR), HOUR)
        readings = [Reading("roof", PRODUCTION_TODAY, 200 * (at - begin) / HOUR, at + HOUR - 1) for at in times]
        home.store.add(readings, 2 * HOUR)
    house = home.daemon.house
    house.now = home.clock.now()
    found = house.compared("roof", PV_POWER, 14)
    assert found[0] == ForecastDay(first + timedelta(days=1), 9600, 4600)
    assert [one.day.day for one in found] == [29, 30, 31, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11], "of which 2 June is missing"
    assert house.compared("roof", PRODUCTION_TODAY, 14) == []
    assert home.store.rows()["outlook"] == 1
    assert home.store.rows()["expectation"] <= 16, "one number a day"


def test_what_no_pipe_of_ours_ever_carried_is_no_answer() -> None:
    slots = (Slot(START, START + 900, 5), Slot(START + 900, START + 1800, 6))
    result = Result([], outlooks=[Outlook("roof", PV_POWER, START, slots, "CC BY 4.0")])
    assert unpack(pack(result)) == result
    with pytest.raises((ValueError, TypeError)):
        unpack(pack(result).replace(b"[5, 6]", b"[5, true]"))
