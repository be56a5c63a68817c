"""A sign-in that will soon die is told in time: to the panel, and once to the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.config import Feed
from eink_monitor.errors import AuthFailed
from eink_monitor.model.poll import Visit
from eink_monitor.model.signin import Credential, lifetime
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources.solaredge import SolarEdge
from small_house import START, Scripted, feed, small_house


@dataclass
class Badged(Scripted):
    """Has credentials: when each dies, and a count of how often it was asked."""

    dies: list[int | None] = field(default_factory=list)
    looks: int = 0
    broken: bool = False

    def credentials(self, visit: Visit) -> list[Credential]:
        self.looks += 1
        if self.broken:
            raise AuthFailed("the key file cannot be read")
        return [lifetime("the key", at, visit.now, "eink-monitor login car") for at in self.dies]


def log_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


def test_three_days_before_it_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = Badged(dies=[None, START + 4 * DAY, START + 9 * DAY])
    small = small_house(tmp_path / "a.db", [feed("car", source)])
    small.live(HOUR)
    assert small.daemon.house.feeds()[0].warning == ""
    small.live(DAY + HOUR)
    assert small.daemon.house.feeds()[0].warning == "key expires in 2 days; eink-monitor login car"
    small.live(DAY)
    assert small.daemon.house.feeds()[0].warning == "key expires in 1 day; eink-monitor login car"
    assert log_of(caplog) == ["car: key expires in 3 days; eink-monitor login car"]


def test_renewed_in_time_and_dying_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    source = Badged(dies=[START + DAY])
    small = small_house(tmp_path / "a.db", [feed("car", source)])
    small.live(MINUTE)
    source.dies = [START + 30 * DAY]
    small.live(2 * HOUR)
    assert small.daemon.house.feeds()[0].warning == ""
    source.dies = [START + DAY]
    small.live(2 * HOUR)
    assert len(log_of(caplog)) == 2


def test_it_is_looked_up_once_an_hour_whatever_is_drawn(tmp_path: Path) -> None:
    source = Badged(dies=[START + DAY])
    small = small_house(tmp_path / "a.db", [feed("car", source)])
    for _ in range(60):
        small.live(MINUTE)
        small.daemon.house.feeds()
    assert source.looks == 1
    small.clock.set_wall(START - DAY)
    small.live(5 * MINUTE)
    assert source.looks == 2, "the wall clock went back: what was found is from the future"


def test_what_cannot_be_looked_up_is_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    small = small_house(tmp_path / "a.db", [feed("car", Badged(broken=True))])
    small.live(MINUTE)
    assert small.daemon.house.feeds()[0].warning == ""
    assert log_of(caplog) == []


def test_a_poll_that_renews_holds_nobody_up(tmp_path: Path) -> None:
    source = SolarEdge(1, client_id="app", client_secret=Secret("s"))
    roof: Feed = feed("roof", source)
    small = small_house(tmp_path / "a.db", [roof])
    store = TokenStore(small.config.state / "roof", "roof")
    with store.locked() as mine:
        mine.save(Tokens("a", "b", START, START + DAY))
        assert small.daemon.house.warning(roof) == (
            "SolarEdge sign-in expires in 1 day; sign in again: eink-monitor login roof"
        )
    assert small.daemon.house.feeds()[0].door == "connect.solaredge.com"
