"""Today's five meters as bars of one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import GREY, SOLID, Canvas
from eink_monitor.locale import marked, say
from eink_monitor.metrics import (
    CONSUMPTION_TODAY,
    FEED_IN_TODAY,
    PRODUCTION_TODAY,
    PURCHASED_TODAY,
    SELF_CONSUMPTION_TODAY,
    STORAGE_POWER,
    STORAGE_SOC,
)
from eink_monitor.model.history import History
from eink_monitor.model.panel import Need
from eink_monitor.panels._figures import tagged
from eink_monitor.panels._known import Figure
from eink_monitor.panels._sheet import Sheet, SubjectPanel, empty

_WORD, _FIGURE, _UNIT = 74, 72, 17  # units that a word takes at the left, a figure and its unit at the right
# TRANSLATORS: at most 9 letters; energy of today: what the roof made, what of it the house used, the other meters
_METERS = (
    (marked("produced"), PRODUCTION_TODAY),
    (marked("own use"), SELF_CONSUMPTION_TODAY),
    (marked("fed in"), FEED_IN_TODAY),
    (marked("used"), CONSUMPTION_TODAY),
    (marked("bought"), PURCHASED_TODAY),
)


@dataclass(frozen=True)
class Energy(SubjectPanel):
    """Today's production, what of it was used or stored here, feed-in, consumption and purchase."""

    # TRANSLATORS: at most 9 letters; behind the name of a house or roof: its energy of today
    kind: ClassVar[str] = marked("today")

    def needs(self) -> Iterator[Need]:
        """At least one meter."""
        yield Need(self.subject, tuple(metric for _, metric in _METERS))

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """One bar a meter; a meter that has said nothing today has a dash and no bar."""
        sheet = Sheet(canvas, history, now, self)
        # TRANSLATORS: at most 20 letters; after "Waiting for", and in "No meters of a day yet"
        wanted, lacking = say("today's meters"), say("meters of a day")
        if not sheet.begin(tuple(metric for _, metric in _METERS), "chart", wanted, lacking):
            return
        figures = [sheet.today(metric) for _, metric in _METERS]
        known = [figure for figure in figures if figure]
        if not known:
            # TRANSLATORS: at most 29 letters
            empty(canvas, "chart", say("Nothing measured yet today"), "", sheet.body)
            return
        _rows(sheet, figures, max((figure.value for figure in known if not figure.tag), default=0))


def _rows(sheet: Sheet, figures: Sequence[Figure | None], top: float) -> None:
    """A row for each meter, all to the scale of ``top``."""
    canvas, zone, pitch = sheet.canvas, sheet.body, sheet.body.height // len(_METERS)
    stored = sheet.reading(STORAGE_SOC) or sheet.reading(STORAGE_POWER)
    for row, ((word, metric), figure) in enumerate(zip(_METERS, figures, strict=True)):
        middle = zone.top + pitch * row + pitch // 2 + 1
        kept = stored and metric is SELF_CONSUMPTION_TODAY  # what the battery took is not used yet
        # TRANSLATORS: at most 9 letters; energy that was not fed in: the house used it, or a battery took it
        canvas.text(zone.left, middle + 5, say("kept here") if kept else say(word), fonts.TEXT)
        canvas.fill(zone.left + _WORD, middle - pitch // 2, 1, pitch)
        _meter(sheet, middle, figure, top)


def _meter(sheet: Sheet, middle: int, figure: Figure | None, top: float) -> None:
    """The figure of one meter and its bar; an older one has its age in place of the bar."""
    canvas, zone = sheet.canvas, sheet.body
    start, end = zone.left + _WORD, zone.right - _FIGURE
    number, unit = words.energy(figure.value) if figure else (words.UNKNOWN, "kWh")
    outline = sheet.outline(figure.tag) if figure else 0
    canvas.text(zone.right - _UNIT - 4, middle + 6, number, fonts.FIGURE_18, align="right", hollow=outline)
    canvas.text(zone.right - _UNIT, middle + 6, unit, fonts.SMALL)
    if figure and figure.tag:
        tagged(canvas, (start + 3, end), middle + 4, (), figure.tag)
    elif figure and figure.value:
        wide = max(1, round((end - start) * min(1.0, figure.value / top)))
        canvas.fill(start, middle - 5, wide, 11, GREY if sheet.stale else SOLID)
