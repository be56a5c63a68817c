"""``eink-monitor sources``."""

from __future__ import annotations

import click

from eink_monitor.config import plugins
from eink_monitor.model.source import Source
from eink_monitor.verbs._table import directory


@click.command()
def command() -> None:
    """List the available types of source.

    Their names are the values for `type:` under `sources:` in the configuration.
    """
    click.echo(directory([(name, plugins.load(Source, name)) for name in plugins.names(Source)]))  # type: ignore[type-abstract]
