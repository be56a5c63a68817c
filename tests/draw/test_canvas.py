"""Every stroke of the pencil, held against pillow or against a picture in letters."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from eink_monitor.draw import fonts
from eink_monitor.draw.bitmap import Bitmap
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.pictures import png
from eink_monitor.model.frame import Frame

ANYWHERE = st.integers(-40, 60)
LENGTH = st.integers(-3, 60)
RED = (200, 16, 46)


def letters(canvas: Canvas) -> list[str]:
    return [f"{row:0{canvas.width}b}".replace("0", ".").replace("1", "#") for row in canvas.rows]


def test_a_frame_is_what_pillow_packs() -> None:
    canvas = Canvas()
    canvas.fill(3, 5, 100, 50)
    picture = Image.new("1", (250, 122), 1)
    ImageDraw.Draw(picture).rectangle((3, 5, 102, 54), fill=0)
    frame = canvas.frame("solar")
    assert (frame.width, frame.height, frame.name) == (250, 122, "solar")
    assert frame.bits == picture.tobytes()


@given(ANYWHERE, ANYWHERE, LENGTH, LENGTH, st.booleans())
def test_a_rectangle_is_cut_off_at_the_edge(x: int, y: int, width: int, height: int, ink: bool) -> None:
    canvas, inverse, picture = Canvas(30, 20), Canvas(30, 20), Image.new("1", (30, 20), int(ink))
    if not ink:
        canvas.fill(0, 0, 30, 20)
    canvas.fill(x, y, width, height, ink=ink)
    inverse.invert(x, y, width, height)
    if width > 0 and height > 0:
        ImageDraw.Draw(picture).rectangle((x, y, x + width - 1, y + height - 1), fill=int(not ink))
    assert canvas.frame().bits == picture.tobytes()
    assert [row.bit_count() for row in inverse.rows] == [
        30 - row.bit_count() if not ink else row.bit_count() for row in canvas.rows
    ]


@given(ANYWHERE, ANYWHERE, st.lists(st.integers(0, 255), min_size=1, max_size=30), st.booleans())
def test_a_bitmap_is_cut_off_at_the_edge(x: int, y: int, rows: list[int], ink: bool) -> None:
    canvas = Canvas(30, 20)
    if not ink:
        canvas.fill(0, 0, 30, 20)
    canvas.stamp(Bitmap(8, len(rows), 0, tuple(rows)), x, y, ink=ink)
    picture = Image.new("1", (30, 20), int(ink))
    for row, bits in enumerate(rows):
        for column in range(8):
            if bits >> (7 - column) & 1 and 0 <= x + column < 30 and 0 <= y + row < 20:
                picture.putpixel((x + column, y + row), int(not ink))
    assert canvas.frame().bits == picture.tobytes()


def test_text_stands_on_its_line_and_is_aligned() -> None:
    left, right, centre = Canvas(60, 20), Canvas(60, 20), Canvas(60, 20)
    assert left.text(10, 15, "HH", fonts.TEXT) == 16
    right.text(26, 15, "HH", fonts.TEXT, align="right")
    centre.text(18, 15, "HH", fonts.TEXT, align="centre")
    assert left.rows == right.rows == centre.rows
    assert left.rows[14]
    assert not any(left.rows[15:])


def test_hollow_text_is_the_outline_of_the_solid() -> None:
    solid, hollow = Canvas(), Canvas()
    solid.text(0, 60, "8", fonts.FIGURE_64)
    hollow.text(0, 60, "8", fonts.FIGURE_64, hollow=2)
    assert all(inner & ~outer == 0 for inner, outer in zip(hollow.rows, solid.rows, strict=True))
    inked = [sum(row.bit_count() for row in canvas.rows) for canvas in (hollow, solid)]
    assert 0.2 < inked[0] / inked[1] < 0.7


def test_patterns_are_anchored_to_the_sheet() -> None:
    whole, halves, hatch = Canvas(), Canvas(), (0x11, 0x22, 0x44, 0x88)
    whole.fill(0, 0, 250, 50, hatch)
    halves.fill(0, 0, 101, 50, hatch)
    halves.fill(101, 0, 149, 23, hatch)
    halves.fill(101, 23, 149, 27, hatch)
    assert whole.rows == halves.rows


def test_a_box_and_a_rule() -> None:
    canvas = Canvas(8, 6)
    canvas.box(1, 0, 5, 4)
    canvas.rule(5, 2)
    assert letters(canvas) == [".#####..", ".#...#..", ".#...#..", ".#####..", "........", "..######"]


@pytest.mark.parametrize(("share", "columns"), [(-1, 0), (0, 0), (0.001, 1), (0.5, 8), (1, 16), (7, 16)])
def test_a_bar_shows_its_share(share: float, columns: int) -> None:
    canvas = Canvas(20, 7)
    canvas.bar(0, 0, 20, 7, share)
    assert letters(canvas)[3][2:18].count("#") == columns


def test_arrows_point_both_ways() -> None:
    right, left = Canvas(12, 7), Canvas(12, 7)
    right.arrow(0, 3, 12, thickness=1, head=3)
    left.arrow(0, 3, 12, thickness=1, head=3, left=True)
    assert letters(right) == [
        "........#...",
        "........##..",
        "........###.",
        "############",
        "........###.",
        "........##..",
        "........#...",
    ]
    assert letters(left) == [row[::-1] for row in letters(right)]


def test_an_icon_is_stamped_where_it_is_told() -> None:
    canvas = Canvas(30, 30)
    canvas.icon(4, 5, "house", 16)
    rows = [number for number, row in enumerate(canvas.rows) if row]
    assert 5 <= rows[0] <= rows[-1] < 21


def test_what_alarms_is_red_where_there_is_red_and_black_elsewhere() -> None:
    canvas = Canvas(8, 2)
    canvas.fill(0, 0, 2, 1)
    with canvas.alarming():
        canvas.fill(1, 0, 4, 1)
    canvas.fill(4, 0, 1, 1, ink=False)
    assert letters(canvas) == ["####....", "........"]
    assert canvas.frame().red == b"", "nobody asked for it"
    assert canvas.frame(red=True) == Frame(8, 2, b"\x0f\xff", "", b"\x30\x00"), "what was black stays so, paper is none"


def test_where_nothing_alarms_there_is_no_second_plane() -> None:
    canvas = Canvas(8, 1)
    canvas.fill(0, 0, 4, 1)
    assert canvas.frame(red=True) == canvas.frame()


@given(ANYWHERE, ANYWHERE)
def test_a_sheet_is_pasted_with_its_paper_and_its_red(x: int, y: int) -> None:
    sheet, glass = Canvas(9, 5), Canvas(30, 20)
    sheet.fill(0, 0, 9, 2)
    with sheet.alarming():
        sheet.fill(2, 1, 4, 3)
    with glass.alarming():
        glass.fill(0, 0, 30, 20)
    glass.paste(sheet, x, y)
    drawn, whole = Image.new("RGB", (9, 5), "white"), Image.new("RGB", (30, 20), RED)
    drawn.paste(RED, (2, 1, 6, 4))
    drawn.paste("black", (0, 0, 9, 2))
    whole.paste(drawn, (x, y))
    with Image.open(BytesIO(png(glass.frame(red=True)))) as shown:
        assert shown.convert("RGB").tobytes() == whole.tobytes()


def test_a_seam_is_seen_on_paper_and_in_ink() -> None:
    canvas = Canvas(7, 4)
    canvas.fill(0, 0, 7, 1)
    canvas.fill(0, 1, 3, 1)
    canvas.fill(4, 2, 3, 1)
    canvas.seam(3)
    assert letters(canvas) == ["###.###", "####...", "...####", "...#..."]
