"""A recipe: a file that says what a source takes, through which door it goes, and what of the answer counts.

Recipes come from strangers. One names no file and no variable, has no aliases, and is at most 64 KiB long; it reaches
the hosts that its door names, and nothing else.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from yaml.nodes import MappingNode, Node, ScalarNode

from eink_monitor.config.document import NoDocumentError, compose
from eink_monitor.config.doors import DOORS, Block, Door
from eink_monitor.config.scalars import scalar
from eink_monitor.config.schema import Reader, UnreadableError
from eink_monitor.errors import Complaint, Trouble
from eink_monitor.model.source import GROUPS, Source
from eink_monitor.settings import Duration, HostName, Personal, Secret, insist

LARGEST = 64 * 1024
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OURS = {"type", "every", "deadline", "subject", "name", "cursor", "now", "today", "yesterday", "tomorrow", "month"}
_OURS |= {"recipe", "values"}  # what the class of a recipe has
_KINDS: Mapping[str, Any] = {
    "text": str,
    "host": HostName,
    "secret": Secret,
    "personal": str,
    "whole": int,
    "number": float,
    "duration": Duration,
    "timezone": ZoneInfo,
}

_SHOWN = {"timezone": "Europe/Berlin", "whole": "1", "number": "1", "duration": "1h", "host": "host.local"}


@dataclass(frozen=True)
class Take:
    """One setting of a recipe: ``words`` say what it is. Without a ``default`` it must be there."""

    type: Literal["text", "host", "secret", "personal", "whole", "number", "choice", "duration", "timezone"]
    words: str
    example: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ``ValueError`` with a sentence."""
        insist(
            ((self.type == "choice") == bool(self.choices), "choices: those of a `choice`, which needs them"),
            (0 < len(self.words) < 90 and self.words[-1] != ".", "words: a few, without a full stop"),
            (self._is_legible(), "words, example, default and choices: printable letters"),
            (self.default is None or self.type != "secret" or not self.default, "default: a secret has none but empty"),
        )
        for text in filter(None, (self.default, self.example)):
            self.value(text)

    def _is_legible(self) -> bool:
        """Whether no terminal would obey any of it."""
        return all(map(str.isprintable, (self.words, self.example, self.default or "", *self.choices)))

    @property
    def kind(self) -> Any:  # noqa: ANN401 - a type
        """What a configuration reads it as; an empty default means that there may be none."""
        kind = self._plain
        kind = kind if self.default != "" or kind is str else kind | None
        owned: Any = Personal
        return owned[kind] if self.type in {"host", "personal"} else kind

    @property
    def _plain(self) -> Any:  # noqa: ANN401 - a type
        return Literal[self.choices] if self.type == "choice" else _KINDS[self.type]

    @property
    def usual(self) -> object:
        """What it is where the configuration does not say."""
        return self.value(self.default) if self.default else "" if self._plain is str else None

    @property
    def shown(self) -> object:
        """What stands for it where a recipe is only looked at."""
        if self.type == "secret":
            return Secret("a-secret-that-nobody-has")
        text = self.default or self.example or (self.choices[0] if self.choices else _SHOWN.get(self.type, ""))
        return self.value(text) if text else self.usual

    def value(self, text: str) -> object:
        """A text as its kind. Raises ``ValueError``."""
        return scalar(self._plain, text)


@dataclass(frozen=True)
class _RecipeHead:
    """The keys of a recipe beside its door."""

    title: str
    group: Literal[tuple(GROUPS)]  # type: ignore[valid-type]
    takes: Mapping[str, Take] = field(default_factory=dict)
    guide: str = ""
    every: Duration = Duration(5 * 60)
    local: bool = False

    def __post_init__(self) -> None:
        insist(
            (self.title.endswith(".") and len(self.title) <= 90, "title: a sentence of at most 90 letters"),
            (f"{self.title}{self.guide}".replace("\n", "").isprintable(), "title and guide: printable letters"),
            (self.every >= 5, "every must be at least 5s"),
        )


