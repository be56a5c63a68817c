"""What is dated later than it is goes aside and comes back as it was; what is left goes on as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY
from eink_monitor.metrics import ODOMETER, PV_POWER
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.store.future import Dated, plausible

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
BEAT = 300


@pytest.fixture
def store(tmp_path: Path, blank: Callable[[Path], Path]) -> Iterator[Store]:
    """A run of ten minutes until now, one of five two days later; a car that spoke then only."""
    store = Store(blank(tmp_path / "readings.db"), UTC)
    store.add([Reading("roof", PV_POWER, 5, NOW - 3 * BEAT)], 750)
    store.add([Reading("roof", PV_POWER, 1, NOW - beat * BEAT) for beat in (2, 1, 0)], 750)
    store.add([Reading("roof", PV_POWER, 2, NOW + 2 * DAY + beat * BEAT) for beat in (0, 1)], 750)
    store.add([Reading("car", ODOMETER, 100, NOW + 2 * DAY)], 750)
    store.flush()
    yield store
    store.close()


def content(store: Store) -> dict[str, list[tuple[object, ...]]]:
    tables = ("series", "reading", "hour", "day")
    return {table: sorted(store._disk.execute(f"SELECT * FROM {table}").fetchall()) for table in tables}


def runs(store: Store, subject: str = "roof") -> list[tuple[int, int, float]]:
    metric = PV_POWER if subject == "roof" else ODOMETER
    found = store.readings.runs(subject, metric, 0, NOW + 9 * DAY)
    return [(run.start - NOW, run.end - NOW, run.value) for run in found]


BEFORE = [(-3 * BEAT, -3 * BEAT, 5), (-2 * BEAT, 0, 1)]


def test_the_run_that_is_left_goes_on(store: Store) -> None:
    assert store.dating.set_future_aside(NOW) == 2
    assert (runs(store), runs(store, "car")) == (BEFORE, [])
    assert store.dating.set_future_aside(NOW) == 0
    store.add([Reading("roof", PV_POWER, 1, NOW + BEAT)], 750)
    store.flush()
    assert runs(store) == [BEFORE[0], (-2 * BEAT, BEAT, 1)]


def test_it_comes_back_as_it_was_once_the_clock_says_so(store: Store) -> None:
    before = content(store)
    store.dating.set_future_aside(NOW)
    store.dating.clock_moved(DAY, NOW + DAY)
    assert runs(store) == BEFORE, "not yet"
    store.dating.clock_moved(2 * DAY, NOW + 3 * DAY)
    assert content(store) == before


def test_a_value_that_no_day_tells_of_comes_back_too(store: Store) -> None:
    store.add([Reading("bike", ODOMETER, 7, at) for at in (NOW, NOW + 3600)], 750)
    store.flush()
    before = content(store)
    store.dating.set_future_aside(NOW)
    store.dating.clock_moved(3 * DAY, NOW + 3 * DAY)
    assert content(store) == before


def test_it_comes_back_before_what_was_measured_meanwhile(store: Store) -> None:
    store.dating.set_future_aside(NOW)
    store.add([Reading("roof", PV_POWER, 3, NOW + 4 * DAY + beat * BEAT) for beat in (0, 1)], 750)
    store.flush()
    store.dating.clock_moved(4 * DAY, NOW + 5 * DAY)
    after = [(2 * DAY, 2 * DAY + BEAT, 2), (4 * DAY, 4 * DAY + BEAT, 3)]
    assert runs(store) == BEFORE + after


def test_what_is_certainly_wrong_stays_aside(store: Store) -> None:
    assert store.dating.clock_is_right(NOW, NOW - DAY) == 2
    store.dating.clock_moved(3 * DAY, NOW + 3 * DAY)
    assert runs(store) == BEFORE


def test_what_is_forgotten_is_named_and_gone_from_everywhere(store: Store) -> None:
    named: list[Dated] = []
    store.dating.forget_after(NOW + BEAT, NOW, named.extend)
    assert sorted((one.what, one.subject) for one in named) == [
        *(("day", "car"), ("day", "roof"), ("hour", "roof")),
        *(("reading", "car"), ("reading", "roof")),
    ]
    assert store.dating.dated_after(NOW + BEAT) == []
    assert (runs(store), runs(store, "car")) == (BEFORE, [])


def test_of_a_lost_run_the_hours_and_days_go_aside_all_the_same(store: Store) -> None:
    store._disk.execute("UPDATE series SET start = NULL, end = NULL WHERE end > ?", (NOW,))
    store._disk.execute("DELETE FROM reading WHERE at > ?", (NOW,))
    store._contents.reload()
    assert store.dating.latest <= NOW
    assert store.dating.set_future_aside(NOW) == 0
    assert [len(content(store)[table]) for table in ("hour", "day")] == [1, 1]
    assert {one.what for one in store.dating.dated_after(NOW)} == {"hour", "day"}


YEARS = 5 * 365 * DAY


@pytest.mark.parametrize(
    ("instants", "latest"),
    [
        ([], 0),
        ([-9 * DAY, -DAY], -DAY),
        ([-9 * DAY, 300], 300),
        ([-DAY + 1, 2 * DAY, 2 * DAY + 9], -DAY + 1),  # it was alive on this very day
        ([-DAY, 2 * DAY, 4 * DAY - 1], 4 * DAY - 1),  # two that are near each other
        ([-DAY, 2 * DAY, 4 * DAY], -DAY),
        ([-DAY, 301], -DAY),  # one alone is no witness
        ([301], 301),  # unless there is no other
        ([YEARS], YEARS),
        ([YEARS + 1], 0),
        ([-2 * DAY, YEARS - 9, YEARS], YEARS),
        ([-2 * DAY, YEARS + 1, YEARS + 2], -2 * DAY),
    ],
)
def test_which_stored_instant_is_believed(instants: list[int], latest: int) -> None:
    assert plausible([NOW + at for at in instants], NOW) == (NOW + latest if latest else 0)
