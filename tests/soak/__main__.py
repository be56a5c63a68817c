"""``make soak``: the real daemon in a hurry, against everything that goes wrong in years, for some minutes.

Two thirds of the time the daemon lives in one piece, among faulty vendors, a faulty panel and polls that are killed:
its memory and its open files must stay flat. Then it is killed, too, again and again. At last everybody calms down, and
a fault counts as survived if its victim was well afterwards. Every reading that was ever reported as stored must be in
the database, and the ledger must know of every call the vendors saw.
"""

from __future__ import annotations

import mmap
import os
import random
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path

from eink_monitor.clock import SystemClock, stopwatch
from soak.account import Tally, report
from soak.flatness import memory, open_files
from soak.house import SHARED
from soak.vendors import Skoda, SolarEdge

START = 1_780_000_000
CONFIG = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: waveshare, model: 2in13_V4}}
sources:
  car: {{type: skoda, api_key: key, vin: TMBJB7NE6G0000001, every: 1m, deadline: 1s, base_url: "{car}"}}
  roof: {{type: solaredge, site_id: 1234567, api_key: fleet-key-5ecret, every: 2m, deadline: 1s, base_url: "{roof}/v2",
    calls_per_month: 100000, calls_per_minute: 100}}
  attic: {{type: demo, show: disk, every: 1m}}
  here: {{type: ssh_disk, host: localhost, mounts: {{root: /}}, every: 2m}}
panels:
  car: {{type: car, subject: car}}
  sun: {{type: solar, subject: roof}}
  health: {{type: health}}
"""
_CALM = 8.0  # seconds at the end in which nothing is broken: some hours of the house


class Soak:
    """One run in ``folder``."""

    def __init__(self, folder: Path, seconds: float, seed: int) -> None:
        self.folder, self.seconds = folder, seconds
        self._dice, self._clock = random.Random(seed), SystemClock()
        (folder / "shared").write_bytes(SHARED.pack(START, 0))
        with (folder / "shared").open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), SHARED.size)
        self.car, self.roof = Skoda(self._now, seed), SolarEdge(self._now, seed + 1)
        self.tally = Tally(START)

    def run(self) -> bool:
        """Live, then count; whether all is well."""
        began = stopwatch()
        with ExitStack() as stack:
            for vendor in (self.car, self.roof):
                stack.enter_context(vendor)
            text = CONFIG.format(folder=self.folder, car=self.car.url, roof=self.roof.url)
            (self.folder / "config.yaml").write_text(text, encoding="utf-8")
            rough = max(self.seconds - _CALM, 4.0)
            self._life(rough * 2 / 3, measured=True)
            while stopwatch() - began < rough:
                self._life(self._dice.uniform(0.3, 3.0))
            self.car.moody.calm = self.roof.moody.calm = True
            self._life(_CALM, calm=True)
        self.tally.daemons.pop()  # the last end is no fault
        self.tally.ended, self.tally.seconds = self._now(), stopwatch() - began
        self.tally.vendors = {"car": self.car.moody, "roof": self.roof.moody}
        return report(self.folder, self.tally, self.car.odometer)

    def _now(self) -> int:
        return int(SHARED.unpack_from(self._shared)[0])

    def _life(self, seconds: float, *, measured: bool = False, calm: bool = False) -> None:
        """One daemon from its start to its violent end."""
        command = [
            sys.executable,
            "-m",
            "soak.house",
            str(self.folder),
            "0" if calm else str(self._dice.getrandbits(30)),
        ]
        if measured:
            command.append("warm")
        began = stopwatch()
        with (self.folder / "log").open("ab") as log, subprocess.Popen(command, stderr=log) as daemon:
            while (age := stopwatch() - began) < seconds:
                if daemon.poll() is not None:
                    sys.exit(f"the daemon ended by itself: {(self.folder / 'log').read_text(encoding='utf-8')[-2000:]}")
                self._clock.wait(self._dice.uniform(0.05, 0.5))
                polls = SHARED.unpack_from(self._shared)[1]
                if polls > 0 and not calm and self._dice.random() < 0.3:
                    self._kill_poll(daemon.pid)
                if measured and polls > 500 and age > seconds / 3:  # warm by then
                    with suppress(OSError):
                        self.tally.sizes.append((polls / 1000, memory(daemon.pid), open_files(daemon.pid)))
            daemon.send_signal(signal.SIGKILL)
        self.tally.daemons.append(self._now())
        self.tally.polls += int(SHARED.unpack_from(self._shared)[1])
        SHARED.pack_into(self._shared, 0, self._now(), 0)

    def _kill_poll(self, pid: int) -> None:
        with suppress(OSError, IndexError):
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
            os.kill(int(children[0]), signal.SIGKILL)
            self.tally.children.append(self._now())


def main() -> int:
    """Returns the exit code."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().getrandbits(20)
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        sys.stderr.write(f"{seconds:.0f} s, seed {seed}\n")
        return 0 if Soak(Path(folder), seconds, seed).run() else 1


if __name__ == "__main__":
    sys.exit(main())
