"""Readings: what goes in is what comes out, however it is thinned, committed, reopened and re-polled."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, local
from eink_monitor.metrics import GRID_POWER, INVERTER_TEMPERATURE, PV_POWER, STORAGE_SOC
from eink_monitor.model.reading import Bucket, Reading, Run
from eink_monitor.store import Store
from eink_monitor.store.backfill import LONGEST_RUN

BERLIN = ZoneInfo("Europe/Berlin")
NOON = 1_780_000_000  # 28 May 2026, 22:26 in Berlin
SPACING = 750


@pytest.fixture
def store(tmp_path: Path, blank: Callable[[Path], Path]) -> Iterator[Store]:
    opened = Store(blank(tmp_path / "readings.db"), BERLIN, durable=False)
    yield opened
    opened.close()


def readings(*pairs: tuple[int, float]) -> list[Reading]:
    return [Reading("roof", PV_POWER, value, NOON + at) for at, value in pairs]


def runs(store: Store, since: int = 0, until: int = 10 * DAY) -> list[Run]:
    found = store.readings.runs("roof", PV_POWER, NOON + since, NOON + until)
    return [Run(run.start - NOON, run.end - NOON, run.value) for run in found]


def test_an_unchanged_value_is_one_run_and_a_change_ends_it(store: Store) -> None:
    store.add(readings((0, 5), (300, 5), (600, 5), (900, 7), (1200, 5)), SPACING)
    assert runs(store) == [(0, 600, 5), (900, 900, 7), (1200, 1200, 5)]
    store.flush()
    assert runs(store) == [(0, 600, 5), (900, 900, 7), (1200, 1200, 5)]
    assert store.rows()["reading"] == 2, "the open run is kept with its series"


def test_a_gap_is_never_hidden_by_an_equal_value(store: Store) -> None:
    store.add(readings((0, 5), (300, 5), (300 + SPACING + 1, 5)), SPACING)
    assert runs(store) == [(0, 300, 5), (1051, 1051, 5)]


def test_a_repeated_poll_changes_nothing(store: Store) -> None:
    batch = readings((0, 5), (300, 5), (600, 8), (900, 8))
    store.add(batch, SPACING)
    before, day = runs(store), store.readings.days("roof", PV_POWER, date(2026, 5, 1), date(2026, 6, 30))
    for _ in range(2):
        store.flush()
        store.add(batch, SPACING)
        store.add(reversed(batch), SPACING)
    assert runs(store) == before
    assert store.readings.days("roof", PV_POWER, date(2026, 5, 1), date(2026, 6, 30)) == day


def test_a_late_measurement_finds_its_place(store: Store) -> None:
    store.add(readings((0, 5), (900, 7)), SPACING)
    store.flush()
    store.add(readings((450, 6)), SPACING)
    assert runs(store) == [(0, 0, 5), (450, 450, 6), (900, 900, 7)]
    latest = store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.value == 7


def test_a_restated_measurement_replaces_the_old_one(store: Store) -> None:
    store.add(readings((0, 5), (300, 5)), SPACING)
    store.flush()
    store.add(readings((300, 9)), SPACING)
    assert runs(store)[-1] == (300, 300, 9)
    (day,) = store.readings.days("roof", PV_POWER, date(2026, 5, 1), date(2026, 6, 30)).values()
    assert (day.n, day.high, day.last, day.mean) == (2, 9, 9, 7)


def test_a_window_finds_the_run_that_crosses_its_end(store: Store) -> None:
    store.add([Reading("roof", PV_POWER, 0, NOON + at) for at in range(0, 5 * HOUR, 300)], SPACING)
    store.add(readings((5 * HOUR, 1)), SPACING)
    store.flush()
    assert runs(store, HOUR, 2 * HOUR) == [(0, 5 * HOUR - 300, 0)]
    assert runs(store, 6 * HOUR, 7 * HOUR) == []


def test_values_are_kept_to_the_step_of_their_metric(store: Store) -> None:
    store.add([Reading("roof", STORAGE_SOC, 67.84, NOON), Reading("roof", GRID_POWER, -1200.4, NOON)], SPACING)
    soc, grid = (store.readings.latest("roof", metric) for metric in (STORAGE_SOC, GRID_POWER))
    assert soc is not None
    assert grid is not None
    assert soc.value == pytest.approx(67.8)
    assert grid.value == -1200


def test_another_process_and_this_one_lose_nothing(store: Store, tmp_path: Path) -> None:
    ours = Store(tmp_path / "readings.db", BERLIN)
    theirs = Store(tmp_path / "readings.db", BERLIN)
    ours.add(readings((0, 1)), SPACING)
    theirs.add([Reading("roof", STORAGE_SOC, 50, NOON), *readings((300, 2))], SPACING)
    theirs.flush()
    ours.add(readings((600, 3)), SPACING)
    ours.sync()
    assert [run.value for run in ours.readings.runs("roof", PV_POWER, 0, NOON + DAY)] == [1, 2, 3]
    ours.flush()
    theirs.sync()
    for store_ in (ours, theirs):
        assert [run.value for run in store_.readings.runs("roof", PV_POWER, 0, NOON + DAY)] == [1, 2, 3]
        assert ("roof", "storage_soc") in store_.readings
        store_.close()


def test_old_rows_go_when_they_may(store: Store) -> None:
    store.add([Reading("roof", PV_POWER, at % 7, NOON + at) for at in range(0, 3 * DAY, 3600)], SPACING)
    with store.transaction():
        store.readings.prune(NOON + DAY, NOON + 2 * DAY, local(NOON + 2 * DAY, BERLIN).date())
    rows = store.rows()
    assert rows["reading"] == 2 * 24 - 1
    assert rows["hour"] == 24 - 1
    assert rows["day"] == 2


STEPS = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(0, 3), st.sampled_from(["next", "again", "flush", "reopen"])),
    max_size=60,
)


@settings(deadline=None, max_examples=60)
@given(STEPS, st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/St_Johns"]))
def test_everything_measured_is_found_again(
    tmp_path_factory: pytest.TempPathFactory, blank_database: Path, steps: list[tuple[int, int, str]], zone_name: str
) -> None:
    zone = ZoneInfo(zone_name)
    path = tmp_path_factory.mktemp("store") / "readings.db"
    shutil.copy(blank_database, path)
    start = 1_792_800_000  # a day before a German DST change
    store, at, truth = Store(path, zone, durable=False), start, {}
    for pause, value, then in steps:
        at += pause
        truth[at] = value
        store.add([Reading("roof", PV_POWER, value, at)], SPACING)
        if then == "again":
            store.add([Reading("roof", PV_POWER, value, at)], SPACING)
        elif then in ("flush", "reopen"):
            store.flush()
        if then == "reopen":
            store.close()
            store = Store(path, zone, durable=False)
    found = store.readings.runs("roof", PV_POWER, start, at)
    _check_runs(truth, list(found))
    _check_tallies(truth, store, zone)
    store.close()


def _check_runs(truth: dict[int, int], found: list[Run]) -> None:
    times = sorted(truth)
    for moment in times:
        assert [run.value for run in found if run.start <= moment <= run.end] == [truth[moment]]
    for run in found:
        inside = [moment for moment in times if run.start <= moment <= run.end]
        assert (inside[0], inside[-1]) == (run.start, run.end), "a run begins and ends with a measurement"
        assert all(b - a <= SPACING for a, b in itertools.pairwise(inside)), "no gap inside a run"
        assert run.end - run.start <= LONGEST_RUN + SPACING


def _check_tallies(truth: dict[int, int], store: Store, zone: ZoneInfo) -> None:
    days: dict[date, list[int]] = defaultdict(list)
    hours: dict[tuple[date, int, int], list[int]] = defaultdict(list)
    for moment in sorted(truth):
        here = local(moment, zone)
        days[here.date()].append(truth[moment])
        hours[here.date(), here.hour, here.fold].append(truth[moment])
    stored_days = store.readings.days("roof", PV_POWER, date(2026, 1, 1), date(2027, 12, 31))
    assert {day: (b.n, b.low, b.high, b.last) for day, b in stored_days.items()} == {
        day: (len(values), min(values), max(values), values[-1]) for day, values in days.items()
    }
    stored_hours = store.readings.hours("roof", PV_POWER, 0, 1 << 40)
    assert [(b.n, round(b.mean * b.n)) for b in stored_hours.values()] == [
        (len(values), sum(values)) for values in hours.values()
    ]
    for at in stored_hours:
        assert local(at, zone).minute == 0


BEAT = 300
LATE = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(0, 3), st.integers(1, 3), st.booleans()), min_size=1, max_size=25
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 1), st.integers(0, 12)), min_size=1, max_size=20), LATE)
def test_what_comes_late_and_again_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory,
    blank_database: Path,
    stretches: list[tuple[int, int, int]],
    late: list[tuple[int, int, int, bool]],
) -> None:
    """Stretches of an equal value with gaps between, then measurements at any beat of it, each told several times."""
    path = tmp_path_factory.mktemp("store") / "readings.db"
    shutil.copy(blank_database, path)
    store, truth, at = Store(path, BERLIN, durable=False), {}, 1_792_800_000
    start = at
    for beats, value, pause in stretches:
        for _ in range(beats):
            truth[at] = value
            store.add([Reading("roof", PV_POWER, value, at)], SPACING)
            at += BEAT
        at += (pause + 2) * BEAT if pause else 0
    span = (max(truth) - start) // BEAT
    for where, value, times, flush in late:
        moment = start + where % (span + 1) * BEAT
        if {moment, moment + BEAT} <= truth.keys() and local(moment + BEAT, BERLIN).date() > local(
            moment, BERLIN
        ).date():
            continue  # in a run over midnight nobody knows which measurement was the last of the day
        truth[moment] = value
        for _ in range(times):
            store.add([Reading("roof", PV_POWER, value, moment)], SPACING)
        if flush:
            store.flush()
    days: dict[date, list[int]] = defaultdict(list)
    for moment in sorted(truth):
        days[local(moment, BERLIN).date()].append(truth[moment])
    stored = store.readings.days("roof", PV_POWER, date(2026, 1, 1), date(2027, 12, 31))
    assert {day: (b.n, round(b.mean * b.n), b.last) for day, b in stored.items()} == {
        day: (len(values), sum(values), values[-1]) for day, values in days.items()
    }
    assert all(b.low <= min(days[day]) and b.high >= max(days[day]) for day, b in stored.items())
    found = sorted(store.readings.runs("roof", PV_POWER, start, at), key=lambda run: run.end)
    for moment, value in truth.items():
        assert next(run.value for run in found if run.start <= moment <= run.end) == value
    store.close()


def test_the_tables_can_be_read_by_people(store: Store, tmp_path: Path) -> None:
    store.add([Reading("roof", STORAGE_SOC, 67.8, NOON), Reading("roof", STORAGE_SOC, 68, NOON + 60)], SPACING)
    store.flush()
    db = sqlite3.connect(tmp_path / "readings.db")
    rows = db.execute("SELECT until, subject, metric, round(value, 3), unit FROM readings ORDER BY until").fetchall()
    db.close()
    assert rows == [
        ("2026-05-28 20:26:40", "roof", "storage_soc", 67.8, "%"),
        ("2026-05-28 20:27:40", "roof", "storage_soc", 68.0, "%"),
    ]


def test_hours_of_a_metric_that_has_none_are_summed_up_from_its_runs(store: Store) -> None:
    hour = NOON // HOUR * HOUR
    values = [(-30, 7), (0, 10), (5, 20), (59, 60), (60, 60), (119, 60), (180, 1)]  # minutes, °C
    store.add([Reading("roof", INVERTER_TEMPERATURE, value, hour + 60 * minute) for minute, value in values], 2 * HOUR)
    found = store.readings.hours("roof", INVERTER_TEMPERATURE, hour, hour + 3 * HOUR - 1)
    assert found == {
        hour: Bucket(3, 10, 60, 30, 60, hour),
        hour + HOUR: Bucket(1, 60, 60, 60, 60, hour + HOUR),
    }
    assert store.readings.hours("roof", INVERTER_TEMPERATURE, hour + HOUR + 1, hour + 3 * HOUR) == {
        hour + 3 * HOUR: Bucket(1, 1, 1, 1, 1, hour + 3 * HOUR)
    }
