"""What a person reads in a table, and a machine in JSON."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from eink_monitor.metrics import CHARGING, NEWEST_BACKUP, PLUGGED, SOC
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.verbs._table import plain, told

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("metric", "value", "words"),
    [
        (PLUGGED, 1, ("yes", "")),
        (CHARGING, 0, ("no", "")),
        (SOC, 68.5, ("68.5", "%")),
        (NEWEST_BACKUP, 1_795_759_800, ("2026-11-27T07:10:00+01:00", "")),
    ],
)
def test_a_value_as_a_person_reads_it(metric: Metric, value: float, words: tuple[str, str]) -> None:
    reading = Reading("car", metric, value, 1_795_759_800)
    assert told(reading, BERLIN) == words
    assert (plain(reading)["value"], plain(reading)["unit"]) == (value, metric.unit), "machines get the number"
