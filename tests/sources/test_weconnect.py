from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import BadAnswer, Trouble
from eink_monitor.metrics import CHARGING
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.weconnect import WeConnect
from eink_monitor.sources.weconnect.fields import parse
from eink_monitor.vet import vet
from loopback.cars import NOW, Call, Reply, Vendor, recording, said, values, visit_to
from loopback.needs import second_environment

VIN, USER, PASSWORD = "WVWZZZE2ZMP000001", "owner@example.org", "pa55word-secret"
SECRETS = (VIN, PASSWORD, "access-", "refresh-", "identity-")
STATUS = f"/vehicle/v1/vehicles/{VIN}/selectivestatus"
ID4 = recording("weconnect", "id4")
SPOKE = 1_775_037_600  # 2026-04-01 10:00 UTC
IDENTITY = "https://identity.vwgroup.io"
CLIENT = "a24fba63-34b3-4d43-b181-942111e6bda8@apps_vw-dilab_com"


class Bff(Vendor):
    """VW's identity service and app interface as they were."""

    def __init__(self, status: list[Reply]) -> None:
        super().__init__()
        self.logins = 0
        signin = f"/signin-service/v1/{CLIENT}"
        self.routes = {
            ("GET", "/user-login/v1/authorize"): [Reply(b"", 302, {"Location": f"{IDENTITY}/page?state=s"})],
            ("GET", "/page"): [Reply(_FORM.encode(), headers={"Content-Type": "text/html"})],
            ("POST", "/identifier"): [Reply(_PASSWORD.encode(), headers={"Content-Type": "text/html"})],
            ("POST", f"{signin}/login/authenticate"): [self._login],
            ("GET", "/done"): [Reply(b"", 302, {"Location": "weconnect://authenticated#" + _FRAGMENT})],
            ("POST", "/user-login/login/v1"): [self._tokens],
            ("GET", STATUS): [*status],
        }

    def _login(self, call: Call) -> Reply:
        self.logins += 1
        good = (call.form["email"], call.form["password"]) == (USER, PASSWORD)
        where = "/done?userId=u" if good else "/done?error=login.errors.password_invalid"
        return Reply(b"", 302, {"Location": IDENTITY + where})

    def _tokens(self, call: Call) -> Reply:
        assert json.loads(call.body)["authorizationCode"] == "c"
        number = self.logins
        tokens = {name: f"{kind}-{number}" for name, kind in _TOKENS}
        return Reply(tokens | {"expires_in": 3600, "token_type": "bearer"})


_TOKENS = (("accessToken", "access"), ("idToken", "identity"), ("refreshToken", "refresh"))
_FRAGMENT = "state=s&id_token=i&access_token=a&code=c&token_type=bearer&expires_in=3600"
_FORM = """<form id="emailPasswordForm" action="/identifier"><input name="_csrf" value="t"><input name="relayState"
value="r"><input name="hmac" value="h"><input name="email" value=""></form>"""
_MODEL = {"hmac": "h2", "relayState": "r", "postAction": "login/authenticate", "error": None}
_PASSWORD = (
    f"<html><script>window._IDK = {{\n templateModel: {json.dumps(_MODEL)},\n csrf_token: 't2'\n}}</script></html>"
)


class Polled(NamedTuple):
    """What a poll in the other environment came to."""

    readings: dict[str, list[float]]
    trouble: str
    words: str


_SCRIPT = """
import json, logging, sys
from pathlib import Path
from zoneinfo import ZoneInfo
logging.basicConfig(level=logging.DEBUG)
from eink_monitor.errors import Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources.weconnect import WeConnect
url, state, now, vin, user, password = sys.argv[1:]
source = WeConnect(user, Secret(password), Vin(vin), url)
visit = Visit("car", "car", int(now), ZoneInfo("UTC"), 900, {}, Path(state))
try:
    readings = {r.metric.name: [r.value, r.at] for r in source.poll(visit)}
    print(json.dumps([readings, "", ""]))
except Trouble as trouble:
    print(json.dumps([{}, type(trouble).__name__, str(trouble)]))
"""


