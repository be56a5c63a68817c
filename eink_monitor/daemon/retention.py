"""Retention: once per local day, rows older than `keep` says are deleted."""

from __future__ import annotations

from collections.abc import Callable

from eink_monitor.clock import MINUTE, local
from eink_monitor.config import Config
from eink_monitor.errors import StoreError
from eink_monitor.store import Store

_LOOKS = 5 * MINUTE  # how often midnight is looked for


class Retention:
    """``complain`` is called when nothing could be deleted."""

    def __init__(self, config: Config, store: Store, mono: float, complain: Callable[[StoreError], None]) -> None:
        self._config = config
        self._store = store
        self._complain = complain
        self._day = ""  # the last one it was done on
        self._due = mono

    def advance(self, now: int, mono: float, *, settled: bool) -> None:
        """Delete what is due; nothing unless card and clock are ``settled``."""
        if mono < self._due:
            return
        self._due = mono + _LOOKS
        today = local(now, self._config.zone).date().isoformat()
        if self._day == today or not settled:
            return
        self._day = today
        keep = self._config.keep
        day_before = local(now - keep.daily, self._config.zone).date() if keep.daily else None
        try:
            with self._store.transaction():
                self._store.readings.prune(now - keep.raw, now - keep.hourly, day_before)
                self._store.outcomes.prune()
                self._store.outlooks.prune(now)
                self._store.listings.prune(now)
                if events := keep.events or keep.daily:
                    self._store.events.prune(now - events)
                self._store.ledger.prune(now)
        except StoreError as error:
            self._complain(error)
