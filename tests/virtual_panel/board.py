"""The HAT: pins, power and SPI between a computer and the controller, on a clock that only moves when somebody waits.

A pin nobody drives is what its resistor makes it: RST high, PWR low, DC low. Reading BUSY costs no time; SPI costs
eight bits a byte at the bus's speed when ``spi_time`` is set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from eink_monitor.clock import Clock
from virtual_panel.controller import Controller
from virtual_panel.lint import Kind
from virtual_panel.uc_controller import UcController

RST, DC, PWR, BUSY = "RST", "DC", "PWR", "BUSY"
RESTING = {RST: 1, DC: 0, PWR: 0}


@dataclass(slots=True)
class Faults:
    """What is broken; all of it may be set and cleared at any time.

    ``busy`` is the level BUSY is stuck at (0: an absent panel). ``missing``, ``denied`` concern opening the SPI device,
    ``eio_after`` and ``short_after`` the number of SPI bytes after which a write fails once (then cleared).
    ``claimed`` are BCM numbers of lines somebody else holds; ``gpio_denied`` is a user without rights to GPIO;
    ``cut_after`` cuts the power that many seconds into the next display update (then cleared).
    """

    busy: int | None = None
    missing: bool = False
    denied: bool = False
    eio_after: int | None = None
    short_after: int | None = None
    claimed: set[int] = field(default_factory=set)
    gpio_denied: bool = False
    cut_after: float | None = None


class Board:
    """The wires. ``supply`` says where the panel's power comes from: "pin" (PWR, HAT rev 2.3), "always", or "reset"
    (older HATs, where RST low also cuts the power).
    """

    def __init__(
        self, controller: Controller | UcController, clock: Clock, *, supply: str = "pin", spi_time: bool = True
    ) -> None:
        self.controller = controller
        self.clock = clock
        self.faults = Faults()
        self.supply = supply
        self.spi_time = spi_time
        self.levels = dict(RESTING)
        self.bytes_received = 0
        self.recorders: list[Callable[[float, str, bytes], None]] = []
        self._cut = False
        self._cut_at: float | None = None
        self._powered = supply != "pin"
        self._was_reset = False
        self._calm_since = 0.0
        self._awake_told = False

    @property
    def now(self) -> float:
        """Seconds, monotonic."""
        return self.clock.monotonic()

    @property
    def powered(self) -> bool:
        """Whether the controller has power."""
        self.settle()
        return self._powered

    def set_pin(self, name: str, level: int) -> None:
        """Drive RST, DC or PWR."""
        self._record(name, bytes([level]))
        self.settle()
        before, self.levels[name] = self.levels[name], level
        if before == level:
            return
        self._judge_power(self.now)
        if name == RST and self._powered:
            if level:
                self.controller.wake(self.now)
            else:
                self.controller.reset(self.now)
                self._was_reset = True
        self._stir()

    def busy(self) -> int:
        """The level of the BUSY line; without power it rests low."""
        self.settle()
        if self.faults.busy is not None:
            return self.faults.busy
        return int(self._powered and self.controller.busy(self.now))

    def spi(self, data: bytes, speed_hz: int) -> None:
        """Shift bytes out to the panel, MSB first; D/C# is sampled with them."""
        if self.spi_time and speed_hz:
            self.clock.wait(len(data) * 8 / speed_hz)
        self._record("SPI", data)
        self.settle()
        self.bytes_received += len(data)
        is_data = bool(self.levels[DC])
        what = f"{len(data)} data bytes" if is_data else f"command {data.hex()}"
        lint = self.controller.lint
        if self.faults.busy == 0:
            return  # nobody there to hear or to complain
        if not self._powered:
            lint.add(self.now, Kind.UNPOWERED, what)
        elif not self.levels[RST]:
            lint.add(self.now, Kind.IN_RESET, what)
        else:
            if not self._was_reset:
                lint.add(self.now, Kind.NO_RESET, what)
            self._hear(data, is_data=is_data)

    def _hear(self, data: bytes, *, is_data: bool) -> None:
        before = self.controller.refreshing
        self.controller.receive(self.now, data, is_data=is_data)
        if self.controller.refreshing and not before and self.faults.cut_after is not None:
            self._cut_at, self.faults.cut_after = self.now + self.faults.cut_after, None
        self._stir()

    def cut_power(self) -> None:
        """Somebody pulls the plug; glass keeps what it has."""
        self.settle()
        self._cut = True
        self._judge_power(self.now)

    def restore_power(self) -> None:
        """The plug is back."""
        self._cut, self._cut_at = False, None
        self._judge_power(self.now)

    def settle(self) -> None:
        """Catch up with the clock: power cuts, updates that ended, a panel left awake."""
        now = self.now
        if self._cut_at is not None and now >= self._cut_at:
            at, self._cut_at = self._cut_at, None
            self._cut = True
            self._judge_power(at)
        self.controller.settle(now)
        self._judge_rest(now)

    def _judge_power(self, at: float) -> None:
        source = {"pin": self.levels[PWR], "reset": self.levels[RST], "always": 1}[self.supply]
        powered = bool(source) and not self._cut
        if powered == self._powered:
            return
        self._powered = powered
        if powered:
            self._was_reset = self.supply == "reset" or not self.levels[RST]
        else:
            self.controller.lose_power(at)

    def _judge_rest(self, now: float) -> None:
        """Powered, not in deep sleep, and nobody speaks: the voltage eats the panel."""
        lint = self.controller.lint
        if not self._powered or self.controller.asleep or not self._was_reset:
            self._calm_since = now
            self._awake_told = False
        elif not self._awake_told and now - max(self._calm_since, self.controller.until) > lint.rules.awake:
            self._awake_told = True
            lint.add(now, Kind.AWAKE, f"for {now - self._calm_since:.0f} s, powered and not in deep sleep")

    def _stir(self) -> None:
        self._calm_since, self._awake_told = self.now, False

    def _record(self, wire: str, data: bytes) -> None:
        for recorder in self.recorders:
            recorder(self.now, wire, data)
