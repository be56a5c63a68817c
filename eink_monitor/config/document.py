"""From a file to its YAML nodes, or the reason why it is not YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from yaml.nodes import Node

from eink_monitor.config.scalars import read

_LARGEST = 1024 * 1024
_DEEPEST = 64  # blocks in blocks; libyaml would otherwise recurse on the C stack
_CLOSES = {"{": "}", "[": "]"}
_TAB = re.compile(r"^ *\t", re.MULTILINE)


class NoDocumentError(ValueError):
    """What is wrong with the file as a whole, at a line and column from 1; both are 0 where it was not even read."""

    def __init__(self, message: str, line: int | None = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = (0, 0) if line is None else (line + 1, column + 1)


def compose(file: Path, largest: int = _LARGEST, *, aliases: bool = True) -> Node:
    """The root node of the file; without ``aliases`` nothing in it may stand twice. Raises ``NoDocumentError``."""
    try:
        text = read(file, largest)
    except ValueError as error:
        raise NoDocumentError(f"cannot be read: {error}", None) from None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check(yaml.parse(text, Loader=loader), aliases=aliases)
        node: Node | None = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        told = _tab(text, line) or NoDocumentError(f"not valid YAML: {_problem(error, text)}", line, column)
        raise told from None
    except (yaml.YAMLError, RecursionError) as error:
        raise NoDocumentError(f"not valid YAML: {str(error).splitlines()[0]}") from None
    if node is None:
        raise NoDocumentError("the file is empty")
    return node


def _tab(text: str, line: int) -> NoDocumentError | None:
    """A tab at the start of a line, up to where reading ended: most likely the mistake."""
    found = _TAB.search(text)
    if found is None or (at := text.count("\n", 0, found.end())) > line:
        return None
    return NoDocumentError("not valid YAML: this line begins with a tab; indent with spaces", at, len(found[0]) - 1)


def _check(events: Iterable[Any], *, aliases: bool) -> None:
    depth = 0
    alias: Any = yaml.AliasEvent
    for event in events:
        if not aliases and isinstance(event, alias):
            raise yaml.MarkedYAMLError(problem="there are no aliases here", problem_mark=event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise yaml.MarkedYAMLError(problem="blocks are nested too deeply", problem_mark=event.start_mark)


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    """What is wrong, without quoting what may be a password that begins with an asterisk."""
    problem = str(error.problem)
    if problem.startswith("there are no"):
        return f"{problem}; write it out, or quote a value that begins with `*`"
    if "alias" in problem:
        return "this alias is not defined; quote a value that begins with `*`"
    if "tag" in problem:
        return "this tag is not defined; quote a value that begins with `!`"
    return _mistake(error.context_mark, error.problem_mark, text) or problem


def _mistake(began: yaml.Mark | None, ended: yaml.Mark | None, text: str) -> str:
    """A common mistake in plain words, recognised by where reading began and ended, not by the library's message."""
    if ended is None:
        return ""
    there = _letter(text, ended)
    if began is None:
        return "no second `key:` fits here; fix the indentation, or quote a value with `: ` in it" * (there == ":")
    opened, line = _letter(text, began), began.line + 1
    if opened in _CLOSES:
        return f"the `{opened}` on line {line} has no closing `{_CLOSES[opened]}`, or a comma is missing"
    if opened in ("'", '"'):
        return f"the quote that opens on line {line} is never closed; add `{opened}`" * (not there)
    if not there or ended.column == began.column or _line(text, ended)[: ended.column].strip():
        return ""
    return f"this line is not indented like the block that begins on line {line}; line them up"


def _letter(text: str, mark: yaml.Mark) -> str:
    return _line(text, mark)[mark.column : mark.column + 1]


def _line(text: str, mark: yaml.Mark) -> str:
    lines = text.split("\n")
    return lines[mark.line] if mark.line < len(lines) else ""
