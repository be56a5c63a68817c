from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import SystemClock, stamp
from eink_monitor.metrics import METRICS
from houses import say, write
from loopback.faults import FAULTS
from loopback.json_vendor import JsonVendor
from loopback.server import Said
from loopback.solaredge import KEY, SITE, SolarEdgeServer

DOORS = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: 'null'}}
sources:
  roof: {{type: demo, show: roof}}
  shut: {{type: demo, show: car, outage: "00:00-24:00"}}
  dear: {{type: demo, show: disk, calls_per_day: 2}}
  wall: {{type: solaredge, api: v1, api_key: hunter2, site_id: 1, base_url: "http://127.0.0.1:{port}"}}
panels: {{}}
"""
V1 = (
    "database: {folder}/readings.db\ndisplay: {{type: 'null'}}\npanels: {{}}\n"
    f"sources: {{{{roof: {{{{type: solaredge, api: v1, api_key: {KEY}, site_id: {SITE}, base_url: URL}}}}}}}}\n"
)


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, silent: socket.socket) -> Path:
    return write(tmp_path, DOORS.replace("{port}", str(silent.getsockname()[1])))


def test_a_table(house: Path) -> None:
    said = say("poll", "roof", "-c", house)
    assert (said.code, said.err) == (0, "")
    head, *lines, foretold = said.out.splitlines()
    assert head.split() == ["subject", "metric", "value", "unit", "measured", "at"]
    assert len(lines) == 13
    assert re.fullmatch(r"roof pv_power: 0 to \d+ W expected from .*, 288 slots \(Demo\)", foretold)
    assert all(line.split()[0] == "roof" for line in lines)


def test_json_is_one_array_and_is_stored(house: Path) -> None:
    said = say("poll", "roof", "--json", "-c", house)
    assert (said.code, said.err) == (0, "")
    rows = json.loads(said.out)
    assert {row["metric"] for row in rows} == {
        row["metric"] for row in json.loads(say("latest", "--json", "-c", house).out)
    }
    for row in rows:
        assert list(row) == ["subject", "metric", "value", "unit", "at"]
        assert row["subject"] == "roof"
        assert row["unit"] == METRICS[row["metric"]].unit
        assert len(row["at"]) == 20


def test_a_failure_is_an_empty_array_and_a_sentence(house: Path) -> None:
    said = say("poll", "shut", "--json", "-c", house)
    assert (said.code, said.out) == (75, "[]\n")
    assert said.err == "eink-monitor: shut: the demo vendor does not answer until 24:00\n"
    assert say("poll", "shut", "-c", house).out == ""


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("401", 77, "does not accept the api_key for site"),
        ("403", 77, ""),
        ("404", 65, ""),
        ("malformed", 65, ""),
        ("NaN", 65, ""),
        ("410", 69, "retired this interface on 3 Nov 2026; use V2 or the inverter's Modbus"),
        ("429 minute", 75, "; poll again after "),
        ("429 month", 75, "; poll again after "),
        ("500", 75, ""),
        ("reset", 75, ""),
    ],
)
def test_what_a_vendor_says_becomes_an_exit_code_and_a_sentence(
    tmp_path: Path, fault: str, code: int, words: str
) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), SystemClock().now) as vendor:
        vendor.fault = FAULTS[fault]
        said = say("poll", "roof", "--json", "-c", write(tmp_path, V1.replace("URL", vendor.url)))
    assert (said.code, said.out) == (code, "[]\n")
    assert said.err.startswith("eink-monitor: ")
    assert said.err.count("\n") == 1
    assert words in said.err
    assert KEY not in said.err


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_what_cannot_even_begin(house: Path, tmp_path: Path, options: list[str]) -> None:
    unknown = say("poll", "rof", *options, "-c", house)
    assert unknown.code == 64
    assert "no source is called `rof`; did you mean `roof`?" in unknown.err
    broken = tmp_path / "broken.yaml"
    broken.write_text("x", encoding="utf-8")
    unread = say("poll", "roof", *options, "-c", broken)
    assert unread.code == 78
    (tmp_path / "readings.db").mkdir()
    unstored = say("poll", "roof", *options, "-c", house)
    assert unstored.code == 78
    assert {unknown.out, unread.out, unstored.out} == {"[]\n" if options else ""}


def test_the_ledger_is_kept_unless_forced(house: Path) -> None:
    assert say("poll", "dear", "-c", house).code == say("poll", "dear", "-c", house).code == 0
    spent = say("poll", "dear", "--json", "-c", house)
    assert (spent.code, spent.out) == (75, "[]\n")
    assert spent.err.startswith("eink-monitor: dear: 2 of 2 calls this day are used; poll again after ")
    assert spent.err.endswith(", or spend a call with --force\n")
    forced = say("poll", "dear", "--json", "--force", "-c", house)
    assert forced.code == 0
    assert len(json.loads(forced.out)) == 4
    assert say("quota", "-c", house).out.splitlines()[1].split()[3:6] == ["day", "3", "0"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_impatient_person_leaves_no_child(house: Path, silent: socket.socket, number: int, code: int) -> None:
    command = [sys.executable, "-m", "eink_monitor", "poll", "wall", "-c", str(house)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        silent.settimeout(20)
        connection, _ = silent.accept()  # the poll is under way, in a child
        with connection:
            connection.settimeout(20)
            connection.recv(65536)
            process.send_signal(number)
            out, err = process.communicate(timeout=5)
            assert connection.recv(1) == b"", "the child is gone: its end of the line is closed"
    assert (process.returncode, out) == (code, b"")
    assert err.strip() == b""
    assert b"hunter2" not in (house.parent / "readings.db").read_bytes()
    assert not [name for name in os.listdir("/proc") if _is_child_of(name, process.pid)]  # noqa: PTH208 - /proc changes


def _is_child_of(name: str, parent: int) -> bool:
    try:
        return f"PPid:\t{parent}\n" in (Path("/proc") / name / "status").read_text(encoding="utf-8")
    except OSError:
        return False


THERMOMETER = """\
database: FOLDER/readings.db
timezone: Europe/Berlin
display: {type: 'null'}
panels: {}
sources:
  porch:
    type: http
    url: URL/status
    query: {from: "{{today}}"}
    auth: {type: bearer, token: hunter2}
    at: measured
    readings:
      outdoor_temperature: {path: temp, unit: "°F"}
      storage_soc: {path: battery.level}
