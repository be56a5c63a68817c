from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import SystemClock, midnight
from houses import say

BERLIN = ZoneInfo("Europe/Berlin")
DST = [(date(2025, 10, 26), 25), (date(2026, 3, 29), 23)]


def since(day: date) -> str:
    """How far back a local day begins, as an option."""
    return f"{SystemClock().now() - midnight(day, BERLIN) + 60}s"


@pytest.mark.parametrize(("day", "hours"), DST)
def test_hours_of_a_day_on_which_the_clocks_change(lived: Path, day: date, hours: int) -> None:
    said = say("history", "roof", "pv_power", "--since", since(day), "--step", "hour", "--json", "-c", lived)
    start, end = midnight(day, BERLIN), midnight(day + timedelta(days=1), BERLIN)
    rows = json.loads(said.out)
    inside = [row for row in rows if start <= datetime.fromisoformat(row["from"]).timestamp() < end]
    assert len(inside) == hours
    assert len({row["from"] for row in inside}) == hours
    assert all(row["measurements"] == 12 for row in inside)
    assert all(row["low"] <= row["mean"] <= row["high"] for row in inside)


@pytest.mark.parametrize(("day", "hours"), DST)
def test_a_day_on_which_the_clocks_change(lived: Path, day: date, hours: int) -> None:
    out = say("history", "roof", "production_today", "--since", since(day), "--step", "day", "--csv", "-c", lived).out
    rows = {row["from"]: row for row in csv.DictReader(io.StringIO(out))}
    assert int(rows[day.isoformat()]["measurements"]) == hours * 12
    assert float(rows[day.isoformat()]["low"]) == 0
    assert float(rows[day.isoformat()]["last"]) == float(rows[day.isoformat()]["high"]) > 1000


def test_runs_are_the_same_in_every_form(lived: Path) -> None:
    words = ["history", "roof", "storage_soc", "--since", "4d", "-c", str(lived)]
    table = [line.split() for line in say(*words).out.splitlines()]
    sheet = list(csv.reader(io.StringIO(say(*words, "--csv").out)))
    rows = json.loads(say(*words, "--json").out)
    assert table[0] == sheet[0] == list(rows[0]) == ["from", "to", "value", "unit"]
    assert len(table) == len(sheet) == len(rows) + 1 > 100
    for line, cells, row in zip(table[1:], sheet[1:], rows, strict=True):
        assert cells[:2] == [row["from"], row["to"]]
        assert [datetime.fromisoformat(cell) for cell in line[:2]] == [datetime.fromisoformat(at) for at in cells[:2]]
        assert all(cell[-6:] in {"+01:00", "+02:00"} for cell in line[:2])
        assert line[3] == cells[3] == row["unit"] == "%"
        assert float(line[2]) == float(cells[2]) == row["value"]
        assert row["from"] <= row["to"]
        assert row["value"] == round(row["value"], 1)
    assert [row["from"] for row in rows] == sorted(row["from"] for row in rows)


def test_only_what_was_asked_for(lived: Path) -> None:
    rows = json.loads(say("history", "roof", "pv_power", "--since", "2d", "--json", "-c", lived).out)
    first = datetime.fromisoformat(rows[0]["to"])
    assert datetime.now(UTC) - first < timedelta(days=2, minutes=1)  # noqa: TID251 - held against the program's own clock
    assert json.loads(say("history", "roof", "pv_power", "--since", "0s", "--json", "-c", lived).out) == []
    assert say("history", "roof", "soc", "-c", lived).out.split() == ["from", "to", "value", "unit"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["roof", "pv_powr"], "no metric is called `pv_powr`; did you mean `pv_power`?"),
        (["rof", "pv_power"], "no stored subject is called `rof`; did you mean `roof`?"),
        (["zebra", "pv_power"], "no stored subject is called `zebra`; there is `"),
        (["roof", "pv_power", "--since", "7d", "--from", "2026-01-01"], "give either --since or --from"),
        (
            ["roof", "pv_power", "--from", "yesterday"],
            '--from: "yesterday" is not a date; write for example 2026-11-27',
        ),
        (["roof", "pv_power", "--from", "2026-02-30"], '--from: "2026-02-30" is not a date'),
        (["roof", "pv_power", "--to", "9999-12-31"], '--to: "9999-12-31" is not a date'),
        (["roof", "pv_power", "--from", "2026-05-02", "--to", "2026-05-01"], "--to lies before the beginning"),
        (["roof", "pv_power", "--since", "7"], '--since: "7" is not a duration'),
        (["roof", "pv_power", "--since", "99999999y"], "is longer than 100 years"),
    ],
)
def test_usage(lived: Path, words: list[str], sentence: str) -> None:
    said = say("history", *words, "-c", lived)
    assert said.code == 64
    assert sentence in said.err


def test_from_and_to_are_days_of_the_house(lived: Path) -> None:
    def begun(*span: str) -> list[str]:
        words = ["history", "roof", "pv_power", "--step", "hour", "--json", "-c", str(lived)]
        return [row["from"] for row in json.loads(say(*words, *span).out)]

    day = [datetime.fromisoformat(at) for at in begun("--from", "2025-10-26", "--to", "2025-10-26")]
    assert len(day) == 25
    assert {at.astimezone(BERLIN).date() for at in day} == {date(2025, 10, 26)}
    three = [f"2025-10-26T{hour}:00:00Z" for hour in (11, 12, 13)]
    assert begun("--from", "2025-10-26T12:00", "--to", "2025-10-26 14:30") == three
    assert begun("--from", "2025-10-26T11:00Z", "--to", "2025-10-26T13:00:00+00:00") == three
    span = ["--from", "2025-10-25", "--to", "2025-10-26", "--step", "day", "--csv"]
    days = say("history", "roof", "production_today", *span, "-c", lived)
    rows = list(csv.DictReader(io.StringIO(days.out)))
    assert [(row["from"], row["unit"]) for row in rows] == [("2025-10-25", "Wh"), ("2025-10-26", "Wh")]


@pytest.mark.parametrize("form", ["--csv", "--json", "--step=hour", "--step=day"])
def test_an_empty_window_says_where_the_newest_is(lived: Path, form: str) -> None:
    said = say("history", "roof", "pv_power", "--from", "2024-01-01", "--to", "2024-01-02", form, "-c", lived)
    assert said.code == 0
    span = "between 2024-01-01T00:00:00+01:00 and 2024-01-02T23:59:59+01:00"
    assert said.err.startswith(f"eink-monitor: nothing is stored for roof pv_power {span}; the newest is from 20")
    assert say("history", "roof", "soc", "-c", lived).err.endswith("; nothing ever was\n")
    assert say("history", "roof", "pv_power", "--since", "2d", "-c", lived).err == ""
