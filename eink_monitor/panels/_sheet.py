"""What every panel shares: the header that tells the age, the strip that tells a fault, and the empty state.

A sheet has zones: the header, the hero with what stands at its side, the foot, and a strip where something is wrong.
Everything is placed in them, so that a panel fits any glass (in units: see ``Canvas``). Ink stands still, so a fresh
panel says *when* it was measured ("14:32"), which stays true; a stale one says how long ago, under a striped header, in
hollow figures.

Whatever stands on a sheet is as young as its header says, or is tagged with its own age, or is not there: panels get
their figures from ``Sheet.figure``, which judges each by its own measurement and the source it came from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from eink_monitor.clock import SKEW
from eink_monitor.draw import codes, fonts, words
from eink_monitor.draw.canvas import STRIPES, Canvas
from eink_monitor.locale import say
from eink_monitor.metrics import PRICES
from eink_monitor.model.history import FeedStatus, History
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Metric
from eink_monitor.panels._faults import fault
from eink_monitor.panels._known import Known

MARGIN = 6
_HEADER = 18
_STRIP = 18
_HERO = 61  # with the header, where the rule between the hero and the foot is
_LEAST = 43  # units of the foot where there is more below it
_FOOT = 49  # units high at most
_LOW = 40  # units
_MORE = 34  # units; less below the foot is left blank
_SIDE = 104  # units wide at most: what stands beside the hero
_STRIPES = 32  # units at least, so that they are seen from across the room
_ADDRESS = 60  # letters; more would not fit in any face
_CODE = 2  # units a module; a phone reads it from a hand's breadth


class Zone(NamedTuple):
    """A rectangle of the sheet, in units; right and bottom are the first ones outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def centre(self) -> tuple[int, int]:
        """Its middle."""
        return (self.left + self.right) // 2, (self.top + self.bottom) // 2


def body(canvas: Canvas) -> Zone:
    """All below the header, within the margins."""
    return Zone(MARGIN, _HEADER, canvas.width - MARGIN, canvas.height)


@dataclass(frozen=True)
class SubjectPanel(Panel):
    """A panel about one subject. ``kind`` (``marked``) follows the subject's name in the header, unless it has a title.

    ``corner`` says whether it has room for the QR code of a sign-in at its right.
    """

    subject: str
    title: str = ""

    kind: ClassVar[str] = ""
    corner: ClassVar[bool] = False

    def heading(self, history: History) -> tuple[str, str]:
        """What the header says: a name, and the kind of panel, before which a long name gives way."""
        return (self.title, "") if self.title else (history.label(self.subject), say(self.kind) if self.kind else "")


