"""From config.yaml to a ``Config``, with every problem of the file reported at once.

Blocks are named by their key. Relative paths start at the folder of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from yaml.nodes import MappingNode, Node

from eink_monitor import places
from eink_monitor.config import blocks
from eink_monitor.config.schema import Reader
from eink_monitor.config.timetable import Feed, Keep, Slide
from eink_monitor.errors import Complaint, ConfigError
from eink_monitor.locale import ENGLISH, Language, Locale, Units
from eink_monitor.locale import load as locale
from eink_monitor.model.display import Display
from eink_monitor.settings import Duration, Window

__all__ = ["Config", "Feed", "Keep", "Slide", "load"]


@dataclass(frozen=True)
class Config:
    """A complete configuration.

    ``stamp`` changes when the file or a secret file does (nanoseconds, newest first). ``hidden`` are the dotted paths
    of settings that came from a secret file or the environment: they are never printed. ``secrets`` are the files that
    contain secrets, including the configuration itself if it does; ``files`` are all that were read beside it.
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
    locale: Locale = ENGLISH
    stamp: int = 0
    hidden: frozenset[str] = frozenset()
    secrets: tuple[Path, ...] = ()
    files: tuple[Path, ...] = ()

    @property
    def named(self) -> Path:
        """The file that people edit: ``file`` may be a copy made by systemd."""
        return places.origin(self.file)

    def ages(self) -> tuple[int, ...]:
        """When the file and those read beside it were last changed (nanoseconds), as it is now."""
        return tuple(places.age(file) for file in (self.file, *self.files))

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
    allow_commands: bool = False
    keep: Keep = field(default_factory=Keep)
    language: Language = Language("en")
    units: Units = field(default_factory=Units)


def load(file: Path) -> Config:
    """Read and check a configuration. Raises ``ConfigError`` with every complaint."""
    reader = Reader(file)
    root = reader.compose()
    config = _house(reader, root) if root is not None else None
    if reader.complaints or config is None:
        raise ConfigError(sorted(_causes(reader.complaints), key=lambda one: (one.line, one.column)))
    return config


def _causes(complaints: Sequence[Complaint]) -> Sequence[Complaint]:
    """Without metrics that nobody knows where a source has a mistake: it may be the one that declares them."""
    of_sources = [one for one in complaints if one.path.startswith("source")]
    if not of_sources:
        return complaints
    return [one for one in complaints if one in of_sources or not one.message.startswith("unknown metric ")]


def _house(reader: Reader, root: Node) -> Config | None:
    plugin_keys = ("display", "sources", "panels")
    head = reader.record(_Head, root, "", without=plugin_keys)
    pairs = reader.pairs(root, "") if isinstance(root, MappingNode) else ()
    nodes = {key: value for key, _, value in pairs if key in plugin_keys}
    display = blocks.display(reader, root, nodes.get("display"))
    feeds, offer = blocks.feeds(reader, root, nodes.get("sources"), commands=head is None or head.allow_commands)
    slides = blocks.slides(reader, root, nodes.get("panels"), offer)
    if head is None or display is None:
        return None
    zone = head.timezone or places.time_zone()
    return Config(
        file=reader.file,
        database=head.database or places.database(),
        zone=zone,
        display=display,
        feeds=feeds,
        slides=slides,
        quiet_hours=head.quiet_hours,
        commit_every=head.commit_every,
        keep=head.keep,
        locale=locale(head.language, zone.key, head.units),
        stamp=max(places.age(file) for file in (reader.file, *reader.files.used)),
        hidden=frozenset(reader.hidden),
        secrets=tuple(dict.fromkeys([*reader.files.secret, *([reader.file] if reader.inline else [])])),
        files=tuple(reader.files.used),
    )
