"""One car: how full, how far, and what its cable is doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import MINUTE
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model import History, Need
from eink_monitor.panels._figures import Cell, amount_right, cells, gauge, hero
from eink_monitor.panels._sheet import LEFT, RIGHT, Sheet, SubjectPanel


@dataclass(frozen=True)
class Car(SubjectPanel):
    """A car's charge or fuel, its range, and whether it is plugged in, charging, and until when."""

    corner: ClassVar[bool] = True

    def needs(self) -> Iterator[Need]:
        """Something in the tank or in the battery."""
        yield Need(self.subject, (SOC, FUEL))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Charge (else fuel) in huge digits, range beside it, a gauge and the cable's state below."""
        sheet = Sheet(canvas, history, now, self)
        electric = sheet.reading(SOC) is not None
        if not sheet.begin((SOC,) if electric else (FUEL,), "car", "the car"):
            return
        level = sheet.value(SOC if electric else FUEL) or 0.0
        x = hero(canvas, words.percent(level), "%", hollow=sheet.hollow)
        if not electric:
            canvas.icon(x - 2, 50, "fuel")
        if not sheet.narrow:
            _range(sheet)
        target = sheet.value(TARGET_SOC) if electric else None
        figures = _reach(sheet) if sheet.narrow else _cable(sheet) if electric else []
        idle = not (figures or sheet.narrow) and (
            sheet.value(PLUGGED) is not None or (electric and sheet.value(FUEL) is not None)
        )
        notch = target / 100 if target is not None else None
        top = gauge(sheet, level / 100, notch, tall=not figures and not idle)
        if figures:
            cells(sheet, figures, top)
        elif idle:
            _idle(sheet, top, electric)


def _range(sheet: Sheet) -> None:
    kilometres, fuel = sheet.value(RANGE), sheet.value(FUEL)
    if kilometres is not None:
        sheet.canvas.text(RIGHT, 42, "range", fonts.TEXT, align="right")
        text = (words.distance(kilometres), "km")
        amount_right(sheet.canvas, RIGHT, 71, text, (fonts.FIGURE_28, fonts.FIGURE_18))
    elif fuel is not None and sheet.reading(SOC):
        sheet.canvas.text(RIGHT, 42, "fuel", fonts.TEXT, align="right")
        amount_right(sheet.canvas, RIGHT, 71, (words.percent(fuel), "%"), (fonts.FIGURE_28, fonts.FIGURE_18))


def _reach(sheet: Sheet) -> list[Cell]:
    """The range as the one supporting figure."""
    kilometres = sheet.value(RANGE)
    return [] if kilometres is None else [Cell("range", words.distance(kilometres), "km")]


def _cable(sheet: Sheet) -> list[Cell]:
    """Power, and until when, of a car that is charging; nothing otherwise."""
    if not sheet.value(CHARGING):
        return []
    power = sheet.value(CHARGING_POWER)
    figures = [Cell("charging", *(words.power(power) if power else (words.UNKNOWN, "kW")))]
    until = _until(sheet)
    if until:
        figures.append(until)
    elif (fuel := sheet.value(FUEL)) is not None:
        figures.append(Cell("fuel", words.percent(fuel), "%"))
    return figures


def _until(sheet: Sheet) -> Cell | None:
    """When charging will be over: a time of day, because that stays true on still ink."""
    reading, target = sheet.reading(TIME_TO_FULL), sheet.value(TARGET_SOC)
    if reading is None or reading.value <= 0:
        return None
    at = reading.at + round(reading.value * MINUTE)
    if at < sheet.now:
        return None
    when = words.stamp(at, sheet.now, sheet.history.zone)
    return Cell(f"{words.percent(target)}% at" if target and target < 100 else "full at", when)


def _idle(sheet: Sheet, top: int, electric: bool) -> None:
    """One line in place of two figures: the cable that does nothing, or the fuel of a hybrid."""
    canvas, middle = sheet.canvas, (top + sheet.bottom) // 2
    low = sheet.bottom - top < 30
    plugged, fuel = sheet.value(PLUGGED), sheet.value(FUEL)
    if plugged is not None:
        canvas.icon(LEFT, middle - (8 if low else 12), "plug" if plugged else "plug-off", 16 if low else 24)
        face = fonts.TITLE if low else fonts.FIGURE_22
        canvas.text(LEFT + 32, middle + (5 if low else 8), "plugged in" if plugged else "unplugged", face)
    if electric and fuel is not None:
        faces, line = ((fonts.TITLE, fonts.TEXT), 5) if low else ((fonts.FIGURE_18, fonts.TEXT), 6)
        amount_right(canvas, RIGHT, middle + line, (f"fuel {words.percent(fuel)}", "%"), faces)
