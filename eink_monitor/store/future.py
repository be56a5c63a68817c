"""Rows dated in the future, by a clock that was once ahead or a flipped bit.

Nothing measured can be newer than they are, so they would silence their series until that time. They are moved to a
table of their own and hidden: a person may delete them (``eink-monitor forget --after now``); if it was the clock that
was behind, they return when it is set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor.clock import AHEAD, DAY, local, midnight
from eink_monitor.store.card import OpenDatabase
from eink_monitor.store.series import day_key, day_of

_NEAR = 2 * DAY
_ABSURD = 5 * 365 * DAY  # no machine that does not doubt its clock is so far behind
_PUT = "INSERT OR REPLACE INTO ahead (what, at, series, row, sure) VALUES (?, ?, ?, ?, ?)"
_BACK = {
    "reading": "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?)",
    "hour": "INSERT OR IGNORE INTO hour VALUES (?, ?, ?, ?, ?, ?, ?)",
    "day": "INSERT OR IGNORE INTO day VALUES (?, ?, ?, ?, ?, ?, ?)",
}


class Dated(NamedTuple):
    """A row of the table ``what``, its values in steps of ``step`` units; a series that is lost has no name.

    Of an event ``metric`` is its kind, and the row holds its time, its number, and its key with all else as text.
    """

    what: str
    subject: str
    metric: str
    unit: str
    step: float
    row: list[Any]


def plausible(instants: Iterable[int], now: int) -> int:
    """The latest of some stored instants that can be trusted, when a clock says ``now``.

    The clock may be behind. But if something happened on that very day, the clock is right and later rows are not; a
    single later instant, or one absurdly far ahead, does not count against the clock either.
    """
    known = sorted(instants)
    past = [at for at in known if at <= now + AHEAD]
    if len(past) == len(known) or (past and now - past[-1] < DAY):
        return max(past, default=0)
    later = [at for at in known[len(past) :] if at <= now + _ABSURD]
    near = [at for before, at in pairwise(later) if at - before < _NEAR]
    witnesses = near or (later if len(known) == 1 else past)
    return max(witnesses, default=0)


def was_ahead(disk: OpenDatabase, now: int) -> bool:
    """Whether what is later than ``now`` must come from a clock that was once ahead.

    Something ended in the day before and nothing in the day after. With a clock that is behind there would be both,
    because measuring never stopped.
    """
    ended = "SELECT 1 FROM reading WHERE at > ? AND at <= ? LIMIT 1"
    before, after = ((now - DAY, now + AHEAD), (now + AHEAD, now + DAY))
    return bool(disk.look(ended, before)) and not disk.look(ended, after)


def count(disk: OpenDatabase, limit: int, zone: ZoneInfo) -> int:
    """How many values in the regular tables are dated later than ``limit``."""
    (placed,) = disk.execute(
        """SELECT (SELECT count(*) FROM reading WHERE at > :limit)
             + (SELECT count(*) FROM series WHERE end > :limit) + (SELECT count(*) FROM hour WHERE at > :limit)
             + (SELECT count(*) FROM day WHERE at > :day)""",
        {"limit": limit, "day": _day(limit + DAY, zone)},
    ).fetchone()
    return int(placed)


def set_aside(disk: OpenDatabase, limit: int, zone: ZoneInfo, *, sure: bool) -> int:
    """Move what is later than ``limit`` out of the way, inside the caller's transaction; returns how many runs."""
    moved = 0
    for what, row in _placed(disk, limit, zone):
        at = _began(row[0], limit, zone) if what == "day" else row[0]
        disk.execute(_PUT, (what, at, row[1], json.dumps(row), int(sure)))
        moved += what == "reading"
    forget_placed(disk, limit, zone)
    return moved


def forget_placed(disk: OpenDatabase, limit: int, zone: ZoneInfo, slack: int = DAY) -> None:
    """Delete what is later than ``limit`` from its places, inside the caller's transaction.

    Of the days those that begin more than ``slack`` seconds after it: the time zone may have changed.
    """
    disk.execute("DELETE FROM reading WHERE at > ?", (limit,))
    disk.execute("DELETE FROM hour WHERE at > ?", (limit,))
    disk.execute("DELETE FROM day WHERE at > ?", (_day(limit + slack, zone),))
    for (series,) in disk.execute("SELECT id FROM series WHERE end > ?", (limit,)).fetchall():
        _reopen(disk, series)


