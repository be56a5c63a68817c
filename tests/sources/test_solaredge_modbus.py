"""The Modbus source against pymodbus's own simulator server, register for register."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.inverter import MISSING, House, real, serve
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus

NOON = 1_782_640_800  # 2026-06-28 12:00 in Berlin
RECORDINGS = Path(__file__).parent / "solaredge_modbus"


def visit(state: Path, now: int = NOON) -> Visit:
    return Visit("roof", "roof", now, ZoneInfo("Europe/Berlin"), 30, {}, state)


def source(port: int, **settings: object) -> SolarEdgeModbus:
    return SolarEdgeModbus(host="127.0.0.1", port=port, timeout=Duration(2), **settings)  # type: ignore[arg-type]


Poll = Callable[..., dict[str, float]]


@pytest.fixture
def poll(tmp_path: Path) -> Poll:
    def once(house: House, **settings: object) -> dict[str, float]:
        with serve(house.registers) as port:
            readings = source(port, **settings).poll(visit(tmp_path))
        assert {(reading.subject, reading.at) for reading in readings} == {("roof", NOON)}
        return {reading.metric.name: reading.value for reading in readings}

    return once


def balance(values: dict[str, float]) -> float:
    return values["pv_power"] + values["grid_power"] - values.get("storage_power", 0.0) - values["load_power"]


@pytest.mark.parametrize("kind", [101, 102, 103])
def test_inverter_without_a_meter_shows_the_roof_only(poll: Poll, kind: int) -> None:
    assert poll(House().inverter(4321, kind=kind)) == {
        "pv_power": 4321,
        "production_lifetime": 12_345_678,
        "inverter_status": 4,
        "inverter_temperature": pytest.approx(45.12),
    }


def test_meter_gives_the_house_and_the_grid(poll: Poll) -> None:
    values = poll(House().inverter(4321).meter(1500))
    assert (values["grid_power"], values["load_power"], balance(values)) == (-1500, 2821, 0)
    assert (values["feed_in_lifetime"], values["purchased_lifetime"]) == (500_000, 300_000)


def test_scale_factors_apply(poll: Poll) -> None:
    values = poll(House().inverter(4321, scale=-1).meter(-150, scale=1))
    assert values["pv_power"] == pytest.approx(432.1)
    assert values["grid_power"] == 1500


def test_three_meters_only_the_grid_meter_counts(poll: Poll) -> None:
    house = House().inverter(5000).meter(5000, option="Production").meter(900, option="Consumption").meter(-700)
    values = poll(house)
    assert (values["grid_power"], values["load_power"], values["pv_power"]) == (700, 5700, 5000)


def test_a_consumption_meter_alone_gives_the_grid_by_difference(poll: Poll) -> None:
    values = poll(House().inverter(5000).meter(-900, option="Consumption").battery(0, 1000, 50))
    assert (values["load_power"], values["grid_power"], values["pv_power"]) == (900, -4100, 6000)
    assert "feed_in_lifetime" not in values


@pytest.mark.parametrize(
    ("ac", "meter", "storage", "expected"),
    [
        (3000, 2000, 1500.0, (4500, -2000, 1500, 1000)),  # sun, charging, feeding in
        (970, -30, -1000.0, (0, 30, -1000, 1030)),  # night: the battery feeds the house, losses are the house's
        (-1050, -1350, 1000.0, (0, 1350, 1000, 350)),  # night: charging from the grid
        (0, -400, 0.0, (0, 400, 0, 400)),
    ],
)
def test_battery_flows_balance(
    poll: Poll, ac: int, meter: int, storage: float, expected: tuple[float, float, float, float]
) -> None:
    values = poll(House().inverter(ac).meter(meter).battery(0, storage, 63.5))
    assert tuple(values[f"{name}_power"] for name in ("pv", "grid", "storage", "load")) == expected
    assert balance(values) == 0
    assert values["storage_soc"] == 63.5


def test_three_batteries_add_up_by_their_size(poll: Poll) -> None:
    house = House().inverter(0).battery(0, -500, 100.9, 10_000).battery(1, -500, 40, 5_000).battery(2, 200, 70, 5_000)
    values = poll(house)
    assert values["storage_power"] == -800
    assert values["storage_soc"] == pytest.approx((100 * 2 + 40 + 70) / 4)


def test_batteries_of_unknown_size_count_alike(poll: Poll) -> None:
    house = House().inverter(0).battery(0, 0, 20).battery(1, 0, 60)
    house.put(57600 + 126, real(math.nan))
    assert poll(house)["storage_soc"] == 40


def test_home_hub_layout_shifts_the_meter(poll: Poll) -> None:
    house = House().inverter(2000).model(160, 48, {0: [1, 2]}).meter(500).model(713, 7, {}).battery(0, 300, 80)
    assert house.registers[40121] == 160
    values = poll(house)
    assert (values["pv_power"], values["load_power"], values["storage_power"]) == (2300, 1500, 300)


def test_an_empty_battery_bay_is_no_battery(poll: Poll) -> None:
    house = House().inverter(100).battery(0, 0, 0, math.nan)
    house.put(57856 + 66, real(0))
    assert "storage_power" not in poll(house)


def test_half_a_battery_hides_what_depends_on_it(poll: Poll) -> None:
    values = poll(House().inverter(100).meter(0).battery(0, math.nan, math.nan))
    assert not {"storage_power", "storage_soc", "pv_power"} & values.keys()
    assert (values["grid_power"], values["load_power"]) == (0, 100), "what leaves the inverter goes into the house"


def test_sleeping_inverter_gives_nothing_but_the_house_still_uses(poll: Poll) -> None:
    values = poll(House().inverter(MISSING, status=2).meter(-350))
    assert (values["pv_power"], values["load_power"], values["inverter_status"]) == (0, 350, 2)


def test_fault_is_told_with_the_vendor_code(tmp_path: Path) -> None:
    with serve(House().inverter(0, status=7, code=103).registers) as port:
        job = visit(tmp_path)
        source(port).poll(job)
    assert job.note == "the inverter reports a fault (vendor code 103)"


def test_unimplemented_values_are_absent(poll: Poll) -> None:
    house = House().inverter(MISSING, wh=0xFFFFFFFF).meter(MISSING, wh=(0, 0))
    house.put(40106, [MISSING])
    assert poll(house) == {"inverter_status": 4}


def test_nothing_implemented_is_a_bad_answer(poll: Poll) -> None:
    house = House().inverter(MISSING, wh=0, status=0xFFFF)
    house.put(40103, [MISSING])
    with pytest.raises(BadAnswer, match="not implemented"):
        poll(house)


@pytest.mark.parametrize(("sign", "grid"), [("export_positive", -1500), ("import_positive", 1500)])
def test_meter_sign_can_be_told(poll: Poll, sign: str, grid: int) -> None:
    values = poll(House().inverter(4321).meter(1500), meter_sign=sign)
    assert (values["grid_power"], balance(values)) == (grid, 0)


def test_meter_sign_is_learnt_from_the_counters(tmp_path: Path) -> None:
    seen = []
    for n in range(5):  # the meter counts import while its power is positive: plus means import here
        house = House().inverter(4000).meter(1200, wh=(500_000, 300_000 + 10 * n))
        with serve(house.registers) as port:
            readings = source(port).poll(visit(tmp_path, NOON + 30 * n))
        seen.append(next(reading.value for reading in readings if reading.metric.name == "grid_power"))
    assert seen == [-1200, -1200, 1200, 1200, 1200]


def test_a_house_that_would_feed_in_by_itself_is_not_known_and_turns_no_sign(poll: Poll) -> None:
    values = poll(House().inverter(0).meter(800))
    assert values["grid_power"] == -800
    assert "load_power" not in values


def test_a_house_that_fits_neither_way_is_left_out(poll: Poll) -> None:
    values = poll(House().inverter(0).meter(800).battery(0, 5000, 50), meter_sign="export_positive")
    assert "load_power" not in values
    assert (values["grid_power"], values["storage_power"]) == (-800, 5000)


@pytest.mark.parametrize(
    ("house", "words_of_error"),
    [
        (House(registers={40000: 1, 40001: 2}), "not a SunSpec inverter"),
        (House().common("SE10K", "1"), "no inverter"),
    ],
)
def test_nonsense_is_a_bad_answer(poll: Poll, house: House, words_of_error: str) -> None:
    if "SunSpec" in words_of_error:
        house.put(40000, [1, 2])
    with pytest.raises(BadAnswer, match=words_of_error):
        poll(house)


def test_wrong_unit_and_empty_device_are_explained(tmp_path: Path) -> None:
    with serve(House().inverter().registers, unit=7) as port, pytest.raises(Trouble, match="unit"):
        source(port).poll(visit(tmp_path))
    with serve({1: 1}) as port, pytest.raises(BadAnswer, match="no registers at 40000"):
        source(port).poll(visit(tmp_path))


def test_todays_energies_follow_the_counters_from_midnight(tmp_path: Path) -> None:
    midnight, seen = NOON - 12 * 3600, {}
    for after, produced, fed, bought in ((-30, 0, 0, 0), (0, 0, 0, 0), (12 * 3600, 9000, 4000, 700)):
        house = House().inverter(0, wh=50_000 + produced).meter(0, (20_000 + fed, 30_000 + bought))
        with serve(house.registers) as port:
            readings = source(port).poll(visit(tmp_path, midnight + after))
        seen = {reading.metric.name: reading.value for reading in readings}
    assert seen["production_today"] == 9000
    assert seen["feed_in_today"] == 4000
    assert seen["purchased_today"] == 700
    assert seen["self_consumption_today"] == 5000
    assert seen["consumption_today"] == 5700


def test_month_and_year_are_known_once_they_have_begun_here(tmp_path: Path) -> None:
    """Set up in November, asleep over both midnights; what is unknown is absent."""
    seen = {}
    for day, produced in (((11, 30), 100), ((12, 1), 160), ((12, 31), 3160), ((1, 1), 3220), ((1, 31), 5220)):
        for hour, more in ((8, 0), (16, 40)):
            at = int(datetime(2026 + (day[0] == 1), *day, hour, tzinfo=ZoneInfo("Europe/Berlin")).timestamp())
            with serve(House().inverter(0, wh=50_000 + produced + more).registers) as port:
                readings = source(port).poll(visit(tmp_path, at))
        seen[day] = {r.metric.name: round(r.value) for r in readings if r.metric.name.endswith(("_month", "_year"))}
    assert seen[11, 30] == {}
    assert seen[12, 1] == {"production_month": 10 + 40}, "half of what was made overnight, and the day"
    assert seen[12, 31] == {"production_month": 3050}
    assert seen[1, 1] == {"production_month": 50, "production_year": 50}
    assert seen[1, 31] == {"production_month": 2050, "production_year": 2050}


def test_a_state_that_cannot_be_written_is_noted_and_the_rest_kept(tmp_path: Path) -> None:
    (tmp_path / "full").write_text("")
    job = visit(tmp_path / "full")
    with serve(House().inverter(100).registers) as port:
        assert source(port).poll(job)
    assert job.note.startswith("cannot write")


def test_who_keeps_the_line_open_follows_and_does_not_poll() -> None:
    for keep_open in (True, False):
        roof = SolarEdgeModbus("inverter.local", keep_open=keep_open)
        assert (roof.follows, roof.polls) == (keep_open, not keep_open)
        assert roof.modules == ("pymodbus.client",)


@pytest.mark.parametrize("wrong", [{"port": 0}, {"unit": 256}, {"latitude": 91}, {"timeout": Duration(0)}])
def test_settings_that_cannot_work_say_so(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(wrong))} must be"):
        SolarEdgeModbus(**{"host": "inverter.local", **wrong})  # type: ignore[arg-type]


def test_kept_maps_read_as_noted(tmp_path: Path) -> None:
    """Whole register maps, composed by the vendor's note, with the readings that were checked by hand beside them."""
    files = sorted(RECORDINGS.glob("*.json"))
    assert len(files) == 3
    for file in files:
        kept = json.loads(file.read_text("utf-8"))
        registers = {int(at) + n: value for at, row in kept["registers"].items() for n, value in enumerate(row)}
        with serve(registers) as port:
            readings = source(port).poll(visit(tmp_path / file.stem))
        assert {reading.metric.name: round(reading.value, 2) for reading in readings} == kept["readings"]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.integers(40002, 40400) | st.integers(57666, 57735), st.integers(0, 0xFFFF), max_size=60))
def test_random_registers_give_plausible_readings_or_trouble(tmp_path: Path, wrong: dict[int, int]) -> None:
    house = House().inverter(3000).meter(100).battery(0, 500, 50)
    house.registers.update(wrong)
    with serve(house.registers) as port:
        try:
            readings = source(port).poll(visit(tmp_path))
        except Trouble:
            return
    assert readings
    assert all(reading.metric.low <= reading.value <= reading.metric.high for reading in readings)


def test_a_senseless_scale_factor_costs_its_value_alone(tmp_path: Path) -> None:
    job = visit(tmp_path)
    with serve(House().inverter(10, scale=11).meter(-200).registers) as port:
        names = {reading.metric.name for reading in source(port).poll(job)}
    assert {"grid_power", "production_lifetime", "inverter_temperature"} <= names
    assert not {"pv_power", "load_power"} & names
    assert job.note == "left out: AC power not a number"


def test_an_unknown_state_costs_the_state_alone(poll: Poll) -> None:
    values = poll(House().inverter(10, status=9))
    assert "inverter_status" not in values
    assert values["pv_power"] == 10
