"""A damaged database: the panel is up at once, what can be read comes back, and no call is forgotten."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, stopwatch
from eink_monitor.errors import Damaged, Throttled
from eink_monitor.metrics import GRID_POWER, LOAD_POWER, PV_POWER, STORAGE_SOC
from eink_monitor.model.poll import Budget, Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.quota import SPANS
from eink_monitor.store import VERSION, Store
from eink_monitor.store.repair import damage
from eink_monitor.store.repair.damage import damaged
from eink_monitor.store.repair.salvage import salvage
from houses import outdate
from small_house import START, Says, Scripted, Small, feed, slide, small_house

UTC = ZoneInfo("UTC")
DAYS = 10
NOW = START + DAYS * DAY
QUOTA = Quota("cloud", (Budget(50, "day"), Budget(900, "month")))
METRICS = (PV_POWER, LOAD_POWER, GRID_POWER, STORAGE_SOC)
PAGE = 1024
Row = tuple[int, str, str, int, int]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten days of a house."""
    path = tmp_path_factory.mktemp("whole") / "readings.db"
    store = Store(path, UTC, durable=False)
    chance = Random(7)
    for number, at in enumerate(range(START, NOW, 300)):
        store.add([Reading("roof", metric, chance.randrange(100), at) for metric in METRICS], 750)
        if number % 30 == 0:
            store.note(Outcome("roof", at, 0.1, chance.choice(["ok", "unavailable"]), "a sentence"), at + 300, 0)
            store.reserve(QUOTA, 1, at)
            store.flush()
    store.wear.keep({"full": 41, "partial": 1234})
    store.flush()
    store.close()
    return path


def rows(path: Path) -> set[Row]:
    query = "SELECT r.at, subject, metric, r.value, held FROM reading r JOIN series s ON s.id = r.series"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return set(db.execute(query))


def quarantined(store: Store) -> Path:
    return store.path.with_name(store.facts.salvage[0])


