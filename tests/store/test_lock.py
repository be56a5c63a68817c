"""One daemon a database, and who asks whether there is one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from eink_monitor.config import load
from eink_monitor.daemon.control import Answer
from eink_monitor.doctor import wall
from eink_monitor.store.lock import Lock, held
from houses import write


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
    (asleep,) = wall.daemon(Answer(0, ""), config)
    assert asleep.words == "does not run"
    with closing(Lock(config.database)):
        (told,) = wall.daemon(Answer(0, ""), config)
    assert (told.state, told.words) == (
        "warn",
        "runs, but cannot be reached: its control socket beside the database is missing",
    )
