"""A plugin is a file or a package: ``sources/skoda.py`` is ``type: skoda``.

Nothing is registered anywhere. A name that starts with ``_`` is not a plugin. A module is imported only when the
configuration names it, and defines exactly one class of its kind.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TypeVar

from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source

Kind = TypeVar("Kind", Source, Panel, Display)

_ROOMS = {Source: "sources", Panel: "panels", Display: "displays"}


def names(kind: type[Kind]) -> list[str]:
    """Every plugin of a kind, in alphabetical order, without importing any."""
    folder = Path(__file__).parent.parent / _ROOMS[kind]  # pkgutil says the same, 5 ms of a cold start later
    return sorted(
        [file.stem for file in folder.glob("[!_]*.py")]
        + [file.parent.name for file in folder.glob("[!_]*/__init__.py")]
    )


def load(kind: type[Kind], name: str) -> type[Kind]:
    """The plugin class of that module. Raises ``KeyError`` for a name that ``names`` does not list."""
    if name not in names(kind):
        raise KeyError(name)
    module = import_module(f"eink_monitor.{_ROOMS[kind]}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__:
            return value
    message = f"{module.__name__} defines no {kind.__name__}"
    raise TypeError(message)
