"""Buttons of a HAT in a whole house: polled beside everything else, as quick as the panel's maker allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eink_monitor.clock import HOUR, MINUTE
from ink_house import InkHouse, ink_house
from small_house import START, Says, Scripted, Wall, feed, slide, small_house
from virtual_panel import Kind

BUTTONS = "min_interval: 30m, buttons: {{next: 5, home: 6}}"
SECOND = 1


def press(house: InkHouse, line: int, seconds: float = 0.2) -> None:
    """Hold a button for so long."""
    house.panel.gpio.pressed.add(line)
    house.live(seconds)
    house.panel.gpio.pressed.discard(line)
    house.live(seconds)


def stands(house: InkHouse) -> tuple[str, str]:
    stand = house.daemon.drawing.rotation.stands[0]
    return stand.name, stand.why


def test_a_press_shows_the_next_panel_at_once_and_home_the_first(tmp_path: Path) -> None:
    with ink_house(tmp_path, dwell="1h", more=BUTTONS) as house:
        house.live(5 * MINUTE)
        assert stands(house)[0] == "sun"
        for line, name in ((5, "flow"), (5, "disk"), (6, "sun"), (5, "flow")):
            press(house, line)
            assert stands(house) == (name, "a button was pressed")
            assert house.panel.wrong(house.drawn(name)) == 0
        assert [refresh.kind for refresh in house.panel.refreshes] == ["full", *["partial"] * 4]
        house.live(59 * MINUTE)
        assert stands(house)[0] == "flow", "it stays for its dwell"
        house.live(2 * MINUTE)
        assert stands(house) == ("disk", "its turn")
        assert house.panel.kinds <= {Kind.HASTE}


def test_a_button_that_is_held_counts_once(tmp_path: Path) -> None:
    with ink_house(tmp_path, dwell="1h", more=BUTTONS) as house:
        house.live(5 * MINUTE)
        press(house, 5, 20)
        assert stands(house)[0] == "flow"


def test_every_sixth_refresh_is_a_full_one_however_it_is_asked_for(tmp_path: Path) -> None:
    with ink_house(tmp_path, dwell="1h", more=BUTTONS) as house:
        house.live(5 * MINUTE)
        for _ in range(6):
            press(house, 5)
        assert [refresh.kind for refresh in house.panel.refreshes] == ["full", *["partial"] * 5, "full"]


@dataclass
class Pressed(Wall):
    """A wall with a button, whose ink rests for a while after every refresh."""

    presses: list[str] = field(default_factory=list)

    @property
    def look_every(self) -> float:
        return 1.0

    def pressed(self) -> str:
        return self.presses.pop() if self.presses else ""

    def press_in(self) -> float:
        return max(0.0, 180 - (self.clock.now() - self.shown[-1][0])) if self.shown else 0.0


def test_where_the_maker_forbids_it_a_press_waits(tmp_path: Path) -> None:
    slides = [slide(name, Says("roof"), 3600) for name in "abc"]
    house = small_house(tmp_path / "house.db", [feed("roof", Scripted([1, 2, 3]))], slides, wall=Pressed)
    assert isinstance(house.wall, Pressed)
    for seconds, presses in ((60, []), (10, ["next"]), (50, ["next"]), (180, [])):
        house.wall.presses = list(presses)
        until = house.clock.monotonic() + seconds
        while (left := until - house.clock.monotonic()) > 0:
            house.daemon.wait(min(house.daemon.tick(), left), house.daemon.watch())
    assert [(at - START, frame.name) for at, frame in house.wall.shown] == [(0, "a"), (180, "b")]


def test_in_the_quiet_hours_somebody_may_be_awake(tmp_path: Path) -> None:
    with ink_house(tmp_path, dwell="10m", more=BUTTONS) as house:
        house.live(13 * HOUR)
        assert house.daemon.quiet
        before = len(house.panel.refreshes)
        press(house, 6)
        assert (stands(house), len(house.panel.refreshes)) == (("sun", "a button was pressed"), before + 1)


def test_buttons_that_cannot_be_used_are_told_once_and_cost_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ink_house(tmp_path, more=BUTTONS, lgpio=True) as house:
        house.panel.faults.claimed.add(5)
        house.live(HOUR)
        told = [record.getMessage() for record in caplog.records if "buttons" in record.getMessage()]
        assert len(told) == 1
        assert told[0].startswith("GPIO 5 (button next) is held by another process: gpioinfo names it; stop it, or")
        assert told[0].endswith("; the buttons are not looked at again before a restart")
        assert len(house.frames) > 1


def test_a_house_without_buttons_does_not_look(tmp_path: Path) -> None:
    with ink_house(tmp_path) as house:
        house.live(MINUTE)
        assert set(house.panel.gpio.directions) == {17, 25, 24, 18}
