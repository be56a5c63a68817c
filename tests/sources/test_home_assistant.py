from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.metrics import NEWEST_BACKUP, OUTDOOR_TEMPERATURE, PLUGGED, PV_POWER, SOC
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources._expression import Expression
from eink_monitor.sources.home_assistant import HomeAssistant
from eink_monitor.sources.home_assistant.entity import Entity, Short
from eink_monitor.sources.home_assistant.hub import LARGEST
from eink_monitor.sources.home_assistant.offers import offers
from eink_monitor.sources.home_assistant.states import States
from loopback.faults import FAULTS
from loopback.home_assistant import NOW, TOKEN, HomeAssistantServer, said, state
from loopback.server import Said
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/London")
ZOE = state("sensor.zoe_battery", "58", NOW - HOUR, unit="%", kind="battery")
ROOF = state("sensor.roof_power", "2.35", unit="kW", kind="power")
RANGE = state("sensor.zoe_range", "100", unit="mi", kind="distance")
LIVING = state("sensor.living_temp", "70.7", unit="°F", kind="temperature")
PLUG = state("binary_sensor.zoe_plug", "on", kind="plug")
BOB = state("person.bob", "Work", attributes={"latitude": 1.0})
GONE = state("sensor.gone", "unavailable", unit="%")
MANY = [state(f"sensor.device_{number}_power", "1", unit="W", kind="power") for number in range(500)]


def source(url: str, entities: Mapping[str, str | Entity], **settings: object) -> HomeAssistant:
    map_ = {name: Short.parse(to) if isinstance(to, str) else to for name, to in entities.items()}
    return HomeAssistant(base_url=url, token=Secret(TOKEN), entities=map_, **settings)  # type: ignore[arg-type]


def visitor(source: HomeAssistant, tmp_path: Path) -> Visitor:
    return Visitor(source, tmp_path / "state", ZONE, FastClock(NOW), every=60)


def polled(source: HomeAssistant, tmp_path: Path) -> dict[str, tuple[float, int]]:
    found = visitor(source, tmp_path).poll()
    return {f"{one.subject}.{one.metric.name}": (round(one.value, 3), one.at) for one in found}


@pytest.fixture
def server() -> Iterator[HomeAssistantServer]:
    with HomeAssistantServer(ZOE, ROOF, RANGE, LIVING, PLUG, BOB, GONE) as server:
        yield server


def test_entities_become_readings_of_several_subjects_in_their_units(
    server: HomeAssistantServer, tmp_path: Path
) -> None:
    entities = {
        "sensor.zoe_battery": "zoe.soc",
        "sensor.zoe_range": "zoe.range",
        "binary_sensor.zoe_plug": "zoe.plugged",
        "sensor.roof_power": "pv_power",
        "sensor.living_temp": "home.living_temperature °C",
        "person.bob": "home.bob_at_home 0/1",
    }
    house = source(server.url, entities)
    assert polled(house, tmp_path) == {
        "zoe.soc": (58, NOW - HOUR),
        "zoe.range": (160.934, NOW - MINUTE),
        "zoe.plugged": (1, NOW - MINUTE),
        "roof.pv_power": (2350, NOW - MINUTE),
        "home.living_temperature": (21.5, NOW - MINUTE),
        "home.bob_at_home": (0, NOW - MINUTE),
    }
    published = {subject: [metric.name for metric in found] for subject, found in house.publishes("roof").items()}
    assert published == {
        "zoe": ["soc", "range", "plugged"],
        "roof": ["pv_power"],
        "home": ["living_temperature", "bob_at_home"],
    }
    assert server.paths() == ["/api/states"]
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_a_block_scales_reads_attributes_and_knows_words(tmp_path: Path) -> None:
    hall = {"temperature": 19.5, "current_temperature": 20.0, "seen": said(NOW - 5 * MINUTE)}
    things = (
        state("sensor.meter", "-400", unit="W", kind="power"),
        state("climate.hall", "heat", attributes=hall),
        state("sensor.box", "Charging"),
    )
    entities = {
        "sensor.meter": Entity(to="roof.grid_power", scale=-1),
        "climate.hall": _block("home.hall", path="attributes.current_temperature", unit="°C", at="attributes.seen"),
        "sensor.box": Entity(to="zoe.charging", values={"Charging": 1, "Ready": 0}),
    }
    with HomeAssistantServer(*things) as server:
        assert polled(source(server.url, entities), tmp_path) == {
            "roof.grid_power": (400, NOW - MINUTE),
            "home.hall": (20, NOW - 5 * MINUTE),
            "zoe.charging": (1, NOW - MINUTE),
        }


