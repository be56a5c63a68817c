"""config.yaml to a ``Config``: what the house is, with every problem of the file reported at once.

Things are named by their key. ``type``, ``every``, ``deadline``, ``subject`` and ``name`` of a source, and ``type`` and
``dwell`` of a panel belong to the timetable; all other keys are the plugin's own fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from yaml.nodes import MappingNode, Node

from eink_monitor import places
from eink_monitor.config import plugins
from eink_monitor.config.schema import Reader, UnreadableError, join
from eink_monitor.errors import ConfigError
from eink_monitor.model import Display, Metric, Panel, Source
from eink_monitor.settings import Duration, Window, insist

_TAKEN = {"now": "the picture that shows", "contact": "the sheet of all panels"}
"""Names of pictures that are no panel's, beside those of the panels."""


@dataclass(frozen=True)
class Keep:
    """How long each kind of row stays in the database; daily totals stay for ever unless said otherwise."""

    raw: Duration = Duration(2 * 365 * 86400)
    hourly: Duration = Duration(10 * 365 * 86400)
    daily: Duration | None = None


@dataclass(frozen=True)
class Feed:
    """A source on the timetable. ``subject`` is whom it speaks of, ``label`` what the panel calls it."""

    name: str
    type: str
    source: Source
    every: Duration = Duration(5 * 60)
    deadline: Duration = Duration(60)
    subject: str = ""
    label: str = ""

    @property
    def spacing(self) -> int:
        """Seconds that may lie between two measurements before a series of this feed counts as broken."""
        return max(int(self.every * 2.5), self.source.lag)


@dataclass(frozen=True)
class Slide:
    """A panel in the rotation, shown for ``dwell``."""

    name: str
    type: str
    panel: Panel
    dwell: Duration = Duration(3 * 60)


@dataclass(frozen=True)
class Config:
    """A whole house.

    ``stamp`` changes when the file or a secret file does (nanoseconds, newest first). ``hidden`` are the dotted paths
    of settings that came from a secret file or the environment: nobody prints those.
    """

    file: Path
    database: Path
    zone: ZoneInfo
    display: Display
    feeds: dict[str, Feed]
    slides: dict[str, Slide]
    quiet_hours: Window | None = None
    commit_every: Duration = Duration(5 * 60)
    keep: Keep = field(default_factory=Keep)
    stamp: int = 0
    hidden: frozenset[str] = frozenset()

    @property
    def state(self) -> Path:
        """The private directory for tokens and whatever a source must remember, beside the database."""
        return self.database.parent / "state"


@dataclass(frozen=True)
class _Head:
    """The top of the file but for the plugins."""

    database: Path | None = None
    timezone: ZoneInfo | None = None
    quiet_hours: Window | None = None
    commit_every: Duration = Duration(5 * 60)
    keep: Keep = field(default_factory=Keep)


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


def load(file: Path) -> Config:
    """Read and check a configuration. Raises ``ConfigError`` with every complaint."""
    reader = Reader(file)
    root = reader.compose()
    config = _house(reader, root) if root is not None else None
    if reader.complaints or config is None:
        raise ConfigError(sorted(reader.complaints, key=_place))
    return config


def _place(complaint: str) -> tuple[int, int]:
    """Sort complaints as the file reads."""
    parts = complaint.split(": ", 1)[0].rsplit(":", 2)
    return (
        (int(parts[-2]), int(parts[-1])) if len(parts) == 3 and parts[-1].isdigit() and parts[-2].isdigit() else (0, 0)
    )


def _house(reader: Reader, root: Node) -> Config | None:
    plugin_keys = ("display", "sources", "panels")
    head = reader.record(_Head, root, "", without=plugin_keys)
    blocks = {key: value for key, _, value in reader.pairs(root, "") if key in plugin_keys} if _is_block(root) else {}
    display = _display(reader, root, blocks.get("display"))
    feeds = _feeds(reader, root, blocks.get("sources"))
    slides = _slides(reader, root, blocks.get("panels"))
    if len(feeds) == _size(reader, blocks.get("sources")):  # one that could not be read would be missed by its panels
        _check_needs(reader, blocks.get("panels"), feeds, slides)
    _check_claims(reader, blocks.get("sources"), feeds)
    if head is None or display is None:
        return None
    return Config(
        file=reader.file,
        database=head.database or places.database(),
        zone=head.timezone or places.time_zone(),
        display=display,
        feeds=feeds,
        slides=slides,
        quiet_hours=head.quiet_hours,
        commit_every=head.commit_every,
        keep=head.keep,
        stamp=_stamp([reader.file, *reader.files]),
        hidden=frozenset(reader.hidden),
    )


def _is_block(node: Node) -> bool:
    return isinstance(node, MappingNode)


def _size(reader: Reader, node: Node | None) -> int:
    return len(list(reader.pairs(node, "sources"))) if node and _is_block(node) else -1


