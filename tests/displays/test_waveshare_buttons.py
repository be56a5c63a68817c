"""The settings of buttons, and what `doctor` says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.displays.waveshare import Waveshare
from houses import complaints, write
from virtual_panel import VirtualPanel

HOUSE = """\
display: {{type: waveshare, model: 2in13_V4, buttons: {buttons}}}
sources: {{a: {{type: demo}}}}
panels: {{h: {{type: health}}}}
"""


@pytest.mark.parametrize(
    ("buttons", "words"),
    [
        ("{next: 5, home: 6}", ""),
        ("{}", ""),
        ("{back: 5}", "buttons: unknown button back; known are next, home"),
        ("{next: 28}", "buttons are BCM numbers from 0 to 27"),
        ("{next: 17}", "buttons must be on pins of their own"),
        ("{next: 10}", "buttons must be on pins of their own"),
        ("{next: 5, home: 5}", "buttons must be on pins of their own"),
        ("{next: five}", '"five" is not a whole number'),
    ],
)
def test_what_may_be_configured(tmp_path: Path, buttons: str, words: str) -> None:
    told = complaints(write(tmp_path, HOUSE.replace("{buttons}", buttons.replace("{", "{{").replace("}", "}}"))))
    assert len(told) == bool(words)
    assert words in "".join(told)


def test_doctor_tells_their_pins() -> None:
    panel = VirtualPanel("2in13_V4", lgpio=True)
    display = Waveshare(model="2in13_V4", buttons={"next": 5, "home": 6})
    with panel.installed():
        display.open(panel.clock, display._wear)
        assert "buttons" in str(next(iter(display.examine())))
        display.close()
        panel.faults.claimed.add(6)
        first = next(iter(display.examine()))
        assert (first.state, "GPIO 6 (button home) is held by another process" in first.words) == ("bad", True)
        display.close()
    assert panel.gpio.directions == {}
