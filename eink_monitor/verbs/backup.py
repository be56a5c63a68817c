"""``eink-monitor backup FILE``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from eink_monitor.config import Config
from eink_monitor.verbs._house import config_option, load, opened, within_reach
from eink_monitor.verbs._terminal import bare


@click.command(epilog="Example: eink-monitor backup /mnt/disk/readings.db")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@config_option
def command(file: Path, config_file: Path | None) -> None:
    """Write a consistent copy of the database to FILE.

    Safe while the daemon runs. An existing FILE is replaced once the copy is complete. FILE may be - for standard
    output.
    """
    config = load(config_file)
    context = click.get_current_context()
    if str(file) == "-":
        _pour(config, context)
        return
    within_reach(file, f"eink-monitor backup - > {file}")
    if file.is_dir():
        raise click.UsageError(f"{file} is a folder; name a file in it: {file / 'readings.db'}", context)
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {file.absolute().parent}; create it first", context)
    if file.resolve() in (
        config.database.resolve(),
        config.database.resolve().with_name(f"{config.database.name}-wal"),
    ):
        raise click.UsageError(f"{file} is the database itself; choose another FILE", context)
    with opened(config, writes=False) as store:
        store.backup(file)
    click.echo(f"{file}: {file.stat().st_size} bytes")


def _pour(config: Config, context: click.Context) -> None:
    """The copy to standard output, once it is whole."""
    if sys.stdout.isatty():
        raise click.UsageError("a database cannot be shown in a terminal; use: backup - > FILE", context)
    with TemporaryDirectory(prefix="eink-monitor-") as folder:
        copy = Path(folder) / "readings.db"
        with opened(config, writes=False) as store:
            store.backup(copy)
        with copy.open("rb") as whole:
            shutil.copyfileobj(whole, bare(sys.stdout).buffer)
