"""Figures of a car that cannot be true beside what else is known of it, whoever the vendor is."""

from __future__ import annotations

from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, iso
from eink_monitor.metrics import (
    CHARGING,
    FUEL,
    FUEL_VOLUME,
    LATITUDE,
    LONGITUDE,
    METRICS,
    ODOMETER,
    PLUGGED,
    RANGE,
    SOC,
    TIME_TO_FULL,
)
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.sources._beliefs import believed
from eink_monitor.sources._car import kilometres
from eink_monitor.sources._contradictions import settled
from eink_monitor.sources._memory import CarMemory
from eink_monitor.sources._vag.words import meaning
from eink_monitor.sources.skoda import parse as parse_skoda
from eink_monitor.sources.vw_eu_data_act.fields import parse as parse_files
from eink_monitor.sources.vw_eu_data_act.files import File
from eink_monitor.sources.weconnect.fields import parse as parse_we_connect
from eink_monitor.vet import vet
from loopback.cars import NOW, said, values, visit_to
from loopback.stories import BmwStory
from loopback.vw_portal import data, field

ENGINE = "vehicle.drivetrain.electricEngine"
HEADER = "vehicle.drivetrain.batteryManagement.header"
KOMBI, REMAINING = f"{ENGINE}.kombiRemainingElectricRange", f"{ENGINE}.remainingElectricRange"
TOTAL, LITRES = "vehicle.drivetrain.lastRemainingRange", "vehicle.drivetrain.fuelSystem.remainingFuel"
DRIVEN = "vehicle.vehicle.travelledDistance"
STATUS, OLD_STATUS = f"{ENGINE}.charging.status", f"{ENGINE}.charging.hvStatus"
PORT, ANY_PORT = "vehicle.body.chargingPort.status", "vehicle.body.chargingPort.combinedStatus"


def told(*figures: tuple[Metric, float], at: int = NOW) -> dict[str, Reading]:
    return {metric.name: said(metric, value, at) for metric, value in figures}


# -- no range, and too much of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beside", "left", "kept"),
    [
        ((SOC, 38), 0, False),
        ((SOC, 9), 0, True),
        ((FUEL, 44), 0, False),
        ((FUEL, 5), 0, True),
        ((FUEL_VOLUME, 31), 0, False),
        ((FUEL_VOLUME, 2), 0, True),
        ((SOC, 40), 620, False),
        ((SOC, 40), 310, True),
        ((FUEL, 40), 620, True),
    ],
)
def test_a_range_that_what_is_left_belies_is_left_out(
    tmp_path: Path, beside: tuple[Metric, float], left: float, *, kept: bool
) -> None:
    visit = visit_to(tmp_path)
    assert (RANGE.name in believed(told(beside, (RANGE, left)), visit)) == kept
    assert visit.note == ("" if kept else f"left out: range {left} km")
    visit = visit_to(tmp_path, known=[said(*beside, NOW - 20 * MINUTE)])
    assert (RANGE.name in believed(told((RANGE, left)), visit)) == kept, "of an earlier message, too"
    visit = visit_to(tmp_path, known=[said(*beside, NOW - 5 * HOUR)])
    assert RANGE.name in believed(told((RANGE, left)), visit), "what was hours ago says nothing"


@pytest.mark.parametrize("level", [SOC, FUEL])
def test_nothing_left_beside_a_long_way_to_go_is_not_known(tmp_path: Path, level: Metric) -> None:
    visit = visit_to(tmp_path)
    assert list(believed(told((level, 0), (RANGE, 280)), visit)) == ["range"]
    assert visit.note == f"left out: {level.name} 0 %"
    assert list(believed(told((level, 0), (RANGE, 12)), visit)) == [level.name, "range"]


def test_an_empty_tank_says_nothing_of_a_battery(tmp_path: Path) -> None:
    hybrid = told((SOC, 90), (FUEL, 0), (RANGE, 75))
    assert believed(hybrid, visit_to(tmp_path)) == hybrid
    known = visit_to(tmp_path, known=[said(SOC, 90, NOW - 9 * HOUR)])
    assert list(believed(told((FUEL, 0), (RANGE, 75)), known)) == ["fuel", "range"]
    drained = told((SOC, 0), (FUEL, 60), (RANGE, 0))
    assert believed(drained, visit_to(tmp_path)) == drained


def test_a_place_in_the_sea_off_africa_is_none(tmp_path: Path) -> None:
    nowhere = told((LATITUDE, 0), (LONGITUDE, 0), (SOC, 50))
    assert list(believed(nowhere, visit_to(tmp_path))) == ["soc"]
    greenwich = told((LATITUDE, 51.48), (LONGITUDE, 0))
    assert list(believed(greenwich, visit_to(tmp_path))) == ["latitude", "longitude"]


def test_no_car_charges_with_what_a_register_ends_at(tmp_path: Path) -> None:
    visit = visit_to(tmp_path)
    assert vet([said(METRICS["charging_power"], 655_350, NOW), said(SOC, 40, NOW)], visit) == [said(SOC, 40, NOW)]
    assert visit.note == "left out: charging_power 655350 W"