def _block(to: str, *, path: str = "", at: str = "", unit: str = "") -> Entity:
    return Entity(to=to, path=Expression.parse(path), at=Expression.parse(at), unit=unit)


@pytest.mark.parametrize("word", ["unavailable", "unknown", "none", "", "None"])
def test_what_is_unavailable_is_no_reading_and_said(word: str, tmp_path: Path) -> None:
    with HomeAssistantServer(state("sensor.zoe_battery", word, unit="%"), ROOF) as server:
        guest = visitor(
            source(server.url, {"sensor.zoe_battery": "zoe.soc", "sensor.roof_power": "pv_power"}), tmp_path
        )
        assert [one.metric for one in guest.poll()] == [PV_POWER]
    assert guest.note == "without a value: sensor.zoe_battery"


@pytest.mark.parametrize(
    ("text", "unit", "remark"),
    [
        ("58", "kWh", "sensor.zoe_battery is in kWh, which is no unit of soc"),
        ("58", "", "sensor.zoe_battery has no unit: say which with `unit`"),
        ("half full", "%", "left out: sensor.zoe_battery not a number"),
        ("1,5", "%", "left out: sensor.zoe_battery not a number"),
        ("NaN", "%", "left out: sensor.zoe_battery not a number"),
        ("1e999", "%", "left out: sensor.zoe_battery not a number"),
    ],
)
def test_what_cannot_be_read_costs_one_value_with_a_remark(text: str, unit: str, remark: str, tmp_path: Path) -> None:
    with HomeAssistantServer(state("sensor.zoe_battery", text, unit=unit), ROOF) as server:
        guest = visitor(
            source(server.url, {"sensor.zoe_battery": "zoe.soc", "sensor.roof_power": "pv_power"}), tmp_path
        )
        assert [one.metric for one in guest.poll()] == [PV_POWER]
    assert guest.note == remark


def test_a_unit_of_the_configuration_counts_where_home_assistant_says_none(tmp_path: Path) -> None:
    with HomeAssistantServer(state("sensor.template", "2.5")) as server:
        found = polled(source(server.url, {"sensor.template": Entity(to="roof.pv_power", unit="kW")}), tmp_path)
    assert found == {"roof.pv_power": (2500, NOW - MINUTE)}


def test_a_time_is_epoch_seconds_or_the_minutes_until_then(tmp_path: Path) -> None:
    backup = state("sensor.backup_last_successful_automatic_backup", said(NOW - DAY), kind="timestamp")
    full = state("sensor.zoe_full_at", said(NOW + 89 * MINUTE), kind="timestamp")
    entities = {
        "sensor.backup_last_successful_automatic_backup": "nas.newest_backup",
        "sensor.zoe_full_at": "zoe.time_to_full",
    }
    with HomeAssistantServer(backup, full) as server:
        assert polled(source(server.url, entities), tmp_path) == {
            "nas.newest_backup": (NOW - DAY, NOW - MINUTE),
            "zoe.time_to_full": (90, NOW - MINUTE),
        }


def test_the_latest_of_the_three_times_is_when_it_was_measured_and_never_the_fetch(tmp_path: Path) -> None:
    steady = state("sensor.zoe_battery", "58", NOW - 5 * HOUR, reported=NOW - 2 * MINUTE, unit="%")
    old = {key: value for key, value in ROOF.items() if key != "last_reported"} | {"last_updated": said(NOW - 3 * HOUR)}
    old["last_changed"] = said(NOW - 4 * HOUR)
    with HomeAssistantServer(steady, old) as server:
        found = polled(source(server.url, {"sensor.zoe_battery": "zoe.soc", "sensor.roof_power": "pv_power"}), tmp_path)
    assert found == {"zoe.soc": (58, NOW - 2 * MINUTE), "roof.pv_power": (2350, NOW - 3 * HOUR)}


