"""What ``type: http`` costs, and what is lost when a poll is killed: nothing."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import cast, get_args

import pytest
import yaml

from bench import doors
from bench.__main__ import TARGETS
from eink_monitor.errors import BadAnswer, Gone, Trouble
from eink_monitor.model.listing import Item
from eink_monitor.sources.http.auth import Auth
from eink_monitor.sources.http.block import HttpBlock
from eink_monitor.sources.http.rehearsal import rehearsed
from eink_monitor.vet import heard
from loopback.blocks import NOW, visitor
from loopback.json_vendor import JsonVendor, Tokens, http_date
from loopback.server import Asked, Said

GUIDE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW)
        yield running


def test_a_poll_takes_little_more_than_one_written_by_hand() -> None:
    assert doors.measure()["http_poll_cpu_ratio"] <= TARGETS["http_poll_cpu_ratio"]


@pytest.mark.parametrize("at_call", [1, 2])
def test_a_poll_that_is_killed_loses_no_refresh_token(vendor: JsonVendor, tmp_path: Path, at_call: int) -> None:
    """Killed while the vendor answers the refresh, or just after: the token that replaced the first is on disk."""
    tokens = vendor.tokens = Tokens(lives=3600)
    auth = "type: refresh, client_id: client, client_secret: s3cret, refresh_token: refresh-0"
    auth += f", token_url: {vendor.url}/oauth/token"
    visits = visitor(tmp_path, f"url: {vendor.url}/n\nauth: {{{auth}}}\nreadings: {{n: {{path: n}}}}")
    child: list[int] = []

    def kill(asked: Asked) -> Said:
        if child and len(vendor.asked) == at_call:
            os.kill(child[0], signal.SIGKILL)
        return tokens.answer(asked) if asked.path == tokens.path else Said(200, {"n": 1})

    vendor.tokens = None
    vendor.routes = {"/oauth/token": kill, "/n": kill}
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.read(reader, 1)
        try:
            visits.poll()
        finally:
            os._exit(0)
    child.append(pid)
    os.write(writer, b"x")
    assert os.waitpid(pid, 0)[1] == signal.SIGKILL
    child.clear()
    assert visits.poll()  # the renewal goes on without its poll, and holds the lock meanwhile
    assert tokens.refreshed == 1


def test_what_a_vendor_does_not_know_is_gone_after_three_polls(tmp_path: Path) -> None:
    """Not at home, where a device that starts again may say so for a while."""
    visits = visitor(tmp_path, "url: https://a.example/x\nreadings: {n: {path: n}}")
    raised: list[type[Trouble] | None] = []
    for status in (404, 404, 200, 404, 404, 404):
        saved = [(status, {"date": http_date(NOW)}, b'{"n": 1}')]
        try:
            list(rehearsed(cast("HttpBlock", visits.source), visits.visit(), {}, saved))
            raised.append(None)
        except Trouble as trouble:
            raised.append(type(trouble))
    assert raised == [BadAnswer, BadAnswer, None, BadAnswer, BadAnswer, Gone]


# -- the guide ---------------------------------------------------------------------------------------------------------


def example(heading: str, url: str) -> str:
    """The block of a chapter of docs/http.md, asking a server of ours."""
    chapter = GUIDE.split(f"## {heading}\n")[1].split("\n## ")[0]
    text = re.findall(r"```yaml\n(.*?)```", chapter, re.DOTALL)[0]
    for there, here in {r"https?://[a-z.]+\.(?:local|example)": url, r"!file [\w-]+": "hunter2"}.items():
        text = re.sub(there, here, text)
    (block,) = yaml.safe_load(text)["sources"].values()
    del block["type"], block["every"]
    return yaml.safe_dump(block, sort_keys=False)


def test_the_thermometer(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/status"] = Said(200, {"temp": 70.7, "measured": "2026-11-28T08:24:00+02:00"})
    (reading,) = visitor(tmp_path, example("A thermometer", vendor.url)).poll()
    assert (reading.metric.name, round(reading.value, 6), reading.at) == ("outdoor_temperature", 21.5, NOW - 360)


def test_the_file(vendor: JsonVendor, tmp_path: Path) -> None:
    lines = b"28.11.2026 08:00;1.239,75\n28.11.2026 08:15;1.240,25\n"
    vendor.routes["/meter.csv"] = Said(200, lines, {"Content-Type": "text/csv"})
    (reading,) = visitor(tmp_path, example("A CSV file", vendor.url)).poll()
    assert (reading.metric.unit, reading.metric.counter, reading.value, reading.at) == ("kWh", True, 1240.25, NOW - 900)


def test_the_count_in_a_header(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/wp-json/wc/v3/orders"] = Said(200, [{"id": 1}], {"X-WP-Total": "12"})
    visits = visitor(tmp_path, example("A count in a header", vendor.url))
    (reading,) = visits.poll()
    assert (reading.metric.daily, reading.value, reading.at) == (True, 12, NOW)
    assert "after=2026-11-28T00%3A00%3A00%2B02%3A00&status=processing&status=completed&per_page=1" in vendor.log[0]


def test_the_login(vendor: JsonVendor, tmp_path: Path) -> None:
    data = {"token": "1|a", "expiresAt": "2026-11-29 08:30:00"}
    vendor.routes["/login"] = Said(200, {"status": "success", "data": data})
    parcels = [{"delivered": True}, {"delivered": False}, {}]
    vendor.routes["/parcels"] = Said(200, {"status": "success", "data": parcels})
    visits = visitor(tmp_path, example("A token from a login", vendor.url))
    assert [reading.value for reading in visits.poll()] == [2]
    assert vendor.asked[0].body == b"username=me%40home.example&password=hunter2"
    assert vendor.asked[1].headers["Authorization"] == "Bearer 1|a"
    assert vendor.never_logged("hunter2", "1|a")


def test_the_listing(vendor: JsonVendor, tmp_path: Path) -> None:
    waits = {"awb": 1, "events": [{"id": "C0", "name": "Picked up", "date": "2026-11-25 08:30:00"}]}
    comes = {"awb": 2, "due": "2026-11-29", "events": [{"id": "H4", "name": "Depot", "date": "2026-11-28 08:00:00"}]}
    vendor.routes["/tracking"] = Said(200, {"data": [comes, waits]})
    visits = visitor(tmp_path, example("A listing", vendor.url))
    visit = visits.visit()
    (listing,) = heard(visits.source.poll(visit), visit).listings
    assert listing.items == (
        Item("1", "Picked up", NOW - 3 * 86_400, None, "C0", stuck=True),
        Item("2", "Depot", NOW - 1_800, NOW + 55_800, "H4"),
    )


def test_every_key_of_the_block_and_every_sign_in_is_in_the_guide() -> None:
    for field in dataclasses.fields(HttpBlock):
        assert re.search(rf"\b{field.name}\b", GUIDE), field.name
    for kind in get_args(Auth):
        row = next(line for line in GUIDE.splitlines() if line.startswith(f"| `{kind.type}`"))
        own = {field.name for field in dataclasses.fields(kind)} - {
            field.name for field in dataclasses.fields(HttpBlock)
        }
        assert all(f"`{name}" in row or name in {"type", "header", "scheme"} for name in own), (row, own)
