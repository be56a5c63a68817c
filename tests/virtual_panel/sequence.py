"""What 0x20 starts: the steps that 0x22's bits ask for, how long they take, and the update of the glass at their end.

Bits (SSD1680 r0.14 0x22): 80 clock on, 40 analog on, 20 load temperature, 10 load table, 08 mode 2, 04 display,
02 analog off, 01 clock off.
"""

from __future__ import annotations

from dataclasses import dataclass

from virtual_panel.chip import Chip
from virtual_panel.glass import Glass, pixels
from virtual_panel.lint import Kind, Lint, Refresh
from virtual_panel.policy import Policy
from virtual_panel.ram import NEW, OLD, Ram
from virtual_panel.registers import Registers
from virtual_panel.waveform import Waveform

# Seconds. Analog on and off from GxEPD2's measurements (73-96 ms and 136-230 ms); the rest are fair guesses.
CLOCK_ON, ANALOG_ON, LOAD, ANALOG_OFF, CLOCK_OFF = 0.005, 0.080, 0.005, 0.140, 0.010
# Sixteenths of a degree: the factory's table is the fast one from 50 degrees on.
HOT, ROOM, NEVER_MEASURED = 0x320, 0x190, 0x7FF


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


class Sequencer:
    """Drives one glass from one RAM."""

    def __init__(self, chip: Chip, registers: Registers, ram: Ram, *, glass: Glass, lint: Lint, policy: Policy) -> None:
        self.chip = chip
        self.registers = registers
        self.ram = ram
        self.glass = glass
        self.lint = lint
        self.policy = policy
        self.update: Update | None = None
        self.temperature = NEVER_MEASURED
        self.table_written = False
        self._loaded: Waveform | None = None
        self._analog = self._clock = False

    def forget(self) -> None:
        """Power-on or 0x12: no table, no temperature, everything off."""
        self.temperature = NEVER_MEASURED
        self.table_written = False
        self._loaded = None
        self.switch_off()

    def switch_off(self) -> None:
        """RES# or deep sleep: clock and analog stop."""
        self._analog = self._clock = False

    def run(self, now: float) -> float:
        """Begin the sequence of 0x22; returns how long it keeps the chip occupied, at ``Policy.slow`` 1."""
        bits, seconds = self.registers[0x22][0], 0.0
        if bits & 0x80:
            self._clock, seconds = True, seconds + CLOCK_ON
        if bits & 0x40 and not self._analog:
            self._analog, seconds = True, seconds + ANALOG_ON
        if bits & 0x20:
            self._load_temperature(now)
            seconds += LOAD
        if bits & 0x10:
            self._loaded = self.chip.otp(2 if bits & 8 else 1, hot=self.temperature >= HOT) if self.chip.otp else None
            self.table_written = False
            seconds += LOAD
        if bits & 0x04:
            seconds += self._display(now, bits)
        if bits & 0x02:
            self._analog, seconds = False, seconds + ANALOG_OFF
        if bits & 0x01:
            self._clock, seconds = False, seconds + CLOCK_OFF
        return seconds

    def settle(self, now: float) -> None:
        """Let an update that has come to its end take effect."""
        update = self.update
        if update is None or now < update.ends:
            return
        self.update = None
        driven, changed = self.glass.drive(update.waveform, update.old, update.new, update.scanned)
        self.glass.drive_border(self.registers[0x3C][0], update.waveform)
        if update.swap and self.policy.ping_pong == "swap":
            self.ram.exchange()
        elif update.swap or self.chip.own_old:
            self.ram.copy_new_to_old()
        begun = update.refresh
        self.lint.refreshed(Refresh(begun.at, begun.kind, begun.seconds, driven, changed))

    def break_off(self, now: float, kind: Kind) -> None:
        """RES# or a power cut: an update under way stays half done."""
        self.settle(now)
        update, self.update = self.update, None
        if update is not None:
            self.glass.spoil(update.waveform, update.old, update.new, update.scanned)
            self.lint.add(now, kind, f"{update.ends - now:.3f} s before its end")

    def _load_temperature(self, now: float) -> None:
        if self.registers[0x18][0] == 0x80:
            self.temperature = ROOM
        else:
            self.lint.add(now, Kind.NO_SENSOR, "0x18 names the external sensor, and the HAT has none")

    def _display(self, now: float, bits: int) -> float:
        """Begin to move the ink; returns the seconds it takes. ``Update.ends`` is set by who knows when it ends."""
        waveform = self.chip.lut(bytes(self.registers[0x32])) if self.table_written else self._loaded
        if waveform is None or waveform.kind == "none":
            self.lint.add(now, Kind.NO_WAVEFORM, f"22:{bits:02X}")
            return waveform.seconds if waveform else 0.0
        if not (self._analog and self._clock):
            self.lint.add(now, Kind.NO_DRIVE, f"22:{bits:02X}")
            return 0.0
        for setting in self.registers.unmodelled:
            self.lint.add(now, Kind.UNMODELLED, setting)
        first = 1 if self.policy.source_shift and not self.registers.from_s8 else 0
        by_old = waveform.needs_old and not self.chip.own_old
        for bank in (NEW, OLD) if by_old else (NEW,):
            self._judge_bank(now, bank, first)
        options = self.registers[0x21][0]
        old = self._option(options >> 4, self._bits(OLD, first))
        if by_old and not waveform.coloured and (astray := self.glass.wrong_known(old)):
            self.lint.add(now, Kind.OUT_OF_STEP, f"{astray} pixels of 26")
        self.update = Update(
            ends=now,
            waveform=waveform,
            old=old,
            new=self._option(options & 0xF, self._bits(NEW, first)),
            scanned=self.registers.scanned,
            swap=bool(bits & 8) and self.registers.ping_pong,
            refresh=Refresh(now, waveform.kind, waveform.seconds * self.policy.slow, 0, 0),
        )
        return waveform.seconds

    def _bits(self, bank: int, first: int) -> int:
        return pixels(self.ram.view(bank, first=first, width=self.glass.stride, rows=self.glass.rows))

    def _judge_bank(self, now: float, bank: int, first: int) -> None:
        missing = self.ram.known_view(bank, first=first, width=self.glass.stride, rows=self.glass.rows).count(0)
        if missing:
            self.lint.add(now, Kind.UNWRITTEN, f"{0x24 + 2 * bank:02X}: {missing} bytes never written since power")

    def _option(self, option: int, bits: int) -> int:
        """Register 0x21: 4 bypasses the bank as 0, 8 inverts it."""
        if option == 4:
            return 0
        return self.glass.all ^ bits if option == 8 else bits
