"""What cars say in one message after the other: preferences and units hold, old states give way, order counts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, iso
from eink_monitor.metrics import CHARGING, CHARGING_POWER, ODOMETER, PLUGGED, SOC, TIME_TO_FULL
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._memory import CarMemory, Told
from eink_monitor.sources._vag.words import meaning
from eink_monitor.sources.bmw_cardata.catalogue import parse
from eink_monitor.sources.bmw_connected import fields as my_bmw
from eink_monitor.sources.skoda import Skoda
from eink_monitor.sources.skoda import parse as parse_skoda
from eink_monitor.sources.vw_eu_data_act.fields import parse as parse_files
from eink_monitor.sources.vw_eu_data_act.files import File
from eink_monitor.sources.weconnect import fields as we_connect
from loopback.bmw import Bmw
from loopback.cars import NOW, Reply, Vendor, said, values, visit_to
from loopback.stories import BmwStory, Story
from loopback.vw_portal import VwPortal, data, field

ENGINE = "vehicle.drivetrain.electricEngine"
HEADER = "vehicle.drivetrain.batteryManagement.header"
LEVEL = f"{ENGINE}.charging.level"
CELLS = "vehicle.trip.segment.end.drivetrain.batteryManagement.hvSoc"
KOMBI = f"{ENGINE}.kombiRemainingElectricRange"
TOTAL = "vehicle.drivetrain.lastRemainingRange"
FUEL_LEVEL, LITRES = "vehicle.drivetrain.fuelSystem.level", "vehicle.drivetrain.fuelSystem.remainingFuel"
DRIVEN = "vehicle.vehicle.travelledDistance"
POWER = "vehicle.powertrain.electric.battery.charging.power"
PORT, STATUS = "vehicle.body.chargingPort.status", f"{ENGINE}.charging.status"


# -- which of several values -------------------------------------------------------------------------------------------


def test_the_total_range_of_a_hybrid_is_never_its_electric_one(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({HEADER: 45, KOMBI: (24, "km", NOW), TOTAL: (510, "km", NOW)})["range"] == 24
    assert car.stream({TOTAL: (505, "km", NOW + HOUR)}, NOW + HOUR)["range"] == 24
    assert car.stream({TOTAL: (480, "km", NOW + 3 * DAY)}, NOW + 3 * DAY)["range"] == 24
    assert car.stream({KOMBI: (20, "km", NOW + 3 * DAY)}, NOW + 3 * DAY)["range"] == 20


def test_a_hybrid_that_never_told_its_electric_range_has_none(tmp_path: Path) -> None:
    told = BmwStory(tmp_path).rest({HEADER: 45, FUEL_LEVEL: 60, TOTAL: (510, "km", NOW)})
    assert told == {"soc": 45, "fuel": 60}


def test_an_old_electric_range_stands_against_a_total_of_nothing(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    told = car.rest({HEADER: 47, KOMBI: (103, "km", NOW - 2 * DAY), TOTAL: (0, "km", NOW)})
    assert told["range"] == 103
    assert car.latest["range"].at == NOW - 2 * DAY


def test_an_electric_car_that_tells_a_level_of_fuel_has_no_tank(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    told = {HEADER: 80, KOMBI: (300, "km", NOW), TOTAL: (302, "km", NOW), FUEL_LEVEL: 100}
    assert car.rest(told) == {"soc": 80, "range": 300}
    assert "fuel" not in car.stream({FUEL_LEVEL: 100}, NOW + HOUR)
    assert BmwStory(tmp_path / "other").rest({HEADER: 80, FUEL_LEVEL: 0, LITRES: (0, "l", NOW)}) == {"soc": 80}


def test_a_combustion_car_tells_litres_and_the_range_of_its_tank(tmp_path: Path) -> None:
    told = BmwStory(tmp_path).rest(
        {LITRES: (48, "l", NOW), TOTAL: (760, "km", NOW), DRIVEN: (31000, "km", NOW), CELLS: 0}
    )
    assert told == {"fuel_volume": 48, "range": 760, "odometer": 31000}


def test_the_charge_of_the_cells_is_the_last_resort(tmp_path: Path) -> None:
    assert BmwStory(tmp_path).rest({CELLS: 71})["soc"] == 71
    car = BmwStory(tmp_path / "other")
    assert car.rest({HEADER: 64, CELLS: 60})["soc"] == 64
    assert car.stream({CELLS: 58}, NOW + 3 * DAY)["soc"] == 64


def test_a_preference_holds_over_messages_for_a_day(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({HEADER: 64})["soc"] == 64
    assert car.stream({LEVEL: 66}, NOW + HOUR)["soc"] == 64
    assert car.stream({HEADER: 67}, NOW + 2 * HOUR)["soc"] == 67
    assert car.stream({LEVEL: 90}, NOW + 4 * DAY)["soc"] == 90, "but no name that a car stopped using hides others"
    assert car.stream({HEADER: 91}, NOW + 4 * DAY + HOUR)["soc"] == 91


def test_another_car_in_the_same_place_inherits_nothing(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    car.rest({KOMBI: (24, "mi", NOW)})
    with Bmw([Reply({"telematicData": {TOTAL: {"value": 700, "unit": "km", "timestamp": iso(NOW)}}})]) as bmw:
        path = ("GET", "/customers/vehicles/WBA53FJ0X0CH00002/telematicData")
        bmw.routes[path] = bmw.routes[("GET", "/customers/vehicles/WBA53FJ0X0CH00001/telematicData")]
        source = bmw.source().__class__(bmw.source().client_id, Vin.parse(" wba53fj0x0ch00002 "), bmw.url, bmw.url)
        assert values(list(source.poll(visit_to(tmp_path))))["range"] == (700, NOW)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10 * DAY)), min_size=1, max_size=12),
)
def test_whatever_comes_in_whatever_order_a_better_name_heard_within_a_day_wins(told: list[tuple[str, int]]) -> None:
    memory = CarMemory()
    heard: dict[str, int] = {}
    for name, at in sorted(told, key=lambda each: each[1]):
        best = memory.choose(SOC, "abc", [Told(name, 1.0, NOW + at)])
        better = [moment for other, moment in heard.items() if other < name]
        if best is None:
            assert any(at - moment <= 2 * DAY for moment in better), "only a better one keeps a value out"
        else:
            heard[name] = at
    assert all(isinstance(value, str | int) for value in memory.notes.values())


# -- which unit --------------------------------------------------------------------------------------------------------


def test_a_unit_that_is_missing_is_that_of_the_cars_other_distances(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({KOMBI: (100, "mi", NOW), DRIVEN: (20000, None, NOW)})["odometer"] == 32186.9


def test_a_unit_that_was_given_once_holds_for_messages_without_one(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert (
        car.rest({KOMBI: (100, "km", NOW), DRIVEN: (20000, "mi", NOW), LITRES: (30, "l", NOW)})["odometer"] == 32186.9
    )
    told = car.stream({DRIVEN: 20010, KOMBI: 90, LITRES: 29}, NOW + HOUR)
    assert (told["odometer"], told["range"], told["fuel_volume"]) == (32203, 90, 29)


def test_a_distance_whose_unit_nobody_ever_told_is_left_out(tmp_path: Path) -> None:
    assert BmwStory(tmp_path).rest({HEADER: 50, DRIVEN: 57958, LITRES: 40}) == {"soc": 50}


def test_power_without_a_unit_is_watts(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.rest({POWER: 7400})["charging_power"] == 7400
    assert car.rest({POWER: (11, "kW", NOW)})["charging_power"] == 11000


def test_miles_of_a_vw_count_for_its_range_too() -> None:
    at = iso(NOW - HOUR)
    fields = [
        field("value", "155", at, "0ca40e18-0564-3eda-bcc0-7aee9ef44f04"),
        field("mileage.value", "12345", at),
        field("mileage.unit", "MILES", at),
    ]
    memory = CarMemory()
    found = values(parse_files([File(data(*fields), NOW)], "car", memory=memory))
    assert (round(found["range"][0]), round(found["odometer"][0])) == (249, 19867)
    later = values(parse_files([File(data(*fields[:2]), NOW)], "car", memory=memory))
    assert (round(later["range"][0]), round(later["odometer"][0])) == (249, 19867)
    assert parse_files([File(data(*fields[:2]), NOW)], "car") == [], "of neither anybody knows the unit"


# -- which state -------------------------------------------------------------------------------------------------------


def skoda(story: Story, status: dict[str, object], at: int) -> dict[str, float]:
    car = {"charging": {"carCapturedTimestamp": iso(at), "status": status}}
    path = ("GET", "/api/v1/vehicles/TMBJJ7NX0MY000001")
    with Vendor({path: [Reply({"vehicle": car})]}) as vendor:
        source = Skoda(Secret("key"), Vin.parse("tmbjj7nx0my000001"), vendor.url)
        return story.hear(list(source.poll(visit_to(story.folder, now=NOW, known=list(story.latest.values())))))


def test_a_state_that_is_missing_does_not_keep_an_old_one_beside_no_power(tmp_path: Path) -> None:
    car = Story(tmp_path)
    assert skoda(car, {"state": "CHARGING", "chargePowerInKw": 7.2}, NOW - HOUR)["charging"] == 1
    assert skoda(car, {"chargePowerInKw": 0.0}, NOW - MINUTE)["charging"] == 0
    assert car.latest["charging"].at == NOW - MINUTE


@pytest.mark.parametrize("state", [None, "SOMETHING_NEW"])
@pytest.mark.parametrize(
    ("status", "charging"),
    [({"chargePowerInKw": 0}, 0), ({"chargePowerInKw": 11}, 1), ({"plugConnectionState": "DISCONNECTED"}, 0)],
)
def test_an_unknown_state_gives_way_to_what_is_measured(
    tmp_path: Path, state: str | None, status: dict[str, object], charging: int
) -> None:
    car = Story(tmp_path)
    skoda(car, {"state": "READY_FOR_CHARGING" if charging else "CHARGING", "chargePowerInKw": 7}, NOW - HOUR)
    assert skoda(car, {"state": state, "remainingTimeToFullyChargedInMinutes": 0} | status, NOW)["charging"] == charging


def test_a_plug_that_is_pulled_ends_charging_in_the_stream(tmp_path: Path) -> None:
    car = BmwStory(tmp_path)
    assert car.stream({STATUS: "CHARGINGACTIVE", PORT: "CONNECTED"}, NOW)["charging"] == 1
    assert car.stream({PORT: "DISCONNECTED"}, NOW + HOUR) == {"charging": 0, "plugged": 0}
    assert car.stream({STATUS: "CHARGINGACTIVE"}, NOW + 2 * HOUR) == {"charging": 1, "plugged": 1}
    assert car.stream({POWER: 0}, NOW + 3 * HOUR)["charging"] == 0


def reading(metric: str, value: float, at: int) -> Reading:
    known = {metric.name: metric for metric in (CHARGING, CHARGING_POWER, PLUGGED, TIME_TO_FULL)}
    return Reading("car", known[metric], value, at)


def test_what_one_moment_says_does_not_contradict_itself(tmp_path: Path) -> None:
    visit = visit_to(tmp_path, known=[said(CHARGING, 1, NOW)])
    starting = [reading("charging", 1, NOW - MINUTE), reading("charging_power", 0, NOW)]
    assert values(settled(starting, visit_to(tmp_path)))["charging"] == (1, NOW - MINUTE)
    assert "charging" not in values(settled([reading("charging_power", 0, NOW - MINUTE)], visit)), (
        "older than the state"
    )
    odd = [reading("charging_power", float("nan"), NOW), reading("plugged", 7, NOW)]
    assert "charging" not in {each.metric.name for each in settled(odd, visit_to(tmp_path))}
    over = [reading("charging", 1, NOW - HOUR), reading("charging_power", 0, NOW), reading("time_to_full", 5, NOW)]
    assert values(settled(over, visit_to(tmp_path))) == {"charging": (0, NOW), "charging_power": (0, NOW)}


@pytest.mark.parametrize(
    "word",
    [
        "completed",
        "conservationCharging",
        "chargePurposeReachedAndNotConservationCharging",
        "chargePurposeReachedAndConservation",
        "notReadyForCharging",
        "readyForCharging",
        "invalid",
        "unsupported",
        "error",
        "off",
        "discharging",
        "CHARGE_STATE_CHARGE_PURPOSE_REACHED_AND_NOT_CONSERVATION_CHARGING",
        "CHARGE_STATE_INVALID",
        " Not_Ready_For_Charging ",
    ],
)
def test_vws_own_words_for_not_charging(word: str) -> None:
    assert meaning(word) == 0
    at = iso(NOW)
    assert values(parse_files([File(data(field("charging_state", word, at)), NOW)], "car"))["charging"][0] == 0
    status = {"charging": {"chargingStatus": {"value": {"carCapturedTimestamp": at, "chargingState": word}}}}
    assert values(we_connect.parse(status, "car"))["charging"][0] == 0


@pytest.mark.parametrize("word", ["charging", "CHARGE_STATE_CHARGING_HV_BATTERY", "chargingHvBattery"])
def test_vws_words_for_charging(word: str) -> None:
    assert meaning(word) == 1


@given(st.text() | st.none() | st.integers())
def test_a_word_that_nobody_knows_means_nothing(word: object) -> None:
    assert meaning(word) in {None, 0, 1}
    assert meaning("uncharted") is None


# -- order -------------------------------------------------------------------------------------------------------------


def deliveries(folder: Path, told: list[tuple[int, list[dict[str, object]]]], *, together: bool) -> Story:
    car = Story(folder)
    with VwPortal() as portal:
        for made_at, fields in told:
            portal.deliver(made_at, data(*fields))
            if not together:
                car.hear(list(portal.source().poll(visit_to(folder, known=list(car.latest.values())))))
        if together:
            car.hear(list(portal.source().poll(visit_to(folder, known=list(car.latest.values())))))
    return car


@pytest.mark.parametrize("together", [False, True])
def test_where_dates_run_backwards_the_order_of_delivery_counts(tmp_path: Path, together: bool) -> None:
    captured = [NOW - 4 * HOUR, NOW - 6 * HOUR, NOW - 5 * HOUR, NOW - 4 * HOUR - MINUTE]
    told = [
        (
            NOW - (4 - turn) * 20 * MINUTE,
            [field("state_of_charge", str(50 + turn), iso(at)), field("mileage", "900", iso(at))],
        )
        for turn, at in enumerate(captured)
    ]
    car = deliveries(tmp_path, told, together=together)
    assert car.latest["soc"].value == 53
    assert NOW - 4 * HOUR < car.latest["soc"].at < NOW - 4 * HOUR + MINUTE, "hardly younger than the newest date known"
    assert car.latest["odometer"].at == NOW - 4 * HOUR, "what did not change keeps its age"


@pytest.mark.parametrize("together", [False, True])
def test_an_older_value_in_a_newer_file_and_an_old_file_come_again_change_nothing(
    tmp_path: Path, together: bool
) -> None:
    told = [
        (NOW - 3 * HOUR, [field("state_of_charge", "60", iso(NOW - 4 * HOUR))]),
        (
            NOW - 2 * HOUR,
            [field("state_of_charge", "55", iso(NOW - 5 * HOUR)), field("mileage", "9", iso(NOW - 3 * HOUR))],
        ),
        (NOW - HOUR, [field("state_of_charge", "10", iso(NOW - 3 * DAY))]),
    ]
    assert deliveries(tmp_path, told, together=together).latest["soc"].value == 60


def test_an_answer_that_is_wholly_older_replaces_what_it_changed(tmp_path: Path) -> None:
    known = [said(SOC, 60, NOW - HOUR), said(ODOMETER, 500, NOW - HOUR)]
    visit = visit_to(tmp_path, known=known)
    back = [said(SOC, 62, NOW - 2 * HOUR), said(ODOMETER, 499, NOW - 2 * HOUR)]
    assert values(in_order(back, visit)) == {"soc": (62, NOW - HOUR + 1), "odometer": (499, NOW - 2 * HOUR)}
    mixed = [said(SOC, 62, NOW - 2 * HOUR), said(ODOMETER, 501, NOW)]
    assert in_order(mixed, visit) == mixed
    assert in_order([said(SOC, 60, NOW - 2 * HOUR)], visit) == [said(SOC, 60, NOW - 2 * HOUR)]
    assert in_order([], visit) == []


# -- engines of the group ----------------------------------------------------------------------------------------------


def vw(*fields: tuple[str, str], memory: CarMemory | None = None, burns: bool = False) -> dict[str, float]:
    at = iso(NOW - HOUR)
    content = data(*(field(name, value, at) for name, value in fields))
    found = values(parse_files([File(content, NOW)], "car", memory=memory, burns=burns))
    return {name: value for name, (value, _) in found.items()}


def test_an_electric_car_of_the_group_that_says_its_tank_is_full() -> None:
    told = (("state_of_charge", "36"), ("fuel_level_current_level", "100"), ("cruising_range_primary_engine", "95"))
    assert vw(*told) == {"soc": 36, "range": 95}


def test_a_hybrid_of_the_group_stays_one_in_files_that_show_half_of_it() -> None:
    memory = CarMemory()
    whole = (("state_of_charge", "40"), ("fuel_level_current_level", "100"), ("cruising_range_secondary_engine", "30"))
    assert vw(*whole, ("cruising_range_primary_engine", "700"), memory=memory) == {"soc": 40, "fuel": 100, "range": 30}
    assert vw(("cruising_range_primary_engine", "690"), memory=memory) == {}
    assert vw(("engine_type", "ENGINE_TYPE_DIESEL"), ("state_of_charge", "40"), ("range", "700")) == {"soc": 40}


def test_a_diesel_of_the_group_is_not_measured_by_its_additive() -> None:
    told = (("fuel_level_current_level", "55"), ("tank_current_level", "80"), ("cruising_range_combined", "610"))
    assert vw(*told) == {"fuel": 55, "range": 610}
    assert vw(("tank_current_level", "80"), ("scr_range", "9000")) == {}
    assert vw(("tank_current_level", "80")) == {"fuel": 80}


def test_raw_and_invalid_charges_are_the_last_resort() -> None:
    assert vw(("hv_soc", "55")) == {"soc": 55}
    assert vw(("hv_soc", "55"), ("battery_level_HV.value", "52"), ("battery_level_HV.state", "VALID")) == {"soc": 52}
    assert vw(("hv_soc", "55"), ("battery_level_HV.value", "0"), ("battery_level_HV.state", "INVALID")) == {"soc": 55}


def test_the_threshold_of_the_care_mode_is_the_target_while_it_is_switched_on() -> None:
    memory = CarMemory()
    threshold, target = ("battery_care_mode.charge_bcam_threshold", "80"), ("settings.target_soc", "100")
    assert vw(threshold, target, ("setting.bcam_activation", "BCAM_ACTIVATION_ACTIVATED"), memory=memory) == {
        "target_soc": 80
    }
    assert vw(threshold, target, memory=memory) == {"target_soc": 80}
    off = ("setting.bcam_activation", "BCAM_ACTIVATION_DEACTIVATED")
    assert vw(threshold, target, off, memory=memory) == {"target_soc": 100}
    assert vw(threshold, target) == {"target_soc": 100}


# -- the same elsewhere ------------------------------------------------------------------------------------------------

AT = iso(NOW)


@pytest.mark.parametrize(
    ("parse_it", "document"),
    [
        (parse_skoda, {"vehicle": {"fuelStatus": {"carCapturedTimestamp": AT, "totalRangeInKm": 600}}}),
        (
            we_connect.parse,
            {"fuelStatus": {"rangeStatus": {"value": {"carCapturedTimestamp": AT, "totalRange_km": 600}}}},
        ),
        (my_bmw.parse, {"state": {"lastUpdatedAt": AT, "combustionFuelLevel": {"range": 600}}}),
    ],
)
def test_a_total_range_is_not_that_of_a_car_with_a_plug(
    parse_it: Callable[..., list[Reading]], document: dict[str, object]
) -> None:
    assert values(parse_it(document, "car")) == {"range": (600, NOW)}
    assert parse_it(document, "car", plug=True) == []


def test_a_car_that_skoda_calls_electric_has_no_fuel() -> None:
    engine = {"engineType": "GASOLINE", "currentFuelLevelInPercent": 100, "remainingRangeInKm": 16383}
    status = {"carCapturedTimestamp": AT, "carType": "ELECTRIC", "secondaryEngineRange": engine}
    assert parse_skoda({"vehicle": {"fuelStatus": status}}, "car") == []
    burning = status | {"carType": "GASOLINE", "totalRangeInKm": 16383}
    assert values(parse_skoda({"vehicle": {"fuelStatus": burning}}, "car")) == {"fuel": (100, NOW)}


@given(st.data())
def test_no_message_of_a_bmw_raises_anything_and_units_are_never_guessed(draw: st.DataObject) -> None:
    memory = CarMemory()
    size = st.integers(-10, 10**9) | st.floats() | st.text(max_size=5) | st.none()
    unit = st.sampled_from(["km", "mi", "m", "%", "", None, 5, "l", "gal"])
    for turn in range(draw.draw(st.integers(1, 3))):
        told = {
            name: {"value": draw.draw(size), "unit": draw.draw(unit), "timestamp": iso(NOW + turn)}
            for name in draw.draw(st.sets(st.sampled_from([HEADER, LEVEL, CELLS, KOMBI, TOTAL, DRIVEN, LITRES, POWER])))
        }
        for reading in parse({"data": told}, "car", memory=memory, now=NOW + DAY):
            assert type(reading.value) is float
            assert type(reading.at) is int
