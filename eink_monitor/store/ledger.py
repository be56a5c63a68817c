"""The quota ledger: every vendor call is reserved before it is made and settled afterwards, and survives any crash.

A reservation is durable at once; a poll that is killed leaves it standing, so the ledger may overcount and never
undercounts. ``eink-monitor poll`` and the daemon share it: a reservation is one write transaction that looks and books.
Bookings made under a wrong clock are moved when the clock is put right; a count that was lost with a damaged database
is taken as spent until its span is over.
"""

from __future__ import annotations

from typing import NoReturn
from zoneinfo import ZoneInfo

from eink_monitor import quota as planning
from eink_monitor.clock import DAY, JUMP, MINUTE
from eink_monitor.errors import Throttled
from eink_monitor.model.poll import Quota
from eink_monitor.quota import Call, Spent
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.facts import Facts
from eink_monitor.store.part import Part

AHEAD = 5 * MINUTE  # how long before its calls a booking may be made
_ROLLS = max(planning.SPANS.values())
_KEPT = 400 * DAY


_EACH = "SELECT at, calls FROM call WHERE account = ? AND at >= ? AND calls > 0 ORDER BY at"
_HOURLY = (
    "SELECT max(at), sum(calls) FROM call WHERE account = ? AND at >= ? AND at < ? AND calls > 0 GROUP BY at / 3600"
)