def test_an_entity_without_a_time_is_left_out(tmp_path: Path) -> None:
    with HomeAssistantServer(
        {"entity_id": "sensor.roof_power", "state": "1", "attributes": {"unit_of_measurement": "W"}}
    ) as server:
        guest = visitor(source(server.url, {"sensor.roof_power": "pv_power"}), tmp_path)
        assert guest.poll() == []
    assert guest.note == "sensor.roof_power has no time"


def test_another_entity_may_say_when_a_car_was_measured(tmp_path: Path) -> None:
    activity = state("sensor.zoe_last_activity", said(NOW - 2 * HOUR), kind="timestamp")
    silent = state("sensor.zoe_last_activity", "unavailable", kind="timestamp")
    for clock, expected in ((activity, {"zoe.range": (160.934, NOW - 2 * HOUR)}), (silent, {})):
        with HomeAssistantServer(RANGE, clock) as server:
            house = source(
                server.url, {"sensor.zoe_range": "zoe.range"}, measured_at={"zoe": "sensor.zoe_last_activity"}
            )
            assert polled(house, tmp_path) == expected


def test_an_administrators_token_knows_later_reports(tmp_path: Path) -> None:
    steady = state("sensor.roof_power", "0", NOW - 9 * HOUR, unit="W", kind="power")
    with HomeAssistantServer(steady, ZOE, admin=True) as server:
        server.live["sensor.roof_power"] = NOW - 10
        house = source(server.url, {"sensor.roof_power": "pv_power"}, live_times=True)
        assert polled(house, tmp_path) == {"roof.pv_power": (0, NOW - 10)}
        assert server.paths() == ["/api/template"]
        server.fault = Said(400, {"message": "Error rendering template"})
        with pytest.raises(BadAnswer, match="cannot render our template"):
            visitor(house, tmp_path).poll()
        server.fault, server.admin = None, False
        with pytest.raises(AuthFailed, match="no administrator's; renew it, or remove live_times"):
            visitor(house, tmp_path).poll()


def test_few_entities_are_asked_for_one_by_one_unless_the_house_is_small(tmp_path: Path) -> None:
    wanted = {f"sensor.device_{number}_power": f"power_{number} W" for number in range(5)}
    with HomeAssistantServer(*MANY) as server:
        guest = visitor(source(server.url, dict(list(wanted.items())[:3])), tmp_path)
        assert len(guest.poll()) == 3
        assert server.paths() == [f"/api/states/sensor.device_{number}_power" for number in range(3)]
        server.asked.clear()
        guest = visitor(source(server.url, wanted), tmp_path)
        assert len(guest.poll()) == 5
        assert server.paths() == ["/api/states"]
    with HomeAssistantServer(*MANY, *(state(f"sensor.x{n}", "y" * 200) for n in range(2000))) as server:
        guest = visitor(source(server.url, wanted), tmp_path)
        guest.poll()
        server.asked.clear()
        assert len(guest.poll()) == 5
        assert len(server.asked) == 5  # all the states are 1.3 MB: five calls are cheaper


def test_a_day_of_polls_is_a_call_each(server: HomeAssistantServer, tmp_path: Path) -> None:
    entities = {"sensor.zoe_battery": "zoe.soc", "sensor.roof_power": "pv_power", "sensor.zoe_range": "zoe.range"}
    guest = visitor(source(server.url, {**entities, "binary_sensor.zoe_plug": "zoe.plugged"}), tmp_path)
    for _ in range(24):
        guest.poll()
        guest.clock.wait(HOUR)
    assert len(server.asked) == 24
    assert guest.spent == 0


def test_a_mistyped_entity_is_told_with_what_was_meant(server: HomeAssistantServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url, {"sensor.zoe_batery": "zoe.soc", "sensor.roof_power": "pv_power"}), tmp_path)
    assert [one.metric for one in guest.poll()] == [PV_POWER]
    assert guest.note == "Home Assistant has no sensor.zoe_batery (did you mean sensor.zoe_battery?)"
    with pytest.raises(BadAnswer, match="has no sensor"):
        visitor(source(server.url, {"sensor.qqq": "zoe.soc"}), tmp_path).poll()


