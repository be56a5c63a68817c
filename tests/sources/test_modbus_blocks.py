"""The blocks that docs/modbus.md prints for known devices, each read from registers composed by its maker's list."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from doors.inverter import Bus, House, long, serve_bus, serve_tables
from doors.makers import big
from eink_monitor.config import load
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration
from eink_monitor.sources._template import Template
from eink_monitor.sources.modbus import ModbusSource

PAGE = Path(__file__).parents[2] / "docs" / "modbus.md"
NOON = 1_782_640_800


def block(name: str, folder: Path, port: int) -> ModbusSource:
    """The source of that name as the page prints it, but here."""
    (text,) = (
        found
        for found in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        if f"  {name}:\n" in found
    )
    (folder / "config.yaml").write_text(f"{text}display: {{type: 'null'}}\npanels: {{h: {{type: health}}}}\n", "utf-8")
    source = load(folder / "config.yaml").feeds[name].source
    assert isinstance(source, ModbusSource)
    return replace(source, host=Template("127.0.0.1"), port=Template(str(port)), pause=Duration(0))


def polled(source: ModbusSource, folder: Path) -> dict[str, float]:
    job = Visit("x", "x", NOON, ZoneInfo("Europe/Berlin"), 30, {}, folder)
    found = {one.metric.name: one.metric.rounded(one.value) for one in source.poll(job)}
    assert job.note == ""
    return found


def test_an_eastron_meter(tmp_path: Path) -> None:
    inputs = dict.fromkeys(range(80), 0)
    for at, number in ((52, -1500.0), (72, 1234.5), (74, 99.25)):
        inputs |= dict(zip((at, at + 1), big(number), strict=True))
    with serve_tables({0: 0}, inputs, {0: 0}) as port:
        found = polled(block("meter", tmp_path, port), tmp_path)
    assert found == {"grid_power": -1500, "purchased_lifetime": 1_234_500, "feed_in_lifetime": 99_250}


@pytest.mark.parametrize(
    ("state", "cable", "charging", "plugged"), [(3, 7, 1, 1), (2, 5, 0, 1), (1, 0, 0, 0), (5, 7, 0, 1)]
)
def test_a_keba_wallbox(tmp_path: Path, state: int, cable: int, charging: int, plugged: int) -> None:
    house = House(end=60_000)
    for at, number in ((1000, state), (1004, cable), (1020, 7_200_000), (1036, 123_456_780), (1502, 85_000)):
        house.put(at, long(number))
    bus = Bus({255: house})
    with serve_bus(bus) as port:
        found = polled(block("wallbox", tmp_path, port), tmp_path)
    assert (found["charging"], found["plugged"], found["charging_power"]) == (charging, plugged, 7200)
    assert (found["session_energy"], found["charged_lifetime"]) == (8500, 12_345_678)
    assert [at for _, at in bus.asked] == [1000, 1004, 1020, 1036, 1502]


def test_a_huawei_dongle(tmp_path: Path) -> None:
    house = House(end=60_000)
    numbers = {32064: 4500, 37113: 1000, 37765: -1500 & 0xFFFFFFFF, 32114: 1234, 32106: 4_567_890, 37119: 50_000}
    for at, number in numbers.items():
        house.put(at, long(number))
    house.put(37121, long(0x7FFFFFFF))
    house.put(37760, [635])
    house.put(32087, [451])
    with serve_bus(Bus({1: house})) as port:
        found = polled(block("roof", tmp_path, port), tmp_path)
    assert found == {
        "pv_power": 4500,
        "grid_power": -1000,
        "storage_power": -1500,
        "storage_soc": 63.5,
        "production_today": 12_340,
        "production_lifetime": 45_678_900,
        "feed_in_lifetime": 500_000,
        "inverter_temperature": 45.1,
    }
