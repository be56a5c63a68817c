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
    if file.resolve() in (
        config.database.resolve(),
        config.database.resolve().with_name(f"{config.database.name}-wal"),
    ):
        raise click.UsageError(f"{file} is the database itself; choose another FILE", click.get_current_context())
    with opened(config, writes=False) as store:
        store.backup(file)
    click.echo(f"{file}: {file.stat().st_size} bytes")
