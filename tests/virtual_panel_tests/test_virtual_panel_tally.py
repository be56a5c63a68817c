"""The bit-sliced counters against plain ones."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from virtual_panel.tally import Tally

WIDTH = 16
steps = st.lists(st.tuples(st.integers(0, 2**WIDTH - 1), st.integers(-40, 40)), max_size=30)


@given(steps, st.integers(0, 2**WIDTH - 1), st.integers(1, 2**WIDTH - 1))
def test_as_plain_counters(history: list[tuple[int, int]], cleared: int, among: int) -> None:
    tally, plain = Tally(), [0] * WIDTH
    for mask, amount in history:
        tally.add(mask, amount)
        plain = [value + amount * (mask >> n & 1) for n, value in enumerate(plain)]
    assert [tally.at(n) for n in range(WIDTH)] == plain
    chosen = [value for n, value in enumerate(plain) if among >> n & 1]
    assert tally.extremes(among) == (min(chosen), max(chosen))
    assert tally.count_nonzero(among) == sum(value != 0 for value in chosen)
    tally.clear(cleared)
    assert [tally.at(n) for n in range(WIDTH)] == [0 if cleared >> n & 1 else v for n, v in enumerate(plain)]


def test_an_empty_choice_is_zero() -> None:
    tally = Tally()
    tally.add(1, 5)
    assert tally.extremes(0) == (0, 0)
