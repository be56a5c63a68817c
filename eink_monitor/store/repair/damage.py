"""A damaged database: detected cheaply, quarantined with its date, and what is needed at once copied into a new one.

That is little: the names of its series with their newest values, the state of its feeds, today's and yesterday's
totals, the quota ledger, the wear of the panel. ``salvage.py`` saves the rest in the background, and until that is
complete no quarantined file is deleted, whatever space it takes.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import files
from eink_monitor.clock import DAY, iso
from eink_monitor.errors import Damaged
from eink_monitor.metrics import METRICS
from eink_monitor.store.facts import survivors
from eink_monitor.store.repair.ownership import MAGIC, MARK
from eink_monitor.store.repair.rows import BY_TIME, COLUMNS, SMALL, TABLES, is_sound, width
from eink_monitor.store.schema import VERSION

ROOM = 200_000_000  # bytes that salvaged files may take on the card
SIDES = ("", "-wal", "-shm")
_MOST_LOST = 20  # times what is left of a file that was cut off may be what it was
_STEPS = (
    400_000  # instructions of SQLite's machine in which the small tables must be read: a damaged tree may be a ring
)


def glance(db: sqlite3.Connection) -> None:
    """Read what the first frame needs, a page or two a table; raises ``Damaged`` or sqlite3's own error."""
    for table in TABLES:
        newest = "" if table in SMALL else f"ORDER BY {'at' if table in BY_TIME else 'rowid'} DESC LIMIT 40"
        for row in db.execute(f"SELECT {COLUMNS[table]} FROM {table} {newest}"):  # noqa: S608 - our own names
            if not is_sound(table, row):
                raise Damaged(f"the database is damaged: {table} holds what we never wrote")


def quarantine(path: Path, now: int, sides: Sequence[str] = SIDES) -> Path:
    """Move a database with its log out of the way, under a name that nothing has had; returns where it is.

    Raises ``OSError``.
    """
    quarantined = _quarantine_name(path, now)
    for end in reversed(sides):  # the log first: a log without its database is harmless, the reverse is not
        with suppress(FileNotFoundError):
            side(path, end).rename(side(quarantined, end))
    return quarantined


def keep_log(path: Path, now: int) -> Path:
    """Copy the log beside a database to where it would be set aside; returns that place. Raises ``OSError``."""
    quarantined = _quarantine_name(path, now)
    with files.replacing(side(quarantined, "-wal")) as copy, side(path.resolve(), "-wal").open("rb") as log:
        shutil.copyfileobj(log, copy)
    return side(quarantined, "-wal")


def _quarantine_name(path: Path, now: int) -> Path:
    """The newest is never deleted by us, so the numbers only grow."""
    before = [number_of(file) for file in damaged(path)]
    ending = f"-{max(before) + 1}" if before else ""
    return path.with_name(f"{path.name}.damaged-{iso(now)[:10]}{ending}")


def damaged(path: Path) -> list[Path]:
    """What was set aside beside a database, the oldest first. Of some only the log exists."""
    files = path.parent.glob(f"{path.name}.damaged-*")
    return sorted({_without_side(file) for file in files}, key=lambda file: (number_of(file), file.name))


def number_of(quarantined: Path) -> int:
    """Which of those that were set aside it is: the first has no number."""
    number = quarantined.name.rpartition(".damaged-")[2][len("2026-05-28-") :]
    return int(number) if number.isdecimal() else 1


def _without_side(file: Path) -> Path:
    end = next((end for end in SIDES[1:] if file.name.endswith(end)), "")
    return file.with_name(file.name.removesuffix(end))


def tidy(path: Path, saved: Collection[str], room: int = ROOM) -> list[Path]:
    """Delete the oldest of what was set aside until it takes no more than ``room`` bytes; returns what went.

    Only what is in ``saved``, because it was salvaged and each row was found again, and never the newest.
    """
    found = damaged(path)
    taken = sum(size(file) for file in found)
    gone = []
    for file in found[:-1]:
        if taken > room and file.name in saved:
            taken -= size(file)
            discard(file)
            gone.append(file)
    return gone


def size(quarantined: Path) -> int:
    """Its size on the card, in bytes."""
    return sum(side(quarantined, end).stat().st_blocks * 512 for end in SIDES if side(quarantined, end).exists())


def exists(quarantined: Path) -> bool:
    """Whether anything of it is there."""
    return any(side(quarantined, end).exists() for end in SIDES[:2])


def side(file: Path, end: str) -> Path:
    """A database itself, its log or its shared memory, by the end of the name."""
    return file.with_name(file.name + end)


def discard(quarantined: Path) -> None:
    """Delete a damaged file with its log."""
    for end in SIDES:
        side(quarantined, end).unlink(missing_ok=True)


