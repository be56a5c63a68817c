"""What the way to the ink costs, on the virtual panel, whose own work is taken off the time."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from eink_monitor.clock import stopwatch
from eink_monitor.displays._panel213 import pack
from eink_monitor.displays.waveshare import Waveshare
from eink_monitor.model import Wear
from ink_bench import golden, mounted

ROUNDS = 40
BANK = 4000  # bytes


def measure() -> dict[str, float]:
    """Medians over the golden images, in CPU milliseconds, writes, and milliseconds of the panel's clock."""
    frames = golden()
    packing = [_took(partial(pack, frame)) for frame in frames]
    writes, above = _wires()
    return {
        "ink_pack_ms": round(1000 * statistics.median(packing), 3),
        "ink_pack_and_send_ms": round(1000 * statistics.median(_sending()), 3),
        "ink_writes_per_bank": writes,
        "ink_above_the_panels_own_ms": round(1000 * above, 1),
    }


def _took(work: Callable[[], object]) -> float:
    best = []
    for _ in range(5):
        began = stopwatch()
        work()
        best.append(stopwatch() - began)
    return min(best)


def _sending() -> Iterator[float]:
    """Seconds of our own work for each refresh: with wires that hear nothing, waits that are over at once."""
    with mounted() as ink:
        ink.display.show(golden()[0])
        panel = vars(ink.display)["_ink"]
        with _deaf(ink.display):
            for frame in golden()[:ROUNDS]:
                began = stopwatch()
                panel.refresh(frame, partial=False)
                yield stopwatch() - began


@contextmanager
def _deaf(display: Waveshare) -> Iterator[None]:
    raise NotImplementedError
