"""A curve over time. A gap in what was measured is a gap in the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eink_monitor.draw.canvas import DOTS, Canvas
from eink_monitor.model.reading import Run

_LINE = 2  # units thick


class Plot(NamedTuple):
    """Where a curve goes: a rectangle in units, the time it spans, and the values at its top and at its foot."""

    x: int
    y: int
    width: int
    height: int
    since: int
    until: int
    top: float
    low: float = 0.0

    def on(self, canvas: Canvas) -> Plot:
        """The same rectangle in pixels."""
        left, top = canvas.px(self.x), canvas.px(self.y)
        width, height = canvas.px(self.x + self.width) - left, canvas.px(self.y + self.height) - top
        return self._replace(x=left, y=top, width=width, height=height)

    def column(self, at: int) -> int:
        """The column of an instant, from the left edge of the plot."""
        return (at - self.since) * (self.width - 1) // max(1, self.until - self.since)

    def row(self, value: float) -> int:
        """The row of a value, from the top edge of the plot; what is out of range ends at the edge."""
        share = min(1.0, max(0.0, (value - self.low) / (self.top - self.low) if self.top > self.low else 0.0))
        return round((1 - share) * (self.height - 1))


def curve(canvas: Canvas, plot: Plot, runs: Sequence[Run], gap: int, *, thin: bool = False) -> tuple[int, int] | None:
    """Draw runs as a line; two runs further apart than ``gap`` seconds are not joined.

    Below it is a dotted fill, unless the plot goes below zero: then a line of dots says where zero is.

    A ``thin`` one is what is only expected: a line half as wide, and nothing below it.

    Returns where on the sheet the newest measurement is, in units, or None when nothing lies in the plot.
    """
    plot = plot.on(canvas)
    spans: dict[int, tuple[int, int]] = {}
    last: tuple[int, int, int] | None = None
    for run in runs:
        start, end = max(run.start, plot.since), min(run.end, plot.until)
        if end < start:
            continue
        left, right, row = plot.column(start), plot.column(end), plot.row(run.value)
        joined = last is not None and start - last[0] <= gap
        if last and joined:
            _join(spans, last[1], last[2], left, row)
        if right > left or not joined:
            _join(spans, left, row, right, row)
        last = (end, right, row)
    _paint(canvas, plot, spans, thick=canvas.thick(1 if thin else _LINE), filled=plot.low >= 0 and not thin)
    if last is None:
        return None
    return round((plot.x + last[1]) / canvas.scale), round((plot.y + last[2]) / canvas.scale)


def _join(spans: dict[int, tuple[int, int]], left: int, start: int, right: int, end: int) -> None:
    """Widen the highest and lowest row of every column that a straight line touches."""
    before, steps = start, max(1, right - left)
    for column in range(left, right + 1):
        row = start + (end - start) * (column - left) // steps if right > left else end
        high, low = (before, row) if before < row else (row, before)
        known = spans.get(column)
        spans[column] = (min(high, known[0]), max(low, known[1])) if known else (high, low)
        before = row


def _paint(canvas: Canvas, plot: Plot, spans: dict[int, tuple[int, int]], *, thick: int, filled: bool) -> None:
    """Two sweeps from top to bottom, each row one number: bits switch on at a span's top and off below its end."""
    line, area = [0] * (plot.height + thick), [0] * (plot.height + thick)
    for column, (high, low) in spans.items():
        bit = 1 << (plot.width - 1 - column)
        line[high] ^= bit
        line[low + thick] ^= bit
        area[low] |= bit * filled
    dot, dots = canvas.thick(1), canvas.pattern(DOTS)
    shift, inked, below = canvas.pixels[0] - plot.x - plot.width, 0, 0
    for row in range(plot.height + thick - 1):
        inked ^= line[row]
        below |= area[row]
        at = plot.y + row
        if row < plot.height:
            canvas.rows[at] |= (inked << shift) | ((below << shift) & dots[at // dot % len(dots)])
        else:
            canvas.rows[at] |= inked << shift


def ring(canvas: Canvas, x: int, y: int) -> None:
    """The mark at the end of a curve: here is now."""
    for top, left, width, high, ink in ((-3, -1, 4, 8, True), (-1, -3, 8, 4, True), (-2, -2, 6, 6, True)):
        canvas.fill(x + left, y + top, width, high, ink=ink)
    canvas.fill(x - 1, y, 4, 2, ink=False)
    canvas.fill(x, y - 1, 2, 4, ink=False)
