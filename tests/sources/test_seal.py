"""Sign-ins sealed with a key from systemd: nobody reads them without it, nobody loses one over it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, SystemClock
from eink_monitor.config import load
from eink_monitor.errors import AuthFailed
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import Tokens, TokenStore, credential
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.solaredge.cloud import BearerAuth
from houses import say, write
from houses.living import running
from loopback.bmw import CLIENT as BMW_CLIENT
from loopback.bmw import TELEMATICS, TOKEN, VIN, Bmw
from loopback.cars import Reply, recording
from loopback.solaredge import CLIENT, SECRET, SolarEdgeServer

NOW = 1_780_000_000
SECRETS = ("an-access", "a-refresh", "an-id")
TOKENS = Tokens("an-access", "a-refresh", NOW + 7200, NOW + 2 * DAY, {"id_token": "an-id"})
KEY, OTHER = b"\0" + b"k" * 31, b"o" * 32

Lend = Callable[[bytes | None], Path]


@pytest.fixture
def lend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lend:
    """Hands us a key as systemd does; with None the folder of credentials has none."""
    folder = tmp_path / "credentials"
    folder.mkdir()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))

    def put(key: bytes | None) -> Path:
        file = folder / "eink-monitor-token-key"
        file.unlink(missing_ok=True)
        if key is not None:
            file.write_bytes(key)
        return file

    return put


def keep(state: Path, tokens: Tokens = TOKENS) -> Path:
    with TokenStore(state, "roof").locked() as store:
        store.save(tokens)
    return state / "roof.token"


def kept(state: Path) -> Tokens | None:
    with TokenStore(state, "roof").locked() as store:
        return store.load()


def test_a_sealed_sign_in_tells_its_times_and_nothing_else(tmp_path: Path, lend: Lend) -> None:
    lend(KEY)
    file = keep(tmp_path)
    assert kept(tmp_path) == TOKENS
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    content = file.read_text()
    assert not any(secret in content for secret in SECRETS)
    assert json.loads(content)["refresh_expires_at"] == NOW + 2 * DAY
    known = TokenStore(tmp_path, "roof").look()
    assert known is not None
    assert (known.expires_at, known.refresh_expires_at) == (TOKENS.expires_at, TOKENS.refresh_expires_at)
    assert not any(secret in f"{known.access} {known.refresh} {known.extra}" for secret in SECRETS)


def test_nothing_is_sealed_where_there_is_no_key(tmp_path: Path, lend: Lend) -> None:
    lend(None)
    assert json.loads(keep(tmp_path).read_text())["refresh"] == "a-refresh"
    assert kept(tmp_path) == TOKENS


def badge(server: SolarEdgeServer, state: Path) -> BearerAuth:
    visit = Visit("roof", "roof", NOW, ZoneInfo("UTC"), 1800, {}, state)
    return BearerAuth(Web(server.url + "/v2", "SolarEdge", visit), visit, CLIENT, Secret(SECRET))


def test_a_plain_sign_in_is_sealed_when_it_is_renewed(tmp_path: Path, lend: Lend) -> None:
    lend(None)
    file = keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    lend(KEY)
    with SolarEdgeServer(ZoneInfo("UTC"), lambda: NOW) as server:
        assert badge(server, tmp_path).headers() == {"Authorization": "Bearer access-1"}
    assert "refresh-1" not in file.read_text()
    assert kept(tmp_path) == Tokens("access-1", "refresh-1", NOW + 7200, NOW + 30 * DAY)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (None, "sealed, and its key, the credential eink-monitor-token-key, is missing; restore that key, or sign"),
        (OTHER, "sealed with another key; restore that key, or sign in again: eink-monitor login roof"),
        (b"short", "cannot be read or is shorter than 32 bytes"),
        (b"", "cannot be read or is shorter than 32 bytes"),
    ],
)
def test_without_the_right_key_a_person_is_asked_and_no_vendor(
    tmp_path: Path, lend: Lend, key: bytes | None, words: str
) -> None:
    lend(KEY)
    file = keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    before = file.read_bytes()
    lend(key)
    with SolarEdgeServer(ZoneInfo("UTC"), lambda: NOW) as server:
        for act in (badge(server, tmp_path).headers, badge(server, tmp_path).revoke):
            with pytest.raises(AuthFailed, match=words):
                act()
        assert server.asked == []
    assert file.read_bytes() == before
    lend(KEY)
    assert kept(tmp_path) == Tokens("access-0", "refresh-0", NOW)


def test_a_key_without_its_library_keeps_what_is_there(
    tmp_path: Path, lend: Lend, monkeypatch: pytest.MonkeyPatch
) -> None:
    lend(None)
    file = keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    before = file.read_bytes()
    lend(KEY)
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with SolarEdgeServer(ZoneInfo("UTC"), lambda: NOW) as server:
        with pytest.raises(AuthFailed, match=r"pip install 'eink-monitor\[sealed\]'"):
            badge(server, tmp_path).headers()
        assert server.asked == [], "what could not be kept is not asked for"
    assert file.read_bytes() == before


def test_a_key_that_is_no_file(tmp_path: Path, lend: Lend) -> None:
    lend(None).mkdir()
    with pytest.raises(AuthFailed, match="cannot be read"):
        keep(tmp_path)


@pytest.mark.parametrize("seal", [5, None, "gAAAA"])
def test_a_damaged_seal_is_for_a_person(tmp_path: Path, lend: Lend, seal: object) -> None:
    lend(KEY)
    file = keep(tmp_path)
    file.write_text(json.dumps({**json.loads(file.read_text()), "sealed": seal}))
    with pytest.raises(AuthFailed, match="damaged"):
        kept(tmp_path)


# -- the house ---------------------------------------------------------------------------------------------------------

HOUSE = """\
database: {folder}/db/readings.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  i4: {{type: bmw_cardata, client_id: %s, vin: %s, base_url: "%s", auth_url: "%s", every: 5m}}
panels:
  charge: {{type: car, subject: i4}}
