"""What is done beside the daemon for its database."""

from __future__ import annotations

import select
from collections.abc import Callable
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, MINUTE, FastClock
from eink_monitor.daemon.upkeep import Upkeep
from eink_monitor.daemon.wall_time import WallTime
from small_house import START, Scripted, feed, small_house


def test_the_whole_database_is_checked_once_a_week(tmp_path: Path, blank: Callable[[Path], Path]) -> None:
    store = small_house(blank(tmp_path / "readings.db"), [feed("roof", Scripted())], durable=True).store
    clock = FastClock(START)
    upkeep = Upkeep(store, WallTime(clock, START), lambda error: pytest.fail(str(error)), lambda: None)
    found = []
    for day in (0, 1, 6, 7, 8):
        now, mono = START + day * DAY, clock.monotonic() + day * DAY + MINUTE
        upkeep.advance(now, mono, busy=False)
        while watched := upkeep.watch():
            select.select(watched, [], [], 20)
            upkeep.advance(now, mono, busy=False)
        found.append((store.facts.checked - START) // DAY)
    assert found == [0, 0, 0, 7, 7]
