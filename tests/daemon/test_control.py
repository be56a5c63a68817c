"""The control socket: who is heard, who is told that nobody listens, and what garbage does (nothing)."""

from __future__ import annotations

import errno
import os
import re
import select
import signal
import socket
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from eink_monitor.clock import stopwatch
from eink_monitor.daemon.control import LARGEST, Reply, Request, address, alive, ask, pack
from eink_monitor.daemon.control_socket import ControlSocket, _sendable
from eink_monitor.errors import StoreError
from eink_monitor.finding import Finding

SHOW = Request("show", "sun")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return address(tmp_path / "readings.db")


@pytest.fixture
def control(path: Path) -> Iterator[ControlSocket]:
    with closing(ControlSocket(path)) as control:
        yield control


@pytest.fixture
def elsewhere() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def serve(control: ControlSocket, grant: Callable[[Request], Reply]) -> None:
    """Wait until somebody speaks, and answer."""
    assert select.select(control.watch(), (), (), 10)[0]
    control.serve(grant)


def test_a_wish_is_heard_and_answered(control: ControlSocket, path: Path, elsewhere: ThreadPoolExecutor) -> None:
    heard: list[Request] = []
    found = [Finding("spi", "bad", "SPI is off", "sudo raspi-config", 69)]

    def grant(request: Request) -> Reply:
        heard.append(request)
        return Reply(69, "no: ü", found)

    answer: Future[Reply | None] = elsewhere.submit(ask, path, SHOW)
    serve(control, grant)
    assert answer.result(10) == Reply(69, "no: ü", found, os.getpid())
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
    with closing(ControlSocket(path)):
        assert alive(path)
    assert not path.exists()


def test_two_daemons_on_one_database(control: ControlSocket, path: Path) -> None:
    assert control.watch()
    with pytest.raises(StoreError, match=r"another eink-monitor already uses .*readings\.db; stop that one"):
        ControlSocket(path)
    assert alive(path)


def test_a_forked_child_does_not_stand_in_for_a_dead_daemon(path: Path) -> None:
    control = ControlSocket(path)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:  # a poll child that outlives the daemon
        os.write(writer, b"x")
        os.close(writer)
        signal.pause()
    assert os.read(reader, 1) == b"x"
    control.forget()  # killed: the file stays
    assert ask(path, SHOW) is None
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(writer)
    os.close(reader)


def test_a_daemon_that_dies_before_it_answers(
    control: ControlSocket, path: Path, elsewhere: ThreadPoolExecutor
) -> None:
    answer = elsewhere.submit(ask, path, SHOW)
    assert select.select(control.watch(), (), (), 10)[0]
    control.forget()
    with pytest.raises(StoreError, match="ended before it answered"):
        answer.result(10)


@pytest.mark.parametrize(
    "message", [b"", b"x", b"[]", b"{}", b'{"verb": 1}', b'"verb"', b"\xff\xfe", b"[" * 60000, b'{"panel": "a"}']
)
def test_garbage_is_answered_and_survived(control: ControlSocket, path: Path, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
        somebody.bind("")
        somebody.settimeout(10)
        somebody.sendto(message, str(path))
        serve(control, lambda _: pytest.fail("granted"))
        assert b'"code": 64' in somebody.recv(65536)


def test_somebody_who_has_left_and_somebody_without_an_address(
    control: ControlSocket, path: Path, elsewhere: ThreadPoolExecutor
) -> None:
    for bound in (True, False):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
            if bound:
                somebody.bind("")
            somebody.sendto(b'{"verb": "show", "panel": ""}', str(path))
    control.serve(lambda _: Reply(0, "to nobody"))
    answer = elsewhere.submit(ask, path, SHOW)
    serve(control, lambda _: Reply(0, "to you"))
    result = answer.result(10)
    assert result is not None
    assert result.words == "to you"


def test_a_daemon_that_hangs(control: ControlSocket, path: Path) -> None:
    assert control.watch()
    with pytest.raises(StoreError, match="the daemon runs but does not answer"):
        ask(path, SHOW, patience=0.01)


def test_a_daemon_that_stands_still_takes_no_more_than_the_patience(path: Path) -> None:
    """Stopped by a signal, or in a long system call: once enough are waiting, not even sending one succeeds."""
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as still,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one,
    ):
        still.bind(str(path))
        one.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                one.sendto(b"{}", str(path))
        began = stopwatch()
        with pytest.raises(StoreError, match="the daemon runs but does not answer"):
            ask(path, SHOW, patience=0.3)
        assert stopwatch() - began < 1
        assert alive(path)


@pytest.mark.parametrize("size", [65_600, 212_000, 1_000_000])
def test_a_wish_that_is_too_long_is_told_so(control: ControlSocket, path: Path, size: int) -> None:
    assert control.watch()
    answer = ask(path, Request("show", "x" * size))
    assert answer is not None
    assert answer.code == 64
    assert re.fullmatch(rf"the request is too long: {size // 1000}\d+ bytes, and a daemon accepts 65536", answer.words)
    control.forget()
    assert ask(path, Request("show", "x" * size)) is None, "nobody is there, and that comes first"


