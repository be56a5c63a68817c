"""When it is whose turn: what follows, for a poll as for a stream, from how the last one ended. Pure arithmetic.

| It ended          | and is tried again                                                                       |
|-------------------|------------------------------------------------------------------------------------------|
| ok                | at its next beat                                                                         |
| unreachable       | after 10 s, 30 s, 1 min, 5 min, but never later than its pace; then with growing pauses  |
| overloaded        | as unreachable: this machine could not even begin                                        |
| throttled         | when the vendor, or our ledger, allows                                                   |
| auth              | once more; after the second refusal when a person has changed something                  |
| gone, missing     | when a person has changed something                                                      |
| anything else     | with growing pauses, because the vendor was reached and the call may have counted        |

A restart changes nothing of it: nobody is asked earlier than was planned, unless asking costs nothing (nobody was
reached, a library was missing) or a person has changed the configuration since.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.store import OutcomeRun

SOON = (10, 30, MINUTE, 5 * MINUTE)
UNASKED = frozenset({"unreachable", "overloaded"})
"""Outcomes of tries that reached nobody."""
FOR_A_PERSON = frozenset({"auth", "gone", "missing"})
"""Outcomes that wait for a person to change something."""

_HARMLESS = frozenset({"ok", "throttled"})
_REFUSALS = 2  # after so many, a person must act before we try again
_DOUBLINGS = 8
_LONGEST_WAIT = 6 * HOUR  # after a restart
_MEANT = (
    62 * DAY
)  # nothing is ever planned further ahead: a bit has flipped; the vendor's own wait is in the ledger, too


class Rhythm(NamedTuple):
    """``pace`` is the seconds between two tries when all is well, ``longest`` to what failures alone may stretch it."""

    pace: float
    longest: float = HOUR


@dataclass(frozen=True, slots=True)
class Turn:
    """A place on the timetable. ``due`` is monotonic.

    ``failures`` counts consecutive tries that reached the vendor in vain, ``lost`` those that reached nobody,
    ``refusals`` those since the last success. When ``stopped``, it waits for a person.
    """

    due: float
    failures: int = 0
    lost: int = 0
    refusals: int = 0
    stopped: bool = False

    def after(self, what: str, mono: float, rhythm: Rhythm, wait: float = 0.0) -> Turn:
        """The next turn, once this one ended as ``what`` at ``mono``; ``wait`` is for how long we were told to wait."""
        if what == "ok":
            beat = min(self.due, mono) + rhythm.pace  # a person may have polled it before it was due
            return Turn(beat if beat > mono else mono + rhythm.pace)
        if what == "throttled":
            return replace(self, due=mono + max(wait, 1), stopped=False)
        if what in {"gone", "missing"}:
            return Turn(mono, stopped=True)
        if what in UNASKED:
            lost = self.lost + 1
            pause = min(SOON[lost - 1], rhythm.pace) if lost <= len(SOON) else backoff(lost - len(SOON), rhythm)
            return replace(self, due=mono + pause, lost=lost)
        failures, refusals = self.failures + 1, self.refusals + (what == "auth")
        due = mono + max(backoff(failures, rhythm), wait)
        return Turn(due, failures, 0, refusals, what == "auth" and refusals >= _REFUSALS)


def backoff(failures: int, rhythm: Rhythm) -> float:
    """The pause after so many failures in a row: twice the one before, between the rhythm's pace and its longest."""
    grown: float = rhythm.pace * (1 << min(failures - 1, _DOUBLINGS))
    return max(rhythm.pace, min(grown, rhythm.longest))


def first(past: OutcomeRun | None, now: int, mono: float, stamp: int, edited: int = 0) -> Turn:
    """The turn after a start, at ``now`` by the wall clock: where it left off, so that restarts cost no calls.

    ``stamp`` is what a refusal was kept with if nothing was changed since; ``edited`` is when the configuration was.
    """
    if past is None or _is_moot(past, stamp, edited):
        return Turn(mono)
    if past.what == "gone":  # once a day, after a start: it may be a newer version that asks
        return Turn(mono, stopped=now - past.at < DAY)
    refusals = past.polls if past.what == "auth" else 0
    if refusals >= _REFUSALS:
        return Turn(mono, refusals, 0, refusals, stopped=True)
    failures = past.polls if past.what not in _HARMLESS else 0
    return Turn(mono + _wait(past, now), failures, 0, refusals)


def _is_moot(past: OutcomeRun, stamp: int, edited: int) -> bool:
    """Whether that poll made no call, or the possible cause has been changed since."""
    if past.what in {*UNASKED, "missing"}:
        return True
    if past.what in FOR_A_PERSON:
        return past.stamp != stamp
    return past.what not in _HARMLESS and past.polls != 0 and edited > past.at


def _wait(past: OutcomeRun, now: int) -> int:
    """What is left of the wait; never longer than planned: the clock may have been ahead then."""
    if not past.due or past.due - past.at > _MEANT:
        return 0
    return max(0, min(past.due - now, past.due - past.at, _LONGEST_WAIT))
