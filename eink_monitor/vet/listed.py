"""The last check of listings and events: their texts and times came from a vendor, whatever their annotations say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from eink_monitor.clock import AHEAD, DAY
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.poll import Visit
from eink_monitor.outside import clean, is_clean

OLDEST = 946_684_800  # 2000-01-01; an instant before that was never set
MOST_LISTINGS = 20
"""Of one poll."""
MOST_ITEMS = 50
"""Of one listing; beyond them is only how many there are."""
MOST_EVENTS = 200
"""Of one poll."""
MOST_PARTS = 20
"""Figures of one event, and words of one."""
_MORE = range(1_000_000)
_FURTHEST = 731 * DAY  # an appointment may be so far ahead
_LONGEST = 120  # characters of a text
_STATE, _NAME = 40, 40
_LARGEST = 1e15
_FIGURE = re.compile(r"[a-z][a-z0-9_]*")


def is_past(at: object, visit: Visit) -> bool:
    """Whether something may have happened then: vendors' clocks may be a little ahead."""
    return type(at) is int and OLDEST <= at <= visit.now + AHEAD


def listings(said: Sequence[Listing], visit: Visit) -> Iterator[Listing]:
    """Those with a plausible date, of sound items. One of which no item is left is none, unless it came empty."""
    if len(said) > MOST_LISTINGS:
        visit.remarks.add(f"left out: {len(said) - MOST_LISTINGS} listings beyond the first {MOST_LISTINGS}")
    for listing in said[:MOST_LISTINGS]:
        name = _named(listing.subject, listing.name, visit)
        items = [item for one in listing.items if (item := _item(one, name, visit))]
        if not is_past(listing.at, visit):
            visit.remarks.leave_out_date(name, listing.at)
        elif not _is_name(listing.name):
            visit.remarks.add("left out: a listing without a name")
        elif items or not listing.items:
            items.sort(key=lambda item: not item.stuck)  # what needs a hand is kept
            more = max(0, len(items) - MOST_ITEMS) + (
                listing.more if type(listing.more) is int and listing.more in _MORE else 0
            )
            yield Listing(listing.subject, listing.name, min(listing.at, visit.now), tuple(items[:MOST_ITEMS]), more)


def events(said: Sequence[Event], visit: Visit) -> Iterator[Event]:
    """Those with a key, a kind and plausible times, each with the figures and words that are sound."""
    if len(said) > MOST_EVENTS:
        visit.remarks.add(f"left out: {len(said) - MOST_EVENTS} events before the last {MOST_EVENTS}")
    for event in said[-MOST_EVENTS:]:
        name = _named(event.subject, event.kind, visit)
        if not _is_name(event.kind) or not _is_name(event.key, _LONGEST):
            visit.remarks.add("left out: an event without a kind or a key")
        elif not is_past(event.start, visit):
            visit.remarks.leave_out_date(name, event.start)
        elif event.end is not None and not (is_past(event.end, visit) and event.start <= event.end):
            visit.remarks.leave_out_date(f"{name} ended", event.end)
        else:
            end = None if event.end is None else min(event.end, visit.now)
            figures, words = _figures(event.figures, name, visit), _words(event.words)
            yield Event(event.subject, event.kind, event.key, min(event.start, visit.now), end, figures, words)


def _named(subject: str, name: object, visit: Visit) -> str:
    told = name if _is_name(name) else "something"
    return f"{told}" if subject == visit.subject else f"{subject} {told}"


def _is_name(text: object, most: int = _NAME) -> bool:
    return isinstance(text, str) and bool(text) and is_clean(text, most)


def _item(item: Item, name: str, visit: Visit) -> Item | None:
    """The item as it may be stored; without a title it is none."""
    title = _text(item.title, _LONGEST)
    if not title:
        visit.remarks.add(f"left out: {name} without a title")
        return None
    start, end = (_time(at, name, visit) for at in (item.start, item.end))
    if start is not None and end is not None and end < start:
        visit.remarks.leave_out_date(f"{name} ended", end)
        end = None
    return Item(title, _text(item.detail, _LONGEST), start, end, _text(item.state, _STATE), item.stuck is True)


def _text(text: object, most: int) -> str:
    return clean(text, most).strip() if isinstance(text, str) else ""


def _time(at: object, name: str, visit: Visit) -> int | None:
    if type(at) is int and OLDEST <= at <= visit.now + _FURTHEST:
        return at
    if at is not None:
        visit.remarks.leave_out_date(name, at)
    return None


def _figures(figures: Mapping[str, object], name: str, visit: Visit) -> dict[str, float]:
    """The plain numbers among them."""
    kept: dict[str, float] = {}
    for what, value in list(figures.items())[:MOST_PARTS]:
        number = value if isinstance(value, int | float) and not isinstance(value, bool) else _LARGEST
        if abs(number) < _LARGEST and _is_name(what) and _FIGURE.fullmatch(what):  # which NaN is not
            kept[what] = number
        else:
            visit.remarks.leave_out(name, value)
    return kept


def _words(words: Mapping[str, str]) -> dict[str, str]:
    kept = ((what, _text(word, _LONGEST)) for what, word in list(words.items())[:MOST_PARTS] if _is_name(what))
    return {what: word for what, word in kept if word}
