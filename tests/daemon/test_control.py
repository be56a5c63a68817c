"""The daemon's ear: who is heard, who is told that nobody listens, and what garbage does (nothing)."""

from __future__ import annotations

import os
import select
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.daemon.control import Answer, Ear, Request, address, alive, ask
from eink_monitor.errors import StoreError
from eink_monitor.finding import Finding

SHOW = Request("show", "sun")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return address(tmp_path / "readings.db")


@pytest.fixture
def ear(path: Path) -> Iterator[Ear]:
    with closing(Ear(path)) as ear:
        yield ear


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def serve(ear: Ear, grant: Callable[[Request], Answer]) -> None:
    """Wait until somebody speaks, and answer."""
    assert select.select(ear.watch(), (), (), 10)[0]
    ear.serve(grant)


def test_a_wish_is_heard_and_answered(ear: Ear, path: Path, elsewhere: ThreadPoolExecutor) -> None:
    heard: list[Request] = []
    found = [Finding("spi", "bad", "SPI is off", "sudo raspi-config", 69)]

    def grant(request: Request) -> Answer:
        heard.append(request)
        return Answer(69, "no: ü", found)

    answer: Future[Answer | None] = elsewhere.submit(ask, path, SHOW)
    serve(ear, grant)
    assert answer.result(10) == Answer(69, "no: ü", found, os.getpid())
    assert heard == [SHOW]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_where_nobody_listens(path: Path, tmp_path: Path) -> None:
    assert ask(path, SHOW) is None
    assert not alive(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as killed:
        killed.bind(str(path))
    assert path.exists(), "what a killed daemon leaves"
    assert ask(path, SHOW) is None
    path.unlink()
    path.write_text("no socket", encoding="utf-8")
    assert ask(path, SHOW) is None
    assert ask(tmp_path / "no folder" / "x", SHOW) is None


def test_what_a_killed_daemon_left_is_no_hindrance(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as killed:
        killed.bind(str(path))
    with closing(Ear(path)):
        assert alive(path)
    assert not path.exists()


def test_two_daemons_on_one_database(ear: Ear, path: Path) -> None:
    assert ear.watch()
    with pytest.raises(StoreError, match=r"another eink-monitor works on .*readings\.db already; stop that one"):
        Ear(path)
    assert alive(path)


def test_a_forked_child_does_not_stand_in_for_a_dead_daemon(path: Path) -> None:
    ear = Ear(path)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # a poll child that outlives the daemon
        os.write(writer, b"x")
        os.close(writer)
        signal.pause()
    assert os.read(reader, 1) == b"x"
    ear.forget()  # killed: the file stays
    assert ask(path, SHOW) is None
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    os.close(reader)


def test_a_daemon_that_dies_before_it_answers(ear: Ear, path: Path, elsewhere: ThreadPoolExecutor) -> None:
    answer = elsewhere.submit(ask, path, SHOW)
    assert select.select(ear.watch(), (), (), 10)[0]
    ear.forget()
    with pytest.raises(StoreError, match="ended before it answered"):
        answer.result(10)


@pytest.mark.parametrize(
    "message", [b"", b"x", b"[]", b"{}", b'{"verb": 1}', b'"verb"', b"\xff\xfe", b"[" * 60000, b'{"panel": "a"}']
)
def test_garbage_is_answered_and_survived(ear: Ear, path: Path, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
        somebody.bind("")
        somebody.settimeout(10)
        somebody.sendto(message, str(path))
        serve(ear, lambda _: pytest.fail("granted"))
        assert b'"code": 64' in somebody.recv(65536)


def test_somebody_who_has_left_and_somebody_without_an_address(
    ear: Ear, path: Path, elsewhere: ThreadPoolExecutor
) -> None:
    for bound in (True, False):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
            if bound:
                somebody.bind("")
            somebody.sendto(b'{"verb": "show", "panel": ""}', str(path))
    ear.serve(lambda _: Answer(0, "to nobody"))
    answer = elsewhere.submit(ask, path, SHOW)
    serve(ear, lambda _: Answer(0, "to you"))
    result = answer.result(10)
    assert result is not None
    assert result.words == "to you"


def test_a_daemon_that_hangs(ear: Ear, path: Path) -> None:
    assert ear.watch()
    with pytest.raises(StoreError, match="the daemon runs but does not answer"):
        ask(path, SHOW, patience=0.01)


@pytest.mark.parametrize("riddle", [b"", b"{}", b"[1]", b'{"findings": 1}', b'{"findings": [], "x": 1}'])
def test_a_daemon_of_another_version(path: Path, elsewhere: ThreadPoolExecutor, riddle: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(path))
        other.settimeout(10)
        answer = elsewhere.submit(ask, path, SHOW)
        other.sendto(riddle, other.recvfrom(65536)[1])
        with pytest.raises(StoreError, match="restart it"):
            answer.result(10)


def test_a_folder_however_deep(tmp_path: Path, elsewhere: ThreadPoolExecutor) -> None:
    deep = tmp_path / ("x" * 120)
    deep.mkdir()
    with closing(Ear(address(deep / "readings.db"))) as ear:
        answer = elsewhere.submit(ask, address(deep / "readings.db"), SHOW)
        serve(ear, lambda _: Answer(0, "well"))
        result = answer.result(10)
    assert result is not None
    assert result.words == "well"
    assert list(deep.iterdir()) == []


def test_where_no_socket_can_be_made_the_daemon_goes_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ear = Ear(tmp_path / "no folder" / "readings.db.control")
    assert "cannot be created (No such file or directory)" in caplog.text
    ear.serve(lambda _: pytest.fail("nobody can have asked"))
    ear.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_users_daemon(ear: Ear, path: Path, tmp_path: Path) -> None:
    assert ear.watch()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder != Path("/tmp") and folder.stat().st_uid == 0 and len(folder.parts) > 2:
            folder.chmod(0o755)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        said = ""
        try:
            os.setuid(65534)
            ask(path, SHOW)
        except StoreError as error:
            said = f"{error} {alive(path)}"
        finally:
            os.write(writer, said.encode())
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answers:
        said = answers.read()
    os.waitpid(child, 0)
    assert said == "the daemon runs as root; say the same with sudo -u root before it True"
