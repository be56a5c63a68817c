"""What a house keeps, and for how long: raw readings, hours, days."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.config.timetable import Keep
from eink_monitor.daemon.retention import Retention
from eink_monitor.errors import StoreError
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Duration
from eink_monitor.store import Store
from small_house import START, small_house

UTC = ZoneInfo("UTC")
KEEP = Keep(raw=Duration(2 * DAY), hourly=Duration(5 * DAY), daily=Duration(20 * DAY))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Forty days of a roof, a reading an hour."""
    path = tmp_path / "house.db"
    with closing(Store(path, UTC, durable=False)) as store:
        for at in range(START - 40 * DAY, START, HOUR):
            store.add([Reading("roof", PV_POWER, float(at // HOUR % 4000), at)], HOUR)
        store.flush()
    return path


def oldest(path: Path) -> tuple[int, int, date]:
    """The age in days of the oldest reading and hour, and the oldest day."""
    with closing(Store(path, UTC, writes=False)) as store, closing(sqlite3.connect(path)) as db:
        first = [db.execute(f"SELECT min(at) FROM {table}").fetchone()[0] for table in ("reading", "hour")]
        days = store.readings.days("roof", PV_POWER, date(2020, 1, 1), date(2030, 1, 1))
    return (START - first[0]) // DAY, (START - first[1]) // DAY, min(days)


@pytest.mark.parametrize("daily", [20, 0])
def test_each_kind_is_kept_as_long_as_the_house_wants(database: Path, daily: int) -> None:
    house = small_house(database, [])
    config = replace(house.config, keep=replace(KEEP, daily=Duration(daily * DAY)))
    first = oldest(database)[2]
    retention = Retention(config, house.store, 0.0, lambda error: pytest.fail(str(error)))
    retention.advance(START, 0.0, settled=True)
    raw, hourly, day = oldest(database)
    assert (raw, hourly) == (2, 4), "days: as many, and the whole hours of as many"
    today = local(START, UTC).date()
    assert day == (today - timedelta(days=daily) if daily else first), "days are kept for ever unless that is limited"


def test_it_is_done_once_a_day_and_not_before_card_and_clock_are_settled(database: Path) -> None:
    house = small_house(database, [])
    retention = Retention(replace(house.config, keep=KEEP), house.store, 0.0, lambda error: pytest.fail(str(error)))
    before = oldest(database)
    retention.advance(START, 0.0, settled=False)
    assert oldest(database) == before
    retention.advance(START, 60.0, settled=True)
    assert oldest(database) == before, "midnight is looked for every five minutes"
    retention.advance(START, 5.0 * MINUTE, settled=True)
    done = oldest(database)
    assert done != before
    retention.advance(START + HOUR, 2.0 * HOUR, settled=True)
    assert oldest(database) == done, "the same day"
    retention.advance(START + DAY, 1.0 * DAY, settled=True)
    assert oldest(database)[0] == done[0] - 1


def test_a_card_that_refuses_is_complained_of_and_tried_again_the_next_day(database: Path) -> None:
    house = small_house(database, [])
    told: list[StoreError] = []
    retention = Retention(replace(house.config, keep=KEEP), house.store, 0.0, told.append)
    before = oldest(database)
    with closing(sqlite3.connect(database)) as other:
        other.execute("BEGIN EXCLUSIVE")
        retention.advance(START, 0.0, settled=True)
        other.execute("ROLLBACK")
    assert len(told) == 1
    retention.advance(START + DAY, 1.0 * DAY, settled=True)
    assert oldest(database) != before
    assert len(told) == 1
