"""A condition can be asked of any moment of the past, and says of it what it said then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from eink_monitor.clock import HOUR, MINUTE
from eink_monitor.conditions import Condition
from eink_monitor.errors import Trouble, Unavailable
from eink_monitor.house import House
from eink_monitor.house.hindsight import Hindsight
from eink_monitor.metrics import DISK_STATE, PV_POWER
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Metric, Reading
from small_house import START, Scripted, feed, small_house

CONDITIONS = (
    "roof.pv_power > 500 W",
    "roof.pv_power > 500 W for 10m",
    "(not roof.pv_power > 500 W) for 12m",
    "stale(roof)",
    "age(roof) > 12m",
    "trouble(roof)",
    "trouble(roof) for 10m",
    "trouble()",
    "between 21:00 and 22:00 for 5m or stale(roof)",
    "night",
)
GONE = Unavailable("the vendor does not answer")


@dataclass
class Placed(Scripted):
    """Knows where it stands."""

    latitude: float = 50.0


@dataclass
class Shelf(Scripted):
    """A disk that may not be there."""

    metrics: ClassVar[tuple[Metric, ...]] = (DISK_STATE,)


def test_the_past_is_told_as_it_was(tmp_path: Path) -> None:
    script: list[float | Trouble] = [100, 600, 600, 700, 200, GONE, GONE, GONE, GONE, GONE, 900, 900, 900, 100, 800]
    house = small_house(tmp_path / "house.db", [feed("roof", Placed(script * 2)), feed("attic", Scripted([5]))])
    conditions = [Condition.parse(text) for text in CONDITIONS]
    told = []
    for _ in range(150):
        house.live(MINUTE + 7)
        now = house.clock.now()
        told.append((now, [condition.holds(house.daemon.house.hindsight, now) for condition in conditions]))
    house.daemon.stop()
    again = House(house.config, house.store, house.clock.now()).hindsight
    for at, truths in told:
        assert [condition.holds(again, at) for condition in conditions] == truths, at - START
    seen = {text: {truths[number] for _, truths in told} for number, text in enumerate(CONDITIONS)}
    assert all(truths >= {True, False} for truths in seen.values()), seen


def test_before_anything_was_known(tmp_path: Path) -> None:
    house = small_house(tmp_path / "house.db", [feed("roof", Scripted([600]))])
    house.live(HOUR)
    witness = house.daemon.house.hindsight
    assert [Condition.parse(text).holds(witness, START - HOUR) for text in CONDITIONS[:8]] == [None] * 8
    assert Condition.parse("night").holds(witness, START) is None, "no source says where it stands"


@pytest.mark.parametrize(("value", "trouble"), [(0, False), (1, False), (2, True), (3, True)])
def test_a_disk_that_is_not_there_is_trouble(tmp_path: Path, value: float, trouble: bool) -> None:
    house = small_house(tmp_path / "house.db", [feed("nas", Shelf())])
    house.store.note(Outcome("nas", START, 0.1, "ok", ""), None, 0)
    house.store.add([Reading("nas", DISK_STATE, value, START)], 900)
    assert Condition.parse("trouble(nas)").holds(house.daemon.house.hindsight, START) is trouble


def test_one_of_two_doors_that_fails_is_no_trouble_while_the_other_keeps_the_subject_fresh(tmp_path: Path) -> None:
    doors = [replace(feed(name, Scripted()), subject="roof") for name in ("cloud", "inverter")]
    house = small_house(tmp_path / "house.db", doors)
    witness = house.daemon.house.hindsight
    house.store.note(Outcome("cloud", START, 0.1, "unavailable", "no answer"), None, 0)
    house.store.note(Outcome("inverter", START, 0.1, "ok", ""), None, 0)
    house.store.add([Reading("roof", PV_POWER, 500, START)], 900)
    assert [_trouble(witness, "roof", at) for at in (START, START + HOUR)] == [False, True]
    assert [_trouble(witness, name, START) for name in ("cloud", "inverter", "")] == [True, False, False]
    assert Condition.parse("trouble(roof) for 10m").holds(witness, START + HOUR) is True
    assert Condition.parse("trouble(roof) for 50m").holds(witness, START + HOUR) is False


def _trouble(witness: Hindsight, name: str, at: int) -> bool | None:
    return Condition.parse(f"trouble({name})").holds(witness, at)


def test_what_nobody_measures_is_as_it_was_foretold(tmp_path: Path) -> None:
    house = small_house(tmp_path / "house.db", [])
    slots = tuple(Slot(START + hour * HOUR, START + (hour + 1) * HOUR, value) for hour, value in enumerate((100, 900)))
    house.store.outlooks.add([Outlook("sky", PV_POWER, START, slots)])
    witness = house.daemon.house.hindsight
    told = {
        "sky.pv_power > 500 W": (None, False, True, None),
        "sky.pv_power > 500 W for 30m": (None, False, False, None),
        "age(sky.pv_power) < 1h": (None, True, True, False),
    }
    for text, truths in told.items():
        condition = Condition.parse(text)
        when = (START - 1, START, START + HOUR + MINUTE, START + 3 * HOUR)
        assert tuple(condition.holds(witness, at) for at in when) == truths, text


def test_a_clock_that_is_a_little_ahead_is_no_reason_not_to_know(tmp_path: Path) -> None:
    house = small_house(tmp_path / "house.db", [feed("roof", Scripted())])
    condition, witness = Condition.parse("roof.pv_power > 500 W"), house.daemon.house.hindsight
    house.store.add([Reading("roof", PV_POWER, 600, START + MINUTE)], 900)
    assert [condition.holds(witness, at) for at in (START - 2 * MINUTE, START)] == [None, True]
    house.store.add([Reading("roof", PV_POWER, 100, START + 2 * MINUTE)], 900)
    assert condition.holds(witness, START + MINUTE) is True, "what was measured later is no part of that moment"
