from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.preview import preview
from houses import HOUSE, say, write


def test_pictures_of_exactly_the_right_kind(lived: Path, tmp_path: Path) -> None:
    said = say("show", "--png", tmp_path / "a" / "b", "-c", lived)
    assert (said.code, said.err) == (0, "")
    names = ["sun", "flow", "disk"]
    assert said.out.split() == [f"{tmp_path}/a/b/{name}.png" for name in names]
    assert {file.name for file in (tmp_path / "a" / "b").iterdir()} == {f"{name}.png" for name in names}
    for name in names:
        with Image.open(tmp_path / "a" / "b" / f"{name}.png") as image:
            assert (image.format, image.size, image.mode) == ("PNG", (250, 122), "1")
            assert image.getextrema() == (0, 255)


def test_only_those_that_are_named(lived: Path, tmp_path: Path) -> None:
    assert say("show", "flow", "--png", tmp_path, "-c", lived).code == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "flow.png"]
    said = say("show", "flo", "-c", lived)
    assert said.code == 64
    assert "no panel is called `flo`; did you mean `flow`?" in said.err


def test_a_panel_is_found_by_its_type_where_there_is_only_one(lived: Path, tmp_path: Path) -> None:
    assert say("show", "solar", "--png", tmp_path, "-c", lived).out.split() == [f"{tmp_path}/sun.png"]
    text = HOUSE + "  second: {{type: flow, subject: roof}}\n"
    said = say("show", "solar", "flow", "--png", tmp_path, "-c", write(tmp_path, text.replace("  flow:", "  first:")))
    assert said.code == 64
    assert "no panel is called `flow`; those of type flow are `first`, `second`." in said.err


def test_a_folder_that_cannot_be_written(lived: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = say("show", "--png", tmp_path / "file" / "below", "-c", lived)
    assert said.code == 69
    assert said.err == (
        f"eink-monitor: {tmp_path}/file/below cannot be written: Not a directory; choose another folder for --png\n"
    )


def test_before_there_is_a_database(tmp_path: Path) -> None:
    said = say("show", "-c", write(tmp_path))
    assert said.code == 75
    assert "start the daemon or poll a source first" in said.err


@pytest.mark.parametrize(("columns", "wide", "high"), [(250, 250, 61), (300, 250, 61), (249, 125, 31), (125, 125, 31)])
def test_every_pixel_in_a_terminal(
    lived: Path, monkeypatch: pytest.MonkeyPatch, columns: int, wide: int, high: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("show", "sun", "-c", lived)
    assert (said.code, said.err) == (0, "")
    name, *lines = said.out.splitlines()
    assert name == "sun"
    assert lines[-1] == ""
    assert (max(map(len, lines)), len(lines) - 1) == (wide, high)


@pytest.mark.parametrize("columns", [124, 100, 80, 40, 20])
def test_a_narrow_terminal_gets_a_smaller_picture_and_is_told(
    lived: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    said = say("show", "sun", "-c", lived)
    assert said.err == f"Shrunk to {columns} columns. 125 show every pixel; --png DIR writes pictures.\n"
    assert max(map(len, said.out.splitlines())) == columns


def test_braille_dots_are_the_ink() -> None:
    canvas = Canvas(8, 8)
    canvas.fill(0, 0, 1, 1)
    canvas.fill(3, 3, 1, 1)
    canvas.fill(6, 4, 2, 4)
    frame = canvas.frame("dots")
    assert preview(frame, 4) == "\u2801\u2880\u2800\u2800\n\u2800\u2800\u2800\u28ff"
    assert preview(Canvas(100, 50).frame("paper"), 3) == "\n".join(["\u2800" * 20] * 5)  # never under 20 columns


def test_a_terminal_without_such_letters(lived: Path) -> None:
    command = [sys.executable, "-m", "eink_monitor", "show", "sun", "-c", str(lived)]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONIOENCODING": "latin-1"}, capture_output=True, check=False, timeout=20
    )
    assert done.returncode == 69
    assert b"set LANG to a UTF-8 locale such as C.UTF-8, or use --png" in done.stderr
    assert b"Traceback" not in done.stderr
