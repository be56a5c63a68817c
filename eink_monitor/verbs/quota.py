"""``eink-monitor quota``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click

from eink_monitor.clock import SystemClock, iso, stamp
from eink_monitor.config import Config, Feed
from eink_monitor.house.expiry import unsigned
from eink_monitor.store import Store
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import table

_HEAD = ("source", "account", "per", "used", "left", "frees at", "next poll")


class _QuotaRow(NamedTuple):
    """One budget of one feed's account; instants are epoch seconds, ``next_poll`` a word where there is none."""

    source: str
    account: str
    per: str
    used: int
    left: int
    frees_at: int | None
    next_poll: int | str


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array, with instants in UTC.")
@config_option
def command(config_file: Path | None, *, as_json: bool) -> None:
    """Print the calls used and left for every account.

    "frees at" is when the next call becomes available (for a month: when the next one starts); "next poll" is when
    the daemon plans to poll again: "due" if at once, "after login" if you must sign in first.
    """
    config = load(config_file)
    now = SystemClock().now()
    with opened(config, writes=False) as store:
        if as_json:
            rows = [row for feed in config.feeds.values() for row in _rows(config, store, feed, now)]
            click.echo(json.dumps([_plain(row) for row in rows], indent=1))
        else:
            click.echo(accounts(config, store, now))


def accounts(config: Config, store: Store, now: int) -> str:
    """The table of all accounts."""
    rows = [_told(row, config.zone) for feed in config.feeds.values() for row in _rows(config, store, feed, now)]
    return table(_HEAD, rows, right=(3, 4)) if rows else "No source has a quota."


def _told(row: _QuotaRow, zone: ZoneInfo) -> tuple[str, ...]:
    """A line for a person."""
    return (
        *(row.source, row.account, row.per, str(row.used), str(row.left)),
        "-" if row.frees_at is None else stamp(row.frees_at, zone),
        row.next_poll if isinstance(row.next_poll, str) else stamp(row.next_poll, zone),
    )


def _plain(row: _QuotaRow) -> dict[str, str | int | None]:
    """A line for a machine."""
    later = {
        "frees_at": None if row.frees_at is None else iso(row.frees_at),
        "next_poll": row.next_poll if isinstance(row.next_poll, str) else iso(row.next_poll),
    }
    return {**row._asdict(), **later}


def _rows(config: Config, store: Store, feed: Feed, now: int) -> Iterator[_QuotaRow]:
    """One line per budget of a feed's account."""
    quota = feed.source.quota()
    if quota is None:
        return
    past, waiting = store.outcomes.get(feed.name), store.ledger.waits(quota.account, now)
    planned = max(waiting[0] if waiting else 0, past.due or 0 if past else 0)
    following: int | str = planned if planned > now else "due"
    if unsigned(config, feed, now):
        following = "after login"
    elif past is not None and past.due is None:
        following = "stopped"
    for entry in store.ledger.spent(quota, now):
        left, frees_at = max(entry.limit - entry.used, 0), entry.frees_at if entry.used else None
        yield _QuotaRow(feed.name, quota.account, entry.span, entry.used, left, frees_at, following)
