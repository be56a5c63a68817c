"""MQTT from somebody who means harm: broken packets, huge messages, deep JSON, floods."""

from __future__ import annotations

import gc
import json
import math
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from eink_monitor.clock import FastClock
from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._expression import Expression
from eink_monitor.sources._template import Template
from eink_monitor.sources.mqtt import packets
from eink_monitor.sources.mqtt.block import Heard, MqttBlock, Topic
from eink_monitor.sources.mqtt.broker import MqttBroker
from eink_monitor.sources.mqtt.ear import Ear, Saying
from eink_monitor.sources.mqtt.listening import _said
from eink_monitor.sources.mqtt.packets import Inflow, Message, Packet
from eink_monitor.sources.mqtt.session import Session
from eink_monitor.sources.mqtt.topics import check_filter, matches

NOW = 1_780_000_000


def block(path: str = "", at: str = "", topic: str = "a/#") -> MqttBlock:
    one = Heard(topic=Topic.parse(topic), path=Expression.parse(path), at=Expression.parse(at))
    return MqttBlock(broker=Template.parse("mqtt://b.local"), readings={"pv_power": one})


def ear(path: str = "", at: str = "", topic: str = "a/#") -> Ear:
    about = Visit("roof", "roof", NOW, ZoneInfo("UTC"), 30, {}, Path("state/roof"))
    return Ear(block(path, at, topic), {}, about, FastClock(NOW))


def said(*payloads: bytes, topic: str = "a/b", retained: bool = False) -> Iterator[Saying]:
    return (Saying(Message(topic, payload, retained), 0.0) for payload in payloads)


@given(st.lists(st.binary(max_size=60)))
@example([b"\x30\xff\xff\xff\xff\xff"])
@example([b"\x30\x05\x00\xff"])
def test_broken_packets_raise_nothing_but_bad_answer(pieces: list[bytes]) -> None:
    inflow = Inflow()
    try:
        for piece in pieces:
            for packet in inflow.take(piece):
                for level in (4, 5):
                    for read in (lambda: packets.message(level, packet), lambda: packets.granted(level, packet.body)):  # noqa: B023
                        try:
                            read()
                        except BadAnswer:
                            continue
                packets.greeted(packet.body)
    except BadAnswer:
        pass


@given(st.binary(max_size=40), st.sampled_from([4, 5]), st.integers(0, 15))
def test_a_broken_body_raises_nothing_but_bad_answer(body: bytes, level: int, flags: int) -> None:
    for read in (
        lambda: packets.message(level, Packet(packets.PUBLISH, flags, body)),
        lambda: packets.granted(level, body),
        lambda: packets.greeted(body),
    ):
        try:
            read()
        except BadAnswer:
            continue


@given(st.lists(st.integers(0, 400), max_size=8), st.integers(1, 50))
def test_however_it_is_cut_every_packet_arrives(sizes: list[int], mouthful: int) -> None:
    stream = b"".join(packets.retain(4, "a/b", "x" * size) for size in sizes)
    inflow = Inflow()
    found = [one for at in range(0, len(stream), mouthful) for one in inflow.take(stream[at : at + mouthful])]
    assert [len(packets.message(4, one).payload) for one in found] == sizes


def test_a_message_that_is_too_large_is_skipped_and_never_kept() -> None:
    inflow = Inflow()
    size = 200_000_000
    varint = bytes((size & 127 | 128, size >> 7 & 127 | 128, size >> 14 & 127 | 128, size >> 21))
    assert inflow.take(b"\x30" + varint + b"x" * 1000) == []
    left = size - 1000
    while left > 0:
        piece = b"x" * min(left, 1 << 20)
        left -= len(piece)
        assert inflow.take(piece) == []
        assert len(inflow._got) == 0
    assert [packets.message(4, one).payload for one in inflow.take(packets.retain(4, "a", "b"))] == [b"b"]
    assert inflow.skipped == 1


def test_properties_of_a_greeting_are_walked() -> None:
    more = b"\x21\x00\x14" + b"\x26\x00\x01a\x00\x01b" + b"\x1f\x00\x02hi" + b"\x13\x00\x1e"
    assert packets.greeted(b"\x00\x00" + bytes((len(more),)) + more) == (0, 30)
    assert packets.greeted(b"\x00\x00\x00") == (0, 0)


def test_we_say_how_much_we_take() -> None:
    sent = packets.connect(5, packets.ClientAccount("eink", "u", "p", "s"), 60)
    assert struct.pack(">BI", 0x27, packets.LARGEST) in sent


DEEP = b"[" * 100_000 + b"]" * 100_000
HOSTILE = {
    "not UTF-8": (b"\xff\xfe\x00", "", "a message is not UTF-8"),
    "not JSON": (b"{", "power", "a message is not JSON"),
    "deep": (DEEP, "power", "a message is not JSON"),
    "a little too deep": (b"[" * 70 + b"]" * 70, "[0]", "a message is not JSON"),
    "NaN": (b'{"power": NaN}', "power", "not a number"),
    "infinite": (b'{"power": 1e999}', "power", "not a number"),
    "huge number": (b'{"power": ' + b"9" * 5000 + b"}", "power", "a message is not JSON"),
    "a list": (b'{"power": [1]}', "power", "not a number"),
    "too long": (b"1" * 100_000, "", "not a number"),
}


