"""What the way to the ink costs: our own CPU time, the writes, and the time added to the panel's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median
from types import ModuleType

from eink_monitor.clock import stopwatch
from eink_monitor.displays.waveshare.panel213 import pack
from eink_monitor.displays.waveshare.revisions import RAM_NEW, RAM_OLD, REVISIONS
from eink_monitor.displays.waveshare.wires import Wires, Wiring
from eink_monitor.model.frame import Frame
from ink_bench import MODELS, golden, mounted

_TRIES = 7
_LARGE = 200  # bytes; only a bank is longer


def measure() -> dict[str, float]:
    """Milliseconds (CPU of this machine; added: of the panel's clock at 4 MHz) and writes, over the golden images."""
    frames = golden()
    writes, added = zip(*(one for model in MODELS for one in _refreshes(model, frames[:10])), strict=True)
    with _silent_wires() as wires:
        sending = [_took(partial(_send, wires, frame)) for frame in frames]
    return {
        "ink_pack_cpu_ms": median(_took(partial(pack, frame)) for frame in frames),
        "ink_pack_and_send_cpu_ms": median(sending),
        "ink_writes_per_bank": max(writes),
        "ink_added_ms": 1000 * max(added),
    }


def _took(work: Callable[[], object]) -> float:
    """Milliseconds at best."""
    times = []
    for _ in range(_TRIES):
        began = stopwatch()
        work()
        times.append(stopwatch() - began)
    return 1000 * min(times)


def _send(wires: Wires, frame: Frame) -> None:
    """All that a partial refresh of a V3 (with the longest registers) sends but for its waits."""
    rows = pack(frame)
    revision = REVISIONS["2in13_V3"]
    for code, data in (*revision.registers, *revision.partial.registers, (RAM_OLD, rows), (RAM_NEW, rows)):
        wires.command(code, data)


def _refreshes(model: str, frames: list[Frame]) -> Iterator[tuple[float, float]]:
    """Writes per bank, and seconds before and after the panel's own refresh, of each refresh on the virtual panel."""
    with mounted(model) as ink:
        ink.show(frames[0])
        for frame in frames[1:]:
            ink.panel.clock.wait(ink.display.ready_in())
            sizes: list[int] = []
            ink.panel.board.recorders[:] = [partial(_note, sizes)]
            start = ink.panel.clock.monotonic()
            ink.display.show(frame)
            end = ink.panel.clock.monotonic()
            own = ink.panel.controller.until - ink.panel.refreshes[-1].at
            yield sum(size > _LARGE for size in sizes) / 2, end - start - own


def _note(sizes: list[int], _at: float, wire: str, data: bytes) -> None:
    if wire == "SPI":
        sizes.append(len(data))


@contextmanager
def _silent_wires() -> Iterator[Wires]:
    """Wires over libraries that do nothing, so that only our own work is measured."""
    spidev, package, gpio = ModuleType("spidev"), ModuleType("RPi"), ModuleType("RPi.GPIO")
    vars(spidev)["SpiDev"] = _Silence
    vars(package).update(GPIO=gpio, __path__=[])
    verbs = ("setwarnings", "setmode", "setup", "output", "input", "cleanup")
    vars(gpio).update(dict.fromkeys(verbs, _nothing), BCM=11, OUT=0, IN=1, PUD_DOWN=21)
    before = {name: sys.modules.get(name) for name in ("spidev", "RPi", "RPi.GPIO")}
    sys.modules.update({"spidev": spidev, "RPi": package, "RPi.GPIO": gpio})
    try:
        wires = Wires(Wiring())
        wires.open()
        yield wires
        wires.close()
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


class _Silence:
    """An SPI device that takes everything."""

    def open(self, bus: int, device: int) -> None:
        """Nothing to open."""

    def writebytes2(self, data: bytes) -> None:
        """Taken."""

    def close(self) -> None:
        """Nothing to close."""


def _nothing(*_: object, **__: object) -> int:
    return 0
