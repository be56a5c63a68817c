"""Whose turn it is, and what follows from how a poll ended."""

from __future__ import annotations

import itertools
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, FastClock
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Unavailable
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Budget, Quota
from small_house import START, Scripted, Small, feed, small_house

Blank = Callable[[Path], Path]
DOWN = Unavailable("roof: nobody answers")


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def what(house: Small, name: str = "roof") -> str | None:
    past = house.store.outcomes.get(name)
    return past.what if past else None


def test_a_feed_is_polled_when_due_and_at_once_after_a_first_start(path: Path) -> None:
    roof = Scripted()
    house = small_house(path, [feed("roof", roof, every=300)])
    house.live(901)
    assert [at - START for at in roof.asked] == [0, 300, 600, 900]
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.at == START + 900


def test_missed_beats_are_skipped_not_replayed(path: Path) -> None:
    roof = Scripted()
    house = small_house(path, [feed("roof", roof, every=300)])
    house.daemon.tick()
    house.clock.wait(1000)  # the machine was asleep
    house.daemon.tick()
    house.daemon.tick()
    assert [at - START for at in roof.asked] == [0, 1000]
    house.live(301)
    assert roof.asked[2:] == [START + 1300]


def test_a_jump_of_the_wall_clock_moves_no_poll(path: Path) -> None:
    roof = Scripted()
    house = small_house(path, [feed("roof", roof, every=300)])
    house.daemon.tick()
    for jump in (-30 * DAY, 60 * DAY):
        house.clock.set_wall(house.clock.now() + jump)
        before = len(roof.asked)
        house.live(299)
        assert len(roof.asked) == before
        house.live(1)
        house.daemon.tick()
        assert len(roof.asked) == before + 1


def test_a_restart_keeps_the_timetable(path: Path) -> None:
    first = small_house(path, [feed("roof", Scripted(), every=1800)])
    first.live(60)
    first.daemon.stop()
    first.store.close()
    roof = Scripted()
    again = small_house(path, [feed("roof", roof, every=1800)], clock=FastClock(START + 120))
    again.live(1800)
    assert [at - START for at in roof.asked] == [1800]


def test_unavailable_backs_off_up_to_an_hour_and_recovers(path: Path) -> None:
    roof = Scripted(script=[*[DOWN] * 7, 5.0])
    house = small_house(path, [feed("roof", roof, every=300)])
    house.live(6 * HOUR)
    gaps = [b - a for a, b in zip(roof.asked, roof.asked[1:], strict=False)]
    assert gaps[:8] == [300, 600, 1200, 2400, 3600, 3600, 3600, 300]
    assert what(house) == "ok"


def test_one_broken_source_never_stops_the_rest(path: Path) -> None:
    good, bad = Scripted(), Scripted(script=[BadAnswer("bad: half a JSON")])
    house = small_house(path, [feed("bad", bad), feed("good", good)])
    house.live(HOUR)
    assert len(good.asked) == 12
    assert what(house, "bad") == "bad-answer"
    assert house.store.readings.latest("bad", PV_POWER) is None


def test_gone_is_never_asked_again(path: Path) -> None:
    roof = Scripted(script=[Gone("SolarEdge retired this interface")])
    house = small_house(path, [feed("roof", roof)])
    house.live(2 * DAY)
    assert len(roof.asked) == 1


def test_two_refusals_wait_for_a_person_even_across_a_restart(path: Path) -> None:
    refused = Scripted(script=[AuthFailed("roof: sign in again")])
    house = small_house(path, [feed("roof", refused)])
    house.live(DAY)
    assert len(refused.asked) == 2
    house.daemon.stop()
    house.store.close()
    restarted = Scripted(script=[AuthFailed("roof: sign in again")])
    house = small_house(path, [feed("roof", restarted)], clock=FastClock(START + DAY))
    house.live(DAY)
    assert restarted.asked == []
    token = house.config.state / "roof" / "tokens.json"
    token.parent.mkdir(parents=True)
    token.write_text("{}")
    house.live(600)
    assert len(restarted.asked) >= 1, "a person signed in: ask again"


