from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, local, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.metrics import PLUGGED, PRICE_EUR, SOC
from eink_monitor.model.event import Event
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources.evcc import LOADPOINT, VEHICLE, Evcc
from eink_monitor.sources.evcc.prices import prices
from eink_monitor.sources.evcc.sessions import events
from eink_monitor.sources.evcc.site import Site
from loopback.evcc import CARPORT, GARAGE, NOW, OLD, SESSIONS, STATE, EvccServer
from loopback.faults import FAULTS
from loopback.server import Said
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
NAMES: Mapping[str, object] = {
    "loadpoints": {"garage": "Garage", "carport": "carport links"},
    "vehicles": {"zoe": "Zoe"},
}


def source(url: str, **settings: object) -> Evcc:
    return Evcc(base_url=url, **({**NAMES, "sessions": False} | settings))  # type: ignore[arg-type]


def visitor(evcc: Evcc, tmp_path: Path) -> Visitor:
    return Visitor(evcc, tmp_path / "state", ZONE, FastClock(NOW), every=60)


def values(readings: object) -> dict[str, float]:
    return {f"{one.subject}.{one.metric.name}": round(one.value, 3) for one in readings}  # type: ignore[attr-defined]


@pytest.fixture
def server() -> Iterator[EvccServer]:
    with EvccServer() as server:
        yield server


def test_a_house_its_wallboxes_and_its_car_are_read_with_one_call(server: EvccServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url), tmp_path)
    found = guest.poll()
    assert values(found) == {
        "roof.pv_power": 6100,
        "roof.load_power": 4560,  # the house with the car that charges
        "roof.grid_power": -1200,
        "roof.storage_power": 340,
        "roof.storage_soc": 81,
        "roof.green_share": 93,
        "roof.production_lifetime": 14_345_600,
        "roof.purchased_lifetime": 5_123_400,
        "roof.feed_in_lifetime": 9_000_100,
        "roof.price_eur": 0.28,
        "roof:garage.plugged": 1,
        "roof:garage.charging": 1,
        "roof:garage.charging_power": 4140,
        "roof:garage.time_to_full": 120,
        "roof:garage.session_energy": 6120.5,
        "roof:garage.session_solar": 94.2,
        "roof:garage.charge_mode": 1,
        "roof:carport.plugged": 0,
        "roof:carport.charging": 0,
        "roof:carport.charging_power": 0,
        "roof:carport.charge_mode": 0,
        "roof:zoe.plugged": 1,
        "roof:zoe.charging": 1,
        "roof:zoe.charging_power": 4140,
        "roof:zoe.time_to_full": 120,
        "roof:zoe.soc": 58.3,
        "roof:zoe.target_soc": 80,
        "roof:zoe.range": 190,
        "roof:zoe.odometer": 42110,
    }
    assert {one.at for one in found} == {NOW - 5}  # by evcc's clock
    assert guest.note == ""
    assert server.paths() == ["/api/state", "/api/tariff/grid"]
    published = guest.source.publishes("roof")
    assert all(one.metric in published[one.subject] for one in found)


def test_what_comes_in_and_what_goes_out_of_a_house_is_equal(server: EvccServer, tmp_path: Path) -> None:
    found = values(visitor(source(server.url), tmp_path).poll())
    assert found["roof.pv_power"] + found["roof.grid_power"] == found["roof.load_power"] + found["roof.storage_power"]


def test_an_old_release_is_understood(tmp_path: Path) -> None:
    with EvccServer(OLD) as server:
        guest = visitor(source(server.url, loadpoints={"garage": "Garage"}), tmp_path)
        assert values(guest.poll()) == {
            "roof.pv_power": 0,
            "roof.load_power": 1888,
            "roof.grid_power": 1500,
            "roof.storage_power": -400,
            "roof.storage_soc": 55,
            "roof.green_share": 20,
            "roof.price_chf": 0.31,
            "roof:garage.plugged": 1,
            "roof:garage.charging": 1,
            "roof:garage.charging_power": 1388,
            "roof:garage.time_to_full": 60,  # nanoseconds
            "roof:garage.session_energy": 900,
            "roof:garage.charge_mode": 3,
            "roof:zoe.plugged": 1,
            "roof:zoe.charging": 1,
            "roof:zoe.charging_power": 1388,
            "roof:zoe.time_to_full": 60,
        }
        assert guest.note == ""


