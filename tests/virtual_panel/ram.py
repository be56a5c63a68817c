"""The controller's display RAM: two banks, a window, two address counters (datasheet SSD1680 r0.14, 0x11, 0x44-0x4F).

A byte holds eight pixels along X. ``known`` says per byte whether it was written since power came; until then it holds
noise, as real RAM does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

NEW, OLD = 0, 1  # banks 0x24 and 0x26


@dataclass(slots=True)
class Address:
    """Window and counters: X in bytes, Y in rows. ``mode`` is register 0x11: bit 0 X up, bit 1 Y up, bit 2 Y first."""

    x_start: int
    x_end: int
    y_start: int
    y_end: int
    x: int = 0
    y: int = 0
    mode: int = 3

    @property
    def size(self) -> int:
        """Bytes in the window."""
        return (abs(self.x_end - self.x_start) + 1) * (abs(self.y_end - self.y_start) + 1)

    def inside(self) -> bool:
        """Whether the counters point into the window."""
        across = min(self.x_start, self.x_end) <= self.x <= max(self.x_start, self.x_end)
        return across and min(self.y_start, self.y_end) <= self.y <= max(self.y_start, self.y_end)

    def step(self) -> None:
        """Advance by one byte: the first axis turns over at the window's end and moves the second one on."""
        if self.mode & 4:
            if self._step_y():
                self._step_x()
        elif self._step_x():
            self._step_y()

    def _step_x(self) -> bool:
        if self.x == self.x_end:
            self.x = self.x_start
            return True
        self.x = (self.x + (1 if self.mode & 1 else -1)) & 0x3F
        return False

    def _step_y(self) -> bool:
        if self.y == self.y_end:
            self.y = self.y_start
            return True
        self.y = (self.y + (1 if self.mode & 2 else -1)) & 0x1FF
        return False


class Ram:
    """Two banks of ``rows`` rows of ``stride`` bytes."""

    def __init__(self, stride: int, rows: int, seed: int) -> None:
        self.stride = stride
        self.rows = rows
        self._noise = random.Random(seed)
        self.lose()

    def lose(self) -> None:
        """Power went: noise in both banks, and nothing known."""
        size = self.stride * self.rows
        self.banks = [bytearray(self._noise.randbytes(size)) for _ in (NEW, OLD)]
        self.known = [bytearray(size) for _ in (NEW, OLD)]

    def write(self, bank: int, address: Address, data: bytes) -> int:
        """Write ``data`` at the counters and move them; returns how many bytes fell outside window or RAM."""
        done = missed = 0
        while done < len(data):
            run = min(len(data) - done, self._run(address))
            if run:
                start = address.y * self.stride + address.x
                self.banks[bank][start : start + run] = data[done : done + run]
                self.known[bank][start : start + run] = b"\1" * run
                address.x += run - 1
                done += run
            else:
                missed += self._write_byte(bank, address, data[done])
                done += 1
            address.step()
        return missed

    def _run(self, address: Address) -> int:
        """How many bytes from the counter to the end of this row can be written as one slice; 0 for byte by byte."""
        forward = address.mode & 5 == 1
        if forward and address.x <= address.x_end < self.stride and address.y < self.rows and address.inside():
            return address.x_end - address.x + 1
        return 0

    def _write_byte(self, bank: int, address: Address, byte: int) -> int:
        if address.x < self.stride and address.y < self.rows:
            at = address.y * self.stride + address.x
            self.banks[bank][at] = byte
            self.known[bank][at] = 1
            return 0 if address.inside() else 1
        return 1

    def view(self, bank: int, *, first: int, width: int, rows: int) -> bytes:
        """What the glass is wired to: ``width`` bytes from byte ``first`` of each of the first ``rows`` rows."""
        return self._cut(self.banks[bank], first, width, rows)

    def known_view(self, bank: int, *, first: int, width: int, rows: int) -> bytes:
        """As ``view``: 1 where a byte was written since power came."""
        return self._cut(self.known[bank], first, width, rows)

    def _cut(self, store: bytearray, first: int, width: int, rows: int) -> bytes:
        end, stride = first + width, self.stride
        return b"".join([store[at + first : at + end] for at in range(0, rows * stride, stride)])

    def exchange(self) -> None:
        """RAM ping-pong (0x37 F[6]): what was new is old now."""
        self.banks.reverse()
        self.known.reverse()

    def copy_new_to_old(self) -> None:
        """The other reading of ping-pong: old becomes what new is, new stays."""
        self.banks[OLD][:] = self.banks[NEW]
        self.known[OLD][:] = self.known[NEW]
