"""Displays that are no glass stand in for any: a size, a model, red ink, a board of panels."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.displays._any_glass import AnyGlass
from eink_monitor.displays._models import MODELS
from eink_monitor.displays.null import Null
from eink_monitor.displays.png import Png
from eink_monitor.displays.terminal import Terminal
from eink_monitor.model.display import ALONE, USUAL, Board
from eink_monitor.settings import Size
from houses import complaints, write

HOUSE = """\
display: {{type: png, {}}}
sources: {{spare: {{type: demo}}}}
panels: {{spare: {{type: health}}}}
"""


@pytest.mark.parametrize("kind", [Png, Null, Terminal])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_a_size_and_colours(kind: type[AnyGlass], name: str) -> None:
    display = kind(model=name)
    assert (display.size, display.red) == (MODELS[name].size, MODELS[name].red)
    assert display.sheet == display.size


def test_a_size_of_ones_own() -> None:
    assert Png().size == Png().sheet == USUAL
    display = Null(size=Size(640, 384), red=True)
    assert (display.size, display.red, display.board) == ((640, 384), True, ALONE)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ("size: 400", '"400" is not a size in pixels; write for example 400x300'),
        ("size: 100x100", "board leaves 100x100 pixels of 100x100 to each panel, and a panel needs at least 212x104"),
        ("size: 9999x480", "size must be at most 2000x2000"),
        ("model: 2in13", 'model "2in13" is not known; did you mean 2in13'),
        ("model: zebra", 'model "zebra" is not known; known are 2in13_V2, '),
        ("model: 4in2_V2, size: 296x128", "model 4in2_V2 is not 296x128; leave size out"),
        ("size: 800x480, board: {columns: 4}", "board leaves 199x480 pixels of 800x480 to each panel"),
        ("board: {rows: 0}", "columns and rows of a board must be at least 1"),
        ("board: {colums: 2}", "unknown key `colums`; did you mean `columns`?"),
    ],
)
def test_what_no_glass_can_do_is_told(tmp_path: Path, keys: str, words: str) -> None:
    (told,) = complaints(write(tmp_path, HOUSE.replace("{}", keys.replace("{", "{{").replace("}", "}}"))))
    assert words in told


@given(st.integers(1, 6), st.integers(1, 6), st.integers(212, 1600), st.integers(104, 1200))
def test_the_cells_of_a_board_are_alike_and_never_meet(columns: int, rows: int, width: int, height: int) -> None:
    board, glass = Board(columns, rows), Size(width, height)
    cell, corners = board.cell(glass), board.corners(glass)
    assert len(set(corners)) == columns * rows == board.panels
    for x, y in corners:
        assert x + cell.width <= width
        assert y + cell.height <= height
        assert x == 0 or x > cell.width, "the rule fits in between"
        assert y == 0 or y > cell.height
    assert width - columns * (cell.width + 1) < columns, "no pixel is wasted that all could have"


def test_every_model_is_in_the_guide() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "ink.md").read_text(encoding="utf-8")
    assert {name for name in MODELS if f"`{name}`" not in guide} == set()
