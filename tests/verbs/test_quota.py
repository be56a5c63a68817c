from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, SystemClock, local
from eink_monitor.config import load
from eink_monitor.model.poll import Outcome
from eink_monitor.store import Store
from houses import say, write

BERLIN = ZoneInfo("Europe/Berlin")
WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00"

LONG_DAY = 25 * HOUR  # the longest there is


def said_at(at: int) -> str:
    return local(at, BERLIN).isoformat(timespec="seconds")


def test_used_left_frees_and_next(tmp_path: Path) -> None:
    file = write(tmp_path)
    for name in ("car", "roof"):
        assert say("poll", name, "-c", file).code == 0
    now = SystemClock().now()
    said = say("quota", "-c", file)
    assert (said.code, said.err) == (0, "")
    head, line = said.out.splitlines()
    assert re.split(r" {2,}", head) == ["source", "account", "per", "used", "left", "frees at", "next poll"]
    source, account, per, used, left, frees, following = re.split(r" {2,}", line)
    assert (source, account, per, used, left) == ("car", "demo car", "day", "1", "44")
    assert frees in {said_at(now + LONG_DAY - seconds) for seconds in range(60)}
    assert re.fullmatch(WHEN, following)


def test_before_the_first_poll_and_while_a_vendor_says_wait(tmp_path: Path) -> None:
    file = write(tmp_path)
    now = SystemClock().now()
    store = Store(tmp_path / "readings.db", BERLIN)
    assert re.split(r" {2,}", say("quota", "-c", file).out.splitlines()[1])[3:] == ["0", "45", "-", "due"]
    quota = load(file).feeds["car"].source.quota()
    assert quota
    with store.transaction():
        store.ledger.wait_until("demo car", now + 3 * DAY, "the vendor says so")
    for _ in range(50):
        store.reserve(quota, 1, now, force=True)
    store.close()
    fields = re.split(r" {2,}", say("quota", "-c", file).out.splitlines()[1])
    assert fields[3:] == ["50", "0", said_at(now + LONG_DAY), said_at(now + 3 * DAY)]


def test_a_closed_interface_is_asked_no_more(tmp_path: Path) -> None:
    file = write(tmp_path)
    store = Store(tmp_path / "readings.db", BERLIN)
    store.note(Outcome("car", SystemClock().now(), 0.1, "gone", "closed"), None, 0)
    store.flush()
    store.close()
    assert say("quota", "-c", file).out.splitlines()[1].endswith("stopped")


def test_nothing_is_planned_before_the_first_sign_in(tmp_path: Path) -> None:
    text = (
        "database: {folder}/readings.db\ndisplay: {{type: 'null'}}\n"
        "sources:\n  roof: {{type: solaredge, site_id: 1, client_id: me, client_secret: hunter2}}\n"
        "  car: {{type: bmw_cardata, client_id: me, vin: WBA12345678901234}}\npanels: {{}}\n"
    )
    file = write(tmp_path, text)
    assert [say("poll", name, "-c", file).code for name in ("roof", "car")] == [77, 77]
    said = say("quota", "-c", file)
    assert [line.split()[0] for line in said.out.splitlines()[1:]] == ["roof", "roof", "car"]
    assert all(line.endswith("  after login") for line in said.out.splitlines()[1:])
    (tmp_path / "state" / "roof").mkdir(exist_ok=True)
    (tmp_path / "state" / "roof" / "roof.token").write_text("scribbled over", encoding="utf-8")
    assert say("quota", "-c", file).out == said.out


def test_a_house_that_counts_nothing(tmp_path: Path) -> None:
    text = (
        "database: {folder}/readings.db\ndisplay: {{type: 'null'}}\n"
        "sources: {{a: {{type: demo, show: roof}}}}\npanels: {{}}\n"
    )
    file = write(tmp_path, text)
    assert say("poll", "a", "-c", file).code == 0
    assert say("quota", "-c", file).out == "No source has a quota.\n"


def test_json_says_the_same_in_utc(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert say("poll", "car", "-c", file).code == 0
    (row,) = json.loads(say("quota", "--json", "-c", file).out)
    cells = re.split(r" {2,}", say("quota", "-c", file).out.splitlines()[1])
    assert list(row) == ["source", "account", "per", "used", "left", "frees_at", "next_poll"]
    assert [str(row[key]) for key in list(row)[:5]] == cells[:5]
    for key, cell in zip(("frees_at", "next_poll"), cells[5:], strict=True):
        assert row[key].endswith("Z")
        assert datetime.fromisoformat(row[key]) == datetime.fromisoformat(cell)
    store = Store(tmp_path / "readings.db", BERLIN)
    store.note(Outcome("car", SystemClock().now(), 0.1, "gone", "closed"), None, 0)
    store.flush()
    store.close()
    assert json.loads(say("quota", "--json", "-c", file).out)[0]["next_poll"] == "stopped"
    nothing = "display: {{type: 'null'}}\nsources: {{a: {{type: demo, show: roof}}}}\npanels: {{}}\n"
    file = write(tmp_path, "database: {folder}/readings.db\n" + nothing)
    assert say("quota", "--json", "-c", file).out == "[]\n"
