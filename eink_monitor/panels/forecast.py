"""The sun to come: today as measured and as expected, tomorrow and the day after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from eink_monitor.clock import HOUR, day_bounds, local
from eink_monitor.draw import charts, fonts, words
from eink_monitor.draw.canvas import GREY, SOLID, Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import PRODUCTION_TODAY, PV_POWER
from eink_monitor.model.history import History
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.panel import Need
from eink_monitor.panels._figures import amount, amount_right, tagged
from eink_monitor.panels._outlook import expected
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone

_BESIDE = 104  # units for the figures at the right of the curve
_LOW = 34  # units; less is room for one line
_FLOOR = 100.0  # W; the least a curve's height stands for
_BAR, _PITCH = 9, 11  # units: how wide half a day is, and from one to the next
_UNKNOWN = words.Quantity(words.UNKNOWN, "kWh")
_COMPARED, _FEWEST = 14, 3  # days; from fewer nobody can tell how right a forecast is
_SURE = 99  # percent; what is further off is told as that


@dataclass(frozen=True)
class Forecast(SubjectPanel):
    """Solar forecast: today's curve as measured and as expected, the next two days in mornings and afternoons.

    And by how much the forecast was off in the last 14 days.
    """

    # TRANSLATORS: at most 10 letters; in the header, behind a name
    kind: ClassVar[str] = marked("forecast")

    def needs(self) -> Iterator[Need]:
        """Somebody who foretells the power of the roof."""
        yield Need(self.subject, (PV_POWER,), expected=True)

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """Today above, what comes below; the header says when that was foretold."""
        sheet, outlook = Sheet(canvas, history, now, self), history.outlook(self.subject, PV_POWER)
        # TRANSLATORS: at most 13 letters each; in "Waiting for {what}" and in "No {what} yet"
        if not sheet.begin_expected(outlook, "sun", say("the forecast"), say("forecast")) or outlook is None:
            return
        zone = sheet.hero._replace(bottom=sheet.body.bottom - sheet.foot.height) if sheet.more else sheet.hero
        _curve(sheet, outlook, zone._replace(right=zone.right - _BESIDE))
        _today(sheet, outlook, zone._replace(left=zone.right - _BESIDE + 8))
        foot = sheet.foot._replace(top=zone.bottom, bottom=sheet.body.bottom)
        canvas.rule(foot.top)
        wide = foot.width // 3
        today, most = local(now, history.zone).date(), _best(outlook, sheet)
        for number in (1, 2):
            left = foot.left + (number - 1) * wide
            room = foot._replace(left=left, right=left + wide - 8)
            _day(sheet, outlook, today + timedelta(days=number), room, most)
            canvas.fill(left + wide - 4, foot.top + 1, 1, foot.height - 1)
        _miss(sheet, foot._replace(left=foot.left + 2 * wide + 2))


def _curve(sheet: Sheet, outlook: Outlook, zone: Zone) -> None:
    """The day from midnight to midnight: measured in full, expected as a thin line."""
    canvas, history, (since, until) = sheet.canvas, sheet.history, sheet.day
    runs = history.series(sheet.subject, PV_POWER, since, min(until, sheet.now))
    hoped = expected(outlook, since, until)
    top = max([_FLOOR, *(run.value for run in (*runs, *hoped))])
    plot = charts.Plot(zone.left, zone.top + 4, zone.width, zone.height - 8, since, until, top)
    charts.curve(canvas, plot, hoped, 2 * HOUR, thin=True)
    newest = charts.curve(canvas, plot, runs, history.gap(sheet.subject))
    if newest and sheet.value(PV_POWER) is not None and not sheet.stale:
        charts.ring(canvas, *newest)
    canvas.rule(zone.bottom - 3, zone.left, zone.right)


def _today(sheet: Sheet, outlook: Outlook, zone: Zone) -> None:
    """What the whole day is expected to bring, and what it has brought so far."""
    canvas, outline = sheet.canvas, sheet.outline()
    since, until = sheet.day
    canvas.text(zone.right, zone.top + 14, say("today"), fonts.TEXT, align="right")
    whole = words.energy(outlook.energy(since, until)) if outlook.covers(sheet.now, until) else _UNKNOWN
    amount_right(canvas, zone.right, zone.top + 37, whole, (fonts.FIGURE_28, fonts.FIGURE_18), hollow=outline)
    made, power = sheet.today(PRODUCTION_TODAY), sheet.figure(PV_POWER)
    old = next((figure.tag for figure in (power, made) if figure and figure.tag), "")
    if old:
        # TRANSLATORS: at most 8 letters; what stands before how old it is: what the roof has made today
        tagged(canvas, (zone.left, zone.right), zone.top + 53, (say("measured"),), old)
    elif made and not sheet.stale:
        # TRANSLATORS: at most 15 letters with the number; what the roof has made today
        text = say("{energy} so far", energy=words.energy(made.value))
        canvas.text(zone.right, zone.top + 53, text, fonts.SMALL, align="right", width=_BESIDE - 2)


def _day(sheet: Sheet, outlook: Outlook, day: date, zone: Zone, most: float) -> None:
    """One day to come: its sum, and its morning and afternoon as two bars where there is room."""
    canvas, low = sheet.canvas, zone.height < _LOW
    since, until = day_bounds(day, sheet.history.zone)
    known = outlook.covers(since, until)
    number, unit = words.energy(outlook.energy(since, until)) if known else _UNKNOWN
    foot = zone.bottom - 6
    if low:
        canvas.text(zone.left, foot, words.weekday(day), fonts.SMALL)
        canvas.text(zone.right, foot, number, fonts.FIGURE_18, align="right", hollow=sheet.outline())
        return
    name, room, small = words.weekday(day), zone.width - 2 * _PITCH - 4, canvas.measure(fonts.SMALL).width(unit) + 4
    face = fonts.TEXT if canvas.measure(fonts.TEXT).width(name) + small <= room else fonts.SMALL
    wide = canvas.text(zone.left, zone.top + 13, name, face)
    canvas.text(zone.left + wide + 4, zone.top + 13, unit, fonts.SMALL)
    canvas.text(zone.left, foot, number, fonts.FIGURE_22, hollow=sheet.outline())
    if known:
        _halves(sheet, outlook, (since, until), zone._replace(left=zone.right - 2 * _PITCH + 1, bottom=foot), most)


def _halves(sheet: Sheet, outlook: Outlook, day: tuple[int, int], zone: Zone, most: float) -> None:
    """Morning and afternoon as bars, to the scale of the best half of the three days: ``most`` Wh."""
    (since, until), canvas = day, sheet.canvas
    noon = (since + until) // 2
    for number, energy in enumerate((outlook.energy(since, noon), outlook.energy(noon, until))):
        high = round(min(zone.height - 6, 44) * energy / most)
        canvas.fill(zone.left + number * _PITCH, zone.bottom - high, _BAR, high, GREY if sheet.stale else SOLID)
    canvas.rule(zone.bottom, zone.left - 1, zone.right + 1)


def _best(outlook: Outlook, sheet: Sheet) -> float:
    """The most that half a day of the outlook brings, so that bars can be compared."""
    most = 1.0
    today = local(sheet.now, sheet.history.zone).date()
    for number in range(3):
        since, until = day_bounds(today + timedelta(days=number), sheet.history.zone)
        noon = (since + until) // 2
        most = max(most, outlook.energy(since, noon), outlook.energy(noon, until))
    return most


def _miss(sheet: Sheet, zone: Zone) -> None:
    """By how much the forecast was off, day by day, in the last two weeks."""
    canvas, days = sheet.canvas, sheet.history.compared(sheet.subject, PV_POWER, _COMPARED)
    made = sum(day.measured for day in days)
    known = len(days) >= _FEWEST and made > 0
    share = 100 * sum(abs(day.expected - day.measured) for day in days) / made if known else 0.0
    number = f">{_SURE}" if share > _SURE else words.percent(share)
    if zone.height >= _LOW:
        # TRANSLATORS: at most 9 letters; by how many percent the forecast was off
        canvas.text(zone.left, zone.top + 13, say("off by"), fonts.TEXT)

    if known:
        faces = (fonts.FIGURE_22 if zone.height >= _LOW else fonts.FIGURE_18, fonts.SMALL)
        amount(canvas, zone.left, zone.bottom - 6, f"±{number}", "%", faces, hollow=sheet.outline())
    else:
        # TRANSLATORS: at most 12 letters; below "off by": nobody can tell yet
        canvas.text(zone.left, zone.bottom - 7, say("too early"), fonts.SMALL, width=zone.width)
