"""The place of a character of a value in the file: a condition may be quoted, folded or written over several lines."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from yaml.error import Mark
from yaml.nodes import Node, ScalarNode

from eink_monitor.config.scalars import read

_LARGEST = 1024 * 1024


def inside(file: Path, node: Node, offset: int) -> Node:
    """A node for what begins at a character (from 0) of a value; the node itself if unknown.

    YAML changes blanks, line ends and escapes in quotes: the place is found by counting characters.
    """
    if not isinstance(node, ScalarNode) or node.tag.startswith("!"):
        return node
    try:
        lines = read(file, _LARGEST).split("\n")
    except ValueError:  # it is gone since it was read
        return node
    ended = not node.value[offset:].strip()
    before = len("".join(node.value[:offset].split())) - ended
    found = next(islice(_letters(lines, node), max(0, before), None), None)
    if found is None:
        return node
    line, column, width = found
    mark = Mark(node.start_mark.name, 0, line, column + (width if ended else 0), None, 0)
    return ScalarNode(node.tag, node.value[offset:], mark, node.end_mark)


def _letters(lines: list[str], node: ScalarNode) -> Iterator[tuple[int, int, int]]:
    """Line and column (from 0) of each letter of a value, and how many letters of the file it is written with."""
    start, end, style = node.start_mark, node.end_mark, node.style
    quoted = style in {"'", '"'}
    first = start.line + (style in {"|", ">"})
    for line in range(first, min(end.line + 1, len(lines))):
        column = start.column + quoted if line == start.line else 0
        while column < (end.column - quoted if line == end.line else len(lines[line])):
            pair = lines[line][column : column + 2]
            width = 2 if (style == '"' and pair[:1] == "\\") or (style == "'" and pair == "''") else 1
            if pair[:1].strip() and width <= len(pair):  # a backslash at the end of a line joins it to the next
                yield line, column, width
            column += width
