"""Curves go where the numbers say, and stop where nothing was measured."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.charts import Plot, curve, ring
from eink_monitor.model.reading import Run

PLOT = Plot(x=2, y=3, width=20, height=10, since=0, until=190, top=9)


def letters(canvas: Canvas) -> list[str]:
    return [f"{row:0{canvas.width}b}".replace("0", ".").replace("1", "#") for row in canvas.rows]


def test_a_line_is_two_pixels_thick_over_dots() -> None:
    canvas = Canvas(24, 16)
    end = curve(canvas, PLOT, [Run(0, 0, 5), Run(190, 190, 5)], gap=200)
    rows = letters(canvas)
    assert rows[7] == rows[8] == ".." + "#" * 20 + ".."
    assert not any("#" in row for row in rows[:7])
    assert 0 < rows[10].count("#") <= 5
    assert end == (21, 7)


def test_a_gap_stays_empty_and_a_held_value_does_not() -> None:
    canvas = Canvas(24, 16)
    curve(canvas, PLOT, [Run(0, 50, 9), Run(120, 120, 9), Run(190, 190, 9)], gap=70)
    assert letters(canvas)[3] == ".." + "#" * 20 + ".."
    gapped = Canvas(24, 16)
    curve(gapped, PLOT, [Run(0, 50, 9), Run(120, 120, 9), Run(190, 190, 9)], gap=69)
    assert letters(gapped)[3] == "..######......#......#.."


def test_nothing_in_sight_draws_nothing() -> None:
    canvas = Canvas(24, 16)
    assert curve(canvas, PLOT, [], gap=10) is None
    assert curve(canvas, PLOT, [Run(500, 600, 3), Run(-90, -80, 3)], gap=10) is None
    assert not any(canvas.rows)


def test_a_steep_step_is_joined() -> None:
    canvas = Canvas(24, 16)
    curve(canvas, PLOT, [Run(90, 90, 0), Run(91, 91, 9)], gap=10)
    column = [row[11] for row in letters(canvas)]
    assert column[3:13] == ["#"] * 10


@given(
    st.lists(st.tuples(st.integers(-100, 300), st.integers(0, 90), st.floats(-5, 50)), max_size=30),
    st.floats(0, 20),
    st.integers(0, 100),
)
def test_a_curve_never_leaves_its_plot(points: list[tuple[int, int, float]], top: float, gap: int) -> None:
    canvas, plot = Canvas(30, 20), PLOT._replace(top=top)
    runs = [Run(start, start + length, value) for start, length, value in sorted(points)]
    curve(canvas, plot, runs, gap)
    rows = letters(canvas)
    assert not any("#" in row for row in rows[:3] + rows[14:])  # one row below the foot: the line is 2 px thick
    assert not any("#" in row[:2] + row[22:] for row in rows)


def test_a_ring_is_hollow() -> None:
    canvas = Canvas(11, 11)
    canvas.fill(0, 0, 11, 11)
    ring(canvas, 5, 5)
    assert letters(canvas)[5] == "####....###"
    assert letters(canvas)[2] == "#" * 11
