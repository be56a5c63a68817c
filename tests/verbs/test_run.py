"""The daemon as a process: how it begins, how it ends, and what it leaves."""

from __future__ import annotations

import json
import re
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.clock import stopwatch
from houses import say, write
from houses.living import running

HANGING = """\
database: {folder}/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: demo, show: roof}}
  attic: {{type: demo, show: disk}}
  wall: {{type: solaredge, api: v1, api_key: hunter2, site_id: 1, base_url: "http://127.0.0.1:{port}"}}
panels:
  sun: {{type: solar, subject: wall}}
"""


def children(pid: int) -> list[int]:
    """The processes a process has started and that still live."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def end(process: subprocess.Popen[bytes], number: int) -> bytes:
    """Send a signal; what the daemon wrote on its way out, which must be a short one."""
    began = stopwatch()
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert stopwatch() - began < 1
    assert (process.returncode, out) == (0, b"")
    assert b"Traceback" not in err
    return err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_draws_at_once_and_ends_in_good_order(tmp_path: Path, number: int) -> None:
    file = write(tmp_path)
    with running(file) as process:
        with Image.open(tmp_path / "out" / "now.png") as image:
            assert (image.size, image.mode) == ((250, 122), "1")
        end(process, number)
    assert (tmp_path / "out" / "now.png").exists()
    assert [file.name for file in (tmp_path / "out").iterdir() if file.name.startswith(".")] == []


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A server that accepts and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(20)
        yield server


def test_a_poll_that_hangs_holds_nothing_up_and_nothing_is_lost(tmp_path: Path, silent: socket.socket) -> None:
    file = write(tmp_path, HANGING.replace("{port}", str(silent.getsockname()[1])))
    with running(file) as process:
        connection, _ = silent.accept()  # the last of the sources is being asked: the others have answered
        with connection:
            connection.settimeout(20)
            assert connection.recv(65536)
            assert len(children(process.pid)) == 1
            err = end(process, signal.SIGTERM)
            assert connection.recv(1) == b"", "the child is gone: its end of the line is closed"
    assert b"hunter2" not in err
    assert (tmp_path / "out" / "now.png").exists()
    stored = json.loads(say("latest", "--json", "-c", file).out)
    assert {row["subject"] for row in stored} == {"roof", "attic:backups"}
    line = say("quota", "-c", file).out.splitlines()[1]
    assert re.split(r" {2,}", line)[:4] == ["wall", "solaredge:site-1", "day", "3"], (
        "who knows what was asked: it counts"
    )


def test_a_second_start_goes_on_where_the_first_was(tmp_path: Path, silent: socket.socket) -> None:
    file = write(tmp_path, HANGING.replace("{port}", str(silent.getsockname()[1])))
    for _ in range(2):
        with running(file) as process:
            connection, _ = silent.accept()
            with connection:
                end(process, signal.SIGTERM)
    with closing(sqlite3.connect(tmp_path / "readings.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        polls = dict(db.execute("SELECT feed, polls FROM feed WHERE what = 'ok'"))
    assert polls == {"roof": 1, "attic": 1}, "a restart asks nobody before the time"
