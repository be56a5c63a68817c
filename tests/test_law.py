"""Laws for code that nobody has written yet: plugins are strangers, a name means one class, functions are simple."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grimp
import pytest

import eink_monitor
from eink_monitor.config import plugins
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source

PACKAGE = Path(eink_monitor.__file__).parent
GRAPH = grimp.build_graph("eink_monitor")
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
MOST_PATHS = 12
BRANCHES: dict[type[ast.AST], Callable[[Any], int]] = {
    ast.Assert: lambda _: 1,
    ast.BoolOp: lambda node: len(node.values) - 1,
    ast.For: lambda node: 1 + bool(node.orelse),
    ast.If: lambda _: 1,
    ast.IfExp: lambda _: 1,
    ast.Match: lambda node: len(node.cases),
    ast.Try: lambda node: len(node.handlers) + bool(node.orelse),
    ast.While: lambda node: 1 + bool(node.orelse),
    ast.comprehension: lambda node: 1 + len(node.ifs),
}
USUAL_FILE, LONGEST_FILE, LONGEST_FUNCTION = 200, 350, 40  # lines
ROOMS = {Source: "sources", Panel: "panels", Display: "displays"}


@pytest.mark.parametrize("kind", ROOMS)
def test_plugins_are_strangers(kind: type[Source | Panel | Display]) -> None:
    names = {f"eink_monitor.{ROOMS[kind]}.{name}" for name in plugins.names(kind)}  # type: ignore[type-var]
    assert names
    for name in names:
        known = GRAPH.find_upstream_modules(name, as_package=True)
        assert not known & (names - {name}), f"{name} knows a sibling"


@pytest.mark.parametrize("kind", ROOMS)
def test_the_tools_of_a_room_know_no_plugin(kind: type[Source | Panel | Display]) -> None:
    room = f"eink_monitor.{ROOMS[kind]}"
    names = {f"{room}.{name}" for name in plugins.names(kind)}  # type: ignore[type-var]
    for tool in GRAPH.find_children(room) - names:
        assert not GRAPH.find_upstream_modules(tool, as_package=True) & names, f"{tool} knows a plugin"


def test_no_two_classes_have_one_name() -> None:
    """Whoever searches for a name finds one class."""
    where: dict[str, list[str]] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(f"{file.relative_to(PACKAGE)}:{node.lineno}")
    assert {name: places for name, places in where.items() if len(places) > 1} == {}


def test_files_and_functions_are_as_short_as_the_guide_says() -> None:
    texts = {file: file.read_text(encoding="utf-8") for file in sorted(PACKAGE.rglob("*.py"))}
    lengths = [len(text.splitlines()) for text in texts.values()]
    assert max(lengths) <= LONGEST_FILE
    assert sum(length <= USUAL_FILE for length in lengths) >= 0.8 * len(lengths)
    long = [
        f"{file.relative_to(PACKAGE)} {node.name}"
        for file, text in texts.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, FUNCTION) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert long == []


def test_no_function_has_many_paths() -> None:
    """Ruff (C901) counts statements that branch; this counts what branches inside them, too, as radon does."""
    files = {file: ast.parse(file.read_text(encoding="utf-8")) for file in sorted(PACKAGE.rglob("*.py"))}
    found = {
        f"{file.relative_to(PACKAGE)} {node.name}": 1
        + sum(BRANCHES[type(part)](part) for part in inside(node) if type(part) in BRANCHES)
        for file, tree in files.items()
        for node in ast.walk(tree)
        if isinstance(node, FUNCTION)
    }
    assert {name: paths for name, paths in found.items() if paths > MOST_PATHS} == {}


def inside(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """Everything in the body of a function but for what is in functions of its own."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, FUNCTION):
            todo += ast.iter_child_nodes(node)
