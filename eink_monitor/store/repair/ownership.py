"""Whose file is it? Ours is proven by our mark and our own tables; anything else is not touched in any way.

Checking must change nothing, so nothing here lets SQLite write: no log, no shared memory, not even opening a pipe. Of a
file that is damaged less proof is there, but some must be: SQLite's ``application_id`` says "eink", or pages of our
shape with our names in them; a log of ours beside it proves nothing, for somebody may have put the file there. A file
with no trace of ours is somebody else's, however broken it is. Do not use it on a file that this process has open:
closing it would drop SQLite's locks.
"""

from __future__ import annotations

import re
import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from eink_monitor import files
from eink_monitor.errors import Damaged, WrongFile
from eink_monitor.metrics import METRICS
from eink_monitor.store.card import connect
from eink_monitor.store.repair.pages import file_pages, log_pages, names_in, readings_in

MAGIC = b"SQLite format 3\0"
MARK = b"eink"  # application_id, at byte 68 of the file
TABLES = frozenset({"series", "reading"})  # in every version of ours
_PRINTABLE = frozenset(string.printable.encode())
_LOOKED_AT = 8192  # pages: our tables are made first, so their definitions are among these
_ENOUGH = 8  # so many rows of our shape are no coincidence
_DEFINITION = re.compile(
    rb"table(series|reading|hour|day|feed|outcome|call|account|wear|fact)\1.{1,4}CREATE TABLE \1 ", re.DOTALL
)
_FIXED = {18: (1, 2), 19: (1, 2), 20: (0,), 21: (64,), 22: (32,), 23: (32,)}  # sqlite.org/fileformat2.html, 1.3
_ZEROS = (*range(44, 47), *range(52, 59), *range(64, 68), *range(72, 92))


def inspect(path: Path) -> None:
    """Return for a database that is ours, or for a place where one may be made; never touches anything.

    Raises ``Damaged`` for ours that SQLite must not open, ``WrongFile`` for all else that is there, and ``OSError``.
    """
    if other := files.kind(path, follow=True):
        raise WrongFile(f"{path} is {other}, not a database", "name another file as `database:`")
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(100)
    if not head:
        _inspect_empty(path)
    elif head.startswith(MAGIC) and len(head) == 100:
        _inspect_database(path, head)
    elif head[68:72] == MARK or _are_ours(file_pages(path)) or not any(_start(path)):
        raise Damaged(f"the beginning of the database is damaged ({path})")
    else:
        what = "a text file" if set(head) <= _PRINTABLE else "another program's file"
        raise WrongFile(f"{path} is {what}, not a database of eink-monitor", "name another file as `database:`")


def _inspect_empty(path: Path) -> None:
    """An empty file loses nobody anything, unless its log says that it was not empty."""
    log = path.with_name(f"{path.name}-wal")
    if not log.exists() or not log.stat().st_size:
        return
    if _are_ours(log_pages(path)):
        raise Damaged(f"the database is empty, though it was not ({path})")
    raise WrongFile(f"{path} is empty, with another program's log beside it", "name another file as `database:`")


def _inspect_database(path: Path, head: bytes) -> None:
    mark, tables = head[68:72], _tables(path)
    if mark == MARK:
        _inspect_marked(path, tables, usual=_is_usual(head))
        return
    if not tables and mark == bytes(4) and _has_marked_log(path):
        return  # its first transactions are still in the log
    ours = _are_ours(file_pages(path)) if tables is None else _lost_its_mark(mark, tables)
    if ours:
        raise Damaged(f"the beginning of the database is damaged ({path})")
    raise _foreign(path)


def _inspect_marked(path: Path, tables: set[str] | None, *, usual: bool) -> None:
    if tables is not None and tables >= TABLES:
        if not usual:
            raise Damaged(f"the beginning of the database is damaged ({path})")
        return
    if tables and not tables & _OURS:
        raise _foreign(path)
    if not (usual and _has_marked_log(path)):  # the power failed during a write: it is only intact with its log
        raise Damaged(f"the tables of the database are damaged ({path})")


def _lost_its_mark(mark: bytes, tables: set[str]) -> bool:
    """Whether it is our mark that is broken in a database with tables of our names."""
    close = sum(one == other for one, other in zip(mark, MARK, strict=True)) >= 2
    return any(mark) and tables >= (TABLES if close else _OURS)


_OURS = TABLES | {"hour", "day", "feed", "outcome", "call", "account", "wear", "fact"}


def _foreign(path: Path) -> WrongFile:
    return WrongFile(f"{path} is the database of another program", "name another file as `database:`")


def _tables(path: Path) -> set[str] | None:
    """The names of the tables in the file itself, without its log; None where they cannot be read."""
    try:
        with closing(connect(path, writes=False, immutable=True)) as db:
            db.text_factory = bytes
            rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    except (sqlite3.Error, ValueError, MemoryError):
        return None
    return {row[0].decode("utf-8", "replace") for row in rows if isinstance(row[0], bytes)}


def _is_usual(head: bytes) -> bool:
    """Whether those bytes of the header that never change are as we wrote them; SQLite believes some that are not."""
    fixed = all(head[at] in values for at, values in _FIXED.items())
    return fixed and not any(head[at] for at in _ZEROS) and head[47] == 4 and head[59] == 1


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LOOKED_AT)


def _has_marked_log(path: Path) -> bool:
    return any(page.startswith(MAGIC) and page[68:72] == MARK for page in islice(log_pages(path), _LOOKED_AT))


def _are_ours(pages: Iterator[bytes]) -> bool:
    """Whether broken pages contain something only we write: our table definitions, our names, our rows."""
    rows = 0
    before = b""
    for page in islice(pages, _LOOKED_AT):
        if page.startswith(MAGIC) and page[68:72] == MARK:
            return True
        if _DEFINITION.search(before + page) or any(metric in METRICS for _, metric in names_in(page).values()):
            return True
        before = page[-64:]
        rows += readings_in(page)
        if rows >= _ENOUGH:
            return True
    return False
