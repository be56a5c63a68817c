from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from houses import say, write


def test_json(tmp_path: Path) -> None:
    said = say("simulate", "--days", 2, "--first", "2026-03-28", "--json", "-c", write(tmp_path))
    assert (said.code, said.err) == (0, "")
    report = json.loads(said.out)
    assert report["days"] == 2
    hours = 24 + 23  # the clocks change on the second day
    assert report["polls"] == pytest.approx(hours * 12 + hours * 4 + 45 * 2, abs=50)
    assert report["frames"] == hours * 20
    assert list(report["peaks"]) == ["demo car"]
    assert 40 < report["peaks"]["demo car"]["day"] <= 45
    assert 80 < report["peaks"]["demo car"]["month"] <= 90
    assert report["rows"]["day"] > 0
    assert not (tmp_path / "readings.db").exists()


def test_words_and_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("EINK_MONITOR_CONFIG", raising=False)
    said = say("simulate", "--days", 1)
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].startswith("1 day of ")
    assert [line.split()[0] for line in lines[1:]] == ["polls", "frames", "refreshes", "rows", "database", "account"]
    assert lines[-1] == "account    demo car: at most 44 calls a day, 44 a month"
    assert not list(tmp_path.glob("[!.]*"))


def test_frames_are_drawn_when_asked(tmp_path: Path) -> None:
    text = (
        "display: {{type: png, path: {folder}/out}}\nsources: {{roof: {{type: demo, show: roof}}}}\n"
        "panels: {{sun: {{type: solar, subject: roof, dwell: 30m}}}}\n"
    )
    drawn = json.loads(say("simulate", "--days", 1, "--draw", "--json", "-c", write(tmp_path, text)).out)
    assert 24 <= drawn["frames"] <= 48
    assert not (tmp_path / "out").exists()


def test_a_bar_on_a_terminal_only(tmp_path: Path) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "eink_monitor", "simulate", "--days", "2", "-c", str(write(tmp_path))]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, check=True, timeout=30)
        assert b"days  [" in os.read(terminal, 65536)
    finally:
        os.close(terminal)
        os.close(end)
    assert b"[" not in done.stdout


def test_nowhere_to_write_has_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    said = say("simulate", "--days", 1, "-c", write(tmp_path))
    assert said.code == 75
    assert said.err.endswith(
        "eink-monitor: a temporary database cannot be created: No such file or directory; name a folder you can "
        f"write to: TMPDIR=FOLDER eink-monitor simulate -c {tmp_path}/config.yaml\n"
    )
