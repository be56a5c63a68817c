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


@pytest.fixture
def upkeep(tmp_path: Path, blank: Callable[[Path], Path]) -> Upkeep:
    store = small_house(blank(tmp_path / "readings.db"), [feed("roof", Scripted())], durable=True).store
    return Upkeep(store, WallTime(FastClock(START), START), lambda error: pytest.fail(str(error)), lambda: None)


def test_the_whole_database_is_checked_once_a_week(upkeep: Upkeep) -> None:
    facts, found = upkeep._store.facts, []
    for day in (0, 1, 6, 7, 8):
        now, mono = START + day * DAY, day * DAY + MINUTE
        upkeep.advance(now, mono, busy=False)
        while watched := upkeep.watch():
            select.select(watched, [], [], 20)
            upkeep.advance(now, mono, busy=False)
        found.append((facts.checked - START) // DAY)
    assert found == [0, 0, 0, 7, 7]


@pytest.mark.parametrize(
    ("saved", "lost", "told"),
    [
        (90, 10, "90.0 % of it"),
        (99_999, 1, "99.9 % of it"),
        (0, 5, "0.0 % of it"),
        (7, 0, "all of it"),
        (0, 0, "all of it"),
    ],
)
def test_what_could_be_saved_is_told_and_added_up(
    upkeep: Upkeep, caplog: pytest.LogCaptureFixture, saved: int, lost: int, told: str
) -> None:
    facts = upkeep._store.facts
    facts.salvage, facts.saved, facts.lost = ("one", "two"), 100, 3
    upkeep._salvaged(saved, lost)
    (words,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert words.startswith(f"one: {told}")
    assert words.endswith(f", {saved} rows")
    assert (facts.saved, facts.lost) == (100 + saved, 3 + lost)
    assert [*facts.salvage, "done:", *facts.salvaged] == ["two", "done:", "one"]
