"""A list: parcels under way, open orders, appointments; what needs a hand stands first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eink_monitor.clock import local
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.locale import marked, say, say_many
from eink_monitor.model.history import History
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.panel import Need
from eink_monitor.panels._sheet import Sheet, SubjectPanel, Zone, empty

_GAP = 8  # units between what stands left and right
_MARK = 20  # units that the mark of what needs a hand takes


class _Format(NamedTuple):
    """How tall a row is, what its lines are written in, and where in the row they are.

    ``small`` is empty where a row is one line.
    """

    height: int
    face: str
    line: int
    when: str
    small: str = ""
    below: int = 0


_ALONE = _Format(90, fonts.FIGURE_28, 32, fonts.FIGURE_18, fonts.TITLE, 56)
_LARGE = _Format(34, fonts.FIGURE_18, 15, fonts.TEXT, fonts.TEXT, 30)
_PLAIN = _Format(25, fonts.TITLE, 11, fonts.TEXT, fonts.SMALL, 23)
_CLOSE = _Format(17, fonts.TITLE, 12, fonts.SMALL)
_FORMATS = (_ALONE, _LARGE, _PLAIN, _CLOSE)
_SPARSE = (_ALONE, _LARGE, _CLOSE)  # where letters are higher than a unit times their size
_SHARED = 12  # units that a row grows at most where there is room to spare

# TRANSLATORS: at most 28 letters each; a list of that name is empty
_NOTHING: Mapping[str, tuple[str, str]] = {
    "parcels": ("parcel", marked("No parcels under way")),
    "orders": ("check", marked("No open orders")),
    "appointments": ("calendar", marked("Nothing in the diary")),
}


@dataclass(frozen=True)
class ListPanel(SubjectPanel):
    """A list as it stands: what, when, how it goes; what needs a hand comes first.

    ``name`` picks one where the source of the subject has several.
    """

    name: str = ""

    def needs(self) -> Iterator[Need]:
        """Somebody who lists it."""
        yield Need(self.subject, (), listed=self.name)

    def heading(self, history: History) -> tuple[str, str]:
        """The subject, and the list where that has another name and there are several."""
        label, several = history.label(self.subject), len(history.lists(self.subject)) > 1
        return (self.title, "") if self.title else (label, self._picked(history) if several else "")

    def _picked(self, history: History) -> str:
        """The name of the list that is shown."""
        return self.name or next(iter(history.lists(self.subject)), "")

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """As many rows as there is room for, as large as they fit; then how many more there are."""
        sheet = Sheet(canvas, history, now, self)
        name = self._picked(history)
        listing = history.listing(self.subject, name)
        icon, nothing = _NOTHING.get(name, ("list", ""))
        # TRANSLATORS: at most 20 letters each; in "Waiting for {what}" and in "No {what} yet"
        if not sheet.begin_listed(listing, icon, say("the list"), say("list")) or listing is None:
            return
        if listing.items:
            _rows(sheet, listing)
        else:
            # TRANSLATORS: at most 28 letters; a list is empty
            empty(canvas, icon, say(nothing) if nothing else say("Nothing on the list"), "", sheet.body)


def _rows(sheet: Sheet, listing: Listing) -> None:
    items = in_order(listing.items, sheet.now)
    zone = sheet.body._replace(top=sheet.body.top + 2)
    further = bool(listing.more)
    sizes = _FORMATS if sheet.canvas.scale >= 1 else _SPARSE
    size = next((size for size in sizes if (len(items) + further) * size.height <= zone.height), _CLOSE)
    room = zone.height // size.height
    shown = items if len(items) + further <= room else items[: room - 1]
    rows = len(shown) + (further or len(shown) < len(items))
    height = min(zone.height // rows, size.height + _SHARED)
    for number, item in enumerate(shown):
        place = zone._replace(top=zone.top + number * height, bottom=zone.top + (number + 1) * height)
        _row(sheet, item, place, size)
        if number + 1 < len(shown) and not item.stuck and size is not _PLAIN:
            sheet.canvas.rule(place.bottom - 1, place.left, place.right)
    if left := len(items) - len(shown) + listing.more:
        # TRANSLATORS: at most 16 letters; further things of a list for which there is no room
        text = say_many("+{n} more", "+{n} more", left)
        sheet.canvas.text(zone.left, zone.top + len(shown) * height + _CLOSE.line, text, fonts.TEXT)


def in_order(items: Sequence[Item], now: int) -> list[Item]:
    """What needs a hand, then what is to come, the next first, then what is over, the last first."""

    def key(item: Item) -> tuple[bool, int, int]:
        at = instant(item, now)
        if at is None:
            return not item.stuck, 2, 0
        return not item.stuck, int(at < now), abs(at - now)

    return sorted(items, key=key)


def instant(item: Item, now: int) -> int | None:
    """Which of its two times matters now: the next of them, or the last."""
    times = [at for at in (item.start, item.end) if at is not None]
    return next((at for at in times if at >= now), times[-1] if times else None)


def _row(sheet: Sheet, item: Item, place: Zone, size: _Format) -> None:
    canvas, ink = sheet.canvas, not item.stuck
    edges = place.left, place.right
    if item.stuck:
        with canvas.alarming():
            canvas.fill(0, place.top, canvas.width, place.height - 1)
        canvas.icon(place.left, place.top + (place.height - 17) // 2, "alert", 16, ink=False)
        edges = place.left + _MARK, place.right
    top = place.top + (place.height - size.height) // 2
    row = _Place(canvas, edges, ink, sheet.outline() if ink else 0)
    at = instant(item, sheet.now)
    when = "" if at is None else _when(at, sheet)
    if size is _ALONE:
        face = row.fitting(item.title, (size.face, fonts.FIGURE_22, fonts.FIGURE_18))
        row.pair(top + size.line, (item.title, ""), (face, size.when))
        row.pair(top + size.below, (item.state or item.detail, when), (size.when, size.when))
        row.pair(top + size.below + 22, (item.detail if item.state else "", ""), (size.small, size.small))
    elif size.small:
        row.pair(top + size.line, (item.title, when), (size.face, size.when))
        row.both(top + size.below, (item.state, item.detail), size.small)
    else:
        row.pair(top + size.line, (item.title, _beside(row, item, when)), (size.face, size.when))


class _Place(NamedTuple):
    """Where one thing stands: between two edges, reversed where it needs a hand."""

    canvas: Canvas
    edges: tuple[int, int]
    ink: bool
    hollow: int

    @property
    def room(self) -> int:
        return self.edges[1] - self.edges[0]

    def fitting(self, text: str, faces: tuple[str, ...]) -> str:
        """The first face in which a text fits, else the last."""
        return next((face for face in faces if self.canvas.measure(face).width(text) <= self.room), faces[-1])

    def pair(self, line: int, texts: tuple[str, str], faces: tuple[str, str]) -> None:
        """What stands left, and at the right when; of the two what stands left is cut."""
        taken = self._text(self.edges[1], line, texts[1], faces[1], "right", self.room) if texts[1] else -_GAP
        self._text(self.edges[0], line, texts[0], faces[0], "left", self.room - taken - _GAP)

    def both(self, line: int, texts: tuple[str, str], face: str) -> None:
        """How it goes, and what else there is to say: at the right if both fit, else behind it."""
        measure = self.canvas.measure(face)
        if measure.width(texts[0]) + 2 * _GAP + measure.width(texts[1]) <= self.room:
            self.pair(line, texts, (face, face))
        else:
            self.pair(line, (" · ".join(filter(None, texts)), ""), (face, face))

    def _text(self, x: int, line: int, text: str, face: str, align: str, room: int) -> int:
        hollow = self.hollow if face in _OUTLINED else 0
        return self.canvas.text(x, line, text, face, align=align, width=room, ink=self.ink, hollow=hollow)


def _beside(row: _Place, item: Item, when: str) -> str:
    """What stands beside the title, where a row is one line: how it goes, if that leaves the title whole.

    Of what needs a hand it is what is wrong.
    """
    if item.stuck and item.state:
        return item.state
    title = row.canvas.measure(_CLOSE.face).width(item.title)
    text = ", ".join(filter(None, (item.state, when)))
    return text if title + _GAP + row.canvas.measure(_CLOSE.when).width(text) <= row.room else when


def _when(at: int, sheet: Sheet) -> str:
    """A time to come by its weekday; what is past by its date, so that nobody waits for it."""
    now, zone = sheet.now, sheet.history.zone
    then = local(at, zone).date()
    return words.short_date(then) if at < now and then != local(now, zone).date() else words.stamp(at, now, zone)


_OUTLINED = (fonts.FIGURE_28, fonts.FIGURE_22, fonts.FIGURE_18)
