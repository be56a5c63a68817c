"""The blocks of the file that are plugins: the display, the sources, the panels.

``type``, ``every``, ``deadline``, ``subject`` and ``name`` of a source, and ``type``, ``dwell``, ``when``, ``first``
and ``weight`` of a panel belong to the timetable; all other keys are the plugin's own fields. A block with a mistake is
left out, but panels are still checked against its subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from yaml.nodes import MappingNode, Node

from eink_monitor import metrics as metrics_of_all
from eink_monitor.conditions import Condition
from eink_monitor.config import plugins
from eink_monitor.config.offer import Offer, asked, check_condition, check_needs
from eink_monitor.config.recipes import RecipeError, UnreadSource
from eink_monitor.config.schema import Reader, UnreadableError, join
from eink_monitor.config.timetable import Feed, Slide
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Need, Panel
from eink_monitor.model.reading import Metric
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, insist

_HEAVIEST = 10  # turns where others have one
_TAKEN = {"now": "the picture that shows", "contact": "the sheet of all panels", "board": "several panels at once"}
"""Names of pictures that are no panel's, beside those of the panels."""


@dataclass(frozen=True)
class _FeedTimes:
    every: Duration = Duration(5 * 60)
    deadline: Duration = Duration(60)
    subject: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        insist(
            (self.every >= 5, "`every` must be at least 5s"),
            (1 <= self.deadline <= 86400, "`deadline` must be 1s to 1d"),
        )


@dataclass(frozen=True)
class _SlideTimes:
    dwell: Duration = Duration(3 * 60)
    when: Condition | None = None
    first: Condition | None = None
    weight: int = 1

    def __post_init__(self) -> None:
        insist(
            (self.dwell >= 1, "`dwell` must be at least 1s"),
            (1 <= self.weight <= _HEAVIEST, f"`weight` must be 1 to {_HEAVIEST}"),
        )


def display(reader: Reader, root: Node, node: Node | None) -> Display | None:
    """The display, or None with complaints."""
    if node is None:
        _missing(reader, root, "display", "is missing; write for example `display: {type: png, path: out}`")
        return None
    _, found, whole = _plugin(reader, Display, node, "display", ())
    return found if whole else None


def feeds(reader: Reader, root: Node, node: Node | None, *, commands: bool = False) -> tuple[dict[str, Feed], Offer]:
    """The sources that could be read, and what all of them offer; with ``commands`` one may run programs."""
    keys = ("every", "deadline", "subject", "name")
    found: dict[str, Feed] = {}
    offer = Offer(anything=not isinstance(node, MappingNode))
    for name, block, path in _blocks(reader, root, node, "sources"):
        kind, source, whole = _plugin(reader, Source, block, path, keys)
        if not commands:
            _forbid_programs(reader, block, path, kind)
        times = _usual(source, block, _times(reader, _FeedTimes, block, path, keys))
        subject = _text(reader, block, path, "subject") or name
        offer.sources.add(name)
        if kind and whole and times:
            found[name] = Feed(name, kind, source, times.every, times.deadline, subject, times.name or subject)
        known = source is not None and offer.add(source, subject)
        if not known:
            offer.unsure |= {name, subject}
        offer.anything |= not (known and whole) and _is_at_large(kind)
    _check_claims(reader, node, found)
    _declare(reader, node, found)
    return found, offer


def slides(reader: Reader, root: Node, node: Node | None, offer: Offer) -> dict[str, Slide]:
    """The panels that could be read, each checked against what the sources offer."""
    keys = ("dwell", "when", "first", "weight")
    found: dict[str, Slide] = {}
    for name, block, path in _blocks(reader, root, node, "panels"):
        kind, panel, whole = _plugin(reader, Panel, block, path, keys)
        times = _checked(reader, block, path, _times(reader, _SlideTimes, block, path, keys), offer)
        needs = asked(partial(_needs, panel))
        if needs is not None:
            check_needs(reader, block, path, needs, offer)
        elif (subject := _text(reader, block, path, "subject")) and not offer.knows(subject):
            reader.unknown(block, path, subject, offer.subjects, "subject")
        if kind and whole and times:
            found[name] = Slide(name, kind, panel, times.dwell, times.when, times.first, times.weight)
    return found


