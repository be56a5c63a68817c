"""``eink-monitor panels``."""

from __future__ import annotations

import click

from eink_monitor.config import plugins
from eink_monitor.model.panel import Panel
from eink_monitor.verbs._table import directory


@click.command()
def command() -> None:
    """List the available types of panel.

    Their names are the values for `type:` under `panels:` in the configuration.
    """
    click.echo(directory([(name, plugins.load(Panel, name)) for name in plugins.names(Panel)]))  # type: ignore[type-abstract]
