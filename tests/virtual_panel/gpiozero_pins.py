"""Stands where gpiozero's pin factory stands, for drivers that are written against gpiozero (the vendor's own).

gpiozero is real; only its pins are ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gpiozero import Device  # type: ignore[import-untyped]
from gpiozero.pins.mock import MockFactory, MockPin  # type: ignore[import-untyped]

from virtual_panel.bench import VirtualPanel
from virtual_panel.board import BUSY, RESTING


@contextmanager
def gpiozero_pins(panel: VirtualPanel) -> Iterator[None]:
    """gpiozero's devices drive this panel's wires while the context lasts."""
    gpio = panel.gpio

    class WiredPin(MockPin):  # type: ignore[misc]
        """A pin that reports its level to the board, and reads BUSY from it."""

        def _set_state(self, value: float) -> None:
            super()._set_state(value)
            wire = gpio.lines.get(self.info.name and int(self.info.name.removeprefix("GPIO")))
            if wire in RESTING:
                gpio.board.set_pin(wire, int(bool(value)))

        def _get_state(self) -> bool:
            wire = gpio.lines.get(int(self.info.name.removeprefix("GPIO")))
            return bool(gpio.board.busy()) if wire == BUSY else bool(self._state)

    before, Device.pin_factory = Device.pin_factory, MockFactory(pin_class=WiredPin)
    try:
        yield
    finally:
        Device.pin_factory.reset()
        Device.pin_factory = before