def test_a_range_of_nought_gives_way_to_another_name_for_it(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({HEADER: 52, KOMBI: (140, "km", NOW - 3 * DAY), REMAINING: (0, "km", NOW)})["range"] == 140
    assert car.latest["range"].at == NOW - 3 * DAY
    assert BmwStory(tmp_path / "empty").rest({HEADER: 3, REMAINING: (0, "km", NOW)})["range"] == 0


def test_a_stream_does_not_tell_whose_total_range_it_is(tmp_path: Path) -> None:
    """The first message of a hybrid is the range of battery and tank together."""
    car = BmwStory(tmp_path)
    assert car.stream({TOTAL: (466, "km", NOW)}, NOW) == {}
    assert car.stream({HEADER: 70}, NOW + MINUTE) == {"soc": 70}
    assert car.stream({TOTAL: (460, "km", NOW + HOUR)}, NOW + HOUR) == {"soc": 70}
    whole = {HEADER: 70, LITRES: (30, "l", NOW), KOMBI: (35, "km", NOW), TOTAL: (466, "km", NOW)}
    assert car.rest(whole, NOW + 2 * HOUR) == {"soc": 70, "fuel_volume": 30, "range": 35}
    petrol = BmwStory(tmp_path / "petrol")
    petrol.rest({LITRES: (30, "l", NOW), TOTAL: (466, "km", NOW)})
    assert petrol.stream({TOTAL: (400, "km", NOW + HOUR)}, NOW + HOUR)["range"] == 400


# -- the odometer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "after", "kept"),
    [
        (41_000, HOUR, True),
        (41_180, HOUR, True),
        (41_900, HOUR, False),
        (41_900, DAY, True),
        (40_200, HOUR, False),
        (40_200, 8 * DAY, True),
        (40_999.4, HOUR, True),
    ],
)
def test_a_car_drives_neither_back_nor_beyond_all_speed(
    tmp_path: Path, value: float, after: int, *, kept: bool
) -> None:
    visit = visit_to(tmp_path, now=NOW + after, known=[said(ODOMETER, 41_000, NOW)])
    assert (ODOMETER.name in believed(told((ODOMETER, value), at=NOW + after), visit)) == kept
    assert ("left out: odometer" in visit.note) != kept


def test_an_odometer_of_nought_and_a_target_of_nought_are_not_known() -> None:
    charging = {"carCapturedTimestamp": iso(NOW), "settings": {"targetStateOfChargeInPercent": 0}}
    driven = {"carCapturedTimestamp": iso(NOW), "mileageInKm": 0}
    assert parse_skoda({"vehicle": {"charging": charging, "odometer": driven}}, "car") == []


# -- states ------------------------------------------------------------------------------------------------------------


def test_a_car_that_drove_neither_charges_nor_hangs_on_its_cable(tmp_path: Path) -> None:
    known = [said(CHARGING, 1, NOW - HOUR), said(PLUGGED, 1, NOW - HOUR), said(ODOMETER, 500, NOW - HOUR)]
    visit = visit_to(tmp_path, known=known)
    found = values(settled([said(ODOMETER, 530, NOW)], visit))
    assert found == {"odometer": (530, NOW), "charging": (0, NOW), "plugged": (0, NOW)}
    again = [said(ODOMETER, 530, NOW), said(CHARGING, 1, NOW), said(PLUGGED, 1, NOW)]
    assert values(settled(again, visit))["charging"] == (1, NOW), "it hangs on another one"
    late = visit_to(tmp_path, known=[*known[:2], said(ODOMETER, 500, NOW - 5 * HOUR)])
    assert list(values(settled([said(ODOMETER, 530, NOW)], late))) == ["odometer"], "it drove before, and tells it late"


def test_a_car_that_lost_charge_does_not_charge(tmp_path: Path) -> None:
    known = [said(CHARGING, 1, NOW - 2 * HOUR), said(SOC, 80, NOW - HOUR)]
    assert values(settled([said(SOC, 71, NOW)], visit_to(tmp_path, known=known)))["charging"] == (0, NOW)
    assert "charging" not in values(settled([said(SOC, 79, NOW)], visit_to(tmp_path, known=known)))
    older = [known[0], said(SOC, 80, NOW - 4 * HOUR)]
    assert "charging" not in values(settled([said(SOC, 71, NOW)], visit_to(tmp_path, known=older)))


def test_a_trickle_is_no_charging(tmp_path: Path) -> None:
    visit = visit_to(tmp_path, known=[said(CHARGING, 1, NOW - HOUR)])
    assert values(settled([said(METRICS["charging_power"], 40, NOW)], visit))["charging"] == (0, NOW)


def test_no_minutes_to_go_are_not_known_while_it_charges(tmp_path: Path) -> None:
    found = settled([said(CHARGING, 1, NOW), said(TIME_TO_FULL, 0, NOW)], visit_to(tmp_path))
    assert values(found) == {"charging": (1, NOW)}


