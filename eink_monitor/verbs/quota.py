"""``eink-monitor quota``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.clock import SystemClock, local
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import table


@click.command()
@config_option
def command(config_file: Path | None) -> None:
    """Print per account: calls used and left, when the next comes free, and when the next poll is planned."""
    config = load(config_file)
    now = SystemClock().now()
    rows = []
    with opened(config, writes=False) as store:
        for feed in config.feeds.values():
            quota = feed.source.quota()
            if quota is None:
                continue
            past = store.outcomes.get(feed.name)
            waiting = store.ledger.waits(quota.account, now)
            planned = waiting[0] if waiting else past.due if past and past.due else None
            rows += [
                (
                    *(feed.name, quota.account, entry.span, str(entry.used), str(entry.limit - entry.used)),
                    f"{local(entry.frees_at, config.zone):%d %b %H:%M}" if entry.used else "-",
                    f"{local(planned, config.zone):%d %b %H:%M}" if planned else "-",
                )
                for entry in store.ledger.spent(quota, now)
            ]
    if not rows:
        click.echo("No source of this house has a quota.")
        return
    click.echo(table(("source", "account", "per", "used", "left", "frees at", "next poll"), rows, right=(3, 4)))
