"""Events in memory and on disk. The same key again changes the row; what is unchanged is not written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from eink_monitor.model.event import Event, rest_of
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.future import Dated
from eink_monitor.store.part import Part

MOST = 2_000
"""Events that wait in memory for a card that cannot be written; beyond them the oldest goes."""
_NEVER = 1 << 40

Key = tuple[str, str, str]
"""Subject, kind and key."""


class EventRow(NamedTuple):
    """An event as it is stored: its figures and words are JSON."""

    start: int
    end: int | None
    rest: str


class Events(Part):
    """Of one store."""

    def __init__(self, disk: OpenDatabase) -> None:
        self._disk = disk
        self._fresh: dict[Key, EventRow] = {}
        self._ours: set[Key] = set()  # those that our own clock dated

    def add(self, events: Iterable[Event], ours: int = _NEVER) -> None:
        """Take events in; durable with the next transaction.

        What began at ``ours`` or later was dated by our own clock, and moves should that prove wrong.
        """
        for event in events:
            key = (event.subject, event.kind, event.key)
            row = EventRow(event.start, event.end, json.dumps(event.rest(), separators=(",", ":")))
            if row != (self._fresh.get(key) or self._stored(key)):
                self._fresh.pop(key, None)
                self._fresh[key] = row
                if event.start >= ours:
                    self._ours.add(key)
        for key in list(self._fresh)[:-MOST]:
            del self._fresh[key]

    def _stored(self, key: Key) -> EventRow | None:
        find = "SELECT start, end, rest FROM event WHERE key = ? AND subject = ? AND kind = ?"
        rows = self._disk.look(find, (key[2], *key[:2]))
        return EventRow(*rows[0]) if rows else None

    def get(self, subject: str, kind: str, since: int, until: int) -> Sequence[Event]:
        """Those that began from ``since`` up to, not including, ``until``, in order of time.

        Of all kinds for ``""``.
        """
        find = """SELECT subject, kind, key, start, end, rest FROM event
                  WHERE subject = ? AND (? = '' OR kind = ?) AND start >= ? AND start < ?"""
        rows = self._disk.look(find, (subject, kind, kind, since, until))
        found = {(one, what, key): EventRow(*row) for one, what, key, *row in rows}
        for key, row in self._fresh.items():
            if key[0] == subject and kind in {"", key[1]}:
                found.pop(key, None)
                if since <= row.start < until:
                    found[key] = row
        told = (self._event(key, row) for key, row in sorted(found.items(), key=lambda pair: (pair[1].start, pair[0])))
        return [event for event in told if event]

    def _event(self, key: Key, row: EventRow) -> Event | None:
        try:
            return Event(*key, row.start, row.end, *rest_of(json.loads(row.rest)))
        except (ValueError, TypeError, RecursionError) as error:  # a card may corrupt it
            self._disk.garbled(error)
            return None

    def kinds(self) -> list[tuple[str, str]]:
        """Every subject with every kind of its events."""
        stored = self._disk.look("SELECT DISTINCT subject, kind FROM event")
        return sorted({(subject, kind) for subject, kind in stored} | {key[:2] for key in self._fresh})

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._fresh)

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        for (subject, kind, key), row in self._fresh.items():
            change = "UPDATE event SET start = ?, end = ?, rest = ? WHERE key = ? AND subject = ? AND kind = ?"
            if not self._disk.execute(change, (*row, key, subject, kind)).rowcount:
                put = "INSERT INTO event (start, end, rest, key, subject, kind) VALUES (?, ?, ?, ?, ?, ?)"
                self._disk.execute(put, (*row, key, subject, kind))

    def written(self) -> None:
        """The transaction is durable."""
        self._fresh.clear()
        self._ours.clear()

    def shift(self, by: int) -> None:
        """The clock was put forward by so many seconds: what it dated and is not on the card yet moves along."""
        for key in self._ours & set(self._fresh):
            row = self._fresh[key]
            self._fresh[key] = row._replace(start=row.start + by, end=None if row.end is None else row.end + by)

    def forget(self, subject: str) -> None:
        """Delete all of a subject, inside the caller's transaction."""
        self._disk.execute("DELETE FROM event WHERE subject = ?", (subject,))
        self._fresh = {key: row for key, row in self._fresh.items() if key[0] != subject}

    def dated_after(self, limit: int) -> list[Dated]:
        """Those on disk that began later than ``limit``."""
        find = "SELECT start, id, subject, kind, key, rest FROM event WHERE start > ? ORDER BY start, id"
        rows = self._disk.execute(find, (limit,)).fetchall()
        return [Dated("event", row[2], row[3], "", 1.0, [*row[:2], f"{row[4]} {row[5]}"]) for row in rows]

    def forget_after(self, limit: int) -> list[Dated]:
        """Delete them, inside the caller's transaction; returns what went."""
        gone = self.dated_after(limit)
        self._disk.execute("DELETE FROM event WHERE start > ?", (limit,))
        return gone

    def prune(self, before: int) -> None:
        """Delete what began before, inside the caller's transaction."""
        self._disk.execute("DELETE FROM event WHERE start < ?", (before,))
