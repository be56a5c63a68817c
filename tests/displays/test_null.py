"""The display that shows nothing counts what it did not show."""

from __future__ import annotations

from eink_monitor.displays.null import Null
from eink_monitor.draw.canvas import Canvas


def test_frames_are_counted() -> None:
    display = Null()
    for _ in range(3):
        display.show(Canvas().frame("sun"))
    display.close()
    assert display.frames == 3
