"""The whole daemon on glass that knows full refreshes only, by Waveshare's driver: every pixel, never in a hurry."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest

from eink_monitor.clock import HOUR, MINUTE
from ink_house import InkHouse, ink_house
from virtual_panel import Kind
from virtual_panel.vendor import installed
from virtual_panel.viewer import picture

if not installed():
    if os.environ.get("CI"):
        pytest.fail("these need the vendor's driver: run `make test`", pytrace=False)
    pytest.skip("the vendor's driver is not installed: run `make test`", allow_module_level=True)

BOARD = "board: {{columns: 3, rows: 3}}"


def gaps(house: InkHouse) -> list[float]:
    """Seconds between the starts of any two refreshes."""
    return [b.at - a.at for a, b in pairwise(house.panel.refreshes)]


@pytest.mark.parametrize("model", ["2in13b_V4", "2in9_V2", "4in2"])
def test_hours_on_other_glass(tmp_path: Path, model: str) -> None:
    with ink_house(tmp_path, model) as house:
        house.live(2 * HOUR)
        assert house.wrong == 0
        assert {frame.name for _, frame in house.frames} == {"sun", "flow", "disk"}
        assert min(gaps(house)) >= 180
        assert len(house.frames) > 20
        assert Kind.HASTE not in house.panel.kinds
        assert house.panel.asleep
        assert (house.daemon.wear.full, house.daemon.wear.partial) == (len(house.panel.refreshes), 0)


def test_all_panels_at_once_on_large_red_glass(tmp_path: Path) -> None:
    with ink_house(tmp_path, "7in5b_V2", more=BOARD) as house:
        house.live(30 * MINUTE)
        assert house.wrong == 0
        assert {frame.name for _, frame in house.frames} == {"board"}
        assert min(gaps(house)) >= 180
        seen = picture(house.panel.glass)
        cells = [seen.crop((267 * n, 0, 267 * n + 266, 159)) for n in range(3)]
        assert len({cell.tobytes() for cell in cells}) == 3, "three panels side by side"
        assert all(cell.histogram()[0] > 1000 for cell in cells)
        below = seen.crop((0, 160, 800, 480))
        assert below.histogram()[0] == 2 * 320 + 800 - 2, "nothing but rules"


def test_a_person_waits_for_red_ink_and_is_told_how_long(tmp_path: Path) -> None:
    with ink_house(tmp_path, "2in13b_V4") as house:
        house.live(MINUTE)
        before = len(house.panel.refreshes)
        for verb in ("show", "clear", "picture"):
            answer = house.ask(verb, "disk" if verb == "show" else "")
            assert (answer.code, "must rest for" in answer.words) == (69, True)
        assert len(house.panel.refreshes) == before
        house.clock.wait(180)
        assert house.ask("picture").code == 0
        red = picture(house.panel.glass).histogram()[76]
        assert red == 256, "the square of the test picture"
