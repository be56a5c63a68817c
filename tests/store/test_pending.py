"""What waits for the card is bounded: the older half is thinned, the newer one is whole, nobody is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.store.pending import MOST_OUTCOMES, MOST_READINGS, Batch, Pending

NOW = 1_780_000_000
EACH = 100  # readings a batch


@pytest.fixture
def pending(tmp_path: Path, blank: Callable[[Path], Path]) -> Iterator[Pending]:
    store = Store(blank(tmp_path / "readings.db"), ZoneInfo("UTC"))
    yield store._contents.unwritten
    store.close()


def batch(number: int, subject: str = "roof") -> Batch:
    return Batch([Reading(subject, PV_POWER, second, NOW + number * EACH + second) for second in range(EACH)], 300, NOW)


def test_the_older_half_keeps_every_second_batch_of_each_subject(pending: Pending) -> None:
    full = MOST_READINGS // EACH
    assert [pending.add(batch(number, f"s{number % 2}")) for number in range(full)] == [False] * full
    assert pending.add(batch(full, "s0"))
    starts = [(one.readings[0].at - NOW) // EACH for one in pending.batches]
    assert starts == [number for number in range(full // 2) if number % 4 < 2] + list(range(full // 2, full + 1))
    assert [one.spacing for one in pending.batches] == [600] * (full // 4) + [300] * (full // 2 + 1)


def test_the_bound_holds_however_long_it_lasts(pending: Pending) -> None:
    full, thinned = MOST_READINGS // EACH, 0
    for number in range(5 * full):
        thinned += pending.add(batch(number))
        assert sum(len(one.readings) for one in pending.batches) <= MOST_READINGS
    assert thinned < full, "not at every one"
    pending.written()
    assert [pending.add(batch(number)) for number in range(full)] == [False] * full, "counted from nothing again"


def test_the_oldest_outcome_goes(pending: Pending) -> None:
    for number in range(MOST_OUTCOMES + 5):
        pending.note(Outcome("roof", NOW + number, 0.1, "ok", ""), None, 0)
    assert [one.at - NOW for one, _, _ in pending.outcomes] == list(range(5, MOST_OUTCOMES + 5))


def test_what_our_clock_has_dated_moves_with_it(pending: Pending) -> None:
    readings = [Reading("roof", PV_POWER, 1, at) for at in (NOW - 600, NOW - 1, NOW, NOW + 5)]
    pending.add(Batch(readings, 300, NOW))
    pending.note(Outcome("roof", NOW, 0.1, "ok", ""), NOW + 300, 7)
    pending.note(Outcome("car", NOW, 0.1, "gone", "closed"), None, 8)
    for _ in range(2):
        assert pending.shift(3600) == 2
    assert [reading.at - NOW for reading in pending.batches[0].readings] == [-600, -1, 7200, 7205]
    assert [(one.at - NOW, due and due - NOW, stamp) for one, due, stamp in pending.outcomes] == [
        (7200, 7500, 7),
        (7200, None, 8),
    ]
