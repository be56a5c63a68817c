"""The Modbus source against servers that misbehave on the wire, byte for byte."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor import metrics
from eink_monitor.clock import HOUR, FastClock
from eink_monitor.errors import BadAnswer, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus

DAY = 1_782_597_600  # 2026-06-28 00:00 in Berlin
NOON = DAY + 12 * HOUR
RECORDING = Path(__file__).parent / "solaredge_modbus" / "three_phase_meter_battery.json"
REGISTERS = {
    int(at) + n: value
    for at, row in json.loads(RECORDING.read_text("utf-8"))["registers"].items()
    for n, value in enumerate(row)
}

Talk = Callable[[socket.socket], None]


def frame(request: bytes, registers: dict[int, int], tid: int | None = None) -> bytes:
    """A right answer to one request (12 bytes: header, unit, function, address, count)."""
    number, _, _, unit, function, address, count = struct.unpack(">HHHBBHH", request)
    if any(at not in registers for at in range(address, address + count)):
        return struct.pack(">HHHBBB", number, 0, 3, unit, function | 0x80, 2)
    body = struct.pack(f">{count}H", *(registers[at] for at in range(address, address + count)))
    head = struct.pack(">HHHBBB", number if tid is None else tid, 0, 3 + len(body), unit, function, len(body))
    return head + body


def requests(line: socket.socket) -> Iterator[bytes]:
    while request := line.recv(12):
        yield request


def honest(line: socket.socket) -> None:
    for request in requests(line):
        line.sendall(frame(request, REGISTERS))


@contextmanager
def serve(*talks: Talk) -> Iterator[int]:
    """A server that treats its first client as the first talk says, and so on; it takes no client beyond."""
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]

    def run() -> None:
        for talk in talks:
            try:
                line = listener.accept()[0]
            except OSError:  # the test is over
                return
            with line:
                line.settimeout(10)
                try:
                    talk(line)
                except OSError:  # the client left
                    continue
        listener.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield port
    finally:
        listener.close()
        with socket.socket() as wake:
            wake.settimeout(1)
            wake.connect_ex(("127.0.0.1", port))
        thread.join(15)
        assert not thread.is_alive()


def visit(state: Path, now: int = NOON, last: dict[Metric, float] | None = None, ago: int = 30) -> Visit:
    latest = {
        ("roof", metric.name): Reading("roof", metric, value, now - ago) for metric, value in (last or {}).items()
    }
    return Visit("roof", "roof", now, ZoneInfo("Europe/Berlin"), 30, latest, state)


def source(port: int) -> SolarEdgeModbus:
    return SolarEdgeModbus("127.0.0.1", port, timeout=Duration(1))


def values(readings: list[Reading]) -> dict[str, float]:
    return {reading.metric.name: reading.value for reading in readings}


def test_honest_server_is_read_and_left(tmp_path: Path) -> None:
    left = threading.Event()

    def talk(line: socket.socket) -> None:
        honest(line)
        left.set()

    with serve(talk) as port:
        assert values(source(port).poll(visit(tmp_path)))["load_power"] == 2821
        assert left.wait(5)


def test_answers_byte_by_byte(tmp_path: Path) -> None:
    def talk(line: socket.socket) -> None:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests(line):
            for byte in frame(request, REGISTERS):
                line.sendall(bytes([byte]))

    with serve(talk) as port:
        assert values(source(port).poll(visit(tmp_path)))["pv_power"] == 5121


def test_a_stale_answer_with_another_transaction_id_is_skipped(tmp_path: Path) -> None:
    shifted = dict.fromkeys(REGISTERS, 7)

    def talk(line: socket.socket) -> None:
        for request in requests(line):
            line.sendall(frame(request, shifted, tid=999) + frame(request, REGISTERS))

    with serve(talk) as port:
        assert values(source(port).poll(visit(tmp_path)))["pv_power"] == 5121


def silent(line: socket.socket) -> None:
    line.recv(12)
    line.recv(12)


def wrong_number(line: socket.socket) -> None:
    for request in requests(line):
        line.sendall(frame(request, REGISTERS, tid=999))


def dropped(line: socket.socket) -> None:
    for n, request in enumerate(requests(line)):
        answer = frame(request, REGISTERS)
        line.sendall(answer if n < 5 else answer[: len(answer) // 2])
        if n == 5:
            return


def reset(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.recv(12)


def garbage(line: socket.socket) -> None:
    for request in requests(line):
        line.sendall(request[:2] + b"\0\0\0\3\1\x63\0")


@pytest.mark.parametrize("talk", [silent, wrong_number, dropped, reset, garbage, lambda _: None])
def test_a_broken_line_by_day_is_trouble(tmp_path: Path, talk: Talk) -> None:
    with (
        serve(talk) as port,
        pytest.raises(Unavailable, match=r"hung up or gave no sensible|no unit 1 answers"),
    ):
        source(port).poll(visit(tmp_path))


def test_busy_and_short_answers_are_explained(tmp_path: Path) -> None:
    def busy(line: socket.socket) -> None:
        for request in requests(line):
            line.sendall(request[:4] + b"\0\3\1\x83\6")

    def short(line: socket.socket) -> None:
        for request in requests(line):
            line.sendall(request[:4] + b"\0\5\1\3\2\0\1")

    with serve(busy) as port, pytest.raises(Unavailable, match="exception 6"):
        source(port).poll(visit(tmp_path))
    with serve(short) as port, pytest.raises(BadAnswer, match="1 registers where 2"):
        source(port).poll(visit(tmp_path))


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_second_client_refused_by_day(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="refused the connection: another Modbus client"):
        source(closed_port()).poll(visit(tmp_path, last={metrics.PV_POWER: 20}))


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 70, "."])
def test_unknown_host_is_never_sleep(tmp_path: Path, host: str) -> None:
    job = visit(tmp_path, DAY + 23 * HOUR, {metrics.PV_POWER: 0})
    with pytest.raises(Unavailable, match="host:"):
        replace(source(1502), host=host).poll(job)


def test_unreachable_host_is_explained(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        replace(source(1502), host="255.255.255.255").poll(visit(tmp_path))


@pytest.mark.parametrize(
    ("hour", "last", "ago", "sleeps"),
    [
        (23, {metrics.PV_POWER: 3000}, 2, True),
        (3, {metrics.INVERTER_STATUS: 4}, 9, True),
        (19, {metrics.PV_POWER: 80}, 0, True),
        (19, {metrics.PV_POWER: 2500}, 0, False),
        (19, {metrics.PV_POWER: 2500, metrics.INVERTER_STATUS: 2}, 0, True),
        (7, {metrics.PV_POWER: 10, metrics.INVERTER_STATUS: 4}, 11, True),
        (12, {metrics.PV_POWER: 0, metrics.INVERTER_STATUS: 2}, 15, False),
        (23, {metrics.PV_POWER: 0}, 21, False),
        (23, {}, 0, False),
    ],
)
def test_refused_at_night_is_sleep(
    tmp_path: Path, hour: int, last: dict[Metric, float], ago: int, sleeps: bool
) -> None:
    job = visit(tmp_path, DAY + hour * HOUR, last, ago * HOUR)
    if sleeps:
        assert source(closed_port()).poll(job) == []
        assert job.note == "the inverter sleeps"
    else:
        with pytest.raises(Unavailable):
            source(closed_port()).poll(job)


def test_stream_keeps_one_connection_and_dates_each_look(tmp_path: Path) -> None:
    clock = FastClock(NOON)
    with serve(honest) as port:
        stream = replace(source(port), keep_open=True).follow(visit(tmp_path), clock)
        looks = list(islice(stream, 4))
        stream.close()
    assert [look[0].at - NOON for look in looks] == [0, 30, 60, 90]
    assert {len(look) for look in looks} == {len(looks[0])}


def test_stream_sleeps_and_wakes(tmp_path: Path) -> None:
    def dusk(line: socket.socket) -> None:
        for n, request in enumerate(requests(line)):
            line.sendall(frame(request, REGISTERS | {40083: 0}))
            if n == 13:
                return

    clock = FastClock(DAY + 22 * HOUR)
    job = visit(tmp_path, clock.now())
    with serve(dusk, silent, honest) as port:
        stream = source(port).follow(job, clock)
        counts, notes = [], []
        for look in islice(stream, 6):
            counts.append(len(look) > 0)
            notes.append(job.note)
            job.remarks.clear()  # as the child does after each batch
        stream.close()
    assert counts[0]
    assert False in counts
    assert counts[-1]
    assert [note != "the inverter sleeps" for note in notes] == counts


def test_stream_by_day_ends_with_trouble(tmp_path: Path) -> None:
    stream = source(closed_port()).follow(visit(tmp_path), FastClock(NOON))
    with pytest.raises(Unavailable):
        next(stream)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=20), st.integers(0, 20))
def test_any_bytes_give_readings_or_trouble(tmp_path: Path, answers: list[bytes], good: int) -> None:
    def talk(line: socket.socket) -> None:
        for n, request in enumerate(requests(line)):
            if n >= good + len(answers):
                return
            line.sendall(frame(request, REGISTERS) if n < good else request[:4] + answers[n - good])
            if n >= good:
                line.shutdown(socket.SHUT_WR)

    with serve(talk) as port, suppress(Trouble):
        assert source(port).poll(visit(tmp_path))