class Sheet(Known):
    """One drawing of one subject: what is known, how old it is, and what room is left for it."""

    def __init__(self, canvas: Canvas, history: History, now: int, panel: SubjectPanel) -> None:
        super().__init__(history, now, panel.subject)
        self.canvas = canvas
        self.panel = panel
        self.body = body(canvas)  # what neither a strip nor the code of a sign-in takes
        self.beside = MARGIN  # where the hero ends

    def begin(self, mains: tuple[Metric, ...], icon: str, wanted: str, lacking: str) -> bool:
        """Draw what surrounds the figures; False, with the empty state drawn, if none of the main ones is known.

        ``wanted`` is what the empty state waits for, ``lacking`` what answers have come without, both as ``say`` has
        said them. The oldest of the main
        figures that are fresh dates the panel; if none is, the newest does, and the panel is stale.
        """
        known = [reading for metric in mains if (reading := self.history.latest(self.subject, metric))]
        fresh = [reading.at for reading in known if self.is_fresh(reading)]
        self.stale = not fresh
        self.at = min(fresh or [max((reading.at for reading in known), default=self.now)])
        return self._surround(icon, wanted, lacking, known=bool(known))

    def begin_expected(self, outlook: Outlook | None, icon: str, wanted: str, lacking: str) -> bool:
        """As ``begin``, for a panel about what is expected: when that was said dates the panel.

        It is stale once nothing is expected of now any more, or, but for prices, once it was said long ago.
        """
        if outlook:
            over = outlook.slot(self.now) is None or outlook.issued_at > self.now + SKEW
            self.at = outlook.issued_at
            self.stale = over or (outlook.metric not in PRICES and outlook.is_old(self.now))
        return self._surround(icon, wanted, lacking, known=outlook is not None)

    def begin_listed(self, listing: Listing | None, icon: str, wanted: str, lacking: str) -> bool:
        """As ``begin``, for a panel about a list: when that was true dates the panel."""
        if listing:
            self.at, old = listing.at, self.now - listing.at
            self.stale = not -SKEW <= old <= self.history.freshness(self.subject, listing.name)
        return self._surround(icon, wanted, lacking, known=listing is not None)

    def _surround(self, icon: str, wanted: str, lacking: str, *, known: bool) -> bool:
        """Header and strip, and the empty state where nothing is known; returns ``known``."""
        history, now = self.history, self.now
        trouble = history.trouble(self.subject)
        if trouble:
            strip(self.canvas, self.strip, fault(trouble, now, history), trouble)
            self.body = self.body._replace(bottom=self.strip.top)
            if self.panel.corner:
                self.body = corner(self.canvas, trouble, self.body)
        label, kind = self.panel.heading(history)
        if not known:
            # TRANSLATORS: at most 13 letters
            header(self.canvas, label, say("no data yet"), kind, stale=False)
            said = self._unknown(wanted, lacking, failing=trouble is not None)
            empty(self.canvas, icon, *said, self.body)
            return False
        when = words.age(now - self.at) if self.stale else words.stamp(self.at, now, history.zone)
        header(self.canvas, label, when, kind, stale=self.stale)
        return True

    def _unknown(self, wanted: str, lacking: str, *, failing: bool) -> tuple[str, str]:
        """What an empty sheet says: that it waits, or that answers come without what it waits for."""
        answered = self.history.answered(self.subject)
        if answered is None:
            # TRANSLATORS: at most 36 letters; {what} is "the first sun" and the like
            first = say("Waiting for {what}", what=wanted)
            # TRANSLATORS: at most 29 letters
            return first, "" if failing else say("the next poll will tell")
        when = words.stamp(answered, self.now, self.history.zone)
        # TRANSLATORS: at most 36 letters; {what} is "roof power" and the like
        first = say("No {what} yet", what=lacking)
        # TRANSLATORS: at most 29 letters; {when} is "14:32" or "Tue 14:32"; "it" is what the line above says
        return first, say("answered {when} without it", when=when)

    @property
    def hero(self) -> Zone:
        """Where the one number stands that reads from two metres."""
        return self.body._replace(bottom=self.body.top + _HERO)

    @property
    def side(self) -> Zone:
        """What the hero leaves at its right."""
        return self.hero._replace(left=max(self.beside + 8, self.hero.right - _SIDE))

    @property
    def foot(self) -> Zone:
        """Below the hero; its upper edge is where a rule goes. On a tall sheet it leaves room for ``more``."""
        top, bottom = self.hero.bottom, self.body.bottom
        high = _FOOT if bottom - top < _LEAST + _MORE else _LEAST
        return self.body._replace(top=top, bottom=min(bottom, top + high))

    @property
    def more(self) -> Zone | None:
        """What a tall sheet has below the foot."""
        foot = self.foot
        return self.body._replace(top=foot.bottom) if self.body.bottom - foot.bottom >= _MORE else None

    @property
    def strip(self) -> Zone:
        """The foot of the whole sheet, where a fault is told; it is the body's while all is well."""
        return Zone(0, self.canvas.height - _STRIP, self.canvas.width, self.canvas.height)

    @property
    def low(self) -> bool:
        """Whether a strip takes so much of the foot that it holds two short lines."""
        return self.foot.height < _LOW

    @property
    def narrow(self) -> bool:
        """Whether the QR code of a sign-in takes the right of the sheet: room for the hero and one figure."""
        return self.body.right < body(self.canvas).right

    def rule(self) -> None:
        """A line between the hero and the foot."""
        self.canvas.rule(self.foot.top, *((MARGIN, self.body.right) if self.narrow else ()))

    def alarm(self) -> None:
        """Reverse the hero and what stands beside it: somebody should do something. Red where there is red ink."""
        with self.canvas.alarming():
            self.canvas.invert(0, self.hero.top + 1, self.canvas.width, self.hero.height - 4)

    @property
    def hollow(self) -> int:
        """How thick the outline of the hero is; 0 is solid."""
        return 2 if self.stale else 0

    def outline(self, tag: str = "") -> int:
        """How thick the outline of a supporting figure with that tag is; 0 is solid."""
        return int(self.stale or bool(tag))


