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
from eink_monitor.panels._figures import Cell, amount_right, aside, cells, gauge, hero, tagged
from eink_monitor.panels._sheet import LEFT, RIGHT, Figure, Sheet, SubjectPanel

_FUEL = 150  # where the fuel of a hybrid begins


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
        if not sheet.begin((SOC,) if electric else (FUEL,), "car", "the car", "charge or fuel"):
            return
        level = sheet.value(SOC if electric else FUEL) or 0.0
        x = hero(sheet, words.percent(level), "%")
        if not electric:
            canvas.icon(x - 2, 50, "fuel", hollow=sheet.outline())
        if not sheet.narrow:
            _range(sheet)
        target = sheet.value(TARGET_SOC) if electric else None
        figures = _reach(sheet) if sheet.narrow else _cable(sheet) if electric else []
        idle = not (figures or sheet.narrow) and (sheet.reading(PLUGGED) or (electric and sheet.reading(FUEL)))
        notch = target / 100 if target is not None else None
        top = gauge(sheet, level / 100, notch, tall=not figures and not idle)
        if figures:
            cells(sheet, figures, top)
        elif idle:
            _idle(sheet, top, electric)


def _range(sheet: Sheet) -> None:
    fuel = sheet.figure(FUEL)
    for cell in _reach(sheet) or ([_tank(fuel)] if fuel and sheet.reading(SOC) else []):
        aside(sheet, cell)


def _reach(sheet: Sheet) -> list[Cell]:
    """The range as the one supporting figure."""
    left = sheet.figure(RANGE)
    return [Cell("range", words.distance(left.value), "km", tag=left.tag)] if left else []


def _tank(fuel: Figure) -> Cell:
    return Cell("fuel", words.percent(fuel.value), "%", tag=fuel.tag)


def _cable(sheet: Sheet) -> list[Cell]:
    """Power, and until when, of a car that is charging; nothing otherwise."""
    if not sheet.value(CHARGING):
        return []
    power = sheet.value(CHARGING_POWER)
    figures = [Cell("charging", *(words.power(power) if power else (words.UNKNOWN, "kW")))]
    until = _until(sheet)
    if until:
        figures.append(until)
    elif fuel := sheet.figure(FUEL):
        figures.append(_tank(fuel))
    return figures


def _until(sheet: Sheet) -> Cell | None:
    """When charging will be over: a time of day, because that stays true on still ink."""
    left, target = sheet.figure(TIME_TO_FULL), sheet.value(TARGET_SOC)
    if left is None or left.tag or left.value <= 0:
        return None
    at = left.at + round(left.value * MINUTE)
    if at < sheet.now:
        return None
    when = words.stamp(at, sheet.now, sheet.history.zone)
    ready = "full at" if target == 100 else f"{words.percent(target)}% at" if target and not sheet.stale else "ready at"
    return Cell(ready, when)


def _idle(sheet: Sheet, top: int, electric: bool) -> None:
    """One line in place of two figures: the cable that does nothing, or the fuel of a hybrid."""
    canvas, middle = sheet.canvas, (top + sheet.bottom) // 2
    low = sheet.bottom - top < 30
    plugged, fuel = sheet.figure(PLUGGED), sheet.figure(FUEL)
    if plugged:
        outline = sheet.outline(plugged.tag)
        icon = "plug" if plugged.value else "plug-off"
        canvas.icon(LEFT, middle - (8 if low else 12), icon, 16 if low else 24, hollow=outline)
        if plugged.tag:
            tagged(canvas, (LEFT + 32, _FUEL - 8), middle + 5, ("cable",), plugged.tag)
        else:
            face = fonts.FIGURE_18 if low and outline else fonts.TITLE if low else fonts.FIGURE_22
            word = "plugged in" if plugged.value else "unplugged"
            canvas.text(LEFT + 32, middle + (5 if low else 8), word, face, hollow=outline)
    if electric and fuel:
        _hybrid(sheet, fuel, middle, low=low)


def _hybrid(sheet: Sheet, fuel: Figure, middle: int, *, low: bool) -> None:
    """What is in the tank of a car that has a battery, too."""
    if fuel.tag:
        tagged(sheet.canvas, (_FUEL, RIGHT), middle + 5, ("fuel",), fuel.tag)
        return
    faces, line = ((fonts.TITLE, fonts.TEXT), 5) if low and not sheet.stale else ((fonts.FIGURE_18, fonts.TEXT), 6)
    text = (f"fuel {words.percent(fuel.value)}", "%")
    amount_right(sheet.canvas, RIGHT, middle + line, text, faces, hollow=sheet.outline())
