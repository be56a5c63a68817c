"""systemd's watchdog as the daemon feeds it: a frozen half starves it, whatever the other one does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from houses import write

Blank = Callable[[Path], Path]
PROGRAM = Path(__file__).parent / "frozen_house.py"
TESTS = Path(__file__).parent.parent


class Systemd:
    """The receiving end of the notify protocol, and the environment a service is told of it by."""

    def __init__(self, address: Path, watchdog: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self._socket.bind(str(address))
        self.environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(address),
            "WATCHDOG_USEC": str(int(watchdog * 1_000_000)),
            "PYTHONPATH": os.pathsep.join(map(str, (TESTS.parent, TESTS, TESTS / "daemon"))),
        }

    def told(self, patience: float) -> list[str]:
        """What was said until nothing more came for so long."""
        self._socket.settimeout(patience)
        messages = []
        try:
            while True:
                messages.append(self._socket.recv(4096).decode())
        except TimeoutError:
            return messages

    def next(self) -> str:
        """What is said next, within some seconds."""
        self._socket.settimeout(20)
        return self._socket.recv(4096).decode()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Callable[[float], Systemd]]:
    made: list[Systemd] = []

    def make(watchdog: float) -> Systemd:
        made.append(Systemd(tmp_path / "notify", watchdog))
        return made[-1]

    yield make
    for one in made:
        one.close()


def lived(tmp_path: Path, blank: Blank, systemd: Systemd, frozen: str) -> tuple[list[str], int, int, str]:
    """What systemd heard, how many polls and panels there were, and the log."""
    blank(tmp_path / "readings.db")
    command = [sys.executable, str(PROGRAM), str(tmp_path), frozen]
    with subprocess.Popen(
        command, env=systemd.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        messages: list[str] = []
        while process.poll() is None:  # its socket's queue is short: read while it speaks
            messages += systemd.told(0.05)
        out, err = process.communicate()
    assert process.returncode == 0, err
    polls, panels = out.split()
    return messages + systemd.told(0.01), int(polls), int(panels), err


def test_a_healthy_house_feeds_it(tmp_path: Path, blank: Blank, systemd: Callable[[float], Systemd]) -> None:
    messages, polls, panels, log = lived(tmp_path, blank, systemd(180), "nothing")
    assert messages[0].startswith("READY=1\nSTATUS=roof: not polled yet; next panel in ")
    assert messages[1].startswith("WATCHDOG=1\nSTATUS=1 source ok; next panel in ")
    assert messages[-1] == "STOPPING=1"
    assert sum("WATCHDOG=1" in message for message in messages) >= 3 * 3600 / 90 - 1
    assert (polls, panels) >= (36, 60)
    assert "watchdog" not in log


def test_how_the_first_polls_went_is_told_at_once(tmp_path: Path, systemd: Callable[[float], Systemd]) -> None:
    """Not at the watchdog's next beat, which is five minutes off here."""
    heard = systemd(600)
    command = [sys.executable, "-m", "eink_monitor", "run", "-c", str(write(tmp_path))]
    with subprocess.Popen(command, env=heard.environment, stderr=subprocess.DEVNULL) as process:
        try:
            assert "not polled yet" in heard.next()
            while not (said := heard.next()).startswith("STATUS="):
                assert "WATCHDOG=1" in said
            assert said.startswith("STATUS=3 sources ok; next panel in ")
        finally:
            process.terminate()


@pytest.mark.parametrize("frozen", ["drawing", "fetching", "streams"])
def test_a_frozen_half_starves_it_while_the_other_goes_on(
    tmp_path: Path, blank: Blank, systemd: Callable[[float], Systemd], frozen: str
) -> None:
    messages, polls, panels, log = lived(tmp_path, blank, systemd(180), frozen)
    assert messages[0].startswith("READY=1")
    assert sum("WATCHDOG=1" in message for message in messages) <= 5
    assert (polls == 36) is (frozen != "fetching")
    assert (panels >= 60) is (frozen != "drawing")
    assert f"{frozen}: nothing done in time; waiting for the watchdog" in log
    assert log.count("nothing done in time") == 1, "said once"


def test_quiet_hours_feed_it_to_the_end(tmp_path: Path, blank: Blank, systemd: Callable[[float], Systemd]) -> None:
    messages, _, _, log = lived(tmp_path, blank, systemd(180), "quiet")
    assert sum("WATCHDOG=1" in message for message in messages) >= 86_400 / 90 * 0.9
    assert any("quiet hours" in message for message in messages)
    assert "nothing done" not in log


def test_a_daemon_that_hangs_altogether_is_silent(tmp_path: Path, systemd: Callable[[float], Systemd]) -> None:
    watch = systemd(0.6)
    command = [sys.executable, "-m", "eink_monitor", "run", "-c", str(write(tmp_path))]
    with subprocess.Popen(command, env=watch.environment, stderr=subprocess.DEVNULL) as process:
        try:
            while "WATCHDOG=1" not in watch.next():
                pass
            process.send_signal(signal.SIGSTOP)
            watch.told(0.01)
            assert watch.told(1.0) == []
            process.send_signal(signal.SIGCONT)
            assert "WATCHDOG=1" in watch.next()
        finally:
            process.kill()
