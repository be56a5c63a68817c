"""What is offered of what a broker says, to a person who sets up ``type: mqtt``."""

from __future__ import annotations

import json
from pathlib import Path

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import SystemClock
from eink_monitor.errors import AuthFailed
from eink_monitor.sources._declared import Declared
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.offers import offered, offers
from loopback.mosquitto import Mosquitto


def test_numbers_are_offered_by_topic() -> None:
    heard = {
        "home/gate": b"42",
        "tele/plug/SENSOR": b'{"Time": "x", "ENERGY": {"Power": 12, "Total Use": "30.5"}}',
        "a/gate": b"1",
        "text": b"hello",
        "odd": b"\xff",
        "nan": b"NaN",
        "huge": b"1" + b"0" * 9000,
    }
    assert [one.words for one in offered(heard)][:4] == [
        "a/gate: 1, as gate",
        "home/gate: 42, as home_gate",
        "tele/plug/SENSOR ENERGY.Power: 12, as power",
        'tele/plug/SENSOR ENERGY."Total Use": 30.5, as total_use',
    ]
    assert offered(heard)[2].settings == {"readings": {"power": {"topic": "tele/plug/SENSOR", "path": "ENERGY.Power"}}}


def test_a_broker_is_listened_to_for_some_seconds(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        broker.say("home/gate", "42", retain=True)
        assert [one.words for one in offers(MqttBroker(broker.url), tmp_path, SystemClock())] == [
            "home/gate: 42, as gate"
        ]


def test_whom_a_broker_does_not_know_it_refuses(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, {"eink": ("secret", ("#",))}) as broker, pytest.raises(AuthFailed):
        offers(MqttBroker(broker.url), tmp_path, SystemClock())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(st.text('ab/+ "1', min_size=1, max_size=8), JSON, max_size=4))
def test_whatever_is_offered_can_be_read(said: dict[str, object]) -> None:
    found = offered({topic: json.dumps(one).encode() for topic, one in said.items()})
    names = []
    for one in found:
        ((name, setting),) = one.settings["readings"].items()  # type: ignore[attr-defined]
        names.append(name)
        assert one.words.isprintable()
        Declared().metric(name)
        document = json.loads(json.dumps(said[setting["topic"]]))
        assert jmespath.search(setting.get("path", "@"), document) is not None
    assert len(set(names)) == len(names)


def test_a_number_beyond_all_floats_is_not_offered() -> None:
    assert offered({"a/b": b"1" + b"0" * 400, "a/c": b"NaN", "a/d": b"1e999"}) == []
