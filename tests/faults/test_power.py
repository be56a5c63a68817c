"""A thousand power cuts, and a card that lies."""

from __future__ import annotations

from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import MINUTE, FastClock
from eink_monitor.metrics import GRID_POWER, PV_POWER
from eink_monitor.model.poll import Budget, Outcome, Quota
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from faults.power import Promise, Record, Sync, Write
from small_house import Says, Scripted, feed, slide, small_house

UTC = ZoneInfo("UTC")
START = 1_780_000_000
CYCLES = 150
QUOTA = Quota("cloud", (Budget(1000, "day"),))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """Half a day of a real store on a card, every write of it recorded."""
    path = tmp_path_factory.mktemp("card") / "readings.db"
    record = Record()
    chance = Random(1)
    Store(path, UTC).close()  # made in a child, which cannot be recorded
    for name in ("readings.db", "readings.db-wal"):
        if (file := path.with_name(name)).exists():
            record.events += _as_found(file)
    with record.running():
        store = Store(path, UTC)
        store._disk.execute("PRAGMA wal_autocheckpoint = 60")  # the log goes back into the database every few cycles
        for cycle in range(1, CYCLES):
            at = START + cycle * 300
            store.reserve(QUOTA, 1, at)
            store.add([Reading("roof", metric, chance.randrange(5000), at) for metric in (PV_POWER, GRID_POWER)], 750)
            store.note(Outcome("roof", at, 0.1, chance.choice(["ok", "unavailable"])), at + 300, 0)
            store.flush()
            record.events.append(Promise(cycle))
        store._disk.db.close()
    return record


def _as_found(file: Path) -> list[Write | Sync | Promise]:
    return [Write(file.name, 0, file.read_bytes()), Sync(file.name)]


def test_a_thousand_power_cuts_lose_nothing_that_was_stored(record: Record, tmp_path: Path) -> None:
    lost = []
    for number in range(1000):
        promised = record.cut(tmp_path, Random(number))
        store = Store(tmp_path / "readings.db", UTC, durable=False)
        newest = store.readings.latest("roof", PV_POWER)
        calls = sum(call.calls for call in store.ledger.calls(QUOTA, START + CYCLES * 300))
        whole = store._disk.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if not whole or calls < promised or (newest.at if newest else START) < START + promised * 300:
            lost.append(number)
        store.close()
    assert lost == []


def test_a_card_that_lies_ends_in_salvage_and_never_in_a_crash(record: Record, tmp_path: Path) -> None:
    """The whole daemon starts on what is left, polls, draws and stores."""
    set_aside = 0
    for number in range(100):
        folder = tmp_path / str(number)
        folder.mkdir()
        record.cut(folder, Random(number), lies=8)
        clock = FastClock(START + CYCLES * 300)
        house = small_house(folder / "readings.db", [feed("roof", Scripted())], [slide("one", Says())], clock=clock)
        house.live(11 * MINUTE)
        assert house.daemon.house.card == ""
        set_aside += bool(house.store.facts.damaged)
        assert house.store.readings.latest("roof", PV_POWER) == Reading("roof", PV_POWER, 1, clock.now() - 60)
        assert {frame.name for _, frame in house.wall.shown} == {"one"}
        house.daemon.stop()
        house.store.close()
    assert set_aside > 10, "the fault must have been there"
