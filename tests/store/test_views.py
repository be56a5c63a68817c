"""The views for people who read the database themselves: hours and days with names, units, local dates and energy."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics as m
from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
NOON = 1_781_690_400  # 17 June 2026, 12:00 in Berlin


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """SQLite tells local time by the environment."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(folder: Path, query: str) -> list[dict[str, object]]:
    with closing(sqlite3.connect(folder / "readings.db")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(query)]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Two hours of 600 W that become 900 W, and what the meters counted."""
    store = Store(tmp_path / "readings.db", BERLIN)
    for at in range(NOON, NOON + 2 * HOUR, 5 * MINUTE):
        values: dict[Metric, float] = {
            m.PV_POWER: 600 if at < NOON + HOUR else 900,
            m.STORAGE_SOC: 56.3,
            m.PRODUCTION_TODAY: 4000 + (at - NOON) / 4,
            m.FEED_IN_LIFETIME: 7_000_000 + (at - NOON) / 10,
            m.PRODUCTION_MONTH: 88_000,
        }
        store.add([Reading("roof", metric, value, at) for metric, value in values.items()], 600)
    store.flush()
    store.close()
    return tmp_path


def test_hours(house: Path) -> None:
    found = rows(house, "SELECT * FROM hours WHERE metric = 'pv_power' ORDER BY utc")
    assert found[0] == {
        "utc": "2026-06-17 10:00:00",
        "local": "2026-06-17 12:00:00",
        "date": "2026-06-17",
        "subject": "roof",
        "metric": "pv_power",
        "unit": "W",
        "measurements": 12,
        "low": 600.0,
        "mean": 600.0,
        "high": 600.0,
        "last": 600.0,
        "kwh": 0.6,
    }
    assert found[1]["kwh"] == 0.9
    (charge,) = rows(house, "SELECT DISTINCT unit, mean, kwh FROM hours WHERE metric = 'storage_soc'")
    assert charge == {"unit": "%", "mean": 56.3, "kwh": None}


def test_days(house: Path) -> None:
    found = {row["metric"]: row for row in rows(house, "SELECT * FROM days")}
    assert {row["date"] for row in found.values()} == {"2026-06-17"}
    assert {row["measurements"] for row in found.values()} == {24}
    assert (found["production_today"]["last"], found["production_today"]["kwh"]) == (5725.0, 5.725)
    assert (found["feed_in_lifetime"]["last"], found["feed_in_lifetime"]["kwh"]) == (7_000_690.0, 0.69)
    assert found["production_month"]["kwh"] is None  # of a day no more than of a minute
    assert found["pv_power"]["kwh"] is None  # hours know
    (day,) = rows(house, "SELECT date, sum(kwh) AS kwh FROM hours WHERE metric = 'pv_power' GROUP BY date")
    assert day == {"date": "2026-06-17", "kwh": 1.5}


def test_a_database_of_before_gets_them(house: Path) -> None:
    with closing(sqlite3.connect(house / "readings.db")) as db:
        db.executescript(
            "DROP VIEW hours; DROP VIEW days; DELETE FROM _sqlite_migrations WHERE name LIKE '%hours_and_days';"
            "PRAGMA user_version = 5;"
        )
    Store(house / "readings.db", BERLIN).close()
    assert len(rows(house, "SELECT * FROM hours")) == 4
    assert len(rows(house, "SELECT * FROM days")) == 5