def poll(url: str, state: Path, password: str = PASSWORD) -> Polled:
    """Poll in a process whose ``requests`` is the old one that ``weconnect`` wants."""
    root = Path(__file__).parent.parent.parent
    path = os.pathsep.join([str(second_environment("weconnect")), str(root)])
    command = [sys.executable, "-c", _SCRIPT, url, str(state), str(NOW), VIN, USER, password]
    ran = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert not any(secret in ran.stdout + ran.stderr for secret in SECRETS)
    return Polled(*json.loads(ran.stdout))


def test_a_server_that_still_speaks_the_interface(tmp_path: Path) -> None:
    with Bff([Reply(ID4)]) as bff:
        first, second = poll(bff.url, tmp_path), poll(bff.url, tmp_path)
        assert first.trouble == ""
        assert first.readings == {
            "soc": [69, SPOKE],
            "range": [300, SPOKE],
            "charging": [1, SPOKE + 60],
            "charging_power": [11000, SPOKE + 60],
            "time_to_full": [75, SPOKE + 60],
            "target_soc": [80, SPOKE - HOUR],
            "plugged": [1, SPOKE + 120],
            "odometer": [12345, SPOKE - 2 * HOUR],
        }
        assert second == first
        assert bff.logins == 1
        assert bff.on(STATUS)[1].headers["authorization"] == "Bearer access-1"
        assert bff.on(STATUS)[0].query["jobs"] == "charging,measurements,fuelStatus"
    (file,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in file.read_text()


def test_the_session_is_sealed_where_there_is_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "eink-monitor-token-key").write_bytes(b"k" * 32)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with Bff([Reply(ID4)]) as bff:
        assert poll(bff.url, tmp_path) == poll(bff.url, tmp_path)
        assert bff.logins == 1
    (file,) = tmp_path.rglob("*.notes")
    assert "access-1" not in file.read_text()


def test_a_dropped_token_costs_one_login(tmp_path: Path) -> None:
    with Bff([Reply(ID4), Reply(b"", 401), Reply(ID4)]) as bff:
        poll(bff.url, tmp_path)
        assert poll(bff.url, tmp_path).readings["soc"] == [69, SPOKE]
        assert bff.logins == 2


@pytest.mark.parametrize(
    ("path", "reply", "kind", "words"),
    [
        (STATUS, Reply(b"", 403), "Gone", "VW closed this interface in May 2026; use type: vw_eu_data_act"),
        (STATUS, Reply(b"", 410), "Gone", "closed this interface"),
        (STATUS, Reply(b"", 401), "Gone", "closed this interface"),
        ("/user-login/v1/authorize", Reply(b"", 403), "Gone", "closed this interface"),
        ("/page", Reply(b"", 403), "Gone", "closed this interface"),
        (STATUS, Reply(b"", 429), "Throttled", "too often"),
        (STATUS, Reply(b"", 503), "Unavailable", "internal error"),
        ("/page", Reply(b"", 500), "Unavailable", "internal error"),
        (STATUS, Reply(b"{"), "BadAnswer", "cannot be read"),
        (STATUS, Reply([]), "BadAnswer", "not an object"),
        ("/page", Reply(b"<html>new"), "BadAnswer", "cannot be read"),
    ],
)
def test_what_vw_may_say_instead(tmp_path: Path, path: str, reply: Reply, kind: str, words: str) -> None:
    with Bff([Reply(ID4)]) as bff:
        bff.routes[("GET", path)] = [reply]
        polled = poll(bff.url, tmp_path)
    assert polled.trouble == kind
    assert words in polled.words


