"""``make soak``: the real daemon in a hurry, against everything that goes wrong in years, for some minutes.

Half of the time, at most four minutes, the daemon lives in one piece, among faulty vendors, a faulty panel, polls that
are killed, floods of requests and a machine that runs out of everything: its memory and its open files must stay flat.
Then its files are harmed, too, and it is killed, again and again. After each fault a frame must be drawn, something
stored, and every feed well. At last everybody calms down: every reading that was ever reported as stored must be in the
database but for those that stood on a damaged page, and the ledger must know of every call the vendors saw. Ctrl-C
counts what was thrown until then.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.store import Store
from soak import card, living
from soak.account import Tally, Thrown, report
from soak.board import Board
from soak.card import Gone
from soak.life import HurtError, Life
from soak.vendors import Refusing, Skoda, SolarEdge

START = 1_780_000_000
CONFIG = """\
database: {folder}/house/readings.db
timezone: Europe/Berlin
display: {{type: waveshare, model: 2in13_V4}}
sources:
  car: {{type: skoda, api_key: key, vin: TMBJB7NE6G0000001, every: 1m, deadline: 1s, base_url: "{car}"}}
  roof: {{type: solaredge, site_id: 1234567, api_key: fleet-key-5ecret, every: 2m, deadline: 1s, base_url: "{roof}/v2",
    calls_per_month: 100000, calls_per_minute: 100}}
  attic: {{type: demo, show: disk, every: 1m}}
  here: {{type: ssh_disk, host: localhost, mounts: {{root: /}}, every: 2m}}
  guest: {{type: skoda, api_key: other, vin: TMBJB7NE6G0000002, every: 1m, deadline: 1s, base_url: "{guest}"}}
  mob: {{type: demo, show: disk, every: 3m, deadline: 2s}}
panels:
  car: {{type: car, subject: car}}
  sun: {{type: solar, subject: roof}}
  health: {{type: health}}
