"""Laws for plugins that nobody has written yet: no plugin imports another, and a name means one class."""

from __future__ import annotations

import ast
from pathlib import Path

import grimp
import pytest

import eink_monitor
from eink_monitor.config import plugins
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source

PACKAGE = Path(eink_monitor.__file__).parent
GRAPH = grimp.build_graph("eink_monitor")
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
