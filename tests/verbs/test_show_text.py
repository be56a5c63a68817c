"""``show --text``: panels as lines that can be read aloud."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.spoken import Spoken
from houses import say
from scenes import SCENES


@pytest.mark.parametrize("name", SCENES)
def test_what_is_heard_is_what_is_drawn(name: str) -> None:
    """The picture is the same bit by bit, and every text that a person sees is among the words."""
    scene = SCENES[name]
    seen, heard = Canvas(), Spoken()
    for canvas in (seen, heard):
        scene.panel.draw(canvas, scene.house, scene.now)
    assert heard.rows == seen.rows
    said = heard.said()
    assert said.strip()
    assert not re.search(r"^\s|\s$|\n\n", said)


@pytest.mark.parametrize(
    ("scene", "lines"),
    [
        ("solar-full", ["Roof  14:32", "3.1 kW  18.4 kWh", "month  312 kWh", "year  4.1 MWh"]),
        ("disk-unreadable", ["Backup disk  17:32", "[disk]  not readable"]),
        ("flow-full", ["[battery]  1.5 kW  <-"]),
        ("battery-full", ["Roof · battery  14:32"]),
    ],
)
def test_lines_read_from_the_top_and_from_the_left(scene: str, lines: list[str]) -> None:
    canvas = Spoken()
    SCENES[scene].panel.draw(canvas, SCENES[scene].house, SCENES[scene].now)
    said = canvas.said().splitlines()
    assert [line for line in said if line in lines] == lines


def test_a_figure_and_its_unit_are_one_word() -> None:
    canvas = Spoken()
    end = 10 + canvas.text(10, 60, "67", "heavy-44")
    canvas.text(end + 3, 40, "%")
    unit = canvas.text(180, 60, "km", align="right")
    canvas.text(180 - unit - 4, 60, "1.5", "heavy-28", align="right")
    canvas.text(240, 60, "far", align="right")
    canvas.arrow(20, 80, 40, left=True)
    canvas.text(70, 90, "centre", align="centre")
    assert canvas.said() == "67 %  1.5 km  far\n<-  centre"


def test_the_verb(lived: Path) -> None:
    said = say("show", "sun", "disk", "--text", "-c", lived)
    assert (said.code, said.err) == (0, "")
    first, second = said.out.split("\n\n")
    assert first.startswith("sun\nroof  ")
    assert second.startswith("disk\n")
    assert "GB" in second or "TB" in second
    for words in (["--text", "--png", "x"], ["--text", "--ink"]):
        assert say("show", "sun", *words, "-c", lived).code == 64
