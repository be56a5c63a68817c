"""The watchdog is fed while both halves keep to their timetable, and starves when either does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.service.heartbeat import SLACK, Heartbeat

HALVES = ("drawing", "fetching")


def test_it_is_fed_twice_per_interval() -> None:
    beat = Heartbeat(180)
    beat.step("drawing", 0, 500, 0)
    assert [mono for mono in range(0, 400, 10) if beat.feed(mono)] == [0, 90, 180, 270, 360]
    assert beat.pause(400) == 50


def test_nobody_watches() -> None:
    beat = Heartbeat(0)
    assert (beat.feed(0), beat.pause(0)) == (False, float("inf"))


def test_a_half_that_only_promises_starves_it() -> None:
    beat = Heartbeat(180)
    fed = []
    for mono in range(0, 1000, 10):
        beat.step("drawing", 7, mono + 60, mono)  # always about to, never does
        beat.step("fetching", mono, mono + 60, mono)
        if beat.feed(mono):
            fed.append(mono)
    assert fed == [0, 90]
    assert beat.late(1000) == ["drawing"]
    assert beat.pause(1000) > 0, "a starving watchdog is no reason to spin"


def test_quiet_hours_are_no_fault_and_end_with_a_fresh_patience() -> None:
    beat = Heartbeat(180)
    for half in HALVES:
        beat.step(half, 1, 100, 0)
    for mono in range(0, 36_000, 60):
        beat.rest(mono, 60)
        assert not beat.late(mono)
    assert not beat.late(35_940 + 60 + SLACK)
    assert beat.late(35_940 + 60 + SLACK + 1) == list(HALVES)


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500)), min_size=1), st.floats(1, 300))
def test_no_half_is_late_that_keeps_its_word(turns: list[tuple[float, float]], every: float) -> None:
    beat, mono = Heartbeat(every), 0.0
    for number, (pause, early) in enumerate(turns):
        beat.step("drawing", number, mono + pause, mono)
        mono += max(pause - early, 0.0)
        assert not beat.late(mono)
        assert beat.pause(mono) <= every / 2


@given(st.sampled_from(HALVES), st.floats(0, 5000), st.floats(0, 5000))
def test_one_half_never_covers_for_the_other(frozen: str, promised: float, later: float) -> None:
    beat = Heartbeat(180)
    for half in HALVES:
        beat.step(half, 0, promised, 0.0)
    end = promised + SLACK + 1 + later
    for half in HALVES:
        beat.step(half, int(half != frozen), end + 10, end)
    assert beat.late(end) == [frozen]
