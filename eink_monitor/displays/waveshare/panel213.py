"""The 122x250 panels of the 2.13" HAT: one refresh, from wake-up to deep sleep, that ends in the frame or in an error.

Every refresh starts from nothing: reset, software reset, every register, both banks of RAM in full. So it does not
matter what a reset restores or loses, nor what an interrupted refresh left behind; and a partial refresh is exact,
because the old bank (0x26) is what we know the glass to show, not what the controller happens to remember.
"""

from __future__ import annotations

from PIL import Image

from eink_monitor.clock import Clock
from eink_monitor.displays._models import resting
from eink_monitor.displays.waveshare.revisions import (
    ACTIVATE,
    DEEP_SLEEP,
    HEIGHT,
    RAM_NEW,
    RAM_OLD,
    RAM_X_COUNTER,
    RAM_Y_COUNTER,
    SW_RESET,
    UPDATE_SEQUENCE,
    WIDTH,
    Refresh,
    Revision,
)
from eink_monitor.displays.waveshare.wires import Wires
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame

_POWER_UP = 0.010  # datasheet, operation flow: 10 ms after power is supplied
_RESET_PULSE = 0.001  # the vendor's at partial refreshes; HATs up to revision 2.2 cut the power while RST is low
_RESET_DEADLINE = 2.0
_RISE_DEADLINE = 0.050  # BUSY rises within about 1 ms; anything sent earlier is ignored
_POLL = 0.001
_FAST_POLL = 0.0005
_SLEPT_THROUGH = 0.95  # of the shortest refresh of that kind so far: time in which BUSY need not be polled


def pack(frame: Frame, *, upside_down: bool = False) -> bytes:
    """A 250x122 frame as the panel's 250 rows of 16 bytes, 1 is white. Raises ``DisplayError`` for another size."""
    if (frame.width, frame.height) != (HEIGHT, WIDTH) or len(frame.bits) != (HEIGHT + 7) // 8 * WIDTH:
        found = f"{frame.width}x{frame.height} in {len(frame.bits)} bytes"
        raise DisplayError(f"a frame of {found} does not fit a panel of {HEIGHT}x{WIDTH}")
    turn = Image.Transpose.ROTATE_270 if upside_down else Image.Transpose.ROTATE_90
    return Image.frombytes("1", (HEIGHT, WIDTH), frame.bits).transpose(turn).tobytes()


