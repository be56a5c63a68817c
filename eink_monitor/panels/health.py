"""How every feed is doing: well and how old, or what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eink_monitor.clock import SKEW
from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.lines import broken, wrapped
from eink_monitor.locale import say, say_many
from eink_monitor.model.frame import Wear
from eink_monitor.model.history import FeedStatus, History
from eink_monitor.model.panel import Panel
from eink_monitor.panels._advice import named, sentence
from eink_monitor.panels._faults import fault
from eink_monitor.panels._figures import tagged
from eink_monitor.panels._sheet import MARGIN, Zone, body, corner, empty, header

_NAME, _NARROWEST = 26, 110
_DETAIL_LINE = 13
_LONGEST = 80  # letters of a label that are worth measuring
_TAG = 35  # px that a tag takes beside its words
_MARKS = {"ok": "check", None: "wait", "auth": "key"}


class _Size(NamedTuple):
    """How tall a row is, what it is written in, and where in the row its line and its mark are."""

    height: int
    face: str
    line: int
    mark: int


_ROOMY = _Size(34, fonts.FIGURE_22, 25, 9)
_WIDE = _Size(26, fonts.FIGURE_18, 19, 5)
_PLAIN = _Size(20, fonts.TITLE, 14, 2)
_CLOSE = _Size(17, fonts.TITLE, 12, 0)
_SEVEN = _Size(14, fonts.TEXT, 12, -1)
_EIGHT = _Size(13, fonts.SMALL, 10, -1)


def _size(feeds: int, room: int, words_below: bool) -> _Size:
    """The largest size in which so many rows fit; a fault's sentence needs room below.

    Where there are more feeds than rows, the last of the middling rows says how many more.
    """
    sizes = (_CLOSE, _SEVEN, _EIGHT) if words_below else (_ROOMY, _WIDE, _PLAIN, _CLOSE, _SEVEN, _EIGHT)
    return next((size for size in sizes if feeds * size.height <= room), _SEVEN)


@dataclass(frozen=True)
class Health(Panel):
    """Every feed with the age of its data and its quota; whatever fails comes first, with what to do and where."""

    title: str = ""

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """One row a feed, failing ones first and reversed; the first fault's sentence where there is room."""
        feeds = sorted(map(named, history.feeds()), key=lambda feed: _rank(feed, now))
        polled = [feed for feed in feeds if feed.patience] or feeds  # a card or a clock is not polled
        polls = [feed.at for feed in polled if feed.at is not None]
        # TRANSLATORS: at most 10 letters; the title of the panel that says whether all is well
        name = self.title or say("Health")
        if not polls:
            _blank(canvas, name, len(feeds))
            return
        when, stale = _when(history, max(polls), min(feed.patience for feed in polled), now)
        header(canvas, name if stale else f"{name} · {_verdict(feeds, now)}", when, stale=stale)
        _rows(canvas, history, feeds, now, "" if stale else sentence(feeds, now))


def _when(history: History, newest: int, patience: int, now: int) -> tuple[str, bool]:
    """When the newest poll was, in words, and whether that is too long ago (or yet to come)."""
    if -SKEW <= now - newest <= patience:
        return words.stamp(newest, now, history.zone), False
    return words.age(now - newest), True


def _blank(canvas: Canvas, name: str, sources: int) -> None:
    """Before the first poll."""
    # TRANSLATORS: at most 13 letters
    header(canvas, name, say("no poll yet"), stale=False)
    # TRANSLATORS: at most 36 letters
    waiting = say("Waiting for the first poll")
    # TRANSLATORS: at most 29 letters
    ready = say_many("{n} source set up", "{n} sources set up", sources)
    empty(canvas, "heart", waiting, ready, body(canvas))


def _rank(feed: FeedStatus, now: int) -> int:
    """Sign-ins first, then what fails, what is silent, and what is well."""
    if feed.what == "auth":
        return 0
    return (2 if feed.is_silent(now) else 3) if feed.is_well else 1