def test_a_price_in_a_currency_that_nobody_reads_is_told(tmp_path: Path) -> None:
    with EvccServer({**STATE, "currency": "USD"}) as server:
        guest = visitor(source(server.url), tmp_path)
        assert not [one for one in guest.poll() if one.metric.name.startswith("price")]
    assert guest.note == "prices in USD are not kept"


def test_a_car_that_is_away_says_nothing(tmp_path: Path) -> None:
    away = {**STATE, "loadpoints": [{**GARAGE, "connected": False, "charging": False}, CARPORT]}
    with EvccServer(away) as server:
        found = values(visitor(source(server.url, vehicles={"zoe": "Zoe", "golf": "db:4"}), tmp_path).poll())
    assert not [name for name in found if name.startswith(("roof:zoe", "roof:golf"))]
    assert "roof:garage.session_energy" not in found


def test_a_heat_pumps_temperature_is_no_charge(tmp_path: Path) -> None:
    pump = {**GARAGE, "chargerFeatureHeating": True, "vehicleSoc": 48.5, "vehicleTitle": "Boiler"}
    with EvccServer({**STATE, "loadpoints": [pump]}) as server:
        found = values(visitor(source(server.url, loadpoints={}, vehicles={"boiler": "Boiler"}), tmp_path).poll())
    assert "roof:boiler.soc" not in found


def test_a_house_with_a_wallbox_only(tmp_path: Path) -> None:
    with EvccServer({"loadpoints": [{"title": "Garage", "connected": False, "charging": False}]}) as server:
        found = visitor(source(server.url, vehicles={}, loadpoints={"garage": "Garage"}), tmp_path).poll()
    assert values(found) == {"roof:garage.plugged": 0, "roof:garage.charging": 0}


def test_a_name_that_evcc_does_not_know_is_told(server: EvccServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url, loadpoints={"a": "Garge"}, vehicles={"b": "Zo"}), tmp_path)
    guest.poll()
    assert (
        guest.note
        == "evcc has no loadpoint Garge; it has Garage, Carport Links; evcc has no vehicle Zo; it has Zoe, Blue e-Golf"
    )


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ({"loadpoints": []}, BadAnswer, "neither loadpoints nor meters"),
        ({**STATE, "startupCompleted": False}, Unavailable, "is starting"),
        ({"fatal": [{"error": "secret"}]}, Unavailable, "its configuration is wrong"),
        ([1], BadAnswer, "not an object"),
    ],
)
def test_a_state_that_says_nothing(
    state: object, kind: type[Trouble], words: str, server: EvccServer, tmp_path: Path
) -> None:
    server.fault = Said(200, state)
    with pytest.raises(kind, match=words):
        visitor(source(server.url), tmp_path).poll()


def test_without_a_time_of_its_own_nothing_is_passed_off_as_measured_now(server: EvccServer, tmp_path: Path) -> None:
    server.now = 0
    with pytest.raises(BadAnswer, match="no Date header"):
        visitor(source(server.url), tmp_path).poll()


def test_a_clock_far_off_is_not_believed(server: EvccServer, tmp_path: Path) -> None:
    server.now = NOW + DAY
    with pytest.raises(BadAnswer, match="clock"):
        visitor(source(server.url), tmp_path).poll()


def said_events(evcc: Evcc, tmp_path: Path) -> list[Event]:
    guest = visitor(evcc, tmp_path)
    guest.poll()
    assert guest.note == ""
    return guest.events


def test_charging_sessions_become_events(server: EvccServer, tmp_path: Path) -> None:
    first, second = said_events(source(server.url, sessions=True), tmp_path)
    assert first == Event(
        "roof:garage",
        "charging.session",
        "1795622531 Garage",
        1795622531,
        1795674600,
        {
            "energy_wh": 12_400,
            "solar_percent": 12.5,
            "odometer_km": 42010,
            "soc_start_percent": 40,
            "soc_end_percent": 63,
            "co2_g_per_kwh": 210,
            "charging_s": 10_800,
            "cost_eur": 3.1,
        },
        {"vehicle": "Zoe", "loadpoint": "Garage"},
    )
    assert (second.start, second.end, dict(second.figures)) == (
        NOW - HOUR,
        None,
        {"energy_wh": 6120, "charging_s": 5400},
    )
    assert [dict(asked.params) for asked in server.asked if asked.path == "/api/sessions"] == [
        {"year": "2026", "month": "10"},
        {"year": "2026", "month": "11"},
    ]


