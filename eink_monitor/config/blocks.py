"""The blocks of the file that are plugins: the display, the sources, the panels.

``type``, ``every``, ``deadline``, ``subject`` and ``name`` of a source, and ``type`` and ``dwell`` of a panel belong to
the timetable; all other keys are the plugin's own fields. A block with a mistake is left out, but panels are still
checked against its subject.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from yaml.nodes import MappingNode, Node

from eink_monitor.config import plugins
from eink_monitor.config.schema import Reader, UnreadableError, join
from eink_monitor.config.timetable import Feed, Slide
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Need, Panel
from eink_monitor.model.reading import Metric
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, insist

T = TypeVar("T")

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

    def __post_init__(self) -> None:
        insist((self.dwell >= 1, "`dwell` must be at least 1s"))


@dataclass
class Offer:
    """What the sources publish and expect, by subject; ``unsure`` are the subjects of those that could not be read.

    With ``anything``, one of them may publish any subject, so none can be called wrong.
    """

    metrics: dict[str, set[Metric]] = field(default_factory=dict)
    expected: dict[str, set[Metric]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    anything: bool = False

    def add(self, source: Source, subject: str) -> bool:
        """What a source publishes and expects of a subject; whether that can be told."""
        published = _asked(lambda: dict(source.publishes(subject)))
        for thing, metrics in (published or {}).items():
            self.metrics.setdefault(thing, set()).update(metrics)
        for thing, metrics in (_asked(lambda: dict(source.expects(subject))) or {}).items():
            self.expected.setdefault(thing, set()).update(metrics)
        return published is not None

    @property
    def subjects(self) -> list[str]:
        """All that it may be of which a panel speaks."""
        return [*self.metrics, *self.expected, *self.unsure]

    def lacks(self, subject: str) -> bool:
        """Whether no readable source publishes a subject: then nothing is known of it."""
        return subject not in self.metrics and subject not in self.expected

    def knows(self, subject: str) -> bool:
        """Whether there is, or may be, such a subject ("nas:backups" is one of "nas")."""
        known = {*self.metrics, *self.expected}
        return self.anything or subject in known or bool({subject, subject.partition(":")[0]} & self.unsure)


def display(reader: Reader, root: Node, node: Node | None) -> Display | None:
    """The display, or None with complaints."""
    if node is None:
        _missing(reader, root, "display", "is missing; write for example `display: {type: png, path: out}`")
        return None
    _, found, whole = _plugin(reader, Display, node, "display", ())
    return found if whole else None


def feeds(reader: Reader, root: Node, node: Node | None) -> tuple[dict[str, Feed], Offer]:
    """The sources that could be read, and what all of them offer."""
    keys = ("every", "deadline", "subject", "name")
    found: dict[str, Feed] = {}
    offer = Offer(anything=not isinstance(node, MappingNode))
    for name, block, path in _blocks(reader, root, node, "sources"):
        kind, source, whole = _plugin(reader, Source, block, path, keys)
        times = _times(reader, _FeedTimes, block, path, keys)
        subject = _text(reader, block, path, "subject") or name
        if kind and whole and times:
            found[name] = Feed(name, kind, source, times.every, times.deadline, subject, times.name or subject)
        if source is None or not offer.add(source, subject):
            offer.unsure |= {name, subject}
            offer.anything |= kind is not None and _is_demo(Source, kind)
    _check_claims(reader, node, found)
    return found, offer


def slides(reader: Reader, root: Node, node: Node | None, offer: Offer) -> dict[str, Slide]:
    """The panels that could be read, each checked against what the sources offer."""
    found: dict[str, Slide] = {}
    for name, block, path in _blocks(reader, root, node, "panels"):
        kind, panel, whole = _plugin(reader, Panel, block, path, ("dwell",))
        times = _times(reader, _SlideTimes, block, path, ("dwell",))
        needs = _asked(partial(_needs, panel))
        if needs is not None:
            _check_needs(reader, block, path, needs, offer)
        elif (subject := _text(reader, block, path, "subject")) and not offer.knows(subject):
            reader.unknown(block, path, subject, offer.subjects, "subject")
        if kind and whole and times:
            found[name] = Slide(name, kind, panel, times.dwell)
    return found


def _plugin(
    reader: Reader, kind: type[Any], node: Node, path: str, others: tuple[str, ...]
) -> tuple[str | None, Any, bool]:
    """Type name and plugin object of one block, each None with complaints where there is none.

    Where the plugin is not whole, it is as much of it as could be read.
    """
    types = [value for key, _, value in reader.pairs(node, path) if key == "type"] if _is_block(node) else []
    if not types:
        missing = f"`type` is missing; known are {', '.join(plugins.names(kind))}"
        reader.complain(node, path, missing if _is_block(node) else "expected a block with a `type`")
        return None, None, False
    try:
        name: str = reader.value(str, types[0], join(path, "type"))
    except UnreadableError:
        return None, None, False
    try:
        plugin = plugins.load(kind, name)
    except KeyError:
        known = plugins.names(kind)
        reader.unknown(types[0], join(path, "type"), name, known, "type")
        guess = _certain(name, known)
        if not guess:
            return None, None, False
        # its keys can be looked at, too
        return guess, reader.attempt(plugins.load(kind, guess), node, path, without=("type", *others))[0], False
    return name, *reader.attempt(plugin, node, path, without=("type", *others))


def _is_demo(kind: type[Any], name: str) -> bool:
    """Whether a plugin is a demo house, which may publish anything."""
    return bool(plugins.load(kind, name).demo)


def _certain(word: str, known: list[str]) -> str | None:
    """The only known word that this one can be a typo of, or None."""
    from difflib import SequenceMatcher  # noqa: PLC0415 - only ever needed to complain

    first, second = sorted(((SequenceMatcher(None, word, other).ratio(), other) for other in known), reverse=True)[:2]
    return first[1] if first[0] >= 0.8 and first[0] - second[0] >= 0.1 else None


def _is_block(node: Node) -> bool:
    return isinstance(node, MappingNode)


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
    return _asked(lambda: feed.source.thing)


def _asked(ask: Callable[[], T]) -> T | None:
    """What a plugin returns; None if it raises, which is no mistake in the configuration."""
    try:
        return ask()
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - a plugin raises anything
        return None


def _needs(panel: Panel) -> Sequence[Need]:
    return list(panel.needs())


def _check_needs(reader: Reader, block: Node, path: str, needs: Sequence[Need], offer: Offer) -> None:
    """Complain of a panel that asks for what no source publishes, or foretells."""
    for need in needs:
        offered = offer.expected if need.expected else offer.metrics
        if not offer.knows(need.subject):
            reader.unknown(block, path, need.subject, offer.subjects, "subject")
        elif not offer.lacks(need.subject) and not offered.get(need.subject, set()).intersection(need.any_of):
            wanted = " or ".join(metric.name for metric in need.any_of)
            does = "foretells" if need.expected else "publishes"
            reader.complain(block, path, f"no source {does} {wanted} for `{need.subject}`")


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
                f"`{rival.name}` and `{name}` are two {what} with one subject, `{feed.subject}`, and would "
                f"take turns on its panels; give each a subject of its own{feed.source.together}"
            )
            reader.complain(key_node, join("sources", name), message)
        claims = dict.fromkeys(keys, name) | claims


def _claims(feed: Feed) -> list[tuple[str, str, Metric]]:
    """What a feed publishes, and of which subject, as one of its kind; empty if it cannot be mixed up with another."""
    if _thing(feed) is None:
        return []
    published = _asked(partial(feed.source.publishes, feed.subject)) or {}
    kind = feed.source.family or feed.type
    return [(kind, subject, metric) for subject, metrics in published.items() for metric in metrics]
