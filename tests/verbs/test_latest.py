from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

from eink_monitor.clock import SystemClock
from eink_monitor.metrics import DAY_WEATHER, DISK_SIZE, DISK_STATE, INVERTER_STATUS, METRICS, PLUGGED, WEATHER_CODE
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from houses import HOUSE, Said, say, write


def now() -> int:
    """A whole run of the tests takes longer than some of these figures are fresh."""
    return SystemClock().now()


def stored(folder: Path, *readings: Reading) -> Path:
    """A house in which so much was measured, and whose sources are well."""
    store = Store(folder / "readings.db", time_zone())
    store.add(readings, 3600)
    store.note(Outcome("attic", now(), 0.0, "ok", "nothing is mounted at /mnt"), None, 0)
    store.flush()
    store.close()
    return write(folder, HOUSE)


def values(said: Said) -> list[list[str]]:
    """The cells of a table but for instants, which are in local time."""
    rows = [re.split(r"  +", line) for line in said.out.splitlines()[1:]]
    return [[cell for cell in row if not re.match(r"20\d\d-", cell)] for row in rows]


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


def test_states_have_names(tmp_path: Path) -> None:
    """In tables; JSON and CSV keep the numbers."""
    disk = "attic:backups"
    told: list[tuple[Metric, int, str]] = [
        (DISK_STATE, 2, "not mounted"),
        (INVERTER_STATUS, 4, "producing"),
        (PLUGGED, 1, "yes"),
    ]
    file = stored(
        tmp_path,
        *(Reading(disk, metric, value, now()) for metric, value, _ in told),
        Reading(disk, DISK_SIZE, 9, now()),
    )
    found = {row[1]: row[2:] for row in values(say("latest", "-c", file))}
    for metric, value, name in told:
        assert found[metric.name][0] == name
        assert values(say("history", disk, metric.name, "-c", file)) == [[name]]
        (row,) = json.loads(say("history", disk, metric.name, "--json", "-c", file).out)
        assert (row["value"], row["unit"]) == (value, metric.unit)
        (day,) = values(say("history", disk, metric.name, "--step", "day", "-c", file))
        assert day == (["1", name, "1", name, name] if metric == PLUGGED else ["1", name, name, name])
    assert found["disk_size"][:2] == ["9", "B"]


def test_every_number_of_a_state_has_a_name() -> None:
    coded = [metric for metric in METRICS.values() if re.fullmatch(r"[1-9]?\d-\d+", metric.unit)]
    assert coded
    for metric in coded:
        if metric in {WEATHER_CODE, DAY_WEATHER}:  # WMO leaves numbers out
            assert len(metric.names) == 28
            continue
        assert sorted(metric.names) == [*range(int(metric.low), int(metric.high) + 1)]


def test_a_disk_that_is_not_mounted_is_no_tick(tmp_path: Path) -> None:
    file = stored(tmp_path, Reading("attic:backups", DISK_STATE, 2, now()))
    file.write_text(file.read_text(encoding="utf-8") + "  health: {type: health}\n", encoding="utf-8")
    health = say("show", "health", "--text", "-c", file).out
    assert "1 fault" in health
    assert "[alert]  attic  not mounted" in health
    assert "nothing is mounted at /mnt" in health
    (line,) = [line for line in say("doctor", "-c", file).out.splitlines() if "source attic" in line]
    assert line.startswith("warn")
    assert "a disk is not mounted: nothing is mounted at /mnt -> mount it, or " in line
