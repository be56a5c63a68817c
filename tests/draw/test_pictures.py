"""Frames become files that pillow agrees with, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.pictures import contact, half_blocks, write_png
from eink_monitor.model.frame import Frame


def sketch(width: int = 250, height: int = 122) -> Frame:
    canvas = Canvas(width, height)
    canvas.fill(1, 1, width // 2, height // 2)
    canvas.text(2, height - 2, "ink", "tiny-7")
    return canvas.frame("sketch")


def test_a_picture_is_one_bit_deep_and_exact(tmp_path: Path) -> None:
    write_png(sketch(), tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert (picture.mode, picture.size) == ("1", (250, 122))
        assert picture.tobytes() == sketch().bits
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_picture_can_be_enlarged(tmp_path: Path) -> None:
    write_png(sketch(30, 20), tmp_path / "a.png", scale=3)
    with Image.open(tmp_path / "a.png") as picture:
        small = Image.frombytes("1", (30, 20), sketch(30, 20).bits)
        assert picture.tobytes() == small.resize((90, 60), Image.Resampling.NEAREST).tobytes()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "now.png").mkdir()
    with pytest.raises(IsADirectoryError):
        write_png(sketch(), tmp_path / "now.png")
    assert [path.name for path in tmp_path.iterdir()] == ["now.png"]


def test_a_contact_sheet_has_even_margins(tmp_path: Path) -> None:
    contact([Canvas(10, 6).frame()] * 3, tmp_path / "c.png", scale=2, columns=2)
    with Image.open(tmp_path / "c.png") as sheet:
        assert sheet.size == (2 * (20 + 12) + 12, 2 * (12 + 12) + 12)
        assert {sheet.getpixel((x, y)) for x in range(12, 32) for y in range(12, 24)} == {255}
        assert {sheet.getpixel((x, 13)) for x in range(32, 44)} == {0, 255}


def test_a_contact_sheet_of_nothing_is_a_margin(tmp_path: Path) -> None:
    contact([], tmp_path / "c.png")
    with Image.open(tmp_path / "c.png") as sheet:
        assert sheet.size == (24, 12)


def test_half_blocks_show_paper_as_light() -> None:
    canvas = Canvas(4, 3)
    canvas.fill(0, 0, 2, 1)
    canvas.fill(1, 1, 2, 1)
    assert half_blocks(canvas.frame()) == "▄ ▀█\n▀▀▀▀"


def test_red_ink_is_red_also_where_it_is_enlarged(tmp_path: Path) -> None:
    canvas = Canvas(6, 3)
    canvas.fill(0, 0, 2, 1)
    with canvas.alarming():
        canvas.fill(3, 1, 2, 2)
    frame = canvas.frame("alarm", red=True)
    write_png(frame, tmp_path / "a.png", scale=2)
    contact([frame], tmp_path / "c.png", scale=1)
    with Image.open(tmp_path / "a.png") as picture, Image.open(tmp_path / "c.png") as sheet:
        large, small = picture.convert("RGB"), sheet.convert("RGB").crop((6, 6, 12, 9))
        assert large.tobytes() == small.resize((12, 6), Image.Resampling.NEAREST).tobytes()
        assert [small.getpixel(at) for at in ((0, 0), (2, 0), (3, 1), (4, 2))] == [
            (0, 0, 0),
            (255, 255, 255),
            (200, 16, 46),
            (200, 16, 46),
        ]
