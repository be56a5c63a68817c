"""What is logged about polls: one line when a fault begins, one when it ends, and little about waiting."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, local
from eink_monitor.draw import words
from eink_monitor.model.poll import Outcome
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_HARMLESS = ("ok", "throttled")  # waiting for quota neither begins a fault nor ends one


class FaultLog:
    """Remembers what was last logged of every feed; after a start, what the store knows of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._faults: dict[str, tuple[str, int]] = {}  # what it was, and how many polls ago it began
        self._quiet_until: dict[str, float] = {}

    def recall(self, names: Iterable[str], zone: ZoneInfo) -> None:
        """At a start: what was wrong when the daemon last stopped, and may still be."""
        for name in names:
            past = self._store.outcomes.get(name)
            if past and past.what not in _HARMLESS:
                log.warning(
                    "%s (since %s)", _sentence(name, past.what, past.detail), f"{local(past.since, zone):%d %b %H:%M}"
                )

    def tell(self, outcome: Outcome, mono: float) -> None:
        """Log what is new about an outcome that the store does not know yet."""
        if outcome.what == "throttled":
            self._tell_of_waiting(outcome, mono)
        else:
            self._tell_of_faults(outcome)

    def _tell_of_faults(self, outcome: Outcome) -> None:
        name, what = outcome.feed, outcome.what
        past = self._store.outcomes.get(name)
        was, polls = self._faults.get(name) or ((past.what, past.polls) if past else ("ok", 0))
        if what not in ("ok", was):
            log.warning("%s", _sentence(name, what, outcome.detail))
        elif what == "ok" and was not in _HARMLESS:
            log.info("%s: recovered after %s", name, words.count(polls, "failed poll"))
        self._faults[name] = (what, polls + 1 if was not in _HARMLESS else 1)

    def _tell_of_waiting(self, outcome: Outcome, mono: float) -> None:
        """A scarce account is kept waiting many times a day, as planned: one line a day is news enough."""
        if mono >= self._quiet_until.get(outcome.feed, mono):
            self._quiet_until[outcome.feed] = mono + DAY
            log.info("%s", outcome.detail)


def _sentence(name: str, what: str, detail: str) -> str:
    """What is wrong, and with which feed."""
    return detail if detail.startswith(f"{name}: ") else f"{name}: {detail or what}"
