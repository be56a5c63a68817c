"""What reaches a memory card in a day.

As root on a loop-mounted ext4 (noatime), by the block device's own count; elsewhere by what the kernel counts for this
process, which leaves out the file system's own blocks.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from eink_monitor.clock import DAY, FastClock
from eink_monitor.config import Config
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.runner import Runner
from eink_monitor.simulation import live, silence
from eink_monitor.store import Store

_SECTOR = 512
_MEGABYTE = 1_000_000


class Day(NamedTuple):
    """Megabytes that reached the card in a day; bytes of the database for its changes and for its hours and days.

    ``counted`` says whether a block device counted what was written.
    """

    written_mb: float
    raw: float
    rolled_up: float
    counted: bool


def second_day(house: Callable[[Path], Config], runner: Runner, start: int) -> Day:
    """Live a day to fill the log file once, then count the next; ``house`` is built in the folder it is given."""
    with tempfile.TemporaryDirectory() as name, _card(Path(name)) as (folder, device):
        config = house(folder)
        store = Store(config.database, config.zone)
        daemon = Daemon(config, store, FastClock(start), runner)
        with silence():
            live(daemon, start + DAY)
            before = _written(device)
            live(daemon, start + 2 * DAY)
            after = _written(device)
        daemon.stop()
        store.close()
        raw, rolled_up = _weigh(config.database)
    return Day((after - before) / _MEGABYTE, raw / 2, rolled_up / 2, bool(device))


def _weigh(database: Path) -> tuple[int, int]:
    """Bytes that the raw rows take, and those of hours and days; afterwards they are gone."""
    sizes = []
    with closing(sqlite3.connect(database, isolation_level=None)) as db:
        for forget in ("", "DELETE FROM reading", "DELETE FROM hour; DELETE FROM day"):
            db.executescript(f"{forget}; VACUUM")
            (pages,), (size,) = (db.execute(f"PRAGMA {what}").fetchone() for what in ("page_count", "page_size"))
            sizes.append(pages * size)
    return sizes[0] - sizes[1], sizes[1] - sizes[2]


@contextmanager
def _card(folder: Path) -> Iterator[tuple[Path, str]]:
    """A folder on an ext4 of its own and the name of its block device; a plain folder where that is not allowed."""
    image, card = folder / "image", folder / "card"
    card.mkdir()
    with image.open("wb") as file:
        file.truncate(96 * 1024 * 1024)
    able = os.geteuid() == 0 and shutil.which("mkfs.ext4")
    made = able and all(
        subprocess.run(command, check=False, capture_output=True).returncode == 0
        for command in (["mkfs.ext4", "-q", str(image)], ["mount", "-o", "loop,noatime", str(image), str(card)])
    )
    device = _device(card) if made else ""
    try:
        yield card, device
    finally:
        if made:
            subprocess.run(["umount", str(card)], check=False)


def _device(card: Path) -> str:
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    return next(Path(line.split()[0]).name for line in mounts if line.split()[1] == str(card))


def _written(device: str) -> int:
    os.sync()
    if device:
        return int(Path(f"/sys/block/{device}/stat").read_text(encoding="ascii").split()[6]) * _SECTOR
    lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))
