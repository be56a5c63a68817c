from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor import metrics
from eink_monitor.clock import HOUR, MINUTE, FastClock, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.settings import Duration, Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources.solaredge import SolarEdge
from loopback.faults import FAULTS
from loopback.server import Said
from loopback.solaredge import CLIENT, KEY, SECRET, SITE, SolarEdgeServer
from loopback.visits import Visitor

ZONE = ZoneInfo("Europe/Berlin")
LUNCH = midnight(date(2026, 6, 10), ZONE) + 12 * HOUR + 40 * MINUTE
SECRETS = (KEY, SECRET, "access-0", "refresh-0", "refresh-1", "access-1")

WANTED: dict[str, type[Trouble]] = {
    "401": AuthFailed,
    "403": AuthFailed,
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
    with pytest.raises(Unavailable, match="next poll will use it"):
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


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"unit": "W", "values": [{"timestamp": "2026-06-10T10:00:00+02:00", "value": 10**400}]}, "not a number"),
        ({"unit": "W", "values": [{"timestamp": "2026-06-10T10:00:00+02:00", "value": True}]}, "not a number"),
        ({"unit": "W", "values": [{"timestamp": "2026-06-10T10:00:00+02:00", "value": "1"}]}, "not a number"),
        ({"unit": "HP", "values": [{"timestamp": "2026-06-10T10:00:00+02:00", "value": 1}]}, "unit"),
        ({"unit": "W", "values": [{"timestamp": "2027-06-10T10:00:00+02:00", "value": 1}]}, "future"),
        ({"unit": "W", "values": [{"timestamp": "yesterday", "value": 1}]}, "timestamp"),
        ({"unit": "W", "values": [{"timestamp": 5, "value": 1}]}, "timestamp"),
        ({"unit": "W", "values": [{"timestamp": "0001-01-01T00:00:00+23:00", "value": 1}]}, "dated"),
        ({"unit": "W", "values": {"timestamp": 1}}, "not a list"),
        ([], "not an object"),
        ({"unit": "W", "values": [3]}, "not an object"),
    ],
)
def test_impossible_powers_are_not_published(
    document: object, words: str, server: SolarEdgeServer, tmp_path: Path
) -> None:
    server.meters = server.battery = False
    server.fault, server.fault_on = Said(200, document), "/power"
    with pytest.raises(BadAnswer, match=words) as caught:
        visitor("key", server, tmp_path).poll()
    plain(caught.value)


def test_an_impossible_power_costs_its_bucket_alone(server: SolarEdgeServer, tmp_path: Path) -> None:
    server.meters = server.battery = False
    buckets = [
        {"timestamp": f"2026-06-10T10:{minute:02}:00+02:00", "value": value}
        for minute, value in ((0, 1000), (15, 9e9), (30, 1200))
    ]
    server.fault, server.fault_on = Said(200, {"unit": "W", "values": buckets}), "/power"
    poller = visitor("key", server, tmp_path)
    assert [reading.value for reading in poller.poll() if reading.metric is metrics.PV_POWER] == [1000, 1200]
    assert "left out: pv_power 9000000000 W" in poller.note


def test_a_reverse_export_is_not_believed(server: SolarEdgeServer, tmp_path: Path) -> None:
    stamp = "2026-06-10T10:00:00+02:00"
    series = {"unit": "W", "values": [{"timestamp": stamp, "value": -900}]}
    server.fault, server.fault_on = Said(200, {"meters": {"M": {"exportPower": series}}}), "/meters"
    with pytest.raises(BadAnswer, match="exportPower is negative"):
        visitor("key", server, tmp_path).poll()


def test_more_feed_in_than_production_is_not_believed(server: SolarEdgeServer, tmp_path: Path) -> None:
    poller = visitor("key", server, tmp_path)
    server.fault = Said(200, {"production": {"total": 1, "toGrid": 9000, "unit": "WH"}})
    server.fault_on = "/overview"
    readings = poller.poll()
    assert "more feed-in than production" in poller.note
    assert "feed_in_today" not in {reading.metric.name for reading in readings}
