"""The ledger: whose sentence a refusal says, and what becomes of bookings and waits when the clock is put right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR
from eink_monitor.errors import Throttled
from eink_monitor.model.poll import Budget, Quota
from eink_monitor.quota import Call
from eink_monitor.store import Store

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
QUOTA = Quota("cloud", (Budget(10, "minute"), Budget(40, "day")))


@pytest.fixture
def path(tmp_path: Path, blank: Callable[[Path], Path]) -> Path:
    return blank(tmp_path / "readings.db")


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store(path, UTC)
    yield store
    store.close()


def refusal(store: Store, cost: int, now: int = NOW) -> tuple[str, int]:
    with pytest.raises(Throttled) as refused:
        store.reserve(QUOTA, cost, now)
    return str(refused.value), refused.value.until - now


# -- which budget a sentence names -------------------------------------------------------------------------------------


def test_the_tightest_budget_is_named(store: Store) -> None:
    store.reserve(QUOTA, 9, NOW)
    assert refusal(store, 2) == ("9 of 10 calls this minute are used", 60)
    for minute in range(1, 4):
        store.reserve(QUOTA, 10, NOW + 60 * minute)
    assert refusal(store, 2, NOW + 240) == ("39 of 40 calls this day are used", 25 * HOUR - 240)


def test_a_visit_that_costs_too_much_names_the_least(store: Store) -> None:
    assert refusal(store, 11)[0] == "one poll may need 11 calls, but the quota is 10 a minute"


def test_a_lost_count_is_taken_as_all_that_any_budget_has(store: Store) -> None:
    store.facts.uncounted = NOW
    store.flush()
    assert store.ledger.calls(QUOTA, NOW + HOUR) == [Call(NOW, 40)]
    lost = "the count of calls was lost with the database; none are made for the rest of this day"
    assert refusal(store, 1, NOW + HOUR) == (lost, 24 * HOUR)


# -- a clock that was wrong --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [DAY, -DAY])
def test_a_wait_moves_with_the_clock_wherever_it_is_kept(store: Store, by: int) -> None:
    store.ledger.began("one", NOW, sure=False)
    store.ledger.wait_until("on the card", NOW + 600, "wait")
    store.flush()
    store.ledger.wait_until("cloud", NOW + 600, "wait")
    store.dating.clock_moved(by, NOW + by)
    for _ in range(2):
        assert store.ledger.waits("cloud", NOW + by + 599) == (NOW + by + 600, "wait")
        store.flush()
    assert store.ledger.waits("on the card", NOW + by + 599) == (NOW + by + 600, "wait")


def test_bookings_of_a_boot_that_learned_the_time_stay_where_they_are(path: Path) -> None:
    store = Store(path, UTC)
    store.ledger.began("one", NOW, sure=False)
    store.reserve(QUOTA, 1, NOW)
    store.dating.clock_is_right(NOW, NOW - HOUR)
    assert store.facts.unsure_call is None
    store.dating.clock_moved(HOUR, NOW + HOUR)  # somebody sets it by hand; it was right, and is
    store.flush()
    assert store.facts.unsure_call is None
    store.close()
    store = Store(path, UTC)
    store.ledger.began("two", NOW + DAY, sure=False)
    store.dating.clock_is_right(NOW + 2 * DAY, NOW + DAY)
    assert store.ledger.calls(QUOTA, NOW + 20 * HOUR) == [Call(NOW + HOUR, 1)]
    store.close()


@pytest.mark.parametrize(("by", "moved"), [(HOUR, HOUR), (-HOUR, 0), (3 * HOUR, 2 * HOUR)])
def test_a_lost_count_is_never_taken_for_older_nor_for_of_tomorrow(store: Store, by: int, moved: int) -> None:
    store.ledger.began("one", NOW, sure=False)
    store.facts.uncounted = NOW
    store.ledger.redate(by, NOW + 2 * HOUR)
    assert store.facts.uncounted == NOW + moved
