"""``eink-monitor events [SUBJECT [KIND]]``."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import click

from eink_monitor.clock import iso, stamp
from eink_monitor.errors import StoreError
from eink_monitor.model.event import Event
from eink_monitor.store import Store
from eink_monitor.verbs._house import config_option, load, named, opened
from eink_monitor.verbs._table import number, plain_event, table
from eink_monitor.verbs._when import MONTH, AskedTime, window, window_options

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII)
_HEAD = ("from", "to", "subject", "kind")


@click.command(epilog="Example: eink-monitor events garage charging.session --from 2026-06-01 --csv > june.csv")
@click.argument("subject", required=False, default="")
@click.argument("kind", required=False, default="")
@window_options(MONTH)
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values, a column for each figure and word.")
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@config_option
def command(subject: str, kind: str, config_file: Path | None, form: str | None, **when: str | None) -> None:
    """Print what happened: charging sessions, trips, alerts.

    Of one SUBJECT, or of all, and of one KIND, or of all: whatever began in that time, the oldest first. An event that
    still goes on has no end. Units stand in the names of the figures: `energy_wh` are watt-hours. The table shows local
    time with its offset, --csv and --json show UTC.
    """
    config = load(config_file)
    span = window(when, config.zone, MONTH)
    with opened(config, writes=False) as store:
        found = _found(store, subject, kind, span)
    if not found:
        told = f"between {stamp(span.since, config.zone)} and {stamp(span.until, config.zone)}"
        click.echo(f"eink-monitor: nothing began {told}", err=True)
    if form == "json":
        click.echo(json.dumps([plain_event(event) for event in found], indent=1))
    elif form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(
            [_inert(cell) for cell in row] for row in _rows(found, iso, key=True)
        )
    elif found:
        head, *rows = _rows(found, partial(stamp, zone=config.zone))
        click.echo(table(head, rows))


def _found(store: Store, subject: str, kind: str, span: AskedTime) -> list[Event]:
    """What was asked for, the oldest first. Raises ``StoreError`` where there is nothing at all."""
    known = store.events.kinds()
    if not known:
        raise StoreError("no event is stored", "`events:` of a source says what happened: docs/http.md")
    if subject:
        named({one: one for one, _ in known}, subject, "subject with events")
        known = [pair for pair in known if pair[0] == subject]
    if kind:
        named({what: what for _, what in known}, kind, "kind of event")
        known = [pair for pair in known if pair[1] == kind]
    found = [event for pair in known for event in store.events.get(*pair, span.since, span.until + 1)]
    return sorted(found, key=lambda event: event.start)


def _inert(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: a stranger may have written it."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@")) and not _NUMBER.fullmatch(cell) else cell


def _rows(found: Sequence[Event], shown: Callable[[int], str], *, key: bool = False) -> list[list[str]]:
    """A head and a line each, with a column for everything that one of them has."""
    figures = list(dict.fromkeys(name for event in found for name in event.figures))
    words = list(dict.fromkeys(name for event in found for name in event.words))
    rows = [[*_HEAD, *["key"] * key, *figures, *words]]
    for event in found:
        times = [shown(event.start), "" if event.end is None else shown(event.end)]
        values = [number(event.figures[name]) if name in event.figures else "" for name in figures]
        texts = [event.words.get(name, "") for name in words]
        rows.append([*times, event.subject, event.kind, *[event.key] * key, *values, *texts])
    return rows
