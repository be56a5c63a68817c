"""Files of the database that somebody removes while the daemon runs: nothing goes, and it is said."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import MINUTE, FastClock, SystemClock
from eink_monitor.config import load
from eink_monitor.doctor import storage
from eink_monitor.metrics import PV_POWER
from eink_monitor.store import Store
from houses import write
from small_house import Says, Scripted, Small, feed, slide, small_house

UTC = ZoneInfo("UTC")
NOW = SystemClock().now()
FILES = ["readings.db", "readings.db-wal", "readings.db-shm"]
REMOVED: dict[str, list[str]] = {
    "the log": FILES[1:2],
    "the shared memory": FILES[2:],
    "both": FILES[1:],
    "the database": FILES[:1],
    "all of it": FILES,
}


def values(path: Path) -> list[float]:
    with closing(Store(path, UTC, writes=False)) as store:
        return [run.value for run in store.readings.runs("roof", PV_POWER, 0, NOW + 86400)]


def lived(folder: Path) -> Small:
    """Twenty-one minutes, of which the last are in memory only, and nothing of it in the database itself."""
    script = [float(value) for value in range(100)]
    house = small_house(
        folder / "readings.db", [feed("roof", Scripted([*script]), every=60)], [slide("s", Says())],
        clock=FastClock(NOW), durable=True,
    )  # fmt: skip
    house.live(21 * MINUTE + 1)
    return house


def told(file: Path) -> list[str]:
    found = storage.findings(load(file), SystemClock())
    return [f"{one.words} -> {one.mend}" for one in found if "while it was in use" in one.words]


@pytest.mark.parametrize("what", REMOVED)
def test_what_is_removed_is_written_again_at_once_and_it_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    file = write(tmp_path)
    house = lived(tmp_path)
    for name in REMOVED[what]:
        (tmp_path / name).unlink()
    before = house.clock.now()
    house.live(MINUTE)
    after = tmp_path / "after the power was cut"
    after.mkdir()
    for name in FILES[:2]:
        if (tmp_path / name).exists():
            shutil.copy(tmp_path / name, after)
    found = values(after / "readings.db")
    assert found == list(range(len(found)))
    assert len(found) >= 22, "all that memory had, in the minute in which it was removed"
    assert house.clock.now() - before <= MINUTE + 1
    (words,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert words.startswith(REMOVED[what][0])
    assert "while it was in use" in words
    house.live(11 * MINUTE)
    (line,) = told(file)
    assert words in line
    assert "find out what did it" in line
    house.daemon.stop()
    house.store.close()
    assert len(values(tmp_path / "readings.db")) >= 33
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_verb_that_reads_is_told(tmp_path: Path) -> None:
    """It asks the daemon to write first, which finds the place empty."""
    house = lived(tmp_path)
    for name in FILES:
        (tmp_path / name).unlink()
    answer = house.daemon.write()
    assert answer.words.startswith("readings.db was removed while it was in use; it is written again")
    assert len(values(tmp_path / "readings.db")) >= 22
    house.live(11 * MINUTE)
    assert house.daemon.write().words == "", "said for some minutes"
    house.daemon.stop()
    house.store.close()


@pytest.mark.parametrize("what", REMOVED)
def test_what_cannot_be_read_where_it_was_removed_is_not_closed_before_it_is_saved(tmp_path: Path, what: str) -> None:
    """A panel met an I/O error just then, and only the connection has what was in the files."""
    house = lived(tmp_path)
    house.store.flush()
    for name in REMOVED[what]:
        (tmp_path / name).unlink()
    house.store._disk.fault = sqlite3.OperationalError("disk I/O error")
    house.live(MINUTE)
    house.daemon.stop()
    house.store.close()
    assert values(tmp_path / "readings.db")[:21] == list(range(21))
