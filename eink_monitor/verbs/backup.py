"""``eink-monitor backup FILE``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.verbs._house import config_option, load, opened


@click.command(epilog="Example: eink-monitor backup /mnt/disk/readings.db")
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def command(file: Path, config_file: Path | None) -> None:
    """Write a consistent copy of the database to FILE.

    Safe while the daemon runs. An older FILE is replaced once the copy is whole.
    """
    config = load(config_file)
    context = click.get_current_context()
    if file.is_dir():
        raise click.UsageError(f"{file} is a folder; name a file in it: {file / 'readings.db'}", context)
    if not file.absolute().parent.is_dir():
        raise click.UsageError(f"there is no folder {file.absolute().parent}; make it first", context)
    if file.resolve() in (
        config.database.resolve(),
        config.database.resolve().with_name(f"{config.database.name}-wal"),
    ):
        raise click.UsageError(f"{file} is the database itself; choose another FILE", context)
    with opened(config, writes=False) as store:
        store.backup(file)
    click.echo(f"{file}: {file.stat().st_size} bytes")