"""
_CALM = 8.0  # seconds at the end in which nothing is broken: some hours of the house
_LONGEST_LIFE = 240.0  # s
_SALVAGE = 120.0  # s that the last salvage may take
_WARM = 500  # polls
_LIVING = (
    living.wish_too_large,
    living.flood_of_requests,
    living.hostile_sign_in,
    living.stopped,
    living.second_daemon,
    living.reload_broken,
    living.reload_good,
    living.no_more_files,
    living.no_more_processes,
    living.greedy_child,
)
_DEADLY = (
    living.six_daemons,
    card.damaged,
    card.damaged_three_times,
    card.damaged_while_in_use,
    card.without_log,
    card.without_database,
    card.without_folder,
    card.foreign_configured,
    card.foreign_in_its_place,
    card.future,
    card.unreadable_state,
)
Deed = Callable[[Life], Gone | None]


class Soak:
    """One run in ``folder``."""

    def __init__(self, folder: Path, seconds: float, seed: int, only: Collection[str] = ()) -> None:
        """With ``only`` no other faults are thrown than those of these names."""
        self.folder, self.seconds = folder, seconds
        self._living = [deed for deed in _LIVING if not only or deed.__name__ in only]
        self._deadly = [deed for deed in (*_LIVING, *_DEADLY) if not only or deed.__name__ in only]
        self._dice, self._clock = random.Random(seed), SystemClock()
        self._board = Board(folder, START)
        self.car, self.roof = Skoda(self._now, seed), SolarEdge(self._now, seed + 1)
        self.tally = Tally(START)
        self._life = Life(folder, self._board, self._dice)
        self._enough = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def run(self) -> bool:
        """Live, then count; whether all is well."""
        began = stopwatch()
        with ExitStack() as stack:
            guest = Refusing()
            for vendor in (self.car, self.roof, guest):
                stack.enter_context(vendor)
            text = CONFIG.format(folder=self.folder, car=self.car.url, roof=self.roof.url, guest=guest.url)
            (self.folder / "config.yaml").write_text(text, encoding="utf-8")
            stack.callback(self._life.kill)
            rough = max(self.seconds - _CALM, 4.0)
            if self._living:
                self._live_in_one_piece(began, min(rough / 2, _LONGEST_LIFE))
            self._die_often(began + rough)
            self._calm(calm=True)
            self._calm_down()
        self.tally.daemons = self._life.kills[:-1]  # the last end is no fault
        self.tally.ended, self.tally.seconds, self.tally.polls = self._now(), stopwatch() - began, self._life.polls
        self.tally.vendors = {"car": self.car.moody, "roof": self.roof.moody}
        return report(self.folder, self.tally, self.car.odometer)

    def _end(self, *_: object) -> None:
        """Somebody has seen enough: what was thrown until now is counted."""
        self._enough = True

    def _is_over(self) -> bool:
        return self._enough or bool(self.tally.over)

    def _now(self) -> int:
        return self._board["now"]

    def _live_in_one_piece(self, began: float, seconds: float) -> None:
        life = self._life
        life.begin(warm=True)
        deeds: list[Deed] = []
        while (age := stopwatch() - began) < seconds and not self._is_over():
            self._clock.wait(self._dice.uniform(0.05, 0.5))
            self._kill_poll()
            if self._board["polls"] > _WARM and age > seconds / 4:
                self.tally.sizes.append(life.size())
            if self._living and self._dice.random() < 0.2 and self._board["polls"] > _WARM:
                self._throw(self._next(deeds, self._living))

    def _die_often(self, until: float) -> None:
        deeds: list[Deed] = []
        while stopwatch() < until and not self._is_over():
            deed = self._next(deeds, self._deadly)
            if not self._life.alive or self._dice.random() < 0.5:
                self._life.begin()
                self._clock.wait(self._dice.uniform(0.0, 2.0))
            self._throw(deed)
            self._kill_poll()

    def _next(self, deeds: list[Deed], all_of_them: Sequence[Deed]) -> Deed:
        """Each once, in any order, then all over again."""
        if not deeds:
            deeds += self._dice.sample(all_of_them, len(all_of_them))
        return deeds.pop()

    def _throw(self, deed: Deed) -> None:
        """A fault, and how the house takes it; one that it does not survive is told, and the house begun anew."""
        thrown = Thrown(deed.__name__.replace("_", " "), self._now())
        self.tally.thrown.append(thrown)
        self._calm(calm=True)  # what is measured is this fault, not a vendor's
        try:
            self._life.wait(lambda: self._board["stored"] > 0, "nothing was ever stored")
            began = stopwatch()
            if gone := deed(self._life):
                thrown.gone = gone
            thrown.took = stopwatch() - began
            before = self._now()
            began = stopwatch()
            thrown.slowest = self._life.recover()
            thrown.recovery, thrown.until_well = stopwatch() - began, self._now() - before
        except HurtError as hurt:
            thrown.hurt = str(hurt)
            log = (self.folder / "log").read_text(encoding="utf-8", errors="replace").splitlines()
            sys.stderr.write("\n".join([f"{thrown.name} at {self._now()}: {hurt}", *log[-12:], ""]))
            self._begin_anew()
        finally:
            self._calm(calm=False)

    def _calm(self, *, calm: bool) -> None:
        self.car.moody.calm = self.roof.moody.calm = calm

    def _begin_anew(self, *, calm: bool = False) -> None:
        try:
            self._life.begin(calm=calm)
            self._life.recover()
        except HurtError as hurt:
            self.tally.over = str(hurt)

    def _kill_poll(self) -> None:
        if self._board["polls"] and self._dice.random() < 0.3 and self._life.kill_poll():
            self.tally.children.append(self._now())

    def _calm_down(self) -> None:
        """Until everything that was set aside is saved."""
        if self.tally.over:
            return
        self._begin_anew(calm=True)
        began = stopwatch()
        while stopwatch() - began < (_SALVAGE if self._salvages() else _CALM):
            self._clock.wait(0.1)

    def _salvages(self) -> bool:
        from eink_monitor.config import load  # noqa: PLC0415 - not before there is one

        config = load(self.folder / "config.yaml")
        with closing(Store(config.database, config.zone, writes=False)) as store:
            return bool(store.facts.salvage)


def main() -> int:
    """``python -m soak [SECONDS [SEED [FAULT]...]]``; returns the exit code."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 180.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().getrandbits(20)
    os.umask(0o077)
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    sys.stderr.write(f"{seconds:.0f} s, seed {seed}\n")
    well = Soak(folder, seconds, seed, sys.argv[3:]).run()
    if well:
        shutil.rmtree(folder)
    else:
        sys.stderr.write(f"what is left of the house is in {folder}\n")
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
