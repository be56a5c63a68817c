from __future__ import annotations

import socket
from collections.abc import Generator, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Thread

import pytest

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.errors import AuthFailed, Trouble, Unavailable
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Vin
from eink_monitor.sources.bmw_cardata import BmwCarData
from loopback.bmw import CLIENT, GCID, SECRETS, TOKEN, VIN, Bmw, refused, signed_in, store
from loopback.broker import Broker, QuickClock
from loopback.cars import NOW, Call, Reply, values, visit_to
from loopback.needs import library

library("paho", "stream")

TOPIC = f"{GCID}/{VIN}"
HEADER = "vehicle.drivetrain.batteryManagement.header"
STATUS = "vehicle.drivetrain.electricEngine.charging.status"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with Broker(folder, GCID, "id-token-0", TOPIC) as running:
        yield running


def stream(bmw: Bmw, url: str, state: Path, clock: QuickClock, vin: str = VIN) -> Generator[list[Reading]]:
    source = BmwCarData(CLIENT, Vin(vin), bmw.url, bmw.url, stream=True, stream_url=url)
    yield from source.follow(visit_to(state), clock)


def charge(
    percent: object, at: str = "2026-10-08T11:59:00Z", more: dict[str, object] | None = None
) -> dict[str, object]:
    entry = {"value": percent, "unit": "%", "timestamp": at}
    return {"vin": VIN, "entityId": "e", "topic": VIN, "timestamp": at, "data": {HEADER: entry, **(more or {})}}


def spoken(broker: Broker, clock: QuickClock, *messages: object) -> None:
    """Say it as soon as somebody listens."""

    def say() -> None:
        for message in messages:
            broker.say(TOPIC, message)

    clock.at_rest = say


