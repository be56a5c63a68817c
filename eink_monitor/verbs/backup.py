"""``eink-monitor backup FILE``."""

from __future__ import annotations

from pathlib import Path

import click

from eink_monitor.verbs._house import config_option, load, opened


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@config_option
def command(file: Path, config_file: Path | None) -> None:
    """Write a consistent copy of the database to FILE; safe while the daemon runs."""
    with opened(load(config_file), writes=False) as store:
        store.backup(file)
    click.echo(f"{file}: {file.stat().st_size} bytes")
