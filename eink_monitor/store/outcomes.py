"""Outcomes of polls: per feed the open run of equal outcomes, and the earlier runs.

A poll is an outcome row or one more in the count of an open one. When a feed is next due is kept too, so that a restart
neither forgets a feed nor asks twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from eink_monitor.model.poll import Outcome
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part

_FIGURE = re.compile(r"-?[0-9][0-9.e+]*")
_LONG_AGO = -(1 << 40)
KEPT = 500  # closed runs of all feeds together


@dataclass(slots=True)
class OutcomeRun:
    """A run of equal outcomes of one feed: ``since`` the first poll, ``at`` the last, ``polls`` of them.

    ``ok_at`` is when a poll last succeeded, ``due`` when the next is planned (wall clock); ``stamp`` identifies the
    configuration it was polled with.
    """

    feed: str
    since: int
    at: int
    polls: int
    took: float
    what: str
    detail: str
    ok_at: int | None = None
    due: int | None = None
    stamp: int | None = None


class Outcomes(Part):
    """Outcomes in memory and on disk."""

    def __init__(self, disk: OpenDatabase) -> None:
        self._disk = disk
        self._open: dict[str, OutcomeRun] = {}
        self._closed: list[OutcomeRun] = []
        self._dirty: set[str] = set()
        self._before: dict[str, OutcomeRun] = {}

    def reload(self) -> None:
        """Forget what is in memory and read the open runs from disk."""
        rows = self._disk.execute("SELECT feed, since, at, polls, took, what, detail, ok_at, due, stamp FROM feed")
        found = {row[0]: OutcomeRun(*row) for row in rows}
        self._before, self._open = self._open, found  # not before all of it could be read
        self._closed.clear()
        self._dirty.clear()

    def adopt(self) -> None:
        """Keep what was known of feeds before the database was replaced."""
        for feed, past in self._before.items():
            if self._open.setdefault(feed, past) is past:
                self._dirty.add(feed)
        self._before = {}

    def ends(self) -> list[int]:
        """When the last poll of every feed ended."""
        return [past.at for past in self._open.values()]

    def add(self, outcome: Outcome, due: int | None, stamp: int) -> None:
        """Take an outcome in."""
        past = self._open.get(outcome.feed)
        ok_at = outcome.at if outcome.what == "ok" else past.ok_at if past else None
        if past and (past.what, past.stamp) == (outcome.what, stamp) and _alike(past, outcome):
            past.at, past.took, past.polls = outcome.at, outcome.took, past.polls + 1
            past.detail = outcome.detail
            past.ok_at, past.due = ok_at, due
        else:
            if past:
                self._closed.append(past)
            took, what, detail = outcome.took, outcome.what, outcome.detail
            self._open[outcome.feed] = OutcomeRun(
                outcome.feed, outcome.at, outcome.at, 1, took, what, detail, ok_at, due, stamp
            )
        self._dirty.add(outcome.feed)

    def get(self, feed: str) -> OutcomeRun | None:
        """The open run of a feed, or None when it was never polled."""
        return self._open.get(feed)

    def names(self) -> list[str]:
        """Every feed that has ever been polled."""
        return sorted(self._open)

    def recent(self, limit: int = 50) -> list[OutcomeRun]:
        """Closed runs on disk, newest first."""
        rows = self._disk.look(
            "SELECT feed, since, at, polls, took, what, detail FROM outcome ORDER BY id DESC LIMIT ?", (limit,)
        )
        return [OutcomeRun(*row) for row in rows]

    def between(self, feed: str, since: int, until: int) -> list[OutcomeRun]:
        """The runs of a feed that began from ``since`` to ``until``, in order of time."""
        rows = self._disk.look(
            "SELECT feed, since, at, polls, took, what, detail FROM outcome"
            " WHERE feed = ? AND since BETWEEN ? AND ? ORDER BY since",
            (feed, since, until),
        )
        fresh = [*self._closed, *([self._open[feed]] if feed in self._open else [])]
        return [OutcomeRun(*row) for row in rows] + [
            past for past in fresh if past.feed == feed and since <= past.since <= until
        ]

    def at(self, feed: str, at: int) -> OutcomeRun | None:
        """The run of a feed that was open at an instant, or None where that is not known any more."""
        past = self._open.get(feed)
        if past is None or past.since <= at:
            return past
        return next(reversed(self.between(feed, _LONG_AGO, at)), None)

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._disk.executemany(
            "INSERT INTO outcome (feed, since, at, polls, took, what, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(past.feed, past.since, past.at, past.polls, past.took, past.what, past.detail) for past in self._closed],
        )
        self._disk.executemany(
            """INSERT INTO feed (feed, since, at, polls, took, what, detail, ok_at, due, stamp)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
               ON CONFLICT (feed) DO UPDATE SET (since, at, polls, took, what, detail, ok_at, due, stamp) =
               (excluded.since, excluded.at, excluded.polls, excluded.took, excluded.what, excluded.detail,
                excluded.ok_at, excluded.due, excluded.stamp)""",
            [
                (p.feed, p.since, p.at, p.polls, round(p.took, 3), p.what, p.detail, p.ok_at, p.due, p.stamp)
                for p in (self._open[feed] for feed in sorted(self._dirty))
            ],
        )

    def written(self) -> None:
        """The transaction is durable."""
        self._closed.clear()
        self._dirty.clear()

    def forget_after(self, limit: int) -> None:
        """No poll ended later than ``limit``; inside the caller's transaction."""
        self._disk.execute(
            "UPDATE feed SET at = :limit, since = min(since, :limit), due = NULL WHERE at > :limit", {"limit": limit}
        )
        self._disk.execute("UPDATE feed SET ok_at = :limit WHERE ok_at > :limit", {"limit": limit})

    def prune(self) -> None:
        """Keep the newest closed runs only, inside the caller's transaction."""
        self._disk.execute("DELETE FROM outcome WHERE id <= (SELECT max(id) FROM outcome) - ?", (KEPT,))


def _alike(past: OutcomeRun, outcome: Outcome) -> bool:
    """Whether both say the same; for successful polls, apart from figures ("left out: charge -1.5 %")."""
    if past.detail == outcome.detail:
        return True
    return outcome.what == "ok" and _FIGURE.sub("", past.detail) == _FIGURE.sub("", outcome.detail)
