"""What ``type: http`` offers to a person who only knows an address, and a thermometer on the wall in one command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from eink_monitor.config import load
from eink_monitor.sources.http import HttpSource
from houses import say
from houses.terminal import Person
from loopback.blocks import NOW, source, visitor
from loopback.json_vendor import JsonVendor, http_date
from loopback.server import Said

ANSWER = {
    "id": 7,
    "version": "1.2",
    "tempC": 21.5,
    "Temperature": "19.25",
    "meters": [{"power": 120, "total_kwh": 5.5}, {"power": 0}],
    "soc": 80,
    "relay": {"isOn": True},
    "name": "porch",
    "measuredAt": "2026-11-28T08:29:00+02:00",
    "boot_time": NOW - 7_000,
    "none": None,
}


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW)
        yield running


def offered(vendor: JsonVendor, folder: Path) -> dict[str, object]:
    visits = visitor(folder, f"url: {vendor.url}/x")
    return {one.words: one.settings for one in visits.source.suggestions(visits.visit())}


def test_its_numbers_with_the_newest_time(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, ANSWER)
    found = offered(vendor, tmp_path)
    assert list(found) == [
        "tempC: 21.5, as temp_c °C",
        'Temperature: "19.25", as temperature',
        "meters[0].power: 120, as meters_0_power W",
        "meters[0].total_kwh: 5.5, as meters_0_total_kwh kWh",
        "meters[1].power: 0, as meters_1_power W",
        "soc: 80, as soc %",
        "relay.isOn: true, as relay_is_on 0/1",
    ]
    assert found["tempC: 21.5, as temp_c °C"] == {
        "readings": {"temp_c": {"path": "tempC", "unit": "°C"}},
        "at": "measuredAt",
    }


@pytest.mark.parametrize(("date", "settings"), [(http_date(NOW), {}), ("", {"live": True})])
def test_an_answer_without_a_time(vendor: JsonVendor, tmp_path: Path, date: str, settings: dict[str, object]) -> None:
    vendor.date_header = date
    vendor.routes["/x"] = Said(200, 5)
    assert list(offered(vendor, tmp_path).values()) == []
    vendor.routes["/x"] = Said(200, {"n": 5})
    assert list(offered(vendor, tmp_path).values()) == [{"readings": {"n": {"path": "n"}}, **settings}]


@pytest.mark.parametrize(
    ("beside", "settings"),
    [
        ({"measured": "2026-11-26T01:00:00Z"}, {"at": "measured"}),
        ({"measured": "2024-01-01", "boot_time": NOW - 40 * 86_400}, {"at": "measured"}),
        ({"createdAt": "2024-01-01"}, {}),
        ({"time": 86_399}, {}),
        ({"measured": NOW + 86_400}, {}),
    ],
)
def test_a_value_that_stands_still_is_not_dated_by_the_header(
    vendor: JsonVendor, tmp_path: Path, beside: dict[str, object], settings: dict[str, object]
) -> None:
    vendor.routes["/x"] = Said(200, {"n": 5, **beside})
    assert list(offered(vendor, tmp_path).values()) == [{"readings": {"n": {"path": "n"}}, **settings}]


def test_every_offer_makes_a_block_that_works(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/x"] = Said(200, ANSWER)
    bare = visitor(tmp_path, f"url: {vendor.url}/x")
    assert isinstance(bare.source, HttpSource)
    assert [words for words, _ in bare.source.doubts()] == ["it reads nothing"]
    assert bare.poll() == []
    for settings in offered(vendor, tmp_path).values():
        block = f"url: {vendor.url}/x\n" + "\n".join(f"{key}: {value!r}" for key, value in settings.items())  # type: ignore[attr-defined]
        visits = visitor(tmp_path, block)
        assert len(visits.poll()) == 1, block
        assert not list(source(tmp_path, block).doubts())


def test_a_thermometer_on_the_wall_with_one_command(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.date_header = None
    vendor.routes["/status"] = Said(200, {"temp": {"tC": 21.5}, "name": "porch"})
    file = tmp_path / "config.yaml"
    head = f"database: {tmp_path}/readings.db\ndisplay: {{type: png, path: {tmp_path}/out}}\n"
    file.write_text(f"{head}sources: {{}}\npanels: {{}}\n", encoding="utf-8")
    with Person(tmp_path, "add", "http", "porch", "-c", file) as person:
        person.answers("url (", f"{vendor.url}/status")
        assert "temp.tC: 21.5, as temp_t_c °C" in person.answers("0 for none) [1]: ", "1")
        person.answers("Any other settings? [y/N]: ", "n")
        person.answers("0 for none) [1]: ", "1")
        person.answers("Write this into", "y")
        assert person.leaves() == 0, person.seen
    feed = load(file).feeds["porch"]
    (metric,) = feed.source.publishes("porch")["porch"]
    assert metric.unit == "°C"
    assert "21.5" in say("latest", "-c", file).out
