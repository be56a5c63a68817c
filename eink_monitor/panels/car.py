"""One car: how full, how far, and what its cable is doing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import say, say_of
from eink_monitor.metrics import (
    CHARGING,
    CHARGING_POWER,
    FUEL,
    FUEL_VOLUME,
    ODOMETER,
    PLUGGED,
    RANGE,
    SOC,
    TARGET_SOC,
    TIME_TO_FULL,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.model.reading import Metric
from eink_monitor.panels._figures import Cell, amount_right, aside, cells, gauge, hero, tagged
from eink_monitor.panels._known import Figure
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone
from eink_monitor.panels._trace import trace
from eink_monitor.settings import insist

_LEVELS = (SOC, FUEL, FUEL_VOLUME, RANGE)
_GONE = 30 * DAY
_LOW = 30  # units; less is room for small letters only
_TOGETHER = 3 * HOUR  # by which a range may be older than the charge that it goes with
_FURTHEST = 9_999_999  # km; no car has driven more
_FUEL = 94  # units for the fuel of a hybrid


@dataclass(frozen=True)
class Car(SubjectPanel):
    """A car's charge or fuel, its range, and whether it is plugged in, charging, and until when.

    Reversed when it is nearly empty (``low_at`` percent or less) and not charging.
    """

    low_at: float = 10

    corner: ClassVar[bool] = True

    def __post_init__(self) -> None:
        insist((0 <= self.low_at <= 100, "low_at must be 0 (never) to 100 (percent)"))

    def needs(self) -> Iterator[Need]:
        """Something in the tank or in the battery, or how far it goes."""
        yield Need(self.subject, _LEVELS)

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Charge (else fuel) in huge digits, range beside it, a gauge and the cable's state below."""
        sheet = Sheet(canvas, history, now, self)
        main = _level(sheet)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No charge or fuel yet"
        if not sheet.begin((main,), "car", say("the car"), say("charge or fuel")):
            return
        if main in (SOC, FUEL):
            _full(sheet, electric=main is SOC)
            level = sheet.value(main)
            if level is not None and level <= self.low_at and not sheet.stale and not sheet.value(CHARGING):
                sheet.alarm()
        else:
            _far(sheet, litres=main is FUEL_VOLUME)
        if sheet.more and not sheet.narrow:
            canvas.rule(sheet.more.top)
            trace(sheet, sheet.more, main, 7 * DAY)


def _level(sheet: Sheet) -> Metric:
    """What says most of how much is left; not what the car stopped telling long ago, while it goes on with another."""
    known = [reading for metric in _LEVELS if (reading := sheet.reading(metric))]
    newest = max((reading.at for reading in known), default=0)
    return next((reading.metric for reading in known if newest - reading.at <= _GONE), SOC)


def _full(sheet: Sheet, *, electric: bool) -> None:
    """How full the battery is, else the tank, in per cent."""
    level = sheet.value(SOC if electric else FUEL) or 0.0
    x = hero(sheet, words.percent(level), "%")
    if not electric:
        sheet.canvas.icon(x - 2, sheet.hero.top + 32, "fuel", hollow=sheet.outline())
    if not sheet.narrow:
        _range(sheet)
    figures, idle = _below(sheet, electric=electric)
    target = sheet.value(TARGET_SOC) if electric else None
    top = gauge(sheet, level / 100, None if target is None else target / 100, tall=not figures and not idle)
    if figures:
        cells(sheet, figures, top)
    elif idle:
        _idle(sheet, top, electric)


def _below(sheet: Sheet, *, electric: bool) -> tuple[list[Cell], bool]:
    """The figures below the gauge, and, where there are none, whether cable or tank have something to say."""
    if sheet.narrow:
        return _reach(sheet), False
    figures = _cable(sheet) if electric else []
    told = sheet.reading(PLUGGED) or (electric and sheet.reading(FUEL))
    return figures, not figures and bool(told)


def _far(sheet: Sheet, *, litres: bool) -> None:
    """What a car that tells no per cent tells: the litres in its tank, else its range, and what it has driven."""
    left = sheet.value(FUEL_VOLUME if litres else RANGE) or 0.0
    if litres:
        x = hero(sheet, words.whole(left), "L")  # a small one is a bar
        sheet.canvas.icon(x - 2, sheet.hero.top + 32, "fuel", hollow=sheet.outline())
    else:
        # TRANSLATORS: at most 7 letters; below the unit of a distance: how far the car will go
        hero(sheet, *words.road(left), "" if sheet.narrow else say_of("car", "to go"))
    driven = sheet.figure(ODOMETER)
    figures = _reach(sheet) if litres else []
    if driven and not sheet.narrow:
        # TRANSLATORS: at most 9 letters; over the odometer of a car
        figures.append(Cell(say_of("car", "driven"), *words.road(driven.value, _FURTHEST), tag=driven.tag))
    if figures:
        sheet.canvas.rule(sheet.foot.top, sheet.foot.left, sheet.foot.right)
        cells(sheet, figures)