def _verdict(feeds: Sequence[FeedStatus], now: int) -> str:
    """The whole house in two words: the worst there is, and how much of it."""
    bad, silent = sum(not feed.is_well for feed in feeds), sum(feed.is_silent(now) for feed in feeds)
    if bad:
        # TRANSLATORS: at most 14 letters; the whole house in two words, as the four that follow
        return say_many("{n} fault", "{n} faults", bad)
    if silent:
        # TRANSLATORS: at most 14 letters; so many sources answer, but measure nothing new
        return say_many("{n} silent", "{n} silent", silent)
    if any(feed.warning for feed in feeds):
        # TRANSLATORS: at most 13 letters; a sign-in will soon end
        return say("renew soon")
    waiting = sum(feed.what is None for feed in feeds)
    if waiting:
        # TRANSLATORS: at most 14 letters; nobody has asked so many sources yet
        return say_many("{n} not polled", "{n} not polled", waiting)
    # TRANSLATORS: at most 14 letters; of the whole house
    return say("all well")


class _Row(NamedTuple):
    """What one row says, and in which faces; ``corner`` is a quota, or how old the data of a failing feed is.

    The state of a feed that answers, but has measured nothing for longer than its patience, is a tag.
    """

    feed: FeedStatus
    state: str
    face: str
    corner: str
    silent: bool = False

    def wide(self, canvas: Canvas) -> int:
        """Units that the state takes."""
        return canvas.measure(self.face).width(self.state) + _TAG * self.silent

    def need(self, canvas: Canvas) -> int:
        """Units that state and corner take together."""
        return self.wide(canvas) + (6 if self.corner else 0) + canvas.measure(fonts.SMALL).width(self.corner)


def _rows(canvas: Canvas, history: History, feeds: Sequence[FeedStatus], now: int, sentence: str) -> None:
    zone = body(canvas)
    few = len(feeds) <= zone.height // _CLOSE.height
    ink = _ink(history.wear) if few and not sentence else ""
    size = _size(len(feeds) + bool(ink), zone.height, not feeds[0].is_well or bool(sentence))
    listed = zone.height // size.height
    shown = feeds if len(feeds) <= listed else feeds[: listed - 1]
    below = _list(canvas, [_row(history, feed, size, now) for feed in shown], size)
    if len(feeds) > len(shown):
        # TRANSLATORS: at most 16 letters; further rows for which there is no room
        more = say_many("and {n} more", "and {n} more", len(feeds) - len(shown))
        canvas.text(_NAME, below.top + size.line, more, size.face, width=below.right - _NAME)
    else:
        _detail(canvas, sentence or ink, _door(canvas, feeds[0], below._replace(top=below.top + 2)))


def _list(canvas: Canvas, rows: Sequence[_Row], size: _Size) -> Zone:
    """All rows, and beside those that are well the code of a sign-in; returns what is left below."""
    zone = body(canvas)._replace(top=body(canvas).top + 1)
    column = _column(canvas, rows, size)
    failing = sum(not row.feed.is_well for row in rows)
    below = corner(canvas, rows[0].feed, zone._replace(top=zone.top + size.height * failing))
    for number, row in enumerate(rows):
        right = zone.right if number < failing else below.right
        crowded = right < zone.right or row.need(canvas) > zone.right - column
        y = zone.top + size.height * number
        _draw_row(canvas, row._replace(corner="") if crowded else row, size, y, (column, right))
    return below._replace(top=zone.top + size.height * len(rows))


def _column(canvas: Canvas, rows: Sequence[_Row], size: _Size) -> int:
    """Where the states begin: behind the longest name, unless a state needs the room."""
    widest = max(canvas.measure(size.face).width(row.feed.label[:_LONGEST]) for row in rows)
    need = max((row if row.feed.is_well else row._replace(corner="")).need(canvas) for row in rows)
    return max(_NARROWEST, min(_NAME + widest + 8, body(canvas).right - need))


def _ink(wear: Wear) -> str:
    """What the panel has been through; there is room for it, as for one row more, while all is well."""
    # TRANSLATORS: at most 40 letters; how often the display was drawn anew, as a whole and in part
    return say("Refreshes: {full} full, {part} partial", full=wear.full, part=wear.partial) if wear.full else ""


