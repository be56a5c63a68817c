"""``eink-monitor poll NAME``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from eink_monitor.clock import SystemClock, iso
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, StoreError, Throttled, Unavailable
from eink_monitor.fetching import Fetching
from eink_monitor.model import Reading
from eink_monitor.polls import Forked
from eink_monitor.verbs._house import config_option, feed_named, load, opened
from eink_monitor.verbs._table import number, table

_EXITS = {error.what: error.exit_code for error in (AuthFailed, BadAnswer, Gone, StoreError, Throttled, Unavailable)}
_CRASHED = 70


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of readings.")
@click.option("--force", is_flag=True, help="Spend a vendor call even if the quota is to be kept.")
@config_option
def command(name: str, config_file: Path | None, *, as_json: bool, force: bool) -> int:
    """Ask one source now, store what it says and print it."""
    config = load(config_file)
    feed_named(config, name)
    with opened(config, writes=True) as store:
        fetching = Fetching(config, store, SystemClock(), Forked(config), _complain)
        result = fetching.poll_now(name, force=force)
        store.flush()
    if as_json:
        click.echo(json.dumps([_plain(reading) for reading in result.readings], indent=1))
    elif result.readings:
        rows = [(r.subject, r.metric.name, number(r.value), r.metric.unit, iso(r.at)) for r in result.readings]
        click.echo(table(("subject", "metric", "value", "unit", "measured at"), rows, right=(2,)))
    if result.what == "ok":
        if result.detail or not result.readings:
            click.echo(result.detail or f"{name}: nothing new", err=True)
        return 0
    click.echo(f"eink-monitor: {result.detail}", err=True)
    return _EXITS.get(result.what, _CRASHED)


def _plain(reading: Reading) -> dict[str, object]:
    """A reading for machines."""
    subject, metric, value, at = reading
    return {"subject": subject, "metric": metric.name, "value": value, "unit": metric.unit, "at": iso(at)}


def _complain(error: StoreError) -> None:
    raise error
