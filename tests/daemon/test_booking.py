"""Calls of several feeds booked in one write: fewer writes, and no call that is not on the card before it is made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.daemon.booking import Bookings, Demand
from eink_monitor.errors import AuthFailed, Damaged, Throttled
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Reading
from eink_monitor.store.ledger import AHEAD
from small_house import START, Scripted, Small, feed, small_house

Blank = Callable[[Path], Path]
NAMES = ("one", "two", "three")


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def booked(path: Path) -> int:
    """What somebody who looks at the card finds there after a power cut at this moment."""
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("SELECT coalesce(sum(calls), 0) FROM call").fetchone()[0])


@dataclass
class Counts(Scripted):
    """Notes at every call what the card says, and how many calls were made in all."""

    card: Path = Path()
    made: list[str] = field(default_factory=list)
    seen: list[tuple[int, int]] = field(default_factory=list)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        self.made.append(visit.feed)
        self.seen.append((len(self.made), booked(self.card)))
        return super().poll(visit)


def house_of(path: Path, span: str = "day", budget: int = 1000) -> tuple[Small, dict[str, Counts]]:
    """Three feeds of three vendors that count, five minutes each."""
    made: list[str] = []
    sources = {name: Counts(budget=Quota(name, (Budget(budget, span),)), card=path, made=made) for name in NAMES}
    return small_house(path, [feed(name, source) for name, source in sources.items()], durable=True), sources


def test_one_write_books_for_all_and_no_call_comes_before_its_booking(path: Path) -> None:
    house, sources = house_of(path)
    house.live(HOUR - 1)
    assert [len(source.asked) for source in sources.values()] == [12, 12, 12]
    assert house.store.commits <= 13
    assert all(card >= calls for source in sources.values() for calls, card in source.seen)
    house.daemon.stop()
    assert booked(path) == 36, "what was booked ahead and not used is given back"


@pytest.mark.parametrize("span", ["minute", "month"])
def test_where_a_booking_would_be_in_the_way_none_is_made_ahead(path: Path, span: str) -> None:
    house, sources = house_of(path, span)
    house.daemon.tick()
    assert booked(path) == 1
    house.live(HOUR)
    assert all(card == calls for source in sources.values() for calls, card in source.seen)


def test_a_vendor_that_says_wait_is_not_asked_with_a_booking_made_before(path: Path) -> None:
    house, sources = house_of(path)
    house.daemon.tick()
    assert booked(path) == 3
    house.store.ledger.wait_until("two", START + 3 * HOUR, "the vendor says wait")
    house.live(2 * HOUR)
    assert (len(sources["two"].asked), len(sources["one"].asked)) == (0, 24)
    house.daemon.stop()
    assert booked(path) == 48


def test_a_feed_that_stops_gives_its_booking_back(path: Path) -> None:
    house, sources = house_of(path)
    sources["two"].script = [1.0, AuthFailed("sign in again")]
    house.live(HOUR)
    calls = sum(len(source.asked) for source in sources.values())
    assert len(sources["two"].asked) == 3
    house.daemon.stop()
    assert booked(path) == calls


def test_a_budget_that_is_used_up_is_left_to_its_own_turn(path: Path) -> None:
    house, sources = house_of(path)
    house.store.reserve(Quota("two", (Budget(1000, "day"),)), 1000, START)
    house.live(30 * MINUTE)
    past = house.store.outcomes.get("two")
    assert past is not None
    assert past.what == Throttled.what
    assert [len(source.asked) for source in sources.values()] == [6, 0, 6]


def test_a_booking_in_a_database_that_was_set_aside_is_none(path: Path) -> None:
    house, sources = house_of(path)
    house.daemon.tick()
    assert booked(path) == 3
    house.daemon.keeping.complain(Damaged("the database is damaged"))
    house.live(27 * HOUR)  # what may have been spent before is taken as spent until it cannot count any more
    new = [pair for source in sources.values() for pair in source.seen if pair[0] > 1]
    assert len(new) > 50
    assert all(card >= calls - 1 for calls, card in new)
    house.daemon.stop()


@pytest.mark.parametrize(("cost", "later"), [(2, 0), (1, AHEAD + 1)])
def test_a_booking_that_is_too_small_or_too_old_is_made_anew(path: Path, cost: int, later: int) -> None:
    house, _ = house_of(path)
    bookings, quota = Bookings(house.store), Quota("one", (Budget(1000, "day"),))
    bookings.flush([Demand("one", quota, 1)], START, 0.0)
    assert (bookings.holds, booked(path)) == (True, 1), "booked ahead with what was to be written anyway"
    bookings.book(Demand("one", quota, cost), START + later, later)
    assert (bookings.holds, booked(path)) == (False, cost)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT at FROM call WHERE calls").fetchall() == [(START + later,)]
