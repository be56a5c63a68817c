"""``eink-monitor forget --after WHEN``."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import click

from eink_monitor import files
from eink_monitor.clock import AHEAD, Clock, SystemClock, iso, stamp
from eink_monitor.config import Config
from eink_monitor.draw.words import count
from eink_monitor.errors import StoreError
from eink_monitor.store.future import Dated
from eink_monitor.verbs._house import config_option, load, opened, within_reach
from eink_monitor.verbs._table import table, tidy
from eink_monitor.verbs._when import instant

_COLUMNS = ("table", "subject", "metric", "unit", "at", "utc", "held", "value", "n", "total", "low", "high", "last")
_KINDS = ("reading", "hour", "day", "event")


class _Cut(NamedTuple):
    """What is later than ``limit`` is to go; it is ``now``."""

    limit: int
    now: int


@click.command(epilog="Example: eink-monitor forget --after now --dry-run")
@click.option("--after", "when", metavar="WHEN", required=True, help="`now`, a date, or a date and time.")
@click.option("--dry-run", is_flag=True, help="Only list what would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="CSV file in which to save what is deleted  [default: beside the database].",
)
@config_option
def command(config_file: Path | None, when: str, file: Path | None, *, dry_run: bool, yes: bool) -> None:
    """Delete everything that is dated later than WHEN.

    A clock that was once ahead, or a damaged bit, leaves measurements in the future. They are hidden, and `doctor`
    reports them; `--after now` deletes them for good. `now` spares whatever is less than five minutes ahead,
    because a vendor's clock may be. A date means the end of that day in the configured time zone.

    It lists what it found and asks first. Everything it deletes is saved in a file before. Safe while the daemon
    runs.
    """
    config = load(config_file)
    if file:
        within_reach(file, "eink-monitor forget without --to keeps it beside the database")
    cut = _cut(when, config.zone, SystemClock())
    with opened(config, writes=False) as store:
        found = store.dating.dated_after(cut.limit)
    if not found:
        click.echo(f"nothing is dated later than {stamp(cut.limit, config.zone)}")
        return
    click.echo(_told(found, config.zone))
    if dry_run:
        return
    if not yes:
        click.confirm("Delete all of it?", abort=True)
    _forget(config, cut, _new(file) if file else _free(config.database, cut.now))


def _cut(when: str, zone: ZoneInfo, clock: Clock) -> _Cut:
    """Raises ``click.UsageError`` for what is no date, ``StoreError`` where nobody knows what is later than now."""
    now = clock.now()
    if when != "now":
        try:
            return _Cut(instant(when, zone, end=True), now)
        except ValueError as error:
            raise click.UsageError(f"--after: {error}", click.get_current_context()) from None
    if clock.trusted() is False:
        raise StoreError("this machine's clock is not known to be right yet", "wait until it is, or give a date")
    return _Cut(now + AHEAD, now)


def _forget(config: Config, cut: _Cut, file: Path) -> None:
    """Raises ``StoreError``; then nothing is deleted."""
    kept = 0

    def keep(gone: list[Dated]) -> None:
        nonlocal kept
        kept = len(gone)
        try:
            with files.replacing(file) as draft:
                draft.write(_as_csv(gone).encode())
        except OSError as error:
            raise StoreError(f"nothing is deleted: {file} cannot be written: {error.strerror}") from None

    with opened(config, writes=True) as store:
        store.dating.forget_after(cut.limit, cut.now, keep)
    click.echo(f"{count(kept, 'row')} deleted, and kept in {file}")


def _told(found: Iterable[Dated], zone: ZoneInfo) -> str:
    """How much there is of everything, and when it begins and ends."""
    of: dict[tuple[str, str], list[Dated]] = {}
    for dated in found:
        of.setdefault((dated.subject or "?", dated.metric or "?"), []).append(dated)
    lines = [
        (*name, *(str(sum(row.what == kind for row in rows)) for kind in _KINDS), *_span(rows, zone))
        for name, rows in sorted(of.items())
    ]
    head = ("subject", "metric", "runs", "hours", "days", "events", "from", "to")
    return table(head, lines, right=range(2, 6))


def _span(rows: Iterable[Dated], zone: ZoneInfo) -> tuple[str, str]:
    """The first and the last instant; a day that stands alone is its own."""
    instants = [row.row[0] for row in rows if row.what != "day"]
    if instants:
        return stamp(min(instants), zone), stamp(max(instants), zone)
    days = [str(row.row[0]) for row in rows]
    return min(days), max(days)


def _as_csv(gone: Iterable[Dated]) -> str:
    """With ``at`` as it is stored (epoch seconds, a day as 20260528) and values in the unit."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for what, subject, metric, unit, step, row in gone:
        at, _, *figures = row
        name = (what, subject, metric, unit, at, "" if what == "day" else iso(at))
        if what == "reading":
            value, held = figures
            writer.writerow((*name, held, tidy(value * step)))
        elif what == "event":
            writer.writerow((*name, "", *figures))
        else:
            n, *values = figures
            writer.writerow((*name, "", "", n, *(tidy(value * step) for value in values)))
    return text.getvalue()


def _free(database: Path, now: int) -> Path:
    """A name that nothing has yet."""
    stem = f"{database.name}.forgotten-{iso(now)[:10]}"
    names = (database.with_name(f"{stem}{f'-{number}' * (number > 1)}.csv") for number in range(1, 10_000))
    return next(name for name in names if not name.exists())


def _new(file: Path) -> Path:
    """Raises ``click.UsageError`` where something is there already: it may be what was forgotten before."""
    context = click.get_current_context()
    if file.exists() or file.is_symlink():
        raise click.UsageError(f"{file} already exists; choose another FILE", context)
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {file.absolute().parent}; create it first", context)
    return file
