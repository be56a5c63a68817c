"""Today's energies from lifetime counters: midnights, restarts, daylight saving, wraps, new devices, absences."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds, local
from eink_monitor.sources._inverter.counters import Count, Mark, Span, advance, ballot, rise, tally
from eink_monitor.sources._inverter.devices import LifetimeEnergy
from eink_monitor.sources._inverter.memory import Memory, load, save, worth_saving

BERLIN = ZoneInfo("Europe/Berlin")
WRAP = float(1 << 32)


def _nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    keys = st.sampled_from(["owner", "value", "at", "start", "energy"])
    return st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5)


def today(at: int) -> Span:
    return Span(*day_bounds(local(at, BERLIN).date(), BERLIN))


class Home:
    """A house whose memory goes through the file at every step, as it does from poll to poll."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = 0
        self.fastest, self.idle = 100_000.0, False
        self.mark = Mark("", 0, 0, 0, None)

    def read(self, at: int, value: float, owner: str = "7E1", *, wrap: float = WRAP, every: int = 30) -> float | None:
        old = load(self.path)
        span = today(at)
        count = Count(owner, LifetimeEnergy(value, wrap), self.fastest, self.idle)
        new = Memory(tally(old.marks, {"production@1": count}, at, span))
        if worth_saving(old, new, at, span.end, every):
            self.writes += 1
            assert save(self.path, new)
        self.mark = new.marks["production@1"]
        return self.mark.energy if self.mark.start == span.start else None


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
    assert home.read(at("2026-06-28", 2), 1300) == pytest.approx(2000, abs=10)


def test_after_a_small_fall_only_what_is_beyond_the_highest_counts() -> None:
    span = Span(0, DAY)
    mark = advance(None, Count("M1", LifetimeEnergy(1_000, WRAP)), 0, span)
    mark = replace(mark, energy=0.0)
    for beat, (value, energy) in enumerate([(999, 0), (1_000, 0), (1_004, 4), (1_003, 4), (1_005, 5)], 1):
        mark = advance(mark, Count("M1", LifetimeEnergy(value, WRAP)), beat * MINUTE, span)
        assert mark.energy == energy


def test_a_small_fall_is_no_rise_and_costs_nothing(home: Home) -> None:
    home.read(at("2026-06-28", -0.01), 19_996_000)
    assert home.read(at("2026-06-28", 0.01), 19_996_000) == 0
    seen = [19_998_000, 20_000_000, 19_999_998, 20_000_050]
    assert [home.read(at("2026-06-28", 18 + n / 100), value) for n, value in enumerate(seen)] == [
        2000,
        4000,
        3998,
        4050,
    ]
    assert not home.mark.incomplete


@pytest.mark.parametrize(("value", "owner"), [(40, "7E1"), (9_000, "7E2"), (400, "7E2"), (19_000_000, "7E1")])
def test_a_replaced_or_reset_counter_goes_on_from_where_it_stands(home: Home, value: float, owner: str) -> None:
    home.read(at("2026-06-28", -0.01), 16_008_000)
    home.read(at("2026-06-28"), 16_008_000)
    assert home.read(at("2026-06-28", 10), 16_009_000) == 1000
    assert home.read(at("2026-06-28", 11), value, owner) == 1000
    assert home.mark.doubt == value
    assert home.read(at("2026-06-28", 12), value + 500, owner) == 1500
    assert home.mark.incomplete, "what it made before it was read again is missing"
    assert home.read(at("2026-06-28", 23.9), value + 800, owner) == 1800
    assert home.read(at("2026-06-29", 0.01), value + 800, owner) == 0
    assert home.read(at("2026-06-29", 1), value + 900, owner) == 100
    assert home.mark == replace(home.mark, incomplete=False, doubt=None)


@pytest.mark.parametrize("slip", [0x7FFF_FFFF, 5, 16_300_000])
def test_a_slip_of_one_reading_costs_nothing(home: Home, slip: float) -> None:
    home.read(at("2026-06-28", -0.01), 16_008_000)
    home.read(at("2026-06-28", 0.01), 16_008_000)
    assert home.read(at("2026-06-28", 10), 16_009_000) == 1000
    assert home.read(at("2026-06-28", 10.01), slip) == 1000
    assert home.mark == replace(home.mark, doubt=slip)
    assert home.read(at("2026-06-28", 10.02), 16_009_030) == 1030
    assert home.mark == replace(home.mark, incomplete=False, doubt=None)


def test_a_jump_beyond_what_that_inverter_can_make_is_left_out(home: Home) -> None:
    home.fastest = 20_000.0
    home.read(at("2026-06-28", -0.01), 8_000)
    home.read(at("2026-06-28", 0.01), 8_000)
    assert home.read(at("2026-06-28", 10), 258_000) == 0
    assert home.read(at("2026-06-28", 10.5), 259_000) == 1000
    assert home.read(at("2026-06-28", 11), 260_000) == 2000


def test_a_counter_replaced_over_midnight_begins_the_new_day_from_nought(home: Home) -> None:
    home.read(at("2026-06-28", 10), 16_009_000)
    home.read(at("2026-06-28", 23.95), 16_010_000)
    assert home.read(at("2026-06-29", 9), 100, "7E2") is None
    assert home.read(at("2026-06-29", 10), 600, "7E2") == 500
    assert home.mark.incomplete


