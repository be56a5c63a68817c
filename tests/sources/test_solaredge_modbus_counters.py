"""Today's energies from lifetime counters: midnights, restarts, daylight saving, wraps, new devices, absences."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds
from eink_monitor.sources._modbus.counters import Memory, ballot, load, rise, save, tally, worth_saving
from eink_monitor.sources._modbus.sunspec import Energy

BERLIN = ZoneInfo("Europe/Berlin")
WRAP = float(1 << 32)


def _nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    keys = st.sampled_from(["owner", "value", "at", "start", "energy"])
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5)


class Home:
    """A house whose memory goes through the file at every step, as it does from poll to poll."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = 0

    def read(self, at: int, value: float, owner: str = "7E1", *, wrap: float = WRAP, every: int = 30) -> float | None:
        old = load(self.path)
        start, end = day_bounds(datetime.fromtimestamp(at, BERLIN).date(), BERLIN)
        new = tally(old, {"production": (owner, Energy(value, wrap))}, at, start)
        if worth_saving(old, new, at, end, every):
            self.writes += 1
            assert save(self.path, new)
        return new.marks["production"].energy


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "new" / "counters.json")


def at(day: str, hour: float = 0) -> int:
    """Epoch seconds: hours after the local midnight of a day."""
    return day_bounds(date.fromisoformat(day), BERLIN)[0] + int(hour * HOUR)


def test_the_first_day_is_unknown_and_the_next_is_not(home: Home) -> None:
    assert home.read(at("2026-06-27", 12), 1000) is None
    assert home.read(at("2026-06-27", 12.5), 3000) is None
    assert home.read(at("2026-06-27", 23.99), 9000) is None
    assert home.read(at("2026-06-28", 0.01), 9000) == 0
    assert home.read(at("2026-06-28", 12), 12_000) == 3000
    assert home.read(at("2026-06-28", 12.01), 12_100) == 3100


def test_every_half_minute_of_a_day_writes_little(home: Home) -> None:
    start, value = at("2026-06-27", 22), 5_000.0
    for beat in range(26 * 120):
        now = start + 30 * beat
        value += 10 if 8 * 120 < beat < 20 * 120 else 0
        today = home.read(now, value)
        if now >= at("2026-06-28"):
            assert today == pytest.approx(value - 5_000)
    assert home.writes < 26 * 4 + 10


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_of_23_and_25_hours(home: Home, day: str, hours: int) -> None:
    home.read(at(day, -0.01), 1000)
    assert [home.read(at(day, hour), 1000 + 100 * hour) for hour in range(hours)] == [100 * h for h in range(hours)]
    assert home.read(at(day, hours), 1000 + 100 * hours) == pytest.approx(0, abs=1)


def test_asleep_over_midnight_keeps_the_evening_counter(home: Home) -> None:
    home.read(at("2026-06-27", 21.5), 8_000)
    dawn = home.read(at("2026-06-28", 5), 8_010)
    assert dawn is not None
    assert 0 <= dawn <= 10
    assert home.read(at("2026-06-28", 9), 9_010) == dawn + 1000


def test_an_energy_across_midnight_that_cannot_be_shared_out_is_absent(home: Home) -> None:
    home.read(at("2026-06-27", 15), 8_000)
    assert home.read(at("2026-06-28", 10), 19_000) is None
    assert home.read(at("2026-06-28", 11), 20_000) is None
    assert home.read(at("2026-06-29", 0.1), 24_000) == pytest.approx(4_000 * 0.1 / 13.1)


def test_days_of_absence_end_at_a_midnight(home: Home) -> None:
    home.read(at("2026-06-20", 12), 8_000)
    today = home.read(at("2026-06-28", 0.1), 88_000)
    assert today is not None
    assert today < 100
    home.read(at("2026-06-28", 1), 88_000)
    assert home.read(at("2026-07-05", 10), 88_000) == 0


def test_a_counter_that_wraps_goes_on(home: Home) -> None:
    home.read(at("2026-06-28", -0.01), WRAP - 700)
    assert home.read(at("2026-06-28", 1), 300) == pytest.approx(1000, abs=10)
    home.read(at("2026-06-28", 2), 10 * WRAP - 50, wrap=10 * WRAP)
    assert home.read(at("2026-06-28", 3), 50, wrap=10 * WRAP) is None