def rescue(quarantined: Path, path: Path, db: sqlite3.Connection, now: int, fresh: Collection[str] = ()) -> None:
    """Copy what is needed at once into the new database, inside the caller's transaction.

    Whatever cannot be read is passed over, but for the ledger: where a booking may be missing, every budget counts as
    spent until its span is over ("uncounted").
    """
    whole = False
    try:
        with closing(_open_damaged(quarantined)) as old:
            old.set_progress_handler(_patience(), 1000)
            _copy_series(old, db)
            for table in ("feed", "account", "wear", "outcome", "outlook", "expectation", "listing", "event"):
                _copy(old, db, table)
            _copy(old, db, "fact", f"name IN {tuple(survivors())} OR (name = 'uncounted' AND value <= {now})")
            day = iso(now - 2 * DAY)[:10].replace("-", "")
            _copy(old, db, "day", f"at >= {day}")
            _copy(old, db, "hour", f"at BETWEEN {now - 2 * DAY} AND {now}")
            whole = _copy(old, db, "call")
    except Exception:  # noqa: BLE001, S110 - whatever reading it raises: the rest is for the salvage
        pass
    facts = [("damaged", now), *([] if whole else [("uncounted", now)])]
    db.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", facts)
    enlist(path, db, {quarantined.name, *fresh})


def enlist(path: Path, db: sqlite3.Connection, fresh: Collection[str] = ()) -> None:
    """Note what is to be salvaged: all that was set aside and is not known to be saved, the newest first.

    What is ``fresh`` is not saved, whatever was once saved under its name: somebody may have deleted the files, and the
    numbers begin anew.
    """
    known = dict(db.execute("SELECT name, value FROM fact WHERE name IN ('salvage', 'salvaged')"))
    done = [name for name in str(known.get("salvaged") or "").split(";") if name not in fresh]
    todo = [file.name for file in reversed(damaged(path)) if file.name not in done]
    begun = known.get("salvage")
    facts = [
        ("salvage", ";".join(todo) or None),
        ("salvaged", ";".join(done) or None),
        *([] if begun else [("saved", None), ("lost", None)]),
    ]
    db.executemany("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", facts)


def _patience() -> Callable[[], bool]:
    """A progress handler that stops a query on a tree with a cycle."""
    steps = iter(range(_STEPS // 1000))
    return lambda: next(steps, None) is None


def _copy_series(old: sqlite3.Connection, db: sqlite3.Connection) -> None:
    """Series by their rows, and those whose row is lost or garbled by the index over their names."""
    known = ", ".join(f"'{name}'" for name in METRICS)
    _copy(old, db, "series", f"metric IN ({known})")
    with suppress(sqlite3.Error):
        for number, subject, name in old.execute("SELECT id, subject, metric FROM series ORDER BY subject, metric"):
            if metric := METRICS.get(name):
                db.execute(
                    "INSERT OR IGNORE INTO series (id, subject, metric, unit, step) VALUES (?, ?, ?, ?, ?)",
                    (number, subject, name, metric.unit, metric.step),
                )
    _copy(old, db, "series")  # of a metric that no longer exists
    with suppress(sqlite3.Error):
        for row in old.execute(f"SELECT {COLUMNS['series']} FROM series"):  # noqa: S608 - our own names
            if is_sound("series", row):
                run = (*row[-3:], row[0])
                db.execute("UPDATE series SET start = ?, end = ?, value = ? WHERE id = ? AND end IS NULL", run)


def _copy(old: sqlite3.Connection, db: sqlite3.Connection, table: str, where: str = "1") -> bool:
    """Copy a small table as far as it can be read from either end; returns whether that is all of it."""
    for order in ("ASC", "DESC"):
        try:
            key, places = "at" if table in BY_TIME else "rowid", ", ".join("?" * width(table))
            for row in old.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY {key} {order}"):  # noqa: S608 - our own names
                if is_sound(table, row):
                    db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({places})", row)  # noqa: S608 - as above
        except sqlite3.Error:
            continue
        return order == "ASC"
    return False


def _open_damaged(quarantined: Path) -> sqlite3.Connection:
    """Open what was set aside; a lost header is replaced by the one every database of ours has."""
    with quarantined.open("r+b") as file:
        head = file.read(100)
        if head[: len(MAGIC)] != MAGIC and len(head) == 100:
            file.seek(0)
            file.write(_header(quarantined.stat().st_size))
        elif (size := int.from_bytes(head[28:32]) * 1024) > _MOST_LOST * quarantined.stat().st_size:
            file.seek(28)  # no file was ever so large: SQLite goes by what is there
            file.write(bytes(4))
        elif size > quarantined.stat().st_size:
            file.truncate(size)  # what was cut off reads as zeros; SQLite refuses a file too short
    db = sqlite3.connect(f"{quarantined.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return db


def _header(size: int) -> bytes:
    """The first hundred bytes of a database of ours (sqlite.org/fileformat2.html, 1.3): 1 KiB pages, a log."""
    head = bytearray(100)
    head[:16] = MAGIC
    head[16:24] = bytes((4, 0, 2, 2, 0, 64, 32, 32))
    head[24:28] = head[92:96] = (1).to_bytes(4)
    head[28:32] = (size // 1024).to_bytes(4)
    head[40:44] = (1).to_bytes(4)
    head[44:48] = (4).to_bytes(4)
    head[56:60] = (1).to_bytes(4)
    head[60:64] = VERSION.to_bytes(4)
    head[68:72] = MARK
    head[96:100] = (3_040_000).to_bytes(4)
    return bytes(head)