def _checked(reader: Reader, block: Node, path: str, times: _SlideTimes | None, offer: Offer) -> _SlideTimes | None:
    """The same, its conditions held against the offer; one from where secrets live prints as stars."""
    for key, _, value in reader.pairs(block, path) if times and _is_block(block) else ():
        condition = getattr(times, key) if key in {"when", "first"} else None
        if times and condition:
            check_condition(reader, value, join(path, key), condition, offer)
            if join(path, key) in reader.hidden:
                times = replace(times, **{key: replace(condition, text="****")})
    return times


def _plugin(
    reader: Reader, kind: type[Any], node: Node, path: str, others: tuple[str, ...]
) -> tuple[str | None, Any, bool]:
    """Type name and plugin object of one block, each None with complaints where there is none.

    Where the plugin is not whole, it is as much of it as could be read.
    """
    known = plugins.types(kind, reader.file.parent)
    name = _type(reader, known, node, path)
    sure = name in known
    if not sure:
        name = _certain(name, known) if name else None
    if not name:
        return None, None, False
    reader.files.used += plugins.own(kind, name, reader.file.parent)
    try:
        plugin = plugins.load(kind, name, reader.file.parent)
    except RecipeError as error:
        return name, UnreadSource(tuple(error.complaints)), sure
    # of a guess, too, whose keys may be wrong
    made, whole = reader.attempt(plugin, node, path, without=("type", *others))
    return name, made, whole and sure


def _type(reader: Reader, known: list[str], node: Node, path: str) -> str | None:
    """What the ``type`` of a block says, with a complaint where it is none of those that are known."""
    types = [value for key, _, value in reader.pairs(node, path) if key == "type"] if _is_block(node) else []
    if not types:
        missing = f"`type` is missing; known are {', '.join(known)}"
        reader.complain(node, path, missing if _is_block(node) else "expected a block with a `type`")
        return None
    try:
        name: str = reader.value(str, types[0], join(path, "type"))
    except UnreadableError:
        return None
    if name not in known:
        reader.unknown(types[0], join(path, "type"), name, known, "type")
    return name


def _usual(source: Source | None, block: Node, times: _FeedTimes | None) -> _FeedTimes | None:
    """The timetable of a source; where it says no ``every``, the usual one of its type."""
    if times is None or source is None or not source.usual or _of(block, "every") is not block:
        return times
    return replace(times, every=Duration(source.usual))


def _is_at_large(name: str | None) -> bool:
    """Whether a source may publish anything, as a demo house may; what recipes publish is known."""
    kind: Any = plugins.load(Source, name) if name in plugins.names(Source) else None  # type: ignore[type-abstract]
    return kind is not None and (kind.demo or kind.at_large)


def _forbid_programs(reader: Reader, block: Node, path: str, name: str | None) -> None:
    """Complain of a source that runs a program where nobody said that one may."""
    if name in plugins.names(Source) and plugins.load(Source, name).runs_programs:  # type: ignore[type-abstract]
        told = f"`{name}` runs a program; write `allow_commands: true` at the top of the file if that is meant"
        reader.complain(_of(block, "type"), join(path, "type"), told)


