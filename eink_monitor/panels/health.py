"""How every feed is doing: well and how old, or what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from eink_monitor.draw import fonts, words
from eink_monitor.draw.canvas import Canvas
from eink_monitor.model import FeedStatus, History, Panel
from eink_monitor.panels._sheet import HEADER, LEFT, RIGHT, empty, fault, header

_MOST = 8
_LISTED = 6  # of more than that
_NAME, _NARROWEST = 26, 110
_DETAIL_LINE = 13


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


def _size(feeds: int, faults: bool) -> _Size:
    """The largest size that fits; a fault's sentence needs room below up to five rows."""
    if feeds > 6:
        return _EIGHT if feeds == _MOST else _SEVEN
    if faults or feeds == 6:
        return _CLOSE
    return {5: _PLAIN, 4: _WIDE}.get(feeds, _ROOMY)


@dataclass(frozen=True)
class Health(Panel):
    """Every feed with the age of its data and its quota; whatever fails comes first, with what to do."""

    title: str = ""

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        """One row a feed, failing ones first and reversed; the first fault's sentence where there is room."""
        feeds = sorted(history.feeds(), key=_is_well)
        polls = [feed.at for feed in feeds if feed.at is not None]
        name = self.title or "Health"
        if not polls:
            header(canvas, name, "no poll yet", stale=False)
            empty(canvas, "heart", "Waiting for the first poll", f"feeds set up: {len(feeds)}", canvas.height)
            return
        bad = sum(not _is_well(feed) for feed in feeds)
        state = f"{bad} fault{'s' if bad > 1 else ''}" if bad else "all well"
        newest = max(polls)
        stale = newest - now > words.FUTURE or now - newest > max(feed.patience for feed in feeds)
        when = words.age(now - newest) if stale else words.stamp(newest, now, history.zone)
        header(canvas, name if stale else f"{name} · {state}", when, stale=stale)
        _rows(canvas, history, feeds, now)


def _is_well(feed: FeedStatus) -> bool:
    return feed.what in {None, "ok"}


class _Row(NamedTuple):
    """What one row says, and in which faces."""

    feed: FeedStatus
    state: str
    face: str
    quota: str

    @property
    def need(self) -> int:
        """Pixels that state and quota take together."""
        gap = 6 if self.quota else 0
        return fonts.face(self.face).width(self.state) + gap + fonts.face(fonts.SMALL).width(self.quota)


def _rows(canvas: Canvas, history: History, feeds: Sequence[FeedStatus], now: int) -> None:
    more = len(feeds) - _LISTED if len(feeds) > _MOST else 0
    size = _size(len(feeds), not _is_well(feeds[0]))
    rows = [_row(history, feed, size, now) for feed in (feeds[:_LISTED] if more else feeds)]
    widest = max(fonts.face(size.face).width(row.feed.label) for row in rows)
    column = max(_NARROWEST, min(_NAME + widest + 8, RIGHT - max(row.need for row in rows)))
    y = HEADER + 1
    for row in rows:
        _draw_row(canvas, row, size, y, column)
        y += size.height
    if more:
        canvas.text(_NAME, y + size.line, f"and {more} more", size.face)
    elif not _is_well(feeds[0]):
        _detail(canvas, feeds[0].detail, y + 2)


def _row(history: History, feed: FeedStatus, size: _Size, now: int) -> _Row:
    if not _is_well(feed):
        face = fonts.SMALL if size is _EIGHT else fonts.TEXT
        return _Row(feed, fault(feed, now, history, brief=True), face, "")
    known = feed.calls_limit and feed.calls_used is not None
    return _Row(feed, _state(feed, now), size.face, f"{feed.calls_used}/{feed.calls_limit}" if known else "")


def _draw_row(canvas: Canvas, row: _Row, size: _Size, y: int, column: int) -> None:
    well, line = _is_well(row.feed), y + size.line
    if not well:
        canvas.fill(0, y, canvas.width, size.height - (size.mark >= 0))
    mark = {"ok": "check", None: "wait", "auth": "key"}.get(row.feed.what, "alert")
    if size.mark >= 0:
        canvas.icon(LEFT, y + size.mark, mark, 16, ink=well)
    else:
        canvas.text(LEFT + 4, line, {"check": "✓", "wait": "…"}.get(mark, "!"), size.face, ink=well)
    canvas.text(_NAME, line, row.feed.label, size.face, width=column - _NAME - 6, ink=well)
    quota = canvas.text(RIGHT, line, row.quota, fonts.SMALL, align="right", ink=well)
    room = RIGHT - column - (quota + 6 if quota else 0)
    canvas.text(column, line, row.state, row.face, width=room, ink=well)


def _state(feed: FeedStatus, now: int) -> str:
    """How old the newest measurement of a well feed is, as briefly as can be."""
    if feed.what is None:
        return "not polled"
    if feed.measured_at is None:
        return "no data"
    old = now - feed.measured_at
    return words.age(old) if old < -words.FUTURE else words.span(max(0, old))


def _detail(canvas: Canvas, sentence: str, y: int) -> None:
    """As many lines of a sentence as fit below ``y``."""
    face, left = fonts.face(fonts.SMALL), sentence.split()
    while left and y + _DETAIL_LINE <= canvas.height:
        count = next((n for n in range(len(left), 1, -1) if face.width(" ".join(left[:n])) <= RIGHT - LEFT), 1)
        last = y + 2 * _DETAIL_LINE > canvas.height
        text = " ".join(left if last else left[:count])
        canvas.text(LEFT, y + 10, text, fonts.SMALL, width=RIGHT - LEFT)
        left = left[count:]
        y += _DETAIL_LINE
