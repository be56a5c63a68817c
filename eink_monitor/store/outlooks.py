"""Outlooks in memory and on disk: the newest of each, and what an earlier one expected of each day.

An outlook replaces the previous one. For a power, one number a day is also kept: the energy expected of that day when
it began, to judge the forecast.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, day_bounds, local
from eink_monitor.metrics import METRICS
from eink_monitor.model.outlook import Outlook, slots_of
from eink_monitor.model.reading import Metric
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.part import Part
from eink_monitor.store.series import day_key, day_of

_OVER = 2 * DAY  # how long an outlook is kept after its last slot
_COMPARED = 60 * DAY  # how long the expectation of a day is kept

Key = tuple[str, str]
"""Subject and metric name."""


class OutlookRow(NamedTuple):
    """An outlook as it is stored: its slots are JSON, which takes a thirtieth of the room."""

    issued_at: int
    end: int
    attribution: str
    slots: str


class Outlooks(Part):
    """Of one store."""

    def __init__(self, disk: OpenDatabase, zone: ZoneInfo) -> None:
        self._disk = disk
        self._zone = zone
        self._known: dict[Key, OutlookRow] = {}
        self._fresh: dict[Key, OutlookRow] = {}
        self._days: dict[tuple[str, str, int], int] = {}  # Wh expected of days, that are only in memory
        self._before: dict[Key, OutlookRow] = {}

    def reload(self) -> None:
        """Read from disk again; what is not there yet stays."""
        rows = self._disk.execute("SELECT subject, metric, issued_at, end, attribution, slots FROM outlook ORDER BY id")
        found = {(subject, metric): OutlookRow(*row) for subject, metric, *row in rows}
        self._known = found | self._fresh

    def drop(self) -> None:
        """Another database is open now; what was known still applies."""
        self._before = self._known

    def adopt(self) -> None:
        """Keep the outlooks that were known before the database was replaced, where the new one has none."""
        for key, row in self._before.items():
            if key not in self._known:
                self._known[key] = self._fresh[key] = row
        self._before = {}

    def add(self, outlooks: Iterable[Outlook]) -> None:
        """Each replaces the previous one; durable with the next transaction."""
        for outlook in outlooks:
            key, slots = (outlook.subject, outlook.metric.name), json.dumps(outlook.stretches(), separators=(",", ":"))
            row = OutlookRow(outlook.issued_at, outlook.end, outlook.attribution, slots)
            if row != self._known.get(key):
                self._known[key] = self._fresh[key] = row
            if outlook.metric.unit == "W":
                self._expect(outlook)

    def _expect(self, outlook: Outlook) -> None:
        """What it expects of the next local day, if that is new; for today it is too late."""
        day = local(outlook.issued_at, self._zone).date() + timedelta(days=1)
        bounds = day_bounds(day, self._zone)
        if outlook.covers(*bounds):
            self._days[outlook.subject, outlook.metric.name, day_key(day)] = round(outlook.energy(*bounds))

    # -- reading ---------------------------------------------------------------------------------------------------

    def get(self, subject: str, metric: Metric) -> Outlook | None:
        """The newest outlook, or None."""
        row = self._known.get((subject, metric.name))
        if row is None:
            return None
        try:
            slots = slots_of(json.loads(row.slots), metric)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:  # a card may corrupt it
            self._disk.garbled(error)
            return None
        return Outlook(subject, metric, row.issued_at, slots, row.attribution)

    def all(self) -> list[Outlook]:
        """Every one, by subject and metric."""
        found = (self.get(subject, METRICS[name]) for subject, name in sorted(self._known) if name in METRICS)
        return [outlook for outlook in found if outlook]

    def issued_at(self, subject: str, metric: Metric) -> int | None:
        """When the newest was issued, or None."""
        row = self._known.get((subject, metric.name))
        return row.issued_at if row else None

    def expected(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, int]:
        """Wh that were expected of local days from ``first`` to ``last`` inclusive, the day before each."""
        bounds = day_key(first), day_key(last)
        found = dict(
            self._disk.look(
                "SELECT day, energy FROM expectation WHERE subject = ? AND metric = ? AND day BETWEEN ? AND ?",
                (subject, metric.name, *bounds),
            )
        )
        for (one, name, key), energy in self._days.items():
            if (one, name) == (subject, metric.name) and bounds[0] <= key <= bounds[1]:
                found[key] = energy
        days = ((day_of(key), energy) for key, energy in sorted(found.items()))
        return {day: energy for day, energy in days if day}

    # -- writing ---------------------------------------------------------------------------------------------------

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._fresh or self._days)

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._disk.executemany("DELETE FROM outlook WHERE subject = ? AND metric = ?", list(self._fresh))
        self._disk.executemany(
            """INSERT INTO outlook (issued_at, subject, metric, unit, step, end, attribution, slots)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (row.issued_at, subject, name, METRICS[name].unit, METRICS[name].step, *row[1:])
                for (subject, name), row in self._fresh.items()
                if name in METRICS
            ],
        )
        self._disk.executemany("DELETE FROM expectation WHERE subject = ? AND metric = ? AND day = ?", list(self._days))
        self._disk.executemany(
            "INSERT INTO expectation (subject, metric, day, energy) VALUES (?, ?, ?, ?)",
            [(*key, energy) for key, energy in self._days.items()],
        )

    def written(self) -> None:
        """The transaction is durable."""
        self._fresh.clear()
        self._days.clear()

    def shift(self, by: int) -> None:
        """The clock was put forward by so many seconds: what is not on the card yet was issued as much later.

        What was expected of the day after the wrong one is forgotten.
        """
        self._fresh = {key: row._replace(issued_at=row.issued_at + by) for key, row in self._fresh.items()}
        self._known |= self._fresh
        self._days.clear()

    def forget(self, subject: str) -> None:
        """Delete everything ever expected of a subject, inside the caller's transaction."""
        for table in ("outlook", "expectation"):
            self._disk.execute(f"DELETE FROM {table} WHERE subject = ?", (subject,))  # noqa: S608 - two names

    def forget_after(self, limit: int) -> None:
        """None was issued later than ``limit``; inside the caller's transaction. The next poll brings another."""
        self._disk.execute("DELETE FROM outlook WHERE issued_at > ?", (limit,))
        later = day_key(local(limit, self._zone).date() + timedelta(days=1))
        self._disk.execute("DELETE FROM expectation WHERE day > ?", (later,))

    def prune(self, now: int) -> None:
        """Delete what is over, inside the caller's transaction."""
        self._disk.execute("DELETE FROM outlook WHERE end < ?", (now - _OVER,))
        oldest = day_key(local(now - _COMPARED, self._zone).date())
        self._disk.execute("DELETE FROM expectation WHERE day < ?", (oldest,))
