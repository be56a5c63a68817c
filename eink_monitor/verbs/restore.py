"""``eink-monitor restore FILE``."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from eink_monitor.clock import stamp
from eink_monitor.config import Config
from eink_monitor.errors import StoreError
from eink_monitor.store import Store
from eink_monitor.store.restore import restore
from eink_monitor.verbs._house import config_option, load, within_reach


@click.command(epilog="Example: eink-monitor restore /mnt/disk/readings.db")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@config_option
def command(file: Path, config_file: Path | None) -> None:
    """Replace the database with a copy.

    FILE is a copy made by `backup`, - for standard input; it must be ours and intact, and is only read. The daemon
    must not run: stop it first and start it afterwards. The previous database is kept beside it under a new name.
    Spent vendor calls and the panel's refreshes are not reset.
    """
    config = load(config_file)
    if str(file) == "-":
        with TemporaryDirectory(prefix="eink-monitor-") as folder:
            copy = Path(folder) / "readings.db"
            with copy.open("wb") as whole:
                shutil.copyfileobj(sys.stdin.buffer, whole)
            _restore(copy, config, "what came through the pipe")
        return
    within_reach(file, f"eink-monitor restore - < {file}")
    if file.resolve() == config.database.resolve():
        raise click.UsageError(f"{file} is the database itself; name the copy", click.get_current_context())
    _restore(file, config)


def _restore(file: Path, config: Config, called: str = "") -> None:
    kept = restore(file, config.database, called)
    click.echo(f"{config.database} is {called or f'what {file} is'}{_newest(config)}")
    click.echo(f"the previous one is kept as {kept}" if kept else "there was none before")


def _newest(config: Config) -> str:
    """How far it goes; an older layout is read by the daemon only."""
    try:
        with closing(Store(config.database, config.zone, writes=False)) as store:
            newest = store.readings.end
            return (
                f"; its newest reading is from {stamp(newest, config.zone)}" if newest > 0 else "; it holds no reading"
            )
    except StoreError:
        return ""
