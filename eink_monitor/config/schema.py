"""YAML to typed records, or every complaint with its line.

Scalars are read as the type that is *wanted*, never as YAML guesses: ``no`` stays text where text is wanted, ``12:30``
is no sexagesimal number, ``007`` keeps its zeros. All problems of a file are collected and reported at once as
``file:line:column: path: message``. ``!env NAME`` and ``!file PATH`` stand for a value anywhere a scalar may stand.
"""

from __future__ import annotations

import dataclasses
import os
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from eink_monitor.config.scalars import MissingFileError, from_environment, read, scalar
from eink_monitor.config.scalars import path as named_path
from eink_monitor.settings import InputFile

_NULL = {"", "~", "null", "Null", "NULL"}
_LARGEST_FILE = 1024 * 1024
_LARGEST_SECRET = 64 * 1024
_SHORTEST_SECRET = 4  # what is shorter cannot be told from an ordinary word of a complaint
_DEEPEST = 64  # blocks in blocks; libyaml would otherwise recurse on the C stack


class UnreadableError(Exception):
    """A node could not become the wanted type; the complaint is already written down."""


class Reader:
    """Turns the nodes of one file into records and keeps the complaints.

    ``files`` are the secret files it opened, ``hidden`` the paths of values that came from one or from the environment:
    they are never to be shown, whatever they were meant to be.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self.files: list[Path] = []
        self.hidden: set[str] = set()
        self.complaints: list[str] = []
        self._kept: set[str] = set()  # the hidden values themselves, so that no complaint quotes one

    def compose(self) -> Node | None:
        """The root node of the file, or None with a complaint when it is missing or not YAML."""
        try:
            text = read(self.file, _LARGEST_FILE)
        except ValueError as error:
            self.complaints.append(f"{self.file}:1:1: cannot be read: {error}")
            return None
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        try:
            _check_depth(yaml.parse(text, Loader=loader))
            node: Node | None = yaml.compose(text, Loader=loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
            self.complaints.append(f"{self.file}:{place}: not valid YAML: {_problem(error)}")
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
        for secret in self._kept:
            message = message.replace(secret, "****")
        words = "".join(letter if letter.isprintable() else "?" for letter in f"{path or 'the file'}: {message}")
        complaint = f"{self.file}:{mark.line + 1}:{mark.column + 1}: {words}"
        if complaint not in self.complaints:
            self.complaints.append(complaint)

    def pairs(self, node: Node, path: str) -> Iterator[tuple[str, Node, Node]]:
        """Key, key node and value node of a mapping; complains of a duplicate key or of what is no mapping.

        What a merge key (``<<: *other``) brings comes last, and only where the block does not say it itself.
        """
        if not isinstance(node, MappingNode):
            self.complain(node, path, "here belongs a block of `key: value` lines")
            return
        seen: dict[str, Node] = {}
        merged: list[Node] = []
        for key_node, value in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "?"
            if key == "<<" and not key_node.style:
                merged += value.value if isinstance(value, SequenceNode) else [value]
                continue
            if key in seen:
                line = seen[key].start_mark.line + 1
                self.complain(key_node, join(path, key), f"this key stands here twice (first on line {line})")
                continue
            seen[key] = key_node
            yield key, key_node, value
        for key_node, value in self._merged(merged, path):
            if key_node.value not in seen:
                seen[key_node.value] = key_node
                yield key_node.value, key_node, value

    def _merged(self, blocks: list[Node], path: str) -> Iterator[tuple[ScalarNode, Node]]:
        """What merge keys bring, block by block; a block that merges itself brings nothing twice."""
        done: set[int] = set()
        while blocks:
            block, *blocks = blocks
            if not isinstance(block, MappingNode):
                self.complain(block, join(path, "<<"), "here belongs another block, or a list of blocks")
            elif id(block) not in done:
                done.add(id(block))
                for key_node, value in block.value:
                    if isinstance(key_node, ScalarNode) and key_node.value == "<<":
                        blocks += value.value if isinstance(value, SequenceNode) else [value]
                    elif isinstance(key_node, ScalarNode):
                        yield key_node, value

    def record(self, kind: type[Any], node: Node, path: str, *, without: Iterable[str] = ()) -> Any:  # noqa: ANN401 - an instance of `kind`
        """A dataclass from a mapping, or None with complaints. Keys named in ``without`` belong to somebody else."""
        fields = {field.name: field for field in dataclasses.fields(kind) if field.init}
        hints = get_type_hints(kind, include_extras=True)
        others = set(without)
        values: dict[str, Any] = {}
        seen = set()
        before = len(self.complaints)
        for key, key_node, value in self.pairs(node, path):
            seen.add(key)
            if key in fields:
                with suppress(UnreadableError):
                    values[key] = self.value(hints[key], value, join(path, key))
            elif key not in others:
                self.unknown(key_node, join(path, key), key, [*fields, *others], "key")
        for name, field in fields.items():
            missing = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            if missing and name not in seen and isinstance(node, MappingNode):
                self.complain(node, path, f"`{name}` is missing")
        if len(self.complaints) > before or not isinstance(node, MappingNode):
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
        if kind is InputFile:
            return self._input_file(node, path)
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
            return scalar(kind, text)
        except ValueError as error:
            hidden = node.tag in ("!env", "!file")  # a secret at the wrong place stays a secret
            self.complain(node, path, str(error).replace(f'"{text}"', "what it holds") if hidden else str(error))
            raise UnreadableError from None

    def _optional(self, kinds: list[Any], node: Node, path: str) -> Any:  # noqa: ANN401 - whatever `kinds` say
        if isinstance(node, ScalarNode) and not node.style and node.tag[0] != "!" and node.value in _NULL:
            return None
        return self.value(kinds[0], node, path)

    def _items(self, kind: Any, node: Node, path: str) -> list[Any]:  # noqa: ANN401 - whatever a type is
        if not isinstance(node, SequenceNode):
            self.complain(node, path, "here belongs a list: [a, b] or lines that begin with `-`")
            raise UnreadableError
        values = []
        for index, item in enumerate(node.value):
            with suppress(UnreadableError):
                values.append(self.value(kind, item, f"{path}[{index}]"))
        if len(values) < len(node.value):
            raise UnreadableError
        return values

    def _text(self, node: Node, path: str) -> str:
        if not isinstance(node, ScalarNode):
            self.complain(node, path, "here belongs a single value")
            raise UnreadableError
        text = str(node.value)
        if node.tag not in ("!env", "!file"):
            if node.tag.startswith("!"):  # not quoted: it may be a password that begins with an exclamation mark
                self.complain(node, path, "unknown tag; known are !env and !file; quote a value that begins with `!`")
                raise UnreadableError
            return text
        self.hidden.add(path)
        try:
            value = from_environment(text) if node.tag == "!env" else self._from_file(named_path(text))
        except ValueError as error:
            self.complain(node, path, str(error))
            raise UnreadableError from None
        if len(value) >= _SHORTEST_SECRET:
            self._kept.add(value)
        return value

    def _input_file(self, node: Node, path: str) -> Path:
        """Where a file to be read is; where there is none yet, beside the configuration."""
        text = self._text(node, path)
        try:
            candidates = self._candidates(named_path(text))
        except ValueError as error:
            self.complain(node, path, str(error))
            raise UnreadableError from None
        found = next((candidate for candidate in candidates if _is_file(candidate)), candidates[0])
        self.files.append(found)  # another key is a reason to knock again
        return found.absolute()

    def _folders(self) -> list[Path]:
        lent = os.environ.get("CREDENTIALS_DIRECTORY")
        return [self.file.parent, *([Path(lent)] if lent else [])]

    def _candidates(self, path: Path) -> list[Path]:
        """Where a file may be: beside the configuration, then where systemd lends it. A full path stays itself."""
        folders = self._folders()
        lent = ["_".join(path.parts), "_".join(("credentials", *path.parts))]  # how systemd names a folder's files
        beside = [folder / path for folder in folders]
        return beside + [folder / name for folder in folders[1:] for name in lent if not path.is_absolute()]

    def _from_file(self, path: Path) -> str:
        folders = self._folders()
        for candidate in self._candidates(path):
            try:
                text = read(candidate, _LARGEST_SECRET)
            except MissingFileError:
                continue
            except ValueError as error:
                raise ValueError(f"{candidate} cannot be read: {error}") from None
            self.files.append(candidate)
            return text.rstrip("\r\n")
        raise ValueError(f"no file {path} in {' or '.join(str(folder) for folder in folders)}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name that is too long, a folder that may not be looked into
        return False


def join(path: str, key: str) -> str:
    """The dotted path of a key inside a block."""
    return f"{path}.{key}" if path else key


def _check_depth(events: Iterable[Any]) -> None:
    depth = 0
    for event in events:
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="blocks are nested too deeply", problem_mark=event.start_mark)


def _problem(error: yaml.MarkedYAMLError) -> str:
    """What is wrong, without quoting what may be a password that begins with an asterisk."""
    problem = str(error.problem)
    if "alias" in problem:
        return "this alias is not defined; quote a value that begins with `*`"
    return "this tag is not defined; quote a value that begins with `!`" if "tag" in problem else problem
