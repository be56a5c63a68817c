"""The types of source, recipes included, by what they read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from eink_monitor.config import plugins
from eink_monitor.config.recipes import RecipeError
from eink_monitor.model.source import GROUPS, Source


def types_by_group(beside: Path | None) -> Iterator[str]:
    """Every type in a line, below its group; ``beside`` is the folder of the configuration.

    A recipe with mistakes is told on standard error.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for name in plugins.types(Source, beside):  # type: ignore[type-abstract]
        try:
            source = plugins.load(Source, name, beside)  # type: ignore[type-abstract]
        except RecipeError as error:
            click.echo(f"eink-monitor: {error.complaints[0]}", err=True)
            continue
        words = (source.__doc__ or "").strip().partition("\n")[0]
        found.setdefault(source.group if source.group in GROUPS else "other", []).append((name, words))
    width = max(len(name) for names in found.values() for name, _ in names)
    for group, title in GROUPS.items():
        if group in found:
            yield f"{title}:"
            yield from (f"  {name.ljust(width)}  {words}" for name, words in found[group])
