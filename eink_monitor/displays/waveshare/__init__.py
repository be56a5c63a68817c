"""A Waveshare e-paper panel on a Raspberry Pi's pins."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from eink_monitor.clock import DAY, MINUTE, Clock, SystemClock
from eink_monitor.displays._models import MODELS, Model, alike, unknown
from eink_monitor.displays._policy import Past, Policy, Step
from eink_monitor.displays.waveshare.buttons import Buttons
from eink_monitor.displays.waveshare.buttons import check as check_buttons
from eink_monitor.displays.waveshare.examination import examine
from eink_monitor.displays.waveshare.panel213 import Panel213
from eink_monitor.displays.waveshare.revisions import REVISIONS
from eink_monitor.displays.waveshare.vendor import VendorPanel
from eink_monitor.displays.waveshare.wires import LIBRARIES, Wires, Wiring
from eink_monitor.errors import DisplayError
from eink_monitor.finding import Finding, fault, good
from eink_monitor.model.display import ALONE, USUAL, Board, Display
from eink_monitor.model.frame import Frame, Wear
from eink_monitor.settings import Duration, Size, insist, together

_VENDOR = "vendor:"
_LOOK = 0.1  # s
_BOARD = Path("/proc/device-tree/model")


class _Ink(Protocol):
    """What our own driver and the vendor's have in common."""

    driven: bool
    """Whether the last refresh moved ink, even if it failed."""

    @property
    def known(self) -> bool:
        """Whether the panel's content is known well enough for a partial refresh."""

    def refresh(self, frame: Frame, *, partial: bool) -> None:
        """Show a frame; the panel sleeps afterwards. Raises ``DisplayError``."""

    def probe(self) -> None:
        """Raise ``DisplayError`` unless a panel answers."""

    def close(self) -> None:
        """Release everything."""


