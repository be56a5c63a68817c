"""What real houses send over Modbus: odd values, silent parts, several inverters, batteries, other people's roofs."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doors.inverter import MISSING, Bus, House, serve_bus, words
from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR
from eink_monitor.errors import BadAnswer, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus

BERLIN = ZoneInfo("Europe/Berlin")
NOON = int(datetime(2026, 6, 28, 12, tzinfo=BERLIN).timestamp())
NIGHT = NOON + 11 * HOUR
BAYS = (57600, 57856, 58368)
Values = dict[str, float]


class Home:
    """Asks a bus again and again, and remembers what it said, as the daemon does."""

    def __init__(self, state: Path, **settings: object) -> None:
        self.state, self.settings = state, settings
        self.latest: dict[tuple[str, str], Reading] = {}
        self.note = ""

    def poll(self, bus: Bus | House, at: int = NOON) -> Values:
        bus = Bus({1: bus}) if isinstance(bus, House) else bus
        visit = Visit("roof", "roof", at, BERLIN, 30, self.latest, self.state)
        with serve_bus(bus) as port:
            readings = SolarEdgeModbus("127.0.0.1", port, timeout=Duration(1), **self.settings).poll(visit)  # type: ignore[arg-type]
        self.note = visit.note
        self.latest |= {(reading.subject, reading.metric.name): reading for reading in readings}
        return {reading.metric.name: reading.value for reading in readings}

    def trouble(self, bus: Bus, at: int = NOON) -> Trouble:
        with pytest.raises(Trouble) as caught:
            self.poll(bus, at)
        return caught.value


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def powers(values: Values) -> list[float | None]:
    return [values.get(f"{name}_power") for name in ("pv", "load", "grid", "storage")]


# Raw values that cannot be are judged before they are cut off, summed or averaged.


@pytest.mark.parametrize("ac", [-32766, 31_000, -25_000])
def test_an_impossible_ac_power_makes_no_power_of_the_roof(home: Home, ac: int) -> None:
    values = home.poll(House().inverter(ac).meter(-300))
    assert powers(values) == [None, None, 300, None]
    assert values["production_lifetime"] == 12_345_678
    assert home.note == f"left out: AC power {ac} W"


@pytest.mark.parametrize("end", [32767, -32767])
def test_what_is_beyond_a_register_is_no_power(home: Home, end: int) -> None:
    assert powers(home.poll(House().inverter(2000).meter(end))) == [2000, None, None, None]
    assert home.note == "left out: meter power not a number"
    assert powers(home.poll(House().inverter(end).meter(-300))) == [None, None, 300, None]
    assert home.note == "left out: AC power not a number"


def test_a_power_that_is_not_given_is_told(home: Home) -> None:
    house = House().inverter(MISSING).meter(MISSING).battery(0, math.nan, 50)
    values = home.poll(house)
    assert powers(values) == [None, None, None, None]
    assert values["storage_soc"] == 50
    assert home.note == (
        'the inverter (unit 1) gives no AC power; the meter "Export+Import" gives no power; '
        "the battery in bay 1 gives no power"
    )
    home.poll(House().inverter(MISSING, status=2).meter(-300), NIGHT)
    assert "AC power" not in home.note, "it sleeps"


def test_a_state_that_is_none_is_told_without_a_unit(home: Home) -> None:
    assert powers(home.poll(House().inverter(2000, status=12))) == [2000, None, None, None]
    assert home.note == "left out: inverter_status 12"


def test_an_inverter_that_takes_power_and_keeps_it_nowhere_has_no_roof(home: Home) -> None:
    assert powers(home.poll(House().inverter(-6000).meter(-7000))) == [None, 1000, 7000, None]
    assert "left out: power from the roof -6000 W" in home.note


@pytest.mark.parametrize("power", [-32768.0, 32767.0, 65535.0, 9000.0, -9000.0, 5e8])
def test_a_battery_power_beyond_its_own_rating_is_not_known(home: Home, power: float) -> None:
    house = House().inverter(-10, status=2).meter(-350).battery(0, power, 12, rated=5000)
    assert powers(home.poll(house, NIGHT)) == [0, 340, 350, None]
    assert "left out: battery power" in home.note


def test_a_battery_without_a_rated_power_is_bound_by_what_it_holds(home: Home) -> None:
    assert powers(home.poll(House().inverter(100).meter(0).battery(0, -31_000, 50)))[3] is None
    assert powers(home.poll(House().inverter(100).meter(0).battery(0, -4_000, 50)))[3] == -4000


def test_a_battery_of_rated_energy_nought_is_a_battery(home: Home) -> None:
    values = home.poll(House().inverter(980).meter(-20).battery(0, -1000, 44, 0.0, rated=5000), NIGHT)
    assert powers(values) == [0, 1020, 20, -1000]
    assert values["storage_soc"] == 44


@pytest.mark.parametrize("charge", [-0.5, -7.0, 101.6, 250.0])
def test_an_impossible_charge_costs_the_charge_alone(home: Home, charge: float) -> None:
    values = home.poll(House().inverter(300).meter(-100).battery(0, 0, charge))
    assert powers(values) == [300, 400, 100, 0]
    assert "storage_soc" not in values
    assert home.note == f"left out: charge {charge:g} %"


def test_no_battery_is_emptied_at_once(home: Home) -> None:
    full = House().inverter(300).meter(-100).battery(0, 0, 64)
    empty = House().inverter(300).meter(-100).battery(0, 0, 0, rated=5000)
    home.poll(full)
    assert powers(home.poll(empty, NOON + 30)) == [300, 400, 100, 0]
    assert home.latest["roof", "storage_soc"].value == 64
    assert home.note.endswith(", storage_soc 0 %")
    assert home.poll(empty, NOON + HOUR)["storage_soc"] == 0, "it stays so"


def test_a_battery_that_was_nearly_empty_may_be_empty(home: Home) -> None:
    home.poll(House().inverter(300).battery(0, 0, 6))
    assert home.poll(House().inverter(300).battery(0, 0, 0, rated=5000), NOON + 30)["storage_soc"] == 0


def test_an_impossible_charge_of_one_battery_makes_no_plausible_mean(home: Home) -> None:
    values = home.poll(House().inverter(300).battery(0, 0, -60).battery(1, 0, 100))
    assert "storage_soc" not in values
    assert values["storage_power"] == 0


def test_an_impossible_meter_costs_what_needs_it(home: Home) -> None:
    assert powers(home.poll(House().inverter(2000).meter(-30_000, scale=1))) == [2000, None, None, None]
    assert home.note == "left out: meter power -300000 W"


# A part that need not be there costs itself only.


@pytest.mark.parametrize("how", ["mute", 4, 6, 10, 11])
@pytest.mark.parametrize("seen", [False, True])
def test_a_battery_that_does_not_answer_costs_itself(home: Home, how: str | int, *, seen: bool) -> None:
    house = House().inverter(3000).meter(1200).battery(0, 400, 50)
    if seen:
        assert powers(home.poll(house)) == [3400, 1800, -1200, 400]
    silent = range(BAYS[0], BAYS[2] + 256)
    bus = Bus({1: house}, mute={1: silent}) if how == "mute" else Bus({1: house}, refused=dict.fromkeys(silent, how))  # type: ignore[arg-type]
    values = home.poll(bus, NOON + 30)
    assert powers(values) == [None if seen else 3000, 1800, -1200, None]
    assert "battery in bay 1 (unit 1) does not answer" in home.note


def test_a_silent_bay_behind_a_battery_is_empty_and_keeps_nobody_waiting(home: Home) -> None:
    house = House().inverter(3000).meter(1200).battery(0, 400, 50)
    bus = Bus({1: house}, mute={1: range(BAYS[1], BAYS[2] + 256)})
    for beat in range(2):
        assert powers(home.poll(bus, NOON + 30 * beat)) == [3400, 1800, -1200, 400]
    assert "bay 2" in home.note
    assert not [address for _, address in bus.asked if address >= BAYS[2]], "one silence is enough"


def test_a_battery_that_was_there_and_tells_nothing_is_not_forgotten_for_a_week(home: Home) -> None:
    home.poll(House().inverter(3000).meter(1200).battery(0, 400, 50))
    without = House().inverter(3000).meter(1200)
    assert powers(home.poll(without, NOON + HOUR)) == [None, 1800, -1200, None]
    assert "was there before" in home.note
    assert powers(home.poll(without, NOON + 8 * DAY)) == [3000, 1800, -1200, None]


def test_a_meter_without_registers_is_told_as_such(home: Home) -> None:
    house = House().inverter(3000).meter(1200).battery(0, 400, 50)
    assert powers(home.poll(Bus({1: house}, refused=dict.fromkeys(range(40190, 40295), 2)))) == [3400, None, None, 400]
    assert home.note == 'the meter "Export+Import" has no registers'


@pytest.mark.parametrize("how", ["mute", 6, 11, "hung up"])
def test_a_meter_that_does_not_answer_costs_itself(home: Home, how: str | int) -> None:
    house = House().inverter(3000).meter(1200).battery(0, 400, 50)
    body = range(40190, 40295)
    bus = Bus({1: house})
    if how == "mute":
        bus.mute = {1: body}
    elif how == "hung up":
        bus.hung_up = body
    else:
        bus.refused = dict.fromkeys(body, int(how))
    values = home.poll(bus)
    assert powers(values) == [3400, None, None, 400]
    assert 'the meter "Export+Import" (unit 1) does not answer' in home.note
    assert "has no registers" not in home.note


def test_what_follows_the_inverter_may_be_silent(home: Home) -> None:
    house = House().inverter(3000).meter(1200)
    for silent in (range(40121, 40123), range(40123, 40187), range(40188, 40190)):
        assert powers(home.poll(Bus({1: house}, mute={1: silent}))) == [3000, None, None, None]
        assert "does not answer" in home.note


def test_a_meter_without_values_is_told_with_its_model(home: Home) -> None:
    house = House().inverter(3000).meter(MISSING, (0, 0)).battery(0, 100, 50)
    assert powers(home.poll(house)) == [3100, None, None, 100]
    assert 'the meter "Export+Import" (WNC-3D-480-MB) gives no values; check its wiring' in home.note


def test_of_two_grid_meters_the_one_that_gives_values_counts(home: Home) -> None:
    house = House().inverter(3000).meter(MISSING, (0, 0)).meter(1200)
    assert powers(home.poll(house)) == [3000, 1800, -1200, None]


# A wrong unit, a slow inverter, a wallbox are told as such.


def test_an_ev_charger_is_told_with_its_model(home: Home) -> None:
    wallbox = House().common("SE-EVSA-2S16", "7E0000FE").model(101, 50, {12: [MISSING, 0], 36: [1]})
    assert str(home.trouble(Bus({3: wallbox}, nobody=11))).startswith("127.0.0.1")
    trouble = Home(home.state, unit=3).trouble(Bus({3: wallbox}))
    assert str(trouble) == "unit 3 is an EV charger (SE-EVSA-2S16), not an inverter; check unit:"


@pytest.mark.parametrize("nobody", [0, 10, 11])
def test_a_wrong_unit_is_told_as_such(home: Home, nobody: int) -> None:
    trouble = home.trouble(Bus({5: House().inverter(3000)}, nobody=nobody))
    assert isinstance(trouble, Unavailable)
    assert "unit 1" in str(trouble)
    assert "check unit:" in str(trouble)


def test_at_night_nobody_behind_a_gateway_sleeps(home: Home) -> None:
    home.poll(House().inverter(0, status=2), NIGHT - HOUR)
    assert home.poll(Bus({}, nobody=11), NIGHT) == {}
    assert home.note == "the inverter sleeps"


def test_a_slow_inverter_is_told_as_such(home: Home) -> None:
    trouble = home.trouble(Bus({1: House().inverter(3000)}, late=1.5))
    assert isinstance(trouble, Unavailable)
    assert "is slow: it answers, but not within 1 s; set timeout: 10s" in str(trouble)


@pytest.mark.parametrize(("code", "why"), [(4, "an internal error"), (6, "busy"), (77, "unknown reason")])
def test_an_inverter_that_refuses_says_why(home: Home, code: int, why: str) -> None:
    bus = Bus({1: House().inverter(3000)}, refused=dict.fromkeys(range(40071, 40110), code))
    assert f"(Modbus exception {code}: {why}); trying again later" in str(home.trouble(bus))


# Several inverters, and other people's roofs.


def two(one: int = 1530, other: int = 1600, grid: int = 326) -> Bus:
    second = House().common("SE7K", "7E00BEEF").model(103, 50, {12: [other, 0], 22: [0x99, 0x2E14, 0], 36: [4]})
    return Bus({1: House().inverter(one).meter(grid), 2: second})


def test_several_units_are_summed(tmp_path: Path) -> None:
    home = Home(tmp_path, units=[1, 2])
    values = home.poll(two())
    assert powers(values) == [3130, 2804, -326, None]
    assert values["production_lifetime"] == 12_345_678 + (0x99 << 16 | 0x2E14)
    assert home.note == ""


@pytest.mark.parametrize("how", [0, 6, 11])
def test_of_a_sum_with_a_silent_part_nothing_is_said_by_day(tmp_path: Path, how: int) -> None:
    home, bus = Home(tmp_path, units=[1, 2]), two()
    home.poll(two(), NOON - 13 * HOUR)
    home.poll(two(), NOON - 30)
    bus.units, bus.nobody = {1: bus.units[1]}, how
    values = home.poll(bus)
    assert powers(values) == [None, None, -326, None]
    assert not [name for name in values if name.startswith("production")]
    assert "unit 2 does not answer" in home.note
    assert "check units:" in home.note


def test_at_night_a_silent_unit_sleeps_and_its_counters_stand_still(tmp_path: Path) -> None:
    home = Home(tmp_path, units=[1, 2])
    for at in (NOON - 12 * HOUR - 30, NOON - 12 * HOUR, NOON + 10 * HOUR):
        home.poll(two(0, 0, -250), at)
    values = home.poll(Bus({1: House().inverter(0, status=2).meter(-250)}), NIGHT)
    assert powers(values) == [0, 250, 250, None]
    assert values["production_lifetime"] == 12_345_678 + (0x99 << 16 | 0x2E14)
    assert values["production_today"] == 0
    assert home.note == "unit 2 sleeps"


def test_one_inverter_at_two_units_does_not_count_twice(tmp_path: Path) -> None:
    house = House().inverter(2000).meter(500)
    trouble = Home(tmp_path, units=[1, 2]).trouble(Bus({1: house, 2: house}))
    assert isinstance(trouble, BadAnswer)
    assert str(trouble) == "units 1 and 2 are the same inverter; name it once in units:"


def test_no_unit_answering_is_trouble(tmp_path: Path) -> None:
    trouble = Home(tmp_path, units=[1, 2]).trouble(Bus({}, nobody=11))
    assert "has no unit 1 behind it" in str(trouble)


@pytest.mark.parametrize(
    "wrong", [{"units": [1, 1]}, {"units": [1, 300]}, {"unit": 2, "units": [1, 2]}, {"units": [-1]}]
)
def test_units_that_cannot_be_say_so(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="units"):
        SolarEdgeModbus("inverter.local", **wrong)  # type: ignore[arg-type]


def test_an_inverter_that_nobody_reads_hides_the_house_and_turns_no_sign(home: Home) -> None:
    for beat in range(6):
        house = House().inverter(1000).meter(3500, (500_000 + 30 * beat, 300_000))
        assert powers(home.poll(house, NOON + 30 * beat)) == [1000, None, -3500, None]
        assert "name all inverters in units:" in home.note
    dull = House().inverter(1000).meter(-200, (501_000, 300_010))
    assert powers(home.poll(dull, NOON + HOUR)) == [1000, None, 200, None], "the other one may give anything"
    assert powers(home.poll(dull, NOON + 200 * DAY)) == [1000, 1200, 200, None], "it is gone"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_meter_that_never_counted_a_purchase_tells_its_sign_all_the_same(home: Home, sign: int) -> None:
    for beat in range(4):
        values = home.poll(House().inverter(3000).meter(sign * 1500, (500_000 + 13 * beat, 0)), NOON + 30 * beat)
    assert powers(values) == [3000, 1500, -1500, None]


def test_looks_that_no_house_explains_are_forgiven_where_they_are_rare(home: Home) -> None:
    for beat, meter in enumerate((2000, 500, 2000, 500, 2000, 500)):  # a cloud between two reads
        house = House().inverter(1000).meter(meter, (500_000 + 10 * beat, 300_000))
        load = powers(home.poll(house, NOON + 30 * beat))[1]
        assert load == (None if meter == 2000 else 500)


def test_while_others_feed_in_todays_consumption_is_not_known(home: Home) -> None:
    start = NOON - 12 * HOUR
    for n, (at, made, fed) in enumerate(
        ((start - 30, 0, 0), (start, 0, 0), *((NOON + 30 * n, 900, 5000) for n in range(4)))
    ):
        house = House().inverter(1000, wh=50_000 + made).meter(3500, (20_000 + fed + 10 * n, 30_000))
        values = home.poll(house, at)
    assert values["production_today"] == 900
    assert values["feed_in_today"] > 5000
    assert not {"self_consumption_today", "consumption_today"} & values.keys(), "not 900 - 5000, cut off at nought"


def leader() -> House:
    house = House().inverter(-4000, status=1)
    house.meter(2900, option="Production").meter(2100).meter(2500, option="Production")
    return house.battery(0, 3990, 66.7, 23_000, rated=5000)


def test_production_meters_of_others_hide_the_house_until_they_are_added(tmp_path: Path) -> None:
    home = Home(tmp_path / "a")
    assert powers(home.poll(leader())) == [0, None, -2100, 3990]
    assert "external_production: true" in home.note
    follower = House().common("SE4K", "7E00F00D").model(103, 50, {12: [3000, 0], 22: [1, 1, 0], 36: [4]})
    home = Home(tmp_path / "b", units=[1, 2], external_production=True)
    values = home.poll(Bus({1: leader(), 2: follower}))
    assert powers(values) == [8400, pytest.approx(2310), -2100, 3990]
    assert values["production_lifetime"] == 12_345_678 + 65_537 + 2 * 500_000
    assert home.note == ""


def test_a_meter_that_two_units_show_counts_once(tmp_path: Path) -> None:
    follower = House().common("SE4K", "7E00F00D").model(103, 50, {12: [3000, 0], 22: [1, 1, 0], 36: [4]})
    follower.common("WNC-3D-480-MB", "M40188", "Production").model(203, 105, {16: [2900], 20: [0], 36: [7, 0]})
    leading = House().inverter(0).meter(2900, option="Production").meter(2100)
    home = Home(tmp_path, units=[1, 2], external_production=True)
    serial = "M40188"
    leading.put(40123 + 48, words(serial, 16))
    assert powers(home.poll(Bus({1: leading, 2: follower})))[0] == 5900


# The energy of the modules of a house with a battery, and counters that are not perfect.


def test_production_is_what_the_modules_made_not_what_left_the_inverter(home: Home) -> None:
    """10 kWh made by noon, of which 4 are in the battery; when they leave it at night nothing new is made."""
    start = NOON - 12 * HOUR
    story = [(start - 30, 0, 10), (start, 0, 10), (NOON, 6_000, 50), (NOON + 6 * HOUR, 6_500, 90), (NIGHT, 10_300, 50)]
    seen = []
    for at, out, charge in story:
        house = House().inverter(500, wh=50_000 + out).meter(0, (20_000, 30_000)).battery(0, 0, charge, 10_000)
        seen.append(home.poll(house, at))
    today = [values.get("production_today") for values in seen[1:]]
    assert today == [0, 10_000, 14_500, 14_500], "and never less in the evening"
    assert seen[-1]["consumption_today"] == 10_300
    assert seen[-1]["production_lifetime"] == 60_300


def test_the_counters_of_a_battery_go_before_its_charge(home: Home) -> None:
    start = NOON - 12 * HOUR
    for at, out, counted in (
        (start - 30, 0, (7_000, 8_000)),
        (start, 0, (7_000, 8_000)),
        (NOON, 6_000, (7_100, 12_300)),
    ):
        house = House().inverter(500, wh=50_000 + out).battery(0, 0, 50, counted=counted)
        values = home.poll(house, at)
    assert values["production_today"] == 6_000 + 4_300 - 100


def test_what_the_grid_puts_into_the_battery_is_no_production(home: Home) -> None:
    start = NOON - 12 * HOUR
    for at, ac, charge in ((-30, 0, 20), (0, 0, 20), (HOUR, -2000, 20), (3 * HOUR, -2000, 60), (3 * HOUR + 30, 0, 60)):
        house = House().inverter(ac, wh=50_000).meter(ac - 300, (20_000, 30_000)).battery(0, -ac, charge, 10_000)
        values = home.poll(house, start + at)
    assert values["production_today"] == 0


def test_a_counter_that_falls_a_little_costs_nothing(home: Home) -> None:
    start, evening = NOON - 12 * HOUR, NOON + 8 * HOUR
    story = [(start - 30, 19_996_000), (start, 19_996_000), (evening, 20_000_000)]
    story += [(evening + 30, 19_999_998), (evening + 60, 20_000_050)]
    seen = [home.poll(House().inverter(100, wh=wh), at) for at, wh in story]
    assert [values["production_today"] for values in seen[2:]] == [4000, 4000, 4050]
    assert home.note == ""


def test_a_replaced_inverter_goes_on_and_what_is_missing_is_said(home: Home) -> None:
    start = int(datetime(2027, 1, 1, tzinfo=BERLIN).timestamp())
    spans = ("production_today", "production_month", "production_year")
    for at, wh in ((-30, 20_000_000), (0, 20_000_000), (12 * HOUR, 20_004_000)):
        values = home.poll(House().inverter(100, wh=wh), start + at)
    assert [values[span] for span in spans] == [4000] * 3
    values = home.poll(House().inverter(100, wh=40), start + 13 * HOUR)
    assert [values.get(span) for span in (*spans, "production_lifetime")] == [4000, 4000, 4000, None]
    assert home.note == "left out: production counter 40 Wh"
    values = home.poll(House().inverter(100, wh=140), start + 13 * HOUR + 30)
    assert [values.get(span) for span in (*spans, "production_lifetime")] == [4100, 4100, 4100, 140]
    assert home.note == "a counter fell or jumped, so of this day, month, year some energy is missing"
    values = home.poll(House().inverter(100, wh=140), start + DAY + 30)
    assert [values.get(span) for span in spans] == [pytest.approx(0, abs=1), 4100, 4100]
    assert "of this month, year some" in home.note


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.integers(40071, 40121) | st.integers(40188, 40300) | st.integers(57666, 57740),
        st.integers(0, 0xFFFF) | st.sampled_from([0x8000, 0x7FFF, 0xFFFF, 0xC700, 0]),
        max_size=40,
    ),
    st.dictionaries(st.integers(40000, 40300) | st.integers(57600, 58700), st.integers(1, 15), max_size=3),
)
def test_whatever_registers_and_refusals_come_there_are_plausible_readings_or_trouble(
    tmp_path: Path, wrong: dict[int, int], refused: dict[int, int]
) -> None:
    house = House().inverter(3000).meter(100).battery(0, 500, 50, rated=5000)
    house.registers.update(wrong)
    home = Home(tmp_path)
    try:
        values = home.poll(Bus({1: house}, refused=refused))
    except Trouble:
        return
    assert values
    known: dict[str, Metric] = metrics.METRICS
    assert all(known[name].low <= value <= known[name].high for name, value in values.items())
    assert len(home.note) <= 400
    assert all(math.isfinite(value) for value in values.values())