def header(canvas: Canvas, label: str, when: str, kind: str = "", *, stale: bool) -> None:
    """The bar at the top; striped between label and age when the panel is stale.

    A label that is too long gives way before the kind of panel behind it does.
    """
    canvas.fill(0, 0, canvas.width, _HEADER)
    face, behind, edge = canvas.measure(fonts.TITLE), f" · {kind}" if kind else "", canvas.width - MARGIN
    right = face.width(when)
    room = edge - MARGIN - right - (_STRIPES if stale else 12)
    fitted = face.fit(face.fit(label, max(0, room - face.width(behind))) + behind, room)
    left = face.width(fitted)
    canvas.text(MARGIN, 14, fitted, fonts.TITLE, ink=False)
    canvas.text(edge, 14, when, fonts.TITLE, align="right", ink=False)
    if stale:
        start, end = MARGIN + left + 6, edge - right - 6
        canvas.fill(start, 0, end - start, _HEADER, ink=False)
        canvas.fill(start, 0, end - start, _HEADER, STRIPES)


def strip(canvas: Canvas, zone: Zone, text: str, status: FeedStatus) -> None:
    """The bar at the bottom: what is wrong with the feed, in a few words, or where to get what it needs."""
    with canvas.alarming():
        canvas.fill(0, zone.top, zone.width, zone.height)
    canvas.icon(MARGIN, zone.top + 1, "key" if status.what == "auth" else "alert", 16, ink=False)
    face, room = fonts.TEXT, zone.width - 2 * MARGIN - 22
    # TRANSLATORS: at most 40 letters; {key} is "API key" and the like, {where} an address
    where = say("new {key}: {where}", key=say(status.renews), where=status.door) if status.renews else ""
    if canvas.measure(face).width(text) > room:
        face = fonts.SMALL
    if status.what == "auth" and status.renews and status.door and len(where) < _ADDRESS:
        fits = canvas.measure(fonts.SMALL).width(where) <= room
        text, face = (where, fonts.SMALL) if fits else (text, face)
    canvas.text(MARGIN + 22, zone.top + 13, text, face, ink=False, width=room)


def corner(canvas: Canvas, status: FeedStatus, zone: Zone) -> Zone:
    """The QR code of the address where a person signs in, at the right of a zone; returns what is left of the zone.

    Nothing where no sign-in would help, or where there is no room for it.
    """
    needed = status.what == "auth" and status.door
    code = codes.code(f"https://{status.door}", canvas.thick(_CODE)) if needed else None
    if code is None or code.height > canvas.px(zone.height - 2 * _CODE):
        return zone
    side = math.ceil(code.width / canvas.scale)
    canvas.stamp(code, zone.right - side, (zone.top + zone.bottom - side) // 2)
    return zone._replace(right=zone.right - side - 4 * _CODE)


def empty(canvas: Canvas, icon: str, first: str, second: str, zone: Zone) -> None:
    """A friendly word in the middle of a zone that has nothing to show yet."""
    across, middle = zone.centre
    canvas.icon(across - 20, middle - 42, icon, 40)
    face = fonts.TITLE if canvas.measure(fonts.TITLE).width(first) <= zone.width else fonts.SMALL
    canvas.text(across, middle + 16, first, face, align="centre", width=zone.width)
    canvas.text(across, middle + 32, second, fonts.TEXT, align="centre", width=zone.width)
