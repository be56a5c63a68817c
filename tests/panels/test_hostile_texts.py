"""Texts that vendors and people made: whatever they are, every panel stays whole, and no text is work without end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from effort import effort
from eink_monitor.draw import fonts
from eink_monitor.panels.battery import Battery
from eink_monitor.panels.history import DailyHistory
from scenes import AT, SCENES, Scene, roof
from witness import Listener, WitnessCanvas

TEXTS = {
    "a million letters": "word. " * 170_000,
    "one word of a million": "W" * 1_000_000,
    "half letters": "\ud800\udfff" * 20,
    "both ways": "\u202eabc\u2066def\u2069\u200f" * 9,
    "escapes": "\x1b[2J\x07\0\r\n\t\x9b31m",
    "letters on letters": "Z\u0351\u036b\u0343" * 30,
    "pictures": "🚗👩‍👩‍👧⚡" * 9,
    "nothing": "",
    "spaces": " \u00a0\u3000" * 40,
}


def spoilt(scene: Scene, text: str) -> Scene:
    """The scene with that text wherever a text comes from outside: names, titles, sentences, addresses."""
    statuses = [_spoilt(status, text) for status in scene.house.statuses]
    troubles = {subject: _spoilt(status, text) for subject, status in scene.house.troubles.items()}
    subjects = {subject for subject, _ in scene.house.readings} | set(scene.house.labels) | {"roof", "car"}
    house = replace(scene.house, statuses=statuses, troubles=troubles, labels=dict.fromkeys(subjects, text))
    panel: Any = scene.panel
    return scene._replace(house=house, panel=replace(panel, title=text) if panel.title else panel)


def _spoilt(status: Any, text: str) -> Any:  # noqa: ANN401 - a status with other texts
    texts = dict.fromkeys(("label", "detail", "door", "warning", "name"), text)
    return status._replace(**texts)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", SCENES)
def test_whatever_things_are_called_no_panel_breaks_or_works_without_end(name: str, text: str) -> None:
    scene = spoilt(SCENES[name], TEXTS[text])
    canvas = WitnessCanvas()
    scene.panel.draw(canvas, scene.house, scene.now)
    canvas.assert_intact()
    assert len(canvas.frame().bits) == 32 * 122
    steps = effort(lambda: scene.panel.draw(Listener(), scene.house, scene.now))
    assert steps < 40_000, "a usual panel takes 3,000 to 15,000"


def heading(scene: Scene) -> str:
    canvas = Listener()
    scene.panel.draw(canvas, scene.house, scene.now)
    return next(text for text, face in canvas.heard if face == fonts.TITLE)


def test_a_long_name_gives_way_before_the_kind_of_panel_does() -> None:
    named = replace(roof(), labels={"roof": "The roof of the old barn behind the house"})
    assert heading(Scene(Battery("roof"), named)).endswith("… · battery")
    assert heading(Scene(DailyHistory("roof"), named, AT + 21 * 86400)).endswith("… · 14 days")
    assert heading(Scene(Battery("roof", title="Ours · all of it"), named)) == "Ours · all of it"
    assert heading(Scene(Battery("roof"), roof())) == "Roof · battery"
