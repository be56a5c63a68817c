"""The virtual panel as a test uses it: a panel of one revision on its clock, with the modules that reach it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import NamedTuple

from eink_monitor.clock import Clock, FastClock
from virtual_panel.board import BUSY, DC, PWR, RST, Board, Faults
from virtual_panel.chip import Chip
from virtual_panel.controller import Controller
from virtual_panel.fake_gpio import Gpio
from virtual_panel.fake_spidev import Bus
from virtual_panel.glass import Glass
from virtual_panel.il3820 import IL3820
from virtual_panel.il3897 import IL3897
from virtual_panel.lint import Finding, Kind, Lint, Refresh, Rules
from virtual_panel.policy import Policy
from virtual_panel.process import Owner
from virtual_panel.ssd1680 import SSD1680, SSD1680_RED
from virtual_panel.ssd1683 import SSD1683
from virtual_panel.uc81xx import EK79652, FOUR_COLOURS, UC8151, UC8176, UC8179, Uc81xx
from virtual_panel.uc_controller import UcController


class Wired(NamedTuple):
    """A chip, and the columns and rows of the glass it is bonded to."""

    chip: Chip | Uc81xx
    columns: int
    rows: int


PANELS = {
    "2in13_V2": Wired(IL3897, 122, 250),
    "2in13_V3": Wired(SSD1680, 122, 250),
    "2in13_V4": Wired(SSD1680, 122, 250),
    "2in13b_V4": Wired(SSD1680_RED, 122, 250),
    "2in13g": Wired(FOUR_COLOURS, 122, 250),
    "2in13b_V3": Wired(UC8151, 104, 212),
    "2in13bc": Wired(UC8151, 104, 212),
    "2in13d": Wired(UC8151, 104, 212),
    "2in7": Wired(EK79652, 176, 264),
    "2in7_V2": Wired(SSD1680, 176, 264),
    "2in7b": Wired(EK79652, 176, 264),
    "2in7b_V2": Wired(SSD1680_RED, 176, 264),
    "2in9": Wired(IL3820, 128, 296),
    "2in9_V2": Wired(SSD1680, 128, 296),
    "2in9b_V3": Wired(UC8151, 128, 296),
    "2in9b_V4": Wired(SSD1680_RED, 128, 296),
    "2in9bc": Wired(UC8151, 128, 296),
    "2in9d": Wired(UC8151, 128, 296),
    "4in2": Wired(UC8176, 400, 300),
    "4in2_V2": Wired(SSD1683, 400, 300),
    "7in5_V2": Wired(UC8179, 800, 480),
    "7in5b_V2": Wired(UC8179, 800, 480),
}
START = 1_780_000_000  # a day in 2026
PINS = {17: RST, 25: DC, 24: BUSY, 18: PWR}


class VirtualPanel:
    """A panel of the given model on a HAT, and the computer's SPI and GPIO that lead to it.

    ``supply`` is "pin", "always" or "reset" (see ``Board``); ``pins`` maps BCM numbers to RST, DC, BUSY and PWR.
    """

    def __init__(
        self,
        model: str,
        clock: Clock | None = None,
        *,
        policy: Policy | None = None,
        rules: Rules | None = None,
        supply: str = "pin",
        spi_time: bool = True,
        lgpio: bool = False,
        pins: dict[int, str] | None = None,
        node: tuple[int, int] = (0, 0),
        seed: int = 0,
    ) -> None:
        self.model = model
        self.clock: Clock = clock or FastClock(START)
        self.policy = policy or Policy()
        self.lint = Lint(rules or Rules())
        chip, *size = PANELS[model]
        self.glass = Glass(*size)
        self.board = Board(self._bonded(chip, seed), self.clock, supply=supply, spi_time=spi_time)
        self.owner = Owner()
        self.bus = Bus(self.board, self.owner, bus=node[0], device=node[1])
        self.gpio = Gpio(self.board, self.owner, pins or PINS, lgpio=lgpio)

    def _bonded(self, chip: Chip | Uc81xx, seed: int) -> Controller | UcController:
        if isinstance(chip, Uc81xx):
            return UcController(chip, self.glass, self.lint, self.policy, seed)
        return Controller(chip, self.glass, self.lint, self.policy, seed)

    @property
    def controller(self) -> Controller:
        """The chip, where it is one of the SSD16xx family."""
        assert isinstance(self.board.controller, Controller)
        return self.board.controller

    @property
    def faults(self) -> Faults:
        """What is broken; set its fields."""
        return self.board.faults

    @property
    def findings(self) -> list[Finding]:
        """Everything the lint objects to up to now."""
        self.board.settle()
        self.lint.check_age(self.board.now)
        return self.lint.findings

    @property
    def kinds(self) -> set[Kind]:
        """The kinds of what was found."""
        return {finding.kind for finding in self.findings}

    @property
    def refreshes(self) -> Sequence[Refresh]:
        """The last display updates, oldest first."""
        self.board.settle()
        return self.lint.refreshes

    @property
    def asleep(self) -> bool:
        """In deep sleep, or without power: safe to leave alone."""
        self.board.settle()
        return bool(self.board.controller.asleep) or not self.board.powered

    def wrong(self, rows: bytes) -> int:
        """How many visible pixels differ from these glass rows (1 is white); grey ones are wrong."""
        self.board.settle()
        return self.glass.wrong(rows)

    @contextmanager
    def installed(self, *, without: Sequence[str] = ()) -> Iterator[VirtualPanel]:
        """Put ``spidev``, ``RPi`` and ``RPi.GPIO`` in ``sys.modules``; those named in ``without`` are not installed."""
        modules: dict[str, ModuleType | None] = {"lgpio": None, "spidev": self.bus.module(), **self.gpio.modules()}
        modules |= dict.fromkeys(without)
        before = {name: sys.modules[name] for name in modules if name in sys.modules}
        vars(sys)["modules"].update(modules)  # None is what makes an import fail
        try:
            yield self
        finally:
            for name in modules:
                sys.modules.pop(name, None)
            sys.modules.update(before)
