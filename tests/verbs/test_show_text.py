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
        ("solar-full", ["Roof  14:32", "3.1 kW  today  18.4 kWh", "month  312 kWh", "year  4.1 MWh"]),
        ("solar-one-old", ["3.1 kW  today  4 h  18.4 kWh", "year  2 months"]),
        ("car-full", ["72 %  range  312 km", "charging  11.0 kW  80% at  15:38"]),
        ("disk-full", ["412 GB  free  used  79 %", "full in  6 months  backup age  5 h"]),
        ("grid-full", ["980 W  exporting", "fed in  7.2 kWh  bought  430 Wh"]),
        ("health-full", ["[check]  Roof  9 min  37/2000", "[check]  Škoda Enyaq  30 min"]),
        ("disk-unreadable", ["Backup disk  17:32", "[disk]  not readable"]),
        ("flow-full", ["[sun]  3.1 kW  ->", "[grid]  980 W  <-", "[house]  640 W", "[battery]  1.5 kW  <-"]),
        ("battery-full", ["Roof · battery  14:32", "67 %  charging  1.5 kW"]),
    ],
)
def test_lines_read_from_the_top_and_from_the_left(scene: str, lines: list[str]) -> None:
    canvas = Spoken()
    SCENES[scene].panel.draw(canvas, SCENES[scene].house, SCENES[scene].now)
    said = canvas.said().splitlines()
    assert [line for line in said if line in lines] == lines


def test_a_figure_and_its_unit_are_one_word() -> None:
    canvas = Spoken()
    end = 10 + canvas.text(10, 60, "67", "heavy-28")
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
