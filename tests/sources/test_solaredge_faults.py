from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import HOUR, MINUTE, FastClock, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable, Unreachable
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.sources.solaredge.sections import Barred
from loopback.faults import FAULTS
from loopback.server import Asked, Said
from loopback.solaredge import CLIENT, KEY, SECRET, SITE, SolarEdgeServer
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
LUNCH = midnight(date(2026, 6, 10), ZONE) + 12 * HOUR + 40 * MINUTE
SECRETS = (KEY, SECRET, "access-0", "refresh-0", "refresh-1", "access-1")

WANTED: dict[str, type[Trouble]] = {
    "401": AuthFailed,
    "403": Barred,
    "404": BadAnswer,
    "410": Gone,
    "429 minute": Throttled,
    "429 minute by header": Throttled,
    "429 month": Throttled,
    "500": Unavailable,
    "captive portal": Unavailable,
    "redirect": Unavailable,
    "truncated": Unavailable,
    "chunks": Unavailable,
    "reset": Unavailable,
}


def source(kind: str, url: str) -> SolarEdge:
    quick = Duration(2)
    if kind == "v1":
        return SolarEdge(SITE, api="v1", api_key=Secret(KEY), base_url=url, timeout=quick)
    if kind == "key":
        return SolarEdge(SITE, api_key=Secret(KEY), base_url=url + "/v2", timeout=quick)
    return SolarEdge(SITE, client_id=CLIENT, client_secret=Secret(SECRET), base_url=url + "/v2", timeout=quick)


@pytest.fixture
def server() -> Iterator[SolarEdgeServer]:
    with SolarEdgeServer(ZONE, lambda: LUNCH) as server:
        yield server


def visitor(kind: str, server: SolarEdgeServer, tmp_path: Path) -> Visitor:
    with TokenStore(tmp_path, "roof").locked() as store:
        store.save(Tokens("access-0", "refresh-0", LUNCH + HOUR))
    return Visitor(source(kind, server.url), tmp_path, ZONE, FastClock(LUNCH))


def plain(error: Trouble) -> str:
    """The sentence, after checking that it is one and that nothing secret is anywhere near it."""
    sentence = str(error)
    everything = sentence + repr(error) + "".join(traceback.format_exception(error)) + repr(pickle.dumps(error))
    assert not any(secret in everything for secret in SECRETS)
    assert "http" not in sentence
    assert "api_key=" not in sentence
    assert 20 < len(sentence) < 200
    assert "\n" not in sentence
    assert error.__cause__ is None
    assert error.__context__ is None
    return sentence


@pytest.mark.parametrize("kind", ["v1", "key", "consent"])
@pytest.mark.parametrize("name", FAULTS)
def test_every_fault_is_one_plain_sentence(name: str, kind: str, server: SolarEdgeServer, tmp_path: Path) -> None:
    server.fault = FAULTS[name]
    with pytest.raises(Trouble) as caught:
        visitor(kind, server, tmp_path).poll(allowance=9)
    plain(caught.value)
    assert type(caught.value) is WANTED.get(name, BadAnswer)


@pytest.mark.parametrize("kind", ["v1", "key"])
def test_one_byte_per_half_second_is_not_waited_for(kind: str, server: SolarEdgeServer, tmp_path: Path) -> None:
    server.fault = "drip"
    with pytest.raises(Unavailable, match="in time"):
        visitor(kind, server, tmp_path).poll()


def test_nobody_listens(tmp_path: Path) -> None:
    with SolarEdgeServer(ZONE, lambda: LUNCH) as server:
        poller = visitor("key", server, tmp_path)
    with pytest.raises(Unavailable, match="refuses the connection") as caught:
        poller.poll()
    plain(caught.value)


def test_a_host_that_does_not_exist(tmp_path: Path) -> None:
    poller = Visitor(source("key", "https://roof.invalid"), tmp_path, ZONE, FastClock(LUNCH))
    with pytest.raises(Unavailable, match=r"looked up|in time|reached"):
        poller.poll()


