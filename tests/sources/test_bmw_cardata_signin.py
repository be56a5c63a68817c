from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, FastClock
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable
from loopback.bmw import CLIENT, DEVICE, SECRETS, TELEMATICS, TOKEN, Bmw, refused, signed_in, store
from loopback.cars import NOW, Reply, recording, visit_to

PENDING, SLOWER = refused("authorization_pending"), refused("slow_down")


class Watch(FastClock):
    """A clock that remembers how long each wait was."""

    def __init__(self) -> None:
        super().__init__(NOW)
        self.waits: list[float] = []

    def wait(self, seconds: float, readable: object = ()) -> list[int]:
        assert not readable
        self.waits.append(seconds)
        return super().wait(seconds)


def test_a_person_confirms_the_code_on_any_phone(tmp_path: Path) -> None:
    clock = Watch()
    with Bmw([Reply(recording("bmw_cardata", "i4_charging"))]) as bmw:
        bmw.said_while_waiting = [PENDING, PENDING, SLOWER, PENDING]
        source, visit = bmw.source(), visit_to(tmp_path)
        prompt = source.sign_in().begin(visit)
        assert (prompt.code, prompt.brings, prompt.expires_at) == ("ABCD-1234", "", NOW + 300)
        assert prompt.url.endswith("?user_code=ABCD-1234")
        assert prompt.url.startswith(prompt.short_url)
        assert "primary user" in prompt.text
        said = source.sign_in().finish(visit, prompt, clock)
        assert "signed in" in said
        assert clock.waits == [5, 5, 5, 10, 10]
        assert source.poll(visit_to(tmp_path))
        form = bmw.on(DEVICE)[0].form
    assert form["response_type"] == "device_code"
    assert form["code_challenge_method"] == "S256"
    assert form["scope"] == "authenticate_user openid cardata:api:read"
    assert not any(secret in f"{prompt!r} {said}" for secret in SECRETS)
    assert visit.spent == 0


def test_the_verifier_is_new_each_time_and_fits_the_challenge(tmp_path: Path) -> None:
    with Bmw() as bmw:
        prompts = [bmw.source().sign_in().begin(visit_to(tmp_path)) for _ in range(2)]
        challenges = [call.form["code_challenge"] for call in bmw.on(DEVICE)]
    assert challenges[0] != challenges[1]
    for prompt, challenge in zip(prompts, challenges, strict=True):
        digest = hashlib.sha256(prompt.pending["verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == challenge


def test_the_stream_is_asked_for_only_when_wanted(tmp_path: Path) -> None:
    with Bmw() as bmw:
        bmw.source(stream=True).sign_in().begin(visit_to(tmp_path))
        assert bmw.on(DEVICE)[0].form["scope"].endswith("cardata:api:read cardata:streaming:read")


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (
            refused("access_denied", 403),
            AuthFailed,
            "refused on BMW's page; if you did confirm it there, wait a few minutes",
        ),
        (
            refused("invalid_grant"),
            AuthFailed,
            "did not grant the sign-in; wait a few minutes after ticking CarData API",
        ),
        (refused("invalid_scope"), AuthFailed, "did not grant the sign-in"),
        (refused("expired_token"), AuthFailed, "expired before"),
        (refused("invalid_grant"), AuthFailed, "login car"),
        (refused("invalid_client", 401), AuthFailed, "client_id"),
        (refused("unheard_of"), BadAnswer, "did not understand"),
        (Reply({"access_token": 5}), BadAnswer, "."),
        (Reply(b"[]"), BadAnswer, "token answer"),
        (Reply(b"", 410), Trouble, "closed this interface"),
    ],
)
def test_what_else_may_come_of_it(tmp_path: Path, reply: Reply, kind: type[Trouble], words: str) -> None:
    with Bmw() as bmw:
        bmw.said_while_waiting = [PENDING, reply]
        source, visit = bmw.source(), visit_to(tmp_path)
        with pytest.raises(kind, match=words) as caught:
            source.sign_in().finish(visit, source.sign_in().begin(visit), FastClock(NOW))
        assert len(bmw.on(TOKEN)) == 2
    assert not any(secret in f"{caught.value!r}" for secret in SECRETS)
    with store(tmp_path).locked() as mine:
        assert mine.load() is None


