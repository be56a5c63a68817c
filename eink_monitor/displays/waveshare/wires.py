"""The panel's wires: bytes over ``spidev``, levels over the ``RPi.GPIO`` interface (RPi.GPIO itself, or rpi-lgpio).

Whatever those libraries raise becomes a ``DisplayError``. BUSY is polled, never watched for edges: kernels from 6.6 on
refuse RPi.GPIO's edge detection. SPI is opened once and closed once.

GPIO lines are claimed once per process and kept through faults: a poll child that happens to live holds copies of the
line descriptors, so that giving a line back and claiming it again would be refused by the kernel ("GPIO busy").
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from eink_monitor import places
from eink_monitor.errors import DisplayError
from eink_monitor.libraries import SERVICE
from eink_monitor.settings import insist

LIBRARIES = ("spidev", "RPi.GPIO")

_INSTALL = (
    'pip install "eink-monitor[pi]" (Pi 5: [pi5]), or apt install python3-spidev python3-rpi-lgpio '
    "(on a Debian without that: python3-rpi.gpio)"
)
_GROUPS = "sudo usermod -aG spi,gpio USER, then sign in again or restart the service"
_REFUSED = ("access", "permi", "can not open")  # RPi.GPIO and lgpio know no PermissionError


@dataclass(kw_only=True)
class Wiring:
    """Settings of a display: where it is plugged in (BCM numbers of the pins, the SPI device), and its speed in Hz."""

    rst: int = 17
    dc: int = 25
    busy: int = 24
    pwr: int = 18
    bus: int = 0
    device: int = 0
    speed: int = 4_000_000

    def __post_init__(self) -> None:
        """Refuse impossible wiring."""
        pins = self.pins()
        insist(
            (all(0 <= pin <= 27 for pin in pins.values()), "rst, dc, busy and pwr are BCM numbers from 0 to 27"),
            (len(set(pins.values())) == len(pins), "rst, dc, busy and pwr must be four different pins"),
            (
                100_000 <= self.speed <= 20_000_000,
                "speed must be 100000 to 20000000 (Hz): the controllers read at most 20 MHz",
            ),
            (min(self.bus, self.device) >= 0, "bus and device are the numbers in /dev/spidevBUS.DEVICE"),
        )

    def pins(self) -> dict[str, int]:
        """The pins by the names printed on the HAT."""
        return {"RST": self.rst, "DC": self.dc, "PWR": self.pwr, "BUSY": self.busy}

    @property
    def node(self) -> str:
        """The SPI device in the file system."""
        return f"/dev/spidev{self.bus}.{self.device}"


class Wires:
    """One panel's wires. ``powered`` tells whether PWR is high, as far as we drove it."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self._gpio: Any = None
        self._spi: Any = None
        self._owner = 0
        self._data = False
        self.powered = False

    def open(self) -> None:
        """Claim the lines and open SPI, unless that is done. Raises ``DisplayError`` with the cure."""
        self.claim()
        self.connect()

    def claim(self) -> None:
        """The first half of ``open``: the lines. Raises ``DisplayError``."""
        self._own()
        if self._gpio is None:
            self._gpio = self._claim()

    def connect(self) -> None:
        """The second half of ``open``: SPI. Raises ``DisplayError``."""
        self._own()
        if self._spi is None:
            self._spi = self._open_spi()

    def power(self, on: bool) -> None:
        """PWR and RST (which switches the power on older HATs) up or down; an unpowered panel is fed by no input."""
        levels = {"PWR": on, "RST": on, "DC": False}
        for name, level in levels.items():
            self._set(name, level)
        self._data, self.powered = False, on

    def reset(self, active: bool) -> None:
        """RST low while ``active``."""
        self._set("RST", not active)

    def busy(self) -> bool:
        """Whether BUSY is high."""
        with spoken(f"BUSY (GPIO {self.wiring.busy}) cannot be read"):
            return bool(self._gpio.input(self.wiring.busy))

    def command(self, code: int, data: bytes = b"") -> None:
        """One command byte (DC low), then its data (DC high) in one write, of at most 4096 bytes."""
        self._write(bytes([code]), data=False)
        if data:
            self._write(data, data=True)

    def drop(self) -> None:
        """After a fault: close SPI and take the power away; the lines stay ours. Never raises."""
        if self.foreign:
            return
        self._close_spi()
        try:
            if self._gpio is not None:
                self.power(on=False)
        except DisplayError:
            self._release()  # the lines themselves broke: claim them again
        self._data, self.powered = False, False

    def close(self) -> None:
        """Close SPI, power off, give the lines back. Does nothing in a forked child. Never raises.

        RST is let go of, not driven low: where PWR is not wired a reset would end the panel's deep sleep.
        """
        if self.foreign:
            return
        self._close_spi()
        with suppress(DisplayError):
            if self._gpio is not None:
                self._set("PWR", level=False)
        self._release()
        self._data, self.powered = False, False

    def _release(self) -> None:
        gpio, self._gpio = self._gpio, None
        with suppress(Exception):  # closing anyway
            if gpio is not None:
                gpio.cleanup(list(self.wiring.pins().values()))

    def _close_spi(self) -> None:
        spi, self._spi = self._spi, None
        with suppress(Exception):  # it may be broken already, which has been reported
            if spi is not None:
                spi.close()

    @property
    def foreign(self) -> bool:
        """Whether this is a process forked from the one that opened the wires."""
        return self._owner not in {0, os.getpid()}

    def _own(self) -> None:
        if self.foreign:
            raise DisplayError(f"the panel belongs to process {self._owner}; a process forked from it must not draw")
        self._owner = os.getpid()

    def _set(self, name: str, level: bool) -> None:
        pin = self.wiring.pins()[name]
        with spoken(f"{name} (GPIO {pin}) cannot be set"):
            self._gpio.output(pin, int(level))

    def _write(self, payload: bytes, *, data: bool) -> None:
        if data is not self._data:
            self._set("DC", data)
            self._data = data
        with spoken(f"{self.wiring.node}: a write failed, check that the HAT sits well on its pins"):
            self._spi.writebytes2(payload)

    def _claim(self) -> Any:  # noqa: ANN401 - a foreign module without types
        def claim(gpio: Any, name: str, pin: int) -> None:  # noqa: ANN401 - as above
            if name == "BUSY":  # pulled down, so that a panel that is not there reads as never busy
                gpio.setup(pin, gpio.IN, pull_up_down=gpio.PUD_DOWN)
            else:
                gpio.setup(pin, gpio.OUT, initial=int(name != "DC"))

        return claimed(self.wiring.pins(), claim)

    def _open_spi(self) -> Any:  # noqa: ANN401 - as above
        node = self.wiring.node
        spi = library(LIBRARIES[0]).SpiDev()
        try:
            with spoken(f"{node} cannot be opened"):
                spi.open(self.wiring.bus, self.wiring.device)
                spi.max_speed_hz = self.wiring.speed
                spi.mode = 0
        except DisplayError as error:
            with suppress(Exception):  # as above
                spi.close()
            if isinstance(error.__cause__, FileNotFoundError):
                cure = "enable it with sudo raspi-config nonint do_spi 0, then reboot"
                raise DisplayError(f"SPI is off ({node} does not exist)", cure) from error
            if isinstance(error.__cause__, PermissionError):
                raise DisplayError(f"{node} may not be used by this user", _GROUPS) from error
            raise
        return spi


