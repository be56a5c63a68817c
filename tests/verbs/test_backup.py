from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from houses import say, write


def test_a_copy_that_can_be_read(lived: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("an older one", encoding="utf-8")
    said = say("backup", target, "-c", lived)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"{target}: {target.stat().st_size} bytes\n"
    with closing(sqlite3.connect(target)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT count(*) FROM reading").fetchone()[0] > 1000
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("name", ["readings.db", "../{folder}/readings.db", "readings.db-wal"])
def test_the_database_is_not_its_own_backup(tmp_path: Path, name: str) -> None:
    said = say("backup", tmp_path / name.format(folder=tmp_path.name), "-c", write(tmp_path))
    assert said.code == 64
    assert "is the database itself; choose another FILE" in said.err


def test_a_place_that_cannot_be_written(lived: Path, tmp_path: Path) -> None:
    said = say("backup", tmp_path / "no" / "copy.db", "-c", lived)
    assert said.code == 64
    assert f"there is no folder {tmp_path / 'no'}; create it first" in said.err
    said = say("backup", tmp_path, "-c", lived)
    assert said.code == 64
    assert f"{tmp_path} is a folder; name a file in it: {tmp_path / 'readings.db'}" in said.err
    assert say("backup", tmp_path / "copy.db", "-c", write(tmp_path)).code == 75  # nothing to copy yet
