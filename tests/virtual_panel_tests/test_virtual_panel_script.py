"""The grammar of captures, and the panel as a program."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import virtual_panel
from virtual_panel import VirtualPanel
from virtual_panel.__main__ import main
from virtual_panel.script import BadScriptError, Capture, play
from virtual_panel.sequences import PARTIAL, START, full
from virtual_panel.viewer import picture, rows_of, rows_of_bits

MODELS = sorted(START)


@pytest.mark.parametrize("model", MODELS)
def test_a_capture_replays_to_the_same_glass(model: str) -> None:
    panel, capture = VirtualPanel(model), Capture()
    panel.board.recorders.append(capture)
    one, two = bytes(range(250)) * 16, bytes(4000)
    play(panel.board, START[model])
    play(panel.board, full(model) + ";" + PARTIAL[model] + "; 10:01", {"new": one, "old": two})
    again = VirtualPanel(model)
    play(again.board, capture.text)
    assert again.glass.white == panel.glass.white
    assert again.glass.known == panel.glass.known
    assert again.asleep
    assert [(f.kind, f.detail) for f in again.findings] == [(f.kind, f.detail) for f in panel.findings]
    assert again.board.bytes_received == panel.board.bytes_received


def test_what_a_capture_looks_like() -> None:
    panel, capture = VirtualPanel("2in13_V4", spi_time=False), Capture()
    panel.board.recorders.append(capture)
    play(panel.board, "PWR 1\nwait 0.01 # for the rail\n\n12;01:F9 00 00;:FFx4;;DC 1")
    assert capture.text.splitlines() == [
        "@0.000000 PWR 1",
        "@0.010000 12",
        "@0.010000 01: F9 00 00 FFx4",
    ]


def test_data_that_follows_a_pin_stands_alone() -> None:
    panel, capture = VirtualPanel("2in13_V4", spi_time=False), Capture()
    panel.board.recorders.append(capture)
    play(panel.board, "24:00; RST 0; :01; :02; @0.5 RST 1")
    assert capture.text.splitlines()[1:] == ["@0.000000 RST 0", "@0.000000 : 01 02", "@0.500000 RST 1"]


@pytest.mark.parametrize("line", ["RST 2", "wait", "wait soon", "1", "GG", "24:FFx", "24:$face", "hello", "@x 12"])
def test_bad_lines_are_named(line: str) -> None:
    with pytest.raises(BadScriptError, match="line 2"):
        play(VirtualPanel("2in13_V4").board, f"7F\n{line}")


@given(
    st.lists(st.sampled_from(["12", "24:", "FFx9", " ", ";", "\n", "@1", "RST 0", "wait 1", "idle", ":", "$a", "x"]))
)
def test_any_text_plays_or_is_refused(words: list[str]) -> None:
    panel = VirtualPanel("2in13_V4")
    with suppress(BadScriptError):
        play(panel.board, "".join(words), {"a": b"\1"})
    assert panel.glass.unknown() == 122 * 250


def test_the_picture_lies_as_one_holds_the_panel() -> None:
    face = Image.new("1", (250, 122), 1)
    face.putpixel((0, 0), 0)
    face.putpixel((249, 5), 0)
    panel = VirtualPanel("2in13_V4")
    play(panel.board, START["2in13_V4"])
    assert set(picture(panel.glass).tobytes()) == {128}
    play(panel.board, full("2in13_V4"), {"new": rows_of(face)})
    assert picture(panel.glass).tobytes() == face.convert("L").tobytes()
    assert rows_of_bits(face.tobytes()) == rows_of(face)
    assert not panel.glass.white >> panel.glass.bit_of(249, 0) & 1  # the left of the picture is the last gate line


def test_the_program_shows_a_demo_and_replays_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wires, first, second = tmp_path / "wires.txt", tmp_path / "first.png", tmp_path / "second.png"
    assert main(["demo", "2in13_V4", "--capture", str(wires), "--png", str(first), "--zoom", "2"]) == 0
    assert "1 changed" not in capsys.readouterr().out
    assert main(["replay", "2in13_V4", str(wires), "--png", str(second)]) == 0
    assert "full refresh, 2.75 s: 30500 pixels driven" in capsys.readouterr().out
    with Image.open(first) as big, Image.open(second) as small:
        assert big.size == (500, 244)
        assert big.resize((250, 122), Image.Resampling.NEAREST).tobytes() == small.tobytes()
    wrong = main(["replay", "2in13_V2", str(wires), "--reset-restores", "--slow", "2"])
    assert wrong > 0
    assert "unknown command" not in capsys.readouterr().out


def test_the_program_says_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("12\nnonsense\n")
    assert main(["replay", "2in13_V4", str(bad)]) == 101
    assert "line 2" in capsys.readouterr().err
    assert main(["replay", "2in13_V4", str(tmp_path / "absent")]) == 101


def test_the_folder_is_a_program() -> None:
    folder = Path(virtual_panel.__file__).parent
    root = str(folder.parent.parent)
    done = subprocess.run(
        [sys.executable, str(folder), "demo", "2in13_V2"],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert done.returncode == 0, done.stderr
    assert "asleep; 0 pixels unknown" in done.stdout
