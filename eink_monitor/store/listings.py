"""Listings in memory and on disk: the newest of each. An unchanged one only becomes newer, which changes one page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from eink_monitor.clock import DAY
from eink_monitor.model.listing import Listing, items_of
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part

_OVER = 60 * DAY  # how long a listing is kept that nobody renews

Key = tuple[str, str]
"""Subject and name."""


class ListingRow(NamedTuple):
    """A listing as it is stored: its items are JSON."""

    at: int
    more: int
    items: str


class Listings(Part):
    """Of one store."""

    def __init__(self, disk: OpenDatabase) -> None:
        self._disk = disk
        self._known: dict[Key, ListingRow] = {}
        self._fresh: dict[Key, ListingRow] = {}
        self._before: dict[Key, ListingRow] = {}

    def reload(self) -> None:
        """Read from disk again; what is not there yet stays."""
        rows = self._disk.execute("SELECT subject, name, at, more, items FROM listing ORDER BY id")
        self._known = {(subject, name): ListingRow(*row) for subject, name, *row in rows} | self._fresh

    def drop(self) -> None:
        """Another database is open now; what was known still applies."""
        self._before = self._known

    def adopt(self) -> None:
        """Keep the listings that were known before the database was replaced, where the new one has none."""
        for key, row in self._before.items():
            if key not in self._known:
                self._known[key] = self._fresh[key] = row
        self._before = {}

    def add(self, listings: Iterable[Listing]) -> None:
        """Each replaces the previous one; durable with the next transaction."""
        for listing in listings:
            key, items = (listing.subject, listing.name), json.dumps(listing.rows(), separators=(",", ":"))
            row = ListingRow(listing.at, listing.more, items)
            if row != self._known.get(key):
                self._known[key] = self._fresh[key] = row

    def get(self, subject: str, name: str) -> Listing | None:
        """The newest, or None."""
        row = self._known.get((subject, name))
        if row is None:
            return None
        try:
            return Listing(subject, name, row.at, items_of(json.loads(row.items)), row.more)
        except (ValueError, TypeError, RecursionError) as error:  # a card may corrupt it
            self._disk.garbled(error)
            return None

    def all(self) -> list[Listing]:
        """Every one, by subject and name."""
        return [listing for key in sorted(self._known) if (listing := self.get(*key))]

    def at(self, subject: str, name: str) -> int | None:
        """When the newest was true, or None."""
        row = self._known.get((subject, name))
        return row.at if row else None

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._fresh)

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction.

        Where the items are the same, SQLite leaves the pages of their text alone.
        """
        for key, row in self._fresh.items():
            renew = "UPDATE listing SET at = ?, more = ?, items = ? WHERE subject = ? AND name = ?"
            if not self._disk.execute(renew, (*row, *key)).rowcount:
                put = "INSERT INTO listing (at, more, items, subject, name) VALUES (?, ?, ?, ?, ?)"
                self._disk.execute(put, (*row, *key))

    def written(self) -> None:
        """The transaction is durable."""
        self._fresh.clear()

    def shift(self, by: int) -> None:
        """The clock was put forward by so many seconds: what is not on the card yet was true as much later."""
        self._fresh = {key: row._replace(at=row.at + by) for key, row in self._fresh.items()}
        self._known |= self._fresh

    def forget(self, subject: str) -> None:
        """Delete all of a subject, inside the caller's transaction."""
        self._disk.execute("DELETE FROM listing WHERE subject = ?", (subject,))
        self._fresh = {key: row for key, row in self._fresh.items() if key[0] != subject}

    def forget_after(self, limit: int) -> None:
        """None was true later than ``limit``; inside the caller's transaction. The next poll brings another."""
        self._disk.execute("DELETE FROM listing WHERE at > ?", (limit,))

    def prune(self, now: int) -> None:
        """Delete what nobody renews, inside the caller's transaction."""
        self._disk.execute("DELETE FROM listing WHERE at < ?", (now - _OVER,))
