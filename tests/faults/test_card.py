"""A card that is full, read-only, broken or gone: the house goes on from memory and says so."""

from __future__ import annotations

import errno
import logging
import os
import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import Damaged, StoreError
from eink_monitor.metrics import GRID_POWER, PV_POWER
from eink_monitor.model.poll import Budget, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.panels.health import Health
from eink_monitor.store import Store
from eink_monitor.store.card import plain_words
from eink_monitor.store.pending import MOST_READINGS
from faults.syscalls import Deed, watched
from small_house import START, Says, Scripted, Small, feed, slide, small_house

UTC = ZoneInfo("UTC")
QUOTA = Quota("cloud", (Budget(1000, "day"),))
Blank = Callable[[Path], Path]


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def cycle(store: Store, number: int) -> None:
    """What the daemon does in five minutes: a booking, two readings, a commit."""
    at = START + number * 300
    booking = store.reserve(QUOTA, 1, at)
    store.add([Reading("roof", metric, number, at) for metric in (PV_POWER, GRID_POWER)], 750)
    store.ledger.settle(booking, 1)
    store.flush()


def values(path: Path) -> list[float]:
    store = Store(path, UTC, writes=False)
    assert store._disk.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = [run.value for run in store.readings.runs("roof", PV_POWER, 0, START + DAY)]
    store.close()
    return found


class Failing:
    """Fails the ``n``-th write from now on, and ``more`` after it."""

    def __init__(self, n: int, error: int, more: int = 0) -> None:
        self.left, self.error, self.more = n, error, more

    def __call__(self, call: Deed, number: int, data: int, size: int, at: int) -> int:
        self.left -= 1
        if -self.more <= self.left <= 0:
            if self.error == -1:
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(self.error, "")
        return call(number, data, size, at)


