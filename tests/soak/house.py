"""The daemon of the soak: ``python -m soak.house FOLDER SEED [warm]``. All is real but the clock, vendors and ink.

What it reports goes line by line into FOLDER/events, written before the next thing is done: a kill loses no line. The
simulated time and the number of polls stand in FOLDER/shared for whoever looks.
"""

from __future__ import annotations

import json
import mmap
import os
import random
import struct
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from eink_monitor.clock import FastClock
from eink_monitor.config import load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.displays.null import Null
from eink_monitor.metrics import ODOMETER
from eink_monitor.simulation import simulate
from eink_monitor.store import Store
from virtual_panel import Rules, VirtualPanel
from virtual_panel.board import Faults

_CACHED = 600  # KiB, of which SQLite keeps 512
SHARED = struct.Struct("qq")  # epoch seconds of the simulated now, polls of this process
_FAULTS = {
    "BUSY stuck high": {"busy": 1},
    "BUSY stuck low": {"busy": 0},
    "SPI write error": {"eio_after": 1500},
    "short SPI write": {"short_after": 700},
    "power cut in a refresh": {"cut_after": 0.3},
    "GPIO refused": {"gpio_denied": True},
}


class Soaked:
    """A house under way, and what it tells."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._events = os.open(folder / "events", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        with (folder / "shared").open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), SHARED.size)
        self.clock = FastClock(SHARED.unpack_from(self._shared)[0] + 1)
        self._dice, self._upsets = random.Random(seed), seed != 0
        self._seen: list[int] = []
        self._commits = 0
        self._faulty, self._healing, self._frames = "", "", 0
        self.panel = VirtualPanel("2in13_V4", self.clock, rules=Rules(min_interval=180))

    def live(self, daemon: Daemon) -> None:
        """For ever."""
        drawn = False
        SHARED.pack_into(self._shared, 0, self.clock.now(), 0)
        while True:
            pause = daemon.tick()
            SHARED.pack_into(self._shared, 0, self.clock.now(), daemon.fetching.polls)
            if daemon.drawing.frames and not drawn:
                drawn = True
                self.tell("drawn")
            self._note(daemon)
            self._upset(daemon)
            self.panel.lint.refreshes.clear()  # what the virtual panel remembers is not the daemon's memory
            self.clock.wait(pause, daemon.watch())

    def tell(self, event: str, *what: object) -> None:
        """Write one line down."""
        os.write(self._events, (json.dumps([event, *what]) + "\n").encode())

    def _note(self, daemon: Daemon) -> None:
        """What has been read, and that what was read before a commit is stored."""
        if daemon.store.commits > self._commits and len(self._seen) > 1:
            self.tell("stored", *self._seen)
            del self._seen[:-1]
        self._commits = daemon.store.commits
        reading = daemon.store.readings.latest("car", ODOMETER)
        if reading and (not self._seen or self._seen[-1] != int(reading.value)):
            self._seen.append(int(reading.value))

    def _upset(self, daemon: Daemon) -> None:
        """Break the panel now and then, and mend it once the daemon has noticed or not cared for long."""
        if self._faulty:
            if daemon.house.screen or self._dice.random() < 0.02:
                self.panel.board.faults = Faults()
                self.panel.lint.findings.clear()
                self._faulty, self._healing, self._frames = "", self._faulty, daemon.drawing.frames
        elif self._healing:
            if daemon.drawing.frames > self._frames and not daemon.house.screen:
                self.tell("panel well", self._healing)
                self._healing = ""
        elif self._upsets and self._dice.random() < 0.01 and not daemon.house.screen:
            self._faulty = self._dice.choice(sorted(_FAULTS))
            self.panel.board.faults = Faults(**_FAULTS[self._faulty])  # type: ignore[arg-type]
            self.tell("panel broken", self._faulty)


def main(folder: Path, seed: int, *, warm: bool) -> None:
    """With seed 0 the panel stays whole; ``warm`` fills the caches of days first: what is drawn, and SQLite's pages."""
    soaked = Soaked(folder, seed)
    with soaked.panel.installed():
        config = load(folder / "config.yaml")
        if warm:
            simulate(replace(config, display=Null(draw=True)), 2, date(2026, 1, 1))
        store = Store(config.database, config.zone)
        if warm:
            store._disk.execute("CREATE TABLE ballast (kilobyte BLOB)")
            store._disk.executemany("INSERT INTO ballast VALUES (?)", [(bytes(1000),)] * _CACHED)
            store._disk.execute("SELECT sum(length(kilobyte)) FROM ballast").fetchone()
        soaked.live(Daemon(config, store, soaked.clock, Forked(config)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), warm="warm" in sys.argv)
