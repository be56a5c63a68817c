"""``eink-monitor latest``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from eink_monitor.clock import SystemClock, stamp
from eink_monitor.draw import words
from eink_monitor.house import House
from eink_monitor.metrics import FULL_REFRESHES, PARTIAL_REFRESHES
from eink_monitor.model.frame import Wear
from eink_monitor.model.reading import Reading
from eink_monitor.verbs._house import config_option, load, opened
from eink_monitor.verbs._table import listing_told, plain, plain_listing, table, told


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array of readings, then listings.")
@config_option
def command(config_file: Path | None, *, as_json: bool) -> None:
    """Print the newest readings, and what is listed.

    A value older than its source's patience is marked `old`: panels show it with its own age, or not at all.

    Of a list (parcels under way, open orders) what needs a hand is marked `!`. In JSON a list has the key `list`
    and its `metric` is null. `eink-monitor events` prints what happened.

    The subject `display` is the panel itself: its refreshes since it was new, and when the last of them was.
    """
    config = load(config_file)
    now = SystemClock().now()
    with opened(config, writes=False) as store:
        readings = sorted(store.readings.values(), key=lambda reading: (reading.subject, reading.metric.name))
        house = House(config, store, now)
        old = [now - reading.at > house.patience(reading.subject, reading.metric) for reading in readings]
        listings = {
            listing: now - listing.at > house.freshness(listing.subject, listing.name)
            for listing in store.listings.all()
        }
        worn = _worn(Wear(**store.wear.counts()))
    readings, old = readings + worn, old + [False] * len(worn)
    if as_json:
        rows_of_json: list[dict[str, object]] = [
            {**plain(reading), "old": mark} for reading, mark in zip(readings, old, strict=True)
        ]
        rows_of_json += [{**plain_listing(listing), "old": mark} for listing, mark in listings.items()]
        click.echo(json.dumps(rows_of_json, indent=1))
        return
    if not (readings or listings):
        click.echo("nothing is stored yet", err=True)
    if readings or not listings:
        click.echo(_told(readings, old, now, config.zone))
    for listing, mark in listings.items():
        age = f", {words.age(now - listing.at)}{', old' * mark}"
        click.echo(f"\n{listing_told(listing, config.zone, age)}")


def _told(readings: Sequence[Reading], old: Sequence[bool], now: int, zone: ZoneInfo) -> str:
    """The table of readings."""
    rows = [
        (r.subject, r.metric.name, *told(r, zone), stamp(r.at, zone), words.age(now - r.at) + ", old" * mark)
        for r, mark in zip(readings, old, strict=True)
    ]
    return table(("subject", "metric", "value", "unit", "measured at", "age"), rows, right=(2,))


def _worn(wear: Wear) -> list[Reading]:
    """The wear of the panel as readings; none before its first refresh."""
    counts = ((FULL_REFRESHES, wear.full, wear.last_full), (PARTIAL_REFRESHES, wear.partial, wear.last))
    return [Reading("display", metric, count, at) for metric, count, at in counts if at is not None]