def test_readings_come_as_the_car_reports_them(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    charging: dict[str, object] = {STATUS: {"value": "CHARGINGACTIVE", "timestamp": "2026-10-08T11:58:00Z"}}
    spoken(broker, clock, charge(72, more=charging), charge(73))
    with Bmw() as bmw:
        follower = stream(bmw, broker.url, tmp_path, clock)
        assert values(next(follower)) == {"charging": (1, NOW - 2 * MINUTE), "soc": (72, NOW - MINUTE)}
        assert values(next(follower)) == {"soc": (73, NOW - MINUTE)}
        follower.close()
        assert bmw.calls == []


def test_the_stream_knows_what_the_polls_heard(tmp_path: Path, broker: Broker) -> None:
    """Units and preferences hold across both: a message may leave the unit out, and bring a lesser value alone."""
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    at = "2026-10-08T11:00:00Z"
    electric = "vehicle.drivetrain.electricEngine.kombiRemainingElectricRange"
    polled = {
        HEADER: {"value": 45, "unit": "%", "timestamp": at},
        electric: {"value": 20, "unit": "mi", "timestamp": at},
    }
    total = {"vehicle.drivetrain.lastRemainingRange": {"value": 300, "timestamp": "2026-10-08T11:59:00Z"}}
    driven = {"vehicle.vehicle.travelledDistance": {"value": 1000, "timestamp": "2026-10-08T11:59:00Z"}}
    spoken(broker, clock, charge(44, more={**total, **driven}))
    with Bmw([Reply({"telematicData": polled})]) as bmw:
        bmw.source().poll(visit_to(tmp_path))
        follower = stream(bmw, broker.url, tmp_path, clock)
        found = values(next(follower))
        follower.close()
    assert {name: round(value) for name, (value, _) in found.items()} == {"soc": 44, "odometer": 1609}


def test_odd_messages_are_skipped(tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    odd = [b"{", b"{", b"[]", b"\xff", {"data": 5}, charge("much"), charge(720), charge(50, at="2040-01-01T00:00:00Z")]
    silent = [{"data": {}}, charge("-NA-"), charge(None)]
    spoken(broker, clock, *odd, *silent, odd[0], charge(55.5))
    with Bmw() as bmw:
        visit = visit_to(tmp_path)
        source = BmwCarData(CLIENT, Vin(VIN), bmw.url, bmw.url, stream=True, stream_url=broker.url)
        follower, said = source.follow(visit, clock), []
        for batch in islice(follower, 4):
            said.append((values(batch), visit.note))
            visit.remarks.clear()  # as the child does after each batch
    assert said == [
        ({}, "left out: soc not a number"),
        ({}, "left out: soc 720 %"),
        ({}, "left out: soc dated 2040-01-01T00:00:00Z"),
        ({"soc": (55.5, NOW - MINUTE)}, ""),
    ]
    ours = [record for record in caplog.records if record.name.startswith("eink_monitor")]
    assert len(ours) == len(odd) - 3  # said again only when it is news
    assert not any(secret in caplog.text for secret in (*SECRETS, GCID))


def test_before_the_id_token_dies_the_line_is_renewed_with_a_new_one(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path, expires_at=NOW + HOUR)
    clock = QuickClock(NOW)
    spoken(broker, clock, charge(60))
    with Bmw() as bmw:

        def renew(call: Call) -> Reply:
            broker.admit("id-token-1")  # from now on the old one is worth nothing
            spoken(broker, clock, charge(61))
            return bmw.token(call)

        bmw.routes[("POST", TOKEN)] = [renew]
        follower = stream(bmw, broker.url, tmp_path, clock)
        assert values(next(follower)) == {"soc": (60, NOW - MINUTE)}
        clock.set_wall(NOW + 44 * MINUTE)
        began = clock.now()
        assert values(next(follower)) == {"soc": (61, NOW - MINUTE)}
        follower.close()
        assert len(bmw.on(TOKEN)) == 1
    assert clock.now() - began >= 50
    with store(tmp_path).locked() as mine:
        tokens = mine.load()
    assert tokens is not None
    assert tokens.refresh == "refresh-1"
    assert NOW + 45 * MINUTE + HOUR - 10 <= tokens.expires_at <= NOW + 46 * MINUTE + HOUR


def test_a_refused_token_is_renewed_once(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    broker.admit("id-token-1")
    clock = QuickClock(NOW)
    spoken(broker, clock, charge(60))
    with Bmw() as bmw:
        follower = stream(bmw, broker.url, tmp_path, clock)
        assert values(next(follower)) == {"soc": (60, NOW - MINUTE)}
        follower.close()
        assert len(bmw.on(TOKEN)) == 1


def test_a_refusal_of_the_new_token_too_is_for_a_person(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    broker.admit("something-else")
    with Bmw() as bmw:
        with pytest.raises(AuthFailed, match="another program streaming") as caught:
            next(stream(bmw, broker.url, tmp_path, QuickClock(NOW)))
        assert len(bmw.on(TOKEN)) == 1
    assert not any(secret in str(caught.value) for secret in (*SECRETS, GCID))


def test_a_lapsed_consent_ends_the_stream_before_it_begins(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path, expires_at=NOW)
    with Bmw() as bmw:
        bmw.said_while_waiting = [refused("invalid_grant")]
        with pytest.raises(AuthFailed, match="login car"):
            next(stream(bmw, broker.url, tmp_path, QuickClock(NOW)))


GREETING, NOT_NOW, NO_SUCH_CAR = b"\x20\x02\x00\x00", b"\x20\x02\x00\x03", b"\x90\x03\x00\x01\x80"


@pytest.mark.parametrize(
    ("lines", "kind", "words"),
    [
        ([GREETING, NO_SUCH_CAR], AuthFailed, "Configure data stream"),
        ([NOT_NOW], Unavailable, "closed to us right now"),
        ([b"\x20\x02\x00\x05"], AuthFailed, "another program streaming"),
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], Unavailable, "cut off"),
    ],
)
def test_what_bmw_says_and_mosquitto_does_not(
    tmp_path: Path, lines: list[bytes], kind: type[Trouble], words: str
) -> None:
    """A subscription that is refused (SUBACK 128) or a busy broker (CONNACK 3), word for word."""
    signed_in(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server, Bmw() as bmw:

        def talk() -> None:
            with suppress(OSError):  # closed at the end of the test
                while True:
                    caller, _ = server.accept()
                    with caller:
                        for line in lines:
                            caller.recv(4096)
                            caller.sendall(line)
                        caller.recv(4096)

        speaker = Thread(target=talk, daemon=True)
        speaker.start()
        with pytest.raises(kind, match=words):
            next(stream(bmw, f"mqtt://127.0.0.1:{server.getsockname()[1]}", tmp_path, QuickClock(NOW)))
        server.shutdown(socket.SHUT_RDWR)
        speaker.join(5)


def test_a_broker_that_goes_away(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    clock.at_rest = broker.stop
    with Bmw() as bmw, pytest.raises(Unavailable, match="cut off"):
        next(stream(bmw, broker.url, tmp_path, clock))
    with Bmw() as bmw, pytest.raises(Unavailable, match="refuses the connection"):
        next(stream(bmw, broker.url, tmp_path, clock))


def test_a_broker_that_shows_us_out(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    clock.at_rest = lambda: broker.admit("another")
    with Bmw() as bmw, pytest.raises(Unavailable, match="cut off"):
        next(stream(bmw, broker.url, tmp_path, clock))


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # paho forgets a socket that fails at TLS
def test_something_that_is_no_broker(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as mute, Bmw() as bmw:
        url = f"mqtt://127.0.0.1:{mute.getsockname()[1]}"
        with pytest.raises(Unavailable, match="cut off"):
            next(stream(bmw, url, tmp_path, QuickClock(NOW)))
        with pytest.raises(Unavailable, match=r"encrypted|dropped|in time") as caught:
            next(stream(bmw, bmw.url.replace("http", "mqtts"), tmp_path, QuickClock(NOW)))
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_two_cars_cannot_both_have_the_only_stream(tmp_path: Path, broker: Broker) -> None:
    signed_in(tmp_path)
    clock = QuickClock(NOW)
    spoken(broker, clock, charge(60))
    with Bmw() as bmw:
        first = stream(bmw, broker.url, tmp_path, clock)
        next(first)
        with pytest.raises(Unavailable, match="stream: false for one of them"):
            next(stream(bmw, broker.url, tmp_path, clock))
        first.close()
        spoken(broker, clock, charge(61))
        second = stream(bmw, broker.url, tmp_path, clock)
        assert values(next(second)) == {"soc": (61, NOW - MINUTE)}
        second.close()


def test_an_unusable_state_directory(tmp_path: Path, broker: Broker) -> None:
    (tmp_path / "file").write_text("")
    with Bmw() as bmw, pytest.raises(Trouble, match="state directory"):
        next(stream(bmw, broker.url, tmp_path / "file" / "below", QuickClock(NOW)))