def test_while_it_is_idle_what_it_counts_is_not_counted(home: Home) -> None:
    """An inverter that charges its battery from the grid makes nothing, although the battery's content rises."""
    home.read(at("2026-06-28", -0.01), 8_000)
    home.read(at("2026-06-28", 0.01), 8_000)
    assert home.read(at("2026-06-28", 2), 8_100) == 100
    home.idle = True
    assert home.read(at("2026-06-28", 2.1), 8_150) == 150
    assert [home.read(at("2026-06-28", hour), 8_000 + 1_000 * hour) for hour in (3, 4, 5)] == [150] * 3
    home.idle = False
    assert home.read(at("2026-06-28", 5.1), 13_100) == 150
    assert home.read(at("2026-06-28", 6), 13_600) == 650


@pytest.mark.parametrize(
    ("first", "last", "gap", "known"),
    [
        ("2027-01-01", "2028-01-01", 10, True),
        ("2027-01-01", "2028-01-01", 20, False),
        ("2026-12-01", "2027-01-01", 0.9, True),
        ("2026-12-01", "2027-01-01", 3, False),
    ],
)
def test_a_gap_over_the_border_of_a_month_or_year_costs_no_month_or_year(
    first: str, last: str, gap: float, *, known: bool
) -> None:
    span = Span(at(first), at(last))
    before, after = span.start - int(gap / 2 * DAY), span.start + int(gap / 2 * DAY)
    old = Span(span.start - 300 * DAY, span.start)
    marks = tally({}, {"production@1": Count("7E1", LifetimeEnergy(8_000, WRAP))}, before, old)
    marks = tally(marks, {"production@1": Count("7E1", LifetimeEnergy(28_000, WRAP))}, after, span)
    assert marks["production@1"].energy == (pytest.approx(10_000) if known else None)
    assert marks["production@1"].incomplete


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
    path.write_text(json.dumps({"marks": {"production@1": kept}, "votes": kept}))
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
    assert memory.usual
    for expected in (True, False, False, False):
        memory.vote(-1)
        assert memory.usual is expected
    memory.vote(-1)
    memory.vote(1)
    memory.vote(1)
    assert memory.usual


def test_rise_needs_the_same_device() -> None:
    marks = tally({}, {"feed_in": Count("M1", LifetimeEnergy(100, WRAP))}, 0, Span(0, DAY))
    assert rise(marks, "feed_in", Count("M1", LifetimeEnergy(150, WRAP)), HOUR) == 50
    assert rise(marks, "feed_in", Count("M2", LifetimeEnergy(150, WRAP)), HOUR) is None
    assert rise(marks, "feed_in", None, HOUR) is None
    assert rise(marks, "purchased", Count("M1", LifetimeEnergy(150, WRAP)), HOUR) is None


@given(st.lists(st.tuples(st.integers(30, 3 * HOUR), st.integers(0, 2_000)), min_size=1, max_size=60))
def test_today_is_never_more_than_the_counter_rose(steps: list[tuple[int, int]]) -> None:
    now, value = int(datetime(2026, 6, 27, 21, 59, tzinfo=UTC).timestamp()), 1_000.0
    marks: dict[str, Mark] = {}
    for seconds, energy in steps:
        now, value = now + seconds, value + energy
        marks = tally(marks, {"production@1": Count("7E1", LifetimeEnergy(value, WRAP))}, now, today(now))
        counted = marks["production@1"].energy
        assert counted is None or 0 <= counted <= value - 1_000
    assert now - marks["production@1"].start < DAY + HOUR + MINUTE


@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.floats(-1e12, 1e12)), min_size=1, max_size=60))
def test_whatever_a_counter_says_a_day_never_runs_backwards_or_faster_than_it_can(
    steps: list[tuple[int, float]],
) -> None:
    now, marks = int(datetime(2026, 6, 27, 21, 59, tzinfo=UTC).timestamp()), dict[str, Mark]()
    for seconds, value in steps:
        before, now = marks.get("production@1"), now + seconds
        marks = tally(marks, {"production@1": Count("7E1", LifetimeEnergy(value, WRAP), 10_000)}, now, today(now))
        mark = marks["production@1"]
        if before and before.start == mark.start and before.energy is not None and mark.energy is not None:
            since = min(before.at, before.doubted_at) if before.doubt is not None else before.at
            assert 0 <= mark.energy - before.energy <= 10_000 * (now - since) / HOUR + 1_000


def test_a_counter_that_is_read_no_more_asks_for_no_writing() -> None:
    now = at("2026-06-28", 12)
    mark = Mark("7E1", 8_000, now - DAY, now - DAY, 0)
    old = Memory({"production@1": mark, "feed_in": replace(mark, at=now)})
    new = Memory({"production@1": mark, "feed_in": replace(mark, at=now + 30)})
    assert not worth_saving(old, new, now + 30, now + 6 * HOUR, 30)


def test_what_an_earlier_version_kept_is_that_of_the_first_unit(tmp_path: Path) -> None:
    mark = {"owner": "7E1", "value": 8_000, "at": 1, "start": 0, "energy": 5}
    kept = {"marks": dict.fromkeys(("production", "production year", "feed_in"), mark), "votes": 1}
    (tmp_path / "counters.json").write_text(json.dumps(kept))
    found = load(tmp_path / "counters.json")
    assert set(found.marks) == {"production@1", "production@1 year", "feed_in"}
    assert found.votes == 1
