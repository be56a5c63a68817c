"""Where the power goes: roof, grid and battery at the left, the house at the right, an arrow for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import GREY, SOLID, Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import GRID_POWER, LOAD_POWER, PV_POWER, STORAGE_POWER, STORAGE_SOC
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import amount, amount_centre, tagged
from eink_monitor.panels._known import Figure
from eink_monitor.panels._sheet import Sheet, SubjectPanel

_ARROW, _BUS, _HOUSE = 112, 78, 36  # units: where an arrow begins, from the left; bus and house, from the right
_IDLE = 10  # W; less than this is a meter's noise


class _Side(NamedTuple):
    """One of the three the house trades with; ``inward`` is the sign of power that flows to the house."""

    metric: Metric
    icon: str
    inward: int


_SIDES = (_Side(PV_POWER, "sun", 1), _Side(GRID_POWER, "grid", 1), _Side(STORAGE_POWER, "battery", -1))


@dataclass(frozen=True)
class Flow(SubjectPanel):
    """Power from roof, grid and battery to the house and back, with arrows."""

    # TRANSLATORS: at most 9 letters; behind the name of a house or roof: where its power goes
    kind: ClassVar[str] = marked("flow")

    def needs(self) -> Iterator[Need]:
        """Something that flows."""
        yield Need(self.subject, (LOAD_POWER, GRID_POWER, STORAGE_POWER))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """One row for each side that is known, joined to the house by a bus."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No powers yet"
        wanted, lacking = say("the first power"), say("powers")
        if not sheet.begin((PV_POWER, LOAD_POWER, GRID_POWER, STORAGE_POWER), "house", wanted, lacking):
            return
        known = [(side, figure) for side in _SIDES if (figure := sheet.figure(side.metric))]
        pitch = sheet.body.height // max(1, len(known))
        middles = [sheet.body.top + pitch * row + pitch // 2 for row in range(len(known))]
        for middle, (side, figure) in zip(middles, known, strict=True):
            _row(sheet, side, figure, middle)
        joined = [middle for middle, (_, figure) in zip(middles, known, strict=True) if not figure.tag]
        if joined:
            door, bus = sheet.body.centre[1] - 17, sheet.body.right - _BUS
            first, last = min(door, joined[0]), max(door, joined[-1])
            canvas.fill(bus, first - 1, 3, last - first + 3)
            canvas.fill(bus, door - 1, 20, 3)
        _house(sheet)


def _row(sheet: Sheet, side: _Side, figure: Figure, middle: int) -> None:
    """One side: what it gives or takes, and an arrow; its age and no arrow where that was long before the rest."""
    canvas, zone, value, outline = sheet.canvas, sheet.body, figure.value, sheet.outline()
    start = zone.left + _ARROW
    length = zone.right - _BUS - start
    soc = sheet.value(STORAGE_SOC)
    if side.metric is STORAGE_POWER and soc is not None:
        _cell(sheet, zone.left + 5, middle - 13, soc)
    else:
        canvas.icon(zone.left, middle - 12, side.icon)
    if figure.tag:
        tagged(canvas, (zone.left + 30, start - 6), middle + 4, (), figure.tag)
        return
    faces = (fonts.FIGURE_28, fonts.FIGURE_18)
    amount(canvas, zone.left + 30, middle + 10, *words.power(abs(value)), faces, hollow=outline)
    if abs(value) < _IDLE:
        canvas.fill(start, middle, length, 1, (0x88,))
    else:
        left = value * side.inward < 0
        canvas.arrow(start, middle, length, thickness=5, head=8, left=left, hollow=outline)


def _cell(sheet: Sheet, x: int, y: int, soc: float) -> None:
    """A battery 14 by 26 px, filled to its charge."""
    canvas = sheet.canvas
    canvas.called(x, y, "battery")
    canvas.fill(x + 4, y, 6, 3)
    canvas.box(x, y + 3, 14, 23, 2)
    filled = round(17 * min(100, max(0, soc)) / 100)
    canvas.fill(x + 3, y + 23 - filled, 8, filled, GREY if sheet.stale else SOLID)


def _house(sheet: Sheet) -> None:
    load, edge = sheet.figure(LOAD_POWER), sheet.body.right
    middle, top = edge - _HOUSE, sheet.body.centre[1] - 40
    sheet.canvas.icon(middle - 20, top, "house", 40)
    if load and load.tag:
        tagged(sheet.canvas, (edge - _BUS + 10, edge), top + 60, (), load.tag)
        return
    quantity = words.power(load.value) if load else words.Quantity(words.UNKNOWN, "W")
    faces = (fonts.FIGURE_28, fonts.FIGURE_18)
    amount_centre(sheet.canvas, middle, top + 66, quantity, faces, hollow=sheet.outline())