def test_nobody_confirms_in_time(tmp_path: Path) -> None:
    with Bmw() as bmw:
        bmw.said_while_waiting = [PENDING] * 100
        source, visit, clock = bmw.source(), visit_to(tmp_path), Watch()
        with pytest.raises(AuthFailed, match="expired before"):
            source.sign_in().finish(visit, source.sign_in().begin(visit), clock)
    assert sum(clock.waits) < 300


def test_a_hiccup_of_the_network_is_waited_out_more_slowly(tmp_path: Path) -> None:
    with Bmw() as bmw:
        bmw.said_while_waiting = [PENDING, Reply(b"", 503), Reply(b"", 502), PENDING]
        source, visit, clock = bmw.source(), visit_to(tmp_path), Watch()
        assert source.sign_in().finish(visit, source.sign_in().begin(visit), clock)
    assert clock.waits == [5, 5, 10, 15, 15]


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (refused("invalid_client", 401), AuthFailed, "client_id; copy it again"),
        (refused("invalid_scope"), AuthFailed, "subscribe to CarData API"),
        (Reply(b"", 500), Unavailable, "internal error"),
        (Reply({"user_code": 1}), BadAnswer, "user_code"),
        (Reply(b"[]"), BadAnswer, "code"),
    ],
)
def test_no_code_is_to_be_had(tmp_path: Path, reply: Reply, kind: type[Trouble], words: str) -> None:
    with Bmw() as bmw:
        bmw.routes[("POST", DEVICE)] = [reply]
        with pytest.raises(kind, match=words) as caught:
            bmw.source().sign_in().begin(visit_to(tmp_path))
    assert CLIENT not in str(caught.value)


def test_signing_out_forgets_the_tokens_and_the_container(tmp_path: Path) -> None:
    signed_in(tmp_path)
    with Bmw([Reply(recording("bmw_cardata", "i4_charging"))]) as bmw:
        source, visit = bmw.source(), visit_to(tmp_path)
        source.poll(visit)
        assert source.cost(visit) == 1
        assert "delete the client" in source.sign_out(visit)
        assert source.cost(visit) == 3
        bmw.calls.clear()
        with pytest.raises(AuthFailed, match="sign in once"):
            source.poll(visit_to(tmp_path))
        assert bmw.on(TELEMATICS) == []


def test_how_long_the_sign_in_holds(tmp_path: Path) -> None:
    with Bmw() as bmw:
        source = bmw.source()
        assert source.credentials(visit_to(tmp_path))[0].present is False
        signed_in(tmp_path)
        words = {
            days: source.credentials(visit_to(tmp_path, now=NOW + days * DAY))[0].words for days in (0, 10, 11, 13, 14)
        }
        assert words[0] == "the BMW sign-in expires in 14 days"
        assert words[10] == "the BMW sign-in expires in 4 days"
        assert words[11] == "the BMW sign-in expires in 3 days; sign in again: eink-monitor login car"
        assert "in 1 day;" in words[13]
        assert "has expired" in words[14]
        (folder,) = source.shares(visit_to(tmp_path).state)
        next(folder.glob("*.token")).write_text("{")
        damaged = source.credentials(visit_to(tmp_path))[0]
    assert (damaged.present, damaged.expires_at) == (False, None)
    assert "damaged" in damaged.words


@pytest.mark.parametrize(
    "odd",
    [
        {"user_code": "AB\x1b[2J"},
        {"user_code": "A" * 41},
        {"user_code": "\ud800"},
        {"verification_uri": "http://customer.bmwgroup.example/link"},
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri": "https://customer.example/\u202elink"},
        {"verification_uri": "https://" + "x" * 100_000},
        {"verification_uri_complete": "https://customer.example/\x1b]0;x\x07"},
        {"verification_uri_complete": 5},
        {"device_code": "\ud800"},
    ],
)
def test_a_code_or_a_page_that_must_not_be_shown(tmp_path: Path, odd: dict[str, object]) -> None:
    good = {"user_code": "AB", "device_code": "d", "verification_uri": "https://c.example/l", "expires_in": 300}
    with Bmw() as bmw:
        bmw.routes[("POST", DEVICE)] = [Reply(good | odd)]
        with pytest.raises(BadAnswer, match="BMW CarData"):
            bmw.source().sign_in().begin(visit_to(tmp_path))