def test_the_minute_limit_ends_when_the_vendor_says(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("key", server, tmp_path)
    server.fault = FAULTS["429 minute"]
    with pytest.raises(Throttled) as caught:
        poller.poll()
    assert caught.value.until == LUNCH + 17
    server.fault = FAULTS["429 minute by header"]
    with pytest.raises(Throttled) as caught:
        poller.poll()
    assert caught.value.until == LUNCH + 60


def test_the_month_limit_ends_with_the_month(server: SolarEdgeServer, tmp_path: Path) -> None:
    server.fault = FAULTS["429 month"]
    with pytest.raises(Throttled, match=r"01\.07\.") as caught:
        visitor("key", server, tmp_path).poll()
    assert caught.value.until == midnight(date(2026, 7, 1), ZONE)
    assert caught.value.account_wide


def test_the_retired_interface_says_what_replaces_it(server: SolarEdgeServer, tmp_path: Path) -> None:
    server.fault = FAULTS["410"]
    with pytest.raises(Gone, match=r"retired this interface on 3 Nov 2026; use V2 or the inverter's Modbus"):
        visitor("v1", server, tmp_path).poll()


def test_nobody_has_signed_in(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = Visitor(source("consent", server.url), tmp_path, ZONE, FastClock(LUNCH))
    with pytest.raises(AuthFailed, match="sign in once: eink-monitor login roof"):
        poller.poll()
    assert server.asked == []


def test_a_sign_in_that_ended_is_for_a_person(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("consent", server, tmp_path)
    server.refresh_token = "another"
    server.access_tokens.clear()
    with pytest.raises(AuthFailed, match="ended the sign-in; sign in again: eink-monitor login roof") as caught:
        poller.poll()
    plain(caught.value)


def test_a_rejected_token_is_renewed_even_without_a_call_to_spare(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("consent", server, tmp_path)
    server.access_tokens.clear()
    with pytest.raises(Unavailable, match="the next poll uses it"):
        poller.poll(allowance=1)
    assert server.refreshes == 1
    assert poller.poll()


def test_a_token_that_stays_rejected_is_for_a_person(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("consent", server, tmp_path)
    server.fault, server.fault_on = Said(401, {}), "/sites/"
    with pytest.raises(AuthFailed, match="sign in again") as caught:
        poller.poll(allowance=9)
    plain(caught.value)
    assert server.refreshes == 1


def test_a_wrong_fleet_key_is_for_a_person(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = Visitor(
        SolarEdge(SITE, api_key=Secret("wr0ng"), base_url=server.url + "/v2"), tmp_path, ZONE, FastClock(LUNCH)
    )
    with pytest.raises(AuthFailed, match="api_key") as caught:
        poller.poll(allowance=9)
    assert "wr0ng" not in plain(caught.value)


def test_another_site_is_not_known(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = Visitor(SolarEdge(7, api_key=Secret(KEY), base_url=server.url + "/v2"), tmp_path, ZONE, FastClock(LUNCH))
    with pytest.raises(BadAnswer, match="site 7"):
        poller.poll()


def test_a_key_that_cannot_be_sent_is_not_quoted(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = Visitor(
        SolarEdge(SITE, api_key=Secret(f"{KEY}\nx"), base_url=server.url), tmp_path, ZONE, FastClock(LUNCH)
    )
    with pytest.raises(AuthFailed, match="copy it again") as caught:
        poller.poll()
    plain(caught.value)


STAMP = "2026-06-10T10:00:00+02:00"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (
            {"unit": "W", "values": [{"timestamp": STAMP, "value": 10**400}]},
            "left out: power an infinite number W",
        ),
        ({"unit": "W", "values": [{"timestamp": STAMP, "value": True}]}, "left out: power not a number"),
        ({"unit": "W", "values": [{"timestamp": STAMP, "value": "hunter2"}]}, "left out: power not a number"),
        ({"unit": "HP", "values": [{"timestamp": STAMP, "value": 1}]}, "the unit of power is unknown"),
        ({"unit": "WH", "values": [{"timestamp": STAMP, "value": 1}]}, "the unit of power is unknown"),
        ({"unit": "W", "values": [{"timestamp": "2027-06-10T10:00:00+02:00", "value": 1}]}, "pv_power dated 2027"),
        ({"unit": "W", "values": [{"timestamp": "yesterday", "value": 1}]}, "power dated an impossible time"),
        ({"unit": "W", "values": [{"timestamp": 5, "value": 1}]}, "power dated an impossible time"),
        ({"unit": "W", "values": [{"timestamp": "0001-01-01T00:00:00+23:00", "value": 1}]}, ""),
        ({"unit": "W", "values": {"timestamp": 1}}, "not a list"),
        ([], "the power could not be read: SolarEdge: power is missing or not an object"),
        ({"unit": "W", "values": [3]}, "power dated an impossible time"),
    ],
)
def test_impossible_powers_cost_themselves_and_are_told(
    document: object, words: str, server: SolarEdgeServer, tmp_path: Path
) -> None:
    server.meters = server.battery = False
    server.fault, server.fault_on = Said(200, document), "/power"
    poller = visitor("key", server, tmp_path)
    poller.latest["roof", "pv_power"] = Reading("roof", metrics.PV_POWER, 5, LUNCH - HOUR)
    names = {reading.metric.name for reading in poller.poll()}
    assert "pv_power" not in names
    assert {"production_today", "production_month", "production_lifetime"} <= names
    assert words in poller.note
    assert "hunter2" not in poller.note


def test_an_impossible_power_costs_its_bucket_alone(server: SolarEdgeServer, tmp_path: Path) -> None:
    server.meters = server.battery = False
    buckets = [
        {"timestamp": f"2026-06-10T10:{minute:02}:00+02:00", "value": value}
        for minute, value in ((0, 1000), (15, 9e9), (30, 1200))
    ]
    server.fault, server.fault_on = Said(200, {"unit": "W", "values": buckets}), "/power"
    poller = visitor("key", server, tmp_path)
    assert [reading.value for reading in poller.poll() if reading.metric is metrics.PV_POWER] == [1000, 1200]
    assert "left out: power 9000000000 W" in poller.note


def test_a_reverse_charge_costs_its_bucket_alone_and_no_hour_is_lost(server: SolarEdgeServer, tmp_path: Path) -> None:
    """A quarter of an hour with -6304 W, which stays within the window for hours: all others come, and come on."""
    honest = server.answer
    odd = LUNCH - HOUR

    def answer(asked: Asked) -> Said:
        said = honest(asked)
        if "storage/telemetry" in asked.path:
            for bucket in said.body["storage"]["BAT1"]["chargePower"]["values"]:  # type: ignore[index]
                if int(datetime.fromisoformat(bucket["timestamp"]).timestamp()) == odd // 900 * 900:
                    bucket["value"] = -6304
        return said

    server.answer = answer  # type: ignore[method-assign] # the honest one is within
    poller = visitor("key", server, tmp_path)
    server.now = poller.clock.now
    seen: dict[str, set[int]] = {}
    for _ in range(8):
        for reading in poller.poll():
            seen.setdefault(reading.metric.name, set()).add(reading.at)
        poller.clock.wait(30 * MINUTE)
    missing = seen["grid_power"] - seen["storage_power"]
    assert missing == seen["grid_power"] - seen["load_power"] == {odd // 900 * 900 + 900}


def test_a_section_that_fails_for_hours_is_caught_up_with(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("key", server, tmp_path)
    server.now = poller.clock.now
    seen: dict[str, set[int]] = {}
    for visit in range(16):
        server.fault, server.fault_on = (Said(200, {"storage": []}) if 3 < visit < 13 else None), "/storage"
        for reading in poller.poll():
            seen.setdefault(reading.metric.name, set()).add(reading.at)
        if server.fault:
            assert "the battery could not be read" in poller.note
        poller.clock.wait(30 * MINUTE)
    assert seen["storage_power"] == seen["load_power"] == seen["storage_soc"] == seen["grid_power"] == seen["pv_power"]


@pytest.mark.parametrize("unit", ["KWH", "WH", "W", "RATIO", None])
def test_an_unknown_unit_of_the_charge_costs_the_charge(unit: object, server: SolarEdgeServer, tmp_path: Path) -> None:
    bucket = [{"timestamp": STAMP, "value": 6.5}]
    power = {"unit": "W", "values": [{"timestamp": STAMP, "value": 500}]}
    level = {"unit": unit, "values": bucket}
    battery = {"chargePower": power, "dischargePower": {**power, "values": [{"timestamp": STAMP, "value": 0}]}}
    server.fault_on = "/storage"
    server.fault = Said(200, {"storage": {"B": {**battery, "stateOfEnergy": level}}})
    poller = visitor("key", server, tmp_path)
    names = {reading.metric.name for reading in poller.poll()}
    assert "storage_soc" not in names
    assert {"storage_power", "grid_power", "load_power", "production_year"} <= names
    assert "the unit of stateOfEnergy is unknown" in poller.note


@pytest.mark.parametrize("odd", [-5, 9e14, "much"])
def test_an_odd_day_costs_itself_and_its_month(odd: object, server: SolarEdgeServer, tmp_path: Path) -> None:
    stamps = [f"2026-06-{day:02}T00:00:00+02:00" for day in range(1, 11)]
    values: list[dict[str, object]] = [{"timestamp": stamp, "value": 20_000} for stamp in stamps]
    values[4]["value"] = odd
    honest, poller = server.answer, visitor("key", server, tmp_path)

    def answer(asked: Asked) -> Said:
        return Said(200, {"unit": "WH", "values": values}) if asked.params.get("resolution") == "DAY" else honest(asked)

    server.answer = answer  # type: ignore[method-assign] # the honest one is within
    days = [reading.at for reading in poller.poll() if reading.metric is metrics.PRODUCTION_TODAY]
    assert len(days) == 9, "today and all days before but one"
    assert ("roof", "production_month") not in poller.latest
    assert "left out: energy" in poller.note
    poller.clock.wait(30 * MINUTE)
    server.asked.clear()
    poller.poll()
    assert not [path for path in server.paths() if path.endswith("/energy")], "nor is it asked for at every visit"


def test_whoever_is_not_reached_is_asked_once(tmp_path: Path) -> None:
    gone = SolarEdge(SITE, api_key=Secret(KEY), base_url="http://127.0.0.1:9/v2")
    poller = Visitor(gone, tmp_path, ZONE, FastClock(LUNCH))
    with pytest.raises(Unreachable):
        poller.poll()
    assert poller.note.count("must wait") == 2


def test_whoever_fails_twice_is_asked_no_more(server: SolarEdgeServer, tmp_path: Path) -> None:
    server.fault, server.fault_on = Said(500, {}), "/sites/"
    poller = visitor("key", server, tmp_path)
    with pytest.raises(Unavailable, match="internal error"):
        poller.poll()
    assert server.calls == 2


def test_more_feed_in_than_production_is_not_believed(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("key", server, tmp_path)
    server.fault = Said(200, {"production": {"total": 1, "toGrid": 9000, "unit": "WH"}})
    server.fault_on = "/overview"
    readings = poller.poll()
    names = {reading.metric.name for reading in readings}
    assert "left out: feed-in beyond the production 9000 Wh" in poller.note
    assert not {"feed_in_today", "self_consumption_today"} & names
    assert "production_today" in names
    poller = visitor("key", server, tmp_path)
    poller.latest["roof", "storage_power"] = Reading("roof", metrics.STORAGE_POWER, 5, LUNCH - HOUR)
    names = {reading.metric.name for reading in poller.poll()}
    assert "feed_in_today" in names, "a battery may feed in what was made the day before"
    assert "self_consumption_today" not in names


def test_a_refused_key_is_no_lapsed_sign_in(server: SolarEdgeServer, tmp_path: Path) -> None:
    """Where there is a key there is nothing to sign in to, and `login` is no way out."""
    fleet, owner = source("key", server.url), source("consent", server.url)
    assert (fleet.sign_in(), fleet.renews, fleet.way_in) == (None, "API key", "developer.solaredge.com")
    assert (owner.renews, owner.way_in) == ("", "connect.solaredge.com")
    old = source("v1", server.url)
    assert (old.renews, old.way_in) == ("API key", "monitoring.solaredge.com")
    for status in (401, 403):
        server.fault = Said(status, {"title": "no", "status": status})
        with pytest.raises(AuthFailed, match=r"developer\.solaredge\.com") as caught:
            visitor("key", server, tmp_path).poll()
        assert "login" not in str(caught.value)
        assert "sign" not in str(caught.value)
