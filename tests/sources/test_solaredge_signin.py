from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, FastClock
from eink_monitor.errors import AuthFailed
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources.solaredge.signin import Consent
from loopback.cars import NOW, visit_to
from loopback.solaredge import CLIENT, SECRET, SITE, SolarEdgeServer

CODE = "code-from-consent"


def consent(url: str = "http://127.0.0.1:9") -> Consent:
    return Consent(CLIENT, Secret(SECRET), SITE, f"{url}/v2")


def test_the_page_to_open_names_the_app_and_no_secret(tmp_path: Path) -> None:
    prompt = consent().begin(visit_to(tmp_path))
    page = urlsplit(prompt.url)
    told = {name: values[0] for name, values in parse_qs(page.query).items()}
    assert (page.scheme, page.netloc, page.path) == ("https", "connect.solaredge.com", "/authorize")
    assert told["client_id"] == CLIENT
    assert told["scope"] == "SITE_DATA DEVICE_DATA"
    assert told["state"] == prompt.state
    assert SECRET not in prompt.url
    assert "address" in prompt.brings


@pytest.mark.parametrize(
    "answer",
    [
        CODE,
        f"  {CODE}\n",
        f"http://localhost:8765/?code={CODE}&site_id={SITE}&state=STATE",
        f"/?code={CODE}&site_id={SITE}&state=STATE",
        f"https://any.example/back?site_id={SITE}&code={CODE}&state=STATE",
        CODE.replace("-", "%2D"),
    ],
)
def test_the_last_address_or_its_code_becomes_a_sign_in(tmp_path: Path, answer: str) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: NOW) as server:
        visit, way = visit_to(tmp_path), consent(server.url)
        prompt = way.begin(visit)
        said = way.finish(visit, prompt, FastClock(NOW + 60), answer.replace("STATE", prompt.state))
    assert "signed in" in said
    with TokenStore(visit.state, "car").locked() as store:
        tokens = store.load()
    assert tokens is not None
    assert tokens.expires_at == NOW + 60 + 7200
    assert tokens.refresh_expires_at == NOW + 60 + 30 * DAY
    assert visit.spent == 0


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("", "no code="),
        ("https://[", "no code="),
        ("http://localhost/?site_id=1", "no code="),
        ("http://localhost/?error=access_denied&state=STATE", "refused on SolarEdge's page"),
        (f"http://localhost/?code={CODE}&site_id=999&state=STATE", "consent is for site 999"),
        (f"http://localhost/?code={CODE}", "no state= in that address"),
        ("http://localhost/?error=access_denied", "no state= in that address"),
        (f"http://localhost/?code={CODE}&state=", "no state= in that address|another sign-in"),
        (f"http://localhost/?code={CODE}&state=someone-else", "another sign-in"),
        (f"http://localhost/?code={CODE}&state=\u00e4", "another sign-in"),
        (f"http://localhost/?code={CODE}&state=STATE&state=STATE", "another sign-in"),
        ("http://localhost/?code=a%1Bb&state=STATE", "characters that no code has"),
        ("code\x1b[2J", "characters that no code has"),
        ("http://localhost/?code=&state=STATE", "characters that no code has"),
        (f"http://localhost/?code={CODE}&" + "x=1&" * 50, "no code="),
        ("wrong-code", "did not grant the sign-in; start again"),
    ],
)
def test_what_a_person_may_paste_instead(tmp_path: Path, answer: str, words: str) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: NOW) as server:
        visit, way = visit_to(tmp_path), consent(server.url)
        prompt = way.begin(visit)
        with pytest.raises(AuthFailed, match=words) as caught:
            way.finish(visit, prompt, FastClock(NOW), answer.replace("STATE", prompt.state))
    assert CODE not in str(caught.value)
    assert SECRET not in repr(caught.value) + repr(way)


@pytest.mark.parametrize(("port", "wanted", "calls"), [(8765, "", 1), (8765, "8765", 2), (9000, "9000", 2)])
def test_the_redirect_address_is_named_where_it_is_wanted(tmp_path: Path, port: int, wanted: str, calls: int) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: NOW) as server:
        server.redirect_uri = wanted and f"http://localhost:{wanted}/"
        visit, way = visit_to(tmp_path), replace(consent(server.url), redirect_port=port)
        assert "signed in" in way.finish(visit, way.begin(visit), FastClock(NOW), CODE)
    sent = [json.loads(asked.body).get("redirect_uri") for asked in server.asked]
    assert sent == [None, server.redirect_uri][:calls]


def test_what_must_come_back_is_never_the_same(tmp_path: Path) -> None:
    one, other = (consent().begin(visit_to(tmp_path)) for _ in range(2))
    assert one.state != other.state
    assert len(one.state) >= 40
