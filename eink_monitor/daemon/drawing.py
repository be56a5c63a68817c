"""The half that draws: panels in rotation, from the store alone, onto whatever display there is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from eink_monitor.clock import MINUTE
from eink_monitor.config import Config, Slide
from eink_monitor.daemon.rotation import LOOK, Rotation, Stand
from eink_monitor.daemon.turns import Rhythm, backoff
from eink_monitor.draw.canvas import Canvas
from eink_monitor.draw.signcard import sign_in_card
from eink_monitor.draw.testcard import testcard
from eink_monitor.errors import DisplayError, bug
from eink_monitor.house import House
from eink_monitor.house.attention import Why
from eink_monitor.house.fence import Once
from eink_monitor.locale import say, speaking
from eink_monitor.model.display import Display
from eink_monitor.model.frame import Frame

log = logging.getLogger("eink_monitor")

Sheet = TypeVar("Sheet", bound=Canvas)

_NEVER = float("inf")
_SIGN_IN = 5 * MINUTE  # a device code lives no longer
_AILING = Rhythm(30, 10 * MINUTE)  # between two tries of a display that fails
_PICTURE = 10 * MINUTE  # how long the test picture stays


class Drawing:
    """The panels of a house on its display.

    ``next_due`` is the monotonic instant at which there is something to do: the next panel comes, or one that may not
    wait so long is looked for. ``turns`` counts tries of either.
    """

    def __init__(self, config: Config, house: House, mono: float) -> None:
        self.frames = 0
        self.turns = 0
        self.next_due = _NEVER
        self.rotation = Rotation(config, house, mono)
        self._slides = config.slides
        self._display = config.display
        self._house = house
        self._ends = _NEVER  # when what is on the display has been there long enough
        self._last: Frame | None = None
        self._failures = 0
        self._cleared = False
        self.look_every = self._display.look_every  # s between two looks at the buttons; 0.0 for none
        self._button = ""  # the one that was pressed, until the ink may move
        self._once = Once()
        self.wake(mono)

    def wake(self, mono: float) -> None:
        """The next panel is due, unless the display was cleared for storage."""
        if self._slides and not self._cleared:
            self._stays(mono)

    def advance(self, now: int, mono: float) -> None:
        """Show the next panel when its time has come; an unchanged frame is not sent."""
        if self._button and not self._display.press_in():
            self._obey(now, mono)
        if mono < self.next_due or not self._slides:
            return
        if (rest := self._display.ready_in()) > 0:
            self.next_due = mono + rest
            return
        self.turns += 1
        if mono >= self._ends or self.rotation.interrupts(now, mono):
            page = self.rotation.next(now, mono)
            self._stays(mono + self.rotation.take(page, now, mono))
            frame = self._frame(page.slides, now)
            if frame != self._last or self._display.every_beat:
                self._send(frame, mono)
        self.next_due = min(self._ends, mono + LOOK) if self.rotation.watches else self._ends

    def collect(self, now: int, mono: float) -> None:
        """Once, after the first frame: give the display a frame of every panel, if it keeps pictures of them.

        A board shows all, and there are no others.
        """
        alone = self._slides.values() if self._display.board.panels == 1 else ()
        try:
            self._display.collect(self._drawn(slide, now) for slide in alone)
        except DisplayError as error:
            self._ill(str(error), mono)

    def show(self, name: str, now: int, mono: float) -> str:
        """Show a panel (the one whose turn it is, if none is named) on request; it stays for its dwell.

        Returns its name. Raises ``DisplayError``; then the rotation goes on as before.
        """
        if not self._slides or (name and name not in self._slides):
            raise DisplayError(f"there is no panel {name}".rstrip(), "if it is new, restart the daemon")
        stands = [stand.name for stand in self.rotation.stands if stand.name in self._slides]
        page = self.rotation.next(now, mono, name or next(iter(stands), ""))
        self._put(self._frame(page.slides, now))
        self._stays(mono + self.rotation.take(page, now, mono))
        return page.slides[0].name

    def look(self, mono: float) -> bool:
        """Whether a button is pressed: the next panel, or the first ("home"), comes as soon as the maker allows it."""
        if not self.look_every:
            return False
        try:
            button = self._display.pressed()
        except DisplayError as error:
            log.error("%s; the buttons are not looked at again before a restart", error)  # noqa: TRY400 - a sentence
            self.look_every = 0.0
            return False
        if button and self._slides:
            self._button, self.next_due = button, mono + self._display.press_in()
        return bool(button)

    @property
    def pressed(self) -> bool:
        """Whether a button waits for the ink."""
        return bool(self._button)

    def _obey(self, now: int, mono: float) -> None:
        """What a button asks for comes now and stays for its dwell."""
        asked = next(iter(self._slides)) if self._button == "home" else ""
        self._button = ""
        page = self.rotation.next(now, mono, asked)
        page = page._replace(whys=[Why.PRESSED.value] * len(page.whys))
        try:
            self._put(self._frame(page.slides, now))
        except DisplayError as error:
            self._ill(str(error), mono)
            return
        self._stays(mono + self.rotation.take(page, now, mono))

    def why(self, now: int, mono: float) -> str:
        """What is on the display and why, and what comes next, in lines."""
        if not self._slides:
            return "there are no panels"
        if self._cleared:
            return "now: nothing (the display was cleared; `show --ink` or a restart ends that)"
        fault = [f"fault: {self._house.screen}"] if self._house.screen else []
        return "\n".join([*fault, *self.rotation.explain(now, mono)])

    def picture(self, mono: float) -> None:
        """Show the test picture and leave it for a while. Raises ``DisplayError``."""
        with speaking(self._house.locale):
            card = testcard(self._display.label, self._display.size, red=self._display.red)
        self._card(card, "the test picture", mono + _PICTURE)

    def sign_in(self, label: str, words: tuple[str, str, str], mono: float) -> None:
        """Show the card of a sign-in (address, short address, code) for its few minutes. Raises ``DisplayError``."""
        canvas = Canvas.on(self._display.size)
        with speaking(self._house.locale):
            sign_in_card(canvas, label, *words)
        self._card(canvas.frame("sign in"), "the code of a sign-in", mono + _SIGN_IN)

    def _card(self, frame: Frame, name: str, until: float) -> None:
        self._put(frame)
        self.rotation.stands = [Stand(name, Why.ASKED.value, self._house.now, until)]
        self._stays(until)

    def clear(self) -> None:
        """Clear the display for storage and draw no more until a request or the next start.

        Raises ``DisplayError``; then the rotation goes on as before.
        """
        self._last = None
        self._display.clear()
        self._well()
        self._stays(_NEVER)
        self._cleared, self.rotation.stands = True, []

    def promise(self, mono: float) -> float:
        """When (monotonic) the next panel will be tried: after its dwell, or once the display may refresh again."""
        return max(self.next_due, mono + self._display.ready_in())

    def _stays(self, until: float) -> None:
        """What is on the display stays this long, unless the next panel comes earlier."""
        self._cleared, self._ends, self.next_due = False, until, until

    def _put(self, frame: Frame) -> None:
        """Show a frame without waiting; errors go to whoever asked, and the next turn will meet them again."""
        self.turns += 1
        self._last = None
        self._display.show(frame, urgent=True)
        self._last = frame
        self.frames += 1
        self._well()

    def _send(self, frame: Frame, mono: float) -> None:
        """Show a frame in its turn. A failing display is reported once and tried again later; polling goes on."""
        try:
            self._display.show(frame)
        except DisplayError as error:
            self._ill(str(error), mono)
            return
        self.frames += frame != self._last
        self._last = frame
        self._well()

    def _ill(self, fault: str, mono: float) -> None:
        if not self._house.screen:
            log.error("%s", fault)
        self._house.screen = fault
        self._last = None
        self._failures += 1
        self._stays(mono + backoff(self._failures, _AILING))

    def _well(self) -> None:
        if self._house.screen:
            log.info("the display works again")
            self._house.screen = ""
            self._failures = 0

    def _frame(self, slides: Sequence[Slide], now: int) -> Frame:
        if self._display.board.panels == 1 or not self._display.looks:
            return self._drawn(slides[0], now)
        return board(slides, self._house, now, self._display, self._once.tell)

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
    for column in {x for x, _ in corners if x}:
        glass.seam(column - 1)
    for row in {y for _, y in corners if y}:
        glass.rule(row - 1)
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
        with speaking(house.locale), canvas.alarming():
            # TRANSLATORS: at most 34 letters each
            canvas.text(6, 56, say("This panel could not be drawn."))
            canvas.text(6, 76, say("The log says why."))
    return canvas
