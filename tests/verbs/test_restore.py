"""``restore``: a copy takes the place of the database, and nothing goes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.errors import StoreError
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Budget, Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.store.lock import Lock
from eink_monitor.store.restore import restore
from houses import no_room, outdate, say, write

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
QUOTA = Quota("cloud", (Budget(50, "day"),))


def add(path: Path, values: range) -> None:
    with closing(Store(path, UTC)) as store:
        for value in values:
            store.add([Reading("roof", PV_POWER, float(value), NOW + 60 * value)], 300)
            store.reserve(QUOTA, 1, NOW + 60 * value)
        store.wear.keep({"full": values[-1]})
        store.flush()


def values(path: Path) -> list[float]:
    with closing(Store(path, UTC, writes=False)) as store:
        return [run.value for run in store.readings.runs("roof", PV_POWER, 0, NOW + 86400)]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy with five readings; nine since."""
    file, path = write(tmp_path), tmp_path / "readings.db"
    add(path, range(5))
    assert say("backup", tmp_path / "copy.db", "-c", file).code == 0
    add(path, range(5, 9))
    return file


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_copy_is_the_database_and_the_one_before_is_kept(house: Path) -> None:
    folder = house.parent
    path, copy = folder / "readings.db", folder / "copy.db"
    before = copy.read_bytes()
    for number in (1, 2):
        kept = folder / f"readings.db.replaced-{number}"
        said = say("restore", copy, "-c", house)
        assert (said.code, said.err) == (0, "")
        assert said.out == (
            f"{path} is what {copy} is; its newest reading is from 2026-05-28T22:30:40+02:00\n"
            f"the previous one is kept as {kept}\n"
        )
        assert values(path) == list(range(5))
        assert path.stat().st_mode & 0o777 == 0o600
        assert values(kept) == list(range(9 if number == 1 else 5))
    assert copy.read_bytes() == before
    with closing(Store(path, UTC, writes=False)) as store:
        assert len(store.ledger.calls(QUOTA, NOW + 3600)) == 9, "what is spent is spent"
        assert store.wear.counts() == {"full": 8}
    assert not list(folder.glob(".*"))


def test_the_log_of_the_one_before_goes_nowhere(house: Path) -> None:
    """As a daemon leaves it that was killed; its log is not replayed into the copy, and nothing in it is lost."""
    folder = house.parent
    path = folder / "readings.db"
    alive = Store(path, UTC)
    alive.add([Reading("roof", PV_POWER, 77, NOW + 3600)], 300)
    alive.flush()
    held = {end: path.with_name(path.name + end).read_bytes() for end in ("", "-wal")}
    alive.close()
    for end, content in held.items():
        path.with_name(path.name + end).write_bytes(content)
    assert say("restore", folder / "copy.db", "-c", house).code == 0
    assert values(path) == list(range(5))
    assert values(folder / "readings.db.replaced-1") == [*range(9), 77]


def test_the_log_of_another_database_is_kept_as_it_is_and_not_written_into_ours(house: Path, tmp_path: Path) -> None:
    path, other = house.with_name("readings.db"), tmp_path / "elsewhere" / "other.db"
    other.parent.mkdir()
    alive = Store(other, UTC)
    alive.add([Reading("roof", PV_POWER, float(number % 7), NOW + 60 * number) for number in range(5000)], 300)
    alive.flush()
    alive.close()
    alive = Store(other, UTC)
    alive.add([Reading("roof", PV_POWER, 77, NOW + 86400 * 9)], 300)
    alive.flush()
    log = other.with_name("other.db-wal").read_bytes()
    alive.close()
    path.with_name("readings.db-wal").write_bytes(log)
    before = path.read_bytes()
    assert say("restore", house.with_name("copy.db"), "-c", house).code == 0
    assert values(path) == list(range(5))
    kept = [path.with_name(f"readings.db.replaced-1{end}").read_bytes() for end in ("", "-wal")]
    assert kept == [before, log]


def test_a_copy_with_its_log_is_taken_with_it(house: Path) -> None:
    folder = house.parent
    alive = Store(folder / "readings.db", UTC)
    alive.add([Reading("roof", PV_POWER, 77, NOW + 3600)], 300)
    alive.flush()
    for end in ("", "-wal"):
        (folder / f"snapshot.db{end}").write_bytes((folder / f"readings.db{end}").read_bytes())
    alive.close()
    before = state(folder)
    assert say("restore", folder / "snapshot.db", "-c", house).code == 0
    assert values(folder / "readings.db") == [*range(9), 77]
    after = state(folder)
    assert {name: after[name] for name in before if name.startswith("snapshot")} == {
        name: content for name, content in before.items() if name.startswith("snapshot")
    }


