from __future__ import annotations

import logging
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from eink_monitor.service import journal

log = logging.getLogger("eink_monitor")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    handlers, level, propagate = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.propagate = handlers, propagate
    log.setLevel(level)


def test_a_terminal_gets_the_time(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOURNAL_STREAM", "1:2")  # somebody else's: this standard error is not it
    journal.open_journal()
    journal.open_journal()  # twice is not two lines
    log.debug("not now")
    log.warning("look out")
    line = capsys.readouterr().err
    assert line.endswith(" WARNING look out\n")
    assert line[2] == line[5] == ":"
    assert line.count("\n") == 1


def test_the_journal_gets_priorities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "journal").open("w+", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        monkeypatch.setattr(sys, "stderr", stream)
        journal.open_journal(verbose=True)
        log.debug("a")
        log.info("b")
        log.warning("c\nd")
        log.error("e")
        log.critical("f")
        log.log(35, "")
        stream.seek(0)
        assert stream.read().split() == ["<7>a", "<6>b", "<4>c\\nd", "<3>e", "<2>f", "<6>"]


def test_commands_are_said_as_a_person_must(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.open_journal()
    for origin in ("", "/etc/eink-monitor"):
        monkeypatch.setenv("EINK_MONITOR_ORIGIN", origin)
        log.warning("%s", "roof: sign in once: eink-monitor login roof; or sudo eink-monitor reload")
    own, service = capsys.readouterr().err.splitlines()
    assert own.endswith("sign in once: eink-monitor login roof; or sudo eink-monitor reload")
    assert service.endswith("sign in once: sudo eink-monitor login roof; or sudo eink-monitor reload")


@pytest.mark.parametrize("name", ["{folder}/notify", "@eink-monitor-test-{pid}"])
def test_systemd_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    address = name.format(folder=tmp_path, pid=os.getpid())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address.replace("@", "\0"))
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        journal.notify(READY="1", STATUS="the first panel is drawn")
        assert systemd.recv(1000) == b"READY=1\nSTATUS=the first panel is drawn"


def test_nobody_to_be_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    journal.open_journal(verbose=True)
    journal.notify(READY="1")
    assert capsys.readouterr().err == ""
    for nowhere, reason in (
        ("/nowhere/at/all", "No such file or directory"),
        ("/" + "x" * 300, "AF_UNIX path too long"),
    ):
        monkeypatch.setenv("NOTIFY_SOCKET", nowhere)
        journal.notify(READY="1")
        assert capsys.readouterr().err.endswith(f" DEBUG   systemd could not be notified: {reason}\n")


@pytest.mark.parametrize("listens", [True, False])
def test_no_text_of_a_stranger_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, listens: bool) -> None:
    """Neither by a terminal nor by journald, to which a line break would begin another message."""
    with (tmp_path / "log").open("w", encoding="utf-8") as stream:
        status = os.fstat(stream.fileno())
        monkeypatch.setattr(sys, "stderr", stream)
        if listens:
            monkeypatch.setenv("JOURNAL_STREAM", f"{status.st_dev}:{status.st_ino}")
        journal.open_journal()
        log.warning("the car says %s", "\x1b[2J\n<0>all is lost\ud800\u202e")
        try:
            int("a\x1b[2Jb")
        except ValueError as error:
            log.exception("a bug", exc_info=RuntimeError(f"{error}\x1b[2J\nc"))
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert lines[0].endswith("the car says \\x1b[2J\\n<0>all is lost\\ud800\\u202e")
    assert lines[-1].endswith("c")
    assert all("\x1b" not in line for line in lines)


def test_a_status_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line break would begin another word to systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(10)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        journal.notify(STATUS="well\nMAINPID=1", READY="1")
        assert systemd.recv(4096) == b"STATUS=well\\nMAINPID=1\nREADY=1"
