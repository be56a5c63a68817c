"""The table of docs/recipes.md, made from the recipes: ``.venv/bin/python tests/recipes/table.py`` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from eink_monitor.config import recipes
from eink_monitor.model.source import GROUPS

GUIDE = Path(__file__).parents[2] / "docs" / "recipes.md"
_HEAD = "| `type` | What it reads | Keys |\n|---|---|---|\n"


def table() -> str:
    """A row for each recipe, those of a group together."""
    shipped = (recipes.made(file).recipe for file in recipes.SHIPPED.glob("*.yaml"))
    ordered = sorted(shipped, key=lambda recipe: (list(GROUPS).index(recipe.group), recipe.name))
    return _HEAD + "".join(
        f"| `{recipe.name}` | {recipe.title} | {', '.join(f'`{key}`' for key in recipe.takes)} |\n"
        for recipe in ordered
    )


def with_table(text: str) -> str:
    """The guide with its table made anew."""
    return re.sub(re.escape(_HEAD) + r"(?:\|.*\n)*", lambda _: table(), text)


if __name__ == "__main__":
    GUIDE.write_text(with_table(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