@pytest.mark.parametrize(("payload", "path", "words"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_value_is_told_and_left_out(payload: bytes, path: str, words: str) -> None:
    listener = ear(path)
    listener.hear(said(payload))
    assert listener.batch() == []
    assert words in listener.visit.note
    assert len(listener.visit.note) < 200


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["power", "at", "x"]), inner, max_size=3)
    ),
)


@given(st.lists(_JSON.map(json.dumps).map(str.encode) | st.binary(max_size=50), max_size=5), st.booleans())
def test_whatever_is_said_costs_nothing_but_itself(payloads: list[bytes], retained: bool) -> None:
    for path, at in (("", ""), ("power", ""), ("power", "at"), ("x.power", "time(at)")):
        listener = ear(path, at)
        listener.hear(said(*payloads, b'{"power": 7, "x": {"power": 7}, "at": 1779999000}', retained=retained))
        for reading in listener.batch():
            assert math.isfinite(reading.value)


def test_a_part_of_the_state_does_not_hide_what_came_before() -> None:
    listener = ear("power")
    listener.hear(said(b'{"power": 7}', b'{"battery": 3}'))
    assert [reading.value for reading in listener.batch()] == [7]


def test_a_flood_of_topics_takes_no_memory() -> None:
    listener = ear()
    for number in range(2000):
        listener.hear(said(b"1", topic=f"a/{number}"))
    assert len(listener.heard) <= 20
    assert [reading.value for reading in listener.batch()] == [1]


def test_what_is_heard_leaves_nothing_behind() -> None:
    """In the child of a stream nobody collects garbage that holds itself."""
    listener = ear("x.power", "time(at)")
    gc.collect()
    gc.disable()
    try:
        for _ in range(50):
            listener.hear(said(b'{"x": {"power": 7}, "at": 1779999000}', b"{", b'{"x": [1]}', b"\xff"))
            listener.batch()
        assert gc.collect() < 20
    finally:
        gc.enable()


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    listener = ear()
    listener.hear(said(b"\x1b[2J", topic="a/\x1b]0;owned\x07"))
    assert all(line.isprintable() for line in listener.explain())


@pytest.mark.parametrize("topic", ["", "a/b#", "a+/b", "#/a", "$share/g/a", "a\x00", "x" * 300])
def test_a_topic_that_is_none_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match="topic"):
        check_filter(topic)


MATCHES = [
    ("a/+/b", "a/x/b", True), ("a/+/b", "a/x/y/b", False), ("a/#", "a", True), ("a/#", "a/b/c", True), ("#", "a", True),
    ("+", "a/b", False), ("#", "$SYS/x", False), ("$SYS/#", "$SYS/x", True), ("a", "A", False), ("+/+", "/a", True),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "topic", "so"), MATCHES)
def test_which_topics_a_filter_matches(wanted: str, topic: str, so: bool) -> None:
    check_filter(wanted)
    assert matches(wanted, topic) is so


@pytest.mark.parametrize("packet", [b"\xd0\x00", b"\x20\x02\x00\x00", b"\x90\x04\xff\xff\x00\x00"])
def test_what_is_no_message_is_taken_in_as_slowly(packet: bytes) -> None:
    clock = FastClock(NOW)
    with talking(packet * 2000, clock) as session:
        assert _said(session, 5, clock) == []
        assert clock.monotonic() > 0, "a breath was taken"


def test_a_broker_that_never_answers_but_talks_on_is_left() -> None:
    clock = FastClock(NOW)
    with talking(packets.retain(5, "a/b", "1") * 200_000, clock) as session:
        session.subscribe(["a/b"])
        assert _said(session, 5, clock)
        clock.wait(21)
        with pytest.raises(Unavailable, match="does not answer when asked"):
            _said(session, 5, clock)


def test_a_broker_that_talks_on_hears_from_us() -> None:
    """Else it ends the session after one and a half times the keep-alive."""
    clock = FastClock(NOW)
    with talking(packets.retain(5, "a/b", "1") * 400_000, clock) as session:
        for _ in range(6):
            assert _said(session, 5, clock)
            clock.wait(20)
        assert clock.monotonic() - session._sent < 60


@contextmanager
def talking(words: bytes, clock: FastClock) -> Iterator[Session]:
    """A session that is open, and a broker that says all that at once."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk() -> None:
            line, _ = server.accept()
            with line, suppress(OSError):
                line.sendall(b"\x20\x03\x00\x00\x00" + words)
                while line.recv(4096):
                    pass

        thread = threading.Thread(target=talk)
        thread.start()
        session = Session(MqttBroker(f"mqtt://127.0.0.1:{server.getsockname()[1]}"), "eink", clock)
        try:
            session.open()
            yield session
        finally:
            session.close()
            thread.join(10)
