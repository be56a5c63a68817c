"""What a person reads in a table, and a machine in JSON."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from eink_monitor.metrics import CHARGING, NEWEST_BACKUP, OUTDOOR_TEMPERATURE, PLUGGED, SOC, WEATHER_CODE
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.verbs._table import outlook_told, plain, told

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


@pytest.mark.parametrize(
    ("metric", "values", "words"),
    [
        (OUTDOOR_TEMPERATURE, (-3.25, 21), "outdoor_temperature: -3.2 to 21 °C"),
        (WEATHER_CODE, (0, 61), "weather_code: clear to light rain"),
    ],
)
def test_an_outlook_is_a_line(metric: Metric, values: tuple[float, float], words: str) -> None:
    at = 1_795_759_200
    slots = (Slot(at, at + 3600, values[0]), Slot(at + 3600, at + 7200, values[1]))
    told_of = outlook_told(Outlook("sky", metric, at, slots, "Open-Meteo"), BERLIN)
    span = "2026-11-27T07:00:00+01:00 to 2026-11-27T09:00:00+01:00"
    assert told_of == f"sky {words} expected from {span}, 2 slots (Open-Meteo)"