def test_a_message_that_is_too_long_is_answered_so(control: ControlSocket, path: Path) -> None:
    with _somebody() as somebody:
        somebody.sendto(b"x" * 100_000, str(path))
        serve(control, lambda _: pytest.fail("granted"))
        assert b"too long" in somebody.recv(65536)


def test_an_answer_that_is_too_long_is_told_so(
    control: ControlSocket, path: Path, elsewhere: ThreadPoolExecutor
) -> None:
    answer = elsewhere.submit(ask, path, SHOW)
    serve(control, lambda _: Reply(0, "x" * 300_000))
    result = answer.result(10)
    assert result is not None
    assert result.code == 70
    assert "too long" in result.words


@pytest.mark.parametrize("text", ["\udcff", "\x1b[2J", "a\nb", "\x9b31m", "\u202e"])
def test_what_cannot_be_written_is_not_wished(
    control: ControlSocket, path: Path, elsewhere: ThreadPoolExecutor, text: str
) -> None:
    for request in (Request(text), Request("show", text), Request("sign in", "car", ("x", text, "y"))):
        answer = elsewhere.submit(ask, path, request)
        serve(control, lambda _: pytest.fail("granted"))
        result = answer.result(10)
        assert result is not None
        assert result.code == 64


@pytest.mark.parametrize("error", [ValueError, RecursionError, MemoryError, SystemExit, BaseException, OSError])
def test_a_bug_costs_its_own_answer_only(
    control: ControlSocket,
    path: Path,
    elsewhere: ThreadPoolExecutor,
    caplog: pytest.LogCaptureFixture,
    error: type[BaseException],
) -> None:
    def grant(_: Request) -> Reply:
        raise error("hunter2")

    answer = elsewhere.submit(ask, path, SHOW)
    serve(control, grant)
    result = answer.result(10)
    assert result is not None
    assert result.code == 70
    assert f"{error.__name__} at test_control.py:" in result.words
    assert f"{error.__name__} at test_control.py:" in caplog.text
    assert "hunter2" not in result.words + caplog.text


def test_a_flood_keeps_the_daemon_from_its_work_for_a_moment_only(control: ControlSocket, path: Path) -> None:
    """Somebody who sends as fast as he is heard: each look at the socket takes a few requests and no more."""
    heard: list[Request] = []
    with _somebody() as somebody:

        def grant(request: Request) -> Reply:
            heard.append(request)
            with suppress(BlockingIOError):
                somebody.sendto(b'{"verb": "show", "panel": ""}', str(path))
                somebody.recv(65536)
            return Reply(0, "")

        somebody.setblocking(False)
        somebody.sendto(b'{"verb": "show", "panel": ""}', str(path))
        control.serve(grant)
        assert 1 < len(heard) <= 16


def test_nobody_is_answered_at_a_place_of_his_choice(control: ControlSocket, path: Path, tmp_path: Path) -> None:
    """An answer to a path would be written by us, where the path leads us."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
        somebody.bind(str(tmp_path / "here"))
        somebody.setblocking(False)
        somebody.sendto(b'{"verb": "show", "panel": ""}', str(path))
        control.serve(lambda _: pytest.fail("granted"))
        with pytest.raises(BlockingIOError):
            somebody.recv(65536)


def test_without_a_file_to_spare_the_daemon_goes_without(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Refused(socket.socket):
        def __init__(self, family: int, kind: int) -> None:
            if kind & socket.SOCK_CLOEXEC:
                raise OSError(errno.EMFILE, "too many open files")
            super().__init__(family, kind)

    monkeypatch.setattr(socket, "socket", Refused)
    with closing(ControlSocket(path)) as control:
        assert control.watch() == ()
        control.serve(lambda _: pytest.fail("nobody can have asked"))
    assert "cannot be created (too many open files)" in caplog.text


@contextmanager
def _somebody() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as somebody:
        somebody.bind("")
        somebody.settimeout(10)
        yield somebody


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
    with closing(ControlSocket(address(deep / "readings.db"))) as control:
        answer = elsewhere.submit(ask, address(deep / "readings.db"), SHOW)
        serve(control, lambda _: Reply(0, "well"))
        result = answer.result(10)
    assert result is not None
    assert result.words == "well"
    assert list(deep.iterdir()) == []


def test_where_no_socket_can_be_made_the_daemon_goes_without(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    control = ControlSocket(tmp_path / "no folder" / "readings.db.control")
    assert "cannot be created (No such file or directory)" in caplog.text
    control.serve(lambda _: pytest.fail("nobody can have asked"))
    control.close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_another_users_daemon(control: ControlSocket, path: Path, tmp_path: Path) -> None:
    assert control.watch()
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
    assert said == "the daemon runs as root; run the same command with sudo -u root True"


@pytest.mark.parametrize(("spare", "code"), [(0, 3), (-1, os.EX_SOFTWARE)])
def test_an_answer_is_sent_while_it_fits(spare: int, code: int) -> None:
    words = "x" * (LARGEST - len(pack(Reply(3, ""))) - spare)
    message = _sendable(Reply(3, words))
    assert len(message) <= LARGEST
    assert f'"code": {code}'.encode() in message
