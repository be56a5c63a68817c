from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import SystemClock
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._http.apart import apart
from eink_monitor.sources._http.oauth import Grant, valid
from eink_monitor.sources._http.tokens import Tokens, TokenStore, _parse
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.solaredge.cloud import BearerAuth
from loopback.server import Asked, Said
from loopback.solaredge import CLIENT, SECRET, SolarEdgeServer

NOW = 1_780_000_000
HOME = "http://localhost:8765/"
ZONE = ZoneInfo("UTC")
TOKENS = Tokens("an-access", "a-refresh", NOW + 7200, NOW + 30 * 86400, {"id_token": "an-id"})


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "state", "roof")
    with store.locked():
        assert store.load() is None
        store.save(TOKENS)
        assert store.load() == TOKENS
        store.forget()
        store.forget()
        assert store.load() is None


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    store = TokenStore(tmp_path / "state", "roof")
    with store.locked():
        store.save(TOKENS)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()} == {0o600}
    assert sorted(file.name for file in (tmp_path / "state").iterdir()) == ["roof.lock", "roof.token"]


def test_tokens_print_without_their_secrets() -> None:
    assert not any(word in repr(TOKENS) for word in ("an-access", "a-refresh", "an-id"))


DAMAGED = [
    json.dumps({**asdict(TOKENS), name: value}).encode()
    for name, value in (
        ("access", ""),
        ("refresh", 5),
        ("expires_at", "x"),
        ("extra", [1]),
        ("extra", {"a": 1}),
        ("refresh_expires_at", 1.5),
        ("refreshing_since", True),
        ("unknown", 1),
    )
]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[]", b"null", b"\xff", b"{}", b"[" * 100_000, *DAMAGED],
)
def test_a_damaged_file_is_for_a_person(damage: bytes, tmp_path: Path) -> None:
    store = TokenStore(tmp_path, "roof")
    (tmp_path / "roof.token").write_bytes(damage)
    with store.locked(), pytest.raises(AuthFailed, match="damaged; sign in again: eink-monitor login roof"):
        store.load()


@given(st.binary())
def test_any_content_is_tokens_or_nothing(content: bytes) -> None:
    assert _parse(content) is None


def test_a_directory_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file in the way")
    with pytest.raises(Unavailable, match="roof: the sign-in in the state directory cannot be used"):
        TokenStore(tmp_path / "state", "roof").locked().__enter__()
    store = TokenStore(tmp_path, "roof")
    (tmp_path / "roof.token").mkdir()
    with store.locked():
        with pytest.raises(Unavailable):
            store.load()
        with pytest.raises(Unavailable):
            store.save(TOKENS)


