"""Stands where ``spidev`` stands; behaves as py-spidev 3.7's C source does, odd corners included."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from types import ModuleType
from typing import Self

from virtual_panel.board import Board
from virtual_panel.lint import Kind
from virtual_panel.process import Owner

BLOCK = 4096  # /sys/module/spidev/parameters/bufsiz, as it comes
FASTEST = 20_000_000  # SSD1680 r0.14, serial write
FIT = {"mode": (0, 3), "no_cs": (False,), "lsbfirst": (False,), "cshigh": (False,)}


class Bus:
    """The SPI devices of one computer: which exist, how often they were opened and closed."""

    def __init__(self, board: Board, owner: Owner, *, bus: int = 0, device: int = 0) -> None:
        self.board = board
        self.owner = owner
        self.node = (bus, device)
        self.opens = 0
        self.closes = 0

    @property
    def leaked(self) -> int:
        """File descriptors that nobody can close any more, or that are open now."""
        return self.opens - self.closes

    def module(self) -> ModuleType:
        """A module object to put in ``sys.modules``."""
        bus = self

        class Bound(SpiDev):
            def __init__(self, *node: int) -> None:
                super().__init__(bus)
                if node:
                    self.open(*node)

        Bound.__name__ = Bound.__qualname__ = "SpiDev"
        module = ModuleType("spidev")
        vars(module).update(SpiDev=Bound, __version__="3.7")
        return module

    def write(self, data: bytes, speed_hz: int) -> None:
        """One ``write`` system call, at most a block long."""
        self.owner.check("spidev write")
        if speed_hz > FASTEST:
            self.complain(f"{speed_hz / 1e6:g} MHz, {FASTEST / 1e6:g} at most")
        faults = self.board.faults
        if faults.eio_after is not None:
            if len(data) > faults.eio_after:
                kept, faults.eio_after = data[: faults.eio_after], None
                self._send(kept, speed_hz)
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            faults.eio_after -= len(data)
        if faults.short_after is not None:
            if len(data) > faults.short_after:
                kept, faults.short_after = data[: faults.short_after], None
                self._send(kept, speed_hz)
                raise SystemError(
                    "<method 'writebytes2' of 'spidev.SpiDev' objects> returned NULL without setting an exception"
                )
            faults.short_after -= len(data)
        self._send(data, speed_hz)

    def complain(self, what: str) -> None:
        """Note settings that the datasheet's timing does not allow."""
        self.board.controller.lint.add(self.board.now, Kind.BUS, what)

    def _send(self, data: bytes, speed_hz: int) -> None:
        if data:
            self.board.spi(data, speed_hz)


class SpiDev:
    """One ``spidev.SpiDev``; ``open`` does not close an earlier descriptor, just as the real one does not."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._open = False
        self._speed = 0
        self._settings = {"mode": 0, "bits_per_word": 0, "no_cs": False, "lsbfirst": False, "cshigh": False}

    def open(self, bus: int, device: int) -> None:
        """FileNotFoundError and PermissionError come from here."""
        self._bus.owner.check("spidev open")
        faults = self._bus.board.faults
        if faults.missing or (bus, device) != self._bus.node:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if faults.denied:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if self._bus.leaked:
            self._bus.board.controller.lint.add(
                self._bus.board.now, Kind.DOUBLE_OPEN, f"{self._bus.leaked} open already"
            )
        self._bus.opens += 1
        self._open = True
        self._speed = 125_000_000

    def open_path(self, path: str) -> None:
        """As ``open``, by the device's name."""
        bus, device = path.rpartition("spidev")[2].split(".")
        self.open(int(bus), int(device))

    def close(self) -> None:
        """Closing twice is fine."""
        if self._open and not self._bus.owner.foreign():
            self._bus.closes += 1
        self._open = False
        self._speed = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Not a real descriptor: there is no file."""
        return 1_000_000 if self._open else -1

    def writebytes(self, values: Iterable[int]) -> None:
        """At most a block; a list of numbers, of which the low eight bits count."""
        data = _cast(values)
        if len(data) > BLOCK:
            raise OverflowError(f"Argument list size exceeds {BLOCK} bytes.")
        self._write(data)

    def writebytes2(self, values: bytes | bytearray | memoryview | Iterable[int]) -> None:
        """Any length, in blocks; a buffer goes as it is, and an empty one is no error."""
        data = bytes(values) if isinstance(values, bytes | bytearray | memoryview) else _cast(values)
        for at in range(0, len(data), BLOCK):
            self._write(data[at : at + BLOCK])

    def xfer(self, values: Iterable[int], speed_hz: int = 0, delay_usecs: int = 0, bits: int = 0) -> list[int]:
        """Write, and read as many zeros: MISO is not wired."""
        data = _cast(values)
        if len(data) > BLOCK:
            raise OverflowError(f"Argument list size exceeds {BLOCK} bytes.")
        self._write(data, speed_hz)
        return [0] * len(data)

    xfer2 = xfer

    def xfer3(self, values: Iterable[int], speed_hz: int = 0, delay_usecs: int = 0, bits: int = 0) -> list[int]:
        """As ``xfer2``, in blocks."""
        data = _cast(values)
        for at in range(0, len(data), BLOCK):
            self._write(data[at : at + BLOCK], speed_hz)
        return [0] * len(data)

    def readbytes(self, n: int) -> list[int]:
        """Zeros: MISO is not wired."""
        self._require()
        return [0] * n

    def _write(self, data: bytes, speed_hz: int = 0) -> None:
        self._require()
        for name, fit in FIT.items():
            if self._settings[name] not in fit:
                self._bus.complain(f"{name} {self._settings[name]}")
        self._bus.write(data, speed_hz or self._speed)

    def _require(self) -> None:
        if not self._open:
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))

    @property
    def max_speed_hz(self) -> int:
        """The bus's clock."""
        return self._speed

    @max_speed_hz.setter
    def max_speed_hz(self, value: int) -> None:
        self._require()
        self._speed = value

    def __getattr__(self, name: str) -> int | bool:
        try:
            return self.__dict__["_settings"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: object) -> None:
        if name in self.__dict__.get("_settings", ()):
            self._require()
            self._settings[name] = value  # type: ignore[assignment]
        else:
            super().__setattr__(name, value)


def _cast(values: Iterable[int]) -> bytes:
    items = list(values)
    if not items:
        raise TypeError("Empty argument list.")
    for item in items:
        if not isinstance(item, int):
            raise TypeError(f"Non-Int/Long value in arguments: {id(item):x}.")
    return bytes(item & 0xFF for item in items)
