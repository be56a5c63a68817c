"""``eink-monitor quota``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from eink_monitor.clock import SystemClock, local
from eink_monitor.config import Config, Feed
from eink_monitor.house.expiry import unsigned
from eink_monitor.store import Store
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import table

_HEAD = ("source", "account", "per", "used", "left", "frees at", "next poll")


@click.command()
@config_option
def command(config_file: Path | None) -> None:
    """Print the calls used and left of every account.

    "frees at" is when the next call comes back (a month: when it begins anew); "next poll" is when the daemon plans to
    ask again: "due" when it would ask at once, "after login" when a person must sign in first.
    """
    config = load(config_file)
    now = SystemClock().now()
    with opened(config, writes=False) as store:
        click.echo(accounts(config, store, now))


def accounts(config: Config, store: Store, now: int) -> str:
    """The table of all accounts."""
    rows = [row for feed in config.feeds.values() for row in _rows(config, store, feed, now)]
    return table(_HEAD, rows, right=(3, 4)) if rows else "No source of this house has a quota."


def _rows(config: Config, store: Store, feed: Feed, now: int) -> Iterator[tuple[str, ...]]:
    """One line per budget of a feed's account."""
    quota = feed.source.quota()
    if quota is None:
        return
    past, waiting = store.outcomes.get(feed.name), store.ledger.waits(quota.account, now)
    planned = max(waiting[0] if waiting else 0, past.due or 0 if past else 0)
    following = _when(config, planned) if planned > now else "due"
    if unsigned(config, feed, now):
        following = "after login"
    elif past is not None and past.due is None:
        following = "stopped"
    for entry in store.ledger.spent(quota, now):
        yield (
            *(feed.name, quota.account, entry.span, str(entry.used), str(max(entry.limit - entry.used, 0))),
            _when(config, entry.frees_at) if entry.used else "-",
            following,
        )


def _when(config: Config, at: int) -> str:
    return f"{local(at, config.zone):%d %b %H:%M}"