HOLDER = """
import sys
from pathlib import Path
from eink_monitor.sources._http.tokens import TokenStore
with TokenStore(Path(sys.argv[1]), "roof").locked():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_user_at_a_time_and_a_crash_lets_go(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable, match="another eink-monitor is using this sign-in"):
            TokenStore(tmp_path, "roof").locked(patience=0.1).__enter__()
        holder.kill()
        with TokenStore(tmp_path, "roof").locked(patience=5):
            pass


# -- renewing ----------------------------------------------------------------------------------------------------------


class Bank(SolarEdgeServer):
    """Kills somebody just before it hands out the new token."""

    victims: list[int]

    def answer(self, asked: Asked) -> Said:
        said = super().answer(asked)
        for victim in self.victims:
            os.kill(victim, signal.SIGKILL)
        return said


@pytest.fixture
def bank() -> Iterator[Bank]:
    server = Bank(ZONE, lambda: NOW)
    server.victims = []
    with server:
        yield server


def sign_in(server: SolarEdgeServer, state: Path) -> BearerAuth:
    visit = Visit("roof", "roof", NOW, ZONE, 1800, {}, state)
    return BearerAuth(Web(server.url + "/v2", "SolarEdge", visit), visit, CLIENT, Secret(SECRET))


def keep(state: Path, tokens: Tokens) -> None:
    with TokenStore(state, "roof").locked() as store:
        store.save(tokens)


def kept(state: Path) -> Tokens:
    with TokenStore(state, "roof").locked() as store:
        tokens = store.load()
    assert tokens is not None
    return tokens


def test_a_token_is_renewed_before_it_dies(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW + 60))
    assert sign_in(bank, tmp_path).headers() == {"Authorization": "Bearer access-1"}
    assert kept(tmp_path) == Tokens("access-1", "refresh-1", NOW + 7200, NOW + 30 * 86400)


def test_what_another_process_renewed_is_used(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW + 3600))
    badge = sign_in(bank, tmp_path)
    badge.headers()
    keep(tmp_path, Tokens("access-9", "refresh-9", NOW + 3600))
    assert badge.headers(rejected=True) == {"Authorization": "Bearer access-9"}
    assert bank.asked == []


def test_consent_is_redeemed_and_revoked(bank: Bank, tmp_path: Path) -> None:
    badge = sign_in(bank, tmp_path)
    badge.redeem("code-from-consent", HOME)
    assert kept(tmp_path).refresh == "refresh-1"
    badge.revoke()
    with TokenStore(tmp_path, "roof").locked() as store:
        assert store.load() is None
    badge.revoke()
    assert bank.paths() == ["/v2/oauth2/token", "/v2/oauth2/revoke-token"]


POLL = """
import sys
from pathlib import Path
from zoneinfo import ZoneInfo
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources.solaredge.cloud import BearerAuth
from eink_monitor.sources._http.web import Web
url, state, now, client, secret = sys.argv[1:]
visit = Visit("roof", "roof", int(now), ZoneInfo("UTC"), 1800, {}, Path(state))
badge = BearerAuth(Web(url, "SolarEdge", visit), visit, client, Secret(secret))
sys.stdin.read()
try:
    badge.headers()
except Exception as error:
    print(error)
