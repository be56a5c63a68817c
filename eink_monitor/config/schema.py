"""From YAML to typed records, or every complaint with its line.

Scalars are read as the type that is *wanted*, never as YAML guesses: ``no`` stays text where text is wanted, ``12:30``
is no sexagesimal number, ``007`` keeps its zeros. All problems of a file are collected and reported at once as
``file:line:column: path: message``. ``!env NAME`` and ``!file PATH`` stand for a value anywhere a scalar may stand.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NoReturn, Union, get_args, get_origin

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from eink_monitor import places
from eink_monitor.config.choices import chosen
from eink_monitor.config.document import NoDocumentError, compose
from eink_monitor.config.files import Files
from eink_monitor.config.inside import inside
from eink_monitor.config.scalars import from_environment, scalar
from eink_monitor.config.scalars import path as named_path
from eink_monitor.errors import Complaint
from eink_monitor.nearest import nearest
from eink_monitor.settings import InputFile, KeyFile, MistakesError, OutputFolder, Secret, Vin, kinds

_NULL = {"", "~", "null", "Null", "NULL"}
_SHORTEST_SECRET = 4  # anything shorter may be an ordinary word of a complaint


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class UnreadableError(Exception):
    """A node could not become the wanted type; the complaint is already written down."""


class Reader:
    """Turns the nodes of one file into records and keeps the complaints.

    ``files`` are those that it names, ``hidden`` the paths of values that came from one or from the environment: they
    are never to be shown, whatever they were meant to be. ``inline`` is whether the file itself holds a secret.
    ``meant`` are the paths of keys that are present under a mistyped name.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._named = places.origin(file)
        self.files = Files(file.parent)
        self.hidden: set[str] = set()
        self.inline = False
        self.meant: set[str] = set()
        self.complaints: list[Complaint] = []
        self._kept: set[str] = set()  # the hidden values themselves, so that no complaint quotes one

    def compose(self) -> Node | None:
        """The root node of the file, or None with a complaint when it is missing or not YAML."""
        try:
            return compose(self.file)
        except NoDocumentError as error:
            self.complaints.append(Complaint(str(error), str(self._named), error.line, error.column))
            return None

    def complain(self, node: Node, path: str, message: str) -> None:
        """Write one complaint down, with its place; the same one only once."""
        mark = node.start_mark
        for secret in self._kept:
            message = message.replace(secret, "****")
        place = str(self._named), mark.line + 1, mark.column + 1
        complaint = Complaint(_printable(message), *place, _printable(path or "the file"))
        if complaint not in self.complaints:
            self.complaints.append(complaint)

    def pairs(self, node: Node, path: str) -> Iterator[tuple[str, Node, Node]]:
        """Key, key node and value node of a mapping; complains of a duplicate key or of what is no mapping.

        What a merge key (``<<: *other``) brings comes last, and only where the block does not say it itself.
        """
        if not isinstance(node, MappingNode):
            listed = ", without the `-` of a list" if isinstance(node, SequenceNode) else ""
            self.complain(node, path, f"expected a block of `key: value` lines{listed}")
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
                self.complain(key_node, join(path, key), f"this key appears twice (first on line {line})")
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
                self.complain(block, join(path, "<<"), "expected another block, or a list of blocks")
            elif id(block) not in done:
                done.add(id(block))
                for key_node, value in block.value:
                    if isinstance(key_node, ScalarNode) and key_node.value == "<<":
                        blocks += value.value if isinstance(value, SequenceNode) else [value]
                    elif isinstance(key_node, ScalarNode):
                        yield key_node, value

    def record(self, kind: type[Any], node: Node, path: str, *, without: Iterable[str] = ()) -> Any:  # noqa: ANN401 - an instance of `kind`
        """A dataclass from a mapping, or None with complaints. Keys named in ``without`` belong to somebody else."""
        found, whole = self.attempt(kind, node, path, without=without)
        return found if whole else None

    def attempt(self, kind: type[Any], node: Node, path: str, *, without: Iterable[str] = ()) -> tuple[Any, bool]:
        """As ``record``, and whether it is whole; else what could be read of it, None where nothing could.

        Whoever asks that for what could not be read meets ``UnreadableError``.
        """
        hints, fields, others = kinds(kind), _fields(kind), set(without)
        values: dict[str, Any] = {}
        wrong: set[str] = set()
        before = len(self.complaints)
        absent = dict(fields)
        for key, key_node, value in self.pairs(node, path):
            absent.pop(key, None)
            if key in fields:
                wrong.add(key)
                with suppress(UnreadableError):
                    values[key] = self.value(hints[key], value, join(path, key))
                    wrong.discard(key)
            elif key not in others:
                wrong.add(self._slip(key_node, path, key, [*fields, *others]))
        if not isinstance(node, MappingNode):
            return None, False
        for name, field in absent.items():
            if _needed(field):
                if name not in wrong:  # else it is present under a mistyped name
                    self.complain(node, path, f"`{name}` is missing{_choices(field, hints[name])}")
                wrong.add(name)
            elif hints[name] in (Path, OutputFolder):
                values[name] = self._placed(hints[name], _default(field))
        made = self._made(kind, values, wrong, node, path)
        if len(self.complaints) == before:
            return made, True
        return _part(kind, values, wrong), False

    def _made(self, kind: type[Any], values: dict[str, Any], wrong: set[str], node: Node, path: str) -> Any:  # noqa: ANN401 - an instance of `kind`
        """The dataclass, or None with its own complaints, but for those that may come of what is ``wrong`` already."""
        if "" in wrong or any(_needed(field) for field in dataclasses.fields(kind) if field.name in wrong):
            return None
        try:
            return kind(**values)
        except ValueError as error:
            if not any(key in str(error) for key in wrong):
                self.complain(_spoken_of(node, values, str(error)), path, str(error))
            wrong.update(key for key in values if key in str(error))
            return None

    def _slip(self, node: Node, path: str, key: str, known: Iterable[str]) -> str:
        """Complain of an unknown key of a block; the one that was meant, if that can be told."""
        guess = self.unknown(node, join(path, key), key, known, "key") or ""
        self.meant.add(join(path, guess))
        return guess

    def unknown(self, node: Node, path: str, word: str, known: Iterable[str], noun: str) -> str | None:
        """Complain of an unknown word and offer the nearest known one, which is returned."""
        known = sorted(set(known))
        near = nearest(word, known)
        hint = f"; did you mean `{near}`?" if near else f"; known are {', '.join(known)}" if known else ""
        self.complain(node, path, f"unknown {noun} `{word}`{hint}")
        return near or None

    def value(self, kind: Any, node: Node, path: str) -> Any:  # noqa: ANN401 - whatever `kind` says
        """One value of the wanted type. Raises ``UnreadableError`` after writing the complaint down."""
        origin, args = get_origin(kind), get_args(kind)
        if kind in (Path, InputFile, KeyFile, OutputFolder):
            return self._path(kind, node, path)
        if origin in (Union, types.UnionType):
            return self._optional([arg for arg in args if arg is not types.NoneType], node, path)
        if origin in (list, tuple):
            return origin(self._items(args[0], node, path))
        if origin in (dict, Mapping):
            return self._mapping(args[1], node, path)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind) and not hasattr(kind, "parse"):
            return self._whole(kind, node, path)
        text = self._text(node, path)
        self.inline |= kind in {Secret, Vin} and path not in self.hidden
        try:
            return scalar(kind, text, hidden=path in self.hidden)
        except ValueError as error:
            self._refuse(node, path, text, error)

    def _optional(self, kinds: list[Any], node: Node, path: str) -> Any:  # noqa: ANN401 - whatever `kinds` say
        if isinstance(node, ScalarNode) and not node.style and node.tag[0] != "!" and node.value in _NULL:
            return None
        kind = chosen(kinds, node, path, self.complain, self.unknown)
        if kind is None:
            raise UnreadableError
        return self.value(kind, node, path)

    def _whole(self, kind: type[Any], node: Node, path: str) -> Any:  # noqa: ANN401 - an instance of `kind`
        record = self.record(kind, node, path)
        if record is None:
            raise UnreadableError
        return record

    def _mapping(self, kind: Any, node: Node, path: str) -> dict[str, Any]:  # noqa: ANN401 - whatever a type is
        values: dict[str, Any] = {}
        for key, _, value in self.pairs(node, path):
            with suppress(UnreadableError):
                values[key] = self.value(kind, value, join(path, key))
        if not isinstance(node, MappingNode) or (node.value and not values):  # and a complaint says why
            raise UnreadableError
        return values

    def _items(self, kind: Any, node: Node, path: str) -> list[Any]:  # noqa: ANN401 - whatever a type is
        if not isinstance(node, SequenceNode):
            self.complain(node, path, "expected a list: [a, b] or lines that begin with `-`")
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
            self.complain(node, path, "expected a single value")
            raise UnreadableError
        text = str(node.value)
        if node.tag not in ("!env", "!file"):
            if node.tag.startswith("!"):  # not quoted: it may be a password that begins with an exclamation mark
                self.complain(node, path, "unknown tag; known are !env and !file; quote a value that begins with `!`")
                raise UnreadableError
            return text
        self.hidden.add(path)
        try:
            value = from_environment(text) if node.tag == "!env" else self.files.text(named_path(text))
        except ValueError as error:
            self.complain(node, path, str(error))
            raise UnreadableError from None
        if len(value) >= _SHORTEST_SECRET:
            self._kept.add(value)
        return value

    def _refuse(self, node: Node, path: str, text: str, error: ValueError) -> NoReturn:
        """Complain of a value, and stop reading it; a misplaced secret is still not quoted."""
        hidden = node.tag in ("!env", "!file")
        if isinstance(error, MistakesError):
            if hidden:
                self.complain(node, path, f"what it holds is no {error.noun}")
            for mistake in () if hidden else error.mistakes:
                self.complain(inside(self.file, node, mistake.at), path, mistake.message)
            raise UnreadableError from error
        self.complain(node, path, str(error).replace(f'"{text}"', "what it holds") if hidden else str(error))
        raise UnreadableError from error

    def _path(self, kind: Any, node: Node, path: str) -> Path:  # noqa: ANN401 - one of three kinds of path
        text = self._text(node, path)
        try:
            named = named_path(text)
        except ValueError as error:
            self._refuse(node, path, text, error)
        if kind in (InputFile, KeyFile):
            return self.files.find(named, secret=kind == KeyFile)
        return self._placed(kind, named)

    def _placed(self, kind: Any, path: Path) -> Path:  # noqa: ANN401 - one of two kinds of path
        return self.files.writable(path) if kind == OutputFolder else self.files.anchored(path)


