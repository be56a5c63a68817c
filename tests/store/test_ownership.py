"""What is not proven to be ours is not touched in any way."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.errors import Damaged, StoreError, WrongFile
from eink_monitor.model.poll import Outcome
from eink_monitor.store import VERSION, Store
from eink_monitor.store.repair.damage import damaged
from eink_monitor.store.repair.ownership import MAGIC

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
MARK = int.from_bytes(b"eink")
Make = Callable[[Path], object]


def database(*statements: str) -> Make:
    """Another program's, with a table that has a familiar name."""

    def make(path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            for statement in ("CREATE TABLE series (id, title)", "INSERT INTO series VALUES (1, 'Dune')", *statements):
                db.execute(statement)
            db.commit()

    return make


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def link(path: Path) -> None:
    path.with_name("text").write_text("milk")
    path.symlink_to("text")


def beside_our_log(content: bytes) -> Make:
    """What somebody has put in the place of a database whose daemon was killed."""

    def make(path: Path) -> None:
        ours = Store(path, UTC)
        ours.note(Outcome("roof", NOW, 0.1, "ok", ""), None, 0)
        ours.flush()
        log = path.with_name(f"{path.name}-wal").read_bytes()
        ours.close()
        path.with_name(f"{path.name}-wal").write_bytes(log)
        path.write_bytes(content)

    return make


def another_log(path: Path) -> None:
    path.touch()
    path.with_name(f"{path.name}-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(4000))


STRANGERS: dict[str, Make] = {
    "a database": database(),
    "a database with a version": database("PRAGMA user_version = 7"),
    "a database with a version of ours": database(f"PRAGMA user_version = {VERSION}"),
    "a database of a known program": database("PRAGMA application_id = 252006673"),
    "a database with our mark": database("DROP TABLE series", "CREATE TABLE x (y)", f"PRAGMA application_id = {MARK}"),
    "a database with a log": database("PRAGMA journal_mode = WAL", "INSERT INTO series VALUES (2, 'Emma')"),
    "a database with nothing in it": content(MAGIC + bytes((16, 0, 1, 1, 0, 64, 32, 32)) + bytes(4072)),
    "a broken database": content(MAGIC + Random(1).randbytes(9000)),
    "a text": content(b"milk\nbread\n"),
    "a short text": content(b"x"),
    "a picture": content(b"\x89PNG\r\n\x1a\n" + Random(2).randbytes(30_000)),
    "our own program": content(Path(sqlite3.__file__).read_bytes() + b"CREATE TABLE reading (at INTEGER"),
    "a folder": lambda path: (path / "inside").mkdir(parents=True),
    "a pipe": os.mkfifo,
    "a link to a text": link,
    "a text beside our log": beside_our_log(b"milk\nbread\n"),
    "a picture beside our log": beside_our_log(b"\x89PNG\r\n\x1a\n" + Random(2).randbytes(30_000)),
    "a broken database beside our log": beside_our_log(MAGIC + Random(1).randbytes(9000)),
    "an empty file with another program's log": another_log,
}


def state(folder: Path) -> dict[str, tuple[int, int, int, bytes]]:
    """Everything in a folder: names, kinds, times, contents."""
    found = {}
    for path in sorted(folder.iterdir()):
        status = path.lstat()
        held = path.read_bytes() if path.is_file() else b""
        found[path.name] = (status.st_ino, status.st_mode, status.st_mtime_ns, held)
    return found


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("way", ["daemon", "writes", "looks"])
def test_what_is_not_ours_is_not_touched_and_named(tmp_path: Path, kind: str, way: str) -> None:
    path = tmp_path / "other.db"
    STRANGERS[kind](path)
    before = state(tmp_path)
    with pytest.raises(WrongFile) as refusal:
        Store(path, UTC, lasting=NOW) if way == "daemon" else Store(path, UTC, writes=way == "writes")
    assert refusal.value.exit_code == 78, "systemd does not try again"
    assert str(path) in str(refusal.value)
    assert "name another file as `database:`" in str(refusal.value)
    assert state(tmp_path) == before


def test_a_stranger_that_comes_while_we_run_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink()
    database()(path)
    before = path.read_bytes()
    with pytest.raises(WrongFile):
        store.flush()
    store.close()
    assert path.read_bytes() == before
    assert not path.with_name("readings.db-wal").exists()


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    """SQLite calls it one, and nobody can lose anything."""
    path = tmp_path / "readings.db"
    path.touch()
    Store(path, UTC, lasting=NOW).close()
    Store(path, UTC, writes=False).close()


def test_a_link_to_our_database_is_followed(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    (tmp_path / "readings.db").symlink_to("card/readings.db")
    Store(tmp_path / "readings.db", UTC, lasting=NOW).close()
    assert (tmp_path / "readings.db").is_symlink()
    Store(tmp_path / "card" / "readings.db", UTC, writes=False).close()


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """A database of ours; its definitions fill the first pages."""
    path = tmp_path / "readings.db"
    Store(path, UTC).close()
    return path


def header(at: int, new: bytes) -> Callable[[bytearray], object]:
    return lambda data: data.__setitem__(slice(at, at + len(new)), new)


HARM: dict[str, Callable[[bytearray], object]] = {
    "no header": header(0, bytes(100)),
    "no first page": header(0, bytes(1024)),
    "another's first page": header(0, Random(4).randbytes(1024)),
    "a damaged mark": header(70, b"\0\0"),
    "read-only by a bit": header(18, b"\x06"),
    "automatic vacuum by a bit": header(54, b"\x01"),
    "another encoding": header(59, b"\x03"),
    "no definitions": header(100, bytes(924)),
    "all zeros": lambda data: data.__setitem__(slice(None), bytes(len(data))),
    "cut off": lambda data: data.__delitem__(slice(1500, None)),
}


@pytest.mark.parametrize("harm", HARM)
def test_ours_is_known_in_pieces(ours: Path, harm: str) -> None:
    data = bytearray(ours.read_bytes())
    HARM[harm](data)
    ours.write_bytes(data)
    with pytest.raises(Damaged):
        Store(ours, UTC)
    store = Store(ours, UTC, lasting=NOW)
    assert store.fault is None
    store.close()
    assert damaged(ours)[0].exists(), "set aside, not overwritten"


@pytest.mark.parametrize(("mark", "kind"), [(b"ei\0\0", Damaged), (b"\0ink", Damaged), (b"e\0\0\1", WrongFile)])
def test_of_an_old_version_the_mark_may_be_half_damaged(ours: Path, mark: bytes, kind: type[StoreError]) -> None:
    """It has not all our tables yet, so that another program might have two like them."""
    with closing(sqlite3.connect(ours)) as db:
        db.execute("DROP TABLE wear")
    data = bytearray(ours.read_bytes())
    header(68, mark)(data)
    ours.write_bytes(data)
    with pytest.raises(kind):
        Store(ours, UTC)


def test_a_foreign_file_is_no_backup_to_write_over(ours: Path, tmp_path: Path) -> None:
    store = Store(ours, UTC, writes=False)
    target = tmp_path / "copy.db"
    for make in (lambda path: path.symlink_to("elsewhere"), os.mkfifo, Path.mkdir):
        make(target)
        with pytest.raises(StoreError, match=r"name a regular file, or one that does not exist yet"):
            store.backup(target)
        target.rmdir() if target.is_dir() else target.unlink()
    assert not (tmp_path / "elsewhere").exists()
    store.close()
