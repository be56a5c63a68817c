"""Several panels at once: each on a sheet of its own, a thin rule between, and what does not fit takes turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.draw.canvas import Canvas
from eink_monitor.errors import DisplayError
from eink_monitor.model.display import ALONE, Board
from eink_monitor.model.frame import Frame
from eink_monitor.model.history import History
from eink_monitor.model.panel import Panel
from eink_monitor.settings import Size
from small_house import START, Small, Wall, slide, small_house

GLASS = Size(501, 245)  # two by two panels of 250 x 122
FOUR = Board(2, 2)


@dataclass
class Glass(Wall):
    """A wall with as many cells as it is told."""

    size: Size = GLASS
    red: bool = True
    board: Board = FOUR


@dataclass
class Numbered(Panel):
    """So many pixels of ink in the first row, and as many red ones in the second; or a bug."""

    number: int

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        assert (canvas.width, canvas.height) == (250, 122)
        if not self.number:
            raise RuntimeError("a bug in a panel")
        canvas.fill(0, 0, self.number, 1)
        with canvas.alarming():
            canvas.fill(0, 1, self.number, 1)


@pytest.fixture
def path(tmp_path: Path, blank: Callable[[Path], Path]) -> Path:
    return blank(tmp_path / "readings.db")


def house(path: Path, panels: int, dwells: tuple[int, ...] = ()) -> Small:
    slides = [slide(str(n), Numbered(n), (dwells + (60,) * n)[n - 1]) for n in range(1, panels + 1)]
    return small_house(path, [], slides, wall=Glass)


def numbers(frame: Frame) -> list[int]:
    """Which panel stands in which cell; 0 for none."""
    plane = Image.frombytes("1", GLASS, frame.red)
    picture = Image.frombytes("1", GLASS, frame.bits)
    found = []
    for y in (0, 123):
        for x in (0, 251):
            first, second = picture.crop((x, y, x + 250, y + 1)), plane.crop((x, y + 1, x + 250, y + 2))
            found.append(first.histogram()[0])
            assert second.histogram()[255] == found[-1]
    return found


def test_all_stand_there_at_once_with_a_rule_between(path: Path) -> None:
    small = house(path, 3)
    small.live(200)
    ((_, frame),) = small.wall.shown
    assert (frame.width, frame.height, frame.name) == (*GLASS, "board")
    assert numbers(frame) == [1, 2, 3, 0]
    picture = Image.frombytes("1", GLASS, frame.bits)
    assert picture.crop((250, 0, 251, 245)).histogram()[0] == 245
    assert picture.crop((0, 122, 501, 123)).histogram()[0] == 501
    assert picture.histogram()[0] == 245 + 501 - 1 + 2 * (1 + 2 + 3)


def test_what_does_not_fit_takes_turns(path: Path) -> None:
    small = house(path, 6, dwells=(60, 300))
    small.live(800)
    told = [(at - START, numbers(frame)) for at, frame in small.wall.shown]
    assert told == [
        (0, [1, 2, 3, 4]),
        (300, [5, 6, 1, 2]),
        (600, [3, 4, 5, 6]),
        (660, [1, 2, 3, 4]),
    ], "as long as any of them is to stay"


def test_a_person_may_ask_for_one(path: Path) -> None:
    small = house(path, 6)
    small.live(10)
    assert small.daemon.drawing.show("4", START, small.clock.monotonic()) == "4"
    assert numbers(small.wall.shown[-1][1]) == [4, 5, 6, 1]
    with pytest.raises(DisplayError, match="no panel 7"):
        small.daemon.drawing.show("7", START, small.clock.monotonic())


def test_one_with_a_bug_costs_its_cell(path: Path) -> None:
    slides = [slide("good", Numbered(7)), slide("broken", Numbered(0))]
    small = small_house(path, [], slides, wall=Glass)
    small.live(10)
    picture = Image.frombytes("1", GLASS, small.wall.shown[0][1].bits)
    assert picture.crop((0, 0, 250, 122)).histogram()[0] == 14
    assert picture.crop((251, 0, 501, 122)).histogram()[0] > 100
    assert Image.frombytes("1", GLASS, small.wall.shown[0][1].red).crop((251, 40, 501, 80)).histogram()[255] > 100


def test_a_board_of_one_is_no_board(path: Path) -> None:
    small = small_house(
        path, [], [slide("1", Numbered(1))], wall=lambda clock: Glass(clock, size=Size(250, 122), board=ALONE)
    )
    small.live(10)
    ((_, frame),) = small.wall.shown
    assert (frame.name, frame.width) == ("1", 250)
