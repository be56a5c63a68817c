"""The controller behind the wires: decodes commands and data, keeps registers and RAM, sleeps, is reset.

Time is an argument (seconds, monotonic), never read from a clock. BUSY is high from ``rise`` to ``until``; the chip is
occupied from the command on, so what arrives before BUSY is seen to rise is just as lost.
"""

from __future__ import annotations

from virtual_panel.chip import ANY, Chip
from virtual_panel.glass import Glass
from virtual_panel.lint import Kind, Lint
from virtual_panel.policy import Policy
from virtual_panel.ram import NEW, OLD, Ram
from virtual_panel.registers import Registers
from virtual_panel.sequence import Sequencer

SOFT_RESET = 0.002  # seconds; the datasheet's flow allows 10 ms
SLEEP_LOSING_RAM = 3


class Controller:
    """One chip with its glass."""

    def __init__(self, chip: Chip, glass: Glass, lint: Lint, policy: Policy, seed: int = 0) -> None:
        self.chip = chip
        self.lint = lint
        self.policy = policy
        self.ram = Ram(chip.stride, chip.rows, seed)
        self.registers = Registers(chip, glass)
        self.sequencer = Sequencer(chip, self.registers, self.ram, glass=glass, lint=lint, policy=policy)
        self.asleep = 0  # deep sleep mode as written, 0 awake
        self.rise = 0.0
        self.until = 0.0
        self._command: int | None = None
        self._count = 0

    # What the board does to it

    def lose_power(self, now: float) -> None:
        """Registers and RAM are gone; a refresh under way stays half done."""
        self.sequencer.break_off(now, Kind.POWER_IN_REFRESH)
        self.ram.lose()
        self._default()
        self.asleep = 0
        self.until = 0.0

    def reset(self, now: float) -> None:
        """RES# went low: the only way out of deep sleep. RAM is kept, unless deep sleep 2 lost it before."""
        self._judge_length(now)
        self.sequencer.break_off(now, Kind.RESET_IN_REFRESH)
        if self.policy.reset_restores:
            self._default()
        self.sequencer.switch_off()
        self.asleep = 0
        self._command = None
        self.until = 0.0

    def wake(self, now: float) -> None:
        """RES# went high again."""
        self._occupy(now, self.policy.deaf)

    def occupied(self, now: float) -> bool:
        """Whether commands are lost."""
        return now < self.until

    def busy(self, now: float) -> bool:
        """The BUSY line: high in deep sleep too."""
        return bool(self.asleep) or self.rise <= now < self.until

    @property
    def refreshing(self) -> bool:
        """Whether the ink is on its way."""
        return self.sequencer.update is not None

    def settle(self, now: float) -> None:
        """Let an update that has come to its end take effect."""
        self.sequencer.settle(now)

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
        elif self.occupied(now):
            self.lint.add(now, Kind.BUSY, f"command {code:02X}, {self.until - now:.3f} s too early")
        else:
            self._command = code
            self._obey(now, code)

    def _obey(self, now: float, code: int) -> None:
        if code not in self.chip.commands:
            self.lint.add(now, Kind.UNKNOWN, f"{code:02X} on {self.chip.name}")
        elif code == 0x12:
            self._default()
            self._command = code
            self._occupy(now, SOFT_RESET)
        elif code == 0x20:
            self._occupy(now, self.sequencer.run(now))
            if self.sequencer.update is not None:
                self.sequencer.update.ends = self.until
        elif code in (0x46, 0x47):
            self.lint.add(now, Kind.UNMODELLED, f"{code:02X} {self.chip.commands[code].name}")

    def _judge_length(self, now: float) -> None:
        code = self._command
        if code is None or code not in self.chip.commands:
            return
        command = self.chip.commands[code]
        if command.length not in (ANY, self._count):
            what = f"{code:02X} {command.name}: {self._count} instead of {command.length}"
            self.lint.add(now, Kind.LENGTH, what)

    def _data(self, now: float, data: bytes) -> None:
        code = self._command
        if self.asleep:
            self.lint.add(now, Kind.ASLEEP, "data")
        elif self.occupied(now):
            self.lint.add(now, Kind.BUSY, "data")
        elif code is None:
            self.lint.add(now, Kind.NO_COMMAND, "after a reset, or after a command that was lost")
        elif code in (0x24, 0x26):
            self._write_ram(now, NEW if code == 0x24 else OLD, data)
        elif code in self.registers:
            self._latch(code, self.registers.store(code, self._count, data))
        self._count += len(data)

    def _write_ram(self, now: float, bank: int, data: bytes) -> None:
        address = self.registers.address
        if self._count <= address.size < self._count + len(data):
            self.lint.add(now, Kind.OVERFLOW, f"more than {address.size} bytes to {0x24 + 2 * bank:02X}")
        if self.ram.write(bank, address, data):
            self.lint.add(now, Kind.OUTSIDE, f"{0x24 + 2 * bank:02X}, now at x={address.x} y={address.y}")
        self.registers.address = address

    def _latch(self, code: int, taken: bytes) -> None:
        if not taken:
            return
        if code == 0x10 and taken[0] & 3:
            self._sleep(taken[0] & 3)
        elif code == 0x1A:
            self.sequencer.temperature = int.from_bytes(self.registers[code], "big") >> 4
        elif code == 0x32:
            self.sequencer.table_written = True

    # What it does on its own

    def _default(self) -> None:
        """Registers as after power-on or 0x12; RAM is not touched."""
        self.registers.restore()
        self.sequencer.forget()
        self._command, self._count = None, 0

    def _occupy(self, now: float, seconds: float) -> None:
        self.rise = now + self.policy.rise
        self.until = self.rise + seconds * self.policy.slow

    def _sleep(self, mode: int) -> None:
        self.asleep = mode
        self.sequencer.switch_off()
        if mode == SLEEP_LOSING_RAM:
            self.ram.lose()
