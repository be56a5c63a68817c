"""What every panel shares: the header that tells the age, the strip that tells a fault, and the empty state.

Grid: margins of 6 px, a header of 18 px, a body down to ``bottom``. Ink stands still, so a fresh panel says *when* it
was measured ("14:32"), which stays true; a stale one says how long ago, under a striped header, in hollow figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import day_bounds, local
from eink_monitor.draw import codes, fonts, words
from eink_monitor.draw.canvas import STRIPES, Canvas
from eink_monitor.model import FeedStatus, History, Metric, Panel, Reading

LEFT, RIGHT = 6, 244
HEADER = 18
STRIP = 18
_STRIPES = 44  # px at least, so that they are seen from across the room
RULE = 79  # between the hero and what supports it
_CODE = 2  # px a module; a phone reads it from a hand's breadth


@dataclass(frozen=True)
class SubjectPanel(Panel):
    """A panel about one subject. ``kind`` follows the subject's name in the header, unless a title is configured.

    ``corner`` says whether it has room for the QR code of a sign-in at its right.
    """

    subject: str
    title: str = ""

    kind: ClassVar[str] = ""
    corner: ClassVar[bool] = False

    def label(self, history: History) -> str:
        """What the header says."""
        name = history.label(self.subject)
        return self.title or (f"{name} · {self.kind}" if self.kind else name)


class Sheet:
    """One drawing of one subject: what is known, how old it is, and what room is left for it."""

    def __init__(self, canvas: Canvas, history: History, now: int, panel: SubjectPanel) -> None:
        self.canvas = canvas
        self.history = history
        self.now = now
        self.panel = panel
        self.bottom = canvas.height
        self.right = RIGHT
        self.stale = False

    def begin(self, mains: tuple[Metric, ...], icon: str, wanted: str) -> bool:
        """Draw what surrounds the figures; False, with the empty state drawn, if none of the main ones is known.

        ``wanted`` is what the empty state waits for. The oldest of the main figures dates the panel.
        """
        history, now, subject = self.history, self.now, self.panel.subject
        trouble = history.trouble(subject)
        if trouble:
            self.bottom -= STRIP
            strip(self.canvas, trouble, now, history)
            if self.panel.corner:
                self.right = corner(self.canvas, trouble, HEADER, self.bottom)
        label = self.panel.label(history)
        ages = [reading.at for metric in mains if (reading := history.latest(subject, metric))]
        if not ages:
            header(self.canvas, label, "no data yet", stale=False)
            hint = "" if trouble else "the next poll will tell"
            empty(self.canvas, icon, f"Waiting for {wanted}", hint, (self.right, self.bottom))
            return False
        at = min(ages)
        future = max(ages) > now + words.FUTURE
        self.stale = future or now - at > history.patience(subject)
        when = words.stamp(at, now, history.zone)
        if self.stale:
            when = words.age(now - (max(ages) if future else at))
        header(self.canvas, label, when, stale=self.stale)
        return True

    @property
    def narrow(self) -> bool:
        """Whether the QR code of a sign-in takes the right of the sheet: room for the hero and one figure."""
        return self.right < RIGHT

    @property
    def hollow(self) -> int:
        """How thick the outline of a large figure is; 0 is solid."""
        return 2 if self.stale else 0

    def reading(self, metric: Metric) -> Reading | None:
        """The newest reading of the panel's subject."""
        return self.history.latest(self.panel.subject, metric)

    def value(self, metric: Metric) -> float | None:
        """The newest value."""
        reading = self.reading(metric)
        return reading.value if reading else None

    def today(self, metric: Metric) -> float | None:
        """The newest value of a figure that starts anew at midnight, unless it was measured on another day."""
        reading = self.reading(metric)
        start, end = self.day
        return reading.value if reading and start <= reading.at < end else None

    @property
    def day(self) -> tuple[int, int]:
        """First instant of the local day and of the next one."""
        return day_bounds(local(self.now, self.history.zone).date(), self.history.zone)


def header(canvas: Canvas, label: str, when: str, *, stale: bool) -> None:
    """The bar at the top; striped between label and age when the panel is stale."""
    canvas.fill(0, 0, canvas.width, HEADER)
    right = fonts.face(fonts.TITLE).width(when)
    room = RIGHT - LEFT - right - (_STRIPES if stale else 12)
    fitted = fonts.face(fonts.TITLE).fit(label, room)
    left = fonts.face(fonts.TITLE).width(fitted)
    canvas.text(LEFT, 14, fitted, fonts.TITLE, ink=False)
    canvas.text(RIGHT, 14, when, fonts.TITLE, align="right", ink=False)
    if stale:
        start, end = LEFT + left + 6, RIGHT - right - 6
        canvas.fill(start, 0, end - start, HEADER, ink=False)
        canvas.fill(start, 0, end - start, HEADER, STRIPES)


def strip(canvas: Canvas, status: FeedStatus, now: int, history: History) -> None:
    """The bar at the bottom: what is wrong with the feed, in a few words."""
    top = canvas.height - STRIP
    canvas.fill(0, top, canvas.width, STRIP)
    canvas.icon(LEFT, top + 1, "key" if status.what == "auth" else "alert", 16, ink=False)
    text = fault(status, now, history)
    canvas.text(LEFT + 22, top + 13, text, fonts.TEXT, ink=False, width=RIGHT - LEFT - 22)


def corner(canvas: Canvas, status: FeedStatus, top: int, bottom: int) -> int:
    """The QR code of the address where a person signs in, at the right between two rows; returns the edge left of it.

    Nothing where no sign-in would help, or where there is no room for it.
    """
    code = codes.code(f"https://{status.door}", _CODE) if status.what == "auth" and status.door else None
    if code is None or code.height + 2 * _CODE > bottom - top:
        return RIGHT
    canvas.stamp(code, RIGHT - code.width, (top + bottom - code.height) // 2)
    return RIGHT - code.width - 4 * _CODE


def fault(status: FeedStatus, now: int, history: History, *, brief: bool = False) -> str:
    """What is wrong with a feed, or what to do, in at most 27 characters; in 16 when ``brief``."""
    zone = history.zone
    since = f" since {words.stamp(status.since, now, zone)}" if status.since is not None and not brief else ""
    until = f" until {words.stamp(status.due, now, zone)}" if status.due is not None and not brief else ""
    phrases = {
        "auth": "sign in first" if status.ok_at is None else "sign in again",
        "gone": "closed for good" if brief else "interface closed for good",
        "throttled": f"quota spent{until}",
        "unavailable": f"no answer{since}",
        "bad-answer": f"odd answers{since}",
    }
    return phrases.get(status.what or "", f"failing{since}")


def empty(canvas: Canvas, icon: str, first: str, second: str, room: tuple[int, int]) -> None:
    """A friendly word in the middle of a sheet that has nothing to show yet; ``room`` is its right and lower edge."""
    right, bottom = room
    across, middle = (LEFT + right) // 2, (HEADER + bottom) // 2
    canvas.icon(across - 20, middle - 42, icon, 40)
    face = fonts.TITLE if fonts.face(fonts.TITLE).width(first) <= right - LEFT else fonts.SMALL
    canvas.text(across, middle + 16, first, face, align="centre", width=right - LEFT)
    canvas.text(across, middle + 32, second, fonts.TEXT, align="centre", width=right - LEFT)
