"""``eink-monitor logout NAME``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.clock import SystemClock
from eink_monitor.daemon.writing import written
from eink_monitor.verbs._house import config_option, load, named, visit_of


@click.command(epilog="Example: eink-monitor logout car")
@click.argument("name")
@config_option
def command(name: str, config_file: Path | None) -> None:
    """Revoke a sign-in at the vendor and forget it.

    If a vendor cannot revoke it, it is only forgotten here.
    """
    config = load(config_file)
    feed = named(config.feeds, name, "source")
    click.echo(feed.source.sign_out(visit_of(config, feed, SystemClock())))
    written(config)  # which wakes the daemon, and it looks
