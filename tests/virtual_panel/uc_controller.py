"""A controller of the UC81xx family behind the wires, as ``controller.Controller`` is one of the SSD16xx family."""

from __future__ import annotations

import random

from virtual_panel.glass import Glass, pixels
from virtual_panel.lint import Kind, Lint, Refresh
from virtual_panel.policy import Policy
from virtual_panel.uc81xx import (
    ANY,
    INTERVAL,
    PANEL,
    PLANE_1,
    PLANE_2,
    POWER_OFF,
    POWER_ON,
    REFRESH,
    RESOLUTION,
    SLEEP,
    STATUS,
    Uc81xx,
)
from virtual_panel.waveform import Waveform

SWITCH_ON, SWITCH_OFF = 0.080, 0.140  # seconds
CHECK_CODE = 0xA5
PLANES = {PLANE_1: 0, PLANE_2: 1}


class UcController:
    """One chip with its glass."""

    def __init__(self, chip: Uc81xx, glass: Glass, lint: Lint, policy: Policy, seed: int = 0) -> None:
        self.chip = chip
        self.glass = glass
        self.lint = lint
        self.policy = policy
        self.asleep = 0
        self.until = 0.0
        self._fall = 0.0
        self._noise = random.Random(seed)
        self._registers: dict[int, bytes] = {}
        self._command: int | None = None
        self._count, self._on = 0, False
        self._update: tuple[float, Waveform, int, int, Refresh] | None = None
        self.lose_power(0.0)

    # What the board does to it

    def lose_power(self, now: float) -> None:
        """Registers and planes are gone; a refresh under way stays half done."""
        self._break_off(now, Kind.POWER_IN_REFRESH)
        size = 2 * self.chip.size[0] // 8 * self.chip.size[1]
        self._planes = [bytearray(self._noise.randbytes(size)) for _ in PLANES]
        self._written = [0, 0]
        self._default()
        self.asleep, self.until = 0, 0.0

    def reset(self, now: float) -> None:
        """RES# went low."""
        self._judge_length(now)
        self._break_off(now, Kind.RESET_IN_REFRESH)
        if self.policy.reset_restores:
            self._default()
        self._command, self._on = None, False
        self.asleep, self.until = 0, 0.0

    def wake(self, now: float) -> None:
        """RES# went high again."""
        self._occupy(now, self.policy.deaf)

    def busy(self, now: float) -> bool:
        """The level of BUSY, which is low while the chip works."""
        return not self._fall <= now < self.until

    @property
    def refreshing(self) -> bool:
        """Whether the ink is on its way."""
        return self._update is not None

    def settle(self, now: float) -> None:
        """Let an update that has come to its end take effect."""
        if self._update is None or now < self._update[0]:
            return
        _, waveform, second, first, begun = self._update
        self._update = None
        driven, changed = self.glass.drive(waveform, second, first, self.glass.all)
        self.lint.refreshed(Refresh(begun.at, begun.kind, begun.seconds, driven, changed))

    # What comes over the wires

    def receive(self, now: float, data: bytes, *, is_data: bool) -> None:
        """Bytes with D/C# low are commands, one each; with D/C# high they belong to the last command."""
        self.settle(now)
        if is_data:
            self._data(now, data)
        else:
            for code in data:
                self._begin(now, code)

    def _begin(self, now: float, code: int) -> None:
        self._judge_length(now)
        self._command, self._count = None, 0
        if self.asleep:
            self.lint.add(now, Kind.ASLEEP, f"command {code:02X}")
        elif now < self.until:
            if code != STATUS:  # may be asked at any time
                self.lint.add(now, Kind.BUSY, f"command {code:02X}, {self.until - now:.3f} s too early")
        elif code not in self.chip.lengths:
            self.lint.add(now, Kind.UNKNOWN, f"{code:02X} on {self.chip.name}")
        else:
            self._command = code
            self._obey(now, code)

    def _obey(self, now: float, code: int) -> None:
        if code in {POWER_ON, POWER_OFF}:
            self._on = code == POWER_ON
            self._occupy(now, SWITCH_ON if self._on else SWITCH_OFF)
        elif code == REFRESH and self.chip.lengths[REFRESH] == (0,):
            self._refresh(now)
        elif code in PLANES:
            self._written[PLANES[code]] = 0

    def _judge_length(self, now: float) -> None:
        code = self._command
        if code is not None and not {ANY, self._count} & set(self.chip.lengths[code]):
            wanted = " or ".join(map(str, self.chip.lengths[code]))
            self.lint.add(now, Kind.LENGTH, f"{code:02X}: {self._count} instead of {wanted}")

    def _data(self, now: float, data: bytes) -> None:
        code = self._command
        if self.asleep:
            self.lint.add(now, Kind.ASLEEP, "data")
        elif now < self.until:
            self.lint.add(now, Kind.BUSY, "data")
        elif code is None:
            self.lint.add(now, Kind.NO_COMMAND, "after a reset, or after a command that was lost")
        elif code in PLANES:
            self._write(now, PLANES[code], data)
        else:
            before = self._registers.get(code, b"") if self._count else b""
            self._registers[code] = before + data
            if code == SLEEP and data[0] == CHECK_CODE:
                self.asleep, self._on = 1, False
            elif code == REFRESH:
                self._refresh(now)
        self._count += len(data)

    def _write(self, now: float, plane: int, data: bytes) -> None:
        at, room = self._written[plane], self._size()
        if at <= room < at + len(data):
            self.lint.add(now, Kind.OVERFLOW, f"more than {room} bytes to plane {plane + 1}")
        taken = data[: max(0, room - at)]
        self._planes[plane][at : at + len(taken)] = taken
        self._written[plane] = at + len(taken)

    # What it does on its own

    def _default(self) -> None:
        self._registers = {PANEL: b"\x0f", INTERVAL: bytes([self.chip.interval])}
        self._command, self._count, self._on = None, 0, False

    def _occupy(self, now: float, seconds: float) -> None:
        self._fall = now + self.policy.rise
        self.until = self._fall + seconds * self.policy.slow

    def _break_off(self, now: float, kind: Kind) -> None:
        self.settle(now)
        update, self._update = self._update, None
        if update is not None:
            self.glass.spoil(update[1], update[2], update[3], self.glass.all)
            self.lint.add(now, kind, f"{update[0] - now:.3f} s before its end")

    def _resolution(self) -> tuple[int, int]:
        """Columns and rows: of 0x61, the columns one byte or two."""
        said = self._registers.get(RESOLUTION)
        if said is None:
            return self.chip.size
        return int.from_bytes(said[:-2], "big"), int.from_bytes(said[-2:], "big")

    def _size(self) -> int:
        """Bytes of a plane; two bits a pixel where there are four colours."""
        columns, rows = self._resolution()
        return columns // 8 * rows * (2 if self.chip.four_colours else 1)

    def _refresh(self, now: float) -> None:
        if not self._on:
            self.lint.add(now, Kind.NO_DRIVE, "not powered on by 04")
            return
        waveform = self.chip.waveform(self._registers)
        if waveform.kind == "none":
            self.lint.add(now, Kind.NO_WAVEFORM, "the tables move nothing")
            return
        for plane in range(1 if self.chip.four_colours else 2):
            if self._written[plane] < self._size():
                lacking = self._size() - self._written[plane]
                self.lint.add(now, Kind.UNWRITTEN, f"plane {plane + 1}: {lacking} bytes not written")
        first, second = self._seen()
        seconds = waveform.seconds * self.policy.slow
        self._occupy(now, waveform.seconds)
        self._update = (self.until, waveform, second, first, Refresh(now, waveform.kind, seconds, 0, 0))

    def _seen(self) -> tuple[int, int]:
        """Both planes as the glass has them."""
        if not self.chip.four_colours:
            return self._on_glass(self._planes[0]), self._on_glass(self._planes[1])
        bits = "".join(f"{byte:08b}" for byte in self._planes[0][: self._size()])
        high, low = (int(half, 2).to_bytes(self._size() // 2, "big") for half in (bits[::2], bits[1::2]))
        return self._on_glass(low), self._on_glass(high)

    def _on_glass(self, plane: bytes | bytearray) -> int:
        """The pixels of a plane whose rows may be longer, or shorter, than those of the glass."""
        stride, wide = self._resolution()[0] // 8, self.glass.stride
        starts = range(0, stride * self.glass.rows, stride)
        return pixels(b"".join(bytes(plane[at : at + min(stride, wide)]).ljust(wide, b"\0") for at in starts))
