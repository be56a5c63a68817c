"""Text from outside: in one line, printable, bounded; and no error can carry anything else."""

from __future__ import annotations

import pickle
import sqlite3
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.errors import (
    AuthFailed,
    BadAnswer,
    Complaint,
    ConfigError,
    DisplayError,
    Gone,
    StoreError,
    Throttled,
    Trouble,
    Unavailable,
)
from eink_monitor.outside import LONGEST, clean, is_clean

ANYTHING = st.text(st.characters(codec=None, categories=None), max_size=80)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("Zoë's Škoda – 12 °C", "Zoë's Škoda – 12 °C"),
        ("\x1b[2J\x1b]0;gone\x07left", "[2J]0;goneleft"),
        ("two\nlines\r\n\tand more", "two lines and more"),
        ("a\ud800b\udfffc", "abc"),
        ("abc\u202egpj.exe", "abcgpj.exe"),
        ("\u200bzero\u200dwidth\ufeff", "zerowidth"),
        ("no\u00a0break", "no break"),
        ("\x9b31mred", "31mred"),
        ("", ""),
        ("\x00\x00", ""),
    ],
)
def test_what_becomes_of_odd_signs(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_it_is_bounded() -> None:
    assert clean("x" * 40, 10) == "xxxxxxx..."
    assert clean("\x00" * 10_000_000 + "x", 10) == "..."
    assert clean("a " * 10, 10) == "a a a a..."
    assert is_clean("x" * 10, 10)
    assert not is_clean("x" * 11, 10)
    assert not is_clean("a\x1b", 10)


@given(ANYTHING)
def test_whatever_comes_can_be_shown_and_stored(text: str) -> None:
    kept = clean(text, 50)
    assert len(kept) <= 50
    assert kept == clean(kept, 50)
    assert not any(unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for sign in kept)
    with sqlite3.connect(":memory:") as base:
        assert base.execute("SELECT ?", (kept,)).fetchone() == (kept,)
    base.close()


@given(ANYTHING)
@pytest.mark.parametrize(
    "kind",
    [Trouble, Unavailable, AuthFailed, Gone, BadAnswer, StoreError, DisplayError, lambda text: Throttled(text, 5)],
)
def test_no_error_carries_anything_else(kind: type[Trouble], text: str) -> None:
    for trouble in (kind(f"vendor: {text}"), pickle.loads(pickle.dumps(kind(f"vendor: {text}")))):
        assert str(trouble) == clean(f"vendor: {text}")
        trouble.in_full().encode()


def test_the_complaints_of_a_configuration_stay_lines() -> None:
    error = ConfigError([Complaint("one\x1b[31m", "a.yaml", 1, 1), Complaint("two\nthree", "a.yaml", 2, 1, "key")])
    assert str(error).splitlines() == ["a.yaml:1:1: one[31m", "a.yaml:2:1: key: two three"]


def test_an_error_is_never_longer_than_a_sentence() -> None:
    assert len(str(BadAnswer("x" * 1_000_000))) == LONGEST
