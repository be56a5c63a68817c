"""A new block as YAML text: short values on their line, a block of several keys in lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

Block = Mapping[str, Any]
"""Keys and values: texts, numbers, truths, lists, blocks, and ``FromFile``."""

_SIMPLE = re.compile(r"\w[\w./-]*", re.ASCII)
_ROOM, _SHORT = 100, 72  # letters of a line, and of one that holds a whole block


class FromFile(str):
    """The path of a file whose text is the value: ``!file PATH``."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Also writes ``FromFile``, and repeats what occurs twice instead of naming it."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's interface
        return True


_Dumper.add_representer(FromFile, lambda dumper, path: dumper.represent_scalar("!file", str(path)))


def _scalar(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """In one line, whatever the text."""
    odd = not text.isprintable()
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if odd else None)


_Dumper.add_representer(str, _scalar)


def in_lines(name: str, block: Block, indent: str) -> list[str]:
    """The lines of a block, from its key on; a short one takes a single line."""
    short = f"{indent}{in_braces(name, block)}"
    if len(short) <= _SHORT and not any(isinstance(value, FromFile) for value in block.values()):
        return [short]
    lines = [f"{indent}{_flow(name)}:"]
    inner = f"{indent}  "
    for key, value in block.items():
        said = f"{inner}{_flow(key)}: {_flow(value)}"
        if isinstance(value, Mapping) and value and (len(said) > _ROOM or any(map(_is_block, value.values()))):
            lines.append(f"{inner}{_flow(key)}:")
            lines += [f"{inner}  {_flow(one)}: {_flow(other)}" for one, other in value.items()]
        else:
            lines.append(said)
    return lines


def in_braces(name: str, block: Block) -> str:
    """The same in one line."""
    return f"{_flow(name)}: {_flow(dict(block))}"


def _is_block(value: object) -> bool:
    return isinstance(value, Mapping)


def _flow(value: Any) -> str:  # noqa: ANN401 - whatever a block may hold
    if isinstance(value, FromFile) and _SIMPLE.fullmatch(value):  # which the library would quote
        return f"!file {value}"
    plain = _plain(value)
    said = yaml.dump(plain, Dumper=_Dumper, default_flow_style=True, width=10**9, allow_unicode=True, sort_keys=False)
    return said.removesuffix("\n").removesuffix("\n...")


def _plain(value: Any) -> Any:  # noqa: ANN401 - as above
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value