@pytest.mark.parametrize(("value", "owner"), [(40, "7E1"), (9_000, "7E2"), (9_000_000, "7E1")])
def test_a_replaced_inverter_starts_over_at_midnight(home: Home, value: float, owner: str) -> None:
    home.read(at("2026-06-28", -0.01), 8_000)
    home.read(at("2026-06-28"), 8_000)
    assert home.read(at("2026-06-28", 10), 9_000) == 1000
    assert home.read(at("2026-06-28", 11), value, owner) is None
    assert home.read(at("2026-06-28", 12), value + 500, owner) is None
    home.read(at("2026-06-28", 23.9), value + 800, owner)
    assert home.read(at("2026-06-29", 0.01), value + 800, owner) == 0


def test_a_clock_set_back_loses_nothing_within_the_day_and_invents_nothing_beyond(home: Home) -> None:
    home.read(at("2026-06-28", -0.01), 8_000)
    home.read(at("2026-06-28"), 8_000)
    home.read(at("2026-06-28", 10), 9_000)
    assert home.read(at("2026-06-28", 9.9), 9_010) == 1010
    assert home.read(at("2026-06-27", 9), 9_020) is None


def test_a_restart_finds_what_was_kept(home: Home) -> None:
    home.read(at("2026-06-28", -0.01), 8_000)
    home.read(at("2026-06-28"), 8_000)
    home.read(at("2026-06-28", 10), 9_000)
    assert Home(home.path).read(at("2026-06-28", 20), 30_000) == 22_000


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "[]",
        "{}",
        '{"marks": [], "votes": 0}',
        '{"marks": {"a": 1}, "votes": 0}',
        '{"marks": {"a": {"owner": "x", "value": true, "at": 1, "start": 0, "energy": null}}, "votes": 0}',
        '{"marks": {"a": {"owner": "x", "value": NaN, "at": 1, "start": 0, "energy": null}}, "votes": 0}',
        '{"marks": {}, "votes": Infinity}',
        "[" * 20_000,
    ],
)
def test_a_damaged_file_is_an_empty_memory(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "counters.json"
    path.write_text(kept)
    assert load(path) == Memory()


def test_a_state_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert not save(tmp_path / "file" / "counters.json", Memory())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), _nested))
def test_any_json_loads(tmp_path: Path, kept: object) -> None:
    path = tmp_path / "counters.json"
    path.write_text(json.dumps({"marks": {"production": kept}, "votes": kept}))
    assert load(path) == Memory()


@pytest.mark.parametrize(
    ("power", "exported", "imported", "votes"),
    [
        (900, 5, 0, 1),
        (-900, 5, 0, -1),
        (-900, 0, 5, 1),
        (900, 0, 5, -1),
        (900, 5, 5, 0),
        (900, 0, 0, 0),
        (10, 5, 0, 0),
        (900, None, 5, 0),
        (900, 5, None, 0),
    ],
)
def test_ballots(power: float, exported: float | None, imported: float | None, votes: int) -> None:
    assert ballot(power, exported, imported) == votes


def test_votes_saturate_and_can_be_won_back() -> None:
    memory = Memory()
    assert memory.export_positive
    for expected in (True, False, False, False):
        memory.vote(-1)
        assert memory.export_positive is expected
    memory.vote(-1)
    memory.vote(1)
    memory.vote(1)
    assert memory.export_positive


def test_rise_needs_the_same_device() -> None:
    memory = tally(Memory(), {"feed_in": ("M1", Energy(100, WRAP))}, 0, 0)
    assert rise(memory, "feed_in", "M1", Energy(150, WRAP), HOUR) == 50
    assert rise(memory, "feed_in", "M2", Energy(150, WRAP), HOUR) is None
    assert rise(memory, "feed_in", "M1", None, HOUR) is None
    assert rise(memory, "purchased", "M1", Energy(150, WRAP), HOUR) is None


@given(st.lists(st.tuples(st.integers(30, 3 * HOUR), st.integers(0, 2_000)), min_size=1, max_size=60))
def test_today_is_never_more_than_the_counter_rose(steps: list[tuple[int, int]]) -> None:
    now, value, memory = int(datetime(2026, 6, 27, 21, 59, tzinfo=UTC).timestamp()), 1_000.0, Memory()
    for seconds, energy in steps:
        now, value = now + seconds, value + energy
        day = day_bounds(datetime.fromtimestamp(now, BERLIN).date(), BERLIN)[0]
        memory = tally(memory, {"production": ("7E1", Energy(value, WRAP))}, now, day)
        today = memory.marks["production"].energy
        assert today is None or 0 <= today <= value - 1_000
    assert now - memory.marks["production"].start < DAY + HOUR + MINUTE
