"""What the demo house has left behind gives way to the truth."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, SystemClock
from eink_monitor.config import load
from eink_monitor.house import House
from eink_monitor.metrics import PRODUCTION_TODAY
from eink_monitor.store import Store
from houses import say, write
from loopback.solaredge import KEY, SITE, SolarEdgeServer

UTC = ZoneInfo("UTC")
HEAD = "database: {folder}/readings.db\ntimezone: UTC\ndisplay: {{type: 'null'}}\npanels: {{}}\nsources:\n"
HOUSE = {"roof", "car", "hybrid", "disk:backups", "weather", "price", "parcels"}
HOME = "  home: {{type: demo}}\n"
ROOF = f"  roof: {{{{type: solaredge, api: v1, api_key: {KEY}, site_id: {SITE}, base_url: URL}}}}\n"


@pytest.fixture
def roof() -> Iterator[str]:
    """A real roof, as a block of the configuration."""
    with SolarEdgeServer(UTC, SystemClock().now) as vendor:
        yield ROOF.replace("URL", vendor.url)


def subjects(file: Path) -> set[str]:
    return {row["subject"] for row in json.loads(say("latest", "--json", "-c", file).out)}


def test_a_real_roof_does_not_inherit_the_invented_ones_past(tmp_path: Path, roof: str) -> None:
    file = write(tmp_path, HEAD + HOME)
    assert say("poll", "home", "-c", file).code == 0
    assert subjects(file) == HOUSE
    write(tmp_path, HEAD + HOME + roof)
    said = say("poll", "roof", "--json", "-c", file)
    assert said.code == 0
    told = {(row["metric"], row["value"], row["at"]) for row in json.loads(said.out)}
    rows = json.loads(say("latest", "--json", "-c", file).out)
    assert {(row["metric"], row["value"], row["at"]) for row in rows if row["subject"] == "roof"} == told
    assert subjects(file) == HOUSE, "what is still only invented stays"
    store = Store(tmp_path / "readings.db", UTC, writes=False)
    now = SystemClock().now()
    produced = [row["value"] for row in rows if row["metric"] == PRODUCTION_TODAY.name]
    assert [run.value for run in store.readings.runs("roof", PRODUCTION_TODAY, now - DAY, now)] == produced
    assert {one.subject for one in store.outlooks.all()} == {"weather", "price"}, "nor is its sun foretold any more"
    store.close()
    assert say("poll", "roof", "-c", file).code == 0
    assert len(json.loads(say("history", "roof", "production_today", "--json", "-c", file).out)) >= 1, "forgotten once"


def test_beside_a_real_roof_nothing_is_invented_about_it(tmp_path: Path, roof: str) -> None:
    file = write(tmp_path, HEAD + HOME + roof)
    assert say("poll", "roof", "-c", file).code == 0
    before = json.loads(say("latest", "--json", "-c", file).out)
    said = say("poll", "home", "--json", "-c", file)
    assert {row["subject"] for row in json.loads(said.out)} == HOUSE - {"roof"}
    after = json.loads(say("latest", "--json", "-c", file).out)
    assert [row for row in after if row["subject"] == "roof"] == before


def test_what_nobody_invents_any_more_is_gone(tmp_path: Path, roof: str) -> None:
    """A whole house of one's own has no car that never was."""
    file = write(tmp_path, HEAD + HOME)
    assert say("poll", "home", "-c", file).code == 0
    write(tmp_path, HEAD + "  auto: {{type: demo, show: car, subject: car}}\n" + roof)
    assert say("poll", "roof", "-c", file).code == 0
    assert subjects(file) == {"roof", "car"}, "a car is invented still"
    write(tmp_path, HEAD + roof)
    assert say("poll", "roof", "-c", file).code == 0
    assert subjects(file) == {"roof"}


def test_an_invented_source_hides_no_trouble_of_a_real_one(tmp_path: Path) -> None:
    file = write(tmp_path, HEAD + HOME + ROOF.replace("URL", "http://127.0.0.1:1"))
    assert [say("poll", name, "-c", file).code for name in ("home", "roof", "roof")] == [0, 75, 75]
    store = Store(tmp_path / "readings.db", UTC)
    trouble = House(load(file), store, SystemClock().now()).trouble("roof")
    assert trouble is not None
    assert (trouble.name, trouble.what) == ("roof", "unreachable")
    store.close()
