"""What stands in the place of a database while a store has it open: nothing goes, and nothing is kept twice."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.errors import StoreError, WrongFile
from eink_monitor.metrics import PV_POWER
from eink_monitor.model import Reading
from eink_monitor.store import Store

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000


def write(store: Store, values: range) -> None:
    for value in values:
        store.add([Reading("roof", PV_POWER, float(value), NOW + 60 * value)], 300)
    store.flush()


def values(path: Path) -> list[float]:
    with closing(Store(path, UTC, writes=False)) as store:
        return [run.value for run in store.readings.runs("roof", PV_POWER, 0, NOW + 86400)]


def theirs(path: Path) -> None:
    stranger = path.with_name("theirs.db")
    with closing(sqlite3.connect(stranger)) as db:
        db.execute("CREATE TABLE notes (text)")
        db.commit()
    stranger.replace(path)


def test_a_strangers_database_in_its_place_is_not_touched_and_ours_is_kept_once(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    theirs(path)
    before = path.read_bytes()
    with pytest.raises(WrongFile, match=r"another program.*kept as readings\.db\.replaced-1"):
        write(store, range(5, 6))
    for value in range(6, 9):
        with pytest.raises(WrongFile, match="another program"):
            write(store, range(value, value + 1))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob("readings.db.replaced-*")] == ["readings.db.replaced-1"]
    assert values(tmp_path / "readings.db.replaced-1") == [0, 1, 2, 3, 4]
    (tmp_path / "readings.db.replaced-1").replace(path)
    write(store, range(9, 10))
    store.close()
    assert values(path) == list(range(10)), "what was kept, and what came in meanwhile"


def test_an_empty_file_in_its_place_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    path.unlink()
    path.touch()
    write(store, range(5, 7))
    store.close()
    assert values(path) == list(range(7))


def test_whoever_is_faster_with_a_file_in_its_place_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    path.unlink()
    looked = False

    def faster(event: str, _: object) -> None:
        nonlocal looked
        if event == "os.link" and not looked:
            looked = True
            path.touch()

    sys.addaudithook(faster)
    with pytest.raises(StoreError, match="trying again"):
        write(store, range(5, 6))
    write(store, range(6, 7))
    store.close()
    assert values(path) == list(range(7))