def test_a_wrong_password_is_for_a_person(tmp_path: Path) -> None:
    with Bff([Reply(ID4)]) as bff:
        polled = poll(bff.url, tmp_path, "wrong")
    assert (polled.trouble, "check both" in polled.words) == ("AuthFailed", True)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://identity.vwgroup.io/page",
        "https://evil.example/page",
        "https://identity.vwgroup.io:8443/page",
        "http://HERE/page",
    ],
)
def test_the_password_goes_nowhere_else(tmp_path: Path, elsewhere: str) -> None:
    with Bff([Reply(ID4)]) as bff:
        there = elsewhere.replace("HERE", bff.url.removeprefix("http://"))
        bff.routes[("GET", "/user-login/v1/authorize")] = [Reply(b"", 302, {"Location": there})]
        polled = poll(bff.url, tmp_path)
        assert (polled.trouble, "foreign server" in polled.words) == ("Unavailable", True)
        form = _FORM.replace('action="/identifier"', f'action="{there}"')
        bff.routes[("GET", "/user-login/v1/authorize")] = [Reply(b"", 302, {"Location": f"{IDENTITY}/form?state=s"})]
        bff.routes[("GET", "/form")] = [Reply(form.encode(), headers={"Content-Type": "text/html"})]
        polled = poll(bff.url, tmp_path)
        assert (polled.trouble, "foreign server" in polled.words) == ("Unavailable", True)
        assert not bff.on("/page")


def test_nobody_there(tmp_path: Path) -> None:
    polled = poll("http://127.0.0.1:9", tmp_path)
    assert (polled.trouble, "cannot be reached" in polled.words) == ("Unreachable", True)


def test_a_hybrid_with_an_invalid_range_and_failed_sections() -> None:
    found = values(parse(json.loads(recording("weconnect", "golf_hybrid")), "car"))
    assert found == {"soc": (50, SPOKE), "range": (23, SPOKE - 60), "fuel": (71, SPOKE - 60)}


def test_a_combustion_car_has_the_range_of_its_tank() -> None:
    ranges = {"carCapturedTimestamp": "2026-04-01T10:00:00Z", "totalRange_km": 600, "primaryEngine": {"type": "diesel"}}
    document = {"fuelStatus": {"rangeStatus": {"value": ranges}}}
    assert values(parse(document, "car")) == {"range": (600, SPOKE)}


def test_a_section_that_is_none_costs_itself_only(tmp_path: Path) -> None:
    visit = visit_to(tmp_path, now=SPOKE + HOUR)
    found = parse(json.loads(ID4) | {"measurements": 5}, "car", now=visit.now)
    assert values(vet(found, visit))["soc"] == (69, SPOKE)
    assert visit.note == "left out: some of measurements not a number"
    with pytest.raises(BadAnswer, match="every value of this answer"):
        vet(parse({"fuelStatus": 5}, "car"), visit_to(tmp_path))


def test_what_it_is(tmp_path: Path) -> None:
    source = WeConnect(USER, Secret(PASSWORD), Vin(VIN))
    assert source.modules == ("weconnect.auth.we_connect_session",)
    assert source.extra == "weconnect"
    assert source.pace(visit_to(tmp_path, every=60, known=[said(CHARGING, 1, NOW)])) == 15 * MINUTE
    assert source.patience(HOUR) == DAY
    assert "forgotten" in source.sign_out(visit_to(tmp_path))
    assert not any(secret in repr(source) for secret in SECRETS)


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)


@given(st.data())
def test_mutated_recordings_raise_nothing_but_trouble(data: st.DataObject) -> None:
    document = json.loads(data.draw(st.sampled_from([ID4, recording("weconnect", "golf_hybrid")])))
    node = document
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        if not (isinstance(node[key], dict) and data.draw(st.booleans())):
            break
        node = node[key]
    node[key] = data.draw(SCALAR | st.lists(SCALAR) | st.dictionaries(st.text(max_size=5), SCALAR))
    try:
        readings = parse(document, "car")
    except Trouble:
        return
    assert all(type(reading.value) is float and type(reading.at) is int for reading in readings)
