"""``eink-monitor poll NAME``."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click

from eink_monitor import places
from eink_monitor.clock import SystemClock, stamp
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.fetching import Fetching
from eink_monitor.daemon.intake import Intake
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Result
from eink_monitor.errors import StoreError, Trouble, exit_code
from eink_monitor.model.reading import Reading
from eink_monitor.simulation import silence
from eink_monitor.verbs._house import config_option, load, named, opened
from eink_monitor.verbs._table import (
    event_told,
    listing_told,
    outlook_told,
    plain,
    plain_event,
    plain_listing,
    table,
    told,
)

_EPILOG = "\b\nExample: eink-monitor poll roof --json | jq '.[] | select(.metric == \"pv_power\").value'"


@click.command(epilog=_EPILOG)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of readings, then listings and events.")
@click.option("--force", is_flag=True, help="Spend a vendor call even if the quota would hold it back.")
@click.option("--explain", is_flag=True, help="Tell how each value was found in the answer.")
@config_option
def command(name: str, config_file: Path | None, *, as_json: bool, force: bool, explain: bool) -> int:
    """Poll one source now, store and print its readings.

    NAME is a key under `sources:`. With --explain, each value is told with the expression that found it and its time,
    and what is in the answer where one found nothing. With --json, standard output is always one JSON array, `[]` when
    there is nothing new; messages go to standard error. The exit code says what to do: 75 try again later, 77 sign in,
    65 an invalid answer, 69 closed for good.
    """
    try:
        config = load(config_file)
        feed = named(config.feeds, name, "source")
        result = _poll(config, feed, force=force, explain=explain)
    except (Trouble, click.UsageError):
        if as_json:
            click.echo("[]")
        raise
    for line in _explained(feed, result) if explain else ():
        click.echo(line, err=as_json)
    readings = [reading._replace(value=reading.metric.rounded(reading.value)) for reading in result.readings]
    if as_json:
        click.echo(json.dumps(_plainly(readings, result), indent=1))
    else:
        _print(config, readings, result)
    if result.what == "ok":
        if result.detail or not any((result.readings, result.outlooks, result.listings, result.events)):
            click.echo(result.detail or f"{name}: nothing new", err=True)
        return 0
    click.echo(places.sayable(f"eink-monitor: {_sentence(config, feed, result)}", config_file), err=True)
    return exit_code(result.what)


def _explained(feed: Feed, result: Result) -> list[str]:
    """How each value was found; of a poll that failed maybe nothing."""
    if result.explained or result.what != "ok":
        return result.explained
    return [f"{feed.name}: a source of type {feed.type} does not tell how it finds its values"]


def _plainly(readings: Sequence[Reading], result: Result) -> list[dict[str, Any]]:
    """What came, for machines."""
    said: list[dict[str, Any]] = [plain(reading) for reading in readings]
    said += [plain_listing(one) for one in result.listings]
    return said + [plain_event(one) for one in result.events]


def _print(config: Config, readings: Sequence[Reading], result: Result) -> None:
    if readings:
        rows = [(r.subject, r.metric.name, *told(r, config.zone), stamp(r.at, config.zone)) for r in readings]
        click.echo(table(("subject", "metric", "value", "unit", "measured at"), rows, right=(2,)))
    lines = [outlook_told(outlook, config.zone) for outlook in result.outlooks]
    lines += [listing_told(listing, config.zone) for listing in result.listings]
    for line in lines + [event_told(event, config.zone) for event in result.events]:
        click.echo(line)


def _poll(config: Config, feed: Feed, *, force: bool, explain: bool) -> Result:
    """Poll once in a child process, which ends with this one."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with opened(config, writes=True) as store:
            fetching = Fetching(Intake(config, store), store, SystemClock(), Forked(config), _complain)
            try:
                with silence():  # print what would be logged
                    result = fetching.poll_now(feed.name, force=force, explain=explain)
            finally:
                fetching.kill()
            store.flush()
            return result
    finally:
        signal.signal(signal.SIGTERM, before)


def _sentence(config: Config, feed: Feed, result: Result) -> str:
    if result.what != "throttled":
        return result.detail
    way_out = f"poll again after {stamp(result.until, config.zone)}"
    return f"{feed.name}: {result.detail.removeprefix(f'{feed.name}: ')}; {way_out}, or spend a call with --force"


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signal module's interface
    raise SystemExit(128 + number)


def _complain(error: StoreError) -> None:
    raise error
