"""What stands in the place of a database while a store has it open: nothing goes, and nothing is kept twice."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import SystemClock
from eink_monitor.errors import StoreError, WrongFile
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.reading import Reading
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


def text(path: Path) -> None:
    path.with_name("list.txt").write_text("milk and bread\n" * 100, encoding="utf-8")
    path.with_name("list.txt").replace(path)


@pytest.mark.parametrize("stranger", [theirs, text])
def test_what_is_not_ours_in_its_place_is_not_touched_and_ours_is_kept_once(
    tmp_path: Path, stranger: Callable[[Path], None]
) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    stranger(path)
    before = path.read_bytes()
    with pytest.raises(WrongFile, match=r"name another file.*kept as readings\.db\.replaced-1"):
        write(store, range(5, 6))
    for value in range(6, 9):
        with pytest.raises(WrongFile, match="name another file"):
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


@pytest.mark.parametrize("before", ["gone", "empty"])
def test_a_stranger_that_comes_while_ours_is_written_again_is_not_touched(tmp_path: Path, before: str) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    path.unlink()
    if before == "empty":
        path.touch()
    came = b""

    def meanwhile(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal came
        if event == "open" and not came and Path(str(arguments[0])).name.startswith(f".{path.name}."):
            came = b"about to"
            theirs(path)
            came = path.read_bytes()

    sys.addaudithook(meanwhile)
    with pytest.raises(StoreError, match="trying again"):
        write(store, range(5, 6))
    assert len(came) > 1000, "it did come"
    assert path.read_bytes() == came
    with pytest.raises(WrongFile, match="kept as"):
        write(store, range(6, 7))
    assert path.read_bytes() == came
    store.close()


@pytest.mark.parametrize("way", ["moved", "copied"])
@pytest.mark.parametrize("emptied", [False, True], ids=["with a log", "without"])
@pytest.mark.parametrize("kind", ["backup", "file"])
def test_a_good_older_copy_over_a_running_one_is_a_restore(tmp_path: Path, way: str, kind: str, emptied: bool) -> None:
    path, copy = tmp_path / "readings.db", tmp_path / "copy.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    if kind == "backup":
        store.backup(copy)
    else:
        store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copy(path, copy)
    for value in range(5, 300):
        write(store, range(value, value + 1))
    if emptied:
        store._disk.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.sync()
    if way == "moved":
        copy.replace(path)
    else:
        shutil.copyfile(copy, path)
    store.sync()
    write(store, range(300, 302))
    told = store.told
    store.close()
    assert values(path) == [0, 1, 2, 3, 4, 300, 301]
    logged = way == "copied" and not emptied
    assert [file.name[-4:] for file in tmp_path.glob("*.damaged-*")] == ["-wal"] * logged, "its log is kept"
    assert len(told) == (way == "moved" or logged)
    assert all("was replaced by another database of eink-monitor, which is used from" in words for words in told)


def test_whoever_touches_the_database_or_empties_its_log_has_replaced_nothing(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    path.touch()
    write(store, range(5, 7))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.sync()
    write(store, range(7, 9))
    assert store.told == []
    store.close()
    assert values(path) == list(range(9))
    assert {file.name for file in tmp_path.iterdir()} <= {"readings.db", "readings.db-wal", "readings.db-shm"}


@pytest.mark.parametrize("way", ["moved", "copied"])
def test_a_good_older_copy_in_the_place_of_one_whose_daemon_was_killed_is_a_restore(tmp_path: Path, way: str) -> None:
    path, copy = tmp_path / "readings.db", tmp_path / "copy.db"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    store.backup(copy)
    for value in range(5, 100):
        write(store, range(value, value + 1))
    held = {end: path.with_name(path.name + end).read_bytes() for end in ("", "-wal")}
    store.close()
    for end, content in held.items():
        path.with_name(path.name + end).write_bytes(content)
    copy.replace(path) if way == "moved" else shutil.copyfile(copy, path)
    again = Store(path, UTC, lasting=NOW)
    write(again, range(100, 102))
    assert not again.facts.damaged
    again.close()
    assert values(path) == [0, 1, 2, 3, 4, 100, 101]
    assert {file.name[-4:] for file in tmp_path.glob("*.damaged-*")} <= {"-wal", "-shm"}


def test_damage_that_is_met_in_ours_costs_a_stranger_in_its_place_nothing(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    with closing(Store(path, ZoneInfo("UTC"), durable=True)) as store:
        theirs = tmp_path / "theirs.db"
        with closing(sqlite3.connect(theirs)) as db:
            db.execute("CREATE TABLE notes (text)")
            db.execute("PRAGMA user_version = 7")
            db.commit()
        whole = theirs.read_bytes()
        theirs.replace(path)
        with pytest.raises(WrongFile):
            store.recover(SystemClock().now())
        with pytest.raises(WrongFile):
            store.recover(SystemClock().now())
    assert path.read_bytes() == whole
    assert not list(tmp_path.glob("readings.db.damaged-*"))
    assert list(tmp_path.glob("readings.db.replaced-*")), "ours had no other name"


def test_damage_that_nobody_has_met_yet_costs_what_a_stranger_takes_the_place_of_nothing_more(tmp_path: Path) -> None:
    """The file has no name any more and cannot be copied by SQLite: its bytes are kept, and salvaged once put back."""
    path, kept = tmp_path / "readings.db", tmp_path / "readings.db.replaced-1"
    store = Store(path, UTC, lasting=NOW)
    write(store, range(5))
    write(store, range(5, 400))
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.write(b"\xaa" * 1024)
    whole = path.read_bytes()
    theirs(path)
    with pytest.raises(WrongFile, match=r"kept as it is, as readings\.db\.replaced-1"):
        store._failover.fail_back()
    assert kept.read_bytes() == whole
    assert kept.stat().st_mode & 0o777 == 0o600
    store.close()
    kept.replace(path)
    with closing(Store(path, UTC, lasting=NOW)) as again:
        assert again.facts.salvage, "what can be read of it is about to be saved"
