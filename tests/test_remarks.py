"""What is said of a poll that went well: short, one line, and nothing of a vendor's text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.remarks import Remarks, figure


def test_sentences_and_values_stand_in_one_line() -> None:
    remarks = Remarks()
    remarks.add("the car sleeps")
    remarks.leave_out("charge", -1.5, "%")
    remarks.add("the car sleeps")
    assert str(remarks) == "the car sleeps; left out: charge -1.5 %"


def test_the_same_again_is_counted_and_many_are_cut_short() -> None:
    remarks = Remarks()
    for power in range(-6304, -6300):
        remarks.leave_out("battery power", power, "W")
    for name in "abcde":
        remarks.leave_out(name, 1e30)
    assert str(remarks) == "left out: battery power -6304 W (4 times), a 1e+30, b 1e+30, c 1e+30 and 2 more"


def test_what_was_said_of_one_batch_is_not_said_of_the_next() -> None:
    remarks = Remarks()
    remarks.add("the inverter sleeps")
    remarks.leave_out_date("soc", 10**40)
    remarks.clear()
    assert str(remarks) == ""


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-1.5, "-1.5"),
        (20, "20"),
        (-32768.0, "-32768"),
        (10**400, "an infinite number"),
        (float("nan"), "not a number"),
        (float("-inf"), "not a number"),
        (True, "not a number"),
        ("hunter2", "not a number"),
        (None, "not a number"),
        (1.5e300, "1.5e+300"),
    ],
)
def test_figures_are_short_and_texts_are_not_repeated(value: object, words: str) -> None:
    assert figure(value) == words


@given(st.lists(st.text()), st.lists(st.tuples(st.text(), st.one_of(st.floats(), st.integers(), st.text()))))
def test_it_is_one_short_line_whatever_is_in_it(sentences: list[str], odd: list[tuple[str, object]]) -> None:
    remarks = Remarks()
    for sentence in sentences:
        remarks.add(sentence)
    for name, value in odd:
        remarks.leave_out(name, value)
        remarks.leave_out_date(name, value)
    assert len(str(remarks)) <= 400
    assert str(remarks).isprintable()
