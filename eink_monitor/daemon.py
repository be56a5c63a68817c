"""The heartbeat: one synchronous function, ``tick``, which does what is due and returns how long to sleep.

No threads, no event loop, no locks. The half that fetches and the half that draws meet only in the store.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict

from eink_monitor.clock import MINUTE, Clock, local
from eink_monitor.config import Config
from eink_monitor.drawing import Drawing
from eink_monitor.errors import StoreError
from eink_monitor.fetching import Fetching, Runner
from eink_monitor.following import Following
from eink_monitor.house import House
from eink_monitor.model import Wear
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_LONGEST_PAUSE = 5 * MINUTE  # look around at least so often: the wall clock may have jumped


class Daemon:
    """A house under way."""

    def __init__(self, config: Config, store: Store, clock: Clock, runner: Runner) -> None:
        self.config = config
        self.store = store
        self.clock = clock
        self.house = House(config, store, clock.now())
        self.fetching = Fetching(config, store, clock, runner, self._card)
        self.following = Following(config, store, clock, runner, self.fetching)
        self.drawing = Drawing(config, self.house, clock.monotonic())
        self.wear = Wear(**store.wear())
        config.display.open(clock, self.wear)
        self._flushed = clock.monotonic()
        self._pruned = ""
        self._warned: set[str] = set()
        self._new = bool(config.slides)
        self._quiet = False

    def tick(self) -> float:
        """Do what is due; returns the seconds until the next thing is."""
        now, mono = self.clock.now(), self.clock.monotonic()
        self.house.now = now
        self._sync()
        self.fetching.collect(now)
        was_quiet, self._quiet = self._quiet, self._is_quiet(now)
        if self._quiet:
            self.following.kill()
            self._keep(mono)
            return float(MINUTE - now % MINUTE)
        if was_quiet:
            self.drawing.wake(mono)
            self.config.display.freshen()
        self.drawing.advance(now, mono)
        if self._new:  # the first frame waits for nothing
            self._new = False
            return 0.0
        self.fetching.launch(now, mono)
        self.following.advance(now)
        self._keep(mono)
        self._prune(now)
        self._warn()
        return self._pause()

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return (*self.fetching.watch(), *self.following.watch())

    def stop(self) -> None:
        """End in good order: the poll under way is killed, everything is written, the last frame stays."""
        self.fetching.kill()
        self.following.kill()
        self._flush()
        self.config.display.close()

    def _is_quiet(self, now: int) -> bool:
        here = local(now, self.config.zone)
        quiet = self.config.quiet_hours
        return quiet is not None and quiet.holds(here.hour * 60 + here.minute)

    def _pause(self) -> float:
        mono = self.clock.monotonic()
        due = [self.drawing.next_due, self.fetching.next_due(), self.following.next_due(), mono + _LONGEST_PAUSE]
        if self.store.pending:
            due.append(self._flushed + self.config.commit_every)
        return max(0.0, min(due) - mono)

    def _warn(self) -> None:
        """Once for each sign-in or key that will soon die, a line in the log."""
        for feed in self.config.feeds.values():
            words = self.house.warning(feed)
            if words and feed.name not in self._warned:
                log.warning("%s: %s", feed.name, words)
                self._warned.add(feed.name)
            elif not words:
                self._warned.discard(feed.name)

    # -- keeping ---------------------------------------------------------------------------------------------------

    def _sync(self) -> None:
        try:
            self.store.sync()
        except StoreError as error:
            self._card(error)

    def _keep(self, mono: float) -> None:
        """Write what is only in memory, once per interval."""
        if self.store.pending and mono >= self._flushed + self.config.commit_every:  # the sum that _pause waits for
            self._flushed = mono
            self._flush()

    def _flush(self) -> None:
        self.store.keep_wear(asdict(self.wear))
        try:
            self.store.flush()
        except StoreError as error:
            self._card(error)
            return
        if self.house.card:
            log.info("storing again")
            self.house.card = ""

    def _card(self, error: StoreError) -> None:
        """The card fails: say so once, go on from memory."""
        if not self.house.card:
            log.error("%s; going on from memory", error)
        self.house.card = str(error)

    def _prune(self, now: int) -> None:
        """Once a local day, delete what the house no longer wants to keep."""
        today = local(now, self.config.zone).date().isoformat()
        if self._pruned == today or self.house.card:
            return
        self._pruned = today
        keep = self.config.keep
        day_before = local(now - keep.daily, self.config.zone).date() if keep.daily else None
        try:
            with self.store.transaction():
                self.store.readings.prune(now - keep.raw, now - keep.hourly, day_before)
                self.store.outcomes.prune()
                self.store.ledger.prune(now)
        except StoreError as error:
            self._card(error)
