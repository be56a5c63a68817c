"""Whoever knows pillow and nothing else can write a panel."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.history import History
from eink_monitor.model.panel import Panel
from paper_house import PaperHouse

NOW = 1_780_000_000


@dataclass(frozen=True)
class Gauge(Panel):
    """A bar as long as the roof is strong, and the figure."""

    subject: str

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        reading = history.latest(self.subject, PV_POWER)
        image = Image.new("1", canvas.pixels, 1)
        pen = ImageDraw.Draw(image)
        pen.rectangle((0, 100, (reading.value if reading else 0) // 50, 120), fill=0)
        pen.text((6, 40), f"{reading.value:.0f} W, {now - reading.at} s ago" if reading else "nothing yet", fill=0)
        canvas.picture(image)


def test_a_panel_of_pillow_alone() -> None:
    canvas = Canvas()
    Gauge("roof").draw(canvas, PaperHouse().set("roof", NOW - 60, {PV_POWER: 5000}), NOW)
    assert canvas.rows[110] >> 149 == (1 << 101) - 1, "100 px and the edge, from the left"
    assert canvas.rows[110] & ((1 << 149) - 1) == 0
    assert sum(row.bit_count() for row in canvas.rows[40:60]) > 100, "letters"


@given(data=st.data())
def test_what_goes_in_comes_out(data: st.DataObject) -> None:
    width, height = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 12))
    canvas = Canvas(width, height)
    canvas.rows = [data.draw(st.integers(0, (1 << width) - 1)) for _ in range(height)]
    again = Canvas(width, height)
    again.picture(canvas.image())
    assert again.rows == canvas.rows
    assert again.image().tobytes() == canvas.image().tobytes()


@given(x=st.integers(-60, 60), y=st.integers(-30, 30))
def test_what_leaves_the_sheet_is_cut_off(x: int, y: int) -> None:
    canvas = Canvas(40, 20)
    canvas.fill(0, 0, 40, 20)
    canvas.picture(Image.new("1", (16, 8), 1), x, y)
    paper = {(column, row) for row in range(20) for column in range(40) if not canvas.rows[row] >> 39 - column & 1}
    assert paper == {(c, r) for r in range(y, y + 8) for c in range(x, x + 16) if 0 <= c < 40 and 0 <= r < 20}


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_is_no_ink(mode: str) -> None:
    with pytest.raises(ValueError, match="black and white"):
        Canvas().picture(Image.new(mode, (8, 8)))
