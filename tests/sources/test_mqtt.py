"""MQTT against a real mosquitto: what is heard, what is not believed, and what each refusal is called."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import HOUR, Clock, FastClock, SystemClock
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import SharedLine
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources._expression import Expression
from eink_monitor.sources._template import Template
from eink_monitor.sources.mqtt import MqttSource
from eink_monitor.sources.mqtt.block import Heard, Topic
from eink_monitor.sources.mqtt.listening import client_name
from eink_monitor.sources.mqtt.session import Session
from loopback.broker import QuickClock
from loopback.mosquitto import Mosquitto

NOW = 1_780_000_000
Said = tuple[str, list[Reading] | Trouble]


def heard(topic: str, path: str = "", **more: object) -> Heard:
    return Heard(topic=Topic.parse(topic), path=Expression.parse(path), **more)  # type: ignore[arg-type]


def source(url: str, **readings: Heard) -> MqttSource:
    return MqttSource(broker=Template.parse(url), readings=readings or {"pv_power": heard("roof/power")})


def visit(state: Path, name: str = "roof", every: int = 30) -> Visit:
    return Visit(name, name, NOW, ZoneInfo("Europe/Berlin"), every, {}, state / name, explained=[])


def follow(clock: Clock, *company: tuple[MqttSource, Visit]) -> Generator[Said, None, None]:
    lines: dict[str, tuple[SharedLine, Visit]] = {about.feed: (one.line, about) for one, about in company}
    return cast("Generator[Said, None, None]", company[0][0].line.follow(lines, clock))


def values(said: Said) -> dict[str, tuple[float, int]]:
    assert not isinstance(said[1], Trouble), said
    return {reading.metric.name: (reading.value, reading.at) for reading in said[1]}


def noted(about: Visit) -> str:
    note = about.note
    about.remarks.clear()
    return note


def soon(clock: QuickClock, broker: Mosquitto, *said: tuple[str, str]) -> None:
    """Say something when everybody listens."""

    def speak() -> None:
        for topic, payload in said:
            broker.say(topic, payload)

    clock.at_rest = speak


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_live_message_was_measured_when_it_came(broker: Mosquitto, tmp_path: Path, version: str) -> None:
    clock, about = QuickClock(NOW), visit(tmp_path)
    follower = follow(clock, (replace(source(broker.url), version=version), about))  # type: ignore[arg-type]
    assert (values(next(follower)), noted(about)) == ({}, "nothing came yet on roof/power")
    soon(clock, broker, ("roof/power", "512"))
    found = values(next(follower))
    assert found["pv_power"][0] == 512
    assert abs(found["pv_power"][1] - clock.now()) <= 2
    assert noted(about) == ""
    follower.close()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_kept_message_without_a_time_is_of_unknown_age_and_no_reading(
    broker: Mosquitto, tmp_path: Path, version: str
) -> None:
    broker.say("roof/power", "512", retain=True)
    clock, about = QuickClock(NOW), visit(tmp_path)
    follower = follow(clock, (replace(source(broker.url), version=version), about))  # type: ignore[arg-type]
    assert values(next(follower)) == {}
    assert noted(about) == "kept by the broker, of unknown age, until it is sent anew: pv_power 512"
    soon(clock, broker, ("roof/power", "600"))
    assert values(next(follower))["pv_power"][0] == 600
    assert noted(about) == ""
    follower.close()


def test_a_kept_message_with_a_time_of_its_own_is_as_old_as_it_says(broker: Mosquitto, tmp_path: Path) -> None:
    said = {"Time": "2026-05-28T20:00:00", "ENERGY": {"Power": 12}}
    broker.say("tele/plug/SENSOR", json.dumps(said), retain=True)
    one = source(broker.url, grid_power=heard("tele/+/SENSOR", "ENERGY.Power", at=Expression.parse("Time")))
    about = visit(tmp_path)
    follower = follow(QuickClock(NOW), (one, about))
    assert values(next(follower)) == {"grid_power": (12, 1_779_991_200)}  # 18:00 UTC
    follower.close()


def test_of_many_values_within_every_the_newest_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    clock, about = QuickClock(NOW), visit(tmp_path, every=60)
    follower = follow(clock, (source(broker.url), about))
    next(follower)
    soon(clock, broker, ("roof/power", "1"))
    assert values(next(follower))["pv_power"][0] == 1
    told = clock.now()
    soon(clock, broker, *[("roof/power", str(number)) for number in range(2, 10)])
    assert values(next(follower))["pv_power"][0] == 9
    assert clock.now() - told >= 59
    follower.close()


def test_sources_of_one_broker_share_a_line_and_others_do_not(tmp_path: Path) -> None:
    one, two = source("mqtt://b.local"), source("mqtt://b.local", soc=heard("car/soc"))
    assert one.line.key == two.line.key
    other = replace(one, username="somebody")
    assert other.line.key != one.line.key
    names = {client_name(each.where({}), tmp_path / "state" / "roof") for each in (one, two, other)}
    assert len(names) == 2
    assert all(len(name) <= 23 and name.isalnum() for name in names)
    assert client_name(one.where({}), tmp_path / "elsewhere" / "roof") not in names


def test_a_refused_topic_costs_the_other_source_nothing(tmp_path: Path) -> None:
    with Mosquitto(tmp_path, {"eink": ("secret", ("roof/#",))}) as broker:
        both = {"soc": heard("car/soc"), "pv_power": heard("roof/power")}
        roof, car, part = (
            replace(source(broker.url, **readings), username="eink", password=Secret("secret"))
            for readings in ({}, {"soc": heard("car/soc")}, both)
        )
        clock, partly = QuickClock(NOW), visit(tmp_path, "part")
        follower = follow(clock, (roof, visit(tmp_path)), (car, visit(tmp_path, "car")), (part, partly))
        said = dict(next(follower) for _ in range(3))
        assert said["roof"] == []
        assert isinstance(said["car"], AuthFailed)
        assert str(said["car"]).startswith("The MQTT broker 127.0.0.1 does not let us read car/soc; give this user")
        assert "the broker does not let us read car/soc" in noted(partly)
        soon(clock, broker, ("roof/power", "7"))
        heard_by = dict(next(follower) for _ in range(2))
        assert {name: values((name, batch))["pv_power"][0] for name, batch in heard_by.items()} == {
            "roof": 7,
            "part": 7,
        }
        follower.close()


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_a_wrong_password_waits_for_a_person_and_is_not_quoted(tmp_path: Path, version: str) -> None:
    with Mosquitto(tmp_path, {"eink": ("secret", ("#",))}) as broker:
        wrong = replace(source(broker.url), username="eink", password=Secret("hunter2"), version=version)  # type: ignore[arg-type]
        with pytest.raises(AuthFailed, match="check username and password") as caught:
            next(follow(QuickClock(NOW), (wrong, visit(tmp_path))))
        assert "hunter2" not in str(caught.value)


def test_a_broker_that_is_gone_for_a_day_comes_back(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        clock = QuickClock(NOW)
        follower = follow(clock, (source(broker.url), visit(tmp_path)))
        next(follower)
        clock.at_rest = lambda: broker.stop(hard=True)
        with pytest.raises(Unavailable, match="closed the connection"):
            list(follower)
        with pytest.raises(Unreachable, match="refuses the connection; does it run"):
            next(follow(clock, (source(broker.url), visit(tmp_path))))
        broker.start()
        assert values(next(follow(QuickClock(NOW + 24 * HOUR), (source(broker.url), visit(tmp_path))))) == {}


def test_a_broker_that_shuts_down_says_so_or_hangs_up(broker: Mosquitto, tmp_path: Path) -> None:
    clock = QuickClock(NOW)
    follower = follow(clock, (source(broker.url), visit(tmp_path)))
    next(follower)
    clock.at_rest = broker.stop
    with pytest.raises(Unavailable, match=r"is shutting down; reconnecting|closed the connection"):
        list(follower)


def test_a_second_client_with_our_name_is_told(broker: Mosquitto, tmp_path: Path) -> None:
    clock, state = QuickClock(NOW), tmp_path
    first = follow(clock, (source(broker.url), visit(state)))
    next(first)
    second = follow(QuickClock(NOW), (source(broker.url), visit(state)))
    next(second)
    with pytest.raises(Unavailable, match=r"does another machine connect as eink[0-9a-f]{12}\?"):  # unless it says so
        list(first)
    second.close()


def test_a_poll_beside_the_daemon_does_not_end_its_session(broker: Mosquitto, tmp_path: Path) -> None:
    broker.say("roof/power", "5", retain=True)
    clock, about = QuickClock(NOW), visit(tmp_path)
    follower = follow(clock, (source(broker.url), about))
    next(follower)
    assert list(source(broker.url).poll(about)) == []
    assert about.explained == ["pv_power: roof/power: 5, kept by the broker, of unknown age", "heard roof/power: '5'"]
    soon(clock, broker, ("roof/power", "6"))
    assert values(next(follower))["pv_power"][0] == 6
    follower.close()


def test_the_broker_says_online_and_offline_of_us(broker: Mosquitto, tmp_path: Path) -> None:
    one = replace(source(broker.url), status="eink/status")
    follower = follow(QuickClock(NOW), (one, visit(tmp_path)))
    next(follower)
    assert broker.kept("eink/status") == b"online"
    (held,) = [one for one in gc.get_objects() if isinstance(one, Session) and one._socket]
    assert held._socket
    held._socket.shutdown(socket.SHUT_RDWR)  # as when the child is killed
    with pytest.raises(Unavailable):
        list(follower)
    assert broker.kept("eink/status") == b"offline"


def test_the_certificate_is_checked(tmp_path: Path) -> None:
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "9"]
    more = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(files[1]), "-out", str(files[0])]
    subprocess.run(["openssl", *words, *more], check=True, capture_output=True)
    for file in files:
        file.chmod(0o644)
    with Mosquitto(tmp_path, certificate=files) as broker:
        trusting = replace(source(broker.url), ca=files[0])
        clock = QuickClock(NOW)
        follower = follow(clock, (trusting, visit(tmp_path)))
        assert values(next(follower)) == {}
        soon(clock, broker, ("roof/power", "3"))
        assert values(next(follower))["pv_power"][0] == 3
        follower.close()
        with pytest.raises(AuthFailed, match="its certificate is not trusted; name the file of its authority"):
            next(follow(QuickClock(NOW), (source(broker.url), visit(tmp_path))))
        plain = source(broker.url.replace("mqtts", "mqtt"))
        with pytest.raises(Unavailable, match=r"hangs up before it greets us; does it want TLS|closed the connection"):
            next(follow(QuickClock(NOW), (plain, visit(tmp_path))))
    with (
        Mosquitto(tmp_path) as broker,
        pytest.raises(Unavailable, match=r"encrypted connection|dropped the connection"),
    ):
        next(follow(QuickClock(NOW), (source(broker.url.replace("mqtt", "mqtts")), visit(tmp_path))))


class Scripted:
    """Answers each connection with the bytes of its script, and keeps what it was sent."""

    def __init__(self, *answers: bytes) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self._server.getsockname()[1]}"
        self.asked: list[bytes] = []
        self._answers = answers
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        for answer in self._answers:
            line, _ = self._server.accept()
            self._open.append(line)
            self.asked.append(line.recv(4096))
            line.sendall(answer)
            if not answer:
                line.close()

    def close(self) -> None:
        self._thread.join(5)
        for line in (*self._open, self._server):
            line.close()


CONNACK = {
    "0x84": b"\x20\x03\x00\x84\x00", "old": b"\x20\x02\x00\x01", "hangs up": b"",
}  # fmt: skip


@pytest.mark.parametrize("answer", CONNACK.values(), ids=CONNACK)
def test_an_old_broker_is_asked_again_in_the_older_version(tmp_path: Path, answer: bytes) -> None:
    server = Scripted(answer, b"\x20\x02\x00\x00" + b"\x90\x03\x00\x01\x00" + b"\x30\x0d\x00\x0aroof/power7")
    follower = follow(SystemClock(), (source(server.url), visit(tmp_path)))
    assert values(next(follower))["pv_power"][0] == 7
    assert [asked[8] for asked in server.asked] == [5, 4]
    follower.close()
    server.close()


REFUSALS = [
    (b"\x20\x03\x00\x86\x00", AuthFailed, "does not accept user name and password"),
    (b"\x20\x03\x00\x87\x00", AuthFailed, "does not let us in"),
    (b"\x20\x03\x00\x85\x00", AuthFailed, "does not accept our client name"),
    (b"\x20\x03\x00\x88\x00", Unavailable, "is not available"),
    (b"\x20\x03\x00\x9f\x00", Unavailable, "connect too often"),
    (b"\x20\x03\x00\xb0\x00", Unavailable, "reason 0xB0"),
    (b"HTTP/1.1 400 Bad Request\r\n\r\n", BadAnswer, "not MQTT"),
    (b"\x20\x01\x00", BadAnswer, "not MQTT"),
    (b"\x20\x03\x00\x00\x00\xe0\x02\x8e\x00", Unavailable, "another client came with our name"),
    (b"\x20\x03\x00\x00\x00\xe0\x02\xa5\x00", Unavailable, "reason 0xA5"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), REFUSALS, ids=[words for *_, words in REFUSALS])
def test_what_a_broker_says_is_told_in_words(tmp_path: Path, answer: bytes, kind: type[Trouble], words: str) -> None:
    server = Scripted(answer)
    with pytest.raises(kind, match=words):
        list(follow(SystemClock(), (source(server.url), visit(tmp_path))))
    server.close()


def test_a_broker_that_goes_silent_is_left(tmp_path: Path) -> None:
    server = Scripted(b"\x20\x03\x00\x00\x00" + b"\x90\x04\x00\x01\x00\x00")
    clock = QuickClock(NOW)
    follower = follow(clock, (source(server.url), visit(tmp_path, every=600)))
    with pytest.raises(Unavailable, match="has gone silent; reconnecting"):
        list(follower)
    assert clock.now() - NOW <= 100
    server.close()


def test_nobody_knows_the_name(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="cannot be looked up"):
        next(follow(FastClock(NOW), (source("mqtt://no-such-broker.invalid.local"), visit(tmp_path))))


@pytest.mark.parametrize(
    "url", ["broker", "http://a.local", "mqtt://u:p@a.local", "mqtt://a.local/x", "mqtt://a.local:0"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="broker must be"):
        source(url)


def test_a_password_goes_nowhere_in_the_clear() -> None:
    with pytest.raises(ValueError, match="must begin with mqtts"):
        source("mqtt://broker.example.com")
    assert not source("mqtts://broker.example.com").local
    assert source("mqtt://mosquitto").local


def test_what_is_silent_may_be_no_fault() -> None:
    assert replace(source("mqtt://b.local"), stale_after=Duration(HOUR)).patience(30) == HOUR
    assert source("mqtt://b.local").patience(30) == 90
