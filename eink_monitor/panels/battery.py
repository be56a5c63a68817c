"""The house battery: how full, and what it is doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import GREY, SOLID, Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import STORAGE_POWER, STORAGE_SOC
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.panels._figures import Cell, amount_right, aside, hero
from eink_monitor.panels._known import Figure
from eink_monitor.panels._sheet import Sheet, SubjectPanel
from eink_monitor.panels._trace import trace

_IDLE = 10  # W; less than this is a meter's noise


@dataclass(frozen=True)
class Battery(SubjectPanel):
    """State of charge of the house battery, and the power into or out of it."""

    # TRANSLATORS: at most 9 letters; behind the name of a house or roof
    kind: ClassVar[str] = marked("battery")

    def needs(self) -> Iterator[Need]:
        """The state of charge."""
        yield Need(self.subject, (STORAGE_SOC,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The charge in huge digits, the power in words, and a battery lying across the sheet."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No charge yet"
        if not sheet.begin((STORAGE_SOC,), "battery-empty", say("the first charge"), say("charge")):
            return
        soc = sheet.value(STORAGE_SOC) or 0.0
        hero(sheet, words.percent(soc), "%")
        power = sheet.figure(STORAGE_POWER)
        if power:
            _doing(sheet, power)
        _gauge(sheet, soc)
        if sheet.more:
            trace(sheet, sheet.more, STORAGE_SOC)


def _doing(sheet: Sheet, power: Figure) -> None:
    """What the battery is doing, in a word, and how strongly; what it did long ago is no longer a word."""
    watts, outline = power.value, sheet.outline()
    if power.tag:
        # TRANSLATORS: at most 8 letters
        aside(sheet, Cell(say("power"), *words.power(abs(watts)), tag=power.tag))
        return
    # TRANSLATORS: at most 11 letters; what the battery is doing
    word = say("resting") if abs(watts) < _IDLE else say("charging") if watts > 0 else say("discharging")
    zone, faces = sheet.side, (fonts.FIGURE_28, fonts.FIGURE_18)
    sheet.canvas.text(zone.right, zone.top + 24, word, fonts.FIGURE_22, align="right", hollow=outline)
    amount_right(sheet.canvas, zone.right, zone.bottom - 8, words.power(abs(watts)), faces, hollow=outline)


def _gauge(sheet: Sheet, soc: float) -> None:
    """A lying battery as wide as the sheet, ten cells, filled to the charge."""
    canvas, zone, nub = sheet.canvas, sheet.foot, 6
    left, top, room = zone.left + 4, zone.top + 3, zone.width - 14
    height = zone.bottom - top - 5
    canvas.box(zone.left, top, zone.width - nub, height, 2)
    canvas.fill(zone.right - nub, top + height // 3, nub, height - 2 * (height // 3))
    filled = round(room * min(100, max(0, soc)) / 100)
    canvas.fill(left, top + 4, filled, height - 8, GREY if sheet.stale else SOLID)
    for cell in range(1, 10):
        canvas.fill(left + room * cell // 10, top + 4, 2, height - 8, ink=False)
