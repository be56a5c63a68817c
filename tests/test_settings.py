from __future__ import annotations

import pickle
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.settings import Duration, Secret, Size, Vin, Window

LONGEST = 100 * 365 * 86400


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30),
        ("5m", 300),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("7d", 604800),
        ("2w", 1209600),
        ("1y", 31536000),
        ("0s", 0),
        ("5 m", 300),
        ("100y", LONGEST),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert Duration.parse(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "m", "5M", "5min", "-5m", "1.5h", "5m!", "1h, 30m", "101y", "9" * 5000 + "s", "36501d"]
)
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a duration|is longer than 100 years"):
        Duration.parse(text)


@given(st.integers(0, LONGEST))
def test_a_duration_reads_what_it_writes(seconds: int) -> None:
    assert Duration.parse(str(Duration(seconds))) == seconds


@given(st.text(max_size=30))
def test_a_duration_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert 0 <= Duration.parse(text) <= LONGEST


def test_windows() -> None:
    night = Window.parse("22:00 - 6:00")
    assert str(night) == "22:00-06:00"
    assert night.holds(22 * 60)
    assert night.holds(0)
    assert night.holds(359)
    assert not night.holds(360)
    assert not night.holds(22 * 60 - 1)
    assert Window.parse("24:00-06:00") == Window.parse("00:00-06:00")
    assert all(Window.parse("00:00-24:00").holds(minute) for minute in range(1440))


@pytest.mark.parametrize(
    "text",
    ["", "06:00", "06:00-06:00", "24:00-00:00", "24:00-24:00", "25:00-26:00", "06:60-07:00", "24:30-06:00", "6-7"],
)
def test_no_windows(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time range"):
        Window.parse(text)


@given(st.integers(0, 1439), st.integers(0, 1440), st.integers(0, 1439))
def test_a_window_reads_what_it_writes(start: int, end: int, minute: int) -> None:
    if start == end:
        return
    window = Window(start, end)
    again = Window.parse(str(window))
    assert again == window
    inside = start <= minute < end if start < end else minute >= start or minute < end
    assert again.holds(minute) is inside


def test_a_secret_is_never_shown() -> None:
    secret = Secret.parse("hunter2")
    shown = f"{secret} {secret!r} {secret!s} {[secret]} {(secret,)!s}"
    assert "hunter2" not in shown
    assert "****" in shown
    assert secret.reveal() == "hunter2"
    assert secret == Secret("hunter2") != Secret("hunter3")
    assert len({secret, Secret("hunter2")}) == 1
    assert secret != "hunter2"
    assert pickle.loads(pickle.dumps(secret)).reveal() == "hunter2"


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_secret_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        Secret.parse(text)


@given(st.integers(0, 99999), st.integers(0, 99999))
def test_sizes(width: int, height: int) -> None:
    assert Size.parse(str(Size(width, height))) == Size.parse(f" {width} x {height} ") == (width, height)


@given(st.text(alphabet="0123456789x -.", max_size=12) | st.text(max_size=8))
def test_a_size_or_words(text: str) -> None:
    if re.fullmatch(r" *[0-9]{1,5} *x *[0-9]{1,5} *", text):
        assert Size.parse(text) == tuple(int(number) for number in text.split("x"))
    else:
        with pytest.raises(ValueError, match="is not a size in pixels; write for example 400x300"):
            Size.parse(text)


@pytest.mark.parametrize("typed", [" wvwzzz1kz aw000001\n", "WVWZZZ1KZAW000001", "WvWzZz1KzAw000001"])
def test_a_vin_is_as_vendors_know_it_however_it_is_typed(typed: str) -> None:
    assert Vin.parse(typed).reveal() == "WVWZZZ1KZAW000001"


@given(st.text() | st.from_regex("[A-Z0-9]{15,19}", fullmatch=True))
def test_a_vin_is_read_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert re.fullmatch("[A-HJ-NPR-Z0-9]{17}", Vin.parse(text).reveal())
