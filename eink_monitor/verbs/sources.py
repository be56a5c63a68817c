"""``eink-monitor sources``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from eink_monitor import places
from eink_monitor.errors import ConfigError
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._types import types_by_group


@click.command()
@config_option
def command(config_file: Path | None) -> None:
    """List the available types of source, by what they read.

    Their names are the values for `type:` under `sources:` in the configuration. Your own recipes, in `recipes/` beside
    the configuration and in /etc/eink-monitor/recipes, are among them.
    """
    beside = None
    with suppress(ConfigError):
        beside = places.configuration(config_file).parent
    click.echo("\n".join(types_by_group(beside)))
