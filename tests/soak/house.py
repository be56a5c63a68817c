"""The daemon of the soak: ``python -m soak.house FOLDER SEED [warm]``. All is real but the clock, vendors and ink.

It is the service itself, with its signals, its control socket and its reloading. What it reports goes line by line into
FOLDER/events, written before the next thing is done: a kill loses no line. The rest stands on FOLDER/board.
"""

from __future__ import annotations

import errno
import json
import os
import random
import select
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

from eink_monitor.clock import FastClock
from eink_monitor.config import Config, Feed, load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.control import address
from eink_monitor.daemon.control_socket import ControlSocket
from eink_monitor.daemon.polls import Forked
from eink_monitor.displays.null import Null
from eink_monitor.errors import Trouble
from eink_monitor.metrics import DISK_FREE, ODOMETER
from eink_monitor.model.poll import Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.service import journal, live
from eink_monitor.service.signals import Signals
from eink_monitor.simulation import simulate
from eink_monitor.sources.skoda import Skoda
from eink_monitor.sources.solaredge import SolarEdge as Solaredge
from eink_monitor.store import Store
from soak.board import FEEDS, Board
from virtual_panel import Rules, VirtualPanel
from virtual_panel.board import Faults

_CACHED = 600  # KiB, of which SQLite keeps 512
_CROWD = 60  # processes that a greedy poll starts: more than may be, and no danger to this machine
_SPANS = {"minute": "minute", "month": "hour"}
_FAULTS = {
    "BUSY stuck high": {"busy": 1},
    "BUSY stuck low": {"busy": 0},
    "SPI write error": {"eio_after": 1500},
    "short SPI write": {"short_after": 700},
    "power cut in a refresh": {"cut_after": 0.3},
    "GPIO refused": {"gpio_denied": True},
}


class Hurry(FastClock):
    """Waits only for children; whoever else may speak up is heard if it has."""

    busy: Callable[[], bool] = staticmethod(lambda: False)

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> list[int]:
        """As ``FastClock``, which would really wait for a request until the next thing is due."""
        if self.busy():
            return super().wait(seconds, readable)
        return select.select(readable, (), (), 0)[0] or super().wait(seconds)


