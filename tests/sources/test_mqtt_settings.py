"""The settings of ``type: mqtt``: each mistake at its line and column, and nothing of them in what is passed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor import config as configuration
from eink_monitor.verbs._masks import masking
from houses import complaints

GOOD = """\
display: {type: "null"}
sources:
  plug:
    type: mqtt
    broker: mqtt://broker.local
    username: eink
    password: a-password
    readings:
      grid_power: {topic: tele/plug/SENSOR, path: ENERGY.Power, at: Time}
      door: {topic: zigbee2mqtt/door, path: "!contact", unit: "0/1"}
panels: {health: {type: health}}
"""
MISTAKES = {
    "an expression": ("ENERGY.Power", "'ENERGY['", "9:59: sources.plug.readings.grid_power.path: "),
    "a topic": (
        "tele/plug/SENSOR",
        "tele/#/SENSOR",
        "9:27: sources.plug.readings.grid_power.topic: topic tele/#/SENSOR",
    ),
    "no topic": ("topic: zigbee2mqtt/door, ", "", "`topic` is missing"),
    "a unit": ("at: Time", "unit: °C", "grid_power is known, and counted in W, not °C"),
    "a version": ("username: eink", "version: 4", '"4" is not one of 5, 3.1.1'),
    "the internet": ("broker.local", "broker.example", "must begin with mqtts://"),
    "a stranger": ("tele/plug/SENSOR", "'tele/{{plug}}'", "nobody says what {{plug}} stands for"),
    "a status": ("username: eink", "status: a/+", "status: a topic without + and #"),
}


def written(folder: Path, text: str) -> Path:
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder / "config.yaml"


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place(name: str, tmp_path: Path) -> None:
    before, after, told = MISTAKES[name]
    assert before in GOOD
    found = complaints(written(tmp_path, GOOD.replace(before, after)))
    assert any(told in one for one in found), found


def test_a_good_one_publishes_what_it_names(tmp_path: Path) -> None:
    feed = configuration.load(written(tmp_path, GOOD)).feeds["plug"]
    assert [metric.name for metric in feed.source.publishes("plug")["plug"]] == ["grid_power", "door"]
    assert (feed.source.follows, feed.source.polls, feed.source.local) == (True, False, True)


def test_what_is_passed_on_names_neither_broker_nor_user(tmp_path: Path) -> None:
    mask = masking(configuration.load(written(tmp_path, GOOD)))
    said = mask("The MQTT broker broker.local refuses eink with a-password")
    assert not [word for word in ("broker.local", "eink", "a-password") if word in said]