@contextmanager
def spoken(sentence: str) -> Iterator[None]:
    """Turn whatever a library raises into a ``DisplayError`` with a sentence of ours."""
    try:
        yield
    except Exception as error:  # lgpio.error is a bare Exception, a short write in py-spidev a SystemError
        raise DisplayError(f"{sentence}: {_reason(error)}") from error


def claimed(pins: Mapping[str, int], claim: Callable[[Any, str, int], None]) -> Any:  # noqa: ANN401 - as above
    """The GPIO library, with all lines claimed or none: ``claim`` is called with it, a name and a pin.

    Raises ``DisplayError`` with the cure.
    """
    gpio = library(LIBRARIES[1])
    with spoken("GPIO cannot be used"):
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
    taken: list[int] = []
    try:
        for name, pin in pins.items():
            with claiming(name, pin):
                claim(gpio, name, pin)
            taken.append(pin)
    except DisplayError:
        with suppress(Exception):  # the first fault is the one to report
            gpio.cleanup(taken)
        raise
    return gpio


@contextmanager
def claiming(name: str, pin: int) -> Iterator[None]:
    """As ``spoken``, knowing how a claim of a GPIO line goes wrong."""
    try:
        with spoken(f"GPIO {pin} ({name}) cannot be claimed"):
            yield
    except DisplayError as error:
        said = str(error.__cause__).lower()
        if "busy" in said:
            cure = "gpioinfo names it; stop it, or give the panel other pins"
            raise DisplayError(f"GPIO {pin} ({name}) is held by another process", cure) from error
        if isinstance(error.__cause__, PermissionError) or any(word in said for word in _REFUSED):
            raise DisplayError(f"GPIO {pin} ({name}) may not be used by this user", _GROUPS) from error
        raise


def library(name: str) -> Any:  # noqa: ANN401 - as above
    """A library that the panel needs. Raises ``DisplayError`` with how to install it."""
    try:
        return import_module(name)
    except ImportError as error:
        raise DisplayError(f"{name} is missing", SERVICE if places.served() else _INSTALL) from error
    except Exception as error:  # RPi.GPIO: RuntimeError off a Pi, and on a Pi 5
        cure = "on a Pi 5 or a recent system replace RPi.GPIO by rpi-lgpio; elsewhere use display: {type: png}"
        raise DisplayError(f"{name} does not work on this machine ({_reason(error)})", cure) from error


def _reason(error: Exception) -> str:
    if isinstance(error, SystemError):
        return "it was cut short"  # py-spidev returns NULL without an exception after a short write
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error).rstrip("!.") or type(error).__name__
