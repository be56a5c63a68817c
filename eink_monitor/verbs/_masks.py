"""Masks text for others to read: whatever identifies a person, a car or a home, or gives access.

Known secrets are masked wherever they stand; beyond them all that looks like a VIN, an e-mail address, a token, an
address of a home network, the path of an address or a user's folder. The names that users gave their devices (subjects,
titles, names) and mount points are numbered, so that they can still be followed through the text. A mask too many costs
a question, a mask too few a password.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import socket
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from eink_monitor.config import Config, plugins
from eink_monitor.config.offer import asked
from eink_monitor.metrics import KNOWN
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source
from eink_monitor.settings import Secret, personal

MASK = "****"
_SHORTEST = 3  # letters; masking every "a" would leave nothing to read
_LARGEST = 1024 * 1024
_MOUNTS = ("mounts", "newest", "sftp_mounts")  # settings whose values are paths on a disk, and whose keys are names
_HOST = re.compile(r"(?:https?|mqtts?)://([\w.-]*\w)")
_THINGS = ("entities", "loadpoints", "vehicles")  # settings whose keys and values are names of things elsewhere
_PLAIN = frozenset(
    {"backup", "backups", "box", "car", "data", "disk", "garage", "home", "house", "nas", "roof", "sun", "wall"}
)
"""Common names, which identify nobody; so are the types of plugins."""

_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE if flags else 0), mask)
    for pattern, flags, mask in (
        (r"://[^/\s@]+@", False, f"://{MASK}@"),  # a password inside an address
        (r"(https?://[^\s/?#\"'),;]+)[/?#][^\s\"'),;]+", False, rf"\1/{MASK}"),  # keys are passed in paths and queries
        (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", False, "<e-mail>"),
        (r"\b(?=[A-Z]*\d)(?=\d*[A-Z])[A-HJ-NPR-Z0-9]{17}\b", True, "<vin>"),
        (r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{32,}\b", False, "<long>"),  # tokens, pieces of a JWT, hashes
        (r"\b(?:10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2,3}\b", False, "<address>"),
        (r"\b(?:f[cde][0-9a-f]{2}|2[0-9a-f]{3}):[0-9a-f:]{4,}", True, "<address>"),
        (
            r"\b[\w-]+(?:\.[\w-]+)*\.(?:local|lan|home|internal|intranet|localdomain|fritz\.box|home\.arpa)\b",
            True,
            "<host>",
        ),
        (r"(/home/)[^/\s:]+", False, rf"\1{MASK}"),
    )
)


def masking(config: Config | None) -> Callable[[str], str]:
    """Masks a text, with the names of a configuration if there is one, else by patterns only."""
    known = {word for word in _known(config) if len(word) >= _SHORTEST} if config else set()
    pieces = sorted({piece.strip() for word in known for piece in (word, *word.splitlines())} - {""}, key=len)
    exact = re.compile("|".join(re.escape(word) for word in reversed(pieces))) if pieces else None
    numbered = _numbered(config) if config else {}
    called = re.compile("|".join(map(_whole, sorted(numbered, key=len, reverse=True)))) if numbered else None

    def mask(text: str) -> str:
        if exact:
            text = exact.sub(MASK, text)
        for look, instead in _LOOKS:
            text = look.sub(instead, text)
        return called.sub(lambda found: numbered[found[0]], text) if called else text

    return mask


def _known(config: Config) -> Iterator[str]:
    """Every secret of a configuration, and what identifies its owner."""
    yield socket.gethostname()
    sources: dict[str, Any] = {f"sources.{name}": feed.source for name, feed in config.feeds.items()}
    for path, plugin in {"display": config.display, **sources}.items():
        yield from _owned(plugin, path, config.hidden, mine=False)
    yield from _kept(config.state)
    yield from (value for name, value in os.environ.items() if re.search("SECRET|TOKEN|PASS|KEY", name))


def _owned(value: Any, path: str, hidden: Collection[str], *, mine: bool) -> Iterator[str]:  # noqa: ANN401 - a setting
    """The secrets of a setting and of those within it, and whatever is ``mine`` or came out of a secret file."""
    if isinstance(value, Secret):
        yield value.reveal()
    elif value and (mine or path in hidden):
        yield str(value)
        if host := _HOST.match(str(value)):  # of an address: sentences name who answered
            yield host[1]
    else:
        for key, inner, his in _within(value):
            yield from _owned(inner, f"{path}{key}", hidden, mine=his)


def _within(value: Any) -> Iterator[tuple[str, Any, bool]]:  # noqa: ANN401 - a setting
    """What a setting consists of: the rest of its path, the value, and whether it identifies its owner."""
    if dataclasses.is_dataclass(value) and not hasattr(value, "parse"):
        owned = personal(type(value))
        names = [field.name for field in dataclasses.fields(value)]
        yield from ((f".{name}", getattr(value, name), name in owned) for name in names)
    elif isinstance(value, Mapping):
        yield from ((f".{name}", one, False) for name, one in value.items())
    elif isinstance(value, list | tuple):
        yield from ((f"[{number}]", one, False) for number, one in enumerate(value))


def _numbered(config: Config) -> dict[str, str]:
    """Device names and mount points, each with its replacement."""
    kinds: list[Any] = [Source, Panel, Display]
    plain = _PLAIN.union(*(plugins.types(kind, config.file.parent) for kind in kinds))
    things = dict.fromkeys(name for name in _names(config) if len(name) > 1 and name not in plain)
    paths = dict.fromkeys(path for path in _paths(config) if len(path) > 1)
    names = {name: f"<name {number}>" for number, name in enumerate(things, 1)}
    return names | {path: f"<mount {number}>" for number, path in enumerate(paths, 1)}


def _names(config: Config) -> Iterator[str]:
    for feed in config.feeds.values():
        yield from (feed.name, feed.subject, feed.label)
        for setting in _MOUNTS:
            yield from getattr(feed.source, setting, ())
        for setting in _THINGS:
            yield from _things(getattr(feed.source, setting, {}))
        for subject in asked(partial(feed.source.publishes, feed.subject)) or ():
            yield from subject.split(":")
    for slide in config.slides.values():
        yield from (slide.name, getattr(slide.panel, "title", ""))
        yield from getattr(slide.panel, "subject", "").split(":")


def _things(named: Mapping[str, object]) -> Iterator[str]:
    """What people call things: "zoe_battery" of the entity "sensor.zoe_battery", and the title of a wallbox."""
    for name, value in named.items():
        thing = name.partition(".")[2] or name
        yield from (
            word for word in (thing, getattr(value, "name", value)) if isinstance(word, str) and word not in KNOWN
        )


def _paths(config: Config) -> Iterator[str]:
    for feed in config.feeds.values():
        for setting in _MOUNTS:
            yield from map(str, dict(getattr(feed.source, setting, {})).values())


def _whole(word: str) -> str:
    """A pattern that finds a word, but not inside another."""
    before, after = (r"(?<!\w)" if word[0].isalnum() else ""), (r"(?!\w)" if word[-1].isalnum() else "")
    return f"{before}{re.escape(word)}{after}"


def _kept(state: Path) -> Iterator[str]:
    """What the sources have stored: tokens, sessions. Unreadable files cannot leak either."""
    for file in sorted(state.rglob("*")):
        try:
            if file.is_file() and file.stat().st_size <= _LARGEST:
                yield from _strings(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, RecursionError):
            continue


def _strings(value: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)
