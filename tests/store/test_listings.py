"""Listings and events in the store: written with all else, cheap where nothing changes, and whole after any mishap."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR
from eink_monitor.errors import StoreError
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store, events
from eink_monitor.store.repair.salvage import salvage

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
ITEMS = tuple(Item(f"Parcel {number}", "GLS", NOW, NOW + DAY, "in delivery", number == 2) for number in range(12))


def parcels(at: int = NOW, items: tuple[Item, ...] = ITEMS) -> Listing:
    return Listing("post", "parcels", at, items, 1)


def session(key: str = "7", start: int = NOW - HOUR, end: int | None = NOW, **figures: float) -> Event:
    return Event("garage", "charging.session", key, start, end, figures, {"vehicle": "Enyaq"})


def told(store: Store, kind: str = "") -> list[Event]:
    return list(store.events.get("garage", kind, 0, NOW + DAY))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path, UTC, lasting=NOW)) as store:
        yield store


def reopened(path: Path) -> Store:
    return Store(path, UTC, writes=False)


def test_a_listing_is_replaced_whole(store: Store, path: Path) -> None:
    for listing in (parcels(), parcels(NOW + 60, ITEMS[:1]), parcels(NOW + 120, ())):
        store.listings.add([listing])
        assert store.pending
        store.flush()
        assert store.listings.get("post", "parcels") == listing
    assert not store.pending
    with closing(reopened(path)) as again:
        assert again.listings.all() == [parcels(NOW + 120, ())]
        assert again.listings.at("post", "parcels") == NOW + 120
        assert again.rows()["listing"] == 1
        assert again.listings.get("post", "letters") is None


def pages_written(store: Store, path: Path) -> int:
    store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.flush()
    log = path.with_name(f"{path.name}-wal")
    return (log.stat().st_size - 32) // (1024 + 24) if log.exists() and log.stat().st_size else 0


def test_an_unchanged_listing_costs_what_an_unchanged_reading_costs(store: Store, path: Path) -> None:
    store.listings.add([parcels()])
    store.add([Reading("roof", PV_POWER, 5, NOW)], 300)
    store.flush()
    store.add([Reading("roof", PV_POWER, 5, NOW + 60)], 300)
    reading = pages_written(store, path)
    store.listings.add([parcels(NOW + 60)])
    assert len(store.listings._fresh) == 1
    assert pages_written(store, path) <= reading
    store.listings.add([parcels(NOW + 60)])
    assert not store.pending


def test_the_same_key_changes_the_event_and_nothing_is_written_twice(store: Store, path: Path) -> None:
    store.events.add([session(end=None), session("8", energy_wh=1)])
    assert told(store) == [session(end=None), session("8", energy_wh=1)]
    store.flush()
    store.events.add([session(end=None), session("8", energy_wh=1)])
    assert not store.pending
    store.events.add([session(energy_wh=5200)])
    assert told(store) == [session(energy_wh=5200), session("8", energy_wh=1)]
    store.flush()
    store.events.add([session(energy_wh=9, start=NOW)])
    store.events.add([session(energy_wh=5200)])
    store.flush()
    with closing(reopened(path)) as again:
        assert told(again) == [session(energy_wh=5200), session("8", energy_wh=1)]
        assert told(again, "charging.session") == told(again)
        assert told(again, "trip") == []
        assert again.events.get("garage", "", NOW - HOUR + 1, NOW) == []
        assert again.events.kinds() == [("garage", "charging.session")]


def test_what_is_only_in_memory_survives_another_processs_write(store: Store, path: Path) -> None:
    store.listings.add([parcels()])
    store.events.add([session()])
    with closing(Store(path, UTC)) as other:
        other.listings.add([replace(parcels(), name="letters")])
        other.events.add([session("8")])
        other.flush()
    store.sync()
    assert [one.name for one in store.listings.all()] == ["letters", "parcels"]
    assert told(store) == [session(), session("8")]
    store.flush()
    with closing(reopened(path)) as again:
        assert (len(again.listings.all()), len(told(again))) == (2, 2)


def test_memory_is_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST", 3)
    store.events.add([session(str(number), NOW + number, None) for number in range(5)])
    assert [one.key for one in told(store)] == ["2", "3", "4"]


def test_they_are_kept_so_long(store: Store) -> None:
    store.listings.add([parcels()])
    store.events.add([session(), session("8", NOW + DAY)])
    store.flush()
    for now, left in ((NOW + 59 * DAY, (1, 2)), (NOW + 61 * DAY, (0, 1))):
        with store.transaction():
            store.listings.prune(now)
            store.events.prune(now - 60 * DAY)
        assert (store.rows()["listing"], store.rows()["event"]) == left


def test_a_subject_that_is_forgotten_has_none(store: Store) -> None:
    store.listings.add([parcels()])
    store.events.add([session()])
    store.forget(["post", "garage"])
    assert (store.listings.all(), told(store)) == ([], [])
    assert store.rows()["listing"] == store.rows()["event"] == 0


def test_a_clock_that_is_put_forward_takes_along_what_it_dated(store: Store) -> None:
    store.held = True
    store.listings.add([parcels()])
    store.events.add([session(start=NOW, end=None), session("old", NOW - DAY)], NOW - 60)
    assert not store.pending
    store.dating.clock_moved(HOUR, NOW + HOUR)
    assert store.listings.at("post", "parcels") == NOW + HOUR
    assert [one.start for one in told(store)] == [NOW - DAY, NOW + HOUR]


def test_what_is_dated_ahead(store: Store) -> None:
    """A listing comes again with the next poll; an event does not, so only a person deletes it, and it is kept."""
    store.listings.add([parcels(NOW + DAY)])
    store.events.add([session(start=NOW + HOUR, end=None)])
    store.flush()
    store.dating.clock_is_right(NOW, NOW - HOUR)
    assert (store.listings.all(), len(told(store))) == ([], 1)
    kept: list[object] = []
    store.dating.forget_after(NOW, NOW, kept.extend)
    assert (len(kept), told(store)) == (1, [])


def test_they_go_along_where_the_card_fails(store: Store, path: Path) -> None:
    store.listings.add([parcels()])
    store.events.add([session()])
    store.flush()
    store.recover(NOW)
    assert (store.listings.all(), told(store)) == ([parcels()], [session()])
    store.flush()
    with closing(reopened(path)) as again:
        assert (again.listings.all(), told(again)) == ([parcels()], [session()])


def test_events_are_salvaged_page_by_page(store: Store, path: Path, tmp_path: Path) -> None:
    many = [session(str(number), NOW - number, energy_wh=number) for number in range(100)]
    store.events.add(many)
    store.flush()
    store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    broken = bytearray(path.read_bytes())
    root = store._disk.execute("SELECT rootpage FROM sqlite_master WHERE name = 'event'").fetchone()[0]
    broken[(root - 1) * 1024 : root * 1024] = bytes(1024)
    (tmp_path / "broken").write_bytes(broken)
    with closing(Store(tmp_path / "new.db", UTC)) as new:
        new.events.add(many[:1])
        new.flush()
        for _ in range(2):
            saved, _, missing = salvage(tmp_path / "broken", tmp_path / "new.db")
            assert (saved, missing) == (100, 0)
        assert told(new) == many[::-1]


def test_a_salvage_that_has_not_saved_every_event_is_not_complete(store: Store, path: Path, tmp_path: Path) -> None:
    """Only a complete one lets the file that was set aside be deleted."""
    store.events.add([session(str(number), NOW - number) for number in range(30)])
    store.flush()
    store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    (tmp_path / "old").write_bytes(path.read_bytes())
    with closing(Store(tmp_path / "new.db", UTC)), closing(sqlite3.connect(tmp_path / "new.db")) as db:
        db.execute("CREATE TRIGGER full BEFORE INSERT ON event WHEN new.key = '7' BEGIN SELECT RAISE(IGNORE); END")
        assert salvage(tmp_path / "old", tmp_path / "new.db") == (29, 0, 1)


@pytest.mark.parametrize("text", ["[[0", "5", "[[1,2]]", '[{"a":"b"},{}]', "[" * 100_000])
def test_damage_is_a_fault_of_the_card(store: Store, path: Path, text: str) -> None:
    store.listings.add([parcels()])
    store.events.add([session()])
    store.flush()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE listing SET items = ?", (text,))
        db.execute("UPDATE event SET rest = ?", (text,))
    store.sync()
    assert told(store) == []
    assert store.listings.get("post", "parcels") is None
    with pytest.raises(StoreError, match="damaged"):
        store.sync()


def test_a_copy_holds_them_and_a_person_reads_them(store: Store, tmp_path: Path) -> None:
    store.listings.add([parcels(items=ITEMS[2:3])])
    store.events.add([session(energy_wh=5)])
    store.flush()
    store.backup(tmp_path / "copy.db")
    with closing(reopened(tmp_path / "copy.db")) as copy:
        assert (copy.listings.get("post", "parcels"), told(copy)) == (parcels(items=ITEMS[2:3]), [session(energy_wh=5)])
    with closing(sqlite3.connect(tmp_path / "copy.db")) as db:
        assert db.execute("SELECT name, title, state, stuck FROM listings").fetchall() == [
            ("parcels", "Parcel 2", "in delivery", 1)
        ]
        assert db.execute("SELECT kind, figures, words FROM events").fetchall() == [
            ("charging.session", '{"energy_wh":5}', '{"vehicle":"Enyaq"}')
        ]
