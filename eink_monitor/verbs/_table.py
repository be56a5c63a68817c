"""Tables for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import tzinfo

from eink_monitor.clock import iso, stamp
from eink_monitor.draw.words import count
from eink_monitor.finding import Finding
from eink_monitor.metrics import NEWEST_BACKUP
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.reading import Metric, Reading


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Aligned columns; the columns numbered in ``right`` are aligned right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    to_the_right = set(right)
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in to_the_right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def plain(reading: Reading) -> dict[str, str | float]:
    """A reading for machines: a row of every ``--json``."""
    subject, metric, value, at = reading
    return {"subject": subject, "metric": metric.name, "value": tidy(value), "unit": metric.unit, "at": iso(at)}


def outlook_told(outlook: Outlook, zone: tzinfo) -> str:
    """An outlook for a person, in a line."""
    metric, values = outlook.metric, [slot.value for slot in outlook.slots]
    low, high = (spoken(metric, tidy(metric.rounded(value)), zone) for value in (min(values), max(values)))
    span = f"{stamp(outlook.slots[0].start, zone)} to {stamp(outlook.end, zone)}"
    source = f" ({outlook.attribution})" if outlook.attribution else ""
    slots = count(len(values), "slot")
    return (
        f"{outlook.subject} {metric.name}: {low[0]} to {' '.join(high).strip()} expected from {span}, {slots}{source}"
    )


def listing_told(listing: Listing, zone: tzinfo, more: str = "") -> str:
    """A listing for a person: a line, and one for each item."""
    stuck = sum(item.stuck for item in listing.items)
    beyond = f" and {listing.more} more" if listing.more else ""
    help_wanted = f", {stuck} of them stuck" if stuck else ""
    head = f"{listing.subject} {listing.name}: {count(len(listing.items), 'item')}{beyond}{help_wanted}"
    rows = [
        ("!" if item.stuck else "", item.title, item.state, item.detail, *(_maybe(at, zone) for at in _times(item)))
        for item in listing.items
    ]
    lines = table(("", "title", "state", "detail", "from", "to"), rows) if rows else ""
    return "\n".join(filter(None, (f"{head}, as of {stamp(listing.at, zone)}{more}", lines)))


def event_told(event: Event, zone: tzinfo) -> str:
    """An event for a person, in a line."""
    end = f" to {stamp(event.end, zone)}" if event.end is not None else ", still going on"
    parts = [f"{name} {number(value)}" for name, value in event.figures.items()]
    parts += [f"{name} {word}" for name, word in event.words.items()]
    told = f": {', '.join(parts)}" if parts else ""
    return f"{event.subject} {event.kind} {event.key}, {stamp(event.start, zone)}{end}{told}"


def _times(item: Item) -> tuple[int | None, int | None]:
    return item.start, item.end


def _maybe(at: int | None, zone: tzinfo) -> str:
    return "" if at is None else stamp(at, zone)


def plain_listing(listing: Listing) -> dict[str, object]:
    """A listing for machines: a row of ``latest --json`` and ``poll --json``, whose "metric" is null."""
    items = [
        {**asdict(item), **{name: at if at is None else iso(at) for name, at in zip(_ENDS, _times(item), strict=True)}}
        for item in listing.items
    ]
    at = iso(listing.at)
    return {
        "subject": listing.subject,
        "metric": None,
        "list": listing.name,
        "at": at,
        "more": listing.more,
        "items": items,
    }


def plain_event(event: Event) -> dict[str, object]:
    """An event for machines: a row of ``events --json`` and ``poll --json``, whose "metric" is null."""
    end = None if event.end is None else iso(event.end)
    named = {"subject": event.subject, "metric": None, "kind": event.kind, "key": event.key}
    return {**named, "from": iso(event.start), "to": end, "figures": dict(event.figures), "words": dict(event.words)}


_ENDS = ("start", "end")


def tidy(value: float) -> float:
    """A value without the dust of binary fractions: 56.3, not 56.300000000000004."""
    return float(f"{value:.15g}")


def number(value: float) -> str:
    """A value without needless decimals."""
    return f"{value:.15g}"


def findings(found: Iterable[Finding]) -> str:
    """Findings for machines: the rows of ``check --json`` and ``doctor --json``."""
    fields = ("check", "state", "words", "mend")
    return json.dumps([dict(zip(fields, finding, strict=False)) for finding in found], indent=1)


def told(reading: Reading, zone: tzinfo) -> tuple[str, str]:
    """Value and unit for a person, as ``spoken``."""
    return spoken(reading.metric, reading.value, zone)


def spoken(metric: Metric, value: float, zone: tzinfo) -> tuple[str, str]:
    """Value and unit: an instant as a local date, not as seconds since 1970, a state as its name, a truth as yes or no.

    Where there is a word for it there is no unit.
    """
    if metric == NEWEST_BACKUP:
        return stamp(round(value), zone), ""
    word = ("no", "yes")[round(value)] if metric.unit == "0/1" and value in (0, 1) else metric.names.get(value)
    return (word, "") if word else (number(value), metric.unit)


def directory(plugins: Iterable[tuple[str, type]]) -> str:
    """One line per plugin: its name and the first line of its docstring."""
    lines = [(name, (plugin.__doc__ or "").strip().partition("\n")[0]) for name, plugin in plugins]
    width = max((len(name) for name, _ in lines), default=0)
    return "\n".join(f"{name.ljust(width)}  {words}" for name, words in lines)
