from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from eink_monitor.metrics import METRICS
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from houses import say, write


def test_everything_that_is_stored(lived: Path) -> None:
    said = say("latest", "-c", lived)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].split() == ["subject", "metric", "value", "unit", "measured", "at", "age"]
    assert {line.split()[0] for line in lines[1:]} == {"roof", "car", "attic:backups", "display"}


def test_a_date_reads_as_one(lived: Path) -> None:
    (line,) = [line for line in say("latest", "-c", lived).out.splitlines() if "newest_backup" in line]
    shown = datetime.fromisoformat(line.split()[2])
    (row,) = [row for row in json.loads(say("latest", "--json", "-c", lived).out) if row["metric"] == "newest_backup"]
    assert (shown.timestamp(), row["unit"]) == (row["value"], "s")


def test_json(lived: Path) -> None:
    rows = json.loads(say("latest", "--json", "-c", lived).out)
    assert len(rows) == len(say("latest", "-c", lived).out.splitlines()) - 1
    for row in rows:
        assert list(row) == ["subject", "metric", "value", "unit", "at", "old"]
        assert row["unit"] == METRICS[row["metric"]].unit
        assert row["at"][-1] == "Z"
        assert len(repr(row["value"])) < 17, "a value without the dust of binary fractions"


def test_nothing_yet(tmp_path: Path) -> None:
    file = write(tmp_path)
    said = say("latest", "-c", file)
    assert said.code == 75
    assert said.err == (
        f"eink-monitor: there is no database at {tmp_path}/readings.db yet; start the daemon or poll a source first\n"
    )
    Store(tmp_path / "readings.db", time_zone()).close()
    said = say("latest", "-c", file)
    assert (said.code, said.err) == (0, "nothing is stored yet\n")
    assert say("latest", "--json", "-c", file).out == "[]\n"


def test_the_table_is_in_local_time_with_its_offset(lived: Path) -> None:
    lines = say("latest", "-c", lived).out.splitlines()[1:]
    rows = json.loads(say("latest", "--json", "-c", lived).out)
    for line, row in zip(lines, rows, strict=True):
        (shown,) = [word for word in line.split()[3:] if "T" in word]
        assert shown[-6:] in {"+01:00", "+02:00"}
        assert datetime.fromisoformat(shown) == datetime.fromisoformat(row["at"])
