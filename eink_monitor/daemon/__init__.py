"""The daemon: one synchronous function, ``tick``, which does what is due and returns how long to sleep.

No threads, no event loop, no locks. The half that polls and the half that draws meet only in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from eink_monitor.clock import HOUR, MINUTE, Clock
from eink_monitor.config import Config
from eink_monitor.daemon.control import Reply
from eink_monitor.daemon.drawing import Drawing
from eink_monitor.daemon.fetching import Fetching
from eink_monitor.daemon.following import Following
from eink_monitor.daemon.intake import Intake
from eink_monitor.daemon.keeping import Keeping
from eink_monitor.daemon.parts import Parts
from eink_monitor.daemon.retention import Retention
from eink_monitor.daemon.runner import Runner
from eink_monitor.daemon.wall_time import WallTime
from eink_monitor.daemon.writing import Allowance, write
from eink_monitor.house import House
from eink_monitor.house.fence import fenced
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_LONGEST_PAUSE = 5 * MINUTE  # look around at least so often: the wall clock may have jumped
_BESIDE_A_POLL = 2.0
_BESIDE_A_STREAM = 30.0


class Daemon:
    """The running daemon of one configuration."""

    def __init__(self, config: Config, store: Store, clock: Clock, runner: Runner) -> None:
        config = self.config = fenced(config)
        self.store = store
        self.clock = WallTime(clock, store.dating.newest(clock.now()))
        self.house = House(config, store, self.clock.now())
        self.wear = self.house.wear
        self.keeping = Keeping(config, store, self.house, self.clock, self.wear)
        self.intake = Intake(config, store)
        self.fetching = Fetching(self.intake, store, self.clock, runner, self.keeping.complain)
        self.fetching.hear = self.clock.hear
        self.following = Following(self.intake, self.clock, runner)
        self.retention = Retention(config, store, self.clock.monotonic(), self.keeping.complain)
        self.drawing = Drawing(config, self.house, self.clock.monotonic())
        config.display.open(self.clock, self.wear)
        self._warned: set[str] = set()
        self._warn_due = self.clock.monotonic()
        self._new = bool(config.slides)
        self._bare = False  # whether every panel is still to be drawn once
        self.quiet = False
        self._allowance = Allowance(self.clock.monotonic())
        self._parts = Parts(self.clock)

    def tick(self) -> float:
        """Do what is due; returns the seconds until the next thing is."""
        do = self._parts.do
        jumped = do("looking at the clock", self.keeping.look_at_the_clock)
        now, mono = self.clock.now(), self.clock.monotonic()
        self.house.now = now
        do("reading what others wrote", self.keeping.sync)
        do("collecting", self.fetching.collect, now)
        if jumped:
            do("replanning", self.fetching.replan, now)
        was_quiet, self.quiet = self.quiet, self._is_quiet(now)
        if self.quiet:
            do("following", self.following.kill)
            do("keeping", partial(self.keeping.keep, now, mono, busy=self.fetching.busy))
            if self.drawing.pressed:  # somebody is awake
                do("drawing", self.drawing.advance, now, mono)
            return float(MINUTE - now % MINUTE)
        if was_quiet:
            self.drawing.wake(mono)
            self.config.display.freshen()
        do("drawing", self.drawing.advance, now, mono)
        if self._new:  # the first frame waits for nothing
            self._new, self._bare = False, True
            return 0.0
        if self._bare:
            self._bare = False
            do("drawing all panels", self.drawing.collect, now, mono)
        do("fetching", self.fetching.launch, now, mono)
        do("following", self.following.advance, now)
        flush = partial(self.fetching.flush, now, mono)
        do("keeping", partial(self.keeping.keep, now, mono, busy=self.fetching.busy, flush=flush))
        do("pruning", partial(self.retention.advance, now, mono, settled=self.keeping.is_settled(mono)))
        do("warning", self._warn, mono)
        return self._pause()

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return (*self.fetching.watch(), *self.following.watch(), *self.keeping.watch())

    def wait(self, seconds: float, readable: Sequence[int] = ()) -> None:
        """Sleep until one of the file descriptors is readable, or a button of the display is pressed."""
        until = self.clock.monotonic() + seconds
        while not self.clock.wait(min(seconds, self.drawing.look_every or seconds), readable):
            seconds = until - self.clock.monotonic()
            if self.drawing.look(self.clock.monotonic()) or seconds <= 0:
                return

    def recall(self) -> None:
        """At a start: log what was wrong when the daemon last stopped."""
        self.intake.recall()

    def write(self) -> Reply:
        """Write what is only in memory, because a person wants to read it."""
        return write(self.keeping, self.fetching, self._allowance, self.clock.monotonic())

    def stop(self) -> None:
        """Stop cleanly: the poll under way is killed, everything is written, the last frame stays."""
        for number, part in enumerate((self.fetching.kill, self.following.kill, self.keeping.stop)):
            self._parts.do(f"stopping ({number})", part)
        self.config.display.close()

    def _is_quiet(self, now: int) -> bool:
        quiet = self.config.quiet_hours
        return quiet is not None and quiet.covers(now, self.config.zone)

    def _pause(self) -> float:
        mono = self.clock.monotonic()
        halves = (
            self.drawing.next_due,
            self.fetching.next_due(),
            self.following.next_due(),
            self.keeping.next_due(busy=self.fetching.busy),
        )
        longest = self._longest()
        return max(self._parts.pause(mono), min(*halves, mono + longest) - mono)

    def _longest(self) -> float:
        """How long to sleep at most: child processes are checked, because they may have multiplied."""
        if self.fetching.busy:
            return _BESIDE_A_POLL
        return _BESIDE_A_STREAM if self.following.watch() else _LONGEST_PAUSE

    def _warn(self, mono: float) -> None:
        """One log line for each credential that will soon expire; they are checked once an hour."""
        if mono < self._warn_due:
            return
        self._warn_due = mono + HOUR
        for feed in self.config.feeds.values():
            words = self.house.warning(feed)
            if words and feed.name not in self._warned:
                log.warning("%s: %s", feed.name, words)
                self._warned.add(feed.name)
            elif not words:
                self._warned.discard(feed.name)
