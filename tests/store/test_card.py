"""What SQLite's errors mean, and when they are damage."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.errors import Damaged, StoreError
from eink_monitor.store.card import connect, in_words, is_damage, plain_words


def raised(*statements: str) -> sqlite3.Error:
    """What the last of some statements comes to."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        for statement in statements[:-1]:
            db.execute(statement)
        with pytest.raises(sqlite3.Error) as caught:
            db.execute(statements[-1])
    return caught.value


TWICE = raised("CREATE TABLE once (at UNIQUE)", "INSERT INTO once VALUES (1)", "INSERT INTO once VALUES (1)")
HUGE = raised("SELECT zeroblob(2000000000)")
FULL = raised("CREATE TABLE much (size)", "PRAGMA max_page_count = 2", "INSERT INTO much VALUES (zeroblob(99999))")
MISSING = raised("SELECT at FROM reading")


@pytest.mark.parametrize(
    ("error", "ours", "kind"),
    [
        (TWICE, False, Damaged),
        (TWICE, True, Damaged),
        (HUGE, False, StoreError),
        (HUGE, True, Damaged),  # we never wrote that
        (FULL, False, StoreError),
        (FULL, True, StoreError),
        (MISSING, False, Damaged),
        (MISSING, True, Damaged),
    ],
)
def test_an_error_is_damage_where_the_content_is_to_blame(
    tmp_path: Path, error: sqlite3.Error, ours: bool, kind: type[StoreError]
) -> None:
    path = tmp_path / "readings.db"
    said = in_words(path, error, ours=ours)
    assert type(said) is kind
    assert str(said).endswith(f" ({path})")
    if ours:
        assert is_damage(path, error) is (kind is Damaged)


def told(db: sqlite3.Connection, *names: str) -> list[object]:
    return [db.execute(f"PRAGMA {name}").fetchone()[0] for name in names]


@pytest.mark.parametrize(("durable", "synchronous"), [(None, 2), (True, 2), (False, 0)])
def test_what_is_written_is_on_the_card_unless_somebody_says_otherwise(
    tmp_path: Path, durable: bool | None, synchronous: int
) -> None:
    path = tmp_path / "readings.db"
    path.touch()
    with closing(connect(path, writes=True) if durable is None else connect(path, writes=True, durable=durable)) as db:
        names = ("synchronous", "journal_mode", "foreign_keys", "temp_store", "cache_size", "wal_autocheckpoint")
        assert told(db, *names) == [synchronous, "wal", 1, 2, -512, 1000]
    with closing(connect(path, writes=False)) as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("CREATE TABLE one (at)")
    with pytest.raises(sqlite3.OperationalError):
        connect(path.with_name("missing.db"), writes=True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "this user may not write to it"),
        (errno.ENOSPC, "the disk is full"),
        (errno.EROFS, "the disk is read-only"),
        (errno.EIO, "the disk cannot be read or written"),
        (errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG)),
    ],
)
def test_what_the_file_system_says_is_told_in_plain_words(tmp_path: Path, code: int, words: str) -> None:
    with pytest.raises(StoreError) as caught, plain_words(tmp_path / "readings.db"):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(words)
