"""How a figure went: a curve between the highest and the lowest there was."""

from __future__ import annotations

from collections.abc import Sequence

from eink_monitor.clock import DAY, HOUR
from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import SOLID, Canvas
from eink_monitor.locale import say, say_many
from eink_monitor.model.reading import Metric
from eink_monitor.panels._sheet import Sheet, Zone

_APART, _TOUCH = 12, 10  # units between two labels, and at least
_SCALE = 66  # units at the right for the highest and the lowest
_AXIS = 11  # units below the curve for when it begins and ends
_FLOORS = {"W": 100.0, "Wh": 1000.0}  # the least that the height of a curve stands for
_STATES = ("0/1", "s")  # units of what has no highest and lowest
_FAINT = (0x88,)


def trace(sheet: Sheet, zone: Zone, metric: Metric, seconds: int = DAY) -> None:
    """The curve of the subject's metric over the last ``seconds``; its highest and lowest at the right if it is fresh.

    What is no longer known, or not yet, is a gap.
    """
    canvas, history, now = sheet.canvas, sheet.history, sheet.now
    runs = history.series(sheet.subject, metric, now - seconds, now)
    values = [run.value for run in runs]
    low, high = bounds(values, metric)
    curve = zone._replace(top=zone.top + 5, bottom=zone.bottom - _AXIS - 2, right=zone.right - _SCALE)
    plot = charts.Plot(curve.left, curve.top, curve.width, curve.height, now - seconds, now, high, low)
    newest = charts.curve(canvas, plot, runs, history.gap(sheet.subject))
    canvas.fill(curve.left, curve.top + plot.row(max(0.0, low)) + 1, curve.width, 1, _FAINT if low < 0 else SOLID)
    if newest and not sheet.stale:
        charts.ring(canvas, *newest)
    # TRANSLATORS: at most 8 letters; at the end of a curve over time
    axis(canvas, curve, zone.bottom - 2, ago(seconds), say("now"))
    if values and not sheet.stale and metric.unit not in _STATES and not metric.names:
        _labels(canvas, plot, zone.right, sorted({max(values), min(values)}), metric)


def _labels(canvas: Canvas, plot: charts.Plot, right: int, values: Sequence[float], metric: Metric) -> None:
    """The lowest and the highest, each beside the curve where it is, unless they would touch; if low, the highest."""
    where, top, foot = plot.on(canvas), plot.y + 8, plot.y + plot.height + 2
    if len(values) > 1 and foot - top < _TOUCH:
        values = values[-1:]
    lines = [plot.y + 4 + round(where.row(value) / canvas.scale) for value in values]
    if len(values) > 1 and lines[0] - lines[-1] < _APART:
        lines = [foot, top]
    for value, line in zip(values, lines, strict=True):
        said, room = words.quantity(value, metric.unit), _SCALE - 6
        tries = ((str(said), fonts.SMALL), (str(said), fonts.TINY))
        fitting = (one for one in tries if canvas.measure(one[1]).width(one[0]) <= room)
        text, face = next(fitting, (said.number, fonts.TINY))  # part of a number would be another number
        canvas.text(right, max(top, min(foot, line)), text, face, align="right")


def bounds(values: Sequence[float], metric: Metric) -> tuple[float, float]:
    """What the foot and the top of a curve stand for: zero belongs to powers and shares, not to a thermometer."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if metric.unit == "%":
        return 0.0, 100.0
    if metric.unit in _FLOORS:
        return min(0.0, low), max(_FLOORS[metric.unit], high)
    margin = max((high - low) / 8, metric.step)
    return low - margin if low < 0 else max(0.0, low - margin), high + margin


def axis(canvas: Canvas, zone: Zone, line: int, first: str, last: str) -> None:
    """When a curve begins and when it ends, in the smallest letters."""
    canvas.text(zone.left, line, first, fonts.TINY)
    canvas.text(zone.right, line, last, fonts.TINY, align="right")


def ago(seconds: int) -> str:
    """How far back a curve goes: "24 h ago", "7 days ago"."""
    # TRANSLATORS: at most 14 letters; at the beginning of a curve over time
    if seconds > DAY:
        return say_many("{n} day ago", "{n} days ago", seconds // DAY)
    # TRANSLATORS: at most 14 letters; at the beginning of a curve over time
    return say_many("{n} h ago", "{n} h ago", seconds // HOUR)
