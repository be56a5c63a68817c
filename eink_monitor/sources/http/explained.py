"""What a poll found and why, for whoever writes a block: `eink-monitor poll NAME --explain`.

It is for the eyes of the house's owner. Secrets of the block are masked wherever they stand, texts are cut short.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from zoneinfo import ZoneInfo

from eink_monitor.clock import stamp
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.reading import Reading
from eink_monitor.outside import clean
from eink_monitor.sources._declared import Declared
from eink_monitor.sources._expression import Answered
from eink_monitor.sources._http.answer import Answer, said_at
from eink_monitor.sources.http.lists import Happened, Listed

KEY = re.compile(r"(?i)([?&][^=&]*(?:key|token|appid|secret|sig|passw)[^=&]*=)[^&]+")
"""A key in an address, where servers log it."""
_MOST_PATHS = 40
_MOST_ITEMS = 3  # of a list, whose others look alike
_DEEPEST = 8
_LONGEST = 48  # characters of a value
_SHORTEST_SECRET = 4


def request(method: str, url: str, answer: Answer, zone: ZoneInfo) -> str:
    """One line about a request: where, and what came."""
    at = said_at(answer.headers)
    date = f", Date {stamp(at, zone)}" if at else ", without a Date"
    url = KEY.sub(r"\1****", url)
    return f"{method.upper()} {url}: {answer.status}, {len(answer.body)} bytes{date}"


def reading(name: str, declared: Declared, raw: object, made: Reading | None, answered: Answered) -> Iterator[str]:
    """What one value's expression found, and what became of it."""
    where = declared.path.text or "(the whole answer)"
    if made is None:
        yield f"{name}: {where} finds {sample(raw)}: no reading"
        return
    unit = made.metric.unit if not made.metric.unit[:1].isdigit() else ""
    value = f"{made.metric.rounded(made.value):.10g} {unit}".strip()
    yield f"{name}: {where} finds {sample(raw)}: {value}, measured {stamp(made.at, answered.scope.zone)}"


def listed(one: Listed | Happened, found: Sequence[Listing | Event], zone: ZoneInfo) -> Iterator[str]:
    """What a list's expression found, with its first items."""
    if isinstance(one, Happened):
        yield f"{one.kind}: {one.items.text} finds {len(found)} events"
        events = (event for event in found if isinstance(event, Event))
        yield from (f"- {event.key}, from {stamp(event.start, zone)}" for event in islice(events, _MOST_ITEMS))
    for listing in (listing for listing in found if isinstance(listing, Listing)):
        yield f"{listing.name}: {one.items.text} finds {len(listing.items)} items, as of {stamp(listing.at, zone)}"
        for item in listing.items[:_MOST_ITEMS]:
            times = [stamp(at, zone) for at in (item.start, item.end) if at is not None]
            parts = [item.title, item.detail, *times, item.state, "needs a hand" * item.stuck]
            yield f"- {', '.join(filter(None, parts))}"


def contents(document: object) -> Iterator[str]:
    """What is in an answer: expressions that would find something, each with what it finds."""
    yield "In the answer are:"
    paths = leaves(document)
    yield from (f"- {path or '@'}: {sample(value)}" for path, value in islice(paths, _MOST_PATHS))
    if next(paths, None):
        yield "- ... and more"


def leaves(document: object) -> Iterator[tuple[str, object]]:
    """Expressions for what an answer holds, each with what it finds; of a list only the first items."""
    return _paths(document, "", 0)


def _paths(value: object, path: str, depth: int) -> Iterator[tuple[str, object]]:
    """Paths to the leaves of a document; lists are shown by their first items."""
    if isinstance(value, dict) and value and depth < _DEEPEST:
        for key, inner in value.items():
            yield from _paths(inner, f"{path}.{_key(str(key))}" if path else _key(str(key)), depth + 1)
    elif isinstance(value, list) and value and depth < _DEEPEST:
        for number, inner in enumerate(value[:_MOST_ITEMS]):
            yield from _paths(inner, f"{path}[{number}]", depth + 1)
        if len(value) > _MOST_ITEMS:
            yield f"length({path or '@'})", len(value)
    else:
        yield path, value


def _key(key: str) -> str:
    plain = key.isascii() and key.replace("_", "a").isalnum() and not key[:1].isdigit()
    return key if plain else json.dumps(clean(key, _LONGEST), ensure_ascii=False)


def sample(value: object) -> str:
    """A value in few characters, as JSON."""
    if value is None:
        return "nothing"
    if isinstance(value, list | dict):
        kind = "a list" if isinstance(value, list) else "an object"
        return f"{kind} of {len(value)}"
    text = clean(value, _LONGEST) if isinstance(value, str) else value
    return clean(json.dumps(text, ensure_ascii=False), _LONGEST + 20)


def masked(line: str, secrets: Iterable[str]) -> str:
    """A line without secrets."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            line = line.replace(secret, "****")
    return line
