"""BMW's sign-in and CarData on a loopback port."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from eink_monitor.settings import Vin
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources.bmw_cardata import BmwCarData
from eink_monitor.sources.bmw_cardata.signin import Account
from loopback.cars import NOW, Call, Reply, Vendor, visit_to

VIN = "WBA53FJ0X0CH00001"
CLIENT = "5b7c9a10-1111-2222-3333-444455556666"
GCID = "gcid-0001"
TELEMATICS = f"/customers/vehicles/{VIN}/telematicData"
CONTAINERS = "/customers/containers"
DEVICE, TOKEN = "/gcdm/oauth/device/code", "/gcdm/oauth/token"
SECRETS = ("access-", "refresh-", "id-token-", VIN, "device-secret")


class Bmw(Vendor):
    """Rotates tokens as BMW does: a refresh token is good once."""

    def __init__(self, telematics: list[Reply] | None = None) -> None:
        super().__init__()
        self.turn = 0
        self.challenge = ""
        self.life = 3599
        self.containers: list[dict[str, str]] = []
        self.said_while_waiting: list[Reply] = []
        self.routes[("POST", TOKEN)] = [self.token]
        self.routes[("POST", DEVICE)] = [self._device]
        self.routes[("GET", CONTAINERS)] = [lambda _: Reply({"containers": self.containers})]
        self.routes[("POST", CONTAINERS)] = [Reply({"containerId": "made-1", "state": "ACTIVE"}, 201)]
        self.routes[("GET", TELEMATICS)] = list(telematics or [])

    def source(self, *, stream: bool = False, stream_url: str = "mqtt://127.0.0.1:1") -> BmwCarData:
        return BmwCarData(CLIENT, Vin(VIN), self.url, self.url, stream=stream, stream_url=stream_url)

    def _device(self, call: Call) -> Reply:
        self.challenge = call.form["code_challenge"]
        page = "https://customer.bmwgroup.example/oneid/link"
        return Reply(
            {
                "user_code": "ABCD-1234",
                "device_code": "device-secret",
                "verification_uri": page,
                "verification_uri_complete": f"{page}?user_code=ABCD-1234",
                "expires_in": 300,
                "interval": 5,
            }
        )

    def token(self, call: Call) -> Reply:
        if self.said_while_waiting:
            return self.said_while_waiting.pop(0)
        if call.form["grant_type"] == "refresh_token":
            if call.form["refresh_token"] != f"refresh-{self.turn}":
                return refused("invalid_grant")
        else:
            digest = hashlib.sha256(call.form["code_verifier"].encode()).digest()
            assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == self.challenge
            assert call.form["device_code"] == "device-secret"
        self.turn += 1
        return Reply(
            {
                "access_token": f"access-{self.turn}",
                "refresh_token": f"refresh-{self.turn}",
                "id_token": f"id-token-{self.turn}",
                "gcid": GCID,
                "token_type": "Bearer",
                "expires_in": self.life,
            }
        )


def refused(code: str, status: int = 400) -> Reply:
    return Reply({"error": code, "error_description": f"no: {VIN}"}, status)


def cardata_error(code: str, status: int) -> Reply:
    return Reply({"exveErrorId": code, "exveErrorMsg": f"about {VIN}", "exveErrorRef": "x"}, status)


def store(state: Path) -> TokenStore:
    account = Account(CLIENT, "http://127.0.0.1:1", stream=False)
    return TokenStore(account.folder(state / "car"), "car", "account")


def signed_in(state: Path, expires_at: int = NOW + 3600, turn: int = 0) -> Tokens:
    """Put a sign-in where the source looks for it."""
    tokens = Tokens(
        f"access-{turn}",
        f"refresh-{turn}",
        expires_at,
        NOW + 14 * 86400,
        {"gcid": GCID, "id_token": f"id-token-{turn}"},
    )
    with store(state).locked() as mine:
        mine.save(tokens)
    return tokens


def ready(state: Path, bmw: Bmw, allowance: int = 5) -> None:
    """Sign in and let the source make its container."""
    signed_in(state)
    bmw.source().poll(visit_to(state, allowance=allowance))
    bmw.calls.clear()
