"""Outlooks in the store: the newest of each, written and read together with all else, and gone when they are over."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, midnight
from eink_monitor.errors import StoreError
from eink_monitor.metrics import INVERTER_TEMPERATURE, PV_POWER
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
TODAY, TOMORROW = date(2026, 10, 24), date(2026, 10, 25)  # which has 25 hours
MORNING = midnight(TODAY, BERLIN) + 9 * HOUR


def outlook(value: float, at: int = MORNING, hours: int = 73, metric: Metric = PV_POWER) -> Outlook:
    start = midnight(TODAY, BERLIN)
    slots = (Slot(start + n * HOUR, start + (n + 1) * HOUR, value) for n in range(hours))
    return Outlook("roof", metric, at, tuple(slots), "Open-Meteo")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path, BERLIN, lasting=MORNING)) as store:
        yield store


def reopened(path: Path) -> Store:
    return Store(path, BERLIN, writes=False)


def test_the_newest_takes_the_place_of_the_one_before(store: Store, path: Path) -> None:
    for value, at in ((100, MORNING), (200, MORNING + HOUR)):
        store.outlooks.add([outlook(value, at)])
        assert store.pending
        store.flush()
    assert not store.pending
    with closing(reopened(path)) as again:
        assert again.outlooks.get("roof", PV_POWER) == outlook(200, MORNING + HOUR)
        assert again.outlooks.issued_at("roof", PV_POWER) == MORNING + HOUR
        assert again.rows()["outlook"] == 1
        assert again.readings.latest("roof", PV_POWER) is None, "it is never mixed into history"
        assert again.outlooks.get("roof", INVERTER_TEMPERATURE) is None


def test_what_is_only_in_memory_survives_another_processs_write(store: Store, path: Path) -> None:
    store.outlooks.add([outlook(100)])
    with closing(Store(path, BERLIN)) as other:
        other.outlooks.add([outlook(5, metric=INVERTER_TEMPERATURE)])
        other.flush()
    store.sync()
    assert [one.metric.name for one in store.outlooks.all()] == ["inverter_temperature", "pv_power"]
    store.flush()
    with closing(reopened(path)) as again:
        assert len(again.outlooks.all()) == 2


def test_a_day_is_remembered_as_it_was_expected_when_it_began(store: Store, path: Path) -> None:
    """25 hours of 100 W, restated in the evening; what is said of it in the course of the day comes too late."""
    for value, at in ((100, MORNING), (200, MORNING + 12 * HOUR), (900, MORNING + DAY)):
        store.outlooks.add([outlook(value, at)])
    assert store.outlooks.expected("roof", PV_POWER, TODAY, TOMORROW) == {TOMORROW: 5000}
    store.flush()
    with closing(reopened(path)) as again:
        assert again.outlooks.expected("roof", PV_POWER, TODAY, TOMORROW) == {TOMORROW: 5000}
        assert again.outlooks.expected("roof", PV_POWER, TOMORROW, date(2026, 12, 1)) == {
            TOMORROW: 5000,
            date(2026, 10, 26): 21600,
        }


def test_a_day_of_which_half_is_known_is_not_expected(store: Store) -> None:
    store.outlooks.add([outlook(100, hours=36), outlook(20, metric=INVERTER_TEMPERATURE)])
    assert store.outlooks.expected("roof", PV_POWER, TODAY, TOMORROW) == {}
    assert store.outlooks.expected("roof", INVERTER_TEMPERATURE, TODAY, TOMORROW) == {}, "a temperature is no energy"


def test_what_is_over_is_deleted_some_time(store: Store, path: Path) -> None:
    store.outlooks.add([outlook(100)])
    store.flush()
    for now, rows in ((MORNING + 4 * DAY, 1), (MORNING + 6 * DAY, 0)):
        with store.transaction():
            store.outlooks.prune(now)
        assert store.rows()["outlook"] == rows
        assert store.rows()["expectation"] == 1
    with store.transaction():
        store.outlooks.prune(MORNING + 90 * DAY)
    assert store.rows()["expectation"] == 0


def test_a_subject_that_is_forgotten_is_not_expected_any_more(store: Store) -> None:
    store.outlooks.add([outlook(100)])
    store.forget(["roof"])
    assert store.outlooks.get("roof", PV_POWER) is None
    assert store.rows()["outlook"] == store.rows()["expectation"] == 0


def test_a_clock_that_is_put_forward_takes_along_what_is_not_written(store: Store) -> None:
    store.held = True
    store.outlooks.add([outlook(100)])
    assert not store.pending, "it is dated, perhaps wrongly"
    store.dating.clock_moved(DAY, MORNING + DAY)
    assert store.outlooks.issued_at("roof", PV_POWER) == MORNING + DAY
    assert store.outlooks.expected("roof", PV_POWER, TODAY, TOMORROW) == {}


def test_one_that_a_clock_dated_ahead_is_gone_when_that_is_right(store: Store) -> None:
    store.outlooks.add([outlook(100, MORNING + DAY)])
    store.flush()
    store.dating.clock_is_right(MORNING, MORNING - HOUR)
    assert store.outlooks.all() == []


def test_it_goes_along_where_the_card_fails(store: Store, path: Path) -> None:
    store.outlooks.add([outlook(100)])
    store.flush()
    store.recover(MORNING)
    assert store.outlooks.get("roof", PV_POWER) == outlook(100)
    assert store.outlooks.expected("roof", PV_POWER, TODAY, TOMORROW) == {TOMORROW: 2500}, "saved from the file"
    store.flush()
    with closing(reopened(path)) as again:
        assert again.outlooks.get("roof", PV_POWER) == outlook(100)


@pytest.mark.parametrize("slots", ["[[0", '[[0,1,["5"]]]', "5", "[[1,2]]", f"[[0,1,[{'9' * 400}]]]", "[" * 100_000])
def test_a_damaged_one_is_a_fault_of_the_card(store: Store, path: Path, slots: str) -> None:
    store.outlooks.add([outlook(100)])
    store.flush()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE outlook SET slots = ?", (slots,))
    store.sync()
    assert store.outlooks.get("roof", PV_POWER) is None
    with pytest.raises(StoreError, match="damaged"):
        store.sync()


def test_a_copy_holds_it_too(store: Store, tmp_path: Path) -> None:
    store.outlooks.add([outlook(100)])
    store.flush()
    store.backup(tmp_path / "copy.db")
    with closing(reopened(tmp_path / "copy.db")) as copy:
        assert copy.outlooks.get("roof", PV_POWER) == outlook(100)


def test_a_person_reads_it_slot_by_slot(store: Store, path: Path) -> None:
    store.outlooks.add([replace(outlook(21.5, metric=INVERTER_TEMPERATURE), slots=_broken())])
    store.add([Reading("roof", PV_POWER, 1, MORNING)], 300)
    store.flush()
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT subject, metric, unit, issued, since, until, value, attribution FROM outlooks")
        head = ("roof", "inverter_temperature", "°C", "2026-10-24 07:00:00")
        assert rows.fetchall() == [
            (*head, "2026-10-24 07:00:00", "2026-10-24 07:15:00", 21.5, "Open-Meteo"),
            (*head, "2026-10-24 07:15:00", "2026-10-24 07:30:00", -3.2, "Open-Meteo"),
            (*head, "2026-10-24 08:00:00", "2026-10-24 09:00:00", 4.0, "Open-Meteo"),
        ]


def _broken() -> tuple[Slot, ...]:
    quarter = 15 * MINUTE
    return (
        Slot(MORNING, MORNING + quarter, 21.5),
        Slot(MORNING + quarter, MORNING + 2 * quarter, -3.2),
        Slot(MORNING + HOUR, MORNING + 2 * HOUR, 4),
    )
