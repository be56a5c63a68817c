"""What lies around an instant that somebody tells of late: on the card, and in memory only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.reading import Reading
from eink_monitor.store import Store
from eink_monitor.store.backfill import LONGEST_RUN, Held, following, holding

NOW = 1_780_000_000
FAR = 5000 + DAY + LONGEST_RUN


@pytest.fixture
def store(tmp_path: Path, blank: Callable[[Path], Path]) -> Iterator[Store]:
    """On the card 1 at 0, 2 from 300 to 600, 3 at 5000, 4 a day later; 5 is the open run of the series."""
    store = Store(blank(tmp_path / "readings.db"), ZoneInfo("UTC"))
    values = [(0, 1), (300, 2), (600, 2), (5000, 3), (FAR, 4), (FAR + 300, 5)]
    store.add([Reading("roof", PV_POWER, value, NOW + at) for at, value in values], 750)
    store.flush()
    yield store
    store.close()


@pytest.mark.parametrize(
    ("at", "fresh", "wanted"),
    [
        (-1, None, 0),
        (0, None, 300),
        (300, None, 301),  # that run goes on
        (450, None, 451),
        (600, None, 5000),
        (5000, None, FAR),
        (4999 - DAY - LONGEST_RUN, None, 0),
        (-DAY - LONGEST_RUN, None, 0),
        (-DAY - LONGEST_RUN - 1, None, None),
        (FAR, None, None),
        (0, (100, 100), 100),
        (0, (-50, 100), 1),
        (0, (-50, 0), 300),
        (0, (400, 700), 300),
        (FAR, (FAR + 300, FAR + 300), FAR + 300),
    ],
)
def test_when_the_next_measurement_was_made(
    store: Store, at: int, fresh: tuple[int, int] | None, wanted: int | None
) -> None:
    runs = [Held(9, NOW + fresh[0], NOW + fresh[1])] if fresh else []
    found = following(store._disk, 1, runs, NOW + at)
    assert found == (None if wanted is None else NOW + wanted)


@pytest.mark.parametrize(
    ("at", "fresh", "wanted"),
    [
        (0, None, (1, 0, 0)),
        (1, None, None),
        (299, None, None),
        (300, None, (2, 300, 600)),
        (600, None, (2, 300, 600)),
        (601, None, None),
        (450, (400, 500), (9, 400, 500)),  # restated inside it
        (450, (300, 600), (9, 300, 600)),  # what is in memory is newer
        (350, (400, 500), (2, 300, 600)),
        (700, (650, 800), (9, 650, 800)),
        (801, (650, 800), None),
    ],
)
def test_the_run_that_an_instant_lies_in(
    store: Store, at: int, fresh: tuple[int, int] | None, wanted: tuple[int, int, int] | None
) -> None:
    runs = [Held(9, NOW + fresh[0], NOW + fresh[1])] if fresh else []
    found = holding(store._disk, 1, runs, NOW + at)
    assert found == (None if wanted is None else Held(wanted[0], NOW + wanted[1], NOW + wanted[2]))
