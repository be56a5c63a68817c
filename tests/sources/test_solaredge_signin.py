from __future__ import annotations

import socket
import threading
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, FastClock, SystemClock
from eink_monitor.errors import AuthFailed, Unavailable
from eink_monitor.settings import Secret
from eink_monitor.sources._http.landing import Landing
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources._solaredge.signin import Consent
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
    assert told["state"] == prompt.pending["state"]
    assert SECRET not in prompt.url
    assert "address" in prompt.brings


@pytest.mark.parametrize(
    "answer",
    [
        CODE,
        f"  {CODE}\n",
        f"http://localhost:8765/?code={CODE}&site_id={SITE}",
        f"/?code={CODE}&site_id={SITE}&state=STATE",
        f"https://any.example/back?site_id={SITE}&code={CODE}",
    ],
)
def test_the_last_address_or_its_code_becomes_a_sign_in(tmp_path: Path, answer: str) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: NOW) as server:
        visit, way = visit_to(tmp_path), consent(server.url)
        prompt = way.begin(visit)
        said = way.finish(visit, prompt, FastClock(NOW + 60), answer.replace("STATE", prompt.pending["state"]))
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
        ("http://localhost/?error=access_denied", "refused on SolarEdge's page"),
        (f"http://localhost/?code={CODE}&site_id=999", "consent is for site 999"),
        (f"http://localhost/?code={CODE}&state=someone-else", "another sign-in"),
        ("wrong-code", "ended the sign-in"),
    ],
)
def test_what_a_person_may_paste_instead(tmp_path: Path, answer: str, words: str) -> None:
    with SolarEdgeServer(ZoneInfo("Europe/Berlin"), lambda: NOW) as server:
        visit, way = visit_to(tmp_path), consent(server.url)
        with pytest.raises(AuthFailed, match=words) as caught:
            way.finish(visit, way.begin(visit), FastClock(NOW), answer)
    assert CODE not in str(caught.value)
    assert SECRET not in repr(caught.value) + repr(way)


def test_a_browser_on_this_machine_lands_here() -> None:
    with Landing(0) as landing:
        got: list[int] = []

        def browse() -> None:
            for path in ("favicon.ico", "?code=abc&site_id=1"):
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{landing.port}/{path}", timeout=5) as page:
                        got.append(page.status)
                except urllib.error.HTTPError as error:
                    got.append(error.code)
                    error.close()

        browser = threading.Thread(target=browse)
        browser.start()
        clock = SystemClock()
        assert landing.arrived(clock, clock.now() + 10) == "/?code=abc&site_id=1"
        browser.join()
    assert got == [404, 200]


def test_nobody_lands() -> None:
    clock = FastClock(NOW)
    with Landing(0) as landing:
        mine, theirs = socket.socketpair()
        with mine, theirs:
            theirs.send(b"pasted")
            assert landing.arrived(clock, NOW + 5, (mine.fileno(),)) == ""
        assert landing.arrived(FastClock(NOW), NOW) == ""
        with pytest.raises(Unavailable, match="is taken"):
            Landing(landing.port)
