"""The line that `systemctl status` shows."""

from __future__ import annotations

from collections.abc import Sequence

from eink_monitor.daemon import Daemon
from eink_monitor.draw import words
from eink_monitor.model.history import FeedStatus

_WORDS = {
    None: "not polled yet",
    "auth": "sign in again",
    "bad-answer": "invalid answers",
    "crashed": "the poll crashes",
    "gone": "closed for good",
    "missing": "a library is missing",
    "overloaded": "this machine is overloaded",
    "throttled": "waiting for quota",
    "unavailable": "no answer",
    "unreachable": "no connection",
}
_LONGEST = 300  # characters


def status(daemon: Daemon) -> str:
    """For example "3 sources ok, car: sign in again; next panel in 2 min"."""
    feeds = daemon.house.feeds()
    well = sum(feed.what == "ok" and not feed.lack for feed in feeds)
    told = [f"{words.count(well, 'source')} ok"] if well or not feeds else []
    told += [f"{', '.join(feed.name for feed in group)}: {what}" for what, group in _ailing(feeds)]
    return f"{', '.join(told)}; {_next(daemon)}"[:_LONGEST]


def _ailing(feeds: Sequence[FeedStatus]) -> list[tuple[str, list[FeedStatus]]]:
    """Each problem, with all sources that have it."""
    groups: dict[str, list[FeedStatus]] = {}
    for feed in feeds:
        if feed.what != "ok" or feed.lack:
            told = feed.lack or _WORDS.get(feed.what, feed.detail)
            if feed.what == "auth" and feed.renews:
                told = f"new {feed.renews} needed"
            elif feed.what == "auth" and feed.ok_at is None:
                told = "sign in first"
            groups.setdefault(told, []).append(feed)
    return list(groups.items())


def _next(daemon: Daemon) -> str:
    if daemon.quiet:
        return "quiet hours"
    left = daemon.drawing.next_due - daemon.clock.monotonic()
    return f"next panel in {words.span(left)}" if left != float("inf") else "no panels"
