"""How long an inverter's memory believes what it has seen, and when the card is worth a write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.sources._inverter.counters import Mark
from eink_monitor.sources._inverter.memory import Memory, worth_saving

NOON = 1_782_640_800
MIDNIGHT = NOON + 12 * HOUR
MARK = Mark("7E1", 1000, NOON, NOON - 12 * HOUR, 10.0)


def test_three_looks_in_a_row_that_no_house_explains_are_strangers_for_half_a_year() -> None:
    memory = Memory()
    for look, inexplicable in enumerate((True, True, False, True, True)):
        memory.doubt(NOON + look, inexplicable=inexplicable)
        assert not memory.crowded(NOON + look)
    memory.doubt(NOON, inexplicable=True)
    assert [memory.crowded(NOON + days * DAY) for days in (0, 180)] == [True, True]
    assert not memory.crowded(NOON + 180 * DAY + 1)


def test_that_they_are_still_there_is_noted_once_a_day() -> None:
    memory = Memory(doubts=3, strangers=NOON)
    memory.doubt(NOON + DAY, inexplicable=True)
    assert memory.strangers == NOON
    memory.doubt(NOON + DAY + 1, inexplicable=True)
    assert memory.strangers == NOON + DAY + 1


@pytest.mark.parametrize(
    ("votes", "proven", "export"),
    [(3, True, True), (1, True, True), (0, False, True), (-1, False, True), (-2, True, False), (-3, True, False)],
)
def test_it_takes_two_votes_to_turn_the_sign_and_one_to_bear_it_out(votes: int, proven: bool, export: bool) -> None:
    assert (Memory(votes=votes).proven, Memory(votes=votes).usual) == (proven, export)


def test_another_sign_explains_what_was_doubtful() -> None:
    memory = Memory(votes=-1, doubts=3, strangers=NOON)
    memory.vote(-1)
    assert (memory.doubts, memory.strangers) == (0, 0)
    memory = Memory(votes=2, doubts=3, strangers=NOON)
    memory.vote(-1)
    assert (memory.doubts, memory.strangers) == (3, NOON)


def test_a_battery_is_remembered_for_a_week_and_noted_once_a_day() -> None:
    memory = Memory()
    memory.saw(1, {0, 2}, NOON)
    memory.saw(12, {1}, NOON)
    memory.saw(1, {0}, NOON + DAY)
    assert memory.bays == {"1/0": NOON, "1/2": NOON, "12/1": NOON}
    assert memory.batteries(1, NOON + 7 * DAY) == {0, 2}
    assert memory.batteries(1, NOON + 7 * DAY + 1) == set()
    memory.saw(1, {0}, NOON + DAY + 1)
    assert memory.batteries(1, NOON + 7 * DAY + 1) == {0}
    assert memory.batteries(2, NOON) == set()


@pytest.mark.parametrize(
    ("after", "worth"), [(0, False), (30, False), (15 * MINUTE - 1, False), (15 * MINUTE, True), (-1, True)]
)
def test_a_counter_that_only_runs_is_written_every_quarter_of_an_hour(after: int, worth: bool) -> None:
    at = NOON + after
    new = replace(MARK, value=1005, at=at, energy=15.0)
    assert worth_saving(Memory({"a": MARK}), Memory({"a": new}), at, MIDNIGHT, 30) is worth


@pytest.mark.parametrize(("left", "worth"), [(91, False), (90, True), (0, True)])
def test_what_is_known_before_midnight_is_written(left: int, worth: bool) -> None:
    old = replace(MARK, at=MIDNIGHT - left)
    assert worth_saving(Memory({"a": old}), Memory({"a": old}), MIDNIGHT - left, MIDNIGHT, 30) is worth
    assert not worth_saving(Memory(), Memory(), MIDNIGHT - left, MIDNIGHT, 30)


@pytest.mark.parametrize(
    "change",
    [
        *({"owner": "7E2"}, {"start": NOON}, {"energy": None}, {"incomplete": True}),
        *({"doubt": 5.0}, {"idle": True}),
    ],
)
def test_what_a_restart_must_know_is_written_at_once(change: dict[str, object]) -> None:
    new = Memory({"a": replace(MARK, **change)})  # type: ignore[arg-type]
    assert worth_saving(Memory({"a": MARK}), new, NOON, MIDNIGHT, 30)
    for other in (Memory({"a": MARK}, votes=1), Memory({"a": MARK}, doubts=1), Memory({"a": MARK, "b": MARK})):
        assert worth_saving(Memory({"a": MARK}), other, NOON, MIDNIGHT, 30)
