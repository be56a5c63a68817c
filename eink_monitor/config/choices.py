"""Settings of one of several kinds: a text, a list or a block, or one of several blocks that a ``type`` tells apart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, get_args, get_origin

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from eink_monitor.settings import kinds

Unknown = Callable[[Node, str, str, Iterable[str], str], object]
"""Complains of an unknown word (node, path, the word, those that are known, what it should be)."""


def chosen(among: Sequence[Any], node: Node, path: str, complain: Callable[..., object], unknown: Unknown) -> Any:  # noqa: ANN401 - a type
    """Which of several kinds a node is meant to be; None, with a complaint, where its ``type`` does not say so."""
    records = {word: kind for kind in among if dataclasses.is_dataclass(kind) for word in _types(kind)}
    if records and isinstance(node, MappingNode):
        return _record(records, node, path, complain, unknown)
    if isinstance(node, MappingNode) and (block := next(filter(_is_block, among), None)):
        return block
    listed = isinstance(node, SequenceNode)
    return next((kind for kind in among if (get_origin(kind) in {list, tuple}) == listed), among[0])


def _record(
    records: dict[str, Any], node: MappingNode, path: str, complain: Callable[..., object], unknown: Unknown
) -> Any:  # noqa: ANN401 - a type
    """The kind of block that its ``type`` names."""
    types = [value for key, value in node.value if key.value == "type"]
    word = types[0].value if types and isinstance(types[0], ScalarNode) else ""
    if types and word not in records:
        unknown(types[0], f"{path}.type", str(word), records, "type")
    elif not types:
        complain(node, path, f"`type` is missing; known are {', '.join(sorted(records))}")
    return records.get(word)


def _is_block(kind: Any) -> bool:  # noqa: ANN401 - a type
    """Whether it is written as lines of keys, and not as a text that it parses."""
    return dataclasses.is_dataclass(kind) and not hasattr(kind, "parse")


def _types(kind: Any) -> tuple[str, ...]:  # noqa: ANN401 - a type
    """What the ``type`` of a record may say."""
    return get_args(kinds(kind).get("type"))
