"""What stands where spidev and RPi.GPIO stand behaves as they do."""

from __future__ import annotations

import errno
import importlib
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from virtual_panel import Kind, VirtualPanel
from virtual_panel.fake_gpio import LgpioError
from virtual_panel.fake_spidev import SpiDev


@contextmanager
def wired(*, lgpio: bool = False) -> Iterator[tuple[VirtualPanel, Any, Any]]:
    panel = VirtualPanel("2in13_V4", lgpio=lgpio)
    with panel.installed():
        spidev, gpio = importlib.import_module("spidev"), importlib.import_module("RPi.GPIO")
        yield panel, spidev, gpio


def opened(panel: VirtualPanel) -> SpiDev:
    device = SpiDev(panel.bus)
    device.open(0, 0)
    device.max_speed_hz = 4_000_000
    return device


def in_a_child(work: Callable[[], object]) -> str:
    """The name of what ``work`` raised in a forked child, or an empty string."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytest-xdist's threads; the child touches none of them
        pid = os.fork()
    if pid == 0:
        try:
            work()
        except Exception as error:  # noqa: BLE001 # whatever it was, its name goes up the pipe
            os.write(writer, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as answer:
        return answer.read()


def test_modules_come_and_go() -> None:
    before = {name: sys.modules.get(name) for name in ("spidev", "RPi", "RPi.GPIO", "lgpio")}
    with wired(lgpio=True) as (_, _, gpio):
        assert importlib.import_module("RPi").GPIO is gpio
        assert importlib.import_module("lgpio").error is LgpioError
    with wired(), pytest.raises(ImportError):
        importlib.import_module("lgpio")
    assert {name: sys.modules.get(name) for name in before} == before


def test_a_module_may_be_missing() -> None:
    with VirtualPanel("2in13_V4").installed(without=["spidev", "RPi.GPIO"]):
        for name in ("spidev", "RPi.GPIO"):
            with pytest.raises(ImportError):
                importlib.import_module(name)


def test_a_module_that_was_there_comes_back() -> None:
    with wired() as (_, outer, _):
        with wired() as (_, inner, _):
            assert inner is not outer
        assert sys.modules["spidev"] is outer


def test_bytes_are_cast_and_lists_judged_as_py_spidev_does() -> None:
    with wired() as (panel, _, _):
        seen: list[bytes] = []
        panel.board.recorders.append(lambda _now, wire, data: seen.append(data) if wire == "SPI" else None)
        device = opened(panel)
        device.writebytes([0x1FF, -1, 256])
        device.writebytes2([~0x0F])
        device.writebytes2(memoryview(b"ab"))
        device.writebytes2(b"")
        assert device.xfer([1, 2]) == [0, 0]
        assert device.xfer2((3,)) == [0]
        assert device.xfer3([4] * 5000) == [0] * 5000
        assert device.readbytes(3) == [0, 0, 0]
        assert seen[:5] == [b"\xff\xff\x00", b"\xf0", b"ab", b"\1\2", b"\3"]
        assert [len(block) for block in seen[5:]] == [4096, 904]
        for verb in (device.writebytes, device.writebytes2, device.xfer, device.xfer3):
            with pytest.raises(TypeError, match="Empty"):
                verb([])
            with pytest.raises(TypeError, match="Non-Int"):
                verb([1.5])  # type: ignore[list-item]
        for verb in (device.writebytes, device.xfer):
            with pytest.raises(OverflowError, match="4096"):
                verb([0] * 4097)
        device.writebytes2([0] * 8193)


def test_settings_and_a_closed_device() -> None:
    with wired() as (_, spidev, _):
        device = spidev.SpiDev()
        for verb in (lambda: device.writebytes([1]), lambda: setattr(device, "mode", 1), lambda: device.readbytes(1)):
            with pytest.raises(OSError, match="Bad file descriptor") as caught:
                verb()
            assert caught.value.errno == errno.EBADF
        assert device.fileno() == -1
        with spidev.SpiDev(0, 0) as device:
            device.mode, device.no_cs, device.max_speed_hz = 3, True, 10_000_000
            assert (device.mode, device.no_cs, device.max_speed_hz) == (3, True, 10_000_000)
            assert device.fileno() > 0
            with pytest.raises(AttributeError):
                _ = device.nonsense
        device.close()
        assert device.max_speed_hz == 0
        device.open_path("/dev/spidev0.0")
        with pytest.raises(FileNotFoundError):
            device.open(1, 0)


def test_opening_twice_leaks() -> None:
    with wired() as (panel, _, _):
        device = opened(panel)
        device.open(0, 0)
        device.close()
        assert (panel.bus.opens, panel.bus.closes, panel.bus.leaked) == (2, 1, 1)
        assert panel.kinds == {Kind.DOUBLE_OPEN}


@pytest.mark.parametrize(("setting", "value"), [("mode", 1), ("lsbfirst", True), ("no_cs", True), ("cshigh", True)])
def test_settings_the_chip_cannot_read_are_found(setting: str, value: int) -> None:
    with wired() as (panel, _, _):
        device = opened(panel)
        setattr(device, setting, value)
        device.writebytes([0x7F])
        assert (Kind.BUS, f"{setting} {value}") in {(finding.kind, finding.detail) for finding in panel.findings}


def test_a_bus_too_fast_for_the_chip_is_found() -> None:
    with wired() as (panel, _, _):
        device = opened(panel)
        device.max_speed_hz = 20_000_000
        device.writebytes([0x7F])
        assert Kind.BUS not in panel.kinds
        device.xfer2([0x7F], 25_000_000)
        assert Kind.BUS in panel.kinds
        device.mode = 3
        device.writebytes([0x7F])
        assert [finding.detail for finding in panel.findings if finding.kind is Kind.BUS] == ["25 MHz, 20 at most"]


def test_a_device_that_is_missing_or_denied() -> None:
    with wired() as (panel, spidev, _):
        panel.faults.missing = True
        with pytest.raises(FileNotFoundError):
            spidev.SpiDev(0, 0)
        panel.faults.missing, panel.faults.denied = False, True
        with pytest.raises(PermissionError):
            spidev.SpiDev(0, 0)
        assert panel.bus.opens == 0


@pytest.mark.parametrize(("fault", "error"), [("eio_after", OSError), ("short_after", SystemError)])
def test_a_write_that_fails_after_some_bytes(fault: str, error: type[Exception]) -> None:
    with wired() as (panel, _, _):
        device = opened(panel)
        setattr(panel.faults, fault, 105)
        device.writebytes2(bytes(100))
        with pytest.raises(error) as caught:
            device.writebytes2(bytes(10))
        assert not isinstance(caught.value, OSError) or caught.value.errno == errno.EIO
        assert panel.board.bytes_received == 105
        device.writebytes2(bytes(10))
        assert panel.board.bytes_received == 115


def test_gpio_rules() -> None:
    with wired() as (panel, _, gpio):
        with pytest.raises(RuntimeError, match="setmode"):
            gpio.setup(17, gpio.OUT)
        gpio.setmode(gpio.BCM)
        gpio.setmode(gpio.BCM)
        assert gpio.getmode() == gpio.BCM
        with pytest.raises(ValueError, match="different mode"):
            gpio.setmode(gpio.BOARD)
        with pytest.raises(RuntimeError, match="OUTPUT"):
            gpio.output(17, 1)
        with pytest.raises(RuntimeError, match="setup"):
            gpio.input(24)
        for edges in (gpio.add_event_detect, gpio.wait_for_edge):
            with pytest.raises(RuntimeError, match="edge detection"):
                edges(24, gpio.RISING)
        gpio.setup([17, 18], gpio.OUT, initial=gpio.HIGH)
        gpio.setup(24, gpio.IN, pull_up_down=gpio.PUD_DOWN)
        gpio.setup(5, gpio.OUT)
        gpio.output([17, 18, 5], [0, 1, 1])
        gpio.output((17,), True)
        assert [gpio.input(line) for line in (17, 18, 5, 24)] == [1, 1, 0, 0]
        panel.clock.wait(0.001)
        assert gpio.input(24) == 1  # deaf for a moment after the reset
        assert (gpio.gpio_function(17), gpio.gpio_function(24)) == (gpio.OUT, gpio.IN)
        assert panel.board.powered
        gpio.cleanup(18)
        assert panel.board.levels["PWR"] == 0
        gpio.output(17, 0)
        gpio.cleanup()
        assert panel.board.levels == {"RST": 1, "DC": 0, "PWR": 0}
        assert gpio.getmode() is None


def test_a_claimed_line_in_both_flavours() -> None:
    with wired(lgpio=True) as (panel, _, gpio):
        panel.faults.claimed.add(24)
        gpio.setmode(gpio.BCM)
        with pytest.raises(LgpioError, match="'GPIO busy'"):
            gpio.setup(24, gpio.IN)
    with wired() as (panel, _, gpio):
        panel.faults.claimed.add(24)
        gpio.setmode(gpio.BCM)
        with pytest.warns(RuntimeWarning, match="already in use"):
            gpio.setup(24, gpio.IN)
        gpio.setwarnings(False)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gpio.setup(24, gpio.IN)


@pytest.mark.parametrize("lgpio", [False, True])
def test_no_rights_to_gpio(lgpio: bool) -> None:
    with wired(lgpio=lgpio) as (panel, _, gpio):
        panel.faults.gpio_denied = True
        gpio.setmode(gpio.BCM)
        with pytest.raises(LgpioError if lgpio else RuntimeError, match="gpiochip" if lgpio else "/dev/mem"):
            gpio.setup(17, gpio.OUT)


def test_a_forked_child_is_refused_and_counted() -> None:
    with wired(lgpio=True) as (panel, spidev, gpio):
        gpio.setmode(gpio.BCM)
        gpio.setup(17, gpio.OUT)
        device = opened(panel)
        assert in_a_child(lambda: None) == ""
        assert panel.owner.foreign_uses == 0
        assert in_a_child(lambda: gpio.output(17, 0)) == "error: 'GPIO busy'"
        assert in_a_child(lambda: gpio.setup(17, gpio.OUT)) == "error: 'GPIO busy'"
        assert in_a_child(gpio.cleanup) == "error: 'GPIO busy'"
        assert "spidev write" in in_a_child(lambda: device.writebytes([1]))
        assert "spidev open" in in_a_child(lambda: spidev.SpiDev(0, 0))
        assert in_a_child(device.close) == ""
        assert panel.owner.foreign_uses == 6
        assert panel.board.levels["RST"] == 1


def test_the_classic_flavour_lets_a_child_do_harm_and_counts_it() -> None:
    with wired() as (panel, _, gpio):
        gpio.setmode(gpio.BCM)
        gpio.setwarnings(False)
        gpio.setup(17, gpio.OUT)
        assert in_a_child(lambda: gpio.output(17, 0)) == ""
        assert in_a_child(lambda: gpio.setup(17, gpio.OUT)) == ""
        assert panel.owner.foreign_uses == 2