def _door(canvas: Canvas, feed: FeedStatus, zone: Zone) -> Zone:
    """Where a person signs in, in letters; returns what is left of the zone."""
    if feed.what != "auth" or not feed.door:
        return zone
    face, most = fonts.SMALL, zone.height // _DETAIL_LINE
    lines = broken(feed.door, canvas.measure(face), zone.width, most)
    if len(lines) == most:  # what to type comes below
        face = fonts.TINY
        lines = broken(feed.door, canvas.measure(face), zone.width, most)
    for number, line in enumerate(lines):
        canvas.text(zone.left, zone.top + 10 + number * _DETAIL_LINE, line, face)
    return zone._replace(top=zone.top + len(lines) * _DETAIL_LINE)


def _row(history: History, feed: FeedStatus, size: _Size, now: int) -> _Row:
    if not feed.is_well:
        face = fonts.SMALL if size is _EIGHT else fonts.TEXT
        return _Row(feed, fault(feed, now, history, brief=True), face, _old(feed, now))
    known = feed.calls_limit and feed.calls_used is not None
    # TRANSLATORS: at most 8 letters; of several sources of one car, the one whose figures are on the panels
    notes = [say("shown")] * feed.shown + [f"{feed.calls_used}/{feed.calls_limit}"] * bool(known)
    silent = feed.is_silent(now)
    return _Row(feed, _state(feed, now), fonts.SMALL if silent else size.face, " ".join(notes), silent)


def _draw_row(canvas: Canvas, row: _Row, size: _Size, y: int, edges: tuple[int, int]) -> None:
    """``edges`` are where the state begins, and where the row ends."""
    (column, right), well, line = edges, row.feed.is_well, y + size.line
    if not well:
        with canvas.alarming():
            canvas.fill(0, y, canvas.width, size.height - (size.mark >= 0))
    mark = _mark(row)
    if size.mark >= 0:
        canvas.icon(MARGIN, y + size.mark, mark, 16, ink=well)
    else:
        canvas.text(MARGIN + 4, line, {"check": "✓", "wait": "…"}.get(mark, "!"), size.face, ink=well)
    canvas.text(_NAME, line, row.feed.label, size.face, width=column - _NAME - 6, ink=well)
    corner = canvas.text(right, line, row.corner, fonts.SMALL, align="right", ink=well)
    room = right - column - (corner + 6 if corner else 0)
    if row.silent:
        tagged(
            canvas, (column, column + min(room, row.wide(canvas))), line - (size.height > _PLAIN.height), (), row.state
        )
    else:
        canvas.text(column, line, row.state, row.face, width=room, ink=well)


def _mark(row: _Row) -> str:
    if row.silent:
        return "wait"
    if row.feed.lack:
        return "alert"
    return "key" if row.feed.is_well and row.feed.warning else _MARKS.get(row.feed.what, "alert")


def _state(feed: FeedStatus, now: int) -> str:
    """How old the newest measurement of a well feed is, as briefly as can be."""
    if feed.what is None:
        # TRANSLATORS: at most 14 letters; nobody has asked this source yet
        return say("not polled")
    if feed.measured_at is None:
        # TRANSLATORS: at most 14 letters
        return say("no data")
    old = now - feed.measured_at
    return words.age(old) if old < -SKEW else words.span(max(0, old))


def _old(feed: FeedStatus, now: int) -> str:
    """How old the newest data of a failing feed is; for how long it has failed where there is none."""
    since = feed.measured_at or feed.since or now
    return words.span(now - since) if since < now else ""


def _detail(canvas: Canvas, sentence: str, zone: Zone) -> None:
    """As many lines of a sentence as fit."""
    lines = wrapped(sentence, canvas.measure(fonts.SMALL), zone.width, zone.height // _DETAIL_LINE)
    for number, line in enumerate(lines):
        canvas.text(zone.left, zone.top + 10 + number * _DETAIL_LINE, line, fonts.SMALL)
