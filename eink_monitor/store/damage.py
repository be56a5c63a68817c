"""A damaged database: noticed cheaply, set aside with its date, and what the house needs at once copied into a new one.

What a house needs at once is small: the names of its series with their newest values, how its feeds were doing, today's
and yesterday's totals, the quota ledger, the age of the ink. The rest is salvaged at leisure by ``salvage.py``.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor.clock import DAY, iso
from eink_monitor.errors import Damaged, WrongFile
from eink_monitor.metrics import METRICS
from eink_monitor.store.card import VERSION, connect

KEPT = 2  # damaged files beside the good one
ROOM = 200_000_000  # bytes they may take together once they are saved
_SIDES = ("", "-wal", "-shm")
_MAGIC = b"SQLite format 3\0"
_OURS = b"eink"  # application_id, at byte 68 of the file
_PRINTABLE = frozenset(string.printable.encode())
_BY_TIME = ("hour", "day", "reading")  # the others have a rowid
_NUMBER, _TEXT, _NOTHING = int, str, type(None)
_MAYBE = (_NUMBER, _NOTHING)
_KINDS: dict[str, tuple[type | tuple[type, ...], ...]] = {
    "series": (_NUMBER, _TEXT, _TEXT, _TEXT, (int, float), _MAYBE, _MAYBE, _MAYBE),
    "feed": (_TEXT, _NUMBER, _NUMBER, _NUMBER, (int, float), _TEXT, _TEXT, _MAYBE, _MAYBE, _MAYBE),
    "account": (_TEXT, _NUMBER, _TEXT),
    "wear": (_TEXT, _MAYBE),
    "fact": (_TEXT, (int, str, _NOTHING)),
    "outcome": (_NUMBER, _TEXT, _NUMBER, _NUMBER, _NUMBER, (int, float), _TEXT, _TEXT),
    "call": (_NUMBER, _TEXT, _NUMBER, _NUMBER, _NUMBER),
    "hour": (_NUMBER,) * 7,
    "day": (_NUMBER,) * 7,
    "reading": (_NUMBER,) * 4,
}
_SMALL = ("series", "feed", "account", "wear", "fact")  # read whole at every start
_STEPS = (
    400_000  # instructions of SQLite's machine in which the small tables must be read: a damaged tree may be a ring
)


def inspect(path: Path) -> None:
    """Look at the first bytes of a database that should be ours; raises ``Damaged`` or ``WrongFile``.

    An empty file passes every check of SQLite's own. What is plainly text, or another program's database, is left
    alone: somebody wrote the wrong path into the configuration.
    """
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(100)
    wal = path.with_name(path.name + "-wal")
    if not head:
        if wal.exists() and wal.stat().st_size:
            raise Damaged(f"the database is empty, though it was not ({path})")
        return
    if head[: len(_MAGIC)] == _MAGIC:
        if head[68:72] not in {_OURS, bytes(4)} and not _has_our_tables(path):
            raise WrongFile(f"{path} is the database of another program; name another file as `database:`")
    elif set(head) <= _PRINTABLE:
        raise WrongFile(f"{path} is not a database; name another file as `database:`")
    else:
        raise Damaged(f"the beginning of the database is damaged ({path})")


def _has_our_tables(path: Path) -> bool:
    with closing(connect(path, writes=False, immutable=True)) as db:
        try:
            db.execute("SELECT 1 FROM series LIMIT 1").fetchone()
        except sqlite3.Error:
            return False
    return True


def glance(db: sqlite3.Connection) -> None:
    """Read what the first frame needs, a page or two a table; raises ``Damaged`` or sqlite3's own error."""
    for table, kinds in _KINDS.items():
        newest = "" if table in _SMALL else f"ORDER BY {'at' if table in _BY_TIME else 'rowid'} DESC LIMIT 40"
        for row in db.execute(f"SELECT * FROM {table} {newest}"):  # noqa: S608 - our own names
            if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
                raise Damaged(f"the database is damaged: {table} holds what we never wrote")


def set_aside(path: Path, now: int) -> Path:
    """Move a database with its log out of the way; returns where it is. Raises ``OSError``."""
    aside = path.with_name(f"{path.name}.damaged-{iso(now)[:10]}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{iso(now)[:10]}-{number}")
    for side in reversed(_SIDES):  # the log first: a log without its database is harmless, the reverse is not
        with suppress(FileNotFoundError):
            _side(path, side).rename(_side(aside, side))
    for old in damaged(path)[:-KEPT]:
        discard(old)
    return aside


def damaged(path: Path) -> list[Path]:
    """The damaged files kept beside a database, the oldest first."""
    found = [file for file in path.parent.glob(f"{path.name}.damaged-*") if not file.name.endswith(_SIDES[1:])]
    return sorted(found, key=lambda file: file.stat().st_mtime)