def _display(reader: Reader, root: Node, node: Node | None) -> Display | None:
    if node is None:
        reader.complain(root, "display", "is missing; write for example `display: {type: png, path: out}`")
        return None
    found = _plugin(reader, Display, node, "display", ())
    return found[1] if found else None


def _plugin(reader: Reader, kind: type[Any], node: Node, path: str, others: tuple[str, ...]) -> tuple[str, Any] | None:
    """Type name and plugin object of one block, or None with complaints."""
    types = [value for key, _, value in reader.pairs(node, path) if key == "type"] if _is_block(node) else []
    if not types:
        reader.complain(node, path, "`type` is missing" if _is_block(node) else "here belongs a block with a `type`")
        return None
    try:
        name: str = reader.value(str, types[0], join(path, "type"))
    except UnreadableError:
        return None
    try:
        plugin = plugins.load(kind, name)
    except KeyError:
        reader.unknown(types[0], join(path, "type"), name, plugins.names(kind), "type")
        return None
    record = reader.record(plugin, node, path, without=("type", *others))
    return None if record is None else (name, record)


def _feeds(reader: Reader, root: Node, node: Node | None) -> dict[str, Feed]:
    keys = ("every", "deadline", "subject", "name")
    feeds: dict[str, Feed] = {}
    for name, block, path in _blocks(reader, root, node, "sources"):
        found = _plugin(reader, Source, block, path, keys)
        times = _times(reader, _FeedTimes, block, path, keys)
        if found and times:
            subject = times.subject or name
            feeds[name] = Feed(name, found[0], found[1], times.every, times.deadline, subject, times.name or subject)
    return feeds


def _slides(reader: Reader, root: Node, node: Node | None) -> dict[str, Slide]:
    slides: dict[str, Slide] = {}
    for name, block, path in _blocks(reader, root, node, "panels"):
        found = _plugin(reader, Panel, block, path, ("dwell",))
        times = _times(reader, _SlideTimes, block, path, ("dwell",))
        if found and times:
            slides[name] = Slide(name, found[0], found[1], times.dwell)
    return slides


def _blocks(reader: Reader, root: Node, node: Node | None, key: str) -> Iterator[tuple[str, Node, str]]:
    if node is None:
        reader.complain(root, key, "is missing; see config.example.yaml")
        return
    for name, key_node, block in reader.pairs(node, key):
        if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
            reader.complain(key_node, join(key, name), "a name is made of letters, digits, - and _")
            continue
        if key == "panels" and name in _TAKEN:
            reader.complain(key_node, join(key, name), f"{name}.png is {_TAKEN[name]}; choose another name")
        yield name, block, join(key, name)


def _times(reader: Reader, kind: type[Any], node: Node, path: str, keys: tuple[str, ...]) -> Any:  # noqa: ANN401 - an instance of `kind`
    """The timetable's part of a plugin's block."""
    if not _is_block(node):
        return None
    pairs = [(key_node, value) for key, key_node, value in reader.pairs(node, path) if key in keys]
    mine = MappingNode(node.tag, pairs, node.start_mark, node.end_mark)
    return reader.record(kind, mine, path)


def _check_needs(reader: Reader, node: Node | None, feeds: dict[str, Feed], slides: dict[str, Slide]) -> None:
    """Complain of every panel that asks for what no source publishes."""
    offered: dict[str, set[Metric]] = {}
    for feed in feeds.values():
        for subject, metrics in feed.source.publishes(feed.subject).items():
            offered.setdefault(subject, set()).update(metrics)
    for name, _, block in reader.pairs(node, "panels") if node else ():
        for need in slides[name].panel.needs() if name in slides else ():
            path = join("panels", name)
            if need.subject not in offered:
                reader.unknown(block, path, need.subject, offered, "subject")
            elif not offered[need.subject].intersection(need.any_of):
                wanted = " or ".join(metric.name for metric in need.any_of)
                reader.complain(block, path, f"no source publishes {wanted} for `{need.subject}`")


def _check_claims(reader: Reader, node: Node | None, feeds: dict[str, Feed]) -> None:
    """Complain of two things of a kind that would take turns on the panels of one subject."""
    claims: dict[tuple[str, str, Metric], str] = {}
    for name, key_node, _ in reader.pairs(node, "sources") if node and _is_block(node) else ():
        feed = feeds.get(name)
        if feed is None or feed.source.thing is None:
            continue
        keys = [
            (feed.type, subject, one) for subject, ones in feed.source.publishes(feed.subject).items() for one in ones
        ]
        rival = next((claims[key] for key in keys if key in claims), name)
        if feeds[rival].source.thing != feed.source.thing:
            message = (
                f"`{rival}` and `{name}` are two of type {feed.type} with one subject, `{feed.subject}`, and would "
                f"take turns on its panels; give each a subject of its own{feed.source.together}"
            )
            reader.complain(key_node, join("sources", name), message)
        claims |= {key: name for key in keys if key not in claims}


def _stamp(files: list[Path]) -> int:
    return max((file.stat().st_mtime_ns for file in files if file.exists()), default=0)