def test_a_session_that_evcc_never_closed_is_not_under_way_for_ever() -> None:
    visit = Visit("evcc", "roof", NOW, ZONE, 60, {}, Path("nowhere"))
    old = {**SESSIONS[1], "created": "2026-11-20T05:00:00Z"}
    assert [event.start for event in events([old, *SESSIONS], {}, "EUR", visit)] == [1795622531, NOW - HOUR]


def test_the_energies_of_a_day_are_counted_from_its_first_midnight_on(server: EvccServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url, loadpoints={}, vehicles={}), tmp_path)
    start = midnight(local(NOW, ZONE).date(), ZONE)
    guest.clock.wait(start + DAY - HOUR - NOW)
    found = {}
    for hour in range(14):
        at = start + DAY + (hour - 1) * HOUR
        server.now = at
        made = 1000.0 + hour
        grid = {"power": 0, "energy": 500.0 + hour / 10, "returnEnergy": 200 + hour / 2}
        server.state = {**STATE, "battery": None, "pv": [{"power": 1000, "energy": made}], "grid": grid}
        found = values(guest.poll())
        if not hour:
            assert "roof.production_today" not in found
        guest.clock.wait(HOUR)
    assert {name: found[f"roof.{name}_today"] for name in ("production", "feed_in", "purchased", "consumption")} == {
        "production": 12_000,
        "feed_in": 6_000,
        "purchased": 1_200,
        "consumption": 7_200,
    }
    server.state = {**server.state, "battery": {"power": 100, "soc": 50}}
    found = values(guest.poll())
    assert "roof.consumption_today" not in found  # what the battery took and gave is not counted
    assert "roof.production_today" in found


def test_a_simulated_day_asks_rarely_for_what_rarely_changes(server: EvccServer, tmp_path: Path) -> None:
    guest = visitor(source(server.url, sessions=True), tmp_path)
    for minute in range(0, 24 * 60, 5):
        server.now = NOW + minute * MINUTE - 5
        if minute == 12 * 60 + 5:
            server.state = {**STATE, "loadpoints": [{**GARAGE, "connected": False, "charging": False}, CARPORT]}
        visit = guest.visit()
        said = list(guest.source.poll(visit))
        guest.latest |= {(one.subject, one.metric.name): one for one in said if isinstance(one, Reading)}
        guest.clock.wait(5 * MINUTE)
    calls = server.paths()
    assert calls.count("/api/state") == 288
    assert calls.count("/api/tariff/grid") == 24
    assert calls.count("/api/sessions") == 1 + 24 + 1  # the month before once; one more when the car left
    assert len(calls) == 338


def test_prices_to_come_are_an_outlook(server: EvccServer, tmp_path: Path) -> None:
    start = NOW - NOW % HOUR
    slots = [(start + number * HOUR, 0.2 + number / 100) for number in range(-6, 30)]
    server.rates = [{"start": _iso(at), "end": _iso(at + HOUR), "value": value} for at, value in slots]
    guest = visitor(source(server.url), tmp_path)
    guest.poll()
    outlook = guest.outlooks["roof", "price_eur"]
    assert len(outlook.slots) == 36
    assert outlook.attribution == "evcc"
    assert guest.source.expects("roof")["roof"][0] is PRICE_EUR
    server.rates = [{"start": _iso(at), "end": _iso(at + HOUR), "price": 0.3} for at, _ in slots]
    guest = visitor(source(server.url), tmp_path / "other")
    guest.poll()
    assert guest.outlooks == {}  # always the same: nothing to foretell


def _iso(at: int) -> str:
    return local(at, ZONE).isoformat()