"""


def poll(bank: Bank, state: Path) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", POLL, bank.url + "/v2", str(state), str(NOW), CLIENT, SECRET]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_a_poll_killed_between_answer_and_saving_loses_nothing(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    with poll(bank, tmp_path) as victim:
        bank.victims = [victim.pid]
        victim.communicate("")
        assert victim.returncode == -signal.SIGKILL
    bank.victims = []
    assert kept(tmp_path).refresh == bank.refresh_token == "refresh-1"
    assert sign_in(bank, tmp_path).headers() == {"Authorization": "Bearer access-1"}


def test_a_power_cut_there_is_told_to_a_person(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    with poll(bank, tmp_path) as victim:
        children = Path(f"/proc/{victim.pid}/task/{victim.pid}/children")

        class Everyone(list[int]):
            def __iter__(self) -> Iterator[int]:
                return iter([int(pid) for pid in children.read_text().split()])

        bank.victims = Everyone()
        assert "renewing the sign-in was interrupted" in victim.communicate("")[0]
    bank.victims = []
    assert kept(tmp_path).refreshing_since == NOW
    with pytest.raises(AuthFailed, match="interrupted at 2026-05-28T20:26:40Z; sign in again: eink-monitor login roof"):
        sign_in(bank, tmp_path).headers()


def test_an_answer_that_was_lost_is_asked_for_again(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    bank.fault = Said(503, {})
    with pytest.raises(Unavailable):
        sign_in(bank, tmp_path).headers()
    assert kept(tmp_path).refreshing_since == NOW
    bank.fault = None
    assert sign_in(bank, tmp_path).headers() == {"Authorization": "Bearer access-1"}
    assert kept(tmp_path).refreshing_since is None


def test_a_refusal_is_no_renewal_that_was_cut_off(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "of-another-time", NOW))
    for _ in range(2):
        with pytest.raises(AuthFailed, match="has ended the sign-in"):
            sign_in(bank, tmp_path).headers()
    assert kept(tmp_path) == Tokens("access-0", "of-another-time", NOW)


def test_the_file_is_as_old_as_the_persons_sign_in(bank: Bank, tmp_path: Path) -> None:
    keep(tmp_path, Tokens("access-0", "refresh-0", NOW))
    file = tmp_path / "roof.token"
    os.utime(file, (NOW, NOW))
    sign_in(bank, tmp_path).headers()
    assert kept(tmp_path).refresh == "refresh-1"
    assert file.stat().st_mtime == NOW
    sign_in(bank, tmp_path).redeem("code-from-consent", HOME)
    assert file.stat().st_mtime != NOW


def test_work_apart_ends_itself() -> None:
    def doze() -> None:
        SystemClock().wait(30)

    with pytest.raises(Unavailable, match="roof: renewing the sign-in was interrupted"):
        apart(doze, "roof", seconds=1)


def test_a_sign_in_that_vanishes_is_for_a_person(tmp_path: Path) -> None:
    keep(tmp_path, Tokens("a", "r", NOW))
    store = TokenStore(tmp_path, "roof")

    def ask(token: str) -> Answer:
        return said(200, {"access_token": "b", "refresh_token": "s"})

    class Forgetful(TokenStore):
        def save(self, tokens: Tokens, *, renewal: bool = False) -> None:
            super().save(tokens, renewal=renewal)
            if tokens.refreshing_since is None:
                self.forget()

    with pytest.raises(AuthFailed, match="disappeared"):
        valid(Forgetful(tmp_path, "roof"), Grant("roof", "Vendor", ask), NOW)
    assert store.lock == -1


# -- reading a token endpoint's answer ---------------------------------------------------------------------------------


def said(status: int, document: object) -> Answer:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Answer("Vendor", status, {}, body)


GRANT = Grant("roof", "Vendor", lambda _: said(500, {}), keep=("id_token",))


@pytest.mark.parametrize(
    ("status", "document", "kind", "words"),
    [
        (
            400,
            {"error": "invalid_grant"},
            AuthFailed,
            "did not grant the sign-in; start again: eink-monitor login roof",
        ),
        (400, {"error": "invalid_scope"}, AuthFailed, "did not grant the sign-in"),
        (403, {"error": "insufficient_scope"}, AuthFailed, "did not grant the sign-in"),
        (400, {"error": "consent_required"}, AuthFailed, "did not grant the sign-in"),
        (200, {"access_token": "a\ud800", "refresh_token": "r"}, BadAnswer, "access_token"),
        (200, {"access_token": "a\u00e4", "refresh_token": "r"}, BadAnswer, "no token may have"),
        (200, {"access_token": "a", "refresh_token": "r\x1b[2J"}, BadAnswer, "refresh_token"),
        (200, {"access_token": "a" * 10_001, "refresh_token": "r"}, BadAnswer, "access_token"),
        (401, {"error": "invalid_client"}, AuthFailed, "client_id"),
        (400, {"error": "unauthorized_client"}, AuthFailed, "client_id"),
        (400, {"error": "temporarily_unavailable"}, Unavailable, "right now"),
        (400, {"error": "invalid_request"}, BadAnswer, "up to date"),
        (400, {"error": 5}, BadAnswer, "400"),
        (400, [], BadAnswer, "400"),
        (403, b"<html>", AuthFailed, "403"),
        (410, {"error": "invalid_grant"}, Gone, "410"),
        (429, {}, Throttled, "429"),
        (503, {}, Unavailable, "503"),
        (200, {}, BadAnswer, "access_token"),
        (200, {"access_token": "a"}, BadAnswer, "refresh_token"),
        (200, {"access_token": "", "refresh_token": "r"}, BadAnswer, "empty"),
        (200, {"access_token": "a", "refresh_token": "r", "expires_in": "soon"}, BadAnswer, "expires_in"),
        (200, [], BadAnswer, "not an object"),
    ],
)
def test_refusals(status: int, document: object, kind: type[Trouble], words: str) -> None:
    with pytest.raises(kind, match=words):
        GRANT.read(said(status, document), NOW)


def test_what_a_refresh_leaves_out_stays() -> None:
    old = Tokens("a", "r", NOW, None, {"id_token": "old", "gcid": "g"})
    new = GRANT.read(said(200, {"access_token": "b", "expires_in": "3600", "id_token": "new"}), NOW, old)
    assert new == Tokens("b", "r", NOW + 3600, None, {"id_token": "new", "gcid": "g"})
