"""``show --ink`` and ``clear``: by the daemon while it runs, by themselves while it does not."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import pytest

from eink_monitor.cli import execute
from eink_monitor.clock import SystemClock
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.places import time_zone
from eink_monitor.store import Store
from houses import HOUSE, say, write
from virtual_panel import Rules, VirtualPanel
from virtual_panel.viewer import picture, rows_of_bits

WHITE = rows_of_bits(Frame(250, 122, b"\xff" * 3904).bits)
INK = HOUSE.replace("{{type: png, path: {folder}/out}}", "{{type: waveshare, model: 2in13_V2}}")


def virtual_panel() -> VirtualPanel:
    """The quickest model, in real time."""
    return VirtualPanel("2in13_V2", SystemClock(), rules=Rules(min_interval=0))


def worn(folder: Path) -> Wear:
    """What the database knows of the panel."""
    store = Store(folder / "readings.db", time_zone(), writes=False)
    wear = Wear(**store.wear.counts())
    store.close()
    return wear


def test_without_a_daemon_they_do_it_themselves(tmp_path: Path) -> None:
    file = write(tmp_path, INK)
    panel = virtual_panel()
    with panel.installed():
        said = say("show", "--ink", "flow", "-c", file)
        assert (said.code, said.out, said.err) == (0, "flow is on the display (2in13_V2)\n", "")
        assert panel.glass.unknown() == 0
        black = picture(panel.glass).tobytes().count(b"\0")
        assert 500 < black < 20_000
        assert (worn(tmp_path).full, panel.asleep, panel.bus.leaked) == (1, True, 0)
        said = say("clear", "-c", file)
        assert (said.code, said.out, said.err) == (0, "the display (2in13_V2) is cleared\n", "")
        assert panel.wrong(WHITE) == 0
    assert worn(tmp_path).full == 2
    assert panel.findings == []
    assert panel.gpio.directions == {}


def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    file = write(tmp_path, INK)
    panel = virtual_panel()
    panel.faults.missing = True
    with panel.installed():
        for words in (["show", "--ink"], ["clear"]):
            said = say(*words, "-c", file)
            assert (said.code, said.out) == (69, "")
            assert said.err == (
                "eink-monitor: SPI is off (/dev/spidev0.0 does not exist): enable it with sudo raspi-config nonint "
                "do_spi 0, then reboot\n"
            )
    assert worn(tmp_path) == Wear()


def test_a_display_that_is_no_ink(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert say("show", "--ink", "sun", "-c", file).out == "sun is on the display (png)\n"
    assert (tmp_path / "out" / "now.png").read_bytes() == (tmp_path / "out" / "sun.png").read_bytes()
    assert say("clear", "-c", file).out == "a display of type png cannot be cleared\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["sun", "flow"], "--ink shows one panel and excludes --png"),
        (["--png", "out"], "--ink shows one panel and excludes --png"),
        (["flo"], "no panel is called `flo`; did you mean `flow`?"),
    ],
)
def test_usage(tmp_path: Path, words: list[str], sentence: str) -> None:
    said = say("show", "--ink", *words, "-c", write(tmp_path, INK))
    assert said.code == 64
    assert sentence in said.err


@contextmanager
def daemon(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The daemon in a process of its own with a virtual panel of its own; what it came to is there afterwards."""
    file = write(folder, INK)
    report: dict[str, Any] = {}
    reader, writer = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(30)
        child = os.fork()
        if child == 0:
            _live(file, folder / "notify", writer)
        os.close(writer)
        try:
            assert b"READY=1" in systemd.recv(1000)
            yield file, report
        finally:
            os.kill(child, signal.SIGTERM)
            with os.fdopen(reader) as pipe:
                text = pipe.read()
            os.waitpid(child, 0)
    report.update(json.loads(text))


def _live(file: Path, notify: Path, writer: int) -> None:
    """The daemon's whole life; leaves by ``os._exit``."""
    try:
        os.environ["NOTIFY_SOCKET"] = str(notify)
        panel = virtual_panel()
        with panel.installed(), (file.parent / "log").open("w", encoding="utf-8") as log, redirect_stderr(log):
            code = execute(["run", "-c", str(file)])
            clear = panel.wrong(WHITE)
            found = [str(finding) for finding in panel.findings]
            kinds = [refresh.kind for refresh in panel.refreshes]
            foreign = panel.owner.foreign_uses
        report = {"code": code, "not white": clear, "found": found, "kinds": kinds, "asleep": panel.asleep}
        os.write(writer, json.dumps({**report, "foreign": foreign, "leaked": panel.bus.leaked}).encode())
    finally:
        os._exit(0)


def test_a_running_daemon_is_asked(tmp_path: Path) -> None:
    with daemon(tmp_path) as (file, report):
        mine = virtual_panel()
        with mine.installed():
            said = say("show", "disk", "--ink", "-c", file)
            assert (said.code, said.out, said.err) == (0, "disk is on the display (2in13_V2)\n", "")
            assert re.match(r"now: disk, since \d\d:\d\d \(requested\)\n", say("show", "--why", "-c", file).out)
            said = say("doctor", "-c", file)
            lines = {line.split()[1]: line for line in said.out.splitlines()}
            assert "runs as process" in lines["daemon"]
            assert lines["panel"].startswith("ok    panel          a panel answers")
            second = say("run", "-c", file)
            assert second.code == 75
            assert "another eink-monitor already uses" in second.err
            said = say("clear", "-c", file)
            assert said.out == (
                "the display (2in13_V2) is cleared; the daemon keeps polling, and draws again after `show --ink` or "
                "its next start\n"
            )
        assert mine.board.bytes_received == 0, "the pins have one owner"
    assert report == {
        "code": 0,
        "not white": 0,
        "found": [],
        "kinds": ["full", "partial", "full"],
        "asleep": True,
        "foreign": 0,
        "leaked": 0,
    }
    assert (worn(tmp_path).full, worn(tmp_path).partial) == (2, 1)
    assert not list(tmp_path.glob("*.control"))
