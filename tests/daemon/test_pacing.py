"""How often a source is asked: as it wishes, spread so that the calls of its account last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.daemon.pacing import Pacing
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.quota import next_month
from small_house import START, UTC, Scripted, Small, feed, small_house

Blank = Callable[[Path], Path]
DAILY = Quota("cloud", (Budget(100, "day"),))  # a third of what a wish for every 5 min comes to in 25 h
MONTHLY = Quota("cloud", (Budget(31, "month"),))


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def house_of(path: Path, *sources: Scripted, now: int = START) -> tuple[Small, Pacing]:
    house = small_house(path, [feed(f"f{number}", one) for number, one in enumerate(sources)], clock=FastClock(now))
    return house, house.daemon.fetching._intake.pacing


def pace(house: Small, pacing: Pacing) -> float:
    return pacing.pace(house.config.feeds["f0"], house.clock.now())


@pytest.mark.parametrize(
    ("others", "seconds"),
    [([], 900), ([DAILY], 1800), ([DAILY, DAILY], 2700), ([MONTHLY], 900), ([None], 900)],
)
def test_those_of_one_account_share_its_calls(path: Path, others: Sequence[Quota | None], seconds: int) -> None:
    house, pacing = house_of(path, Scripted(budget=DAILY), *(Scripted(budget=quota) for quota in others))
    assert pace(house, pacing) == pytest.approx(seconds)


def test_a_source_that_nobody_counts_has_its_way(path: Path) -> None:
    assert pace(*house_of(path, Scripted(wish=7), Scripted(budget=DAILY))) == 7


def test_what_a_poll_takes_is_seen_in_the_last_ten(path: Path) -> None:
    house, pacing = house_of(path, Scripted(budget=DAILY))
    for number in range(20):
        house.store.reserve(DAILY, 9 if number < 10 else 2, START - HOUR + number, force=True)
    assert pace(house, pacing) == pytest.approx(2 * 900)


def test_what_is_wished_for_later_counts_as_it_will_be(path: Path) -> None:
    class Nightly(Scripted):
        """Every 5 min for an hour, then hardly ever."""

        def pace(self, visit: Visit) -> int:
            return 300 if visit.now < START + HOUR else 1 << 40

    house, pacing = house_of(path, Nightly(budget=Quota("cloud", (Budget(4, "day"),))))
    assert pace(house, pacing) == pytest.approx(3 * 300, rel=0.01)


@pytest.mark.parametrize(("left", "seconds"), [(2 * HOUR, 2 * HOUR), (MINUTE, 300)])
def test_nobody_waits_past_the_day_on_which_a_budget_begins_anew(path: Path, left: int, seconds: int) -> None:
    now = next_month(START, UTC) - left
    house, pacing = house_of(path, Scripted(budget=MONTHLY), now=now)
    house.store.reserve(MONTHLY, 31, now - DAY)
    assert pace(house, pacing) == seconds