class Ledger(Part):
    """Calls per account. ``reserve`` must run inside a write transaction of the caller's."""

    def __init__(self, disk: OpenDatabase, facts: Facts, zone: ZoneInfo) -> None:
        self._disk = disk
        self._facts = facts
        self._zone = zone
        self._booked: set[int] = set()
        self._settled: dict[int, int] = {}
        self._told: dict[str, tuple[int, str]] = {}
        self._moves: list[int] = []
        self._boot = ("", 0, True)

    def calls(self, quota: Quota, now: int) -> list[Call]:
        """Everything that still counts against a budget of the account, in order of time.

        What no rolling budget counts any more comes as one sum an hour: a month has thousands of calls.
        """
        since = planning.horizon(quota, now, self._zone)
        fresh = max(since, now - _ROLLS)
        rows = self._disk.look(_EACH, (quota.account, fresh))
        if since < fresh:
            rows = self._disk.look(_HOURLY, (quota.account, since, fresh)) + rows
        return sorted([*self._lost(quota, since), *map(Call._make, rows)])

    def _lost(self, quota: Quota, since: int) -> list[Call]:
        """What must count as spent because the count was lost with a damaged database."""
        lost = self._facts.uncounted
        return [Call(lost, max(budget.calls for budget in quota.budgets))] if lost >= since else []

    def spent(self, quota: Quota, now: int) -> list[Spent]:
        """What each budget of the account has seen."""
        return planning.spent(quota, self.calls(quota, now), now, self._zone)

    def waits(self, account: str, now: int) -> tuple[int, str] | None:
        """Until when the vendor told the account to wait, and why; None when it did not."""
        told = self._told.get(account)
        rows = [told] if told else self._disk.look("SELECT waits_until, why FROM account WHERE name = ?", (account,))
        return (rows[0][0], rows[0][1]) if rows and rows[0][0] > now else None

    def reserve(self, quota: Quota, cost: int, now: int, *, force: bool = False, ahead: int = 0) -> int:
        """Book ``cost`` calls and return the booking; raises ``Throttled`` when the account must wait.

        ``force`` books them anyway: a person decided to spend them. They are made within ``ahead`` seconds.
        """
        if not force:
            if waiting := self.waits(quota.account, now):
                raise Throttled(waiting[1], waiting[0])
            calls = self.calls(quota, now)
            if self._disk.fault:  # an unreadable ledger allows nothing
                raise self._disk.fault
            if planning.affordable(quota, calls, now, self._zone) < cost:
                self._refuse(quota, calls, cost, now)
        row = self._disk.execute(
            "INSERT INTO call (account, at, calls, settled) VALUES (?, ?, ?, 0) RETURNING id",
            (quota.account, now + ahead, cost),
        ).fetchone()
        self._booked.add(int(row[0]))
        return int(row[0])

    def holds(self, booking: int) -> bool:
        """Whether a booking stands, and is not settled yet; not after the database was replaced."""
        return booking in self._booked

    def _refuse(self, quota: Quota, calls: list[Call], cost: int, now: int) -> NoReturn:
        opens = max(planning.opens_at(quota, calls, cost, now, self._zone), now + 1)
        tight = min(planning.spent(quota, calls, now, self._zone), key=lambda entry: entry.limit - entry.used)
        if any(call in calls for call in self._lost(quota, 0)):
            raise Throttled(
                f"the count of calls was lost with the database; none are made for the rest of this {tight.span}", opens
            )
        if cost > min(budget.calls for budget in quota.budgets):
            least = min(quota.budgets, key=lambda budget: budget.calls)
            raise Throttled(f"one poll may need {cost} calls, but the quota is {least.calls} a {least.span}", opens)
        raise Throttled(f"{tight.used} of {tight.limit} calls this {tight.span} are used", opens)

    def settle(self, booking: int, made: int) -> None:
        """A poll ended normally and made that many calls; written with the next transaction."""
        if booking in self._booked:
            self._booked.remove(booking)
            self._settled[booking] = made

    def wait_until(self, account: str, until: int, why: str) -> None:
        """Keep what the vendor said about waiting; written with the next transaction."""
        self._told[account] = (until, why)

    # -- a clock that was wrong ------------------------------------------------------------------------------------

    def began(self, boot: str, offset: float, *, sure: bool) -> None:
        """Say which boot this is, how far its wall clock is ahead of its monotonic one, and whether that is certain."""
        self._boot = (boot, round(offset), sure)
        self.reload()

    def reload(self) -> None:
        """Compare the clock with what is stored about this boot; it may have been set meanwhile."""
        boot, offset, sure = self._boot
        if not boot:
            return
        facts = self._facts
        before = facts.boot_offset
        if facts.boot != boot or not facts.boot_call or before is None:
            facts.boot, facts.boot_offset = boot, offset
            facts.boot_call = int(self._disk.execute("SELECT coalesce(max(id), 0) + 1 FROM call").fetchone()[0])
            before = offset
        if not sure and facts.unsure_call is None:
            facts.unsure_call = facts.boot_call
        if abs(missed := offset - before) > JUMP:
            self._moves.append(missed)
            facts.boot_offset = offset

    def redate(self, by: int, now: int) -> None:
        """The clock was put forward by ``by`` seconds and says ``now``: bookings of this boot and waits move along."""
        boot, offset, sure = self._boot
        self._boot = (boot, offset + by, sure)
        self._told = {account: (until + by, why) for account, (until, why) in self._told.items()}
        if lost := self._facts.uncounted:
            self._facts.uncounted = min(lost + max(by, 0), now)
        self.reload()

    def sure(self, booted: int, now: int) -> None:
        """It is ``now`` for certain, and the machine was started at ``booted``; inside the caller's transaction.

        What was booked in an earlier boot whose clock was never right cannot be dated; this boot's start is the latest
        that it can be, and counts the longest. Nothing was booked for later than ``AHEAD``.
        """
        boot, offset, _ = self._boot
        self._boot = (boot, offset, True)
        first = self._facts.unsure_call
        if first is not None:
            self._disk.execute(
                "UPDATE call SET at = max(at, ?) WHERE id >= ? AND id < ?",
                (booted, first, self._facts.boot_call),
            )
            self._facts.unsure_call = None
        self.nothing_after(now)

    def nothing_after(self, now: int) -> None:
        """It is no later than ``now``, so nothing was booked for later; inside the caller's transaction."""
        self._disk.execute("UPDATE call SET at = :most WHERE at > :most", {"most": now + AHEAD})

    # -- keeping ---------------------------------------------------------------------------------------------------

    def move(self) -> None:
        """Apply the clock to what is on disk at once, for a simulation, which has the database to itself."""
        self._move()
        self._moves.clear()

    def _move(self) -> None:
        for by in self._moves:
            self._disk.execute("UPDATE call SET at = at + ? WHERE id >= ?", (by, self._facts.boot_call))
            self._disk.execute("UPDATE account SET waits_until = waits_until + ?", (by,))

    def write(self) -> None:
        """Bring what is on disk up to the clock, and put there what is only in memory; in the caller's transaction."""
        self._move()
        self.finish()

    def finish(self) -> None:
        """Put what is only in memory on disk, inside the caller's transaction."""
        self._disk.executemany(
            "UPDATE call SET calls = ?, settled = 1 WHERE id = ?",
            [(made, booking) for booking, made in self._settled.items()],
        )
        self._disk.executemany(
            "INSERT OR REPLACE INTO account (name, waits_until, why) VALUES (?, ?, ?)",
            [(account, until, why) for account, (until, why) in self._told.items()],
        )

    @property
    def pending(self) -> bool:
        """Whether anything is only in memory."""
        return bool(self._settled or self._told or self._moves)

    def written(self) -> None:
        """The transaction is durable."""
        self._settled.clear()
        self._told.clear()
        self._moves.clear()

    def drop(self) -> None:
        """Bookings were made in another database; those that exist here stand as they are."""
        self._moves.clear()
        self._booked.clear()
        self._settled.clear()

    def prune(self, now: int) -> None:
        """Forget calls no budget can still count, inside the caller's transaction."""
        self._disk.execute("DELETE FROM call WHERE at < ?", (now - _KEPT,))

    def peaks(self, zone: ZoneInfo) -> dict[str, dict[str, int]]:
        """Highest number of calls per account on any local day and in any local month."""
        from collections import Counter  # noqa: PLC0415 - only simulations and people ask

        from eink_monitor.clock import local  # noqa: PLC0415

        days: Counter[tuple[str, str]] = Counter()
        months: Counter[tuple[str, str]] = Counter()
        for account, at, calls in self._disk.execute("SELECT account, at, calls FROM call"):
            day = local(at, zone).date().isoformat()
            days[account, day] += calls
            months[account, day[:7]] += calls
        peaks: dict[str, dict[str, int]] = {}
        for name, counter in (("day", days), ("month", months)):
            for (account, _), calls in counter.items():
                entry = peaks.setdefault(account, {"day": 0, "month": 0})
                entry[name] = max(entry[name], calls)
        return peaks