@dataclass(frozen=True)
class Recipe:
    """A recipe that is whole: its ``name``, its ``file``, what it says, its ``door`` and the door's ``block``."""

    name: str
    file: Path
    title: str
    group: str
    guide: str
    takes: Mapping[str, Take]
    every: int
    local: bool
    door: Door
    block: Block


class RecipeError(Exception):
    """What is wrong with a recipe, each with its place."""

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("; ".join(map(str, complaints)))
        self.complaints = sorted(complaints, key=lambda one: (one.line, one.column))


class _RecipeReader(Reader):
    """Reads what strangers wrote: no files, no environment."""

    def compose(self) -> Node | None:
        try:
            return compose(self.file, LARGEST, aliases=False)
        except NoDocumentError as error:
            self.complaints.append(Complaint(str(error), str(self.file), error.line, error.column))
            return None

    def _text(self, node: Node, path: str) -> str:
        if node.tag in {"!file", "!env"}:
            self.complain(node, path, f"a recipe reads no {node.tag[1:]}; let it take a secret, and write {{{{name}}}}")
            raise UnreadableError
        return super()._text(node, path)

    def _path(self, kind: Any, node: Node, path: str) -> NoReturn:  # noqa: ANN401, ARG002 - a type
        self.complain(node, path, "a recipe names no files")
        raise UnreadableError


def said(value: object) -> str | Secret:
    """A setting as it is filled in."""
    if value is None:
        return ""
    if isinstance(value, Secret):
        return value
    if isinstance(value, ZoneInfo):
        return value.key
    return f"{value:.15g}" if isinstance(value, float) else str(int(value)) if isinstance(value, int) else str(value)


def read(file: Path) -> Recipe:
    """The recipe in a file. Raises ``RecipeError`` with every mistake."""
    reader = _RecipeReader(file)
    root = reader.compose()
    recipe = _recipe(reader, root, file) if root is not None else None
    if recipe is None or reader.complaints:
        raise RecipeError(reader.complaints)
    return recipe


def _recipe(reader: Reader, root: Node, file: Path) -> Recipe | None:
    if not _NAME.fullmatch(file.stem):
        reader.complain(root, "", "its file must be called like NAME.yaml: lower-case letters, digits and _")
    head = reader.record(_RecipeHead, root, "", without=DOORS)
    doors = [(key, value) for key, _, value in reader.pairs(root, "") if key in DOORS]
    if len(doors) != 1:
        reader.complain(root, "", f"it needs one door: {' or '.join(DOORS)}")
        return None
    ((key, node),) = doors
    door = DOORS[key]
    block = reader.record(door.kind, node, key)
    if head is None or block is None:
        return None
    for message in _misnamed(head.takes, node):
        reader.complain(_takes(root), "takes", message)
    try:
        door.check(block, {name: take.type == "secret" for name, take in head.takes.items()})
        door.places(block, {name: said(take.shown) for name, take in head.takes.items()})
    except ValueError as error:
        reader.complain(node, key, str(error))
    except Trouble as error:
        reader.complain(node, key, error.fact)
    own = (head.title, head.group, head.guide.strip(), head.takes, int(head.every), head.local)
    return Recipe(file.stem, file, *own, door, block)


def _misnamed(takes: Mapping[str, Take], node: Node) -> Iterator[str]:
    """What is called as it cannot be, or used nowhere in a door."""
    told = " ".join(_texts(node))
    for name in takes:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in _OURS or hasattr(Source, name):
            yield f"`{name}` is taken; call it otherwise"
        elif not re.search(r"\{\{\s*" + name + r"\s*\}\}", told):
            yield f"`{name}` is used nowhere"


def _texts(node: Node) -> Iterator[str]:
    if isinstance(node, ScalarNode):
        yield str(node.value)
    elif isinstance(node.value, list):
        for one in node.value:
            for part in one if isinstance(one, tuple) else (one,):
                yield from _texts(part)


def _takes(root: Node) -> Node:
    pairs = root.value if isinstance(root, MappingNode) else ()
    return next((value for key, value in pairs if key.value == "takes"), root)
