"""The display that shows nothing counts what a panel would have been through."""

from __future__ import annotations

import pytest

from eink_monitor.clock import DAY, FastClock
from eink_monitor.displays.null import Null
from eink_monitor.model.frame import Frame, Wear


def live(display: Null, wear: Wear, beats: int, every: int, pictures: int) -> None:
    clock = FastClock(1_780_000_000)
    display.open(clock, wear)
    for beat in range(beats):
        if display.ready_in() == 0:
            display.show(Frame(8, 1, bytes([beat % pictures])))
        clock.wait(every)
    display.close()


def test_five_partials_then_a_full_refresh() -> None:
    wear = Wear()
    live(Null(), wear, 13, 180, 2)
    assert (wear.full, wear.partial, wear.since_full) == (3, 10, 0)


def test_a_picture_that_stands_is_refreshed_once_a_day() -> None:
    wear = Wear()
    live(Null(), wear, 3 * DAY // 600, 600, 1)
    assert (wear.full, wear.partial) == (4, 0)


def test_too_soon_is_not_counted() -> None:
    wear = Wear()
    live(Null(), wear, 12, 60, 2)
    assert wear.full + wear.partial == 4


def test_after_quiet_hours_the_refresh_is_a_full_one() -> None:
    display, wear, clock = Null(), Wear(), FastClock(1_780_000_000)
    display.open(clock, wear)
    for picture in range(2):
        display.show(Frame(8, 1, bytes([picture])), urgent=True)
    display.freshen()
    display.show(Frame(8, 1, b"\2"), urgent=True)
    assert (wear.full, wear.partial) == (2, 1)


def test_frames_are_drawn_only_when_asked_for() -> None:
    assert not Null().looks
    assert Null(draw=True).looks
    with pytest.raises(ValueError, match="partials"):
        Null(partials=9)
