"""What journald gets from a daemon that cannot go on: every line with the priority that makes it stand out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from houses import write

BUG = """
import sys
from pathlib import Path
from eink_monitor.daemon import Daemon
from eink_monitor.service import serve

def tick(self):
    raise ZeroDivisionError("a bug")

Daemon.tick = tick
sys.exit(serve(Path(sys.argv[1])))
"""


def journal(tmp_path: Path, *words: str) -> tuple[int, list[str]]:
    """Exit code and the lines that the journal would be given."""
    with (tmp_path / "journal").open("w", encoding="utf-8") as stream:
        file = os.fstat(stream.fileno())
        environment = {**os.environ, "JOURNAL_STREAM": f"{file.st_dev}:{file.st_ino}"}
        said = subprocess.run([sys.executable, *words], env=environment, check=False, stderr=stream, timeout=60)
    return said.returncode, (tmp_path / "journal").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("flags", [(), ("--verbose",)])
def test_a_configuration_that_a_person_must_mend(tmp_path: Path, flags: tuple[str, ...]) -> None:
    file = write(tmp_path, "displai: {{type: png}}\nsources: 7\n")
    code, lines = journal(tmp_path, "-m", "eink_monitor", "run", "--config", str(file), *flags)
    assert code == 78, "which the unit does not restart"
    assert len(lines) >= 3
    assert all(line.startswith("<2>") for line in lines)
    assert any("did you mean `display`?" in line for line in lines)


def test_a_bug_is_a_crash_report_and_not_a_mute_end(tmp_path: Path) -> None:
    code, lines = journal(tmp_path, "-c", BUG, str(write(tmp_path)))
    assert code == 70, "which the unit restarts"
    assert lines[-1] == "<2>ZeroDivisionError: a bug"
    assert any("`eink-monitor dump`" in line for line in lines)
    assert all(line[:3] in {"<2>", "<6>"} for line in lines)


def test_without_a_journal_people_get_sentences(tmp_path: Path) -> None:
    file = write(tmp_path, "displai: {{type: png}}\n")
    command = [sys.executable, "-m", "eink_monitor", "run", "--config", str(file)]
    said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert said.returncode == 78
    assert said.stderr.startswith(f"{file}:1:1: displai: unknown key")
