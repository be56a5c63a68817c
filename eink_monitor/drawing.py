"""The half that draws: panels in rotation, from the store alone, onto whatever display there is."""

from __future__ import annotations

import logging

from eink_monitor.clock import MINUTE
from eink_monitor.config import Config, Slide
from eink_monitor.draw.canvas import Canvas
from eink_monitor.errors import DisplayError
from eink_monitor.house import House
from eink_monitor.model import Frame

log = logging.getLogger("eink_monitor")


class Drawing:
    """The rotation of a house. ``next_due`` is the monotonic instant of the next panel, ``turns`` counts those tried."""

    def __init__(self, config: Config, house: House, mono: float) -> None:
        self.frames = 0
        self.turns = 0
        self.next_due = mono if config.slides else float("inf")
        self._slides = list(config.slides.values())
        self._display = config.display
        self._house = house
        self._turn = -1
        self._last: Frame | None = None
        self._failures = 0

    def advance(self, now: int, mono: float) -> None:
        """Show the next panel when its time has come; an unchanged frame is not sent."""
        if mono < self.next_due or not self._slides:
            return
        if (rest := self._display.ready_in()) > 0:
            self.next_due = mono + rest
            return
        self.turns += 1
        self._turn = (self._turn + 1) % len(self._slides)
        slide = self._slides[self._turn]
        self.next_due = mono + slide.dwell
        if self._display.looks:
            frame = draw(slide, self._house, now, self._display.size)
        else:
            frame = Frame(0, 0, now.to_bytes(8, "big"), slide.name)
        changed = frame != self._last
        if not changed and not self._display.every_beat:
            return
        try:
            self._display.show(frame)
        except DisplayError as error:
            self._screen(error, mono)
            return
        self._last = frame
        self.frames += changed
        if self._house.screen:
            log.info("the display works again")
            self._house.screen = ""
            self._failures = 0

    def promise(self, mono: float) -> float:
        """By when (monotonic) the next panel will be tried: after its dwell, or once the display may move again."""
        return max(self.next_due, mono + self._display.ready_in())

    def _screen(self, error: DisplayError, mono: float) -> None:
        """The display fails: say so once, try again later, go on polling."""
        if not self._house.screen:
            log.error("%s", error)
        self._house.screen = str(error)
        self._last = None
        self._failures += 1
        self.next_due = mono + min(30 * 2 ** min(self._failures - 1, 5), 10 * MINUTE)


def draw(slide: Slide, house: House, now: int, size: tuple[int, int]) -> Frame:
    """One panel as a frame. A panel that fails is drawn as words: one broken panel never stops the rest."""
    canvas = Canvas(*size)
    try:
        slide.panel.draw(canvas, house, now)
    except Exception:
        log.exception("the panel %s could not be drawn", slide.name)
        canvas = Canvas(*size)
        canvas.text(6, 24, slide.name)
        canvas.text(6, 56, "This panel could not be drawn.")
        canvas.text(6, 76, "The log says why.")
    return canvas.frame(slide.name)