@dataclass(frozen=True)
class Greedy(Source):
    """A library that eats processes, each in a session of its own, while it is bidden to."""

    board: Board

    metrics: ClassVar[tuple[Metric, ...]] = (DISK_FREE,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """Never comes back from it."""
        for _ in range(_CROWD if self.board["greedy"] else 0):
            if os.fork() == 0:
                os.setsid()
                signal.alarm(60)
                signal.pause()
                os._exit(0)
        if self.board["greedy"]:
            signal.pause()
        return [Reading(visit.subject, DISK_FREE, 1e9, visit.now)]


class EagerCar(Skoda):
    """A car that is asked again and again, so that much is stored that could be lost."""

    def quota(self) -> Quota:
        """A thousand times what the vendor allows."""
        usual = super().quota()
        return replace(usual, budgets=tuple(replace(budget, calls=1000 * budget.calls) for budget in usual.budgets))

    def pace(self, visit: Visit) -> int:
        """As often as the configuration says."""
        return visit.every


class EagerRoof(Solaredge):
    """A roof that is asked by night, too, and whose account has no month."""

    def quota(self) -> Quota:
        """As many calls an hour as it has a month."""
        usual = super().quota()
        return replace(usual, budgets=tuple(replace(budget, span=_SPANS[budget.span]) for budget in usual.budgets))

    def pace(self, visit: Visit) -> int:
        """As often as the configuration says."""
        return visit.every


def _become(kind: type[Source], feed: Feed) -> Feed:
    """The same feed, whose source is of another kind that takes the same keys."""
    return replace(feed, source=kind(**{key.name: getattr(feed.source, key.name) for key in fields(feed.source)}))  # type: ignore[arg-type]


class Soaked:
    """A house under way, and what it tells."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._events = os.open(folder / "events", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.board = Board(folder)
        self.clock = Hurry(self.board["now"] + 1)
        self._dice, self._upsets = random.Random(seed), seed != 0
        self._seen: list[int] = []
        self._drawn = False
        self._faulty, self._healing, self._frames = "", "", 0
        self.panel = VirtualPanel("2in13_V4", self.clock, rules=Rules(min_interval=180))
        self._fork = os.fork
        os.fork = self._scarce_fork

    def _scarce_fork(self) -> int:
        if self.board["short of forks"]:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        return self._fork()

    def look(self, daemon: Watched) -> None:
        """After every beat."""
        board = self.board
        board["now"] = self.clock.now()
        board["polls"] += daemon.gained("polls", daemon.fetching.polls)
        board["frames"] += daemon.gained("frames", daemon.drawing.frames)
        for name in FEEDS:
            if past := daemon.store.outcomes.get(name):
                board[name] = past.ok_at or 0
        if daemon.drawing.frames and not self._drawn:
            self._drawn = True
            self.tell("drawn")
        self._note(daemon)
        self._upset(daemon)
        self.panel.lint.refreshes.clear()  # what the virtual panel remembers is not the daemon's memory

    def tell(self, event: str, *what: object) -> None:
        """Write one line down."""
        os.write(self._events, (json.dumps([event, *what]) + "\n").encode())

    def _note(self, daemon: Watched) -> None:
        """What has been read, and that what was read before a commit is stored."""
        if daemon.gained("commits", daemon.store.commits) and len(self._seen) > 1:
            self.tell("stored", *self._seen)
            self.board["stored"] += len(self._seen) - 1
            del self._seen[:-1]
        reading = daemon.store.readings.latest("car", ODOMETER)
        if reading and (not self._seen or self._seen[-1] != int(reading.value)):
            self._seen.append(int(reading.value))

    def forget(self) -> None:
        """What the house before this one had in mind."""
        self._seen.clear()
        self.board["begun"] += 1

    def _upset(self, daemon: Daemon) -> None:
        """Break the panel now and then, and mend it once the daemon has noticed or not cared for long."""
        if self._faulty:
            if daemon.house.screen or self._dice.random() < 0.02:
                self.panel.board.faults = Faults()
                self.panel.board.restore_power()
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


class Watched(Daemon):
    """The daemon, looked at after every beat."""

    def __init__(self, soaked: Soaked, config: Config, store: Store) -> None:
        self._soaked = soaked
        self._counts: dict[str, int] = {"commits": store.commits}
        super().__init__(config, store, soaked.clock, Forked(config))
        soaked.forget()
        soaked.clock.busy = lambda: bool(self.watch())

    def tick(self) -> float:
        """As ever; never stopped by who looks on."""
        pause = super().tick()
        self._soaked.look(self)
        return pause

    def gained(self, name: str, count: int) -> int:
        """By how much a count has grown since the last look."""
        before = self._counts.get(name, 0)
        self._counts[name] = count
        return count - before


def serve(soaked: Soaked, config: Config, *, warm: bool) -> None:
    """As ``eink-monitor run`` does, until it is told to stop."""
    signals = Signals()
    following: Config | None = config
    while following:
        config = _furnished(following, soaked.board)
        with ExitStack() as stack:
            store = stack.enter_context(closing(Store(config.database, config.zone, lasting=soaked.clock.now())))
            control = stack.enter_context(closing(ControlSocket(address(config.database))))
            if warm:
                _warm(store)
                warm = False
            following = live(Watched(soaked, config, store), signals, control)


def _furnished(config: Config, board: Board) -> Config:
    """What no configuration could say: the feed ``mob``, and accounts that fit a house in a hurry.

    Where a page of the ledger is lost every budget counts as spent; a month without a roof would be no soak.
    """
    feeds = config.feeds
    special = {
        "mob": replace(feeds["mob"], source=Greedy(board)),
        "roof": _become(EagerRoof, feeds["roof"]),
        "car": _become(EagerCar, feeds["car"]),
    }
    return replace(config, feeds={**feeds, **special})


def _warm(store: Store) -> None:
    store._disk.execute("CREATE TABLE ballast (kilobyte BLOB)")
    store._disk.executemany("INSERT INTO ballast VALUES (?)", [(bytes(1000),)] * _CACHED)
    store._disk.execute("SELECT sum(length(kilobyte)) FROM ballast").fetchone()
    store._disk.execute("DROP TABLE ballast")


def main(folder: Path, seed: int, *, warm: bool) -> int:
    """With seed 0 the panel stays whole; ``warm`` fills the caches of days first: what is drawn, and SQLite's pages."""
    journal.open_journal()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also where the soak was begun with nohup
    soaked = Soaked(folder, seed)
    with soaked.panel.installed():
        try:
            config = load(folder / "config.yaml")
            if warm:
                simulate(replace(config, display=Null(draw=True)), 2, date(2026, 1, 1))
            serve(soaked, config, warm=warm)
        except Trouble as error:
            sys.stderr.write(f"{error}\n")
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), warm="warm" in sys.argv))