class Panel213:
    """One panel. ``known`` is whether we know what it shows; ``driven`` whether the last refresh moved any ink."""

    def __init__(
        self, wires: Wires, revision: Revision, clock: Clock, *, upside_down: bool = False, power_off: bool = False
    ) -> None:
        self.wires = wires
        self._revision = revision
        self._clock = clock
        self._upside_down = upside_down
        self._power_off = power_off
        self._glass: bytes | None = None
        self._awake = False
        self._confirms_sleep = False
        self._cut = False
        self._shortest: dict[Refresh, float] = {}
        self.driven = False

    @property
    def known(self) -> bool:
        """Whether the next refresh may be partial."""
        return self._glass is not None

    def refresh(self, frame: Frame, *, partial: bool) -> None:
        """Show a frame and put the panel to sleep. Raises ``DisplayError``; then the panel is unpowered."""
        new = pack(frame, upside_down=self._upside_down)
        old = self._glass if partial else new
        if old is None:
            raise DisplayError("a partial refresh needs a full one before it")
        way = self._revision.partial if partial else self._revision.full
        self._glass, self.driven = None, False
        try:
            self._settle()
            self._wake()
            for code, data in (*self._revision.registers, *way.registers):
                self.wires.command(code, data)
            self._load(RAM_OLD, old)
            self._load(RAM_NEW, new)
            self._activate(way)
            asleep = self._rest()
        except DisplayError:
            self._awake = False
            self.wires.drop()
            raise
        self._glass = new if asleep else None

    def probe(self) -> None:
        """Check whether a panel answers, without a refresh. Raises ``DisplayError`` with the cause.

        Deep sleep keeps BUSY high and a reset takes it low again (SSD1680 datasheet r0.14, command 0x10).
        """
        try:
            self._settle()
            self._wake()
            asleep = self._rest()
        except DisplayError:
            self._awake = False
            self.wires.drop()
            raise
        if not asleep:
            self.wires.drop()
            raise self._absent()

    def close(self) -> None:
        """Let a refresh under way finish, put the panel to sleep, release the wires. Never raises."""
        try:
            self._settle()
            if self._cut and not self.wires.foreign:  # an older HAT gets power back when RST is let go of
                self._wake()
                self._sleep()
        except DisplayError:
            self._awake = False  # nothing more can be done
        self.wires.close()

    def _settle(self) -> None:
        """An exception from outside (Ctrl-C) may have left a refresh running: await it and send the panel to sleep."""
        if self._awake and not self.wires.foreign:
            self._idle(self._revision.full.deadline, "the end of the last refresh")
            self._sleep()

    def _wake(self) -> None:
        self.wires.open()
        self._awake, self._cut = True, False
        if not self.wires.powered:
            self.wires.power(on=True)
            self._clock.wait(_POWER_UP)
        self.wires.reset(active=True)
        self._clock.wait(_RESET_PULSE)
        self.wires.reset(active=False)
        self._recover("a reset")
        self.wires.command(SW_RESET)
        self._recover("a software reset")

    def _recover(self, after: str) -> None:
        """Await the end of a reset. Where BUSY is not seen to rise the pulse was too short to see, and is over."""
        self._until(True, _RISE_DEADLINE, _FAST_POLL)
        self._idle(_RESET_DEADLINE, after, step=_FAST_POLL)

    def _load(self, bank: int, rows: bytes) -> None:
        self.wires.command(RAM_X_COUNTER, b"\0")
        self.wires.command(RAM_Y_COUNTER, b"\0\0")
        self.wires.command(bank, rows)

    def _activate(self, way: Refresh) -> None:
        self.wires.command(UPDATE_SEQUENCE, bytes([way.sequence]))
        self.wires.command(ACTIVATE)
        self.driven = True
        if not self._until(True, _RISE_DEADLINE, _FAST_POLL):
            self.driven = False
            raise self._absent()
        start = self._clock.monotonic()
        usual = self._shortest.get(way)
        if usual:
            self._clock.wait(_SLEPT_THROUGH * usual)
        self._idle(way.deadline, "the start of a refresh", passed=self._clock.monotonic() - start)
        took = self._clock.monotonic() - start
        if took < way.shortest:
            raise DisplayError(
                f"the panel ended its refresh after {took:.2f} s, too early to be true: it lost power, or it is not a "
                f"2in13_{self._revision.name}; compare display.model with the sticker on its back"
            )
        if took > way.longest:
            raise DisplayError(
                f"the panel took {took:.0f} s for a refresh, not 2 to 4: it is a (B) or (G) board, with red or yellow "
                "ink and the same sticker, or far too cold",
                "look for that letter on the board; with a (B) set display.model to 2in13b_V4",
            )
        self._shortest[way] = min(took, usual or took)

    def _sleep(self) -> bool:
        """Deep sleep 1; whether BUSY confirmed it. Only a panel that has done so before is reported if it does not."""
        self.wires.command(DEEP_SLEEP, b"\x01")
        asleep = self._until(True, _RISE_DEADLINE, _FAST_POLL)
        if self._confirms_sleep and not asleep:
            raise DisplayError(
                "the panel does not go to sleep: it lost power during the refresh, or its cable is loose"
            )
        self._confirms_sleep = asleep
        self._awake = False
        return asleep

    def _rest(self) -> bool:
        asleep = self._sleep()
        if self._power_off:
            self.wires.power(on=False)
            self._cut = True
        return asleep

    def _idle(self, seconds: float, after: str, *, step: float = _POLL, passed: float = 0.0) -> None:
        if not self._until(False, seconds - passed, step):
            name = f"2in13_{self._revision.name}"
            raise DisplayError(
                f"the panel is still busy {seconds:.0f} s after {after} (BUSY stays high)",
                f"check that display.model {name} is what the sticker says{resting(name, 1)}, "
                "then the cable and the pins `busy` and `rst`",
            )

    def _until(self, level: bool, seconds: float, step: float) -> bool:
        end = self._clock.monotonic() + seconds
        while self.wires.busy() is not level:
            if self._clock.monotonic() >= end:
                return False
            self._clock.wait(step)
        return True

    def _absent(self) -> DisplayError:
        cure = "check that the HAT sits on its pins, the ribbon cable, and the pins `busy` and `pwr`"
        return DisplayError("no panel answers (BUSY never rises)", cure)
