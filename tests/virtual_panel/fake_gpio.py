"""Stands where ``RPi.GPIO`` stands, in two flavours: the classic RPi.GPIO 0.7.1 and rpi-lgpio on top of lgpio.

Edge detection always fails, as it does on every kernel since 6.6: who needs it must poll.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from types import ModuleType

from virtual_panel.board import BUSY, RESTING, Board
from virtual_panel.process import Owner

BOARD, BCM = 10, 11
OUT, IN = 0, 1
CONSTANTS = {"BOARD": BOARD, "BCM": BCM, "OUT": OUT, "IN": IN, "HIGH": 1, "LOW": 0, "PUD_OFF": 20, "PUD_DOWN": 21}
CONSTANTS |= {"PUD_UP": 22, "RISING": 31, "FALLING": 32, "BOTH": 33, "UNKNOWN": -1}
NO_MODE = "Please set pin numbering mode using GPIO.setmode(GPIO.BOARD) or GPIO.setmode(GPIO.BCM)"
IN_USE = "This channel is already in use, continuing anyway.  Use GPIO.setwarnings(False) to disable warnings."

Channels = int | Iterable[int]


class LgpioError(Exception):
    """``lgpio.error``: its text comes in quotes."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return repr(self.value)


LgpioError.__name__ = LgpioError.__qualname__ = "error"


class Gpio:
    """The lines of one computer. ``lines`` maps BCM numbers to the board's wires."""

    def __init__(self, board: Board, owner: Owner, lines: dict[int, str], *, lgpio: bool) -> None:
        self.board = board
        self.owner = owner
        self.lines = lines
        self.lgpio = lgpio
        self.mode: int | None = None
        self.directions: dict[int, int] = {}
        self.pressed: set[int] = set()  # lines that a button connects with ground
        self.pulls: dict[int, int] = {}
        self._warn = True

    def modules(self) -> dict[str, ModuleType]:
        """Module objects to put in ``sys.modules``: RPi, RPi.GPIO and, in its flavour, lgpio."""
        gpio, package = ModuleType("RPi.GPIO"), ModuleType("RPi")
        verbs = ("setmode", "getmode", "setwarnings", "setup", "output", "input", "cleanup", "gpio_function")
        vars(gpio).update(
            {verb: getattr(self, verb) for verb in verbs}, **CONSTANTS, VERSION="0.7.2" if self.lgpio else "0.7.1"
        )
        for edge in ("add_event_detect", "wait_for_edge"):
            vars(gpio)[edge] = self.no_edges
        vars(package).update(GPIO=gpio, __path__=[])
        modules = {"RPi": package, "RPi.GPIO": gpio}
        if self.lgpio:
            modules["lgpio"] = ModuleType("lgpio")
            vars(modules["lgpio"]).update(error=LgpioError)
        return modules

    def setmode(self, mode: int) -> None:
        """BCM, or BOARD, once."""
        if self.mode not in (None, mode):
            raise ValueError("A different mode has already been set!")
        self.mode = mode

    def getmode(self) -> int | None:
        """BCM, BOARD or None."""
        return self.mode

    def setwarnings(self, value: bool) -> None:
        """Whether a line in use is worth a warning."""
        self._warn = bool(value)

    def setup(self, channel: Channels, direction: int, pull_up_down: int = 20, initial: int | None = None) -> None:
        """Claim lines."""
        if self.mode is None:
            raise RuntimeError(NO_MODE)
        for line in _many(channel):
            self._claim(line)
            self.directions[line], self.pulls[line] = direction, pull_up_down
            if direction == OUT and initial is not None:
                self._drive(line, initial)

    def _claim(self, line: int) -> None:
        foreign = self.owner.foreign()
        faults = self.board.faults
        if faults.gpio_denied:
            raise (
                LgpioError("can not open gpiochip")
                if self.lgpio
                else RuntimeError("No access to /dev/mem.  Try running as root!")
            )
        if line in faults.claimed or foreign:
            if self.lgpio:
                raise LgpioError("GPIO busy")
            if self._warn:
                warnings.warn(IN_USE, RuntimeWarning, stacklevel=4)

    def output(self, channel: Channels, value: int | Iterable[int]) -> None:
        """Drive lines."""
        lines = _many(channel)
        values = [value] * len(lines) if isinstance(value, int) else list(value)
        for line, level in zip(lines, values, strict=True):
            self._own(line)
            if self.directions.get(line) != OUT:
                raise RuntimeError("The GPIO channel has not been set up as an OUTPUT")
            self._drive(line, level)

    def input(self, channel: int) -> int:
        """The level of a line."""
        self._own(channel)
        if channel not in self.directions:
            raise RuntimeError("You must setup() the GPIO channel first")
        wire = self.lines.get(channel)
        if wire is None:
            return int(self.pulls[channel] == CONSTANTS["PUD_UP"] and channel not in self.pressed)
        return self.board.busy() if wire == BUSY else self.board.levels[wire]

    def cleanup(self, channel: Channels | None = None) -> None:
        """Let lines go: they float to what their resistors make of them."""
        lines = list(self.directions) if channel is None else _many(channel)
        for line in lines:
            if self.directions.pop(line, None) is not None:
                self._own(line)
                wire = self.lines.get(line)
                if wire in RESTING:
                    self.board.set_pin(wire, RESTING[wire])
        if channel is None:
            self.mode = None

    def gpio_function(self, channel: int) -> int:
        """IN or OUT."""
        return self.directions.get(channel, IN)

    def no_edges(self, *_: object, **__: object) -> None:
        """What add_event_detect and wait_for_edge come to."""
        raise RuntimeError("Failed to add edge detection")

    def _own(self, line: int) -> None:
        if self.owner.foreign() and self.lgpio:
            raise LgpioError("GPIO busy")

    def _drive(self, line: int, level: int) -> None:
        wire = self.lines.get(line)
        if wire in RESTING and self.owner.mine():
            self.board.set_pin(wire, int(bool(level)))


def _many(channel: Channels) -> list[int]:
    return [channel] if isinstance(channel, int) else list(channel)
