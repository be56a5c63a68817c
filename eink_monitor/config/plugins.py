"""A plugin is a file or a package: ``sources/skoda.py`` is ``type: skoda``.

Nothing is registered anywhere. A name that starts with ``_`` is not a plugin. A module is imported only when the
configuration names it, and defines exactly one class of its kind. A source may be a recipe, too: ``recipes`` makes a
class of it.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from eink_monitor.config import recipes
from eink_monitor.model.display import Display
from eink_monitor.model.panel import Panel
from eink_monitor.model.source import Source

Kind = TypeVar("Kind", Source, Panel, Display)

_ROOMS = {Source: "sources", Panel: "panels", Display: "displays"}


def names(kind: type[Kind]) -> list[str]:
    """Every plugin of a kind, in alphabetical order, without importing any."""
    return list(_names(_ROOMS[kind]))


@cache
def _names(room: str) -> tuple[str, ...]:
    folder = Path(__file__).parent.parent / room  # pkgutil says the same, 5 ms of a cold start later
    files = [file.stem for file in folder.glob("[!_]*.py")]
    return tuple(sorted([*files, *(file.parent.name for file in folder.glob("[!_]*/__init__.py"))]))


def types(kind: type[Kind], beside: Path | None = None) -> list[str]:
    """All that a ``type:`` may say: plugins, and recipes; ``beside`` is the folder of the configuration."""
    return sorted({*names(kind), *(recipes.files(beside) if _ROOMS[kind] == "sources" else ())})


def own(kind: type[Kind], name: str, beside: Path) -> list[Path]:
    """The file of a type that is a recipe of somebody's own: when it changes, so has the configuration."""
    if _ROOMS[kind] != "sources" or name in names(kind):
        return []
    file = recipes.files(beside)[name]
    return [] if file.parent == recipes.SHIPPED else [file]


def load(kind: type[Kind], name: str, beside: Path | None = None) -> type[Kind]:
    """The class of a type. Raises ``KeyError`` for a name that ``types`` does not list.

    Raises ``RecipeError`` for a recipe with mistakes.
    """
    if name not in names(kind):
        if _ROOMS[kind] == "sources":
            return recipes.load(name, beside)  # type: ignore[return-value]
        raise KeyError(name)
    module = import_module(f"eink_monitor.{_ROOMS[kind]}.{name}")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == module.__name__:
            return value
    message = f"{module.__name__} defines no {kind.__name__}"
    raise TypeError(message)