def tidy(path: Path) -> None:
    """Delete what does not fit into ``ROOM`` bytes of damaged files, the oldest first."""
    room = ROOM
    for file in reversed(damaged(path)):
        room -= sum(_side(file, side).stat().st_size for side in _SIDES[:2] if _side(file, side).exists())
        if room < 0:
            discard(file)


def _side(file: Path, side: str) -> Path:
    return file.with_name(file.name + side)


def discard(aside: Path) -> None:
    """Delete a damaged file with its log."""
    for side in _SIDES:
        _side(aside, side).unlink(missing_ok=True)


def rescue(aside: Path, db: sqlite3.Connection, now: int) -> None:
    """Copy what the house needs at once into the new database, inside the caller's transaction.

    Whatever cannot be read is passed over, but for the ledger: where a booking may be missing, every budget counts as
    spent until its span is over ("uncounted").
    """
    whole = False
    try:
        with closing(_open_damaged(aside)) as old:
            old.set_progress_handler(_patience(), 1000)
            _copy_series(old, db)
            for table in ("feed", "account", "wear", "outcome"):
                _copy(old, db, table)
            _copy(old, db, "fact", "name LIKE 'boot%' OR name LIKE 'un%' OR name = 'salvage'")
            day = iso(now - 2 * DAY)[:10].replace("-", "")
            _copy(old, db, "day", f"at >= {day}")
            _copy(old, db, "hour", f"at BETWEEN {now - 2 * DAY} AND {now}")
            whole = _copy(old, db, "call")
    except (sqlite3.Error, OSError):
        pass
    before = db.execute("SELECT value FROM fact WHERE name = 'salvage'").fetchone()
    todo = ";".join([aside.name, *(before[:1] if before and before[0] else ())])
    facts = [("damaged", now), ("salvage", todo), ("saved", None), *([] if whole else [("uncounted", now)])]
    db.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", facts)


def _patience() -> Callable[[], bool]:
    """A progress handler that stops a query on a tree that has become a ring."""
    steps = iter(range(_STEPS // 1000))
    return lambda: next(steps, None) is None


def _copy_series(old: sqlite3.Connection, db: sqlite3.Connection) -> None:
    """Series by their rows, and those whose row is lost by the index over their names."""
    _copy(old, db, "series")
    with suppress(sqlite3.Error):
        for number, subject, name in old.execute("SELECT id, subject, metric FROM series ORDER BY subject, metric"):
            if metric := METRICS.get(name):
                db.execute(
                    "INSERT OR IGNORE INTO series (id, subject, metric, unit, step) VALUES (?, ?, ?, ?, ?)",
                    (number, subject, name, metric.unit, metric.step),
                )


def _copy(old: sqlite3.Connection, db: sqlite3.Connection, table: str, where: str = "1") -> bool:
    """Copy a small table as far as it can be read from either end; returns whether that is all of it."""
    kinds = _KINDS[table]
    for order in ("ASC", "DESC"):
        try:
            key, places = "at" if table in _BY_TIME else "rowid", ", ".join("?" * len(kinds))
            for row in old.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY {key} {order}"):  # noqa: S608 - our own names
                if all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
                    db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608 - as above
        except sqlite3.Error:
            continue
        return order == "ASC"
    return False


def _open_damaged(aside: Path) -> sqlite3.Connection:
    """Open what was set aside; a lost header is replaced by the one every database of ours has."""
    with aside.open("r+b") as file:
        head = file.read(100)
        if head[: len(_MAGIC)] != _MAGIC and len(head) == 100:
            file.seek(0)
            file.write(_header(aside.stat().st_size))
        elif (size := int.from_bytes(head[28:32]) * 1024) > aside.stat().st_size:
            file.truncate(min(size, 1 << 30))  # what was cut off reads as zeros; SQLite refuses a file too short
    db = sqlite3.connect(f"{aside.resolve().as_uri()}?mode=rw", uri=True, isolation_level=None)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return db


def _header(size: int) -> bytes:
    """The first hundred bytes of a database of ours (sqlite.org/fileformat2.html, 1.3): 1 KiB pages, a log."""
    head = bytearray(100)
    head[:16] = _MAGIC
    head[16:24] = bytes((4, 0, 2, 2, 0, 64, 32, 32))
    head[24:28] = head[92:96] = (1).to_bytes(4)
    head[28:32] = (size // 1024).to_bytes(4)
    head[40:44] = (1).to_bytes(4)
    head[44:48] = (4).to_bytes(4)
    head[56:60] = (1).to_bytes(4)
    head[60:64] = VERSION.to_bytes(4)
    head[68:72] = _OURS
    head[96:100] = (3_040_000).to_bytes(4)
    return bytes(head)
