"""The buttons that some HATs have, polled: kernels from 6.6 on refuse RPi.GPIO's edge detection.

A button connects its line with ground; the line is pulled up. Like those of the panel, lines are claimed once per
process.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from eink_monitor.displays.waveshare.wires import claimed, spoken
from eink_monitor.errors import DisplayError
from eink_monitor.finding import Finding, fault, good
from eink_monitor.settings import insist

NAMES = ("next", "home")
_SPI = range(7, 12)  # CE1, CE0, MISO, MOSI, SCLK


def check(pins: Mapping[str, int], taken: Collection[int]) -> None:
    """Refuse what cannot be wired. Raises ``ValueError``."""
    known = ", ".join(NAMES)
    unknown = ", ".join(name for name in pins if name not in NAMES)
    numbers = list(pins.values())
    insist(
        (not unknown, f"buttons: unknown button {unknown}; known are {known}"),
        (all(0 <= pin <= 27 for pin in numbers), "buttons are BCM numbers from 0 to 27"),
        (
            len(set(numbers)) == len(numbers) and not {*taken, *_SPI} & set(numbers),
            "buttons must be on pins of their own, not on those of the panel or of SPI (7 to 11)",
        ),
    )


class Buttons:
    """The buttons by their names, each at a BCM number."""

    def __init__(self, pins: Mapping[str, int]) -> None:
        self.pins = pins
        self._gpio: Any = None
        self._owner = 0
        self._down: frozenset[str] = frozenset()

    def claim(self) -> None:
        """Claim the lines, unless that is done. Raises ``DisplayError`` with the cure."""
        if self._gpio is not None:
            return

        def claim(gpio: Any, _: str, pin: int) -> None:  # noqa: ANN401 - a foreign module without types
            gpio.setup(pin, gpio.IN, pull_up_down=gpio.PUD_UP)

        gpio = claimed({f"button {name}": pin for name, pin in self.pins.items()}, claim)
        self._gpio, self._owner = gpio, os.getpid()

    def pressed(self) -> str:
        """The button that went down since the last look, or nothing; one that is held counts once.

        Raises ``DisplayError``.
        """
        self.claim()
        with spoken("the buttons cannot be read"):
            down = frozenset(name for name, pin in self.pins.items() if not self._gpio.input(pin))
        new, self._down = down - self._down, down
        return min(new, default="")

    def examine(self) -> Finding:
        """Whether their lines can be used; never raises."""
        try:
            self.claim()
        except DisplayError as error:
            return fault("buttons", error)
        return good("buttons", ", ".join(f"{name} {pin}" for name, pin in self.pins.items()))

    def close(self) -> None:
        """Give the lines back. Does nothing in a forked child. Never raises."""
        if self._owner != os.getpid():
            return
        gpio, self._gpio = self._gpio, None
        with suppress(Exception):  # leaving anyway
            if gpio is not None:
                gpio.cleanup(list(self.pins.values()))
