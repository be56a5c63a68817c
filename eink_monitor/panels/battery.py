"""The house battery: how full, and what it is doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import GREY, SOLID, Canvas
from eink_monitor.metrics import STORAGE_POWER, STORAGE_SOC
from eink_monitor.model import History, Need
from eink_monitor.panels._figures import amount_right, hero
from eink_monitor.panels._sheet import LEFT, RIGHT, RULE, Sheet, SubjectPanel

_IDLE = 10  # W; less than this is a meter's noise


@dataclass(frozen=True)
class Battery(SubjectPanel):
    """State of charge of the house battery, and the power into or out of it."""

    kind: ClassVar[str] = "battery"

    def needs(self) -> Iterator[Need]:
        """The state of charge."""
        yield Need(self.subject, (STORAGE_SOC,))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The charge in huge digits, the power in words, and a battery lying across the sheet."""
        sheet = Sheet(canvas, history, now, self)
        if not sheet.begin((STORAGE_SOC,), "battery-empty", "the first charge"):
            return
        soc = sheet.value(STORAGE_SOC) or 0.0
        hero(canvas, words.percent(soc), "%", hollow=sheet.hollow)
        watts = sheet.value(STORAGE_POWER)
        if watts is not None:
            word = "resting" if abs(watts) < _IDLE else "charging" if watts > 0 else "discharging"
            canvas.text(RIGHT, 42, word, fonts.FIGURE_22, align="right")
            amount_right(canvas, RIGHT, 71, words.power(abs(watts)), (fonts.FIGURE_28, fonts.FIGURE_18))
        _gauge(sheet, soc)


def _gauge(sheet: Sheet, soc: float) -> None:
    """A lying battery as wide as the sheet, ten cells, filled to the charge."""
    canvas, top = sheet.canvas, RULE + 3
    height, nub, room = sheet.bottom - top - 5, 6, RIGHT - LEFT - 14
    canvas.box(LEFT, top, RIGHT - LEFT - nub, height, 2)
    canvas.fill(RIGHT - nub, top + height // 3, nub, height - 2 * (height // 3))
    filled = round(room * min(100, max(0, soc)) / 100)
    canvas.fill(LEFT + 4, top + 4, filled, height - 8, GREY if sheet.stale else SOLID)
    for cell in range(1, 10):
        canvas.fill(LEFT + 4 + room * cell // 10, top + 4, 2, height - 8, ink=False)
