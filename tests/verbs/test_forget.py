"""``forget``: what it says, what it deletes, what it keeps."""

from __future__ import annotations

import csv
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from eink_monitor.clock import DAY, FastClock, SystemClock, iso
from eink_monitor.errors import StoreError
from eink_monitor.metrics import ODOMETER, PV_POWER
from eink_monitor.model.event import Event
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.verbs import forget
from houses import say, write

NOW = SystemClock().now()
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Three readings of the past, and three of the future."""
    file = write(tmp_path)
    with closing(Store(tmp_path / "readings.db", BERLIN)) as store:
        for days in (-5, -3, -1, 10, 11):
            store.add([Reading("roof", PV_POWER, 100 + days, NOW + days * DAY)], 300)
        store.add([Reading("car", ODOMETER, 4322, NOW + 12 * DAY)], 300)
        store.flush()
    return file


def rows(file: Path) -> dict[str, int]:
    with closing(Store(file.with_name("readings.db"), BERLIN, writes=False)) as store:
        return store.rows()


def kept(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))


def test_a_dry_run_says_what_there_is_and_deletes_nothing(house: Path) -> None:
    before = rows(house)
    said = say("forget", "--after", "now", "--dry-run", "-c", house)
    assert (said.code, said.err) == (0, "")
    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0] == ["subject", "metric", "runs", "hours", "days", "events", "from", "to"]
    assert [line[:5] for line in lines[1:]] == [["car", "odometer", "1", "0", "1"], ["roof", "pv_power", "2", "2", "2"]]
    assert rows(house) == before
    assert not list(house.parent.glob("*.csv"))


def test_an_event_of_the_future_goes_too_and_is_kept(house: Path) -> None:
    with closing(Store(house.with_name("readings.db"), BERLIN)) as store:
        store.events.add([Event("garage", "charging.session", "7", NOW + DAY, None, {"energy_wh": 5})])
        store.flush()
    lines = [line.split() for line in say("forget", "--after", "now", "--dry-run", "-c", house).out.splitlines()]
    assert [line[:6] for line in lines if line[0] == "garage"] == [["garage", "charging.session", "0", "0", "0", "1"]]
    assert say("forget", "--after", "now", "--yes", "-c", house).code == 0
    (target,) = house.parent.glob("readings.db.forgotten-*.csv")
    (row,) = [row for row in kept(target) if row["table"] == "event"]
    assert (row["subject"], row["metric"], row["at"]) == ("garage", "charging.session", str(NOW + DAY))
    assert row["value"] == '7 [{"energy_wh":5},{}]'
    assert rows(house)["event"] == 0


@pytest.mark.parametrize("answer", ["n\n", "", "\n"])
def test_it_asks_first(house: Path, answer: str) -> None:
    before = rows(house)
    said = CliRunner().invoke(forget.command, ["--after", "now", "-c", str(house)], input=answer)
    assert "Delete all of it?" in said.output
    assert said.exit_code == 1
    assert rows(house) == before


def test_what_is_deleted_is_kept_in_a_private_file(house: Path) -> None:
    said = say("forget", "--after", "now", "--yes", "-c", house)
    (target,) = house.parent.glob("readings.db.forgotten-*.csv")
    today = iso(SystemClock().now())[:10]
    assert target.name in {f"readings.db.forgotten-{day}.csv" for day in (iso(NOW)[:10], today)}, "midnight may pass"
    assert (said.code, said.out.splitlines()[-1]) == (0, f"8 rows deleted, and kept in {target}")
    assert target.stat().st_mode & 0o777 == 0o600
    found = kept(target)
    assert sorted((row["table"], row["subject"]) for row in found) == [
        *(("day", subject) for subject in ("car", "roof", "roof")),
        *(("hour", "roof"),) * 2,
        *(("reading", subject) for subject in ("car", "roof", "roof")),
    ]
    (run,) = [row for row in found if row["table"] == "reading" and row["subject"] == "car"]
    assert (run["value"], run["unit"], run["at"]) == ("4322.0", "km", str(NOW + 12 * DAY))
    with closing(Store(house.with_name("readings.db"), BERLIN, writes=False)) as store:
        assert store.readings.latest("roof", PV_POWER) == Reading("roof", PV_POWER, 99, NOW - DAY)
        assert store.readings.latest("car", ODOMETER) is None
        assert store.rows()["day"] == 3
    said = say("forget", "--after", "now", "--yes", "-c", house)
    assert (said.code, said.out[:27]) == (0, "nothing is dated later than")
    assert len(list(house.parent.glob("*.csv"))) == 1


def test_a_date_is_its_last_second_and_nothing_is_written_over(house: Path, tmp_path: Path) -> None:
    day = iso(NOW - 3 * DAY)[:10]
    target = tmp_path / "gone.csv"
    said = say("forget", "--after", f"{day} 00:00", "--to", target, "--yes", "-c", house)
    assert said.code == 0
    assert sum(row["table"] == "reading" for row in kept(target)) == 5
    before = target.read_bytes()
    said = say("forget", "--after", "2020-01-01", "--to", target, "--yes", "-c", house)
    assert (said.code, target.read_bytes()) == (64, before)
    assert "already exists; choose another FILE" in said.err
    assert rows(house)["series"] == 2


def test_nothing_is_deleted_that_could_not_be_kept(house: Path) -> None:
    before = rows(house)
    said = say("forget", "--after", "now", "--to", Path("/proc/gone.csv"), "--yes", "-c", house)
    assert said.code == 75
    assert "nothing is deleted: /proc/gone.csv cannot be written" in said.err
    assert rows(house) == before


def test_what_is_no_date_and_what_is_no_time(house: Path) -> None:
    said = say("forget", "--after", "yesterday", "-c", house)
    assert said.code == 64
    assert '--after: "yesterday" is not a date' in said.err
    with pytest.raises(StoreError, match="not known to be right yet; wait until it is, or give a date"):
        forget._cut("now", BERLIN, FastClock(NOW, sure=False))
