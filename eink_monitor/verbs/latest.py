"""``eink-monitor latest``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from eink_monitor.clock import SystemClock, stamp
from eink_monitor.draw import words
from eink_monitor.house import House
from eink_monitor.metrics import FULL_REFRESHES, PARTIAL_REFRESHES
from eink_monitor.model.frame import Wear
from eink_monitor.model.reading import Reading
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import plain, table, told


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of readings.")
@config_option
def command(config_file: Path | None, *, as_json: bool) -> None:
    """Print the newest reading of every metric.

    A value older than its source's patience is marked `old`: panels show it with its own age, or not at all.

    The subject `display` is the panel itself: its refreshes since it was new, and when the last of them was.
    """
    config = load(config_file)
    now = SystemClock().now()
    with opened(config, writes=False) as store:
        readings = sorted(store.readings.values(), key=lambda reading: (reading.subject, reading.metric.name))
        house = House(config, store, now)
        old = [now - reading.at > house.patience(reading.subject, reading.metric) for reading in readings]
        worn = _worn(Wear(**store.wear.counts()))
    readings, old = readings + worn, old + [False] * len(worn)
    if as_json:
        rows_of_json = [{**plain(reading), "old": mark} for reading, mark in zip(readings, old, strict=True)]
        click.echo(json.dumps(rows_of_json, indent=1))
        return
    if not readings:
        click.echo("nothing is stored yet", err=True)
    rows = [
        (
            r.subject,
            r.metric.name,
            *told(r, config.zone),
            stamp(r.at, config.zone),
            words.age(now - r.at) + ", old" * mark,
        )
        for r, mark in zip(readings, old, strict=True)
    ]
    click.echo(table(("subject", "metric", "value", "unit", "measured at", "age"), rows, right=(2,)))


def _worn(wear: Wear) -> list[Reading]:
    """The wear of the panel as readings; none before its first refresh."""
    counts = ((FULL_REFRESHES, wear.full, wear.last_full), (PARTIAL_REFRESHES, wear.partial, wear.last))
    return [Reading("display", metric, count, at) for metric, count, at in counts if at is not None]