def _placed(disk: OpenDatabase, limit: int, zone: ZoneInfo, slack: int = DAY) -> Iterator[tuple[str, list[Any]]]:
    for row in disk.execute("SELECT * FROM reading WHERE at > ?", (limit,)).fetchall():
        yield "reading", list(row)
    runs = "SELECT end, id, value, end - start FROM series WHERE end > ?"
    for row in disk.execute(runs, (limit,)).fetchall():
        yield "reading", list(row)
    for row in disk.execute("SELECT * FROM hour WHERE at > ?", (limit,)).fetchall():
        yield "hour", list(row)
    for row in disk.execute("SELECT * FROM day WHERE at > ?", (_day(limit + slack, zone),)).fetchall():
        yield "day", list(row)


def _reopen(disk: OpenDatabase, series: int) -> None:
    """The newest run that is left of a series is its open one again."""
    newest = "SELECT at, value, held FROM reading WHERE series = ? ORDER BY at DESC LIMIT 1"
    run = disk.execute(newest, (series,)).fetchone()
    at, value, held = run or (None, None, 0)
    start = None if at is None else at - held
    disk.execute("UPDATE series SET start = ?, end = ?, value = ? WHERE id = ?", (start, at, value, series))
    disk.execute("DELETE FROM reading WHERE at = ? AND series = ?", (at, series))


def was_right(disk: OpenDatabase, now: int) -> bool:
    """Whether anything was only later than a clock that was behind, and it is not later than ``now``."""
    return bool(disk.look("SELECT 1 FROM ahead WHERE NOT sure AND at <= ? LIMIT 1", (now,)))


def give_back(disk: OpenDatabase, now: int) -> int:
    """Put back what was only later than a clock that was behind, inside the caller's transaction; returns how many."""
    unsure = "FROM ahead WHERE NOT sure AND at <= ?"
    rows = disk.execute(f"SELECT what, row {unsure}", (now,)).fetchall()
    for what, row in rows:
        disk.execute(_BACK[what], json.loads(row))
    disk.execute(f"DELETE {unsure}", (now,))
    for series in {json.loads(row)[1] for what, row in rows if what == "reading"}:
        disk.execute(
            """INSERT OR IGNORE INTO reading
               SELECT end, id, value, end - start FROM series WHERE id = ? AND end NOT NULL""",
            (series,),
        )
        _reopen(disk, series)
    return len(rows)


def listed(disk: OpenDatabase, limit: int, zone: ZoneInfo, *, slack: int = DAY) -> Iterator[Dated]:
    """Everything later than ``limit``, in its place or set aside; ``slack`` as for ``forget_placed``."""
    series: dict[int, tuple[str, str, str, float]] = {
        number: (subject, metric, unit, step)
        for number, subject, metric, unit, step in disk.execute("SELECT id, subject, metric, unit, step FROM series")
    }
    aside = disk.execute("SELECT what, row FROM ahead WHERE at > ?", (limit,)).fetchall()
    placed = _placed(disk, limit, zone, slack)
    for what, row in [*placed, *((what, json.loads(row)) for what, row in aside)]:
        yield Dated(what, *series.get(row[1], ("", "", "", 1.0)), row)


def forget(disk: OpenDatabase, limit: int, zone: ZoneInfo) -> list[Dated]:
    """Delete it, inside the caller's transaction; returns what went."""
    gone = list(listed(disk, limit, zone, slack=0))
    forget_placed(disk, limit, zone, slack=0)
    disk.execute("DELETE FROM ahead WHERE at > ?", (limit,))
    return gone


def _began(key: int, limit: int, zone: ZoneInfo) -> int:
    """When the day stored as 20260528 began; an impossible one counts as just too late."""
    day = day_of(key)
    return max(midnight(day, zone), limit + 1) if day else limit + 1


def _day(at: int, zone: ZoneInfo) -> int:
    """The day of an instant, as days are kept."""
    return day_key(local(at, zone).date())
