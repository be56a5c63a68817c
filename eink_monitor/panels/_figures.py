"""Figures the panels share: the hero, a number with its unit, two cells side by side, a gauge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from eink_monitor.draw import fonts
from eink_monitor.draw.canvas import GREY, SOLID, STRIPES, Canvas
from eink_monitor.draw.measure import Measure
from eink_monitor.panels._sheet import MARGIN, Sheet, Zone

_LOW = 34  # units; less than this below a rule is room for one line only
_HIGH = 40  # units; more is room for the largest face in a cell
_STRIPES = 10  # units at least before an age, so that it is seen
_TELLING = 3  # letters of a word that tell which one it is
_CLOSE = ("%", "°")  # units that stand close to their number
_PLAIN = (fonts.FIGURE_18, fonts.SMALL)  # what a number in a cell shrinks to


def amount(
    canvas: Canvas, x: int, line: int, number: str, unit: str, faces: tuple[str, str], *, hollow: int = 0
) -> int:
    """A number with its unit in a smaller face behind it, from ``x`` to the right; returns the width of both."""
    width = canvas.text(x, line, number, faces[0], hollow=hollow)
    gap = 2 if unit in _CLOSE else 4
    return width + gap + canvas.text(x + width + gap, line, unit, faces[1])


def amount_right(
    canvas: Canvas, x: int, line: int, text: tuple[str, str], faces: tuple[str, str], *, hollow: int = 0
) -> int:
    """As ``amount``, but ending at ``x``."""
    unit = canvas.text(x, line, text[1], faces[1], align="right")
    gap = 0 if not text[1] else 2 if text[1] in _CLOSE else 4
    return unit + gap + canvas.text(x - unit - gap, line, text[0], faces[0], align="right", hollow=hollow)


def amount_centre(
    canvas: Canvas, x: int, line: int, text: tuple[str, str], faces: tuple[str, str], *, hollow: int = 0
) -> None:
    """As ``amount``, with the middle of both at ``x``."""
    wide = canvas.measure(faces[0]).width(text[0]) + 4 + canvas.measure(faces[1]).width(text[1])
    amount(canvas, x - wide // 2, line, *text, faces, hollow=hollow)


def hero(sheet: Sheet, number: str, unit: str, word: str = "") -> int:
    """The one number that reads from two metres, its unit at its shoulder, a word at its foot; returns the unit's x."""
    canvas, left, line = sheet.canvas, sheet.hero.left, sheet.hero.bottom - 6
    x = left + canvas.text(left, line, number, fonts.FIGURE_64, hollow=sheet.hollow) + 4
    wide = canvas.text(x, line - 26, unit, fonts.FIGURE_28)
    sheet.beside = x + max(wide, canvas.text(x, line, word, fonts.FIGURE_22) if word else 0)
    return x


class Cell(NamedTuple):
    """One supporting figure: what it is (also in brief), its number and unit, and its own age where it has one."""

    word: str
    number: str
    unit: str = ""
    alarm: bool = False
    brief: str = ""
    tag: str = ""


def tagged(canvas: Canvas, edges: tuple[int, int], line: int, words: tuple[str, ...], tag: str) -> None:
    """What a figure is, and how old it is by itself: the header of a stale panel in little.

    ``words`` are tried in turn; where none has room between the edges, the last is abbreviated, if that makes sense.
    """
    (left, right), small = edges, canvas.measure(fonts.SMALL)
    box = right - small.width(tag) - 5
    room = box - left - _STRIPES - 4
    word = next((word for word in words if small.width(word) <= room), _abbreviated(words, small, room))
    start = left + canvas.text(left, line, word, fonts.SMALL) + 4 if word else max(left, box - 3 * _STRIPES)
    canvas.fill(start, line - 9, box - start, 11, STRIPES)
    canvas.fill(box, line - 9, right - box, 11)
    canvas.text(right - 2, line, tag, fonts.SMALL, align="right", ink=False, width=right - box)


def _abbreviated(words: tuple[str, ...], face: Measure, room: int) -> str:
    """As many letters of the last word as fit with a dot; nothing where that tells nobody anything."""
    letters = face.count(words[-1], room - face.width(".")) if words else 0
    return f"{words[-1][:letters]}." if letters >= _TELLING else ""


def aside(sheet: Sheet, cell: Cell, small: str = fonts.FIGURE_18, lift: int = 0) -> None:
    """The figure at the right of the hero: word over number, both ending at the edge; its unit in ``small``.

    ``lift`` is how much higher than usual the number stands.
    """
    zone = sheet.side
    if cell.tag:
        tagged(sheet.canvas, (zone.left, zone.right), zone.top + 24, (cell.word,), cell.tag)
    else:
        sheet.canvas.text(zone.right, zone.top + 24, cell.word, fonts.TEXT, align="right")
    faces, outline = (fonts.FIGURE_28, small), sheet.outline(cell.tag)
    amount_right(sheet.canvas, zone.right, zone.bottom - 8 - lift, (cell.number, cell.unit), faces, hollow=outline)