@pytest.mark.parametrize(("error", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EIO, "cannot be read")])
def test_every_write_may_fail_and_nothing_is_lost(path: Path, error: int, words: str) -> None:
    clean, refused = path.read_bytes(), 0
    for n in range(1, 41):
        for side in ("", "-wal", "-shm"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        path.write_bytes(clean)
        store = Store(path, UTC)
        store._disk.execute("PRAGMA wal_autocheckpoint = 10")
        with watched(pwrite=Failing(n, error)):
            for number in range(8):
                try:
                    cycle(store, number)
                except StoreError as complaint:
                    refused += words in str(complaint)
                    with suppress(StoreError):
                        cycle(store, number)
        store.flush()
        store.close()
        assert values(path) == list(range(8)), n
    assert refused > 25, "the others hit a checkpoint, which SQLite simply tries again"


def test_killed_at_every_write_it_keeps_what_it_promised(path: Path) -> None:
    clean = path.read_bytes()
    for n in range(1, 41):
        for side in ("", "-wal", "-shm"):
            path.with_name(path.name + side).unlink(missing_ok=True)
        path.write_bytes(clean)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            store = Store(path, UTC)
            store._disk.execute("PRAGMA wal_autocheckpoint = 10")
            with watched(pwrite=Failing(n, -1)):
                for number in range(8):
                    cycle(store, number)
                    os.write(writer, b".")
            os._exit(0)
        os.close(writer)
        promised = 0
        while piece := os.read(reader, 100):
            promised += len(piece)
        os.close(reader)
        os.waitpid(child, 0)
        found = values(path)
        assert len(found) >= promised, n
        assert found == list(range(len(found))), n


def test_a_file_that_may_not_grow(path: Path) -> None:
    store = Store(path, UTC)
    cycle(store, 0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
        for number in range(1, 9):
            store.add([Reading("roof", PV_POWER, number, START + number * 300)], 750)
            with suppress(StoreError):
                store.flush()
        assert store.pending
        with pytest.raises(StoreError, match="the card"):
            cycle(store, 10)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    store.flush()
    store.close()
    found = values(path)
    assert len(found) > 1, "what waited in memory is there"
    assert found == list(range(len(found)))


# -- a whole daemon ----------------------------------------------------------------------------------------------------


def said(house: Small) -> list[str]:
    return [status.detail for status in house.daemon.house.feeds() if status.name == "card"]


def test_a_full_card_is_said_and_costs_nothing(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house = small_house(path, [feed("roof", Scripted([float(n) for n in range(99)]))], [slide("health", Health())])
    house.live(MINUTE)
    with watched(pwrite=Failing(1, errno.ENOSPC, more=1 << 30)):
        house.live(HOUR)
        assert said(house)[0].startswith("the disk is full; free some space")
    house.live(10 * MINUTE)
    assert said(house) == []
    house.daemon.stop()
    assert values(path) == list(range(15))
    told = [record.message.partition(" (")[0] for record in caplog.records]
    assert told == ["the disk is full; free some space", "storing again"], "once when it begins, once when it ends"


@pytest.mark.parametrize("obstacle", ["no folder", "a file for a folder", "full", "read-only"])
def test_a_start_without_a_card_polls_and_draws_and_stores_later(tmp_path: Path, blank: Blank, obstacle: str) -> None:
    """As root nothing is read-only: a folder that cannot be made stands for one that cannot be written."""
    card = tmp_path / "card"
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    if obstacle == "a file for a folder":
        card.write_text("")
    elif obstacle == "no folder":
        card.symlink_to("/proc/nothing")
    elif obstacle == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (512, limit[1]))
    else:
        card.symlink_to("/sys")
    paid = Scripted(budget=QUOTA)
    try:
        house = small_house(
            card / "readings.db", [feed("free", Scripted([7.0])), feed("paid", paid)], [slide("s", Says("free"))]
        )
        house.live(20 * MINUTE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert said(house)
    latest = house.store.readings.latest("free", PV_POWER)
    assert latest is not None
    assert latest.value == 7
    assert house.wall.shown[-1][1].bits[0] == 0b00000001, "seven pixels of ink: drawn from memory"
    assert paid.asked == [], "a call that cannot be booked is not made"
    if card.is_symlink() or card.is_file():
        card.unlink()
    house.live(HOUR)
    assert said(house) == []
    assert paid.asked
    house.daemon.stop()
    house.store.close()
    store = Store(card / "readings.db", UTC, writes=False)
    assert [run.start for run in store.readings.runs("free", PV_POWER, 0, START + DAY)] == [START]
    store.close()


def as_somebody_else(path: Path, work: Callable[[], str]) -> str:
    """What ``work`` says in a process that may read a database, but write neither it nor in its folder."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            path.parent.chmod(0o555)
            if os.getuid() == 0:
                for parent in path.parents:
                    with suppress(OSError):
                        parent.chmod(parent.stat().st_mode | 0o055)  # never less: /tmp is among them
                os.setresuid(65534, 65534, 65534)
            os.write(writer, work().encode())
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        words = answer.read().decode()
    os.waitpid(child, 0)
    path.parent.chmod(0o755)
    return words


def test_on_a_read_only_card_history_is_still_drawn(path: Path) -> None:
    store = Store(path, UTC)
    cycle(store, 3)
    store.close()
    path.chmod(0o444)

    def live() -> str:
        house = small_house(path, [feed("house", Scripted([1.0]))], [slide("s", Says())])
        house.live(20 * MINUTE)
        old, new = (house.store.readings.latest(name, PV_POWER) for name in ("roof", "house"))
        return f"{old and old.value} {new and new.value} {bool(said(house))}"

    assert as_somebody_else(path, live) == "3.0 1 True"


@pytest.mark.parametrize("writes", [False, True])
def test_a_database_of_somebody_else_is_not_called_broken(path: Path, writes: bool) -> None:
    Store(path, UTC).close()

    def open_it() -> str:
        try:
            Store(path, UTC, writes=writes).close()
        except StoreError as error:
            return f"{type(error).__name__}: {error}"
        return "opened"

    words = f"this user may not write to it, which SQLite needs even for reading; run this as its owner ({path})"
    assert as_somebody_else(path, open_it) == f"StoreError: {words}"


def test_a_folder_of_somebody_else_is_named(path: Path) -> None:
    with pytest.raises(StoreError, match="this user may not write to it"), plain_words(path):
        raise PermissionError(errno.EACCES, "Permission denied")


def test_a_database_that_is_deleted_is_made_anew_from_memory(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())], durable=True)
    house.live(11 * MINUTE)
    for side in ("", "-wal", "-shm"):
        path.with_name(path.name + side).unlink()
    house.live(11 * MINUTE)
    house.daemon.stop()
    house.store.close()
    assert values(path)[-1] == 5


def test_reads_that_fail_leave_gaps_and_come_back(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())])
    house.live(11 * MINUTE)
    house.store._disk.fault = sqlite3.OperationalError("disk I/O error")
    house.store._disk.fault.sqlite_errorcode = sqlite3.SQLITE_IOERR
    house.daemon.tick()
    assert said(house)[0].startswith("the disk cannot be read or written")
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None, "from memory"
    house.live(11 * MINUTE)
    assert said(house) == []


def test_a_week_without_a_card_stays_within_its_memory(path: Path) -> None:
    store = Store(path, UTC, durable=False)
    every, week = 300, 7 * DAY
    for at in range(START, START + week, every):
        store.add([Reading(f"car {n}", PV_POWER, (at // every + n) % 900, at) for n in range(20)], int(every * 2.5))
    held = sum(len(batch.readings) for batch in store._contents.unwritten.batches)
    assert held <= MOST_READINGS < 20 * week // every
    runs = store.readings.runs("car 7", PV_POWER, START, START + week)
    assert runs[0].start == START, "thinned, not cut off"
    assert runs[-1].end == START + week - every
    store.flush()
    assert not store.pending
    store.close()
    shutil.rmtree(path.parent)


def test_a_start_on_a_machine_without_a_process_to_spare_is_from_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as there is one the database is made."""
    path = tmp_path / "new" / "readings.db"

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as machine:
        machine.setattr(os, "fork", fork)
        house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())], durable=True)
        house.live(11 * MINUTE)
        assert house.wall.shown
        assert said(house)[0].startswith("this machine is short of processes")
        assert not path.exists()
    house.live(11 * MINUTE)
    assert said(house) == []
    house.daemon.stop()
    house.store.close()
    assert values(path)[-1] == 5


def test_damage_on_a_machine_without_a_process_to_spare_costs_no_reading(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())], durable=True)
    house.live(11 * MINUTE)

    def fork() -> int:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with monkeypatch.context() as machine:
        machine.setattr(os, "fork", fork)
        house.daemon.keeping.complain(Damaged("the database is damaged"))
        house.live(11 * MINUTE)
        assert said(house)[0].startswith("this machine is short of processes")
    house.live(11 * MINUTE)
    assert house.daemon.house.feeds()[-1].detail == "the database was damaged; it is being saved"
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest == Reading("roof", PV_POWER, 5, START + 30 * MINUTE)
    house.daemon.stop()
    house.store.close()
