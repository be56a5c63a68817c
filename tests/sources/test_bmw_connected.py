from __future__ import annotations

import json
from contextlib import suppress
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.metrics import CHARGING, LATITUDE
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.bmw_connected import BmwConnected
from eink_monitor.sources.bmw_connected.fields import parse
from loopback.cars import NOW, Call, Reply, Vendor, recording, said, values, visit_to
from loopback.needs import library

VIN, USER, PASSWORD = "WBY00000000REXI01", "owner@example.org", "pa55word-secret"
SECRETS = (VIN, PASSWORD, "access-", "refresh-", "client-secret")
STATE, CONFIG = "/eadrax-vcs/v4/vehicles/state", "/eadrax-ucs/v1/presentation/oauth/config"
AUTHENTICATE, TOKEN = "/gcdm/oauth/authenticate", "/gcdm/oauth/token"
I3 = recording("bmw_connected", "i3_plugged")
FIXTURES = [
    "F31/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000000F31",
    "G01/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000DEMO04",
    "G20/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000DEMO03",
    "G26/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000DEMO02",
    "G70/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000DEMO05",
    "I01_NOREX/bmw-eadrax-vcs_v4_vehicles_state_WBY000000NOREXI01",
    "I01_REX/bmw-eadrax-vcs_v4_vehicles_state_WBY00000000REXI01",
    "I20/bmw-eadrax-vcs_v4_vehicles_state_WBA00000000DEMO01",
    "J29/toyota-eadrax-vcs_v4_vehicles_state_WZ100000000000J29",
]

library("bimmer_connected", "bmw")


class MyBmw(Vendor):
    """BMW's sign-in and app interface as they were."""

    def __init__(self, state: list[Reply]) -> None:
        super().__init__()
        self.turn = 0
        self.routes = {
            ("GET", CONFIG): [lambda _: Reply(self.config())],
            ("POST", AUTHENTICATE): [self._authenticate],
            ("POST", TOKEN): [self.token],
            ("GET", STATE): [*state],
        }

    def source(self, password: str = PASSWORD, *, position: bool = False) -> BmwConnected:
        return BmwConnected(USER, Secret(password), Vin(VIN), self.url, position=position)

    def config(self) -> dict[str, object]:
        return {
            "clientId": "client",
            "clientSecret": "client-secret",
            "returnUrl": "com.bmw.connected://oauth",
            "tokenEndpoint": self.url + TOKEN,
            "scopes": ["openid"],
        }

    def _authenticate(self, call: Call) -> Reply:
        if call.form.get("authorization"):
            return Reply(b"", 302, {"Location": "com.bmw.connected://oauth?code=c"})
        if (call.form["username"], call.form["password"]) != (USER, PASSWORD):
            return Reply({"error": "access_denied", "error_description": f"{USER} {VIN}"}, 401)
        return Reply({"redirect_to": "redirect_uri=com.bmw.connected://oauth?authorization=a"})

    def token(self, call: Call) -> Reply:
        if call.form["grant_type"] == "refresh_token":
            assert call.form["refresh_token"] == f"refresh-{self.turn}"
        self.turn += 1
        tokens = {"access_token": f"access-{self.turn}", "refresh_token": f"refresh-{self.turn}"}
        return Reply(tokens | {"gcid": "g", "expires_in": 3599})


def test_a_server_that_still_speaks_the_interface(tmp_path: Path) -> None:
    with MyBmw([Reply(I3)]) as bmw:
        found = values(list(bmw.source().poll(visit_to(tmp_path))))
        spoke = NOW - HOUR
        assert found == {
            "soc": (82, spoke),
            "target_soc": (100, spoke),
            "range": (174, spoke),
            "plugged": (1, spoke),
            "charging": (1, spoke),
            "time_to_full": (45, spoke),
            "fuel": (65, spoke),
            "fuel_volume": (6, spoke),
            "odometer": (34567, spoke),
        }
        bmw.source(position=True).poll(visit_to(tmp_path))
        assert len(bmw.on(AUTHENTICATE)) == 2
        assert [call.headers["bmw-vin"] for call in bmw.on(STATE)] == [VIN, VIN]
        assert {call.headers["authorization"] for call in bmw.on(STATE)} == {"Bearer access-1"}


def test_a_dropped_token_is_refreshed_and_the_rotated_one_kept(tmp_path: Path) -> None:
    with MyBmw([Reply(I3), Reply(b"", 401), Reply(I3), Reply(b"", 401), Reply(I3)]) as bmw:
        for _ in range(3):
            assert bmw.source().poll(visit_to(tmp_path))
        assert bmw.turn == 3
        assert len(bmw.on(AUTHENTICATE)) == 2


@pytest.mark.parametrize("name", FIXTURES)
def test_the_fixtures_of_bimmer_connected(tmp_path: Path, name: str) -> None:
    state = files("bimmer_connected") / "tests" / "responses" / f"{name}.json"
    known = json.loads(state.read_text(encoding="utf-8"))["state"]
    with MyBmw([Reply(state.read_bytes())]) as bmw:
        found = values(list(bmw.source().poll(visit_to(tmp_path))))
    electric = known.get("electricChargingState", {})
    expected = {
        "soc": electric.get("chargingLevelPercent"),
        "odometer": known.get("currentMileage"),
        "plugged": electric.get("isChargerConnected"),
        "fuel": known.get("combustionFuelLevel", {}).get("remainingFuelPercent"),
    }
    assert {metric: found[metric][0] for metric in expected if metric in found} == {
        metric: value for metric, value in expected.items() if value is not None
    }
    assert all(at < NOW - DAY for _, at in found.values())


