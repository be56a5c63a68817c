"""``eink-monitor history SUBJECT METRIC``."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from eink_monitor.clock import iso, stamp
from eink_monitor.metrics import METRICS, NEWEST_BACKUP
from eink_monitor.model.reading import Bucket, Metric
from eink_monitor.store.readings import Readings
from eink_monitor.verbs._house import config_option, load, named, opened
from eink_monitor.verbs._table import number, spoken, table, tidy
from eink_monitor.verbs._when import WEEK, AskedTime, window, window_options

Row = tuple[str | float, ...]

_RUNS = ("from", "to", "value", "unit")
_BUCKETS = ("from", "measurements", "low", "mean", "high", "last", "unit")
_VALUES = {"value", "low", "high", "last"}


@click.command(
    epilog="Example: eink-monitor history roof production_today --from 2026-06-01 --to 2026-06-30 --step day"
)
@click.argument("subject")
@click.argument("metric")
@window_options(WEEK)
@click.option("--step", type=click.Choice(["hour", "day"]), help="One line per hour or local day instead of per value.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated values.")
@click.option("--json", "form", flag_value="json", help="One JSON array.")
@config_option
def command(subject: str, metric: str, config_file: Path | None, form: str | None, **when: str | None) -> None:
    """Print the stored values of one METRIC of one SUBJECT.

    `eink-monitor latest` lists the subjects and metrics. The table shows local time with its offset, --csv and
    --json show UTC; days are those of the configured time zone, 23 or 25 hours long when the clocks change. Without
    --step, a line is a value and how long it held.
    """
    config = load(config_file)
    kind = named(METRICS, metric, "metric")
    asked = window(when, config.zone, WEEK)
    with opened(config, writes=False) as store:
        named({known: known for known, _ in store.readings}, subject, "stored subject")
        head = _BUCKETS if when["step"] else _RUNS
        shown = iso if form else partial(stamp, zone=config.zone)
        rows = _rows(store.readings, (subject, kind), asked, when["step"], shown)
        newest = store.readings.get((subject, metric))
    if not rows:
        span = f"between {stamp(asked.since, config.zone)} and {stamp(asked.until, config.zone)}"
        known = f"the newest is from {stamp(newest.at, config.zone)}" if newest else "nothing ever was"
        click.echo(f"eink-monitor: nothing is stored for {subject} {metric} {span}; {known}", err=True)
    _print(head, rows, kind, form, config.zone)


def _rows(
    readings: Readings, series: tuple[str, Metric], span: AskedTime, step: str | None, shown: Callable[[int], str]
) -> list[Row]:
    """The lines that were asked for; ``shown`` writes an instant."""
    (subject, kind), (since, until, _) = series, span
    if step == "hour":
        return [_line(shown(at), bucket) for at, bucket in readings.hours(subject, kind, since, until).items()]
    if step == "day":
        days = readings.days(subject, kind, *span.days())
        return [_line(day.isoformat(), bucket) for day, bucket in days.items()]
    return [(shown(run.start), shown(run.end), tidy(run.value)) for run in readings.runs(subject, kind, since, until)]


def _line(name: str, bucket: Bucket) -> Row:
    return name, bucket.n, tidy(bucket.low), round(bucket.mean, 3), tidy(bucket.high), tidy(bucket.last)


def _print(head: tuple[str, ...], rows: list[Row], kind: Metric, form: str | None, zone: ZoneInfo) -> None:
    if form == "json":
        click.echo(json.dumps([dict(zip(head, (*row, kind.unit), strict=True)) for row in rows], indent=1))
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerows([head, *((*row, kind.unit) for row in rows)])
    else:
        text = [_told(dict(zip(head, row, strict=False)), kind, zone) for row in rows]
        click.echo(table(head, text, right=range(1, len(head) - 1)))


def _told(row: Mapping[str, str | float], kind: Metric, zone: ZoneInfo) -> tuple[str, ...]:
    """A line for a person, with its unit; what only has a name has no mean."""
    said = {
        name: spoken(kind, cell, zone) for name, cell in row.items() if name in _VALUES and not isinstance(cell, str)
    }
    cells = {name: cell if isinstance(cell, str) else number(cell) for name, cell in row.items()}
    cells |= {name: value for name, (value, _) in said.items()}
    if kind.names or kind == NEWEST_BACKUP:
        cells |= {"mean": ""} if "mean" in cells else {}
    return *cells.values(), next((unit for _, unit in said.values() if unit), "")
