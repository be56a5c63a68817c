"""What a source declares may change: no stored value is ever read in another unit than it was measured in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import local
from eink_monitor.metrics import KNOWN, METRICS, declare
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.store import Store

BERLIN = ZoneInfo("Europe/Berlin")
START = 1_780_000_000


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    for name in set(METRICS) - KNOWN:
        if name.startswith("level"):
            del METRICS[name]


def level(unit: str, step: float = 0.1) -> Metric:
    metric = Metric("level", unit, step, -1e9, 1e9, "level")
    declare(metric)
    return metric


def stored(path: Path, *readings: Reading) -> Store:
    store = Store(path, BERLIN)
    store.add(readings, 900)
    store.flush()
    return store


def said(store: Store, metric: Metric) -> tuple[float | None, list[float], list[float]]:
    """The newest value, all of them, and the highest of each day."""
    newest = store.readings.latest("tank", metric)
    day = local(START, BERLIN).date()
    runs = store.readings.runs("tank", metric, 0, START + 10_000)
    days = store.readings.days("tank", metric, day, day)
    return newest and newest.value, [run.value for run in runs], [bucket.high for bucket in days.values()]


def test_another_unit_of_the_same_kind_is_converted(tmp_path: Path) -> None:
    stored(tmp_path / "a.db", Reading("tank", level("l"), 1500, START)).close()
    cubic = level("m³", 0.001)
    store = stored(tmp_path / "a.db", Reading("tank", cubic, 1.25, START + 60))
    for _ in range(2):
        newest, runs, highest = said(store, cubic)
        assert newest == pytest.approx(1.25)
        assert runs == pytest.approx([1.5, 1.25])
        assert highest == pytest.approx([1.5])
        store.close()
        store = Store(tmp_path / "a.db", BERLIN)
    store.close()


def test_another_kind_of_unit_begins_anew_and_the_old_is_kept_by_another_name(tmp_path: Path) -> None:
    stored(tmp_path / "a.db", Reading("tank", level("l"), 1500, START)).close()
    percent = level("%", 1)
    store = Store(tmp_path / "a.db", BERLIN)
    assert said(store, percent) == (None, [], [])
    assert list(store.readings) == []
    store.add([Reading("tank", percent, 50, START + 60)], 900)
    for _ in range(2):
        assert said(store, percent) == (50, [50], [50])
        assert said(store, METRICS["level_l"]) == (1500, [1500], [1500])
        assert METRICS["level_l"].unit == "l"
        store.flush()
        store.close()
        del METRICS["level_l"]
        store = Store(tmp_path / "a.db", BERLIN)
    store.close()


def test_it_may_change_and_change_back_before_anything_is_written(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.db", BERLIN)
    for number, unit in enumerate(("l", "%", "l", "%", "°C", "°F")):
        store.add([Reading("tank", level(unit), number, START + number)], 900)
    store.flush()
    store.close()
    store = Store(tmp_path / "a.db", BERLIN)
    names = {name: reading.value for (_, name), reading in store.readings.items()}
    assert names == {"level_l": 0, "level_before": 1, "level_l_2": 2, "level_before_2": 3, "level_c": 4, "level": 5}
    store.close()
