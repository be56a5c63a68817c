"""YAML to typed records, or every complaint with its line.

Scalars are read as the type that is *wanted*, never as YAML guesses: ``no`` stays text where text is wanted, ``12:30``
is no sexagesimal number, ``007`` keeps its zeros. All problems of a file are collected and reported at once as
``file:line:column: path: message``. ``!env NAME`` and ``!file PATH`` stand for a value anywhere a scalar may stand.
"""

from __future__ import annotations

import dataclasses
import os
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

_TRUE = {"true", "yes", "on"}
_FALSE = {"false", "no", "off"}
_NULL = {"", "~", "null", "Null", "NULL"}
_LARGEST_SECRET = 64 * 1024


class UnreadableError(Exception):
    """A node could not become the wanted type; the complaint is already written down."""


class Reader:
    """Turns the nodes of one file into records and keeps the complaints; ``files`` are the secret files it opened."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.files: list[Path] = []
        self.complaints: list[str] = []

    def compose(self) -> Node | None:
        """The root node of the file, or None with a complaint when it is missing or not YAML."""
        try:
            text = self.file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            self.complaints.append(f"{self.file}:1:1: cannot be read: {reason}")
            return None
        try:
            node: Node | None = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
            self.complaints.append(f"{self.file}:{place}: not valid YAML: {error.problem}")
            return None
        except (yaml.YAMLError, RecursionError) as error:
            self.complaints.append(f"{self.file}:1:1: not valid YAML: {str(error).splitlines()[0]}")
            return None
        if node is None:
            self.complaints.append(f"{self.file}:1:1: the file is empty")
        return node

    def complain(self, node: Node, path: str, message: str) -> None:
        """Write one complaint down, with its place; the same one only once."""
        mark = node.start_mark
        complaint = f"{self.file}:{mark.line + 1}:{mark.column + 1}: {path or 'the file'}: {message}"
        if complaint not in self.complaints:
            self.complaints.append(complaint)

    def pairs(self, node: Node, path: str) -> Iterator[tuple[str, Node, Node]]:
        """Key, key node and value node of a mapping; complains of a duplicate key or of what is no mapping."""
        if not isinstance(node, MappingNode):
            self.complain(node, path, "here belongs a block of `key: value` lines")
            return
        seen: dict[str, Node] = {}
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "?"
            if key in seen:
                line = seen[key].start_mark.line + 1
                self.complain(key_node, join(path, key), f"this key stands here twice (first on line {line})")
                continue
            seen[key] = key_node
            yield key, key_node, value

    def record(self, kind: type[Any], node: Node, path: str, *, without: Iterable[str] = ()) -> Any:  # noqa: ANN401 - an instance of `kind`
        """A dataclass from a mapping, or None with complaints. Keys named in ``without`` belong to somebody else."""
        fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
        hints = get_type_hints(kind)
        others = set(without)
        values: dict[str, Any] = {}
        before = len(self.complaints)
        for key, key_node, value in self.pairs(node, path):
            if key in fields:
                with suppress(UnreadableError):
                    values[key] = self.value(hints[key], value, join(path, key))
            elif key not in others:
                self.unknown(key_node, join(path, key), key, [*fields, *others], "key")
        for name, field in fields.items():
            missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if (
                missing
                and name not in values
                and not any(join(path, name) in line for line in self.complaints[before:])
            ):
                self.complain(node, path, f"`{name}` is missing")
        if len(self.complaints) > before:
            return None
        try:
            return kind(**values)
        except ValueError as error:
            self.complain(node, path, str(error))
            return None

    def unknown(self, node: Node, path: str, word: str, known: Iterable[str], noun: str) -> None:
        """Complain of an unknown word and offer the nearest known one."""
        import difflib  # noqa: PLC0415 - only ever needed to complain

        known = sorted(set(known))
        near = difflib.get_close_matches(word, known, 1, 0.5)
        hint = f"; did you mean `{near[0]}`?" if near else f"; known are {', '.join(known)}" if known else ""
        self.complain(node, path, f"unknown {noun} `{word}`{hint}")

    def value(self, kind: Any, node: Node, path: str) -> Any:  # noqa: ANN401 - whatever `kind` says
        """One value of the wanted type. Raises ``UnreadableError`` after writing the complaint down."""
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, types.UnionType):
            return self._optional([arg for arg in args if arg is not types.NoneType], node, path)
        if origin is list or origin is tuple:
            return origin(self._items(args[0], node, path))
        if origin in (dict, Mapping):
            values: dict[str, Any] = {}
            for key, _, value in self.pairs(node, path):
                with suppress(UnreadableError):
                    values[key] = self.value(args[1], value, join(path, key))
            return values
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and not hasattr(kind, "parse"):
            record = self.record(kind, node, path)
            if record is None:
                raise UnreadableError
            return record
        text = self._text(node, path)
        try:
            return _scalar(kind, text)
        except ValueError as error:
            self.complain(node, path, str(error))
            raise UnreadableError from None

    def _optional(self, kinds: list[Any], node: Node, path: str) -> Any:  # noqa: ANN401 - whatever `kinds` say
        if isinstance(node, ScalarNode) and node.style is None and node.tag[0] != "!" and node.value in _NULL:
            return None
        return self.value(kinds[0], node, path)

    def _items(self, kind: Any, node: Node, path: str) -> list[Any]:  # noqa: ANN401 - whatever a type is
        if not isinstance(node, SequenceNode):
            self.complain(node, path, "here belongs a list: [a, b] or lines that begin with `-`")
            raise UnreadableError
        return [self.value(kind, item, f"{path}[{index}]") for index, item in enumerate(node.value)]

    def _text(self, node: Node, path: str) -> str:
        if not isinstance(node, ScalarNode):
            self.complain(node, path, "here belongs a single value")
            raise UnreadableError
        text = str(node.value)
        try:
            if node.tag == "!env":
                return _from_environment(text)
            if node.tag == "!file":
                return self._from_file(Path(text).expanduser())
        except ValueError as error:
            self.complain(node, path, str(error))
            raise UnreadableError from None
        if node.tag.startswith("!"):
            self.complain(node, path, f"unknown tag `{node.tag}`; known are !env and !file")
            raise UnreadableError
        return text

    def _from_file(self, path: Path) -> str:
        folders = [self.file.parent, *(Path(folder) for folder in [os.environ.get("CREDENTIALS_DIRECTORY")] if folder)]
        for candidate in [folder / path for folder in folders]:  # an absolute path stays itself
            try:
                with candidate.open(encoding="utf-8") as file:
                    text = file.read(_LARGEST_SECRET)
            except FileNotFoundError:
                continue
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
                raise ValueError(f"{candidate} cannot be read: {reason}") from None
            self.files.append(candidate)
            return text.rstrip("\r\n")
        raise ValueError(f"no file {path} in {' or '.join(str(folder) for folder in folders)}")


def join(path: str, key: str) -> str:
    """The dotted path of a key inside a block."""
    return f"{path}.{key}" if path else key


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ValueError(f"the environment variable {name} is not set")
    return value


def _scalar(kind: Any, text: str) -> Any:  # noqa: ANN401 - whatever `kind` says
    if hasattr(kind, "parse"):
        return kind.parse(text)
    if get_origin(kind) is Literal:
        return _choice(get_args(kind), text)
    reader = _READERS.get(kind)
    if reader is None:
        raise TypeError(f"settings cannot hold a {kind!r}")
    return reader(text)


def _choice(choices: tuple[Any, ...], text: str) -> Any:  # noqa: ANN401 - one of the choices
    for choice in choices:
        if str(choice) == text:
            return choice
    raise ValueError(f'"{text}" is none of {", ".join(str(choice) for choice in choices)}')


def _integer(text: str) -> int:
    try:
        return int(text.replace("_", "") if text.lstrip("+-").isascii() else "?")
    except ValueError:
        raise ValueError(f'"{text}" is not a whole number') from None


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - not a number is unlike itself
        raise ValueError(f'"{text}" is not a number')
    return number


def _truth(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError(f'"{text}" is neither true nor false')


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f'"{text}" is not a time zone; write for example Europe/Berlin') from None


_READERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: _integer,
    float: _number,
    bool: _truth,
    Path: lambda text: Path(text).expanduser(),
    ZoneInfo: _zone,
}