@dataclass
class Waveshare(Wiring, Display):
    """Waveshare e-paper: the 2.13" HAT (V2, V3, V4) by a driver of our own, other glass by Waveshare's.

    ``model`` is 2in13_V2, 2in13_V3, 2in13_V4 (the sticker on the back says which) or another of ``MODELS``; or
    vendor:NAME with the name of any module of Waveshare's. ``rotate`` is 0 or 180. The pins (BCM numbers) are those of
    the HAT; Waveshare's drivers know no others. ``power_off`` cuts the power between refreshes by PWR and RST, at the
    price of 10 ms each; without it the panel rests in deep sleep, which takes 1 uA. ``buttons`` are the pins of those
    of a HAT: next, home.
    """

    model: str = field(
        metadata={"choices": f"{', '.join(REVISIONS)} (the sticker on its back says which); for others see docs/ink.md"}
    )
    rotate: int = 0
    min_interval: Duration = Duration(3 * MINUTE)
    partials: int = 5
    full_every: Duration = Duration(DAY)
    power_off: bool = False
    board: Board = ALONE
    buttons: Mapping[str, int] = field(default_factory=dict)

    _clock: Clock = field(default_factory=SystemClock, init=False, repr=False, compare=False)
    _wear: Wear = field(default_factory=Wear, init=False, repr=False, compare=False)
    _ink: _Ink | None = field(default=None, init=False, repr=False, compare=False)
    _frame: Frame | None = field(default=None, init=False, repr=False, compare=False)
    _moved: float | None = field(default=None, init=False, repr=False, compare=False)
    _full: float | None = field(default=None, init=False, repr=False, compare=False)
    _crisp: bool = field(default=True, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse impossible settings. Raises ``ValueError``."""
        checks = (self._check_words, self._check_policy, super().__post_init__, lambda: self.board.fit(self.size))
        together(*checks, lambda: check_buttons(self.buttons, self.pins().values()))
        self._buttons = Buttons(self.buttons)

    def _check_words(self) -> None:
        vendor = self.model.removeprefix(_VENDOR)
        insist(
            (self.model in MODELS or (vendor != self.model and vendor.isidentifier()), unknown(self.model)),
            (self.rotate in {0, 180}, "rotate must be 0 or 180: panels are drawn in landscape"),
            (
                not self._theirs or all(getattr(self, wire) == value for wire, value in vars(Wiring()).items()),
                f"{', '.join(vars(Wiring()))} must be left out: Waveshare's driver for {self.model} knows no others",
            ),
        )

    def _check_policy(self) -> None:
        """Waveshare exempts panels with partial refreshes from its three minutes; its own drivers are given none."""
        partials, rest = (0, 3 * MINUTE) if self._theirs else (self.partials, 0)
        self._policy = Policy(int(self.min_interval), partials, int(self.full_every), rest)

    @property
    def size(self) -> Size:
        """The model's; a panel that is not in our table is drawn on as the 2.13" is."""
        return self._glass.size if self._glass else USUAL

    @property
    def red(self) -> bool:
        """Whether the model has red ink."""
        return bool(self._glass and self._glass.red)

    @property
    def _glass(self) -> Model | None:
        return MODELS.get(self.model.removeprefix(f"{_VENDOR}epd"))

    @property
    def _theirs(self) -> bool:
        """Whether Waveshare's own driver draws."""
        return self.model not in REVISIONS and (self.model in MODELS or self.model.startswith(_VENDOR))

    def open(self, clock: Clock, wear: Wear) -> None:
        """Give the display a clock and its wear; the first frame will be a full refresh."""
        self.close()
        self._clock, self._wear = clock, wear
        # Only the wall clock outlives a restart, and may have been wrong: a refresh in the future tells nothing.
        age = None if wear.last is None else clock.now() - wear.last
        self._moved = None if age is None or age < 0 else clock.monotonic() - age

    @property
    def every_beat(self) -> bool:
        """The policy needs every frame: even an unchanged panel is refreshed once a day."""
        return True

    def ready_in(self) -> float:
        """Seconds until a frame that is not urgent may be drawn."""
        return self._policy.ready_in(self._past())

    def press_in(self) -> float:
        """Seconds until a frame that a button asks for may be drawn: as long as the maker forbids it."""
        return self._policy.rests(self._past())

    @property
    def look_every(self) -> float:
        """Often enough for a short press."""
        return _LOOK if self.buttons else 0.0

    def pressed(self) -> str:
        """The button that went down since the last look. Raises ``DisplayError``."""
        return self._buttons.pressed() if self.buttons else ""

    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        """Refresh the panel if the policy allows it and there is something new. Raises ``DisplayError``."""
        step = self._policy.step(self._past(), same=frame == self._frame, crisp=self._crisp, urgent=urgent)
        if step in {Step.PARTIAL, Step.FULL}:
            self._refresh(frame, partial=step is Step.PARTIAL)
        elif urgent and step is Step.HOLD:
            raise self._resting()

    def freshen(self) -> None:
        """Make the next refresh a full one, even of the same frame."""
        self._crisp = True

    def clear(self) -> None:
        """Clear the panel to white at once. Raises ``DisplayError``."""
        if self._policy.rests(self._past()) > 0:
            raise self._resting()
        width, height = self.size
        self._refresh(Frame(width, height, b"\xff" * ((width + 7) // 8 * height)), partial=False)

    def probe(self) -> None:
        """Check whether a panel answers, without a refresh. Raises ``DisplayError`` with the cause."""
        self._panel().probe()

    @property
    def label(self) -> str:
        """The model."""
        return self.model

    @property
    def modules(self) -> tuple[str, ...]:
        """The libraries of our own driver; Waveshare's package reports its own."""
        return () if self._theirs else LIBRARIES

    @property
    def extra(self) -> str:
        """The one with rpi-lgpio on a Pi 5, where RPi.GPIO does not work."""
        try:
            board = _BOARD.read_text(encoding="utf-8", errors="replace")
        except OSError:
            board = ""
        return "pi5" if "Raspberry Pi 5" in board else "pi"

    def examine(self) -> Iterator[Finding]:
        """The findings on wiring and panel, without a refresh."""
        if self.buttons:
            yield self._buttons.examine()
        ink = self._panel()
        if isinstance(ink, Panel213):
            yield from examine(ink)
        else:
            yield self._answer(ink)
        if len(same := alike(self.model)) > 1:
            told = f"{', '.join(same[:-1])} and {same[-1]} cannot be told apart by wire"
            yield good("model", f"{told}: compare the sticker, and look for a (B) on the board")

    def _answer(self, ink: _Ink) -> Finding:
        try:
            ink.probe()
        except DisplayError as error:
            return fault("panel", error)
        loads = f"Waveshare's driver for {self.model} loads; it cannot tell whether a panel is there"
        return good("panel", "a panel answers" if self._glass else loads)

    def close(self) -> None:
        """Leave the last frame visible, the panel asleep and unpowered. Does nothing in a forked child."""
        ink, self._ink = self._ink, None
        self._frame, self._crisp = None, True
        if ink is not None:
            ink.close()
        self._buttons.close()

    def _refresh(self, frame: Frame, *, partial: bool) -> None:
        ink = self._panel()
        partial = partial and ink.known
        self._frame, self._crisp = None, True  # until we know better
        try:
            ink.refresh(frame, partial=partial)
            self._frame, self._crisp = frame, False
        finally:
            if ink.driven:
                self._count(partial=partial, done=self._frame is not None)

    def _count(self, *, partial: bool, done: bool) -> None:
        self._wear.count(self._clock.now(), partial=partial, done=done)
        self._moved = self._clock.monotonic()
        if done and not partial:
            self._full = self._moved

    def _resting(self) -> DisplayError:
        seconds = math.ceil(self._policy.rests(self._past()))
        return DisplayError(f"{self.model} must rest for another {seconds} s, as its maker asks", "try again then")

    def _past(self) -> Past:
        now = self._clock.monotonic()
        return Past(
            None if self._moved is None else now - self._moved,
            None if self._full is None else now - self._full,
            self._wear.since_full,
        )

    def _panel(self) -> _Ink:
        if self._ink is None:
            self._ink = self._driver()
        return self._ink

    def _driver(self) -> _Ink:
        upside_down = self.rotate == 180
        if self._theirs:
            driver = self.model.removeprefix(_VENDOR) if self.model.startswith(_VENDOR) else f"epd{self.model}"
            return VendorPanel(driver, self._clock, self._glass, upside_down=upside_down)
        return Panel213(
            Wires(self), REVISIONS[self.model], self._clock, upside_down=upside_down, power_off=self.power_off
        )