def cells(sheet: Sheet, figures: Sequence[Cell], under: int | None = None) -> None:
    """One or two supporting figures side by side in the foot: word over number, or on one line if room is low.

    ``under`` is where a gauge ends that takes the foot's upper edge.
    """
    canvas, zone = sheet.canvas, sheet.foot if under is None else sheet.foot._replace(top=under)
    wide, low = (zone.right + MARGIN) // len(figures), zone.height < _LOW
    face = _low_face(sheet, figures, wide - 2 * MARGIN, under is not None)
    for number, cell in enumerate(figures):
        place = zone._replace(left=number * wide + MARGIN, right=(number + 1) * wide - MARGIN)
        if number:
            canvas.fill(place.left - MARGIN, zone.top + 1, 1, zone.height - 1)
        if low:
            _on_one_line(sheet, cell, place, face)
        else:
            _over_number(sheet, cell, place, under_gauge=under is not None)
        if cell.alarm:
            below = zone.top + (under is None or not low)  # where room is low, letters touch a gauge
            with canvas.alarming():
                canvas.invert(place.left - MARGIN, below, wide, zone.bottom - below)


def _over_number(sheet: Sheet, cell: Cell, place: Zone, *, under_gauge: bool) -> None:
    """What it is, or how old by itself, over the number."""
    canvas, outline = sheet.canvas, sheet.outline(cell.tag)
    if cell.tag:
        tagged(canvas, (place.left, place.right), place.top + 12, (cell.word, cell.brief or cell.word), cell.tag)
    else:
        canvas.text(place.left, place.top + 12, cell.word, fonts.TEXT)
    large = fonts.FIGURE_22 if under_gauge or place.height <= _HIGH else fonts.FIGURE_28
    face = _fitting(canvas, cell, place.width, (large, fonts.FIGURE_18) if outline else (large, *_PLAIN))
    line = min(place.bottom - 6 + under_gauge, place.bottom - canvas.measure(face).fall(cell.number))
    amount(canvas, place.left, line, cell.number, cell.unit, (face, fonts.TEXT), hollow=outline)


def _on_one_line(sheet: Sheet, cell: Cell, place: Zone, face: str) -> None:
    """What it is, if there is room, before the number; how old by itself in place of both."""
    canvas, word = sheet.canvas, cell.brief or cell.word
    if cell.tag:
        tagged(canvas, (place.left, place.right), place.bottom - 6, (cell.word, word), cell.tag)
        return
    line = max(place.bottom - 5, place.top + canvas.measure(face).rise(cell.number))  # a ring over a letter is high
    text, faces = (cell.number, cell.unit), (face, fonts.SMALL)
    taken = amount_right(canvas, place.right, line, text, faces, hollow=sheet.outline())
    if canvas.measure(fonts.SMALL).width(word) <= place.width - taken - 4:
        canvas.text(place.left, place.bottom - 5, word, fonts.SMALL)


def _low_face(sheet: Sheet, figures: Sequence[Cell], room: int, under_gauge: bool) -> str:
    """The largest face in which the numbers of all cells fit behind their words; a gauge leaves less height.

    What is not solid is large: small letters have no outline.
    """
    if sheet.stale:
        return fonts.FIGURE_18
    faces = (fonts.TEXT, fonts.SMALL) if under_gauge else (fonts.FIGURE_18, fonts.TEXT, fonts.SMALL)
    small = sheet.canvas.measure(fonts.SMALL)
    fitting = [_fitting(sheet.canvas, cell, room - 6 - small.width(cell.brief or cell.word), faces) for cell in figures]
    return max(fitting, key=faces.index)


def _fitting(canvas: Canvas, cell: Cell, room: int, faces: tuple[str, ...]) -> str:
    """The first face in which a cell's number fits, else the last."""
    room -= canvas.measure(fonts.TEXT).width(cell.unit) + 4 * bool(cell.unit)
    return next((face for face in faces if canvas.measure(face).width(cell.number) <= room), faces[-1])


def gauge(sheet: Sheet, share: float, mark: float | None = None, *, tall: bool = False, tag: str = "") -> int:
    """A bar in place of the rule, filled to a share of 1, with a notch at another; returns where it ends."""
    canvas, zone = sheet.canvas, sheet.foot
    top, height = (zone.top + 2, zone.height - 8) if tall else (zone.top - 3, 9)
    canvas.bar(zone.left, top, zone.width, height, share, pattern=GREY if sheet.outline(tag) else SOLID)
    if mark is not None and 0 < mark < 1:
        x = zone.left + 2 + round((zone.width - 4) * mark)
        canvas.fill(x - 3, top, 7, height, ink=False)
        notch = canvas.box if sheet.stale else canvas.fill
        notch(x - 1, top - 2, 3, height + 2)
    return top + height
