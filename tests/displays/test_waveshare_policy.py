"""The refresh policy, over arbitrary days on the wall."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.displays._policy import Past, Policy, Step

POLICY = Policy(3 * MINUTE, 5, DAY)
LONG_AGO = Past(10 * MINUTE, 20 * MINUTE, 1)


@pytest.mark.parametrize(
    ("past", "same", "crisp", "urgent", "step"),
    [
        (Past(None, None, 0), False, True, False, Step.FULL),  # a start
        (LONG_AGO, True, False, False, Step.SAME),
        (LONG_AGO, True, False, True, Step.SAME),
        (LONG_AGO, False, False, False, Step.PARTIAL),
        (LONG_AGO, True, True, False, Step.FULL),  # quiet hours are over
        (Past(179, 200, 1), False, False, False, Step.HOLD),
        (Past(180, 200, 1), False, False, False, Step.PARTIAL),
        (Past(179, 200, 1), False, False, True, Step.PARTIAL),
        (Past(10 * MINUTE, HOUR, 4), False, False, False, Step.PARTIAL),
        (Past(10 * MINUTE, HOUR, 5), False, False, False, Step.FULL),
        (Past(10 * MINUTE, 22 * HOUR, 0), True, False, False, Step.SAME),
        (Past(10 * MINUTE, 23 * HOUR, 0), True, False, False, Step.FULL),  # in time for the next beat as well
        (Past(MINUTE, 23 * HOUR, 0), True, False, False, Step.HOLD),
        (Past(MINUTE, None, 0), False, False, False, Step.HOLD),  # a restart soon after a refresh
    ],
)
def test_each_rule(past: Past, same: bool, crisp: bool, urgent: bool, step: Step) -> None:
    assert POLICY.step(past, same=same, crisp=crisp, urgent=urgent) is step


def test_ready_in_counts_down_to_zero() -> None:
    assert POLICY.ready_in(Past(None, None, 0)) == 0
    assert POLICY.ready_in(Past(0, 0, 0)) == 180
    assert POLICY.ready_in(Past(100.5, 0, 0)) == 79.5
    assert POLICY.ready_in(Past(500, 0, 0)) == 0


@pytest.mark.parametrize(
    ("interval", "partials", "full_every", "words"),
    [
        (29, 5, DAY, "min_interval"),
        (180, 6, DAY, "partials"),
        (180, -1, DAY, "partials"),
        (180, 5, DAY + 1, "full_every"),
        (180, 5, HOUR - 1, "full_every"),
        (16 * MINUTE, 5, HOUR, "a quarter"),
    ],
)
def test_what_harms_a_panel_is_refused(interval: int, partials: int, full_every: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Policy(interval, partials, full_every)


@given(
    policy=st.builds(Policy, st.integers(30, 15 * MINUTE), st.integers(0, 5), st.integers(HOUR, DAY)),
    beats=st.lists(st.tuples(st.floats(1, HOUR / 24), st.booleans(), st.booleans()), min_size=1, max_size=400),
)
@example(policy=POLICY, beats=[(149.0, False, False)] * 2000)
@example(policy=POLICY, beats=[(149.0, True, False)] * 2000)
def test_no_sequence_of_beats_breaks_a_rule(policy: Policy, beats: list[tuple[float, bool, bool]]) -> None:
    now, moved, full, partials = 0.0, 0.0, 0.0, 0
    for pause, same, crisp in beats:
        now += pause
        step = policy.step(Past(now - moved, now - full, partials), same=same, crisp=crisp, urgent=False)
        if step in {Step.PARTIAL, Step.FULL}:
            assert now - moved >= policy.min_interval
            moved = now
        if step is Step.PARTIAL:
            partials += 1
            assert not same
            assert partials <= policy.partials
        if step is Step.FULL:
            full, partials = now, 0
        assert now - full <= policy.full_every
        if crisp or not same:
            assert step is not Step.SAME
