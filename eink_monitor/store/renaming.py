"""A source by another name: everything that is stored of it follows."""

from __future__ import annotations

from eink_monitor.errors import StoreError
from eink_monitor.store.card import OpenDatabase

_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) != '_' AND name NOT LIKE 'sqlite%'"
)
_EMPTY = """INSERT INTO series (subject, metric, unit, step)
            SELECT :old || substr(subject, length(:new) + 1), metric, unit, step FROM series
            WHERE subject = :new OR substr(subject, 1, length(:new) + 1) = :new || ':'"""
"""Series by the old name without any reading: else a daemon that knows them takes them for lost and restores them."""


def rename(disk: OpenDatabase, old: str, new: str, *, subject: bool) -> None:
    """Of a feed; with ``subject`` also of its subject and the parts of that; inside the caller's transaction.

    Raises ``StoreError`` where the new subject has been measured already.
    """
    tables = [str(row[0]) for row in disk.execute(_TABLES)]
    columns = {table: {str(row[1]) for row in disk.execute(f"PRAGMA table_info({table})")} for table in tables}
    if subject:
        _free(disk, new)
        for table in (table for table in tables if "subject" in columns[table]):
            disk.execute(
                f"UPDATE {table} SET subject = :new || substr(subject, length(:old) + 1)"  # noqa: S608 - a name of ours
                " WHERE subject = :old OR substr(subject, 1, length(:old) + 1) = :old || ':'",
                {"old": old, "new": new},
            )
        disk.execute(_EMPTY, {"old": old, "new": new})
    for table in (table for table in tables if "feed" in columns[table]):
        for suffix in ("", " stream"):
            names = {"old": old + suffix, "new": new + suffix}
            disk.execute(f"DELETE FROM {table} WHERE feed = :new", names)  # noqa: S608 - what an earlier source left
            disk.execute(f"UPDATE {table} SET feed = :new WHERE feed = :old", names)  # noqa: S608 - as above


def _free(disk: OpenDatabase, subject: str) -> None:
    """A subject without readings, of which series may be left."""
    rows = disk.execute("SELECT id, start FROM series WHERE subject = ?", (subject,)).fetchall()
    tables = ("reading", "hour", "day")
    for number, start in rows:
        count = "SELECT count(*) FROM {} WHERE series = ?"
        if start is not None or any(disk.execute(count.format(one), (number,)).fetchone()[0] for one in tables):
            raise StoreError(f"there are readings of a `{subject}` already, and both would mix", "choose another name")
        disk.execute("DELETE FROM series WHERE id = ?", (number,))
    if disk.execute("SELECT 1 FROM event WHERE subject = ? LIMIT 1", (subject,)).fetchone():
        raise StoreError(f"there are events of a `{subject}` already, and both would mix", "choose another name")
    disk.execute("DELETE FROM listing WHERE subject = ?", (subject,))  # what an earlier source left
