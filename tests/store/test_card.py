"""What SQLite's errors mean, and when they are damage."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.errors import Damaged, StoreError
from eink_monitor.store.card import in_words, is_damage


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
