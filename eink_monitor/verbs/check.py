"""``eink-monitor check``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import click

from eink_monitor.verbs._house import config_option, load


@click.command()
@config_option
def command(config_file: Path | None) -> None:
    """Validate the configuration and print the house it describes, secrets masked."""
    config = load(config_file)
    click.echo(f"{config.file}: good")
    click.echo(f"database   {config.database}")
    click.echo(f"timezone   {config.zone.key}")
    click.echo(f"quiet      {config.quiet_hours or 'never'}")
    click.echo(f"display    {type(config.display).__module__.rpartition('.')[2]}{_fields(config.display)}")
    for feed in config.feeds.values():
        subjects = ", ".join(feed.source.publishes(feed.subject))
        click.echo(f"source     {feed.name}: {feed.type}, every {feed.every}, about {subjects}{_fields(feed.source)}")
    for slide in config.slides.values():
        click.echo(f"panel      {slide.name}: {slide.type} for {slide.dwell}{_fields(slide.panel)}")


def _fields(plugin: Any) -> str:  # noqa: ANN401 - any plugin
    """The plugin's own settings that differ from their defaults; secrets print as stars by themselves."""
    told = []
    for field in dataclasses.fields(plugin):
        value = getattr(plugin, field.name)
        if field.init and value not in (field.default, ""):
            told.append(f"{field.name} {value!r}" if isinstance(value, str) else f"{field.name} {value}")
    return f" ({', '.join(told)})" if told else ""
