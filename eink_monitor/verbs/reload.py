"""``eink-monitor reload``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.daemon.control import Request, address, ask
from eink_monitor.errors import ConfigError, StoreError
from eink_monitor.verbs._house import config_option, load


@click.command()
@config_option
def command(config_file: Path | None) -> int:
    """Make the running daemon reread its configuration.

    A configuration with mistakes is rejected: they are listed here and in the log, and the daemon keeps the one it
    read before.
    """
    try:
        config = load(config_file)
    except ConfigError:
        click.echo("eink-monitor: the daemon was not notified; it keeps the configuration it read before", err=True)
        raise
    answer = ask(address(config.database), Request("reload"))
    if answer is None:
        way_out = "start one with `eink-monitor run`, or restart it if `database` has changed"
        raise StoreError(f"no daemon works on {config.database}", way_out)
    click.echo(f"eink-monitor: {answer.words}" if answer.code else answer.words, err=answer.code != 0)
    return answer.code