def test_while_home_assistant_starts_its_entities_are_not_called_unknown(tmp_path: Path) -> None:
    with HomeAssistantServer(ROOF) as server:
        server.phase = "STARTING"
        guest = visitor(
            source(server.url, {"sensor.zoe_battery": "zoe.soc", "sensor.roof_power": "pv_power"}), tmp_path
        )
        assert len(guest.poll()) == 1
        assert "is starting" in guest.note
        with pytest.raises(Unavailable, match="is starting"):
            visitor(source(server.url, {"sensor.zoe_battery": "zoe.soc"}), tmp_path).poll()


@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize(
    "case",
    [
        (Said(401, b"401: Unauthorized"), AuthFailed, "rejects the token; create a new one"),
        (Said(403, b"403: Forbidden"), AuthFailed, "has banned this machine"),
        (Said(400, b"400: Bad Request"), BadAnswer, "trusted_proxies"),
        (Said(404, b"404: Not Found", {"Content-Type": "text/plain"}), BadAnswer, ""),
        (Said(405, b"405: Method Not Allowed"), BadAnswer, "405"),
        (Said(429, {}, {"Retry-After": "17"}), Throttled, "429"),
        (Said(500, b"oops"), Unavailable, "500"),
        (Said(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"}), Unavailable, "is restarting"),
        (Said(503, b""), Unavailable, "is restarting"),
        (Said(200, b"<html>Hello</html>", {"Content-Type": "text/html"}), Unavailable, "web page"),
    ],
)
def test_each_refusal_has_its_sentence(
    count: int, case: tuple[Said, type[Trouble], str], server: HomeAssistantServer, tmp_path: Path
) -> None:
    server.fault, kind, words = case
    entities = {f"sensor.a{number}": f"power_{number} W" for number in range(count)}
    with pytest.raises(kind) as caught:
        visitor(source(server.url, entities), tmp_path).poll()
    assert words in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("count", [1, 5])
def test_hostile_answers_raise_our_own_errors(
    name: str, count: int, server: HomeAssistantServer, tmp_path: Path
) -> None:
    server.fault = FAULTS[name]
    entities = {f"sensor.a{number}": f"power_{number} W" for number in range(count)}
    with suppress(Trouble):
        assert visitor(source(server.url, entities), tmp_path).poll() == []


def test_more_than_a_home_has_is_not_read(server: HomeAssistantServer, tmp_path: Path) -> None:
    server.fault = Said(200, b"[" + b'"x",' * (LARGEST // 4) + b'"x"]')
    with pytest.raises(BadAnswer):
        visitor(source(server.url, {f"sensor.a{n}": f"power_{n} W" for n in range(5)}), tmp_path).poll()


def test_without_entities_nothing_is_asked(server: HomeAssistantServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url, {}), tmp_path)
    assert guest.poll() == []
    assert server.asked == []
    assert "entities is empty" in guest.note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zoe.socc", "did you mean `soc`? One of your own needs a unit"),
        ("home.dampness", "needs a unit"),
        ("zoe.soc °C", "soc is known, and counted in %, not °C"),
        ("Zoe Soc", "names no metric"),
        ("", "names no metric"),
        ("1.soc", "names no metric"),
    ],
)
def test_what_names_no_metric_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Short.parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"entities": {"Sensor.A": Short.parse("zoe.soc")}}, "is no entity"),
        ({"entities": {"sensor.a": Short.parse("zoe.soc"), "sensor.b": Short.parse("zoe.soc")}}, "are both zoe.soc"),
        ({"measured_at": {"zoe": "sensor.a"}}, "no entity is of `zoe`"),
        ({"base_url": "http://example.com"}, "base_url must begin with https://"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], words: str) -> None:
    usual = {"base_url": "http://homeassistant.local:8123", "token": Secret(TOKEN)}
    with pytest.raises(ValueError, match=r".") as caught:
        HomeAssistant(**(usual | settings))  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_an_attribute_needs_a_unit() -> None:
    with pytest.raises(ValueError, match="unit is missing"):
        _block("zoe.soc", path="attributes.level")
    assert _block("zoe.plugged", path="attributes.plug").kind is PLUGGED


