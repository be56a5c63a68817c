"""The quota ledger: every vendor call is reserved before it is made and settled after, and survives any crash.

A reservation is durable at once; a poll that is killed leaves it standing, so the ledger may overcount and never
undercounts. ``eink-monitor poll`` and the daemon share it: a reservation is one write transaction that looks and books.
"""

from __future__ import annotations

import sqlite3
from zoneinfo import ZoneInfo

from eink_monitor import quota as planning
from eink_monitor.clock import DAY
from eink_monitor.errors import Throttled
from eink_monitor.model import Quota
from eink_monitor.quota import Call, Spent

_KEPT = 400 * DAY


class Ledger:
    """Calls per account. ``reserve`` and ``wait_until`` must run inside a write transaction of the caller's."""

    def __init__(self, db: sqlite3.Connection, zone: ZoneInfo) -> None:
        self._db = db
        self._zone = zone
        self._settled: dict[int, int] = {}

    def calls(self, quota: Quota, now: int) -> list[Call]:
        """Everything that still counts against a budget of the account, in order of time."""
        since = planning.horizon(quota, now, self._zone)
        rows = self._db.execute(
            "SELECT at, calls FROM call WHERE account = ? AND at >= ? ORDER BY at", (quota.account, since)
        )
        return [Call(*row) for row in rows]

    def spent(self, quota: Quota, now: int) -> list[Spent]:
        """What each budget of the account has seen."""
        return planning.spent(quota, self.calls(quota, now), now, self._zone)

    def waits(self, account: str, now: int) -> tuple[int, str] | None:
        """Until when the vendor told the account to wait, and why; None when it did not."""
        row = self._db.execute("SELECT waits_until, why FROM account WHERE name = ?", (account,)).fetchone()
        return (row[0], row[1]) if row and row[0] > now else None

    def reserve(self, quota: Quota, cost: int, now: int, *, force: bool = False) -> int:
        """Book ``cost`` calls and return the booking; raises ``Throttled`` when the account must wait.

        ``force`` books them all the same: a person decided to spend them.
        """
        if not force:
            if waiting := self.waits(quota.account, now):
                raise Throttled(waiting[1], waiting[0])
            calls = self.calls(quota, now)
            if planning.affordable(quota, calls, now, self._zone) < cost:
                opens = planning.opens_at(quota, calls, cost, now, self._zone)
                tight = min(planning.spent(quota, calls, now, self._zone), key=lambda entry: entry.limit - entry.used)
                raise Throttled(f"{tight.used} of {tight.limit} calls this {tight.span} are spent", max(opens, now + 1))
        row = self._db.execute(
            "INSERT INTO call (account, at, calls, settled) VALUES (?, ?, ?, 0) RETURNING id",
            (quota.account, now, cost),
        ).fetchone()
        return int(row[0])

    def settle(self, booking: int, made: int) -> None:
        """A poll ended in good order and made that many calls; written with the next transaction."""
        self._settled[booking] = made

    def write(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._db.executemany(
            "UPDATE call SET calls = ?, settled = 1 WHERE id = ?",
            [(made, booking) for booking, made in self._settled.items()],
        )

    def written(self) -> None:
        """The transaction is durable."""
        self._settled.clear()

    def wait_until(self, account: str, until: int, why: str) -> None:
        """Keep what the vendor said about waiting; inside the caller's transaction."""
        self._db.execute(
            "INSERT OR REPLACE INTO account (name, waits_until, why) VALUES (?, ?, ?)", (account, until, why)
        )

    def peaks(self, zone: ZoneInfo) -> dict[str, dict[str, int]]:
        """Highest number of calls per account on any local day and in any local month."""
        from collections import Counter  # noqa: PLC0415 - only simulations and people ask

        from eink_monitor.clock import local  # noqa: PLC0415

        days: Counter[tuple[str, str]] = Counter()
        months: Counter[tuple[str, str]] = Counter()
        for account, at, calls in self._db.execute("SELECT account, at, calls FROM call"):
            day = local(at, zone).date().isoformat()
            days[account, day] += calls
            months[account, day[:7]] += calls
        peaks: dict[str, dict[str, int]] = {}
        for name, counter in (("day", days), ("month", months)):
            for (account, _), calls in counter.items():
                entry = peaks.setdefault(account, {"day": 0, "month": 0})
                entry[name] = max(entry[name], calls)
        return peaks

    def prune(self, now: int) -> None:
        """Forget calls no budget can still count, inside the caller's transaction."""
        self._db.execute("DELETE FROM call WHERE at < ?", (now - _KEPT,))
