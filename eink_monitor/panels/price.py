"""The price of power: now, today and tomorrow, and when it is cheapest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from eink_monitor.clock import DAY, HOUR, day_bounds, local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import PRICES
from eink_monitor.model.history import History
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.panel import Need
from eink_monitor.panels._bars import Bar, bars
from eink_monitor.panels._figures import hero
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone
from eink_monitor.settings import Duration, insist

_LABELS = 15  # units below the bars for the cheapest stretch and the days


@dataclass(frozen=True)
class Price(SubjectPanel):
    """What a kWh costs now, today and tomorrow as bars, and the cheapest stretch to come (``best`` long, 2 h)."""

    best: Duration = Duration(2 * HOUR)

    # TRANSLATORS: at most 10 letters; in the header, behind a name
    kind: ClassVar[str] = marked("price")

    def __post_init__(self) -> None:
        insist((HOUR // 4 <= self.best <= DAY, "best must be 15m to 24h"))

    def needs(self) -> Iterator[Need]:
        """Somebody who knows the prices to come."""
        yield Need(self.subject, PRICES, expected=True)

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """The price now in huge digits, the cheapest stretch beside it, a bar an hour below."""
        sheet = Sheet(canvas, history, now, self)
        outlook = next((found for metric in PRICES if (found := history.outlook(self.subject, metric))), None)
        # TRANSLATORS: at most 13 letters each; in "Waiting for {what}" and in "No {what} yet"
        if not sheet.begin_expected(outlook, "price", say("the prices"), say("prices")) or outlook is None:
            return
        slot = outlook.slot(now)
        unit = outlook.metric.unit[:3]
        hero(sheet, *(words.price(slot.value, unit) if slot else words.price(float("nan"), unit)))
        best = outlook.lowest(int(self.best), now)
        if best and not sheet.stale:
            _best(sheet, best, unit, words.span(self.best))
        sheet.rule()
        _bars(sheet, outlook, best)


def _best(sheet: Sheet, best: Slot, currency: str, long: str) -> None:
    """When the cheapest stretch begins, and what it costs then."""
    canvas, zone = sheet.canvas, sheet.side
    # TRANSLATORS: at most 13 letters with a length of time; the cheapest hours to come. Below are large digits: avoid
    # letters that reach below the line, such as g and p
    canvas.text(zone.right, zone.top + 14, say("best {hours}", hours=long), fonts.TEXT, align="right", width=zone.width)
    begins = words.stamp(best.start, sheet.now, sheet.history.zone)
    faces = (fonts.FIGURE_28, fonts.FIGURE_18, fonts.TITLE, fonts.SMALL)
    face = next((face for face in faces if canvas.measure(face).width(begins) <= zone.width), faces[-1])
    line = zone.top + (39 if any(map(str.isalpha, begins)) else 37)  # a day has accents and what is above it has feet
    canvas.text(zone.right, line, begins, face, align="right")
    canvas.text(zone.right, zone.top + 54, str(words.price(best.value, currency)), fonts.TEXT, align="right")


def _bars(sheet: Sheet, outlook: Outlook, best: Slot | None) -> None:
    """An hour a bar, from midnight to the end of tomorrow as far as it is known; what is over is dotted."""
    canvas, zone = sheet.canvas, sheet.foot._replace(top=sheet.foot.top, bottom=sheet.body.bottom)
    today = local(sheet.now, sheet.history.zone).date()
    since, middle = day_bounds(today, sheet.history.zone)
    until = day_bounds(today + timedelta(days=1), sheet.history.zone)[1]
    if outlook.end <= middle:
        until = middle
    hours = [_hour(outlook, start) for start in range(since, until, HOUR)]
    if all(value is None for value in hours):
        column, row = zone.centre
        canvas.text(column, row + 5, say("No {what} yet", what=say("prices")), fonts.TEXT, align="centre")
        return
    shown = [Bar(value, since + (number + 1) * HOUR <= sheet.now) for number, value in enumerate(hours)]
    room = zone._replace(top=zone.top + 4, bottom=zone.bottom - _LABELS)
    where = bars(canvas, room, shown, hollow=sheet.stale)
    across = room.width / len(hours) / HOUR

    def x(instant: int) -> int:
        return room.left + round((instant - since) * across)

    if best and not sheet.stale:
        canvas.fill(x(best.start), room.bottom + 4, max(3, x(best.end) - x(best.start)), 3)
    canvas.text(room.left, zone.bottom - 1, words.weekday(today), fonts.TINY)
    if until > middle:
        canvas.text(x(middle), zone.bottom - 1, words.weekday(today + timedelta(days=1)), fonts.TINY)
    _mark(sheet, Zone(x(sheet.now), room.top, x(sheet.now) + where.wide, room.bottom))


def _mark(sheet: Sheet, zone: Zone) -> None:
    """Where now is: a small triangle from above."""
    if sheet.stale:
        return
    for row, wide in enumerate((5, 3, 1)):
        sheet.canvas.fill(zone.left - wide // 2, zone.top - 3 + row, wide, 1)


def _hour(outlook: Outlook, start: int) -> float | None:
    """The mean price of an hour; None where it is not known."""
    slots = outlook.between(start, start + HOUR)
    known = sum([slot.end - slot.start for slot in slots])
    return sum([slot.value * (slot.end - slot.start) for slot in slots]) / known if known else None
