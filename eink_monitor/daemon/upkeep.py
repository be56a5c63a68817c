"""Background work on the database, in another process: checks, and salvage of damaged files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.daemon.wall_time import WallTime
from eink_monitor.errors import Damaged, StoreError
from eink_monitor.store import Store
from eink_monitor.store.repair.damage import exists
from eink_monitor.store.repair.job import Job

log = logging.getLogger("eink_monitor")

_CHECKED = 7 * DAY  # how often the whole database is checked; its structure is at every start
_TRIES = 3


class Upkeep:
    """``complain`` is called with damage; ``sync`` reads what the other process has written."""

    def __init__(
        self, store: Store, clock: WallTime, complain: Callable[[StoreError], None], sync: Callable[[], None]
    ) -> None:
        self._store = store
        self._clock = clock
        self._complain = complain
        self._sync = sync
        self._job: Job | None = None
        self._due = clock.monotonic() + MINUTE
        self._tries = 0
        self._outline_checked = False

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return self._job.watch if self._job else ()

    def next_due(self, *, busy: bool) -> float:
        """The monotonic instant at which there is something to do again; ``busy`` while a poll is under way."""
        return self._due if self._has_time(busy=busy) else float("inf")

    def hurry(self) -> None:
        """There is something to salvage: start at once."""
        self._due, self._tries = self._clock.monotonic(), 0

    def kill(self) -> None:
        """Work under way is restarted another time."""
        if self._job:
            self._job.kill()
            self._job = None

    def advance(self, now: int, mono: float, *, busy: bool) -> None:
        """At most one such process runs; a check is paused while a poll runs."""
        if self._job:
            answer = self._job.answer()
            if answer is None:
                self._job.pause(on=busy and self._job.kind != "salvage")
                return
            kind, self._job = self._job.kind, None
            self._due = mono + HOUR
            self._done(kind, answer, now)
        elif mono >= self._due and self._has_time(busy=busy):
            self._due = mono + HOUR
            self._begin(now)

    def _has_time(self, *, busy: bool) -> bool:
        return not self._job and not busy and not self._store.fault and self._store.durable

    def _begin(self, now: int) -> None:
        path, name = self._store.path, self.quarantined()
        if name and self._tries < _TRIES and exists(path.with_name(name)):
            self._tries += 1
            self._job = Job("salvage", path, path.with_name(name))
        elif name:
            self._give_up(name)
        elif abs(now - self._store.facts.checked) >= _CHECKED:
            self._job = Job("integrity_check", path)
        elif not self._outline_checked:
            self._job = Job("quick_check", path)

    def _done(self, kind: str, answer: str, now: int) -> None:
        word, *numbers = answer.split() or [""]
        if word == "ok" and kind == "salvage":
            self._sync()
            self._salvaged(*map(int, numbers))
        elif word == "ok":
            self._outline_checked = True
            if kind == "integrity_check":
                self._store.facts.checked = now
        elif word == "damaged" and kind != "salvage":
            self._complain(Damaged(f"the database is damaged ({self._store.path})"))

    def quarantined(self) -> str:
        """The name of the damaged file that is to be saved next, or nothing."""
        return next(iter(self._store.facts.salvage), "")

    def _salvaged(self, saved: int, lost: int) -> None:
        """One damaged file is done: so many of its rows are now in the good one."""
        facts, name = self._store.facts, self.quarantined()
        share = 100 * saved / max(saved + lost, 1)
        told = f"{min(share, 99.9):.1f} % of it was saved" if lost else "all of it was saved"
        log.warning("%s: %s, %d rows", name, told, saved)
        facts.saved, facts.lost = (facts.saved or 0) + saved, facts.lost + lost
        facts.salvaged += (name,)
        self._next_quarantined()
        for gone in self._store.tidy(facts.salvaged):
            log.info("%s is deleted: what could be read was saved, and the space is needed", gone)

    def _give_up(self, name: str) -> None:
        """A damaged file that cannot be salvaged, or has been removed: we do not delete it."""
        there = exists(self._store.path.with_name(name))
        log.error("%s %s", name, "could not be saved and is kept" if there else "is gone, and nothing in it was saved")
        self._next_quarantined()

    def _next_quarantined(self) -> None:
        self._store.facts.salvage = self._store.facts.salvage[1:]
        self.hurry()
