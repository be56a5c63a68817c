"""Which panel comes next, by tables; and that nobody starves, whatever the weights and firsts."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.house.attention import Candidate, Choice, Why, choose, fill, settled

OWED = DAY - HOUR
TURN, FIRST, LATE = Why.TURN, Why.FIRST, Why.OWED


def panel(name: str, credit: float = 0, **more: float) -> Candidate:
    return Candidate(name, 180, credit=credit)._replace(**more)  # type: ignore[arg-type]  # the fields that are numbers


@pytest.mark.parametrize(
    ("candidates", "choice"),
    [
        ([panel("a"), panel("b")], ("a", TURN)),
        ([panel("a", -1), panel("b", 1)], ("b", TURN)),
        ([panel("a", 1), panel("b", 1), panel("c", -2)], ("a", TURN)),
        # weights
        ([panel("a", weight=3), panel("b"), panel("c")], ("a", TURN)),
        ([panel("a", -2, weight=3), panel("b", 1), panel("c", 1)], ("b", TURN)),
        # who may not, or has nothing to say, takes no part
        ([panel("a", 1, may=False), panel("b")], ("b", TURN)),
        ([panel("a", 1, speaks=False), panel("b")], ("b", TURN)),
        ([panel("a", 1, may=False, calls=True), panel("b")], ("b", TURN)),
        ([panel("a", 1, speaks=False, calls=True), panel("b")], ("b", TURN)),
        ([panel("a", 1, speaks=False, waited=3 * DAY), panel("b")], ("b", TURN)),
        # nobody may: then whoever has something to say; nobody has: then all that may
        ([panel("a", may=False), panel("b", 2, speaks=False)], ("a", TURN)),
        ([panel("a", 2, may=False, speaks=False), panel("b", speaks=False)], ("b", TURN)),
        ([panel("a", may=False, speaks=False)], ("a", TURN)),
        # firsts come before turns, in the order of the configuration
        ([panel("a", 1), panel("b", -2, calls=True), panel("c", 1, calls=True)], ("b", FIRST)),
        # who would have to wait for more than a day comes before either
        ([panel("a", calls=True), panel("b", waited=OWED - 179)], ("b", LATE)),
        ([panel("a", calls=True), panel("b", waited=OWED - 180)], ("a", FIRST)),
        ([panel("a", dwell=2 * HOUR), panel("b", waited=OWED - HOUR)], ("b", LATE)),
        ([panel("a"), panel("b", waited=OWED - HOUR), panel("c", waited=OWED - HOUR, dwell=HOUR)], ("a", TURN)),
        ([panel("a"), panel("b", waited=OWED - 300), panel("c", waited=OWED - 299)], ("c", LATE)),
        # it is its turn anyway
        ([panel("a", waited=2 * DAY), panel("b")], ("a", TURN)),
    ],
)
def test_the_choice(candidates: list[Candidate], choice: tuple[str, Why]) -> None:
    assert choose(candidates, OWED) == Choice(*choice)


def shown(weights: dict[str, int], turns: int) -> list[str]:
    owed: dict[str, float] = {}
    names: list[str] = []
    for _ in range(turns):
        candidates = [panel(name, owed.get(name, 0), weight=weight) for name, weight in weights.items()]
        names.append(choose(candidates, OWED).name)
        owed |= settled(candidates, names[-1])
    return names


def test_equal_panels_go_round_in_the_order_of_the_configuration() -> None:
    assert "".join(shown(dict.fromkeys("abcd", 1), 12)) == "abcdabcdabcd"


def test_weights_are_spread_evenly() -> None:
    assert "".join(shown({"a": 3, "b": 1, "c": 1}, 15)) == "abacaabacaabaca"


@settings(max_examples=60)
@given(st.lists(st.integers(1, 10), min_size=1, max_size=8))
def test_everybody_has_its_share_of_each_round(weights: list[int]) -> None:
    names = shown({str(number): weight for number, weight in enumerate(weights)}, 3 * sum(weights))
    assert Counter(names) == {str(number): 3 * weight for number, weight in enumerate(weights)}
    for number, weight in enumerate(weights):
        places = [place for place, name in enumerate(names) if name == str(number)]
        gaps = [after - before for before, after in pairwise(places)]
        assert max(gaps, default=0) <= 2 * sum(weights) / weight + 1


def test_who_came_before_its_turn_has_had_it() -> None:
    candidates = [panel("a", 1), panel("b", 1), panel("c", -2, calls=True)]
    owed = settled(candidates, "c")
    assert owed == {"a": 2, "b": 2, "c": -3}, "and owes no more than a round"
    assert settled([panel("b", 1)], "a") == {"b": 1}, "a person asked for what takes no part"


@settings(max_examples=80)
@given(
    st.lists(st.tuples(st.integers(1, 10), st.integers(1, 120), st.booleans()), min_size=2, max_size=8),
)
def test_nobody_waits_for_more_than_a_day(panels: list[tuple[int, int, bool]]) -> None:
    """Weights, dwells and firsts that begin to hold at every moment: all that fits into a day is there each day."""
    waits = dict.fromkeys(map(str, range(len(panels))), 0.0)
    owed: dict[str, float] = {}
    now = 0.0
    for _ in range(400):
        candidates = [
            Candidate(
                str(number),
                dwell * MINUTE,
                weight,
                True,
                True,
                flaps,
                owed.get(str(number), 0),
                now - waits[str(number)],
            )
            for number, (weight, dwell, flaps) in enumerate(panels)
        ]
        chosen = choose(candidates, OWED)
        assert now - waits[chosen.name] <= DAY
        assert all(now - since <= DAY for since in waits.values())
        dwell = next(one.dwell for one in candidates if one.name == chosen.name)
        owed |= settled(candidates, chosen.name)
        waits[chosen.name] = now + dwell
        now += dwell


def page(candidates: list[Candidate], cells: int, asked: str = "") -> str:
    return " ".join(f"{name}:{why.name}" for name, why in fill(candidates, OWED, cells, asked)[0])


def test_several_panels_at_once() -> None:
    few = [panel("a"), panel("b", may=False), panel("c", calls=True), panel("d")]
    assert page(few, 2) == "c:FIRST a:TURN"
    assert page(few, 4) == "c:FIRST a:TURN d:TURN", "an empty cell sooner than one that does not take part"
    assert page(few, 2, "b") == "b:ASKED c:FIRST", "but for whoever is asked for"
    assert page(few, 2, "d") == "d:ASKED c:FIRST"
    assert page(few[:1], 1, "a") == "a:ASKED"


def test_what_does_not_fit_takes_turns() -> None:
    owed: dict[str, float] = {}
    pages = []
    for _ in range(3):
        choices, owed = fill([panel(name, owed.get(name, 0)) for name in "abcdef"], OWED, 4)
        pages.append("".join(choice.name for choice in choices))
    assert pages == ["abcd", "efab", "cdef"]