def test_what_stays_as_it_is_may_look_old() -> None:
    house = source("http://ha.local:8123", {"sensor.a": "zoe.soc"})
    assert house.patience_with(SOC, 60) == DAY
    assert house.patience_with(PV_POWER, 60) == HOUR
    assert house.patience_with(OUTDOOR_TEMPERATURE, 60) == 3 * HOUR
    assert source("http://ha.local:8123", {}, stale_after=Duration(120)).patience_with(SOC, 60) == 180
    assert house.local
    assert not source("https://x.ui.nabu.casa", {}).local


def test_useful_entities_are_offered_with_what_they_would_feed() -> None:
    house = [
        *(ZOE, RANGE, PLUG, LIVING, BOB, GONE),
        state("sensor.zoe_odometer", "42110", unit="km", kind="distance"),
        state("sensor.solar_inverter_power", "2350", unit="W", kind="power"),
        state("sensor.grid_power", "-10", unit="W", kind="power"),
        state("sensor.solar_energy_today", "12.5", unit="kWh", kind="energy"),
        state("sensor.outdoor_temperature", "12.5", unit="°C", kind="temperature"),
        state("sensor.bobs_phone_battery_level", "55", unit="%", kind="battery"),
        state("sensor.powerwall_charge", "55", unit="%", kind="battery"),
        state("sensor.backup_last_successful_automatic_backup", said(NOW), kind="timestamp"),
        state("sensor.tibber_price", "0.31", unit="EUR/kWh"),
        state("binary_sensor.front_door", "off", kind="door"),
        state("light.hall", "on"),
        state("sensor.pantry_scale", "5.2", unit="kg"),
    ]
    found = {name: to for one in offers({str(one["entity_id"]): one for one in house}) for name, to in _of(one).items()}
    assert found == {
        "sensor.zoe_battery": "zoe.soc",
        "sensor.zoe_range": "zoe.range",
        "sensor.zoe_odometer": "zoe.odometer",
        "binary_sensor.zoe_plug": "zoe.plugged",
        "sensor.solar_inverter_power": "roof.pv_power",
        "sensor.grid_power": "roof.grid_power",
        "sensor.solar_energy_today": "roof.production_today",
        "sensor.outdoor_temperature": "weather.outdoor_temperature",
        "sensor.powerwall_charge": "roof.storage_soc",
        "sensor.backup_last_successful_automatic_backup": "home.newest_backup",
        "sensor.tibber_price": "price.price_eur",
        "sensor.living_temp": "home.living_temp °C",
        "binary_sensor.front_door": "home.front_door 0/1",
        "person.bob": "home.bob 0/1",
        "sensor.pantry_scale": "home.pantry_scale kg",
    }
    for to in found.values():
        Short.parse(to)


def _of(suggestion: object) -> dict[str, str]:
    return suggestion.settings["entities"]  # type: ignore[attr-defined,no-any-return]


def test_the_offers_come_from_the_house(server: HomeAssistantServer, tmp_path: Path) -> None:
    house = source(server.url, {})
    words = [one.words for one in house.suggestions(visitor(house, tmp_path).visit())]
    assert "zoe range: 100 mi, as zoe.range" in words
    assert NEWEST_BACKUP.name not in str(words)


_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([said(NOW), "on", "5"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("unit_of_measurement", "device_class", "friendly_name"),
        _ANYTHING | st.sampled_from(["%", "W", "timestamp", "power", "battery"]),
    ),
)
_STATES = st.fixed_dictionaries(
    {},
    optional={
        "state": _ANYTHING,
        "attributes": _ATTRIBUTES | _ANYTHING,
        **dict.fromkeys(("last_reported", "last_updated", "last_changed"), _ANYTHING),
    },
)
_FED = {
    name: Short.parse(to)
    for name, to in {
        "sensor.a": "zoe.soc",
        "person.b": "home.bob 0/1",
        "sensor.c": "nas.newest_backup",
        "sensor.d": "zoe.time_to_full",
    }.items()
}


@given(st.dictionaries(st.sampled_from([*_FED, "sensor.clock"]), _STATES))
def test_whatever_states_hold_they_are_readings_or_remarks(known: dict[str, dict[str, object]]) -> None:
    visit = Visit("ha", "ha", NOW, ZONE, 60, {}, Path("nowhere"))
    for one in States(known, visit).readings(_FED, {"zoe": "sensor.clock"}):
        assert isinstance(one.value, float)
    for offer in offers(known):
        for to in _of(offer).values():
            Short.parse(to)
