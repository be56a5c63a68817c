"""SunSpec of several makers against pymodbus's own simulator server, register for register."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.inverter import MISSING, House, serve
from doors.makers import Maker, Scene, big, datamanager, der, gen24, kostal, sma
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration
from eink_monitor.sources.sunspec import SunSpec

NOON = 1_782_640_800  # 2026-06-28 12:00 in Berlin
SUNNY = Scene(ac=3000, grid=-1000, battery=1500, charge=64, given=1000, taken=2500)
EVENING = Scene(ac=1400, grid=300, battery=-1500, charge=64, given=1000, taken=2500)
PLAIN = Scene(ac=3000, grid=-1000)

Houses = dict[int, House]
HYBRIDS: dict[str, Callable[[Scene], Houses]] = {
    "fronius-float": lambda scene: gen24(scene, floats=True),
    "fronius-int": lambda scene: gen24(scene, floats=False),
    "kostal": kostal,
    "der": der,
}


def visit(state: Path, now: int = NOON) -> Visit:
    return Visit("roof", "roof", now, ZoneInfo("Europe/Berlin"), 30, {}, state)


def polled(houses: Houses, state: Path, now: int = NOON, **keys: object) -> tuple[dict[str, float], str]:
    (unit, first), *others = houses.items()
    job = visit(state, now)
    asked = {"unit": unit, "timeout": Duration(2), **keys}
    with serve(first.registers, unit, beside={number: house.registers for number, house in others}) as port:
        readings = SunSpec("127.0.0.1", port, **asked).poll(job)  # type: ignore[arg-type]
    assert {(reading.subject, reading.at) for reading in readings} == {("roof", now)}
    return {reading.metric.name: reading.value for reading in readings}, job.note


def powers(values: dict[str, float]) -> list[int | None]:
    names = ("pv_power", "grid_power", "storage_power", "load_power")
    return [round(values[name]) if name in values else None for name in names]


def balance(values: dict[str, float]) -> float:
    return values["pv_power"] + values["grid_power"] - values.get("storage_power", 0.0) - values["load_power"]


@pytest.mark.parametrize("maker", HYBRIDS)
def test_a_hybrid_of_every_maker_gives_four_powers_that_balance(tmp_path: Path, maker: str) -> None:
    values, _ = polled(HYBRIDS[maker](SUNNY), tmp_path / "sunny")
    assert powers(values) == [4500, -1000, 1500, 2000]
    assert balance(values) == 0
    assert values["storage_soc"] == 64
    assert values["inverter_temperature"] == pytest.approx(45.1, abs=0.05)
    assert (values["inverter_status"], values["production_lifetime"]) == (4, 12_345_678)
    assert (values["feed_in_lifetime"], values["purchased_lifetime"]) == (500_000, 300_000)
    values, _ = polled(HYBRIDS[maker](EVENING), tmp_path / "evening")
    assert powers(values) == [0, 300, -1500, 1800], "what is lost in converting is the house's at night"


def test_floats_and_whole_numbers_say_the_same(tmp_path: Path) -> None:
    first, second = (polled(gen24(SUNNY, floats=floats), tmp_path / str(floats))[0] for floats in (True, False))
    assert first == pytest.approx(second, rel=1e-6)


def test_fronius_without_a_battery_has_none(tmp_path: Path) -> None:
    values, _ = polled(gen24(PLAIN, floats=True, battery=False), tmp_path)
    assert powers(values) == [3000, -1000, None, 2000]
    assert "storage_soc" not in values


def test_the_meter_of_a_datamanager_is_found_at_its_unit(tmp_path: Path) -> None:
    values, note = polled(datamanager(PLAIN), tmp_path)
    assert powers(values) == [3000, -1000, None, 2000]
    assert "found Fronius Smart Meter 63A at unit 240 (SunSpec models 213)" in note


def test_sma_has_a_roof_and_no_meter(tmp_path: Path) -> None:
    values, note = polled(sma(PLAIN), tmp_path)
    assert powers(values) == [3000, None, None, None]
    assert note == "found SMA STP 10.0-3AV-40 at unit 126 (SunSpec models 11, 12, 103, 120, 121, 122, 160)"


def test_what_was_found_is_told_once_and_found_again_the_next_day(tmp_path: Path) -> None:
    jobs = [visit(tmp_path, NOON + after) for after in (0, 30, 86_399, 86_400)]
    with serve(sma(PLAIN)[126].registers, 126) as port:
        for job in jobs:
            assert SunSpec("127.0.0.1", port, unit=126).poll(job)
    assert [bool(job.note) for job in jobs] == [True, False, False, True]


@pytest.mark.parametrize("state", [1, 3, 4, 6, 0xFFFF])
@pytest.mark.parametrize(("scene", "storage"), [(SUNNY, 1500), (EVENING, -1500)])
def test_the_sign_of_a_battery_shows_in_what_the_modules_give(
    tmp_path: Path, state: int, scene: Scene, storage: int
) -> None:
    """Whatever it says itself."""
    for turned in (False, True):
        houses = kostal(scene, state=state)
        at = next(at for at, value in houses[71].registers.items() if value == 802) + 2 + 45
        if turned:
            houses[71].put(at, [-houses[71].registers[at]])
        values, _ = polled(houses, tmp_path / str(turned))
        assert values["storage_power"] == storage


@pytest.mark.parametrize(("state", "storage"), [(4, 200), (3, -200), (6, -200)])
def test_a_battery_without_strings_beside_it_is_believed(tmp_path: Path, state: int, storage: int) -> None:
    house = Maker().named("Anybody", "Hybrid", "1").whole_inverter(PLAIN).battery_802(200, 50, state=state)
    assert polled({1: house}, tmp_path)[0]["storage_power"] == storage


@pytest.mark.parametrize(("sign", "storage"), [("discharge_positive", 1500), ("charge_positive", -1500)])
def test_the_sign_of_a_battery_can_be_told(tmp_path: Path, sign: str, storage: int) -> None:
    assert polled(kostal(SUNNY), tmp_path, battery_sign=sign)[0]["storage_power"] == storage


def test_two_batteries_add_up(tmp_path: Path) -> None:
    house = Maker().named("Anybody", "Hybrid", "1").whole_inverter(PLAIN)
    house.battery_802(-1000, 80, capacity=10_000).battery_802(400, 20, capacity=5_000)
    values, _ = polled({1: house}, tmp_path)
    assert values["storage_power"] == 600
    assert values["storage_soc"] == pytest.approx(60)


def test_a_battery_at_a_unit_of_its_own_belongs_to_the_only_inverter(tmp_path: Path) -> None:
    inverter = Maker().named("Anybody", "Inverter", "1").whole_inverter(PLAIN).whole_meter(PLAIN)
    battery = Maker().named("Anybody", "Battery", "2").battery_802(-1500, 64)
    values, _ = polled({1: inverter, 40: battery}, tmp_path, meters={"40": "other"})
    assert powers(values) == [4500, -1000, 1500, 2000]


def test_a_plus_of_the_meter_means_import_but_at_solaredge_export(tmp_path: Path) -> None:
    for maker, grid in (("Anybody", 700), ("SolarEdge", -700)):
        house = Maker().named(maker, "SE10K", "7").whole_inverter(PLAIN).named(maker, "M", "8", "Export+Import")
        values, _ = polled({1: house.whole_meter(Scene(grid=700))}, tmp_path / maker)
        assert values["grid_power"] == grid


def test_the_sign_of_a_meter_is_learnt_from_its_counters(tmp_path: Path) -> None:
    seen = []
    for n in range(4):  # it counts export while its power is positive
        scene = Scene(ac=4000, grid=-1200, fed=500_000 + 10 * n)
        house = Maker().named("Anybody", "I", "1").whole_inverter(scene).named("Anybody", "M", "2")
        seen.append(polled({1: house.whole_meter(scene, plus=-1)}, tmp_path, NOON + 30 * n)[0]["grid_power"])
    assert seen == [1200, 1200, -1200, -1200]


@pytest.mark.parametrize(
    ("role", "expected"),
    [("grid", [3000, 900, None, 3900]), ("house", [3000, -2100, None, 900]), ("production", [3000, None, None, None])],
)
def test_what_a_meter_measures_can_be_told(tmp_path: Path, role: str, expected: list[int | None]) -> None:
    meter = Maker().named("Anybody", "M", "2").whole_meter(Scene(grid=900))
    inverter = Maker().named("Anybody", "I", "1").whole_inverter(PLAIN)
    values, _ = polled({1: inverter, 3: meter}, tmp_path, meters={"3": role})
    assert powers(values) == expected


def test_a_production_meter_can_be_added(tmp_path: Path) -> None:
    meter = Maker().named("Anybody", "M", "2").whole_meter(Scene(grid=900))
    inverter = Maker().named("Anybody", "I", "1").whole_inverter(PLAIN)
    values, _ = polled({1: inverter, 3: meter}, tmp_path, meters={"3": "production"}, external_production=True)
    assert values["pv_power"] == 3900


def test_a_second_meter_of_a_maker_that_calls_it_secondary_is_not_the_grid(tmp_path: Path) -> None:
    house = Maker().named("Fronius", "Symo", "1").float_inverter(PLAIN)
    house.named("Fronius", "Meter", "2", "<secondary>").float_meter(Scene(grid=999))
    house.named("Fronius", "Meter", "3", "<primary>").float_meter(PLAIN)
    assert polled({1: house}, tmp_path)[0]["grid_power"] == -1000


def test_a_meter_that_shows_itself_twice_counts_once(tmp_path: Path) -> None:
    inverter = Maker().named("Anybody", "I", "1").whole_inverter(PLAIN)
    meter = Maker().named("Anybody", "M", "2").whole_meter(PLAIN).float_meter(PLAIN)
    values, _ = polled({1: inverter, 9: meter}, tmp_path, meters={"9": "production"}, external_production=True)
    assert values["pv_power"] == 4000


def test_a_battery_whose_power_is_not_implemented_has_none(tmp_path: Path) -> None:
    for scale in (0, MISSING):
        house = Maker().named("Anybody", "I", "1").whole_inverter(PLAIN).battery_802(MISSING, 64)
        house.put(house.end - 1, [scale])
        values, _ = polled({1: house}, tmp_path / str(scale))
        assert values["storage_soc"] == 64
        assert not {"storage_power", "pv_power"} & values.keys()


def test_several_inverters_are_summed_and_one_meter_counts_once(tmp_path: Path) -> None:
    houses = gen24(SUNNY, floats=True)
    houses[2] = Maker().named("Fronius", "Symo", "9").float_inverter(Scene(ac=1000))
    values, _ = polled(houses, tmp_path, unit=1, units=[1, 2])
    assert powers(values) == [5500, -1000, 1500, 3000]


def test_one_inverter_at_two_units_counts_once(tmp_path: Path) -> None:
    houses: Houses = {unit: Maker().named("SMA", "STP", "1").whole_inverter(PLAIN) for unit in (3, 126)}
    with pytest.raises(BadAnswer, match="units 3 and 126 are the same inverter"):
        polled(houses, tmp_path, unit=1, units=[3, 126])


def test_a_second_inverter_in_a_chain_is_told(tmp_path: Path) -> None:
    house = Maker().named("Anybody", "I", "1").whole_inverter(PLAIN).named("Anybody", "I", "2").float_inverter(PLAIN)
    values, note = polled({1: house}, tmp_path)
    assert values["pv_power"] == 3000
    assert "unit 1 shows a second inverter, which is not counted" in note


@pytest.mark.parametrize("base", [40_000, 50_000, 0, 1234])
def test_the_chain_is_found_wherever_it_begins(tmp_path: Path, base: int) -> None:
    house = Maker(end=base + 2).named("Anybody", "I", "1").whole_inverter(PLAIN)
    keys = {"base": base} if base == 1234 else {}
    assert polled({1: house}, tmp_path, **keys)[0]["pv_power"] == 3000


def test_what_is_not_implemented_is_absent(tmp_path: Path) -> None:
    house = Maker().named("Anybody", "I", "1").float_inverter(PLAIN).whole_meter(PLAIN)
    house.put(40072 + 20, big(math.nan))
    house.put(40072 + 38, big(math.nan))
    values, note = polled({1: house}, tmp_path)
    assert "inverter_temperature" not in values
    assert powers(values) == [None, -1000, None, None]
    assert "gives no AC power" in note


def test_an_inverter_that_sleeps_gives_nothing_and_the_house_still_uses(tmp_path: Path) -> None:
    for floats in (True, False):
        houses = gen24(Scene(ac=0, grid=350, status=2), floats=floats, battery=False)
        values, _ = polled(houses, tmp_path / str(floats))
        assert (powers(values), values["inverter_status"]) == ([0, 350, None, 350], 2)


def test_more_power_than_an_inverter_is_made_for_is_left_out(tmp_path: Path) -> None:
    values, note = polled(sma(Scene(ac=30_000)), tmp_path)
    assert "pv_power" not in values
    assert "left out: AC power 30000 W" in note


def test_todays_energies_follow_the_counters_from_midnight(tmp_path: Path) -> None:
    midnight = NOON - 12 * 3600
    values: dict[str, float] = {}
    for after, made, fed, bought, taken in ((-30, 0, 0, 0, 0), (0, 0, 0, 0, 0), (43_200, 9000, 4000, 700, 2000)):
        scene = Scene(made=50_000 + made, fed=20_000 + fed, bought=30_000 + bought, given=10, taken=100 + taken)
        values, _ = polled(gen24(scene, floats=False), tmp_path, midnight + after)
    today = [round(values[f"{name}_today"]) for name in ("production", "feed_in", "purchased", "self_consumption")]
    assert today == [11_000, 4000, 700, 7000]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"port": 0}, "port must be"),
        ({"unit": 256}, "unit and units must be"),
        ({"units": [1, 1]}, "units must name each"),
        ({"unit": 3, "units": [1, 2]}, "either unit or units"),
        ({"meters": {"x": "grid"}}, "meters must name units"),
        ({"meters": {"1": "grid"}}, "units and meters overlap"),
        ({"base": 70_000}, "base must be"),
        ({"latitude": 91}, "latitude must be"),
        ({"timeout": Duration(0)}, "timeout must be"),
        ({"pause": Duration(31)}, "pause must be"),
    ],
)
def test_settings_that_cannot_work_say_so(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SunSpec(**{"host": "inverter.local", **wrong})  # type: ignore[arg-type]


def test_who_keeps_the_line_open_follows_and_does_not_poll() -> None:
    for keep_open in (True, False):
        roof = SunSpec("inverter.local", keep_open=keep_open)
        assert (roof.follows, roof.polls, roof.local) == (keep_open, not keep_open, True)


@pytest.mark.parametrize("maker", [*HYBRIDS, "sma"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_registers_give_plausible_readings_or_trouble(tmp_path: Path, maker: str, data: st.DataObject) -> None:
    houses = HYBRIDS[maker](SUNNY) if maker in HYBRIDS else sma(SUNNY)
    house = next(iter(houses.values()))
    odd = st.integers(0, 0xFFFF) | st.sampled_from([0, 1, 0x7FFF, MISSING, 0xFFF6, 0xFFFF, 0x7FC0, 0xFF7F])
    house.registers.update(data.draw(st.dictionaries(st.sampled_from(sorted(house.registers)), odd, max_size=40)))
    kept = tmp_path / str(len(list(tmp_path.iterdir())))
    for now in (NOON, NOON + 30):
        try:
            values, _ = polled(houses, kept, now)
        except Trouble:
            continue
        assert values
        assert all(math.isfinite(value) for value in values.values())
