"""One daemon a database, and who asks whether there is one."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.config import load
from eink_monitor.daemon.control import Reply
from eink_monitor.doctor import wall
from eink_monitor.errors import InUse
from eink_monitor.store import Store
from eink_monitor.store.lock import Lock, held
from houses import write

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
ME = os.getpid()


def test_a_lock_can_be_seen_and_is_not_taken_by_looking(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    assert not held(path)
    assert not held(tmp_path / "no folder" / "readings.db")
    with closing(Lock(path)):
        assert held(path)
        assert held(path)
        assert not held(tmp_path / "other.db")
    assert not held(path)
    Lock(path).close()


def test_doctor_sees_a_daemon_whose_socket_was_removed(tmp_path: Path) -> None:
    config = load(write(tmp_path))
    (asleep,) = wall.daemon(Reply(0, ""), config)
    assert asleep.words == "is not running"
    with closing(Lock(config.database)):
        (told,) = wall.daemon(Reply(0, ""), config)
    assert (told.state, told.words) == (
        "warn",
        "runs, but cannot be reached: its control socket beside the database is missing",
    )


def test_a_second_daemon_is_refused_whatever_happens_to_the_files(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    first = Store(path, UTC, lasting=NOW)
    for _ in range(2):
        with pytest.raises(InUse, match=r"another eink-monitor already uses .*; stop that one"):
            Store(path, UTC, lasting=NOW)
        for file in list(tmp_path.iterdir()):
            file.unlink()
    Store(tmp_path / "another.db", UTC, lasting=NOW).close()
    first.close()
    Store(path, UTC, lasting=NOW).close()


@pytest.mark.parametrize("_", range(4))
def test_of_six_daemons_that_start_at_once_one_lives(tmp_path: Path, _: int) -> None:
    (began, begin), (ended, end), (told, tell) = os.pipe(), os.pipe(), os.pipe()
    children = [os.fork() for _ in range(6) if os.getpid() == ME]
    if os.getpid() != ME:
        os.close(begin)
        os.close(end)
        os.read(began, 1)
        try:
            store = Store(tmp_path / "readings.db", UTC, lasting=NOW)
            os.write(tell, b"lives ")
            os.read(ended, 1)
            store.close()
        except InUse:
            os.write(tell, b"refused ")
        finally:
            os._exit(0)
    for descriptor in (began, begin, ended, tell):
        os.close(descriptor)  # all of them go
    said = b""
    while len(said.split()) < 6 and (piece := os.read(told, 100)):
        said += piece
    os.close(end)
    for child in children:
        os.waitpid(child, 0)
    os.close(told)
    assert sorted(said.split()) == [b"lives", *[b"refused"] * 5]


def test_a_lock_knows_whether_its_folder_is_the_one_that_is_there(tmp_path: Path) -> None:
    path, old = tmp_path / "card" / "readings.db", tmp_path / "old" / "readings.db"
    path.parent.mkdir()
    with closing(Lock(path)) as lock:
        found = [lock.holds(path)]
        path.parent.rename(old.parent)
        found += [lock.holds(path), lock.holds(old)]
        path.parent.mkdir()
        found += [lock.holds(path), lock.holds(old)]
    assert found == [True, False, True, False, True]
