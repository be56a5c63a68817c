"""What years cost the daemon: its size after 10,000 polls against after 100, every poll a child process as in life.

After 100 polls (two hours) its caches are still filling: SQLite's pages (0.5 MiB), lines of text, outcomes of polls.
That they end shows in the second half, from 5,000 to 10,000 polls. ``python -m bench.growth FOLDER`` is the daemon
itself: it lives on a fast clock and prints its sizes.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from eink_monitor.clock import FastClock
from eink_monitor.config import load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.simulation import silence
from eink_monitor.store import Store

_POLLS = (100, 5_000, 10_000)
_START = 1_780_000_000
_HOUSE = """\
database: FOLDER/readings.db
timezone: Europe/Berlin
display: {type: "null", draw: true}
sources:
  roof: {type: demo, show: roof, every: 5m}
  car: {type: demo, show: car, every: 5m}
  attic: {type: demo, show: disk, every: 5m}
  away: {type: demo, show: hybrid, every: 5m, outage: "10:00-14:00"}
panels:
  sun: {type: solar, subject: roof}
  car: {type: car, subject: car}
  health: {type: health}
"""


def measure() -> dict[str, float]:
    """Sizes in MiB and open files after the first polls and after many, and by how much they grew in between."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.yaml").write_text(_HOUSE.replace("FOLDER", folder), encoding="utf-8")
        command = [sys.executable, "-m", "bench.growth", folder]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        said = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    early, middle, late = json.loads(said.stdout)
    figures = {
        f"daemon_{name}_after_{polls}_polls": row[name]
        for polls, row in zip(_POLLS, (early, middle, late), strict=True)
        for name in row
    }
    figures |= {f"daemon_growth_{name}": late[name] - early[name] for name in early}
    return figures | {"daemon_growth_second_half_mib": late["anon_mib"] - middle["anon_mib"]}


def main(folder: Path) -> None:
    """Live until so many polls are over; the sizes at each mark go to standard output."""
    config = load(folder / "config.yaml")
    store = Store(config.database, config.zone, durable=False)
    clock = FastClock(_START)
    daemon = Daemon(config, store, clock, Forked(config))
    sizes = []
    with silence():
        for mark in _POLLS:
            while daemon.fetching.polls < mark or daemon.fetching.busy:
                clock.wait(daemon.tick(), daemon.watch())
            sizes.append(_size())
    daemon.stop()
    store.close()
    sys.stdout.write(json.dumps(sizes))


def _size() -> dict[str, float]:
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()[1:]
    found = {line.split()[0]: int(line.split()[1]) / 1024 for line in rollup}
    files = len(list(Path("/proc/self/fd").iterdir()))
    return {"rss_mib": found["Rss:"], "pss_mib": found["Pss:"], "anon_mib": found["Anonymous:"], "open_files": files}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