def bit(data: bytearray, chance: Random) -> None:
    at = chance.randrange(len(data) * 8)
    data[at // 8] ^= 1 << at % 8


def sector(data: bytearray, chance: Random) -> None:
    at = chance.randrange(len(data) // 512) * 512
    data[at : at + 512] = bytes(512)


def page(data: bytearray, chance: Random) -> None:
    at = chance.randrange(len(data) // PAGE) * PAGE
    data[at : at + PAGE] = chance.randbytes(PAGE)


def swapped(data: bytearray, chance: Random) -> None:
    one, two = (chance.randrange(len(data) // PAGE) * PAGE for _ in range(2))
    data[one : one + PAGE], data[two : two + PAGE] = data[two : two + PAGE], data[one : one + PAGE]


def erased(data: bytearray, chance: Random) -> None:
    at = chance.randrange(65536, len(data) - 65536)  # in the first of these stand the names, and only there
    at -= at % PAGE  # a card erases whole blocks, not half a row
    data[at : at + 65536] = b"\xff" * 65536


def cut_off(data: bytearray, chance: Random) -> None:
    del data[chance.randrange(len(data) // 2, len(data)) :]


def torn_header(data: bytearray, chance: Random) -> None:
    data[:512] = bytes(512) if chance.random() < 0.5 else chance.randbytes(512)


Harm = Callable[[bytearray, Random], None]
WORST: dict[Harm, float] = {
    bit: 0.99,
    sector: 0.98,
    page: 0.98,
    swapped: 0.98,
    erased: 0.6,
    cut_off: 0.4,
    torn_header: 0.99,
}


@pytest.mark.parametrize("harm", WORST, ids=lambda harm: harm.__name__)
def test_whatever_the_damage_what_is_on_the_card_comes_back(whole: Path, tmp_path: Path, harm: Harm) -> None:
    truth, noticed = rows(whole), 0
    for number in range(6):
        path = tmp_path / str(number) / "readings.db"
        path.parent.mkdir()
        data = bytearray(whole.read_bytes())
        harm(data, Random(f"{harm.__name__} {number}"))
        path.write_bytes(data)
        store = Store(path, UTC, durable=False, lasting=NOW)
        if not store.facts.damaged:
            if _is_sound(path):
                store.close()
                continue
            store.recover(NOW)
        noticed += 1
        saved, lost, missing = salvage(quarantined(store), path)
        assert not missing
        assert saved >= len(rows(path)), "counted in the file, with its hours and days"
        found = rows(path)
        made_up = [row for row in found - truth if row[0] < NOW - 300]
        assert len(made_up) <= (harm is bit), "nothing is made up, but for the very bit that has flipped"
        assert len(found & truth) >= WORST[harm] * len(truth)
        assert abs(len(truth - found) - lost) < 0.05 * len(truth) + 100, "the estimate is honest"
        assert salvage(quarantined(store), path) == (saved, lost, 0), "begun again it changes nothing"
        store.close()
    assert noticed or harm is bit


def _is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        try:
            return bool(db.execute("PRAGMA integrity_check").fetchone() == ("ok",))
        except sqlite3.DatabaseError:
            return False


def lived(house: Small, seconds: int) -> None:
    """Real time passes too: the processes that check and save are real."""
    began = stopwatch()
    while stopwatch() - began < 20:
        house.live(seconds)
        if house.store.facts.saved is not None and not house.store.facts.salvage:
            return


def test_the_panel_is_up_at_once_and_the_rest_follows(
    whole: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "readings.db"
    data = bytearray(whole.read_bytes())
    data[:100] = bytes(100)
    path.write_bytes(data)
    roof = Scripted([42.0])
    began = stopwatch()
    house = small_house(path, [feed("roof", roof)], [slide("s", Says())], clock=FastClock(NOW), durable=True)
    house.daemon.tick()
    assert stopwatch() - began < 2
    assert house.wall.shown, "drawn from what could be saved at once"
    assert house.daemon.wear.full == 41
    assert [status.detail for status in house.daemon.house.feeds()][-1] == "the database was damaged; it is being saved"
    lived(house, MINUTE)
    assert [status.detail for status in house.daemon.house.feeds()][
        -1
    ] == "the database was damaged; all of it was saved"
    house.live(4 * DAY)
    assert [status.name for status in house.daemon.house.feeds()] == ["roof"], "said for three days"
    house.daemon.stop()
    house.store.close()
    assert rows(whole) <= rows(path)
    assert [file.name for file in damaged(path)] == ["readings.db.damaged-2026-06-07"]
    assert len([record for record in caplog.records if "damaged" in record.message]) == 2
    first = next(record.getMessage() for record in caplog.records if "damaged" in record.message)
    assert first == (
        f"the beginning of the database is damaged ({path}); what can be read of it is saved from "
        "readings.db.damaged-2026-06-07"
    )


def test_damage_found_while_running_is_set_aside_and_saved(whole: Path, tmp_path: Path) -> None:
    """A page in the middle of the readings: nothing needs it, only the check of the whole finds it."""
    path = tmp_path / "readings.db"
    data = bytearray(whole.read_bytes())
    middle = len(data) // PAGE // 2 * PAGE
    data[middle : middle + PAGE] = b"\x0a" + bytes(PAGE - 1)
    path.write_bytes(data)
    house = small_house(path, [feed("roof", Scripted())], [slide("s", Says())], clock=FastClock(NOW), durable=True)
    assert not house.store.facts.damaged, "a glance does not see it"
    lived(house, 5 * MINUTE)
    assert (house.store.facts.saved or 0) > 0.99 * len(rows(whole))
    house.daemon.stop()
    house.store.close()
    assert len(rows(path) & rows(whole)) > 0.99 * len(rows(whole))


def test_a_ledger_that_is_lost_counts_as_spent(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    data = bytearray(whole.read_bytes())
    with closing(sqlite3.connect(whole)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'call'").fetchone()[0]
    data[(root - 1) * PAGE : root * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    store = Store(path, UTC, durable=False, lasting=NOW)
    with pytest.raises(Throttled, match="count of calls was lost") as refusal:
        store.reserve(QUOTA, 1, NOW + 60)
    assert refusal.value.until == 1_782_864_000, "the month is over: 1 July"
    store.reserve(QUOTA, 1, 1_782_864_000)
    with pytest.raises(Throttled):
        store.reserve(Quota("other", (Budget(5, "day"),)), 1, NOW + SPANS["day"] - 1)
    store.reserve(Quota("other", (Budget(5, "day"),)), 1, NOW + SPANS["day"])
    store.reserve(QUOTA, 1, NOW + 60, force=True)
    store.close()


def test_a_ledger_that_can_be_read_goes_on_counting(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(bytes(100) + whole.read_bytes()[100:])
    store, before = Store(path, UTC, durable=False, lasting=NOW), Store(whole, UTC, writes=False)
    assert store.ledger.calls(QUOTA, NOW) == before.ledger.calls(QUOTA, NOW)
    assert not store.facts.uncounted
    store.close()
    before.close()


def test_an_empty_file_where_a_database_was(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.touch()
    Store(path, UTC).close()
    alive = Store(path, UTC)
    alive.add([Reading("roof", PV_POWER, 1, NOW)], 750)
    alive.flush()
    log = path.with_name("readings.db-wal").read_bytes()
    alive.close()
    path.write_bytes(b"")
    path.with_name("readings.db-wal").write_bytes(log)
    with pytest.raises(Damaged):
        Store(path, UTC)
    store = Store(path, UTC, lasting=NOW)
    assert store.facts.uncounted == NOW
    store.close()


def test_nothing_set_aside_is_deleted_before_all_of_it_is_saved(whole: Path, tmp_path: Path) -> None:
    """Damaged again and again before anything could be salvaged: the file that holds the house is the oldest."""
    path = tmp_path / "readings.db"
    path.write_bytes(bytes(100) + whole.read_bytes()[100:])
    for number in range(5):
        Store(path, UTC, durable=False, lasting=NOW + number * DAY).close()
        path.with_name("readings.db-wal").unlink(missing_ok=True)
        if number < 4:
            path.write_bytes(bytes(100) + path.read_bytes()[100:])
    quarantined = damaged(path)
    assert len(quarantined) == 5
    assert len({file.name for file in quarantined}) == 5
    assert damage.tidy(path, [], room=0) == [], "nothing is known to be saved"
    store = Store(path, UTC, durable=False, lasting=NOW + 5 * DAY)
    todo = store.facts.salvage
    assert sorted(todo) == sorted(file.name for file in quarantined), "what was never salvaged is not forgotten"
    for name in todo:
        assert not salvage(path.with_name(name), path).missing
    store.close()
    assert rows(whole) <= rows(path)
    assert damage.tidy(path, [file.name for file in quarantined], room=1 << 40) == []
    assert damage.tidy(path, [file.name for file in quarantined[:2]], room=0) == quarantined[:2]
    assert damage.tidy(path, todo, room=0) == quarantined[2:4], "the newest stays"


def test_a_name_that_was_saved_once_is_salvaged_again_after_somebody_has_deleted_the_files(
    whole: Path, tmp_path: Path
) -> None:
    """Then the numbers begin anew: what was saved under a name says nothing of the file that has it now."""
    path = tmp_path / "readings.db"
    path.write_bytes(whole.read_bytes())
    for _ in range(2):
        path.write_bytes(bytes(100) + path.read_bytes()[100:])
        with closing(Store(path, UTC, durable=False, lasting=NOW)) as store:
            (name,) = store.facts.salvage
            assert name == "readings.db.damaged-2026-06-07"
            assert name not in store.facts.salvaged
            assert not salvage(path.with_name(name), path).missing
            store.facts.salvage, store.facts.salvaged = (), (name,)
            store.flush()
        assert rows(whole) <= rows(path)
        for file in damaged(path):
            damage.discard(file)


def test_a_name_is_never_used_twice(tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    names = []
    for _ in range(12):
        path.write_bytes(b"x")
        names.append(damage.quarantine(path, NOW).name)
        for file in damaged(path)[:-1]:
            damage.discard(file)
    assert len(set(names)) == 12
    assert names[0] == "readings.db.damaged-2026-06-07"
    assert names[-1].endswith("-12")


def test_what_cannot_be_salvaged_is_kept_and_said(
    whole: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(bytes(100) + whole.read_bytes()[100:])
    house = small_house(path, [feed("roof", Scripted())], [slide("s", Says())], clock=FastClock(NOW), durable=True)
    damaged_file = damaged(path)[0]
    held = damaged_file.rename(tmp_path / "elsewhere")
    damaged_file.mkdir()  # cannot be read by anybody
    began = stopwatch()
    while stopwatch() - began < 20 and not any("could not be saved" in one.getMessage() for one in caplog.records):
        house.live(5 * MINUTE)
    assert f"{damaged_file.name} could not be saved and is kept" in [one.getMessage() for one in caplog.records]
    assert not house.store.facts.salvaged
    house.daemon.stop()
    house.store.close()
    assert held.exists()


def test_a_salvage_that_is_killed_is_begun_again(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(bytes(100) + whole.read_bytes()[100:])
    house = small_house(path, [feed("roof", Scripted())], clock=FastClock(NOW), durable=True)
    house.daemon.tick()
    house.daemon.stop()
    house.store.close()
    house = small_house(path, [feed("roof", Scripted())], clock=FastClock(NOW + HOUR), durable=True)
    lived(house, MINUTE)
    house.daemon.stop()
    house.store.close()
    assert rows(whole) <= rows(path)


def test_what_little_is_left_is_a_start(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(Random(3).randbytes(50 * PAGE) + whole.read_bytes()[200 * PAGE : 203 * PAGE])
    store = Store(path, UTC, lasting=NOW)
    store.add([Reading("roof", PV_POWER, 1, NOW)], 750)
    store.flush()
    assert salvage(quarantined(store), path).saved == 0, "rows of series that have lost their names"
    store.close()


def test_a_power_cut_before_the_new_one_is_begun(whole: Path, tmp_path: Path) -> None:
    """The damaged file has its new name, and nothing else has been done yet."""
    path = tmp_path / "readings.db"
    damaged_file = path.with_name("readings.db.damaged-2026-06-07")
    damaged_file.write_bytes(bytes(100) + whole.read_bytes()[100:])
    store = Store(path, UTC, lasting=NOW)
    assert store.readings.latest("roof", PV_POWER) is not None
    assert store.facts.salvage == (damaged_file.name,)
    store.close()


def test_an_error_keeps_its_class_on_the_way_out_of_a_child(whole: Path, tmp_path: Path) -> None:
    """An upgrade that meets a table that is there already, because the list of steps is damaged."""
    path = tmp_path / "readings.db"
    path.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA user_version = 3")
        db.execute("UPDATE _sqlite_migrations SET name = 'm009' WHERE name LIKE 'm004%'")
    with pytest.raises(Damaged):
        Store(path, UTC)
    store = Store(path, UTC, lasting=NOW)
    assert salvage(quarantined(store), path).missing == 0
    store.close()
    assert rows(whole) <= rows(path)


@pytest.mark.parametrize("version", [VERSION ^ 16, VERSION + 1, VERSION + 20, VERSION + 2**20, -5])
def test_a_version_is_believed_only_of_a_file_that_is_whole(whole: Path, tmp_path: Path, version: int) -> None:
    """It does not go with the steps that were taken, or it is beyond what will ever be."""
    path = tmp_path / "readings.db"
    path.write_bytes(whole.read_bytes())
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {version}")
    store = Store(path, UTC, lasting=NOW)
    store.add([Reading("roof", PV_POWER, 1, NOW)], 750)
    store.flush()
    assert store.fault is None
    store.close()


def test_a_page_of_a_newer_file_is_damaged(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    path.write_bytes(whole.read_bytes())
    outdate(path)
    data = bytearray(path.read_bytes())
    data[100 * PAGE : 101 * PAGE] = bytes(PAGE)
    path.write_bytes(data)
    with pytest.raises(Damaged, match="it claims to have layout"):
        Store(path, UTC)


def test_a_garbled_name_of_a_series_is_known_from_the_index_over_them(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "readings.db"
    data = bytearray(whole.read_bytes())
    at = next(found.start() for found in re.finditer(b"roofload_powerW", data))  # in its row, where the unit follows
    data[at + 7] |= 0x80
    path.write_bytes(bytes(100) + data[100:])
    store = Store(path, UTC, lasting=NOW)
    assert {metric for _, metric in store.readings} == {metric.name for metric in METRICS}
    assert not salvage(quarantined(store), path).missing
    store.close()
    assert rows(whole) <= rows(path)


@pytest.mark.parametrize("flipped", [0x40, 0x10])
def test_a_size_that_no_file_ever_had_is_not_believed(whole: Path, tmp_path: Path, flipped: int) -> None:
    path = tmp_path / "readings.db"
    data = bytearray(whole.read_bytes())
    data[28] ^= flipped
    path.write_bytes(data)
    store = Store(path, UTC, lasting=NOW)
    assert store.facts.salvage
    assert (store.wear.counts(), store.facts.uncounted) == ({"full": 41, "partial": 1234}, 0)
    store.close()
