"""Figures that a source declared, with the longest names, words and units that it may, on all glass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.draw import words
from eink_monitor.metrics import METRICS, declare
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Metric
from eink_monitor.panels._names import MetricName, named
from eink_monitor.panels._tile import Tile
from eink_monitor.panels.chart import Chart
from eink_monitor.panels.number import Number
from eink_monitor.panels.overview import Overview
from eink_monitor.panels.tiles import Tiles
from paper_house import PaperHouse
from scenes import GLASS, NOW
from witness import WitnessCanvas

NAME = MetricName("how_many_parcels_are_waiting_in_the_hall")
LONG = "parcels that wait in the hall until somebody fetches them all"
UNITS = ("parcels a working day", "EUR", "KWD", "µg/m³", "kWh/100km", "RON/kWh", "", "MMMMMMMMMMMMMMMMMMMM")


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    METRICS.pop(NAME, None)


def house(unit: str, value: float) -> PaperHouse:
    declare(metric := Metric(NAME, unit, 0.01, -1e13, 1e13, LONG, daily=True))
    points = [(NOW - back * HOUR, value * (1 - back / 50)) for back in range(1500, -1, -1)]
    return PaperHouse(labels={"shop": "Shop"}).add("shop", metric, points)


PANELS = (
    Number("shop", metric=NAME),
    Chart("shop", metric=NAME),
    Chart("shop", metric=NAME, over="days"),
    Tiles((Tile("shop", NAME),) * 2),
    Tiles((Tile("shop", NAME),) * 6),
    Overview((Tile("shop", NAME),) * 4),
)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: type(panel).__name__)
@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("value", [0, -1234.56, 99.95, 9_876_543, 12_345_678, -1e13])
def test_nothing_leaves_its_place(panel: Panel, unit: str, value: float) -> None:
    full = house(unit, value)
    for scene in (full, replace(full, readings={}, answered_at=NOW - MINUTE)):
        for glass in GLASS:
            panel.draw(WitnessCanvas.on(glass), scene, NOW)


def test_it_goes_by_its_own_words() -> None:
    house("", 1)
    assert named(NAME.metric).word == "parcels that wa…"


def test_more_than_there_are_digits_for_is_told_in_millions() -> None:
    assert str(words.quantity(9_999_999, "orders")) == "9999999 orders"
    assert str(words.quantity(12_345_678, "orders")) == "12.3 M orders"
