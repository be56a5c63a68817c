"""What our rows look like. Anything else is damage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from eink_monitor.store.backfill import LONGEST_RUN

OLDEST = 946_684_800  # 2000-01-01, as in vet
LATEST = 4_102_444_800  # 2100-01-01; what is later than now is another matter (future.py)
_DAYS = range(20_000_101, 21_000_101)  # a local day is kept as 20260528
_MOST = 1 << 62  # as the stamp of a configuration, in nanoseconds, it is in 2116; nothing else comes near
_NUMBER, _TEXT, _NOTHING = int, str, type(None)
_MAYBE = (_NUMBER, _NOTHING)
_KINDS: dict[str, tuple[type | tuple[type, ...], ...]] = {
    "series": (_NUMBER, _TEXT, _TEXT, _TEXT, (int, float), _MAYBE, _MAYBE, _MAYBE),
    "feed": (_TEXT, _NUMBER, _NUMBER, _NUMBER, (int, float), _TEXT, _TEXT, _MAYBE, _MAYBE, _MAYBE),
    "account": (_TEXT, _NUMBER, _TEXT),
    "wear": (_TEXT, _MAYBE),
    "fact": (_TEXT, (int, str, _NOTHING)),
    "outlook": (_NUMBER, _NUMBER, _TEXT, _TEXT, _TEXT, (int, float), _NUMBER, _TEXT, _TEXT),
    "expectation": (_NUMBER, _TEXT, _TEXT, _NUMBER, _NUMBER),
    "listing": (_NUMBER, _NUMBER, _NUMBER, _TEXT, _TEXT, _TEXT),
    "event": (_NUMBER, _NUMBER, _MAYBE, _TEXT, _TEXT, _TEXT, _TEXT),
    "outcome": (_NUMBER, _TEXT, _NUMBER, _NUMBER, _NUMBER, (int, float), _TEXT, _TEXT),
    "call": (_NUMBER, _TEXT, _NUMBER, _NUMBER, _NUMBER),
    "hour": (_NUMBER,) * 7,
    "day": (_NUMBER,) * 7,
    "reading": (_NUMBER,) * 4,
}
_BUCKET = "at, series, n, total, low, high, last"
COLUMNS = {
    "series": "id, subject, metric, unit, step, start, end, value",
    "feed": "feed, since, at, polls, took, what, detail, ok_at, due, stamp",
    "account": "name, waits_until, why",
    "wear": "name, value",
    "fact": "name, value",
    "outlook": "id, issued_at, subject, metric, unit, step, end, attribution, slots",
    "expectation": "id, subject, metric, day, energy",
    "listing": "id, at, more, subject, name, items",
    "event": "id, start, end, subject, kind, key, rest",
    "outcome": "id, feed, since, at, polls, took, what, detail",
    "call": "id, account, at, calls, settled",
    "hour": _BUCKET,
    "day": _BUCKET,
    "reading": "at, series, value, held",
}
TABLES = tuple(_KINDS)
SMALL = ("series", "feed", "account", "wear", "fact", "outlook", "listing")  # read whole at every start
BY_TIME = ("hour", "day", "reading")  # the others have a rowid


def width(table: str) -> int:
    """How many columns a table has."""
    return len(_KINDS[table])


def is_sound(table: str, row: Sequence[object]) -> bool:
    """Whether we can have written a row, of columns in the order of the table."""
    kinds = _KINDS[table]
    if len(row) != len(kinds) or not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
        return False
    if any(isinstance(value, (int, float)) and not -_MOST < value < _MOST for value in row):
        return False
    return table not in _MORE or _MORE[table](*row)


def _series(number: int, subject: str, metric: str, unit: str, step: float, *run: int | None) -> bool:  # noqa: ARG001 - a row
    start, end, value = run
    begun = start is None and end is None and value is None
    held = start is not None and end is not None and value is not None and OLDEST <= start <= end <= LATEST
    return number > 0 and step > 0 and bool(subject) and bool(metric) and (begun or held)


def _adds_up(n: Any, total: Any, low: Any, high: Any, last: Any) -> bool:  # noqa: ANN401 - whole numbers by now
    return bool(n >= 1 and low <= last <= high and n * low <= total <= n * high)


def _feed(name: str, since: int, at: int, polls: int, *_: object) -> bool:
    return bool(name) and 0 <= since <= LATEST and 0 <= at <= LATEST and polls > 0


_MORE: dict[str, Callable[..., bool]] = {
    "series": _series,
    "feed": _feed,
    "account": lambda name, until, _: bool(name) and until <= LATEST,
    "call": lambda number, account, at, calls, settled: (
        number > 0 and bool(account) and at <= LATEST and calls >= 0 and settled in {0, 1}
    ),
    "outlook": lambda number, issued_at, subject, metric, _, step, end, *__: (
        number > 0 and OLDEST <= issued_at <= LATEST and bool(subject and metric) and step > 0 and end <= LATEST
    ),
    "listing": lambda number, at, more, subject, name, _: (
        number > 0 and OLDEST <= at <= LATEST and more >= 0 and bool(subject and name)
    ),
    "event": lambda number, start, end, subject, kind, key, _: (
        number > 0 and OLDEST <= start <= (end or start) <= LATEST and bool(subject and kind and key)
    ),
    "expectation": lambda number, subject, metric, day, _: number > 0 and bool(subject and metric) and day in _DAYS,
    "reading": lambda at, series, _, held: OLDEST <= at <= LATEST and series > 0 and 0 <= held <= LONGEST_RUN,
    "hour": lambda at, series, *_: OLDEST <= at <= LATEST and series > 0,
    "day": lambda at, series, *_: at in _DAYS and series > 0,
}


def table_of(record: Sequence[object]) -> str:
    """Which of the tables that are kept by time a record of whole numbers can be from, or nothing."""
    if len(record) == width("reading"):
        return "reading" if is_sound("reading", record) else ""
    table = next((name for name in ("day", "hour") if is_sound(name, record)), "")
    return table if table and _adds_up(*record[2:]) else ""
