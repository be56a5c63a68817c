"""Recipes as types of source: where they are, and a class made of each.

The program's own are in ``eink_monitor/recipes``; people's in ``/etc/eink-monitor/recipes``, and in ``recipes`` beside
the configuration. Where two have one name, the one that is nearer to the configuration counts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from eink_monitor import places
from eink_monitor.config.doors import Values
from eink_monitor.config.recipe_file import Recipe, RecipeError, Take, read, said
from eink_monitor.errors import BadAnswer, Complaint, Trouble
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import SharedLine, Source

SHIPPED = Path(__file__).parent.parent / "recipes"
_HOUSE = Path("/etc/eink-monitor/recipes")


def files(beside: Path | None = None) -> dict[str, Path]:
    """Every recipe by its name; ``beside`` is the folder of the configuration."""
    own = [places.home(beside) / "recipes"] if beside else []
    found = dict(_shipped())
    for folder in (_HOUSE, *own):
        found |= _in(folder)
    return found


@cache
def _shipped() -> Mapping[str, Path]:
    return _in(SHIPPED)


def _in(folder: Path) -> dict[str, Path]:
    try:
        return {file.stem: file for file in folder.glob("[!._]*.yaml")}
    except OSError:  # a folder that may not be looked into
        return {}


class RecipeSource(Source):
    """What all recipes have in common; the fields of one are what it ``takes``."""

    recipe: ClassVar[Recipe]

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for settings that lead nowhere."""
        try:
            self.recipe.door.places(self.recipe.block, self.values())
        except Trouble as error:
            message = error.fact
        else:
            return
        raise ValueError(message)

    def values(self) -> Values:
        """What the recipe's names stand for."""
        return {name: said(getattr(self, name)) for name in self.recipe.takes}

    @property
    def local(self) -> bool:
        """As the recipe says."""
        return self.recipe.local

    @property
    def modules(self) -> tuple[str, ...]:
        """Those of the door."""
        return self.recipe.door.modules(self.recipe.block)

    @property
    def renews(self) -> str:
        """The settings with which it proves who asks."""
        secrets = [name for name, take in self.recipe.takes.items() if take.type == "secret"]
        return " or ".join(secrets) if secrets and self.recipe.door.signs_in(self.recipe.block) else ""

    @property
    def thing(self) -> object:
        """The device or account: two must not be one subject."""
        return tuple(sorted((name, str(value)) for name, value in self.values().items()))

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The metrics that it names."""
        return self.recipe.door.published(self.recipe.block, subject)

    def lists(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The lists that it names."""
        return self.recipe.door.named(self.recipe.block, subject)[0]

    def tells(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The kinds of events that it names."""
        return self.recipe.door.named(self.recipe.block, subject)[1]

    @property
    def follows(self) -> bool:
        """Whether the other side speaks by itself."""
        return self.recipe.door.follows

    @property
    def polls(self) -> bool:
        """Whether it must be asked."""
        return not self.recipe.door.follows

    @property
    def line(self) -> SharedLine | None:
        """The connection that it shares with others."""
        return self.recipe.door.line(self.recipe.block, self.values())

    def patience(self, every: int) -> int:
        """Three intervals, or as long as the other side may be silent."""
        return max(3 * every, self.recipe.door.silence(self.recipe.block))

    def quota(self) -> Quota | None:
        """What the recipe says that the vendor allows."""
        return self.recipe.door.quota(self.recipe.block, self.values(), self.recipe.name)

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the same at any time
        """All calls of a poll that may be needed; what was not is given back."""
        return self.recipe.door.cost(self.recipe.block)

    def poll(self, visit: Visit) -> Iterable[Said]:
        """Fill the door's block, and ask."""
        return self.recipe.door.poll(self.recipe.block, visit, self.values())


@dataclasses.dataclass(frozen=True)
class UnreadSource(Source):
    """A source whose recipe has mistakes: they cost this source, and no other."""

    complaints: tuple[Complaint, ...]

    def poll(self, visit: Visit) -> Iterable[Said]:
        """Says what is wrong, until somebody mends it."""
        raise BadAnswer(f"{visit.feed}: {self.complaints[0]}", "mend the recipe, then reload")

    def doubts(self) -> Iterator[tuple[str, str]]:
        """The mistakes, each with its place."""
        yield from ((str(complaint), "mend the recipe") for complaint in self.complaints)


def load(name: str, beside: Path | None = None) -> type[RecipeSource]:
    """The class of a recipe. Raises ``KeyError`` where there is none of that name, ``RecipeError`` for its mistakes."""
    return made(files(beside)[name])


def made(file: Path) -> type[RecipeSource]:
    """The class of the recipe in a file, the same as long as the file is the same. Raises ``RecipeError``."""
    stamp = places.age(file)
    known = _MADE.get(file)
    if known is None or known[0] != stamp:
        known = _MADE[file] = stamp, _class(read(file))
    return known[1]


_MADE: dict[Path, tuple[int, type[RecipeSource]]] = {}


def _class(recipe: Recipe) -> type[RecipeSource]:
    """A frozen dataclass whose fields are what the recipe takes."""
    published = recipe.door.published(recipe.block, "x").values()
    about = {
        "__doc__": recipe.title,
        "__module__": __name__,
        "recipe": recipe,
        "metrics": tuple(dict.fromkeys(metric for metrics in published for metric in metrics)),
        "preload": recipe.door.preload,
        "extra": recipe.door.extra,
        "group": recipe.group,
        "guide": recipe.guide,
        "words": {name: _words(take) for name, take in recipe.takes.items()},
        "usual": recipe.every,
    }
    title = "".join(part.capitalize() for part in recipe.name.split("_"))
    fields = [(name, take.kind, _field(take)) for name, take in recipe.takes.items()]
    return dataclasses.make_dataclass(
        f"{title}Recipe", fields, bases=(RecipeSource,), namespace=about, frozen=True, kw_only=True
    )


def _words(take: Take) -> str:
    return f"{take.words}, such as {take.example}" if take.example else take.words


def _field(take: Take) -> Any:  # noqa: ANN401 - a field has no type that can be told
    return dataclasses.field() if take.default is None else dataclasses.field(default=take.usual)


__all__ = ["SHIPPED", "RecipeError", "RecipeSource", "UnreadSource", "files", "load", "made"]
