"""What stands together on the panel of a car belongs together."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.model.reading import Metric
from eink_monitor.panels.car import Car
from paper_house import PaperHouse
from scenes import AT, NOW
from witness import WitnessCanvas


def said(*told: tuple[int, Mapping[Metric, float]]) -> list[str]:
    """The words on the panel of a car that told those figures so many seconds before the newest ones."""
    house = PaperHouse(patience_seconds=DAY)
    for before, values in told:
        house.set("car", AT - before, values)
    canvas = WitnessCanvas()
    Car("car").draw(canvas, house, NOW)
    canvas.assert_intact()
    return [text for text, _ in canvas.heard if text]


def test_a_range_of_before_the_last_charge_has_its_own_age() -> None:
    assert said((0, {m.SOC: 83}), (9 * HOUR, {m.RANGE: 71}))[-3:] == ["9 h", "km", "71"]
    assert "h" not in "".join(said((0, {m.SOC: 83}), (2 * HOUR, {m.RANGE: 290}))[-2:])


def test_the_power_of_hours_ago_is_not_that_of_now() -> None:
    charging = {m.SOC: 60, m.CHARGING: 1, m.PLUGGED: 1}
    assert said((0, charging), (8 * HOUR, {m.CHARGING_POWER: 10_900}))[-2:] == ["–", "kW"]
    assert said((0, charging), (10 * MINUTE, {m.CHARGING_POWER: 10_900}))[-2:] == ["10.9", "kW"]
    assert said((0, charging))[-2:] == ["charging", "yes"], "nobody measures it"


def test_a_target_that_is_reached_is_not_charged_for() -> None:
    charging = {m.SOC: 91, m.CHARGING: 1, m.CHARGING_POWER: 6600, m.TIME_TO_FULL: 40}
    assert "ready at" in said((0, charging | {m.TARGET_SOC: 70}))
    assert "95% at" in said((0, charging | {m.TARGET_SOC: 95}))


def test_what_a_car_stopped_telling_long_ago_does_not_hide_what_it_tells() -> None:
    tank = {m.FUEL_VOLUME: 41, m.RANGE: 620}
    assert said((90 * DAY, {m.SOC: 50}), (0, tank))[2:4] == ["41", "L"], "there is another car in its place"
    assert said((5 * DAY, {m.SOC: 50}), (0, tank))[2:4] == ["50", "%"], "a hybrid"
