"""``eink-monitor simulate``."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import datetime
from pathlib import Path

import click

from eink_monitor import config as configuration
from eink_monitor import places
from eink_monitor.draw import words
from eink_monitor.errors import ConfigError, StoreError
from eink_monitor.simulation import Report, simulate
from eink_monitor.verbs._house import config_option
from eink_monitor.verbs._progress import progress

_DEMO = Path(__file__).parent.parent / "demo.yaml"


@click.command(epilog="Example: eink-monitor simulate --days 30 --json")
@click.option("--days", type=click.IntRange(1, 36500), default=365, metavar="N", help="How many days [default: 365].")
@click.option(
    "--first",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2026-01-01",
    metavar="YYYY-MM-DD",
    help="First day [default: 2026-01-01].",
)
@click.option("--draw/--no-draw", default=False, help="Also draw every frame; by default frames are only counted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@config_option
def command(days: int, first: datetime, config_file: Path | None, *, draw: bool, as_json: bool) -> None:
    """Run the whole daemon on a simulated clock.

    No vendor is called and nothing is kept: a demo house stands in for every source, or, without a configuration,
    for all of it. Prints polls, frames, rows, and the most calls per account on a day and in a month.
    """
    from eink_monitor.displays.null import Null  # noqa: PLC0415 - verbs name displays only here

    if not 1971 <= first.year <= 2900:
        raise click.UsageError("--first must lie between 1971 and 2900", click.get_current_context())
    try:
        file = places.configuration(config_file)
    except ConfigError:
        if os.environ.get("EINK_MONITOR_CONFIG"):  # a configuration was named, and does not exist
            raise
        file = _DEMO
    config = dataclasses.replace(configuration.load(file), display=Null(draw=draw))
    try:
        with progress(days, "days") as step:
            report = simulate(config, days, first.date(), lambda _: step())
    except OSError as error:
        message = f"a temporary database cannot be created: {error.strerror}; name a folder you can write to"
        raise StoreError(f"{message}: TMPDIR=FOLDER eink-monitor simulate") from None
    click.echo(json.dumps(dataclasses.asdict(report), indent=1) if as_json else _text(report, places.origin(file)))


def _text(report: Report, file: Path) -> str:
    lines = [
        f"{words.count(report.days, 'day')} of {file} in {report.seconds} s",
        f"polls      {report.polls}",
        f"frames     {report.frames}",
        "refreshes  " + ", ".join(f"{count} {kind}" for kind, count in report.refreshes.items()),
        "rows       " + ", ".join(f"{count} {table}" for table, count in report.rows.items()),
        f"database   {report.database_bytes} bytes",
    ]
    for account, peak in report.peaks.items():
        lines.append(f"account    {account}: at most {peak['day']} calls a day, {peak['month']} a month")
    return "\n".join(lines)
