"""``eink-monitor history SUBJECT METRIC``."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import click

from eink_monitor.clock import SystemClock, iso, local
from eink_monitor.metrics import METRICS
from eink_monitor.model import Bucket
from eink_monitor.settings import Duration
from eink_monitor.verbs._house import config_option, load, named, opened
from eink_monitor.verbs._table import number, table, tidy

Row = tuple[str | float, ...]

_RUNS = ("from", "to", "value")
_BUCKETS = ("from", "measurements", "low", "mean", "high", "last")


@click.command(epilog="Example: eink-monitor history roof production_today --since 30d --step day")
@click.argument("subject")
@click.argument("metric")
@click.option("--since", default="7d", show_default=True, metavar="AGE", help="How far back: 12h, 7d, 1y.")
@click.option("--step", type=click.Choice(["hour", "day"]), help="One line per hour or local day instead of every run.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values.")
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@config_option
def command(config_file: Path | None, form: str | None, **what: str | None) -> None:
    """Print what is stored of one METRIC of one SUBJECT.

    `eink-monitor latest` says which there are. Instants are UTC; days are those of the house's time zone, 23 or 25
    hours long where the clocks change. Without --step a line is a value and how long it held.
    """
    config = load(config_file)
    subject, metric = str(what["subject"]), str(what["metric"])
    kind = named(METRICS, metric, "metric")
    now = SystemClock().now()
    try:
        since = now - Duration.parse(str(what["since"]))
    except ValueError as error:
        raise click.UsageError(f"--since: {error}", click.get_current_context()) from None
    with opened(config, writes=False) as store:
        readings = store.readings
        named({known: known for known, _ in readings}, subject, "stored subject")
        head: tuple[str, ...]
        rows: list[Row]
        if what["step"] == "hour":
            head, rows = _BUCKETS, _lines({iso(at): b for at, b in readings.hours(subject, kind, since, now).items()})
        elif what["step"] == "day":
            first, last = local(since, config.zone).date(), local(now, config.zone).date()
            days = readings.days(subject, kind, first, last).items()
            head, rows = _BUCKETS, _lines({day.isoformat(): bucket for day, bucket in days})
        else:
            runs = readings.runs(subject, kind, since, now)
            head, rows = _RUNS, [(iso(run.start), iso(run.end), tidy(run.value)) for run in runs]
    _print(head, rows, form)


def _lines(buckets: dict[str, Bucket]) -> list[Row]:
    return [(name, b.n, tidy(b.low), round(b.mean, 3), tidy(b.high), tidy(b.last)) for name, b in buckets.items()]


def _print(head: tuple[str, ...], rows: list[Row], form: str | None) -> None:
    if form == "json":
        click.echo(json.dumps([dict(zip(head, row, strict=True)) for row in rows], indent=1))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([head, *rows])
    else:
        text = [tuple(cell if isinstance(cell, str) else number(cell) for cell in row) for row in rows]
        click.echo(table(head, text, right=range(1, len(head))))
