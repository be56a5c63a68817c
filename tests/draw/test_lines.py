"""Texts are broken where they may be, and only as much of them is read as there is room for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from effort import effort
from eink_monitor.draw import codes, fonts
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.lines import broken, wrapped
from eink_monitor.draw.measure import Measure
from eink_monitor.draw.signcard import sign_in_card

SMALL = Measure(fonts.face(fonts.SMALL))
HUGE = 100_000


@given(st.text(max_size=80), st.integers(1, 200), st.integers(0, 99))
def test_a_broken_address_is_whole_as_far_as_it_goes(address: str, room: int, most: int) -> None:
    lines = broken(address, SMALL, room, most)
    assert len(lines) <= most
    assert address.startswith("".join(lines))
    assert "".join(lines) == address or len(lines) == most
    assert all(len(line) == 1 or SMALL.width(line) <= room for line in lines)


def test_an_address_is_broken_where_it_may_be() -> None:
    address = "customer.bmwgroup.com/oneid/link"
    assert broken(address, SMALL, 170, 9) == ["customer.bmwgroup.com/oneid/", "link"]
    assert broken(address, SMALL, 122, 9) == ["customer.bmwgroup.", "com/oneid/link"]
    assert broken(address, SMALL, 122, 1) == ["customer.bmwgroup."]


@given(st.text("ab c\n", max_size=120), st.integers(12, 200), st.integers(0, 9))
def test_a_sentence_fits_its_lines(sentence: str, room: int, most: int) -> None:
    lines = wrapped(sentence, SMALL, room, most)
    assert len(lines) <= most
    assert all(SMALL.width(line) <= room for line in lines)
    if not any("…" in line for line in lines) and most:
        assert " ".join(lines).split() == sentence.split()


def test_a_sentence_is_broken_between_words() -> None:
    sentence = "sign in again: eink-monitor login bmw"
    assert wrapped(sentence, SMALL, 100, 3) == ["sign in again:", "eink-monitor", "login bmw"]
    assert wrapped(sentence, SMALL, 100, 2) == ["sign in again:", "eink-monitor lo…"]
    assert wrapped(sentence, SMALL, 100, 0) == wrapped("", SMALL, 100, 3) == []


@given(st.text(max_size=60), st.integers(-5, 300))
def test_what_fits_is_as_much_as_fits(text: str, room: int) -> None:
    count = SMALL.count(text, room)
    assert count == 0 or SMALL.width(text[:count]) <= room
    assert count == len(text) or SMALL.width(text[: count + 1]) > room
    fitted = SMALL.fit(text, room)
    assert fitted == text if count == len(text) else len(fitted) <= count + 1


def test_the_letters_that_a_name_cannot_be_written_with() -> None:
    assert fonts.unwritable("Škoda Énergie Łódź · Ж") == ""
    assert fonts.unwritable("家 is 家") == "家"
    assert fonts.unwritable("⚡\ud800⚡") == "⚡\ud800"


WORK: dict[str, Callable[[str], object]] = {
    "a text on a sheet": lambda text: Canvas().text(0, 20, text),
    "a text that is aligned": lambda text: Canvas().text(240, 20, text, align="right"),
    "a text in its width": lambda text: Canvas().text(0, 20, text, width=100),
    "an address": lambda text: broken(text, SMALL, 100, 2),
    "a sentence": lambda text: wrapped(text, SMALL, 100, 5),
    "a card": lambda text: sign_in_card(Canvas(), text, text, text, text),
    "a narrow card": lambda text: sign_in_card(Canvas(122, 250), text, text, text, text),
    "a QR code": lambda text: codes.scaled(text, 122),
}


@pytest.mark.parametrize("letters", ["x", "/", ".x/", "word ", "i", "家", "\u202e", "\ud800"])
@pytest.mark.parametrize("name", WORK)
def test_a_long_text_is_no_more_work_than_one_that_fills_the_sheet(name: str, letters: str) -> None:
    work = WORK[name]
    long, longer = (letters * (size // len(letters)) for size in (HUGE // 10, HUGE))
    work(long)
    first, second = effort(lambda: work(long)), effort(lambda: work(longer))
    assert second <= first + 100
    assert second < 20_000
