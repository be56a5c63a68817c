"""Megabytes written in one day of the demo house, six feeds every five minutes, one durable commit in five minutes.

Half of the feeds belong to vendors that count: each of their 864 calls is booked on the card before it is made.
As root on a loop-mounted ext4 (noatime), by the block device's own count; elsewhere by what the kernel counts for this
process, which leaves out the file system's own blocks.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, FastClock
from eink_monitor.config import Config, Feed
from eink_monitor.daemon import Daemon
from eink_monitor.displays.null import Null
from eink_monitor.settings import Duration
from eink_monitor.simulation import StandIn, live, silence
from eink_monitor.sources.demo import Demo
from eink_monitor.store import Store

_START = 1_780_000_000
_SECTOR = 512
_SHOWS = (("roof", 0), ("roof", 0), ("roof", 0), ("car", 400), ("hybrid", 400), ("disk", 400))  # calls a day


def measure() -> dict[str, float]:
    """Live a day to fill the log file once, then count the next."""
    with tempfile.TemporaryDirectory() as name, _card(Path(name)) as (folder, device):
        sources = {f"feed{number}": Demo(show, calls_per_day=calls) for number, (show, calls) in enumerate(_SHOWS)}  # type: ignore[arg-type]
        feeds = {name: Feed(name, "demo", one, Duration(300), Duration(60), name) for name, one in sources.items()}
        config = Config(folder / "c", folder / "house.db", ZoneInfo("Europe/Berlin"), Null(), feeds, {})
        store = Store(config.database, config.zone)
        daemon = Daemon(config, store, FastClock(_START), StandIn())
        with silence():
            live(daemon, _START + DAY)
            before, booked = _written(device), store.rows()["call"]
            live(daemon, _START + 2 * DAY)
            after, booked = _written(device), store.rows()["call"] - booked
        daemon.stop()
        store.close()
    return {
        "bytes_written_per_day_mb": (after - before) / 1e6,
        "calls_booked_per_day": booked,
        "measured_on_a_block_device": float(bool(device)),
    }


@contextmanager
def _card(folder: Path) -> Iterator[tuple[Path, str]]:
    """A folder on an ext4 of its own and the name of its block device; a plain folder where that is not allowed."""
    image, card = folder / "image", folder / "card"
    card.mkdir()
    with image.open("wb") as file:
        file.truncate(96 * 1024 * 1024)
    made = os.geteuid() == 0 and all(
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
