"""The controller behind the wires: decodes commands and data, keeps registers and RAM, runs the update sequence.

Time is an argument (seconds, monotonic), never read from a clock. BUSY is high from ``rise`` to ``until``; the chip is
occupied from the command on, so what arrives before BUSY is seen to rise is just as lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from virtual_panel.chip import ANY, Chip
from virtual_panel.glass import BITS, ROWS, STRIDE, Glass, pixels
from virtual_panel.lint import Kind, Lint, Refresh
from virtual_panel.ram import NEW, OLD, Address, Ram
from virtual_panel.waveform import Waveform, otp

ALL = (1 << BITS) - 1
# Seconds. Analog on and off from GxEPD2's measurements (73-96 ms and 136-230 ms); the rest are fair guesses.
CLOCK_ON, ANALOG_ON, LOAD, ANALOG_OFF, CLOCK_OFF, SOFT_RESET = 0.005, 0.080, 0.005, 0.140, 0.010, 0.002
HOT = 0x320  # 50 degrees, in sixteenths: above it the factory's table is the fast one
ROOM = 0x190
NEVER_MEASURED = 0x7FF


@dataclass(slots=True)
class Policy:
    """What no source settles, and what goes wrong inside; times in seconds.

    ``reset_restores``: RES# puts the registers back to their defaults. ``ping_pong``: after mode 2 with 0x37 F[6] the
    banks are swapped, or new is copied to old. ``source_shift``: without 0x21 B7 the glass shows RAM eight pixels on.
    ``rise``: how long after a command BUSY is seen high. ``deaf``: how long commands are lost after RES#. ``slow``: factor on every duration (2: double; 3: cold).
    """

    reset_restores: bool = False
    ping_pong: str = "swap"
    source_shift: bool = False
    rise: float = 0.0005
    deaf: float = 0.002
    slow: float = 1.0


@dataclass(slots=True)
class Update:
    """A display update under way; the pixels reach their colour when it ends."""

    ends: float
    waveform: Waveform
    old: int
    new: int
    scanned: int
    swap: bool
    refresh: Refresh


@dataclass(slots=True)
class Controller:
    """One chip with its glass."""

    chip: Chip
    glass: Glass
    lint: Lint
    policy: Policy
    seed: int = 0
    ram: Ram = field(init=False)
    registers: dict[int, bytearray] = field(init=False)
    waveform: Waveform | None = None
    asleep: int = 0  # deep sleep mode, 0 awake
    analog: bool = False
    clock: bool = False
    rise: float = 0.0
    until: float = 0.0
    update: Update | None = None
    _command: int | None = None
    _count: int = 0
    _temperature: int = NEVER_MEASURED
    _table_written: bool = False

    def __post_init__(self) -> None:
        self.ram = Ram(self.chip.stride, self.chip.rows, self.seed)
        self._default()

    # What the board does to it

    def lose_power(self, now: float) -> None:
        """Registers and RAM are gone; a refresh under way stays half done."""
        self._break_off(now, Kind.POWER_IN_REFRESH)
        self.ram.lose()
        self._default()
        self.asleep = 0
        self.until = 0.0

    def reset(self, now: float) -> None:
        """RES# went low: the only way out of deep sleep. RAM is kept, unless deep sleep 2 lost it before."""
        self._break_off(now, Kind.RESET_IN_REFRESH)
        if self.policy.reset_restores:
            self._default()
        self.asleep = 0
        self.analog = self.clock = False
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

    def settle(self, now: float) -> None:
        """Let an update that has come to its end take effect."""
        update = self.update
        if update is None or now < update.ends:
            return
        self.update = None
        driven, changed = self.glass.drive(update.waveform, update.old, update.new, update.scanned)
        self.glass.drive_border(self.registers[0x3C][0], update.waveform)
        if update.swap:
            self.ram.exchange() if self.policy.ping_pong == "swap" else self.ram.copy_new_to_old()
        start = update.refresh
        self.lint.refreshed(Refresh(start.at, start.kind, start.seconds, driven, changed))

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
            self._activate(now)
        elif code in (0x46, 0x47):
            self.lint.add(now, Kind.UNMODELLED, f"{code:02X} {self.chip.commands[code].name}")

    def _judge_length(self, now: float) -> None:
        command = self.chip.commands.get(self._command) if self._command is not None else None
        if command and command.length != ANY and self._count != command.length:
            what = f"{self._command:02X} {command.name}: {self._count} instead of {command.length}"
            self.lint.add(now, Kind.LENGTH, what)

    def _data(self, now: float, data: bytes) -> None:
        code = self._command
        if self.asleep:
            self.lint.add(now, Kind.ASLEEP, "data")
        elif self.occupied(now):
            self.lint.add(now, Kind.BUSY, "data")
        elif code is None:
            self.lint.add(now, Kind.NO_COMMAND, f"{len(data)} bytes")
        elif code in (0x24, 0x26):
            self._write_ram(now, NEW if code == 0x24 else OLD, data)
        elif code in self.registers:
            self._set(now, code, data)
        self._count += len(data)

    def _write_ram(self, now: float, bank: int, data: bytes) -> None:
        address = self._address
        if self._count <= address.size < self._count + len(data):
            self.lint.add(now, Kind.OVERFLOW, f"more than {address.size} bytes to {0x24 + 2 * bank:02X}")
        if missed := self.ram.write(bank, address, data):
            self.lint.add(now, Kind.OUTSIDE, f"{missed} of {len(data)} bytes at x={address.x} y={address.y}")
        self.registers[0x4E][0] = address.x
        self.registers[0x4F][:] = address.y.to_bytes(2, "little")

    def _set(self, now: float, code: int, data: bytes) -> None:
        register = self.registers[code]
        taken = data[: max(0, len(register) - self._count)]
        register[self._count : self._count + len(taken)] = taken
        if not taken:
            return
        if code == 0x10 and taken[0] & 3:
            self._sleep(now, taken[0] & 3)
        elif code == 0x1A:
            self._temperature = int.from_bytes(register, "big") >> 4
        elif code == 0x32:
            self._table_written = True

    @property
    def _address(self) -> Address:
        x, y = self.registers[0x44], self.registers[0x45]
        return Address(
            x_start=x[0] & 0x3F,
            x_end=x[1] & 0x3F,
            y_start=int.from_bytes(y[:2], "little") & 0x1FF,
            y_end=int.from_bytes(y[2:], "little") & 0x1FF,
            x=self.registers[0x4E][0] & 0x3F,
            y=int.from_bytes(self.registers[0x4F], "little") & 0x1FF,
            mode=self.registers[0x11][0],
        )

    # What it does on its own

    def _default(self) -> None:
        """Registers as after power-on or 0x12; RAM is not touched."""
        self.registers = self.chip.defaults()
        self.waveform, self._table_written = None, False
        self._command, self._count = None, 0
        self.analog = self.clock = False
        self._temperature = NEVER_MEASURED

    def _occupy(self, now: float, seconds: float) -> None:
        self.rise, self.until = now + self.policy.rise, now + self.policy.rise + seconds * self.policy.slow

    def _sleep(self, now: float, mode: int) -> None:
        self.asleep = mode
        self.analog = self.clock = False
        if mode == 3:
            self.ram.lose()

    def _break_off(self, now: float, kind: Kind) -> None:
        self.settle(now)
        update, self.update = self.update, None
        if update is not None:
            self.glass.spoil(update.waveform, update.old, update.new, update.scanned)
            self.lint.add(now, kind, f"{update.ends - now:.3f} s before its end")

    def _activate(self, now: float) -> None:
        """Run the sequence of 0x22: clock, analog, temperature, table, display, analog off, clock off."""
        bits, seconds = self.registers[0x22][0], 0.0
        if bits & 0x80:
            self.clock, seconds = True, seconds + CLOCK_ON
        if bits & 0x40 and not self.analog:
            self.analog, seconds = True, seconds + ANALOG_ON
        if bits & 0x20:
            self._load_temperature(now)
            seconds += LOAD
        if bits & 0x10:
            self._load_table(2 if bits & 8 else 1)
            seconds += LOAD
        if bits & 0x04:
            seconds += self._display(now, seconds, bits)
        if bits & 0x02:
            self.analog, seconds = False, seconds + ANALOG_OFF
        if bits & 0x01:
            self.clock, seconds = False, seconds + CLOCK_OFF
        self._occupy(now, seconds)
        if self.update is not None:
            self.update.ends = self.until

    def _load_temperature(self, now: float) -> None:
        if self.registers[0x18][0] == 0x80:
            self._temperature = ROOM
        else:
            self.lint.add(now, Kind.NO_SENSOR, "0x18 names the external sensor, and the HAT has none")

    def _load_table(self, mode: int) -> None:
        self.waveform = otp(mode, hot=self._temperature >= HOT) if self.chip.otp else None
        self._table_written = False

    def _display(self, now: float, before: float, bits: int) -> float:
        """Begin to move the ink; returns the seconds it takes."""
        if self._table_written:
            self.waveform = self.chip.lut(bytes(self.registers[0x32]), self.registers)
        waveform = self.waveform
        if waveform is None:
            self.lint.add(now, Kind.NO_WAVEFORM, f"22:{bits:02X}")
            return 0.0
        if not (self.analog and self.clock):
            self.lint.add(now, Kind.NO_DRIVE, f"22:{bits:02X}")
            return 0.0
        first = self._first_byte
        self._judge_banks(now, waveform, first)
        options = self.registers[0x21][0]
        new = self._option(options & 0xF, self._bank(NEW, first))
        old = self._option(options >> 4, self._bank(OLD, first))
        seconds = before + waveform.seconds
        refresh = Refresh(now, waveform.kind, seconds * self.policy.slow, 0, 0)
        self.update = Update(now + seconds, waveform, old, new, self._scanned, self._swaps(bits), refresh)
        return waveform.seconds

    @property
    def _first_byte(self) -> int:
        """Which byte of a RAM row the glass's first column is wired to: 0x21 B7 clear means S0, one byte further left."""
        options = self.registers[0x21]
        return 1 if self.policy.source_shift and len(options) > 1 and not options[1] & 0x80 else 0

    @property
    def _scanned(self) -> int:
        gates = (int.from_bytes(self.registers[0x01][:2], "little") & 0x1FF) + 1
        return ALL if gates >= ROWS else ALL ^ (1 << 8 * STRIDE * (ROWS - gates)) - 1

    def _swaps(self, bits: int) -> bool:
        if self.chip.ping_pong is None or not bits & 8:
            return False
        byte, bit = self.chip.ping_pong
        return bool(self.registers[0x37][byte] & bit)

    def _bank(self, bank: int, first: int) -> int:
        return pixels(self.ram.view(bank, first=first, width=STRIDE, rows=ROWS))

    @staticmethod
    def _option(option: int, bits: int) -> int:
        """Register 0x21: 4 bypasses the bank as 0, 8 inverts it."""
        return 0 if option == 4 else ALL ^ bits if option == 8 else bits

    def _judge_banks(self, now: float, waveform: Waveform, first: int) -> None:
        for bank in (NEW, OLD) if waveform.needs_old else (NEW,):
            missing = self.ram.known_view(bank, first=first, width=STRIDE, rows=ROWS).count(0)
            if missing:
                self.lint.add(now, Kind.UNWRITTEN, f"{0x24 + 2 * bank:02X}: {missing} bytes never written since power")