def _certain(word: str, known: list[str]) -> str | None:
    """The only known word that this one can be a typo of, or None."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only ever needed to complain

    first, second = sorted(((SequenceMatcher(None, word, other).ratio(), other) for other in known), reverse=True)[:2]
    return first[1] if first[0] >= 0.8 and first[0] - second[0] >= 0.1 else None


def _is_block(node: Node) -> bool:
    return isinstance(node, MappingNode)


def _of(block: Node, key: str) -> Node:
    """The value of a key of a block, or the block."""
    pairs = block.value if isinstance(block, MappingNode) else ()
    return next((value for name, value in pairs if name.value == key), block)


def _text(reader: Reader, node: Node, path: str, wanted: str) -> str:
    """The text of one key of a block that could not be read as a whole; empty where there is none."""
    for key, _, value in reader.pairs(node, path) if _is_block(node) else ():
        if key == wanted:
            with suppress(UnreadableError):
                return str(reader.value(str, value, join(path, key)))
    return ""


def _blocks(reader: Reader, root: Node, node: Node | None, key: str) -> Iterator[tuple[str, Node, str]]:
    if node is None:
        _missing(reader, root, key, "is missing; see config.example.yaml")
        return
    for name, key_node, block in reader.pairs(node, key):
        if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
            reader.complain(key_node, join(key, name), "use only letters, digits, - and _ in a name")
        if key == "panels" and name in _TAKEN:
            reader.complain(key_node, join(key, name), f"{name}.png is {_TAKEN[name]}; choose another name")
        yield name, block, join(key, name)


def _missing(reader: Reader, root: Node, key: str, words: str) -> None:
    """Complain of a missing section, unless a typo in its name was already reported."""
    if key not in reader.meant:
        reader.complain(root, key, words)


def _times(reader: Reader, kind: type[Any], node: Node, path: str, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 - an instance of `kind`
    """The timetable's part of a plugin's block."""
    if not _is_block(node):
        return None
    pairs = [(key_node, value) for key, key_node, value in reader.pairs(node, path) if key in keys]
    mine = MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
    return reader.record(kind, mine, path)


def _thing(feed: Feed) -> object:
    return asked(lambda: feed.source.thing)


def _needs(panel: Panel) -> Sequence[Need]:
    return list(panel.needs())


def _check_claims(reader: Reader, node: Node | None, found: dict[str, Feed]) -> None:
    """Complain of two devices of a kind that would share one subject."""
    claims: dict[tuple[str, str, Metric], str] = {}
    for name, key_node, _ in reader.pairs(node, "sources") if node and _is_block(node) else ():
        if name not in found:
            continue
        feed = found[name]
        keys = _claims(feed)
        rival = next((found[claims[key]] for key in keys if key in claims), feed)
        if _thing(rival) != _thing(feed):
            what = f"of type {feed.type}" if rival.type == feed.type else f"{feed.source.family}s"
            message = (
                f"`{rival.name}` and `{name}` are two {what} with the same subject, `{feed.subject}`, so their "
                f"readings would mix; give each its own subject{feed.source.together}"
            )
            reader.complain(key_node, join("sources", name), message)
        claims = dict.fromkeys(keys, name) | claims


def _declare(reader: Reader, node: Node | None, found: dict[str, Feed]) -> None:
    """Make known what the sources declare; complain of two that mean different things by one name."""
    by: dict[str, tuple[str, Metric]] = {}
    for name, key_node, _ in reader.pairs(node, "sources") if node and _is_block(node) else ():
        for metric in _metrics(found[name]) if name in found else ():
            other, first = by.setdefault(metric.name, (name, metric))
            if (first.unit, first.step) != (metric.unit, metric.step):
                message = (
                    f"{metric.name} is in {metric.unit or 'no unit'}, to {metric.step:g}; `{other}` has it in "
                    f"{first.unit or 'no unit'}, to {first.step:g}; give one another name"
                )
                reader.complain(key_node, join("sources", name), message)
            metrics_of_all.declare(metric)


def _metrics(feed: Feed) -> Iterator[Metric]:
    """What a source measures or foretells, as far as it could be read."""
    for ask in (feed.source.publishes, feed.source.expects):
        said = asked(partial(ask, feed.subject))
        yield from (metric for metrics in (said or {}).values() for metric in metrics)


def _claims(feed: Feed) -> list[tuple[str, str, Metric]]:
    """What a feed publishes, and of which subject, as one of its kind; empty if it cannot be mixed up with another."""
    if _thing(feed) is None:
        return []
    published = asked(partial(feed.source.publishes, feed.subject)) or {}
    kind = feed.source.family or feed.type
    return [(kind, subject, metric) for subject, metrics in published.items() for metric in metrics]
