"""The terminal shows a panel in half blocks, and its end is a fault in words."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from eink_monitor.displays.terminal import Terminal
from eink_monitor.draw.canvas import Canvas

SHOW = """
import sys
from eink_monitor.displays.terminal import Terminal
from eink_monitor.draw.canvas import Canvas
from eink_monitor.errors import DisplayError
try:
    Terminal().show(Canvas().frame("sun"))
except DisplayError as error:
    sys.stderr.write(str(error))
"""


def test_a_frame_is_printed_under_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal().show(Canvas(6, 4).frame("sun"))
    assert capsys.readouterr().out == "sun\n██████\n██████\n"


@pytest.mark.parametrize(("columns", "wide"), [(300, 250), (250, 250), (125, 125), (80, 80), (3, 20)])
def test_a_frame_fits_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int, wide: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    Terminal().show(Canvas().frame("sun"))
    assert {len(line) for line in capsys.readouterr().out.splitlines()[1:] if line} == {wide}


def test_a_terminal_without_block_characters_is_named() -> None:
    run = subprocess.run(
        [sys.executable, "-c", SHOW],
        capture_output=True,
        check=False,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )
    assert "set LANG to a UTF-8 locale" in run.stderr


def test_a_closed_terminal_is_named() -> None:
    run = subprocess.run(
        ["/bin/sh", "-c", f'exec >/dev/full; "{sys.executable}" -c "$0"', SHOW],
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert "the terminal is gone (No space left on device)" in run.stderr