"""


def test_how_a_value_was_found(tmp_path: Path) -> None:
    measured = SystemClock().now() - 60
    with JsonVendor() as vendor:
        said = {
            "temp": 70.7,
            "measured": measured,
            "key": "is hunter2",
            "a b": [{"x": None}, 2, 3, 4, 5],
            "n": {"m": "y" * 99},
        }
        vendor.routes["/status"] = Said(200, said)
        file = tmp_path / "config.yaml"
        file.write_text(THERMOMETER.replace("URL", vendor.url).replace("FOLDER", str(tmp_path)), encoding="utf-8")
        told = say("poll", "porch", "--explain", "-c", file)
    assert told.code == 0
    assert "hunter2" not in told.out + told.err
    request, value, missing, *found = told.out.splitlines()
    assert re.fullmatch(r"GET http://127\.0\.0\.1:\d+/status\?from=[-\d]{10}: 200, \d+ bytes, Date .*", request)
    assert (
        value == f"outdoor_temperature: temp finds 70.7: 21.5 °C, measured {stamp(measured, ZoneInfo('Europe/Berlin'))}"
    )
    assert missing == "storage_soc: battery.level finds nothing: no reading"
    assert found[:8] == [
        "In the answer are:",
        "- temp: 70.7",
        f"- measured: {measured}",
        '- key: "is ****"',
        '- "a b"[0].x: nothing',
        '- "a b"[1]: 2',
        '- "a b"[2]: 3',
        '- length("a b"): 5',
    ]
    assert found[8].startswith('- n.m: "yyyyyy')
    assert len(found[8]) < 80


def test_what_a_source_cannot_explain(house: Path) -> None:
    said = say("poll", "roof", "--explain", "--json", "-c", house)
    assert said.err == "roof: a source of type demo does not tell how it finds its values\n"
    assert json.loads(said.out)


def test_where_nobody_answers_there_is_nothing_to_explain(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    block = THERMOMETER.replace("URL", "http://127.0.0.1:9").replace("FOLDER", str(tmp_path))
    file.write_text(block, encoding="utf-8")
    said = say("poll", "porch", "--explain", "-c", file)
    assert (said.out, said.code) == ("", 75)
    assert said.err == "eink-monitor: 127.0.0.1: the server refuses the connection; is the address right?\n"