"""


def car_house(folder: Path, bmw: Bmw) -> tuple[Path, TokenStore]:
    """A house, and where the sign-in of its car is kept."""
    file = write(folder, HOUSE % (BMW_CLIENT, VIN, bmw.url, bmw.url))
    config = load(file)
    (shared,) = config.feeds["i4"].source.shares(config.state / "i4")
    return file, TokenStore(shared, "i4", "account")


def test_the_daemon_reads_a_sealed_car_and_never_loads_the_library(tmp_path: Path, lend: Lend) -> None:
    lend(KEY)
    now = SystemClock().now()
    with Bmw([Reply(recording("bmw_cardata", "i4_charging"))]) as bmw:
        file, store = car_house(tmp_path, bmw)
        with store.locked() as mine:
            mine.save(Tokens("access-0", "refresh-0", now, now + 14 * DAY))
        with running(file) as daemon:
            for _ in range(200):
                if bmw.on(TELEMATICS):
                    break
                SystemClock().wait(0.05)
            loaded = Path(f"/proc/{daemon.pid}/maps").read_text()
        assert bmw.calls[0].path == TOKEN
        assert bmw.on(TELEMATICS)[0].headers["authorization"] == "Bearer access-1"
    assert "cryptography" not in loaded
    assert "python" in loaded
    with store.locked() as mine:
        tokens = mine.load()
    assert tokens is not None
    assert tokens.refresh == "refresh-1"
    assert not [path for path in (tmp_path / "db").rglob("*.token") if "refresh-1" in path.read_text()]


def test_how_long_it_holds_is_known_without_the_library(tmp_path: Path, lend: Lend) -> None:
    lend(KEY)
    keep(tmp_path)
    script = (
        "import sys; from pathlib import Path\n"
        "from eink_monitor.sources._http.tokens import TokenStore, credential\n"
        f"print(credential(TokenStore(Path({str(tmp_path)!r}), 'roof'), 'the sign-in', 'go', {NOW}).words)\n"
        "print('cryptography' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout == "the sign-in expires in 2 days; sign in again: go\nFalse\n"
    lend(None)
    assert credential(TokenStore(tmp_path, "roof"), "the sign-in", "go", NOW).present


def test_who_is_not_the_service_is_sent_to_it(tmp_path: Path, lend: Lend, monkeypatch: pytest.MonkeyPatch) -> None:
    lend(KEY)
    with Bmw() as bmw:
        file, store = car_house(tmp_path, bmw)
        with store.locked() as mine:
            mine.save(TOKENS)
        (token,) = (tmp_path / "db").rglob("*.token")
        before = token.read_bytes()
        monkeypatch.delenv("CREDENTIALS_DIRECTORY")
        for verb in ("login", "poll"):
            said = say(verb, "i4", "-c", file)
            assert said.code == 77, verb
            assert "only the service has its key; run the same with `sudo eink-monitor`" in said.err
        assert bmw.calls == []
    assert token.read_bytes() == before


def test_after_a_lost_key_a_person_signs_in_under_the_new_one(tmp_path: Path, lend: Lend) -> None:
    lend(KEY)
    with Bmw() as bmw:
        device = bmw.routes[("POST", "/gcdm/oauth/device/code")][0]
        assert not isinstance(device, Reply)
        quick = {"interval": 1}
        bmw.routes[("POST", "/gcdm/oauth/device/code")] = [
            lambda call: Reply({**dict(device(call).body), **quick})  # type: ignore[call-overload]  # a JSON object
        ]
        file, store = car_house(tmp_path, bmw)
        with store.locked() as mine:
            mine.save(TOKENS)
        lend(OTHER)
        assert say("login", "i4", "-c", file).code == 0
    with store.locked() as mine:
        tokens = mine.load()
    assert tokens is not None
    assert tokens.refresh == "refresh-1"


def test_check_and_doctor_name_the_library_that_is_missing(
    tmp_path: Path, lend: Lend, monkeypatch: pytest.MonkeyPatch
) -> None:
    lend(KEY)
    file = write(tmp_path)
    assert say("check", "-c", file).code == 0
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    said = say("check", "-c", file)
    assert said.code == 69
    assert "sign-ins: there is a key to seal them with, but cryptography is not installed: pip install" in said.err
    assert "eink-monitor[sealed]" in say("doctor", "-c", file).out
