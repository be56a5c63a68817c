"""Ten thousand refreshes, which is three weeks at the fastest pace: nothing grows, no rule is broken."""

from __future__ import annotations

import gc
import random
import sys
from pathlib import Path

from eink_monitor.clock import DAY
from eink_monitor.errors import DisplayError
from eink_monitor.model.frame import Frame
from ink_bench import Mounted, mounted, noise, scene

REFRESHES, WARM = 10_000, 3_000  # the virtual panel remembers its last 2,000 refreshes


def test_ten_thousand_refreshes() -> None:
    dice = random.Random(213)
    frames = [noise(seed) for seed in range(4)] + [scene(n) for n in range(16)]
    with mounted() as ink:
        clock, wear, counts = ink.panel.clock, ink.wear, ink.panel.lint.counts
        last = last_full = -1000.0
        before = (0, 0)
        while sum(before) < REFRESHES:
            beat(ink, dice, dice.choice(frames))
            after = (wear.full, wear.partial)
            now = clock.monotonic()
            if after != before:
                assert sum(after) == sum(before) + 1
                assert ink.display._frame is not None
                assert ink.wrong(ink.display._frame) == 0
                assert now - last >= 180
                last = now
            if after[0] > before[0]:
                last_full = now
            assert now - last_full <= DAY
            assert wear.since_full <= 5
            before = after
            if sum(before) == WARM:
                blocks, files = held()
            clock.wait(dice.choice((30, 60, 170, 180, 240)))
        blocks_now, files_now = held()
        assert files_now == files
        assert blocks_now - blocks < 500  # 7,000 refreshes that kept one object each would show
        assert before == (counts["full"], counts["partial"])
        assert before[1] > 3 * before[0]
        assert ink.panel.findings == []
        assert ink.panel.bus.leaked == 1


def beat(ink: Mounted, dice: random.Random, frame: Frame) -> None:
    """One beat of the daemon; now and then the wires fail, or quiet hours end."""
    ink.panel.faults.eio_after = dice.randrange(8000) if dice.random() < 0.01 else None
    if dice.random() < 0.01:
        ink.display.freshen()
    try:
        ink.display.show(frame)
    except DisplayError as error:
        if "a write failed" not in str(error):
            raise


def held() -> tuple[int, int]:
    """Memory blocks and open files of this process."""
    gc.collect()
    return sys.getallocatedblocks(), len(list(Path("/proc/self/fd").iterdir()))
