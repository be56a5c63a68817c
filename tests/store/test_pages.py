"""Pages of a database that SQLite may not open: their size is the header's, where that can be believed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.metrics import ODOMETER, PV_POWER
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.store.repair.pages import file_pages, names


def database(path: Path, size: int) -> bytearray:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA page_size = {size}")
        db.execute("CREATE TABLE one (at)")
        db.commit()
    return bytearray(path.read_bytes())


@pytest.mark.parametrize("size", [512, 1024, 4096, 32768])
def test_pages_are_as_long_as_the_header_says(tmp_path: Path, size: int) -> None:
    path = tmp_path / "readings.db"
    whole = database(path, size)
    assert list(file_pages(path)) == [whole[:size], whole[size:]]


@pytest.mark.parametrize(
    "harm",
    [
        lambda data: data.__setitem__(16, 0x11),
        lambda data: data.__setitem__(21, 63),
        lambda data: data.__setitem__(0, 0),
        lambda data: data.__setitem__(19, 2),
    ],
    ids=["no size at all", "another shape", "no mark", "torn"],
)
def test_a_header_that_cannot_be_is_not_believed(tmp_path: Path, harm: Callable[[bytearray], object]) -> None:
    path = tmp_path / "readings.db"
    data = database(path, 4096)
    harm(data)
    path.write_bytes(data)
    assert {len(page) for page in file_pages(path)} == {1024}


@pytest.mark.parametrize("kind", ["table", "index"])
def test_a_series_is_known_from_its_row_and_from_the_index_over_them(
    tmp_path: Path, blank: Callable[[Path], Path], kind: str
) -> None:
    path = blank(tmp_path / "readings.db")
    with closing(Store(path, ZoneInfo("UTC"))) as store:
        store.add([Reading("roof", PV_POWER, 5, 1_780_000_000), Reading("car", ODOMETER, 5, 1_780_000_000)], 300)
        store.flush()
    known = names(path)
    assert sorted(known.values()) == [[("car", "odometer")], [("roof", "pv_power")]]
    with closing(sqlite3.connect(path)) as db:
        places = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE tbl_name = 'series' AND type = ?", (kind,)
        ).fetchall()
    data = bytearray(path.read_bytes())
    for (place,) in places:
        data[(place - 1) * 1024 : place * 1024] = bytes(1024)
    path.write_bytes(data)
    assert (bool(places), names(path)) == (True, known)
