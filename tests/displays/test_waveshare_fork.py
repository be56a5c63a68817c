"""A forked poll child never touches, closes or cleans up the daemon's SPI and GPIO."""

from __future__ import annotations

import atexit
import gc
import os
import warnings
from collections.abc import Callable
from functools import partial

import pytest

from eink_monitor.errors import DisplayError
from ink_bench import Mounted, mounted, scene


def in_a_child(work: Callable[[], bool]) -> bool:
    """Whether work went well in a forked child, which leaves as poll children do: by ``os._exit``."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytest and its plugins may have threads
        child = os.fork()
    if child == 0:
        well = False
        try:
            well = work()
        finally:
            os._exit(0 if well else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def refused(ink: Mounted) -> bool:
    """Whether the display refuses to draw here, naming its owner."""
    for verb in (partial(ink.display.show, scene(9), urgent=True), ink.display.clear, ink.display.probe):
        try:
            verb()
        except DisplayError as error:
            if str(os.getppid()) not in str(error):
                return False
        else:
            return False
    return True


def leave_in_every_way(ink: Mounted) -> bool:
    """All that a child may do to a display on its way out, exit handlers included."""
    ink.display.close()
    atexit._run_exitfuncs()
    ink.display._ink = None
    gc.collect()
    return True


@pytest.mark.parametrize("lgpio", [False, True], ids=["RPi.GPIO", "rpi-lgpio"])
@pytest.mark.parametrize("power_off", [False, True], ids=["sleeps", "power-off"])
def test_a_child_cannot_harm(lgpio: bool, power_off: bool) -> None:
    with mounted(lgpio=lgpio, power_off=power_off) as ink:
        assert ink.show(scene(1)) == 0
        assert in_a_child(lambda: refused(ink))
        assert in_a_child(lambda: leave_in_every_way(ink))
        assert ink.panel.owner.foreign_uses == 0
        assert ink.show(scene(2)) == 0
        assert ink.kinds() == ["full", "partial"]
        assert ink.panel.findings == []


def test_a_child_forked_from_a_refresh_under_way_does_not_finish_it() -> None:
    with mounted() as ink:
        ink.show(scene(1))
        assert in_a_child(lambda: close_awake(ink))
        assert ink.panel.owner.foreign_uses == 0
        assert ink.show(scene(2)) == 0


def close_awake(ink: Mounted) -> bool:
    """Close a display that believes its panel is awake."""
    panel = ink.display._ink
    vars(panel)["_awake"] = True
    ink.display.close()
    return True


@pytest.mark.parametrize("lgpio", [False, True], ids=["RPi.GPIO", "rpi-lgpio"])
def test_a_fault_while_a_child_lives_claims_no_line_again(lgpio: bool) -> None:
    """The child's copy of a line keeps it taken: giving it back and asking again would end in "GPIO busy"."""
    with mounted(lgpio=lgpio) as ink:
        ink.show(scene(1))
        ink.panel.clock.wait(200)
        ink.panel.faults.eio_after = 500
        with pytest.raises(DisplayError):
            ink.display.show(scene(2))
        assert set(ink.panel.gpio.directions) == {17, 18, 24, 25}
        ink.panel.faults.claimed = {17, 18, 24, 25}  # whoever asks now is refused
        assert ink.show(scene(2)) == 0


def test_in_the_virtual_computer_a_child_that_does_touch_is_noticed() -> None:
    with mounted(lgpio=True) as ink:
        ink.show(scene(1))
        wires = vars(ink.display._ink)["wires"]
        in_a_child(lambda: bool(wires._spi.writebytes2(b"\0")))
        assert ink.panel.owner.foreign_uses > 0
