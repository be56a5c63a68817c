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
_NAME, _WORDS = 26, 116
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
_CLOSE = _Size(17, fonts.TITLE, 13, 0)
_TIGHT = _Size(13, fonts.TEXT, 10, -1)


def _size(feeds: int, faults: bool) -> _Size:
    """The largest size that fits; a fault's sentence needs room below up to five rows."""
    if feeds > 6:
        return _TIGHT
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
        header(canvas, f"{name} · {state}", when, stale=stale)
        _rows(canvas, history, feeds, now)


def _is_well(feed: FeedStatus) -> bool:
    return feed.what in {None, "ok"}


def _rows(canvas: Canvas, history: History, feeds: Sequence[FeedStatus], now: int) -> None:
    more = len(feeds) - _MOST
    size = _size(len(feeds), not _is_well(feeds[0]))
    shown = feeds[: _MOST - 1] if more > 0 else feeds
    y = HEADER + 1
    for feed in shown:
        _row(canvas, history, feed, y, size, now)
        y += size.height
    if more > 0:
        canvas.text(_NAME, y + size.line, f"and {more + 1} more that are well", size.face)
    elif not _is_well(feeds[0]):
        _detail(canvas, feeds[0].detail, y + 2)


def _row(canvas: Canvas, history: History, feed: FeedStatus, y: int, size: _Size, now: int) -> None:
    well, line = _is_well(feed), y + size.line
    if not well:
        canvas.fill(0, y, canvas.width, size.height - 1)
    mark = {"ok": "check", None: "wait", "auth": "key"}.get(feed.what, "alert")
    if size.mark >= 0:
        canvas.icon(LEFT, y + size.mark, mark, 16, ink=well)
    else:
        canvas.text(LEFT + 4, line, {"check": "✓", "wait": "…"}.get(mark, "!"), size.face, ink=well)
    canvas.text(_NAME, line, feed.label, size.face, width=_WORDS - _NAME - 4, ink=well)
    if not well:
        canvas.text(_WORDS, line, fault(feed, now, history, brief=True), fonts.TEXT, width=RIGHT - _WORDS, ink=False)
        return
    quota = f"{feed.calls_used}/{feed.calls_limit}" if feed.calls_limit and feed.calls_used is not None else ""
    room = RIGHT - _WORDS
    if quota:
        room -= canvas.text(RIGHT, line, quota, fonts.SMALL, align="right") + 6
    canvas.text(_WORDS, line, _state(feed, now), size.face, width=room)


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
