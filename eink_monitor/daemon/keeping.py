"""Storage: commits readings to the SD card on time, and watches the card and the clock.

If either fails, the daemon goes on from memory, and says so once in the log and on the health panel.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict

from eink_monitor.clock import AHEAD, HOUR, MINUTE
from eink_monitor.config import Config
from eink_monitor.daemon.upkeep import Upkeep
from eink_monitor.daemon.wall_time import WallTime, span
from eink_monitor.errors import Damaged, StoreError
from eink_monitor.house import House
from eink_monitor.model.frame import Wear
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_SETTLED = HOUR  # retention waits this long after the clock has jumped
_LATELY = 10 * MINUTE


class Keeping:
    """Storage and time. ``busy`` says whether a poll is under way."""

    def __init__(self, config: Config, store: Store, house: House, clock: WallTime, wear: Wear) -> None:
        self._config = config
        self._store = store
        self._house = house
        self._clock = clock
        self._wear = wear
        self._flushed, self._commits = clock.monotonic(), store.commits
        self._jumped = float("-inf")
        self._certain = False
        self._upkeep = Upkeep(store, clock, self.complain, self.sync)
        store.ledger.began(clock.boot(), clock.offset(), sure=clock.sure)
        if not clock.sure:
            log.warning("the clock is not set yet; readings wait in memory until it is")
        if store.fault:
            self.complain(store.fault)
        elif store.facts.salvage:
            found = store.found or "the database was damaged"
            log.error("%s; what can be read of it is saved from %s", found, self._upkeep.quarantined())
        self._set_future_aside()  # before the first frame

    def watch(self) -> Sequence[int]:
        """File descriptors worth waking up for."""
        return self._upkeep.watch()

    def next_due(self, *, busy: bool) -> float:
        """The monotonic instant at which there is something to do again."""
        never = float("inf")
        waiting = self._store.pending or self._store.fault
        return min(
            self._clock.monotonic() + MINUTE if self._store.durable else never,  # its files are looked for in ``sync``
            self._flushed + self._config.commit_every if waiting else never,
            self._upkeep.next_due(busy=busy),
        )

    def stop(self) -> None:
        """Write everything; background work under way is restarted another time."""
        self._upkeep.kill()
        self._flush(self._store.flush)
        self._tell_of_files()

    # -- the clock -------------------------------------------------------------------------------------------------

    def look_at_the_clock(self) -> bool:
        """Re-date what a wrong clock dated, as soon as that is known; returns whether the time has jumped."""
        by, sure = self._clock.look(), self._clock.sure
        if by:
            self._jumped, self._certain = self._clock.monotonic(), False
            try:
                moved = self._store.dating.clock_moved(by, self._clock.now())
            except StoreError as error:
                self.complain(error)
            else:
                way = "forward" if by > 0 else "back"
                log.warning("the clock was put %s by %s; %d readings were re-dated", way, span(by), moved)
        if self._store.held and sure:
            log.info("the clock is now set")
        self._store.held = not sure
        self._house.clock = "" if sure else "waiting for the clock to be set; readings stay in memory until then"
        return bool(by)

    def _make_certain(self) -> None:
        """Once the time is certain: nothing in the database may be later."""
        if self._certain or not self._clock.trusted():
            return
        self._certain = True
        try:
            gone = self._store.dating.clock_is_right(self._clock.now(), self._clock.booted)
        except StoreError as error:
            self._certain = False
            self.complain(error)
            return
        self._tell_of_future(gone)

    def _set_future_aside(self) -> None:
        """Even if nothing vouches for the clock, rows dated later than it says are hidden."""
        now = self._clock.now()
        try:
            gone = self._store.dating.set_future_aside(now)
        except StoreError as error:
            self.complain(error)
        else:
            self._tell_of_future(gone)

    def _tell_of_future(self, gone: int) -> None:
        if gone:
            told = "values dated in the future were set aside, out of sight"
            log.warning("%d %s; if the clock is right, eink-monitor forget --after now deletes them", gone, told)

    # -- the card --------------------------------------------------------------------------------------------------

    def sync(self) -> None:
        """Notice what another process wrote, and what could not be read."""
        try:
            if self._store.sync():
                self._clock.reconsider(self._store.dating.newest)  # `forget` may have deleted what was ahead
        except StoreError as error:
            self.complain(error)
        if self._store.displaced:
            self._flush(self._store.flush)
        self._tell_of_files()

    def _tell_of_files(self) -> None:
        """What happened to the files of the database, in the log and for the doctor."""
        while self._store.told:
            words = self._store.told.pop(0)
            log.error("%s", words)
            self._store.facts.mishap, self._store.facts.mishap_at = words, self._clock.now()

    @property
    def mishap(self) -> str:
        """What happened to the files of the database a moment ago, or nothing."""
        facts = self._store.facts
        lately = 0 <= self._clock.now() - facts.mishap_at < _LATELY
        return facts.mishap if lately else ""

    def is_settled(self, mono: float) -> bool:
        """Whether card and clock are reliable enough for retention."""
        return self._clock.sure and not self._house.card and mono - self._jumped >= _SETTLED

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._store.pending or self._store.fault)

    @property
    def trouble(self) -> str:
        """Why others cannot read what came in, in a sentence, or empty."""
        if self._house.card:
            return f"the daemon cannot write and goes on from memory: {self._house.card}"
        return f"the daemon is {self._house.clock}" if self._house.clock else ""

    @property
    def written(self) -> float:
        """When all was last written (monotonic)."""
        return self._flushed

    def write(self, flush: Callable[[], None], mono: float) -> None:
        """Write what is only in memory now; ``flush`` as for ``keep``."""
        self._flushed = mono
        self._flush(flush)

    def keep(self, now: int, mono: float, *, busy: bool, flush: Callable[[], None] | None = None) -> None:
        """Write what is only in memory, once per interval; check, save and forget when there is time.

        ``flush`` writes more than the store knows of.
        """
        self._note_commits(mono)
        if (self._store.pending or self._store.fault) and mono >= self._flushed + self._config.commit_every:
            self.write(flush or self._store.flush, mono)
        self._make_certain()
        if self._store.dating.latest > now + AHEAD:
            self._set_future_aside()
        self._upkeep.advance(now, mono, busy=busy)

    def _flush(self, flush: Callable[[], None]) -> None:
        self._store.wear.keep(asdict(self._wear))
        try:
            flush()
        except StoreError as error:
            self.complain(error)
            return
        self._note_commits(self._flushed)

    def _note_commits(self, mono: float) -> None:
        """Something was written, if only a booking: that writes everything, and shows that the card works."""
        if self._store.commits == self._commits:
            return
        self._flushed, self._commits = mono, self._store.commits
        self._store.wear.keep(asdict(self._wear))
        if self._house.card:
            log.info("storing again")
            self._house.card = ""

    def complain(self, error: StoreError) -> None:
        """The card fails: say so once, go on from memory; a damaged file is set aside at once."""
        if isinstance(error, Damaged):
            log.error("%s; a new one is started", error)
            try:
                self._store.recover(self._clock.now())
            except StoreError as worse:
                error = worse
            else:
                self._upkeep.hurry()
                return
        if not self._house.card:
            log.error("%s; going on from memory", error)
        self._house.card = str(error)
