"""What a condition means: tables of instants, three values, and nothing that depends on how often one looks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.conditions import Condition, Truth
from paper_witness import PaperWitness

ZONE = ZoneInfo("Europe/Berlin")
POINTS = [(1000, 100.0), (1300, 600.0), (1600, 600.0), (1900, 700.0), (2200, 400.0)]


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def asked(text: str, at: int, witness: PaperWitness | None = None) -> Truth:
    witness = witness or PaperWitness({"roof.pv_power": POINTS, "car.soc": [(1000, 72.3)]})
    return Condition.parse(text).holds(witness, at)


@pytest.mark.parametrize(
    ("text", "at", "truth"),
    [
        ("roof.pv_power > 500 W", 999, None),
        ("roof.pv_power > 500 W", 1000, False),
        ("roof.pv_power > 500 W", 1299, False),
        ("roof.pv_power > 500 W", 1300, True),
        ("roof.pv_power > 500 W", 2800, False),
        ("roof.pv_power > 500 W", 2801, None),
        ("not roof.pv_power > 500 W", 2801, None),
        ("not roof.pv_power > 500 W", 2800, True),
        ("roof.load_power > 0 W", 1300, None),
        ("roof.pv_power > 600 W", 1600, False),
        ("roof.pv_power >= 600 W", 1600, True),
        ("roof.pv_power = 0.6 kW", 1600, True),
        ("roof.pv_power != 600 W", 1600, False),
        ("car.soc = 72.3 %", 1000, True),
        ("car.soc <= 72.3 %", 1000, True),
        ("car.soc < 72.3 %", 1000, False),
        # the logic of three values
        ("roof.load_power > 0 W or roof.pv_power > 500 W", 1300, True),
        ("roof.load_power > 0 W and roof.pv_power > 500 W", 1300, None),
        ("roof.load_power > 0 W or roof.pv_power > 5 kW", 1300, None),
        ("roof.load_power > 0 W and roof.pv_power > 5 kW", 1300, False),
        # for
        ("roof.pv_power > 500 W for 5m", 1599, False),
        ("roof.pv_power > 500 W for 5m", 1600, True),
        ("roof.pv_power > 500 W for 15m", 2199, False),
        ("roof.pv_power > 500 W for 14m", 2199, True),
        ("roof.pv_power > 500 W for 1m", 2200, False),
        ("roof.pv_power > 50 W for 10m", 1500, None),
        ("roof.pv_power > 50 W for 10m", 2801, None),
        ("(not roof.pv_power > 500 W) for 5m", 2500, True),
        # ages
        ("age(roof.pv_power) > 5m", 2500, False),
        ("age(roof.pv_power) > 5m", 2501, True),
        ("age(roof.pv_power) >= 5m", 2500, True),
        ("age(roof.pv_power) < 5m", 2499, True),
        ("age(roof) > 1d", 200_000, True),
        ("age(roof) < 1d", 200_000, False),
        ("age(roof.load_power) > 1d", 200_000, None),
        ("stale(roof)", 999, None),
        ("stale(roof)", 2800, False),
        ("stale(roof)", 2801, True),
        ("stale(roof.pv_power)", 2801, True),
        ("stale(roof) for 5m", 3100, False),
        ("stale(roof) for 5m", 3101, True),
        ("night", 1000, None),
    ],
)
def test_readings(text: str, at: int, truth: Truth) -> None:
    assert asked(text, at) is truth


def test_trouble_and_daylight() -> None:
    witness = PaperWitness(troubles={"nas": [(100, False), (500, True), (900, False)], "": [(0, True)]}, sunny=True)
    assert [asked("trouble(nas)", at, witness) for at in (99, 100, 500, 900)] == [None, False, True, False]
    assert [asked("trouble(nas) for 5m", at, witness) for at in (799, 800, 899, 900)] == [False, True, True, False]
    assert asked("trouble()", 5, witness) is True
    assert (asked("day", 5, witness), asked("night", 5, witness)) == (True, False)
    assert asked("day for 1h", 5, witness) is True


def test_the_age_of_a_backup_counts_from_the_backup() -> None:
    witness = PaperWitness({"nas.newest_backup": [(10_000, 4_000.0), (10_300, 10_200.0)]})
    told = [asked("age(nas.newest_backup) > 2h", at, witness) for at in (9_999, 10_000, 10_899, 10_901, 10_300)]
    assert told == [None, False, False, None, False]
    assert asked("age(nas.newest_backup) > 1h 40m", 10_001, witness) is True
    assert asked("age(nas.newest_backup) > 1h 40m for 1m", 10_060, witness) is False
    assert asked("age(nas.newest_backup) > 1h 40m for 1m", 10_061, witness) is True


@pytest.mark.parametrize(
    ("text", "at", "truth"),
    [
        ("between 10:00 and 16:00", "2026-06-17T09:59:59", False),
        ("between 10:00 and 16:00", "2026-06-17T10:00:00", True),
        ("between 10:00 and 16:00", "2026-06-17T16:00:00", False),
        ("between 22:00 and 06:00", "2026-06-17T23:00:00", True),
        ("between 22:00 and 06:00", "2026-06-17T05:59:00", True),
        ("between 22:00 and 06:00 for 30m", "2026-06-17T22:29:00", False),
        ("between 22:00 and 06:00 for 30m", "2026-06-17T22:30:00", True),
        ("between 22:00 and 06:00 for 8h", "2026-06-17T05:59:00", False),
        ("weekday(mon-fri)", "2026-06-19T23:59:59", True),
        ("weekday(mon-fri)", "2026-06-20T00:00:00", False),
        ("weekday(sat, sun) for 12h", "2026-06-20T11:59:59", False),
        ("weekday(sat, sun) for 12h", "2026-06-20T12:00:00", True),
        ("weekday(sat, sun) for 12h", "2026-06-22T00:00:00", False),
        # the night on which the clocks go back has two hours from two to three
        ("between 02:30 and 05:00 for 2h", "2026-10-25T04:00:00", False),
        ("between 02:30 and 05:00 for 2h", "2026-10-25T04:30:00", True),
        ("between 02:00 and 05:00 for 3h 30m", "2026-10-25T04:30:00", True),
    ],
)
def test_the_clock_on_the_wall(text: str, at: str, truth: Truth) -> None:
    assert asked(text, instant(at)) is truth


readings = st.lists(st.tuples(st.integers(0, 3000), st.sampled_from([0.0, 400.0, 600.0])), max_size=12).map(
    lambda points: sorted(dict(points).items())
)
parts = st.sampled_from(
    [
        "roof.pv_power > 500 W",
        "car.soc < 50 %",
        "stale(car)",
        "age(roof.pv_power) > 3m",
        "age(car) <= 1m",
        "trouble(nas)",
        "between 01:20 and 01:40",
        "weekday(thu)",
    ]
)
whole = st.recursive(
    parts,
    lambda inner: st.one_of(
        inner.map(lambda one: f"not ({one})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda three: f"({' '.join(three)})"),
    ),
    max_leaves=4,
)


@settings(max_examples=150)
@given(readings, readings, whole, st.integers(1, 900), st.integers(0, 4000))
def test_for_means_at_every_second(
    power: list[tuple[int, float]], charge: list[tuple[int, float]], text: str, seconds: int, at: int
) -> None:
    """Looking only when something changes sees what looking at every second sees."""
    troubles: dict[str, list[tuple[int, Truth]]] = {"nas": [(500, False), (1500, True), (2000, None), (2500, False)]}
    witness = PaperWitness({"roof.pv_power": power, "car.soc": charge}, troubles, patient=240)
    term = Condition.parse(text)
    each = [term.holds(witness, second) for second in range(at - seconds, at + 1)]
    truth = False if False in each else None if None in each else True
    assert Condition.parse(f"({text}) for {seconds}s").holds(witness, at) is truth


def test_a_stretch_is_read_once() -> None:
    witness = PaperWitness({"roof.pv_power": [(at, 600.0) for at in range(0, 86_400, 60)]})
    assert asked("roof.pv_power > 500 W for 1d", 86_300, witness) is None
    assert asked("roof.pv_power > 500 W for 23h", 86_300, witness) is True
    assert witness.asked < 10