def test_throttled_waits_until_told_and_holds_the_whole_account(path: Path) -> None:
    account = Quota("bmw", (Budget(45, "day"),))
    one = Scripted(script=[Throttled("BMW says wait", START + 2 * HOUR), 1.0], budget=account)
    other = Scripted(budget=account)
    house = small_house(path, [feed("one", one, every=900), feed("other", other, every=900)])
    house.live(2 * HOUR - 1)
    assert len(one.asked) == 1
    assert other.asked == []
    house.live(HOUR)
    assert one.asked[1] >= START + 2 * HOUR
    assert other.asked[0] >= START + 2 * HOUR


def test_how_long_to_wait_is_on_the_card_at_once(path: Path) -> None:
    roof = Scripted([1.0, Throttled("BMW says wait", START + 2 * HOUR)], budget=Quota("bmw", (Budget(9999, "day"),)))
    house = small_house(path, [feed("one", roof, every=60)], durable=True)
    house.live(61)
    assert len(roof.asked) == 2
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT name, waits_until FROM account").fetchall() == [("bmw", START + 2 * HOUR)]


def test_a_budget_is_never_exceeded_and_is_spread_over_the_day(path: Path) -> None:
    account = Quota("bmw", (Budget(24, "day"),))
    cars = [Scripted(budget=account), Scripted(budget=account)]
    house = small_house(path, [feed(f"car{number}", car, every=600) for number, car in enumerate(cars)])
    house.live(3 * DAY)
    asked = sorted(at for car in cars for at in car.asked)
    for at in asked:
        assert sum(at - DAY < other <= at for other in asked) <= 24
    assert len(asked) >= 60, "what there is, is used"
    last_day = [at for at in asked if at > START + 2 * DAY]
    gaps = [b - a for a, b in itertools.pairwise(last_day)]
    assert max(gaps) < 3 * HOUR, "spread, not spent at once"


def test_a_poll_by_hand_counts_and_is_refused_when_nothing_is_left(path: Path) -> None:
    car = Scripted(budget=Quota("bmw", (Budget(3, "day"),)))
    house = small_house(path, [feed("car", car)])
    words = [house.daemon.fetching.poll_now("car").what for _ in range(4)]
    assert words == ["ok", "ok", "ok", "throttled"]
    assert house.daemon.fetching.poll_now("car", force=True).what == "ok"
    assert len(car.asked) == 4


def test_a_fault_is_logged_once_when_it_begins_and_once_when_it_ends(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    roof = Scripted(script=[1.0, DOWN, DOWN, DOWN, 1.0])
    logger = logging.getLogger("eink_monitor")
    logger.propagate = True
    with caplog.at_level(logging.INFO, logger="eink_monitor"):
        small_house(path, [feed("roof", roof)]).live(2 * HOUR)
    assert [record.getMessage() for record in caplog.records] == [
        "roof: nobody answers",
        "roof: recovered after 3 failed polls",
    ]


def test_waiting_in_between_neither_ends_a_fault_nor_begins_it_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wait = Throttled("roof: the vendor says wait", START + 900)
    roof = Scripted(script=[1.0, DOWN, wait, DOWN, wait, 1.0])
    with caplog.at_level(logging.INFO, logger="eink_monitor"):
        small_house(path, [feed("roof", roof)]).live(2 * HOUR)
    told = [record.getMessage() for record in caplog.records if "says wait" not in record.getMessage()]
    assert told == ["roof: nobody answers", "roof: recovered after 2 failed polls"]


def test_a_source_paces_itself(path: Path) -> None:
    roof = Scripted(wish=7200)
    house = small_house(path, [feed("roof", roof, every=300)])
    house.live(DAY - 1)
    assert len(roof.asked) == 12