def test_of_two_names_for_a_state_the_one_that_was_told_long_before_gives_way(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({STATUS: "CHARGINGACTIVE", OLD_STATUS: "NOT_CHARGING", PORT: "CONNECTED"})["charging"] == 1
    began = ("CHARGINGACTIVE", None, NOW)
    later: dict[str, object] = {
        STATUS: began,
        OLD_STATUS: "FINISHED_FULLY_CHARGED",
        PORT: ("CONNECTED", None, NOW),
        ANY_PORT: "UNPLUGGED",
    }
    assert car.rest(later, NOW + 3 * HOUR) == {"charging": 0, "plugged": 0}


@pytest.mark.parametrize("word", ["interrupted", "CHARGE_STATE_CHARGING_PAUSED", "stopped"])
def test_a_charge_that_was_interrupted_is_none(word: str) -> None:
    assert meaning(word) == 0


# -- makers' spelling --------------------------------------------------------------------------------------------------


def test_skodas_words_count_in_small_letters_too() -> None:
    at = iso(NOW)
    status = {"state": "charging", "plugConnectionState": "connected"}
    engine = {"engineType": "electric", "currentSoCInPercent": 48, "currentFuelLevelInPercent": 100}
    fuel = {"carCapturedTimestamp": at, "carType": "electric", "primaryEngineRange": engine, "totalRangeInKm": 240}
    car = {"charging": {"carCapturedTimestamp": at, "status": status}, "fuelStatus": fuel}
    found = {name: value for name, (value, _) in values(parse_skoda({"vehicle": car}, "car")).items()}
    assert found == {"charging": 1, "plugged": 1, "soc": 48}


def test_the_range_of_a_skoda_of_an_unknown_kind_may_be_that_of_two_engines() -> None:
    engine = {"engineType": "GASOLINE", "currentFuelLevelInPercent": 60, "remainingRangeInKm": 410}
    fuel = {"carCapturedTimestamp": iso(NOW), "totalRangeInKm": 450, "primaryEngineRange": engine}
    assert values(parse_skoda({"vehicle": {"fuelStatus": fuel | {"carType": "REEV"}}}, "car")) == {"fuel": (60, NOW)}
    assert "range" in values(parse_skoda({"vehicle": {"fuelStatus": fuel | {"carType": "gasoline"}}}, "car"))


def test_the_range_of_a_hybrid_of_we_connect_without_its_electric_engine() -> None:
    engine = {"type": "gasoline", "currentFuelLevel_pct": 60, "remainingRange_km": 410}
    ranges = {"carCapturedTimestamp": iso(NOW), "totalRange_km": 450, "primaryEngine": engine}
    hybrid = {"fuelStatus": {"rangeStatus": {"value": ranges | {"carType": "hybrid"}}}}
    assert values(parse_we_connect(hybrid, "car")) == {"fuel": (60, NOW)}
    petrol = {"fuelStatus": {"rangeStatus": {"value": ranges | {"carType": "Gasoline"}}}}
    assert values(parse_we_connect(petrol, "car"))["range"] == (450, NOW)
    full = {"type": "ELECTRIC", "currentSOC_pct": 52, "remainingRange_km": 260, "currentFuelLevel_pct": 100}
    electric = {"carCapturedTimestamp": iso(NOW), "carType": "ELECTRIC", "primaryEngine": full}
    found = values(parse_we_connect({"fuelStatus": {"rangeStatus": {"value": electric}}}, "car"))
    assert {name: value for name, (value, _) in found.items()} == {"soc": 52, "range": 260}


@pytest.mark.parametrize(("unit", "size"), [("DISTANCE_UNIT_MILES", 1.609344), ("UNIT_KM", 1.0), ("league", None)])
def test_units_in_the_spelling_of_a_dictionary(unit: str, size: float | None) -> None:
    assert kilometres(unit) == size


def files(*told: tuple[str, str], memory: CarMemory | None = None) -> tuple[dict[str, float], str]:
    content, remarks = data(*(field(name, value, iso(NOW)) for name, value in told)), Remarks()
    found = values(parse_files([File(content, NOW)], "car", memory=memory, remarks=remarks))
    return {name: round(value) for name, (value, _) in found.items()}, str(remarks)


def test_a_car_whose_unit_nobody_knows_tells_no_distance_in_usual_ones() -> None:
    told = (("range", "90"), ("mileage", "700"), ("mileage.value", "700"))
    assert files(*told) == ({"range": 90, "odometer": 700}, "left out: odometer without a known unit 700")
    found, note = files(*told, ("mileage.unit", "LEAGUES"))
    assert found == {}
    assert note == "left out: range without a known unit 90, odometer without a known unit 700 (2 times)"
    assert files(*told, ("mileage.unit", "DISTANCE_UNIT_MILES")) == ({"range": 145, "odometer": 1127}, "")


def test_an_electric_car_of_the_group_whose_second_engine_takes_it_nowhere() -> None:
    told = (
        ("state_of_charge", "41"),
        ("cruising_range_secondary_engine", "0"),
        ("cruising_range_primary_engine", "99"),
    )
    assert files(*told)[0] == {"soc": 41, "range": 99}


def test_a_distance_without_a_unit_is_told(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({HEADER: 60, DRIVEN: "7300"}) == {"soc": 60}
    assert car.note == "left out: odometer without a known unit 7300"