def test_where_nothing_is_it_is_put(house: Path) -> None:
    path = house.with_name("readings.db")
    path.unlink()
    said = say("restore", house.with_name("copy.db"), "-c", house)
    assert (said.code, said.out.splitlines()[-1]) == (0, "there was none before")
    assert values(path) == list(range(5))


def test_what_is_damaged_is_kept_as_it_is(house: Path) -> None:
    path = house.with_name("readings.db")
    path.write_bytes(bytes(100) + path.read_bytes()[100:])
    before = path.read_bytes()
    assert say("restore", house.with_name("copy.db"), "-c", house).code == 0
    assert values(path) == list(range(5))
    assert house.with_name("readings.db.replaced-1").read_bytes() == before


def test_while_the_daemon_runs_it_is_refused(house: Path) -> None:
    before = state(house.parent)
    with closing(Lock(house.with_name("readings.db"))):
        said = say("restore", house.with_name("copy.db"), "-c", house)
    assert said.code == 75
    assert "the daemon is using" in said.err
    assert "stop the daemon (sudo systemctl stop eink-monitor), restore again, then start it" in said.err
    assert state(house.parent) == before


def theirs(copy: Path) -> None:
    copy.unlink()
    with closing(sqlite3.connect(copy)) as db:
        db.execute("CREATE TABLE notes (text)")
        db.commit()


def damaged(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[8 * 1024 : 9 * 1024] = Random(1).randbytes(1024)
    copy.write_bytes(data)


def beginning(copy: Path) -> None:
    copy.write_bytes(bytes(100) + copy.read_bytes()[100:])


def pipe(copy: Path) -> None:
    copy.unlink()
    os.mkfifo(copy)


@pytest.mark.parametrize(
    ("harm", "code", "words"),
    [
        (outdate, 78, "was written by a newer eink-monitor; upgrade first"),
        (theirs, 78, "is not a database of eink-monitor"),
        (lambda copy: copy.write_text("milk"), 78, "is not a database of eink-monitor"),
        (lambda copy: copy.write_bytes(b""), 78, "is not a database of eink-monitor"),
        (damaged, 75, "is damaged; try an older copy"),
        (beginning, 75, "is damaged; try an older copy"),
        (Path.unlink, 75, "there is no"),
        (pipe, 78, "is a pipe, not a database of eink-monitor"),
    ],
)
def test_what_is_no_good_copy_is_refused(house: Path, harm: Callable[[Path], object], code: int, words: str) -> None:
    harm(house.with_name("copy.db"))
    before = state(house.parent)
    said = say("restore", house.with_name("copy.db"), "-c", house)
    assert said.code == code
    assert f"{house.with_name('copy.db')}" in said.err
    assert words in said.err
    assert state(house.parent) == before


def test_one_through_a_folder_of_another_name_is_called_as_it_is_called_there(house: Path, tmp_path: Path) -> None:
    """As systemd's /var/lib/eink-monitor is a link into /var/lib/private."""
    (called := tmp_path / "called").symlink_to(house.parent, target_is_directory=True)
    path = called / "readings.db"
    assert restore(house.with_name("copy.db"), path) == called / "readings.db.replaced-1"
    with closing(Lock(path)), pytest.raises(StoreError, match=f"is using {path};"):
        restore(house.with_name("copy.db"), path)


def test_a_poll_that_failed_later_is_no_reading(house: Path) -> None:
    copy = house.with_name("copy.db")
    with closing(Store(copy, UTC)) as store:
        store.note(Outcome("roof", NOW + 86400, 0.1, "unavailable", "nobody answers"), None, 1)
        store.flush()
    assert "its newest reading is from 2026-05-28T22:30:40+02:00\n" in say("restore", copy, "-c", house).out
    with closing(Store(copy, UTC)) as store:
        store.dating.forget_after(0, NOW, lambda _: None)
    assert "; it holds no reading\n" in say("restore", copy, "-c", house).out


def test_another_programs_file_in_the_place_of_the_database_is_not_moved(house: Path) -> None:
    house.with_name("readings.db").write_text("milk", encoding="utf-8")
    before = state(house.parent)
    said = say("restore", house.with_name("copy.db"), "-c", house)
    assert (said.code, state(house.parent)) == (78, before)


def test_a_card_that_takes_no_more_changes_nothing(house: Path) -> None:
    before = state(house.parent)
    with no_room(), pytest.raises(StoreError, match="File too large"):
        restore(house.with_name("copy.db"), house.with_name("readings.db"))
    assert state(house.parent) == before


def test_the_database_is_not_its_own_copy(house: Path) -> None:
    said = say("restore", house.with_name("readings.db"), "-c", house)
    assert said.code == 64
    assert "is the database itself; name the copy" in said.err
