"""The contract of recipes through MQTT: each is proven by recordings of what is said on its topics.

A recording is ``tests/recipes/NAME/*.json``: ``now``, ``zone``, ``settings``, the ``messages`` (``topic``, ``payload``,
and whether it is ``retained``) in their order, and the ``readings`` (subject, metric, value, at) with the ``note``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor import config as configuration
from eink_monitor.clock import FastClock
from eink_monitor.config import recipes
from eink_monitor.config.recipes import RecipeSource
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources.mqtt.ear import Ear, Saying
from eink_monitor.sources.mqtt.line import BrokerLine
from eink_monitor.sources.mqtt.packets import Message
from eink_monitor.vet import sift
from loopback.recipes import Recording, recordings, told, visit

FILES = {file.stem: file for file in recipes.SHIPPED.glob("*.yaml")}
NAMES = sorted(name for name, file in FILES.items() if "\nmqtt:" in file.read_text(encoding="utf-8"))
PLAYED = [(name, one) for name in NAMES for one in recordings(name)]


def made(name: str, recording: Recording) -> RecipeSource:
    kind = recipes.made(FILES[name])
    takes = kind.recipe.takes.items()
    known = {key: take.value(take.default or take.example) for key, take in takes if take.type != "secret"}
    return kind(**{**known, **recording.get("settings", {})})


def ear(source: RecipeSource, here: Visit) -> Ear:
    line = source.line
    assert isinstance(line, BrokerLine)
    return Ear(line.block, line.values, here, FastClock(here.now))


def heard(listener: Ear, messages: list[Any]) -> list[Reading]:
    for one in messages:
        payload = one["payload"] if isinstance(one["payload"], bytes) else one["payload"].encode()
        listener.hear([Saying(Message(one["topic"], payload, one.get("retained", False)), 0.0)])
    return sift(listener.batch(whole=True), listener.visit)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_recordings_of_good_days_and_others(name: str) -> None:
    assert "happy" in recordings(name)
    assert len(recordings(name)) > 1


@pytest.mark.parametrize(("name", "one"), PLAYED)
def test_messages_become_what_they_must(name: str, one: str, tmp_path: Path) -> None:
    recording = recordings(name)[one]
    source = made(name, recording)
    here = visit(source, recording, tmp_path)
    readings = heard(ear(source, here), recording["messages"])
    assert sorted(told(readings)["readings"]) == [
        [*wanted[:2], float(wanted[2]), wanted[3]] for wanted in recording["readings"]
    ]
    assert recording.get("note", here.note) == here.note


@pytest.mark.parametrize("name", NAMES)
def test_a_good_day_brings_everything_that_it_names(name: str, tmp_path: Path) -> None:
    recording = recordings(name)["happy"]
    source = made(name, recording)
    here = visit(source, recording, tmp_path)
    found = {reading.metric for reading in heard(ear(source, here), recording["messages"])}
    assert found == set(source.publishes(here.subject)[here.subject])


@pytest.mark.parametrize("name", NAMES)
def test_mutated_messages_raise_nothing(name: str, tmp_path: Path) -> None:
    recording = recordings(name)["happy"]
    source = made(name, recording)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def mutated(data: st.DataObject) -> None:
        messages = [dict(one) for one in recording["messages"]]
        changed = data.draw(st.sampled_from(messages))
        payload = changed["payload"].encode()
        at = data.draw(st.integers(0, len(payload)))
        changed["payload"] = (
            payload[:at] + data.draw(st.binary(max_size=6)) + payload[at + data.draw(st.integers(0, 9)) :]
        )
        heard(ear(source, visit(source, recording, tmp_path)), messages)

    mutated()


def test_recipes_and_blocks_of_one_broker_share_a_line(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(
        """
display: {type: "null"}
sources:
  car: {type: teslamate, broker: mqtt://broker.local, username: eink, password: secret}
  plug: {type: tasmota_plug, topic: plug, broker: mqtt://broker.local, username: eink, password: secret}
  porch:
    type: mqtt
    broker: mqtt://broker.local
    username: eink
    password: secret
    readings: {outdoor_temperature: {topic: porch/temperature}}
panels: {health: {type: health}}
""",
        encoding="utf-8",
    )
    feeds = configuration.load(tmp_path / "config.yaml").feeds.values()
    assert len({feed.source.line.key for feed in feeds if feed.source.line}) == 1
    assert [(feed.source.follows, feed.source.polls) for feed in feeds] == [(True, False)] * 3
    assert [feed.source.patience(60) for feed in feeds] == [12 * 3600, 180, 180]


@pytest.mark.parametrize(
    ("key", "value"), [("prefix", "#"), ("prefix", "a/+"), ("broker", "http://a.local"), ("broker", "mqtt://a.example")]
)
def test_a_setting_asks_for_no_more_than_it_should(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"topic|broker"):
        made("teslamate", {"settings": {key: value}})