def join(path: str, key: str) -> str:
    """The dotted path of a key inside a block."""
    return f"{path}.{key}" if path else key


def _spoken_of(node: Node, keys: Iterable[str], message: str) -> Node:
    """The value of the key with which a message begins, else the block."""
    spoken = re.match(r"`?(\w+)", message)
    written = node.value if spoken and spoken[1] in set(keys) and isinstance(node, MappingNode) else ()
    return next((value for key, value in written if key.value == spoken[1]), node) if spoken else node


def _part(kind: type[Any], values: Mapping[str, Any], wrong: set[str]) -> Any:  # noqa: ANN401 - a part of a `kind`
    """A record of what could be read. An unknown key that resembles none may have been meant to be any."""
    fields = _fields(kind)
    known = {name: values[name] for name in values if name not in wrong}
    if "" not in wrong:
        known = {
            name: _default(field) for name, field in fields.items() if name not in wrong and not _needed(field)
        } | known
    unread = dict.fromkeys(set(fields) - set(known), property(_unread))
    part: Any = object.__new__(types.new_class(kind.__name__, (kind,), exec_body=lambda space: space.update(unread)))
    vars(part).update(known)
    return part


def _unread(_: object) -> NoReturn:
    raise UnreadableError


def _fields(kind: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    return {field.name: field for field in dataclasses.fields(kind) if field.init}


def _needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _default(field: dataclasses.Field[Any]) -> Any:  # noqa: ANN401 - whatever the field holds
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


def _choices(field: dataclasses.Field[Any], kind: Any) -> str:  # noqa: ANN401 - a type
    """What a missing key may say, where only certain words will do."""
    words = ", ".join(map(str, get_args(kind))) if get_origin(kind) is Literal else field.metadata.get("choices", "")
    return f"; known are {words}" if words else ""
