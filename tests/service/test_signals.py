"""SIGHUP: a closed terminal ends the daemon with everything stored; who has no terminal reads its configuration."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
from pathlib import Path

import pytest

from houses import HOUSE, say, write
from houses.living import in_terminal, running

HANGING = HOUSE.replace(
    "panels:\n",
    "  wall: {{type: solaredge, api: v1, api_key: k, site_id: 1, base_url: http://127.0.0.1:PORT}}\npanels:\n",
)


@pytest.mark.parametrize("way", ["closed", "signalled"])
def test_a_terminal_that_closes_loses_nothing(tmp_path: Path, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(20)
        file = write(tmp_path, HANGING.replace("PORT", str(silent.getsockname()[1])))
        ours, theirs = pty.openpty()
        process = in_terminal(file, theirs)
        os.close(theirs)
        silent.accept()[0].close()  # the last of the sources is being asked: the others have answered
        if way == "closed":
            os.close(ours)
        else:
            process.send_signal(signal.SIGHUP)
        assert process.wait(20) == 0
    if way == "signalled":
        said = os.read(ours, 65536).decode()
        assert "the terminal was closed: everything is stored; stopping" in said
        os.close(ours)
    stored = json.loads(say("latest", "--json", "-c", file).out)
    assert {row["subject"] for row in stored} >= {"roof", "car", "attic:backups"}
    assert not (tmp_path / "readings.db.control").exists()


def test_nohup_keeps_it_alive(tmp_path: Path) -> None:
    file = write(tmp_path)
    ours, theirs = pty.openpty()
    process = in_terminal(file, theirs, "nohup")
    os.close(theirs)
    os.close(ours)
    try:
        assert say("reload", "-c", file).code == 0
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(20) == 0


def test_without_a_terminal_it_is_a_reload(tmp_path: Path) -> None:
    file = write(tmp_path)
    with running(file) as process:
        process.send_signal(signal.SIGHUP)
        assert process.stderr is not None
        said = [process.stderr.readline().decode() for _ in range(2)]
        assert all("3 sources" in line for line in said), "the same configuration, twice"
        assert process.poll() is None
