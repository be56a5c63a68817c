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
    """Put a copy in the place of the database.

    FILE is a copy that `backup` has made, - for standard input; it must be ours and whole, and is only read. The daemon
    must not run: stop it before and start it afterwards. The database that was there is kept beside it under a new
    name. Vendor calls that were spent and the wear of the panel stay as they are.
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
