"""The half that draws: panels in rotation, from the store alone, onto whatever display there is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from eink_monitor.clock import MINUTE
from eink_monitor.config import Config, Slide
from eink_monitor.daemon.turns import Rhythm, backoff
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.signcard import sign_in_card
from eink_monitor.draw.testcard import testcard
from eink_monitor.errors import DisplayError, bug
from eink_monitor.house import House
from eink_monitor.house.fence import Once
from eink_monitor.locale import say, speaking
from eink_monitor.model.display import Display
from eink_monitor.model.frame import Frame

log = logging.getLogger("eink_monitor")

Sheet = TypeVar("Sheet", bound=Canvas)

_NEVER = float("inf")
_SIGN_IN = 5 * MINUTE  # a device code lives no longer
_AILING = Rhythm(30, 10 * MINUTE)  # between two tries of a display that fails
_PICTURE = 10 * MINUTE  # how long a person may look at the test picture


class Drawing:
    """The rotation of a house. ``next_due`` is the monotonic instant of the next panel; ``turns`` counts tries."""

    def __init__(self, config: Config, house: House, mono: float) -> None:
        self.frames = 0
        self.turns = 0
        self.next_due = _NEVER
        self._slides = list(config.slides.values())
        self._display = config.display
        self._house = house
        self._at_once = min(len(self._slides), config.display.board.panels)
        self._turn = -self._at_once  # the first panel that is on the glass
        self._last: Frame | None = None
        self._failures = 0
        self._cleared = False
        self._once = Once()
        self.wake(mono)

    def wake(self, mono: float) -> None:
        """The next panel is due, unless the display was cleared for storage."""
        if self._slides and not self._cleared:
            self.next_due = mono

    def advance(self, now: int, mono: float) -> None:
        """Show the next panel when its time has come; an unchanged frame is not sent."""
        if mono < self.next_due or not self._slides:
            return
        if (rest := self._display.ready_in()) > 0:
            self.next_due = mono + rest
            return
        self.turns += 1
        self._turn = (self._turn + self._at_once) % len(self._slides)
        self.next_due = mono + self._dwell()
        frame = self._frame(now)
        if frame != self._last or self._display.every_beat:
            self._send(frame, mono)

    def collect(self, now: int, mono: float) -> None:
        """Once, after the first frame: give the display a frame of every panel, if it keeps pictures of them.

        A board shows all, and there are no others.
        """
        alone = self._slides if self._display.board.panels == 1 else ()
        try:
            self._display.collect(self._drawn(slide, now) for slide in alone)
        except DisplayError as error:
            self._ill(str(error), mono)

    def show(self, name: str, now: int, mono: float) -> str:
        """Put a panel (the one whose turn it is, if none is named) up because a person asks; it stays for its dwell.

        Returns its name. Raises ``DisplayError``; then the rotation goes on as before.
        """
        names = [slide.name for slide in self._slides]
        if not names or (name and name not in names):
            raise DisplayError(f"there is no panel {name}".rstrip(), "if it is new, restart the daemon")
        self._turn = names.index(name) if name else max(self._turn, 0)
        self._put(self._frame(now))
        self._cleared, self.next_due = False, mono + self._dwell()
        return names[self._turn]

    def picture(self, mono: float) -> None:
        """Put the test picture up and leave it for a while. Raises ``DisplayError``."""
        with speaking(self._house.locale):
            card = testcard(self._display.label, self._display.size)
        self._put(card)
        self._cleared, self.next_due = False, mono + _PICTURE

    def sign_in(self, label: str, words: tuple[str, str, str], mono: float) -> None:
        """Put up the card of a sign-in (address, short address, code) for its few minutes. Raises ``DisplayError``."""
        canvas = Canvas.on(self._display.size)
        with speaking(self._house.locale):
            sign_in_card(canvas, label, *words)
        self._put(canvas.frame("sign in"))
        self._cleared, self.next_due = False, mono + _SIGN_IN

    def clear(self) -> None:
        """Whiten the display for storage and draw no more until a person asks or the daemon starts again.

        Raises ``DisplayError``; then the rotation goes on as before.
        """
        self._last = None
        self._display.clear()
        self._well()
        self._cleared, self.next_due = True, _NEVER

    def promise(self, mono: float) -> float:
        """By when (monotonic) the next panel will be tried: after its dwell, or once the display may move again."""
        return max(self.next_due, mono + self._display.ready_in())

    def _put(self, frame: Frame) -> None:
        """Show a frame without waiting; whoever asked is told of what goes wrong, and the next turn meets it again."""
        self.turns += 1
        self._last = None
        self._display.show(frame, urgent=True)
        self._last = frame
        self.frames += 1
        self._well()

    def _send(self, frame: Frame, mono: float) -> None:
        """Show a frame in its turn. A display that fails is told of once and tried again later; polling goes on."""
        try:
            self._display.show(frame)
        except DisplayError as error:
            self._ill(str(error), mono)
            return
        self.frames += frame != self._last
        self._last = frame
        self._well()

    def _ill(self, words: str, mono: float) -> None:
        if not self._house.screen:
            log.error("%s", words)
        self._house.screen = words
        self._last = None
        self._failures += 1
        self.next_due = mono + backoff(self._failures, _AILING)

    def _well(self) -> None:
        if self._house.screen:
            log.info("the display works again")
            self._house.screen = ""
            self._failures = 0

    def _shown(self) -> list[Slide]:
        """The panels whose turn it is, as many as the display shows at once."""
        return [self._slides[(self._turn + n) % len(self._slides)] for n in range(self._at_once)]

    def _dwell(self) -> int:
        """How long they stay: where others wait as long as any of them is to, else until the first is to be renewed."""
        choose = max if self._at_once < len(self._slides) else min
        return choose(slide.dwell for slide in self._shown())

    def _frame(self, now: int) -> Frame:
        if self._display.board.panels == 1 or not self._display.looks:
            return self._drawn(self._slides[self._turn], now)
        return board(self._shown(), self._house, now, self._display, self._once.tell)

    def _drawn(self, slide: Slide, now: int) -> Frame:
        if self._display.looks:
            return draw(slide, self._house, now, self._display, self._once.tell)
        return Frame(0, 0, now.to_bytes(8, "big"), slide.name)


def draw(slide: Slide, house: House, now: int, display: Display, tell: Callable[[str], None] = log.error) -> Frame:
    """One panel as a frame, as large as the display shows it; ``tell`` is told of a bug."""
    return drawn(slide, house, now, lambda: Canvas.on(display.sheet), tell).frame(slide.name, red=display.red)


def board(
    slides: Sequence[Slide], house: House, now: int, display: Display, tell: Callable[[str], None] = log.error
) -> Frame:
    """Several panels as one frame: each on a sheet of its own in its cell, with a thin rule between two cells."""
    glass, corners = Canvas(*display.size), display.board.corners(display.size)
    for slide, (x, y) in zip(slides, corners, strict=False):
        glass.paste(drawn(slide, house, now, lambda: Canvas.on(display.sheet), tell), x, y)
    for x, y in corners:
        glass.fill(x - 1, 0, 1, glass.height)
        glass.fill(0, y - 1, glass.width, 1)
    return glass.frame("board", red=display.red)


def drawn(
    slide: Slide, house: House, now: int, blank: Callable[[], Sheet], tell: Callable[[str], None] = log.error
) -> Sheet:
    """One panel on a ``blank`` sheet. One that fails is drawn as words: one broken panel never stops the rest."""
    canvas = blank()
    try:
        with speaking(house.locale):
            slide.panel.draw(canvas, house, now)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin raises anything
        tell(f"the panel {slide.name} could not be drawn, please report it: {bug(error)}")
        canvas = blank()
        canvas.text(6, 24, slide.name)
        with speaking(house.locale):
            # TRANSLATORS: at most 34 letters each
            canvas.text(6, 56, say("This panel could not be drawn."))
            canvas.text(6, 76, say("The log says why."))
    return canvas