def _range(sheet: Sheet) -> None:
    fuel = sheet.figure(FUEL)
    for cell in _reach(sheet) or ([_tank(fuel)] if fuel and sheet.reading(SOC) else []):
        aside(sheet, cell)


def _reach(sheet: Sheet) -> list[Cell]:
    """The range as the one supporting figure."""
    left = sheet.figure(RANGE, within=_TOGETHER)
    # TRANSLATORS: at most 10 letters; over a distance: how far the car will go
    return [Cell(say_of("car", "range"), *words.road(left.value), tag=left.tag)] if left else []


def _tank(fuel: Figure) -> Cell:
    # TRANSLATORS: at most 8 letters; what is in the tank of a car
    return Cell(say_of("car", "fuel"), words.percent(fuel.value), "%", tag=fuel.tag)


def _cable(sheet: Sheet) -> list[Cell]:
    """Power, and until when, of a car that is charging; nothing otherwise."""
    if not sheet.value(CHARGING):
        return []
    power = sheet.value(CHARGING_POWER, _TOGETHER)
    # TRANSLATORS: at most 9 letters; over the power with which a car is charged
    told = words.power(power) if power else (words.UNKNOWN, "kW")
    if not sheet.reading(CHARGING_POWER):  # nobody measures it
        told = words.Quantity(say("yes"), "")
    figures = [Cell(say_of("car", "charging"), *told)]
    until = _until(sheet)
    if until:
        figures.append(until)
    elif fuel := sheet.figure(FUEL):
        figures.append(_tank(fuel))
    return figures


def _until(sheet: Sheet) -> Cell | None:
    """When charging will be over: a time of day, because that stays true on still ink."""
    left, target = sheet.figure(TIME_TO_FULL), sheet.value(TARGET_SOC)
    if target is not None and target <= (sheet.value(SOC) or 0.0):  # then it is another one that it charges for
        target = None
    if left is None or left.tag or left.value <= 0:
        return None
    at = left.at + round(left.value * MINUTE)
    if at < sheet.now:
        return None
    when = words.stamp(at, sheet.now, sheet.history.zone)
    if target and target != 100 and not sheet.stale:
        # TRANSLATORS: at most 10 letters; {share} is "80%"; over the time when the car will have been charged so far
        return Cell(say_of("car", "{share} at", share=words.share(target)), when)
    # TRANSLATORS: at most 11 letters; over the time when charging will be over
    return Cell(say_of("car", "full at") if target == 100 else say_of("car", "ready at"), when)


def _idle(sheet: Sheet, top: int, electric: bool) -> None:
    """One line in place of two figures: the cable that does nothing, or the fuel of a hybrid."""
    zone = sheet.foot._replace(top=top)
    low = zone.height < _LOW
    plugged, fuel = sheet.figure(PLUGGED), sheet.figure(FUEL)
    if plugged:
        _plug(sheet, plugged, zone, low=low)
    if electric and fuel:
        _hybrid(sheet, fuel, zone.centre[1], low=low)
    elif electric and not sheet.stale and (target := sheet.value(TARGET_SOC)):
        # TRANSLATORS: at most 14 letters with the number; what the mark on the gauge stands for: where charging stops
        text = say_of("car", "target {percent}", percent=words.share(target))
        sheet.canvas.text(zone.right, zone.centre[1] + 5, text, fonts.TEXT, align="right")


def _plug(sheet: Sheet, plugged: Figure, zone: Zone, *, low: bool) -> None:
    """Whether the cable is plugged in."""
    canvas, middle, outline = sheet.canvas, zone.centre[1], sheet.outline(plugged.tag)
    icon, size = "plug" if plugged.value else "plug-off", 16 if low else 24
    canvas.icon(zone.left, middle - size // 2, icon, size, hollow=outline)
    if plugged.tag:
        # TRANSLATORS: at most 8 letters; of a car, whether it is plugged in
        cable = say_of("car", "cable")
        tagged(canvas, (zone.left + 32, zone.right - _FUEL - 8), middle + 5, (cable,), plugged.tag)
        return
    face = fonts.FIGURE_22
    if low:
        face = fonts.FIGURE_18 if outline else fonts.TITLE
    # TRANSLATORS: at most 12 letters; a car
    word = say_of("car", "plugged in") if plugged.value else say_of("car", "unplugged")
    canvas.text(zone.left + 32, middle + (5 if low else 8), word, face, hollow=outline)


def _hybrid(sheet: Sheet, fuel: Figure, middle: int, *, low: bool) -> None:
    """What is in the tank of a car that has a battery, too."""
    # TRANSLATORS: at most 8 letters; what is in the tank of a car
    word = say_of("car", "fuel")
    if fuel.tag:
        tagged(sheet.canvas, (sheet.foot.right - _FUEL, sheet.foot.right), middle + 5, (word,), fuel.tag)
        return
    faces, line = ((fonts.TITLE, fonts.TEXT), 5) if low and not sheet.stale else ((fonts.FIGURE_18, fonts.TEXT), 6)
    text = (f"{word} {words.percent(fuel.value)}", "%")
    amount_right(sheet.canvas, sheet.foot.right, middle + line, text, faces, hollow=sheet.outline())
