"""``eink-monitor recipe``."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import click

from eink_monitor import places
from eink_monitor.clock import SystemClock, stamp
from eink_monitor.config import plugins, recipes
from eink_monitor.config.recipe_file import Recipe, RecipeError
from eink_monitor.config.recipes import RecipeSource
from eink_monitor.errors import ConfigError, Trouble
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source
from eink_monitor.outside import legible
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._recording import Recording, read
from eink_monitor.verbs._table import table, told


@click.group()
def command() -> None:
    """Recipes: sources that need no Python, and your own."""


@command.command(name="list")
@config_option
def _list(config_file: Path | None) -> None:
    """List the recipes, and the files that they are in."""
    files = recipes.files(_beside(config_file))
    click.echo(table(("type", "file"), [(name, str(file)) for name, file in sorted(files.items())]))


@command.command()
@click.argument("name")
@config_option
def show(name: str, config_file: Path | None) -> None:
    """Print a recipe: one to begin your own with."""
    files = recipes.files(_beside(config_file))
    if name not in files:
        raise click.UsageError(f"no recipe is called `{name}`; there are {', '.join(sorted(files))}")
    click.echo(legible(files[name].read_text(encoding="utf-8", errors="replace"), but="\n"), nl=False)


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--answer", type=click.Path(path_type=Path), help="A saved answer, or a recording: what would it become?")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="What the recipe takes.")
def check(file: Path, answer: Path | None, settings: tuple[str, ...]) -> int:
    """Say what is wrong with the recipe in FILE, whom it would reach, and what it would ask.

    Nothing is sent. With --answer it says what an answer becomes that you saved (curl -o FILE URL), or what a
    recording does: `now`, `settings`, and `answers` with `status`, `headers` and `body`. The exit code is 78 for a
    recipe with mistakes.
    """
    try:
        kind = recipes.made(file)
    except RecipeError as error:
        click.echo("\n".join(f"eink-monitor: {complaint}" for complaint in error.complaints), err=True)
        return os.EX_CONFIG
    try:
        saved = read(answer) if answer else Recording()
        source = _source(kind, {**saved.settings, **dict(_pairs(settings))})
        lines = [f"{file}: good", *_about(kind.recipe, source), *(_becomes(source, saved) if answer else ())]
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    click.echo("\n".join(lines))
    for doubt in _doubts(kind.recipe):
        click.echo(f"eink-monitor: {doubt}", err=True)
    return 0


def _beside(config_file: Path | None) -> Path | None:
    with suppress(ConfigError):
        return places.configuration(config_file).parent
    return None


def _pairs(settings: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for setting in settings:
        key, mark, value = setting.partition("=")
        if not mark:
            message = f"--set {key}: write KEY=VALUE"
            raise ValueError(message)
        yield key, value


def _source(kind: type[RecipeSource], settings: Mapping[str, str]) -> RecipeSource:
    """A source of the recipe; what is not set is as its example. Raises ``ValueError``."""
    takes = kind.recipe.takes
    if strange := sorted(set(settings) - set(takes)):
        message = f"it takes no {strange[0]}; it takes {', '.join(takes) or 'nothing'}"
        raise ValueError(message)
    given = {name: take.value(settings[name]) if name in settings else take.shown for name, take in takes.items()}
    return kind(**given)


def _about(recipe: Recipe, source: RecipeSource) -> Iterator[str]:
    """What it is, whom it reaches, what it asks, and what it publishes."""
    yield f"title      {recipe.title}"
    for name, take in recipe.takes.items():
        usual = "required" if take.default is None else f"else {take.default}" if take.default else "may be left out"
        yield f"takes      {name}: {take.words} ({take.type}, {usual})"
    door, block, values = recipe.door, recipe.block, source.values()
    yield f"reaches    {', '.join(sorted(door.places(block, values)))}"
    yield from (f"asks       {line}" for line in door.asks(block, values))
    quota = source.quota()
    allowed = ", ".join(f"{budget.calls} calls a {budget.span}" for budget in quota.budgets) if quota else "no limit"
    yield f"may cost   {allowed}"
    for subject, metrics in source.publishes("it").items():
        yield from (f"publishes  {subject} {metric.name} ({metric.unit}): {metric.words}" for metric in metrics)
    for noun, found in (("lists", source.lists("it")), ("tells", source.tells("it"))):
        yield from (f"{noun.ljust(9)}  {subject} {name}" for subject, names in found.items() for name in names)


def _becomes(source: RecipeSource, saved: Recording) -> Iterator[str]:
    """What the answers become, and how each value was found."""
    with tempfile.TemporaryDirectory() as state:
        now = saved.now or SystemClock().now()
        visit = Visit("it", "it", now, places.time_zone(), 300, {}, Path(state), allowance=1000, explained=[])
        recipe = source.recipe
        try:
            said = list(recipe.door.rehearse(recipe.block, visit, source.values(), saved.answers))
        except Trouble as trouble:
            yield from visit.explained or ()
            yield f"becomes    {trouble.what}: {trouble}"
            return
        yield from visit.explained or ()
        yield from (f"becomes    {line}" for one in said for line in _lines(one, visit))
        yield from [f"note       {visit.note}"] if visit.note else ()


def _lines(said: Said, visit: Visit) -> Iterator[str]:
    if isinstance(said, Reading):
        value = " ".join(told(said._replace(value=said.metric.rounded(said.value)), visit.zone)).strip()
        yield f"{said.subject} {said.metric.name} {value}, measured {stamp(said.at, visit.zone)}"
    elif isinstance(said, Listing):
        yield f"{said.subject} {said.name}: {len(said.items)} items, as of {stamp(said.at, visit.zone)}"
    elif isinstance(said, Event):
        yield f"{said.subject} {said.kind} {said.key}: {dict(said.figures)} {dict(said.words)}"
    elif isinstance(said, Outlook):
        yield f"{said.subject} {said.metric.name}: {len(said.slots)} slots expected"


def _doubts(recipe: Recipe) -> Iterator[str]:
    """What works, but not as it could."""
    if recipe.name in plugins.names(Source):  # type: ignore[type-abstract]
        yield f"`{recipe.name}` is a type of its own already, which this recipe would never replace; rename the file"
    if not recipe.guide:
        yield "guide: says nobody where to find what it takes"
    if not recipe.local and not recipe.door.cost(recipe.block):
        yield "it is not `local: true`, and no calls_per_* says what its vendor allows"