def test_its_wallboxes_and_cars_are_offered(server: EvccServer, tmp_path: Path) -> None:
    evcc = source(server.url, loadpoints={}, vehicles={})
    offered = {one.words: one.settings for one in evcc.suggestions(visitor(evcc, tmp_path).visit())}
    assert offered == {
        "Garage (wallbox)": {"loadpoints": {"garage": "Garage"}},
        "Carport Links (wallbox)": {"loadpoints": {"carport-links": "Carport Links"}},
        "Zoe (car)": {"vehicles": {"zoe": "Zoe"}},
        "Blue e-Golf (car)": {"vehicles": {"blue-e-golf": "Blue e-Golf"}},
    }


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Said(401, {}), AuthFailed, "wants a password"),
        (Said(404, {}), BadAnswer, "there is no evcc at base_url"),
        (Said(429, {}), Throttled, "429"),
        (Said(500, b"oops"), Unavailable, "500"),
        (Said(502, b"<html></html>"), Unavailable, "restarting"),
        (Said(200, b"<html></html>", {"Content-Type": "text/html"}), Unavailable, "web page"),
    ],
)
def test_each_refusal_has_its_sentence(
    fault: Said, kind: type[Trouble], words: str, server: EvccServer, tmp_path: Path
) -> None:
    server.fault = fault
    with pytest.raises(kind, match=words):
        visitor(source(server.url), tmp_path).poll()


@pytest.mark.parametrize("path", ["/api/state", "/api/sessions", "/api/tariff"])
@pytest.mark.parametrize("name", FAULTS)
def test_hostile_answers_raise_our_own_errors(name: str, path: str, server: EvccServer, tmp_path: Path) -> None:
    server.fault, server.fault_on = FAULTS[name], path
    guest = visitor(source(server.url, sessions=True), tmp_path)
    try:
        list(guest.source.poll(guest.visit()))
    except Trouble:
        pass
    else:
        assert path != "/api/state" or name == "teapot"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loadpoints": {"a b": "Garage"}}, "use only letters"),
        ({"loadpoints": {"a": " "}}, "the title in evcc is missing"),
        ({"loadpoints": {"a": "x"}, "vehicles": {"a": "y"}}, "names of their own: a"),
        ({"base_url": "http://evcc.example.com"}, "https://"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        Evcc(**settings)  # type: ignore[arg-type]
    assert words in str(caught.value)


def test_what_a_car_said_stays_good_while_it_is_away() -> None:
    evcc = source("http://evcc.local:7070")
    assert evcc.patience_with(SOC, 60) == DAY
    assert evcc.patience_with(PLUGGED, 60) == 180
    assert evcc.local


_SCALAR = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Garage", "Zoe"])
)
_ANYTHING = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _mutated(document: Mapping[str, object]) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional={key: st.just(value) | _ANYTHING for key, value in document.items()})


@given(
    _mutated(STATE | json.loads(json.dumps(OLD["result"]))),
    st.lists(_mutated(GARAGE), max_size=3),
    st.lists(_mutated(SESSIONS[0]) | _ANYTHING, max_size=4),
    st.lists(
        _mutated({"start": _iso(NOW), "end": _iso(NOW + HOUR), "value": 0.3, "price": 0.2}) | _ANYTHING, max_size=4
    ),
)
def test_whatever_evcc_says_it_is_told_or_left_out(
    state: dict[str, object], points: list[dict[str, object]], sessions: list[object], rates: list[object]
) -> None:
    visit = Visit("evcc", "roof", NOW, ZONE, 60, {}, Path("nowhere"))
    try:
        site = Site({**state, "loadpoints": points or state.get("loadpoints")}, NOW, visit)
    except BadAnswer:
        return
    said = [*site.house(), *site.loadpoint("roof:garage", "Garage"), *site.vehicle("roof:zoe", "Zoe")]
    for one in said:
        assert isinstance(one.value, float)
        assert one.metric in {"roof:garage": LOADPOINT, "roof:zoe": VEHICLE}.get(one.subject, Evcc.metrics)
    list(site.suggestions())
    for event in events(sessions, {}, site.money, visit):
        assert all(isinstance(value, float) for value in event.figures.values())
    list(prices(rates, PRICE_EUR, visit))
