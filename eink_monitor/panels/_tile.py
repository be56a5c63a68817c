"""Tiles: an icon, a word, a number and its unit, each as young as it is or with its own age under stripes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eink_monitor import metrics as m
from eink_monitor.clock import local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say, say_many
from eink_monitor.model.history import History
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import amount, tagged
from eink_monitor.panels._known import Figure, Known
from eink_monitor.panels._names import MetricName, named
from eink_monitor.panels._sheet import MARGIN, Zone, body, empty, header
from eink_monitor.panels._states import state

_IDLE = 10  # W; less than this is a meter's noise
_USUAL = 10_000.0  # whose unit stands beside a dash: kW, kWh
_LONGEST = 40  # letters of a title that are worth measuring
_SHAPE = 1.6  # how much wider than high a tile is at best
_WORD, _ICON = 14, 18  # units from the top to the line that the word stands on, and to the foot of the icon
_GAUGE, _AGE = 7, 15  # units high: of a gauge, or in its place of an age
_PERIODS = {
    m.PRODUCTION_MONTH: 2,
    m.PRODUCTION_YEAR: 1,
}
"""Sums that start anew with a month, a year; the metric itself says that it does with a day."""
_DOING = {
    m.GRID_POWER: (marked("exporting"), marked("importing"), marked("balanced")),
    m.STORAGE_POWER: (marked("discharging"), marked("charging"), marked("resting")),
}
"""What goes on where a power is negative, positive, or next to nothing."""
_FOOTED, _FEET = frozenset("gjpqyµ"), 14  # letters that reach below the line, and by how much, twice, if large
_FACES = (
    (fonts.FIGURE_64, fonts.FIGURE_28, 47),
    (fonts.FIGURE_64, fonts.TEXT, 47),
    (fonts.FIGURE_28, fonts.TEXT, 20),
    (fonts.FIGURE_28, fonts.SMALL, 20),
    (fonts.FIGURE_22, fonts.SMALL, 16),
    (fonts.FIGURE_18, fonts.SMALL, 13),
)
"""For a number and its unit, and how high they are."""


class Tile(NamedTuple):
    """One figure that a tile shows, written ``subject.metric``."""

    subject: str
    metric: MetricName

    @classmethod
    def parse(cls, text: str) -> Tile:
        """Read one; a subject may hold dots, a metric does not."""
        subject, dot, metric = text.strip().rpartition(".")
        if not dot or not subject:
            message = f'"{text}" is not a figure; write subject.metric, for example roof.pv_power'
            raise ValueError(message)
        return cls(subject, MetricName.parse(metric))

    def __str__(self) -> str:
        return f"{self.subject}.{self.metric}"


def figure(known: Known, metric: Metric) -> Figure | None:
    """The newest value with its age; a sum of a day, month or year that is over is not known.

    A price is what it is announced to be now, if it is, not what it was at the last poll.
    """
    outlook = known.history.outlook(known.subject, metric) if metric in m.PRICES else None
    if outlook and (slot := outlook.slot(known.now)):
        return Figure(slot.value, known.now)
    return known.figure(metric, 3 if metric.daily else _PERIODS.get(metric, 0))


def told(value: float, metric: Metric, now: int) -> words.Quantity:
    """A value in words: a number and its unit, the name of a state, or how long ago something was."""
    if metric is m.NEWEST_BACKUP:
        return words.Quantity(words.span(max(0.0, now - value)), "")
    if metric.unit == "0/1":
        # TRANSLATORS: at most 5 letters each; whether something is so
        return words.Quantity(say("yes") if value else say("no"), "")
    name = metric.names.get(value)
    return words.Quantity(state(name), "") if name else words.quantity(value, metric.unit)


def layout(count: int, zone: Zone) -> list[Zone]:
    """So many tiles in rows and columns that are as near to a pleasant shape as can be."""

    def off(columns: int) -> float:
        rows = -(-count // columns)
        shape = zone.width / columns / (zone.height / rows) / _SHAPE
        return max(shape, 1 / shape) + (rows * columns - count)

    columns = min(range(1, count + 1), key=off)
    rows = -(-count // columns)
    places = []
    for number in range(count):
        row, column = divmod(number, columns)
        left, right = (zone.left + zone.width * edge // columns for edge in (column, column + 1))
        top, bottom = (zone.top + zone.height * edge // rows for edge in (row, row + 1))
        places.append(Zone(left, top, right, bottom))
    return places


def draw(canvas: Canvas, history: History, now: int, tiles: Sequence[Tile], zone: Zone) -> None:
    """All tiles in a zone, with rules between them; what several subjects have in common goes by their names."""
    called = [named(tile.metric.metric).word or tile.metric for tile in tiles]
    shared = {tile.metric for tile, word in zip(tiles, called, strict=True) if called.count(word) > 1}
    for tile, place in zip(tiles, layout(len(tiles), zone), strict=True):
        if place.left > zone.left:
            canvas.fill(place.left, place.top + 1, 1, place.height - 1)
        if place.top > zone.top:
            canvas.rule(place.top, place.left, place.right)
        _one(canvas, Known(history, now, tile.subject), tile, place, alone=tile.metric not in shared)


def whole(canvas: Canvas, history: History, now: int, tiles: Sequence[Tile], title: str) -> None:
    """The tiles under a header that tells the date, and how many sources fail; it is no clock, and says so."""
    when = local(now, history.zone)
    faults = sum(not feed.is_well for feed in history.feeds())
    # TRANSLATORS: at most 11 letters with a time; when the panel was drawn, so that nobody takes it for a clock
    drawn = say("as of {time}", time=words.clock(when))

    today = (words.short_date if faults else words.day)(when.date())
    kind = say_many("{n} fault", "{n} faults", faults) if faults else today if title else ""
    wide = canvas.measure(fonts.TITLE).width(f"{(title or today)[:_LONGEST]} · {kind}{drawn}")
    if faults and wide > canvas.width - 2 * MARGIN - 12:
        kind = f"{faults}!"
    header(canvas, title or today, drawn, kind, stale=False)

    if not any(history.latest(tile.subject, tile.metric.metric) for tile in tiles):
        waiting = say("Waiting for {what}", what=say("the first reading"))
        empty(canvas, "house", waiting, say("the next poll will tell"), body(canvas))
        return
    draw(canvas, history, now, tiles, body(canvas)._replace(left=0, right=canvas.width))


def _one(canvas: Canvas, known: Known, tile: Tile, place: Zone, *, alone: bool) -> None:
    """One tile: icon and word above, the number below; a share has a gauge at its foot."""
    metric = tile.metric.metric
    found = figure(known, metric)
    inner = Zone(place.left + 5, place.top + _ICON, place.right - 3, place.bottom - 3)
    line = place.top + _WORD
    outline = int(bool(found and found.tag))
    canvas.icon(inner.left, place.top + 2, named(metric).icon, 16, hollow=outline)
    doing = _doing(known, metric, found)
    word = (doing or named(metric).word if alone else "") or known.history.label(tile.subject)
    canvas.text(inner.left + 20, line, word, fonts.SMALL, width=inner.width - 20)
    if found and found.tag:
        tagged(canvas, (inner.left, inner.right - 2), inner.bottom, (), found.tag)
        inner = inner._replace(bottom=inner.bottom - _AGE)
    elif metric.unit == "%":
        inner = inner._replace(bottom=inner.bottom - _GAUGE - 2)
        canvas.bar(inner.left, inner.bottom + 2, inner.width - 4, _GAUGE, found.value / 100 if found else 0.0)
    number, unit = words.UNKNOWN, words.quantity(_USUAL, metric.unit).unit
    if found:
        number, unit = told(abs(found.value) if doing else found.value, metric, known.now)
    _number(canvas, inner, number, unit, outline)


def _doing(known: Known, metric: Metric, found: Figure | None) -> str:
    """What goes on, where that is a better word than what the figure is; empty where nobody knows."""
    if found is None or found.tag:
        return ""
    if said := _DOING.get(metric):
        return say(said[2] if abs(found.value) < _IDLE else said[found.value > 0])
    return say("charging") if metric is m.SOC and known.value(m.CHARGING) else ""


def _number(canvas: Canvas, zone: Zone, number: str, unit: str, outline: int) -> None:
    """A number with its unit in the largest faces that fit, in the middle of the height; words need letters."""
    width, height = zone.width, zone.height
    for face, small, high in _FACES:
        wide = canvas.measure(face).width(number) + 4 + canvas.measure(small).width(unit)
        letters = face == fonts.FIGURE_64 and any(letter.isalpha() for letter in number)
        feet = _FEET if small == fonts.FIGURE_28 and not _FOOTED.isdisjoint(unit) else 0
        if wide <= width and high + feet <= height and not letters:
            break
    if any(letter.isalpha() for letter in number):
        number = canvas.measure(face).fit(number, width)
    unit = canvas.measure(small).fit(unit, max(0, width - 4 - canvas.measure(face).width(number)))
    line, thick = zone.bottom - max(0, (height - high) // 2), 2 if face == fonts.FIGURE_64 else 1
    amount(canvas, zone.left, line, number, unit, (face, small), hollow=outline * thick)
