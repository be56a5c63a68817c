"""The store as a whole: durable, shared, and plain-spoken when the card is not what it should be."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from eink_monitor.clock import DAY
from eink_monitor.errors import Damaged, Newer, StoreError, Throttled
from eink_monitor.metrics import ODOMETER, PV_POWER
from eink_monitor.model.poll import Budget, Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.store import VERSION, Store, migrations, schema
from eink_monitor.store.repair.damage import glance
from eink_monitor.store.repair.rows import COLUMNS, TABLES, is_sound
from houses import outdate

UTC = ZoneInfo("UTC")
NOW = 1_780_000_000
QUOTA = Quota("bmw", (Budget(3, "day"),))


def test_a_new_database_has_its_mark_and_its_layout(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "readings.db"
    Store(path, UTC).close()
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (VERSION,)
    assert db.execute("PRAGMA application_id").fetchone() == (int.from_bytes(b"eink", "big"),)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert db.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (VERSION,)
    db.close()


def _connections() -> int:
    """How many are open in this process."""
    count = 0
    for one in gc.get_objects():
        with suppress(sqlite3.ProgrammingError):
            count += type(one) is sqlite3.Connection and one.total_changes >= 0
    return count


def test_a_blank_database_leaves_no_connection() -> None:
    before = _connections()
    assert migrations.blank(VERSION)
    assert _connections() == before


def older(path: Path, version: int) -> Database:
    """A database of an older layout, still open."""
    old = Database(path)
    names = [step.name for step in migrations.steps.pending(old)]
    migrations.steps.apply(old, stop_before=names[version])
    old.execute(f"PRAGMA application_id = {int.from_bytes(b'eink', 'big')}")
    old.execute(f"PRAGMA user_version = {version}")
    return old


@pytest.mark.parametrize("version", range(1, VERSION))
def test_an_older_layout_is_brought_up_and_keeps_what_is_in_it(tmp_path: Path, version: int) -> None:
    path = tmp_path / "readings.db"
    old = older(path, version)
    old.execute("INSERT INTO series VALUES (1, 'roof', 'pv_power', 'W', 1, ?, ?, 3120)", (NOW - 300, NOW))
    old.execute("INSERT INTO reading VALUES (?, 1, 2000, 600)", (NOW - 600,))
    old.conn.commit()
    old.close()
    with pytest.raises(StoreError, match="written by an older eink-monitor; start the daemon or poll") as refusal:
        Store(path, UTC, writes=False)
    assert not isinstance(refusal.value, Damaged)
    store = Store(path, UTC)
    assert store.readings.latest("roof", PV_POWER) == Reading("roof", PV_POWER, 3120, NOW)
    assert [run.value for run in store.readings.runs("roof", PV_POWER, NOW - 3600, NOW)] == [2000, 3120]
    store.reserve(QUOTA, 1, NOW)
    store.note(Outcome("roof", NOW, 0.1, "ok", ""), None, 0)
    store.close()
    new = sqlite3.connect(path)
    assert new.execute("PRAGMA user_version").fetchone() == (VERSION,)
    new.close()


def test_an_upgrade_that_fails_says_why(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    old = older(path, 5)
    old.execute("CREATE TABLE ahead (x)")
    old.close()
    why = rf"upgrading it to layout {VERSION} failed \(OperationalError: table \S*ahead\S* already exists\)"
    with pytest.raises(Damaged, match=why):
        Store(path, UTC)
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (5,), "nothing is half done"
    with closing(Store(path, UTC, lasting=NOW)) as store:
        assert "already exists" in store.found


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModuleNotFoundError("No module named 'sqlite_utils'"), "failed: ModuleNotFoundError: No module named"),
        (Newer("a newer one wrote it", "upgrade"), "a newer one wrote it; upgrade"),
        (SystemExit(), "the upgrade was interrupted; start again"),
    ],
)
def test_what_a_child_raises_is_raised_here(error: BaseException, said: str) -> None:
    def work() -> bytes:
        raise error

    with pytest.raises(StoreError, match=said) as raised:
        schema._in_a_child(work, "the upgrade")
    assert type(raised.value) is (Newer if isinstance(error, Newer) else StoreError)
    assert raised.value.cure == getattr(error, "cure", raised.value.cure)


def test_a_newer_layout_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    Store(path, UTC).close()
    outdate(path)
    with pytest.raises(StoreError, match="newer eink-monitor"):
        Store(path, UTC)


def test_looking_needs_a_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no database at"):
        Store(tmp_path / "readings.db", UTC, writes=False)
    (tmp_path / "readings.db").touch()
    with pytest.raises(StoreError, match="no database at"):
        Store(tmp_path / "readings.db", UTC, writes=False)


def test_what_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(b"this is a shopping list, not a database\n" * 40)
    with pytest.raises(StoreError, match="not a database"):
        Store(path, UTC)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        Store(tmp_path / "file" / "readings.db", UTC)


def test_nothing_is_lost_when_a_commit_fails(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC)
    store.add([Reading("roof", PV_POWER, 1, NOW)], 750)
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store._disk.db.execute("PRAGMA busy_timeout = 1")
    with pytest.raises(StoreError, match="another program holds the database"):
        store.flush()
    assert store.pending
    blocker.execute("ROLLBACK")
    blocker.close()
    store.flush()
    store.close()
    again = Store(path, UTC, writes=False)
    assert again.readings.latest("roof", PV_POWER) == Reading("roof", PV_POWER, 1, NOW)
    again.close()


def test_outcomes_are_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    for minute, what in enumerate(["ok", "ok", "unavailable", "unavailable", "ok"]):
        detail = "" if what == "ok" else "the roof: nobody answers"
        store.note(Outcome("roof", NOW + 60 * minute, 0.1, what, detail), NOW + 60 * minute + 60, 0)
        if minute == 1:
            store.flush()
    store.flush()
    past = store.outcomes.get("roof")
    assert past is not None
    assert (past.what, past.polls, past.ok_at, past.due) == ("ok", 1, NOW + 240, NOW + 300)
    assert [(run.what, run.polls) for run in store.outcomes.recent()] == [("unavailable", 2), ("ok", 2)]
    store.close()
    again = Store(tmp_path / "readings.db", UTC, writes=False)
    assert again.outcomes.get("roof") == past
    again.close()


def test_a_reservation_is_durable_before_the_call_and_shared(tmp_path: Path) -> None:
    ours, theirs = (Store(tmp_path / "readings.db", UTC) for _ in range(2))
    booking = ours.reserve(QUOTA, 2, NOW)
    with pytest.raises(Throttled) as refusal:
        theirs.reserve(QUOTA, 2, NOW + 10)
    assert refusal.value.until == NOW + 25 * 3600
    ours.ledger.settle(booking, 1)
    assert sum(call.calls for call in theirs.ledger.calls(QUOTA, NOW + 10)) == 2, "not settled yet: never undercounted"
    ours.flush()
    theirs.reserve(QUOTA, 2, NOW + 10)
    assert ours.ledger.spent(QUOTA, NOW + 10)[0].used == 3
    assert theirs.reserve(QUOTA, 1, NOW + 11, force=True)
    for store in (ours, theirs):
        store.close()


def test_a_visit_that_no_budget_can_ever_pay_is_named(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    with pytest.raises(Throttled, match=r"^one poll may need 4 calls, but the quota is 3 a day$") as refusal:
        store.reserve(QUOTA, 4, NOW)
    assert refusal.value.until == NOW + 25 * 3600, "not asked again every second"
    assert store.reserve(QUOTA, 4, NOW, force=True)
    store.close()


def test_what_a_vendor_says_about_waiting_survives(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    store.ledger.wait_until("bmw", NOW + 600, "BMW says wait")
    assert store.pending
    store.flush()
    store.close()
    again = Store(tmp_path / "readings.db", UTC)
    with pytest.raises(Throttled, match="BMW says wait"):
        again.reserve(QUOTA, 1, NOW + 599)
    assert again.ledger.waits("bmw", NOW + 600) is None
    again.reserve(QUOTA, 1, NOW + 600)
    again.close()


def test_a_killed_writer_leaves_all_or_nothing(tmp_path: Path) -> None:
    """A child writes in transactions of ten readings and is killed in the middle of its work."""
    path = tmp_path / "readings.db"
    Store(path, UTC).close()
    for _ in range(5):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            store = Store(path, UTC)
            base = max((r.at for r in store.readings.values()), default=NOW) + 1
            for batch in range(10_000):
                for step in range(10):
                    number = batch * 10 + step
                    store.add([Reading("roof", PV_POWER, number % 1000, base + number)], 750)
                store.flush()
                os.write(writer, (base + batch * 10 + 9).to_bytes(8, "big"))
        os.close(writer)
        acknowledged = b"".join(os.read(reader, 8) for _ in range(20))
        os.kill(child, 9)
        os.waitpid(child, 0)
        while rest := os.read(reader, 65536):
            acknowledged += rest
        os.close(reader)
        last = int.from_bytes(acknowledged[len(acknowledged) // 8 * 8 - 8 :][:8], "big")
        store = Store(path, UTC)
        newest = store.readings.latest("roof", PV_POWER)
        assert newest is not None
        assert newest.at >= last, "what was acknowledged is there"
        assert store._disk.db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        store.close()


def test_a_backup_is_a_whole_database(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    store.add([Reading("roof", PV_POWER, 1, NOW)], 750)
    store.flush()
    looking = Store(tmp_path / "readings.db", UTC, writes=False)
    looking.backup(tmp_path / "copy.db")
    looking.backup(tmp_path / "copy.db")
    copy = Store(tmp_path / "copy.db", UTC, writes=False)
    assert copy.readings.latest("roof", PV_POWER) == Reading("roof", PV_POWER, 1, NOW)
    with pytest.raises(StoreError):
        looking.backup(tmp_path / "missing" / "copy.db")
    for opened in (store, looking, copy):
        opened.close()


def test_counters_of_the_ink(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    store.wear.keep({"full": 2, "partial": 7, "last": None})
    store.flush()
    assert store.wear.counts() == {"full": 2, "partial": 7}
    store.close()


def test_polls_that_leave_out_the_same_are_one_outcome_whatever_the_figures(tmp_path: Path) -> None:
    store = Store(tmp_path / "readings.db", UTC)
    for minute, (what, detail) in enumerate(
        [
            ("ok", "left out: charge -1.5 %"),
            ("ok", "left out: charge -1.25 %"),
            ("ok", "left out: power -1.25 W"),
            ("unavailable", "the vendor reports an internal error (500)"),
            ("unavailable", "the vendor reports an internal error (503)"),
        ]
    ):
        store.note(Outcome("roof", NOW + 60 * minute, 0.1, what, detail), None, 0)
    store.flush()
    assert [(past.polls, past.detail) for past in reversed(store.outcomes.recent())] == [
        (2, "left out: charge -1.25 %"),
        (1, "left out: power -1.25 W"),
        (1, "the vendor reports an internal error (500)"),
    ]
    store.close()


def test_nothing_that_a_house_writes_is_taken_for_damage(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    store = Store(path, UTC, lasting=NOW)
    store.ledger.began("a boot", NOW + 0.75, sure=True)
    for half_day in range(40):
        at = NOW + half_day * DAY // 2
        store.add([Reading("roof", PV_POWER, 100.0, at), Reading("car", ODOMETER, 10.0 + half_day // 9, at)], 3 * DAY)
    for what, stamp in (("auth", time.time_ns()), ("gone", 0), ("ok", 1)):
        store.note(Outcome(what, NOW, 0.1, what, "a sentence"), None if what != "ok" else NOW + 300, stamp)
    store.reserve(QUOTA, 1, NOW)
    store.ledger.wait_until("bmw", NOW + 400 * DAY, "a sentence")
    store.wear.keep({"full": 3, "last": NOW, "last_full": None})
    store.facts.uncounted, store.facts.mishap, store.facts.saved = NOW, "a sentence", None
    store.facts.salvaged = ("readings.db.damaged-2026-05-28",)
    store.facts.door_of["roof pv_power"] = "a feed"
    store.flush()
    store.close()
    with closing(sqlite3.connect(path)) as db:
        glance(db)
        assert [
            row
            for table in TABLES
            for row in db.execute(f"SELECT {COLUMNS[table]} FROM {table}")
            if not is_sound(table, row)
        ] == []
    again = Store(path, UTC, lasting=NOW + 30 * DAY)
    assert not again.facts.salvage
    again.close()
