"""``eink-monitor latest``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from eink_monitor.clock import SystemClock, iso
from eink_monitor.draw import words
from eink_monitor.metrics import FULL_REFRESHES, PARTIAL_REFRESHES
from eink_monitor.model import Reading, Wear
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import plain, table, told


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of readings.")
@config_option
def command(config_file: Path | None, *, as_json: bool) -> None:
    """Print the newest reading of everything that is stored.

    The subject `display` is the panel itself: its refreshes since it was new, and when the last of them was.
    """
    config = load(config_file)
    with opened(config, writes=False) as store:
        readings = sorted(store.readings.values(), key=lambda reading: (reading.subject, reading.metric.name))
        readings += _worn(Wear(**store.wear()))
    if as_json:
        click.echo(json.dumps([plain(reading) for reading in readings], indent=1))
        return
    if not readings:
        click.echo("nothing is stored yet", err=True)
    now = SystemClock().now()
    rows = [(r.subject, r.metric.name, *told(r), iso(r.at), words.age(now - r.at)) for r in readings]
    click.echo(table(("subject", "metric", "value", "unit", "measured at", "age"), rows, right=(2,)))


def _worn(wear: Wear) -> list[Reading]:
    """What the panel has been through, in the words of readings; nothing before its first refresh."""
    counts = ((FULL_REFRESHES, wear.full, wear.last_full), (PARTIAL_REFRESHES, wear.partial, wear.last))
    return [Reading("display", metric, count, at) for metric, count, at in counts if at is not None]
