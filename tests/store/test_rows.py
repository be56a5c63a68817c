"""The bounds of what a row of ours can be."""

from __future__ import annotations

import pytest

from eink_monitor.store.backfill import LONGEST_RUN
from eink_monitor.store.repair.rows import LATEST, OLDEST, is_sound, table_of

NOW = 1_780_000_000
MOST = 1 << 62
SUMS = (3, 30, 5, 15, 10)  # n, total, low, high, last
SOUND: list[tuple[str, tuple[object, ...]]] = [
    ("series", (1, "roof", "pv_power", "W", 0.5, None, None, None)),
    ("series", (1, "roof", "pv_power", "W", 1, OLDEST, OLDEST, 0)),
    ("series", (1, "roof", "pv_power", "W", 1, NOW, LATEST, -7)),
    ("feed", ("roof", 0, 0, 1, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", LATEST, LATEST, 9, 0.5, "ok", "", NOW, NOW, MOST - 1)),
    ("account", ("bmw", LATEST, "")),
    ("call", (1, "bmw", LATEST, 0, 0)),
    ("call", (1, "bmw", NOW, 3, 1)),
    ("reading", (OLDEST, 1, 0, 0)),
    ("reading", (LATEST, 1, -5, LONGEST_RUN)),
    ("hour", (OLDEST, 1, *SUMS)),
    ("hour", (LATEST, 1, *SUMS)),
    ("day", (20_000_101, 1, *SUMS)),
    ("day", (21_000_100, 1, *SUMS)),
    ("wear", ("full", MOST - 1)),
]
ODD: list[tuple[str, tuple[object, ...]]] = [
    ("series", (0, "roof", "pv_power", "W", 1, None, None, None)),
    ("series", (1, "", "pv_power", "W", 1, None, None, None)),
    ("series", (1, "roof", "", "W", 1, None, None, None)),
    ("series", (1, "roof", "pv_power", "W", 0, None, None, None)),
    ("series", (1, "roof", "pv_power", "W", 1, NOW, NOW, None)),
    ("series", (1, "roof", "pv_power", "W", 1, None, NOW, 5)),
    ("series", (1, "roof", "pv_power", "W", 1, NOW, None, 5)),
    ("series", (1, "roof", "pv_power", "W", 1, OLDEST - 1, NOW, 5)),
    ("series", (1, "roof", "pv_power", "W", 1, NOW, NOW - 1, 5)),
    ("series", (1, "roof", "pv_power", "W", 1, NOW, LATEST + 1, 5)),
    ("feed", ("", NOW, NOW, 1, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", -1, NOW, 1, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", NOW, LATEST + 1, 1, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", LATEST + 1, NOW, 1, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", NOW, NOW, 0, 0.0, "ok", "", None, None, None)),
    ("feed", ("roof", NOW, NOW, 1, 0.0, "ok", "", None, None, MOST)),
    ("account", ("", NOW, "")),
    ("account", ("bmw", LATEST + 1, "")),
    ("call", (0, "bmw", NOW, 1, 1)),
    ("call", (1, "", NOW, 1, 1)),
    ("call", (1, "bmw", LATEST + 1, 1, 1)),
    ("call", (1, "bmw", NOW, -1, 1)),
    ("call", (1, "bmw", NOW, 1, 2)),
    ("reading", (OLDEST - 1, 1, 0, 0)),
    ("reading", (LATEST + 1, 1, 0, 0)),
    ("reading", (NOW, 0, 0, 0)),
    ("reading", (NOW, 1, 0, -1)),
    ("reading", (NOW, 1, 0, LONGEST_RUN + 1)),
    ("reading", (NOW, 1, 0)),
    ("reading", (NOW, 1, "0", 0)),
    ("hour", (OLDEST - 1, 1, *SUMS)),
    ("hour", (LATEST + 1, 1, *SUMS)),
    ("hour", (NOW, 0, *SUMS)),
    ("day", (20_000_100, 1, *SUMS)),
    ("day", (21_000_101, 1, *SUMS)),
    ("day", (20_260_528, 0, *SUMS)),
    ("wear", ("full", -MOST)),
]


@pytest.mark.parametrize(("table", "row"), SOUND)
def test_what_can_be(table: str, row: tuple[object, ...]) -> None:
    assert is_sound(table, row)
    if table in {"reading", "hour", "day"}:
        assert table_of(row) == table


@pytest.mark.parametrize(("table", "row"), ODD)
def test_what_cannot_be(table: str, row: tuple[object, ...]) -> None:
    assert not is_sound(table, row)
    if table in {"reading", "hour", "day"} and len(row) in {4, 7}:
        assert table_of(row) == ""


@pytest.mark.parametrize(
    ("sums", "sound"),
    [
        ((1, 5, 5, 5, 5), True),
        ((2, 10, 5, 15, 15), True),
        ((2, 30, 5, 15, 5), True),
        ((0, 0, 5, 5, 5), False),
        ((2, 9, 5, 15, 10), False),
        ((2, 31, 5, 15, 10), False),
        ((2, 20, 5, 15, 16), False),
        ((2, 20, 5, 15, 4), False),
    ],
)
def test_the_sums_of_an_hour_add_up(sums: tuple[int, ...], sound: bool) -> None:
    assert table_of((NOW, 1, *sums)) == ("hour" if sound else "")