@pytest.mark.parametrize(
    ("route", "reply", "kind", "words"),
    [
        (("GET", STATE), Reply(b"", 403), Gone, "BMW closed this interface in September 2025; use type: bmw_cardata"),
        (("GET", STATE), Reply(b"", 401), Gone, "closed this interface"),
        (("GET", STATE), Reply(b"", 410), Gone, "closed this interface"),
        (("GET", CONFIG), Reply(b"", 403), Gone, "closed this interface"),
        (("POST", AUTHENTICATE), Reply({"error": "captcha"}, 400), Gone, "closed this interface"),
        (("GET", STATE), Reply(b"Out of call volume quota", 403), Throttled, "too often"),
        (("GET", STATE), Reply(b"", 500), Unavailable, "internal error"),
        (("POST", TOKEN), Reply(b"", 503), Unavailable, "internal error"),
        (("GET", STATE), Reply(b"{"), BadAnswer, "cannot be read"),
        (("GET", CONFIG), Reply([]), BadAnswer, "cannot be read"),
        (("GET", STATE), Reply({"state": []}), BadAnswer, "not an object"),
    ],
)
def test_what_bmw_may_say_instead(
    tmp_path: Path, route: tuple[str, str], reply: Reply, kind: type[Trouble], words: str
) -> None:
    with MyBmw([Reply(I3)]) as bmw:
        bmw.routes[route] = [reply]
        with pytest.raises(kind, match=words) as caught:
            bmw.source().poll(visit_to(tmp_path))
    assert not any(secret in f"{caught.value!r} {bmw.source()!r}" for secret in SECRETS)


@pytest.mark.parametrize(
    "elsewhere", ["http://127.0.0.2:PORT", "http://localhost:PORT", "https://evil.example", "http://a@HOST"]
)
def test_the_password_goes_nowhere_else(tmp_path: Path, elsewhere: str) -> None:
    """The server's own answer says where to sign in; a wrong one would have the password."""
    with MyBmw([Reply(I3)]) as bmw:
        port = bmw.url.rpartition(":")[2]
        there = elsewhere.replace("PORT", port).replace("HOST", f"127.0.0.1:{port}")
        bmw.routes[("GET", CONFIG)] = [Reply(bmw.config() | {"tokenEndpoint": there + TOKEN})]
        with pytest.raises(Unavailable, match="foreign server"):
            bmw.source().poll(visit_to(tmp_path))
        assert {call.path for call in bmw.calls} == {CONFIG}


@pytest.mark.parametrize("odd", ["a\ud800", "a\u00e4", "a\x1b"])
def test_a_token_that_could_not_be_sent_is_not_kept(tmp_path: Path, odd: str) -> None:
    with MyBmw([Reply(I3)]) as bmw:
        bmw.routes[("POST", TOKEN)] = [
            Reply({"access_token": odd, "refresh_token": "r", "gcid": "g", "expires_in": 3599}),
            bmw.token,
        ]
        with suppress(BadAnswer):
            bmw.source().poll(visit_to(tmp_path))
        assert not list(tmp_path.rglob("*.token"))
        assert bmw.source().poll(visit_to(tmp_path))


def test_nobody_there(tmp_path: Path) -> None:
    source = BmwConnected(USER, Secret(PASSWORD), Vin(VIN), "http://127.0.0.1:9")
    with pytest.raises(Unavailable, match="cannot be reached"):
        source.poll(visit_to(tmp_path))


def test_nothing_secret_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with MyBmw([Reply(I3)]) as bmw:
        bmw.source().poll(visit_to(tmp_path))
    assert not any(secret in caplog.text for secret in SECRETS)


def test_an_unplugged_car_and_one_that_never_reported() -> None:
    state = {"electricChargingState": {"isChargerConnected": False, "chargingStatus": "INVALID"}}
    at = {"lastUpdatedAt": "2026-10-08T12:00:00Z"}
    assert values(parse({"state": state | at}, "car")) == {"plugged": (0, NOW), "charging": (0, NOW)}
    assert parse({"state": state | {"lastUpdatedAt": "0001-01-01T00:00:00Z"}}, "car") == []
    assert values(parse(json.loads(I3), "car", position=True))["latitude"] == (48.17, NOW - HOUR)


def test_what_it_is(tmp_path: Path) -> None:
    source = BmwConnected(USER, Secret(PASSWORD), Vin(VIN))
    assert (source.modules, source.extra) == (("bimmer_connected.api.client",), "bmw")
    assert source.pace(visit_to(tmp_path, every=60, known=[said(CHARGING, 1, NOW)])) == 15 * MINUTE
    assert source.patience(HOUR) == DAY
    assert LATITUDE not in source.publishes("car")["car"]
    assert "forgotten" in source.sign_out(visit_to(tmp_path))


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)


@given(st.data())
def test_mutated_recordings_raise_nothing_but_trouble(data: st.DataObject) -> None:
    document = json.loads(I3)
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        if not (isinstance(node[key], dict) and data.draw(st.booleans())):
            break
        node = node[key]
    node[key] = data.draw(SCALAR | st.lists(SCALAR) | st.dictionaries(st.text(max_size=5), SCALAR))
    try:
        readings = parse(document, "car", position=True)
    except Trouble:
        return
    assert all(type(reading.value) is float and type(reading.at) is int for reading in readings)
