"""Ways to say who asks: keys, tokens that are issued and kept, signatures; and that no address holds a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eink_monitor.errors import AuthFailed, BadAnswer
from loopback.blocks import NOW, read, visitor
from loopback.json_vendor import JsonVendor, Tokens, http_date
from loopback.server import Asked, Said

N = "readings: {n: {path: n, unit: things}}"
SECRETS = ("s3cret", "token-1", "token-2", "refresh-0", "refresh-1", "hunter2")


@pytest.fixture
def vendor() -> Iterator[JsonVendor]:
    with JsonVendor() as running:
        running.date_header = http_date(NOW)
        running.routes["/v1/n"] = Said(200, {"n": 1})
        yield running
        assert running.never_logged(*SECRETS)


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        ("{type: bearer, token: hunter2}", "Authorization", "Bearer hunter2"),
        ("{type: header, name: X-Api-Key, value: hunter2}", "X-Api-Key", "hunter2"),
        ("{type: basic, user: a:b, password: hü}", "Authorization", "Basic YTpiOmjDvA=="),
        ("{type: basic, user: key}", "Authorization", "Basic a2V5Og=="),
    ],
)
def test_what_lasts(vendor: JsonVendor, tmp_path: Path, auth: str, name: str, value: str) -> None:
    visitor(tmp_path, f"url: {vendor.url}/v1/n\nauth: {auth}\n{N}").poll()
    assert vendor.asked[0].headers[name] == value


CLIENT = "type: client_credentials, client_id: client, client_secret: s3cret, scope: read"


@pytest.mark.parametrize("send", ["form", "json", "basic"])
def test_a_token_is_issued_once_and_kept(vendor: JsonVendor, tmp_path: Path, send: str) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    block = f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token, send: {send}}}\n{N}"
    visits = visitor(tmp_path, block)
    for _ in range(3):
        visits.poll()
    assert vendor.tokens.issued == 1
    assert vendor.paths() == ["/oauth/token", "/v1/n", "/v1/n", "/v1/n"]
    kept = tmp_path / "state" / "roof.issued"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    visits.clock.wait(86_399 - 59)  # its last minute
    visits.poll()
    assert vendor.tokens.issued == 2


def test_a_token_goes_where_the_vendor_wants_it(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens, vendor.guarded = Tokens(lives="3600"), ("/v1/",)
    where = 'header: X-Shopify-Access-Token, scheme: ""'
    block = f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token, {where}}}\n{N}"
    visitor(tmp_path, block).poll()
    assert vendor.asked[1].headers["X-Shopify-Access-Token"] == "token-1"


def test_a_token_that_is_refused_is_replaced_once(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}\n{N}")
    visits.poll()
    vendor.tokens.issued = 7  # somebody else asked for others, which revoked it
    assert visits.poll()
    assert vendor.tokens.issued == 8
    vendor.guarded = ("/",)
    vendor.routes["/v1/n"] = Said(401, {"error": "no"})
    with pytest.raises(AuthFailed, match="rejects our key"):
        visits.poll()
    assert vendor.tokens.issued == 9


def test_a_refusal_in_a_200_replaces_it_too(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens = Tokens()

    good = ["Bearer token-1"]

    def answer(asked: Asked) -> object:
        return {"n": 1} if asked.headers["Authorization"] in good else {"code": 40105}

    vendor.routes["/v1/n"] = answer
    auth = f"auth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}"
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\nrefused: code == `40105`\n{N}")
    assert visits.poll()
    good[:] = ["Bearer token-2"]
    assert visits.poll()
    assert vendor.tokens.issued == 2


def test_one_that_was_just_issued_is_not_replaced(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens = Tokens()
    vendor.routes["/v1/n"] = Said(200, {"code": 40105})
    auth = f"auth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}"
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\nrefused: code == `40105`\n{N}")
    with pytest.raises(AuthFailed):
        visits.poll()
    assert vendor.tokens.issued == 1


def test_another_secret_means_another_token(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    block = f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}\n{N}"
    visitor(tmp_path, block).poll()
    wrong = visitor(tmp_path, block.replace("s3cret", "changed"))
    with pytest.raises(AuthFailed, match="issues no token for this id and secret"):
        wrong.poll()


@pytest.mark.parametrize(
    "said", [{}, {"access_token": ""}, {"access_token": "a\nb"}, {"access_token": "ü"}, [], {"access_token": 7}]
)
def test_what_is_no_token_is_not_kept(vendor: JsonVendor, tmp_path: Path, said: object) -> None:
    vendor.routes["/oauth/token"] = Said(200, said)
    with pytest.raises(BadAnswer):
        visitor(
            tmp_path, f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}\n{N}"
        ).poll()
    assert "/v1/n" not in vendor.paths()


# -- a refresh token ---------------------------------------------------------------------------------------------------

REFRESH = "type: refresh, client_id: client, client_secret: s3cret, refresh_token: refresh-0"


def test_a_refresh_token_that_is_replaced_at_each_use(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens, vendor.guarded = Tokens(lives=3600), ("/v1/",)
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\nauth: {{{REFRESH}, token_url: {vendor.url}/oauth/token}}\n{N}")
    visits.poll()
    visits.poll()
    assert vendor.tokens.refreshed == 1
    for _ in range(3):
        visits.clock.wait(3600)
        visits.poll()
    assert (vendor.tokens.refreshed, vendor.tokens.refresh) == (4, "refresh-4")
    assert stat.S_IMODE((tmp_path / "state" / "roof.token").stat().st_mode) == 0o600


def test_a_new_refresh_token_in_the_configuration_counts(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    block = f"url: {vendor.url}/v1/n\nauth: {{{REFRESH}, token_url: {vendor.url}/oauth/token}}\n{N}"
    visits = visitor(tmp_path, block)
    visits.poll()
    visits.clock.wait(100_000)
    vendor.tokens.refresh = "another"
    with pytest.raises(AuthFailed, match="put a new refresh_token into the configuration"):
        visits.poll()
    again = visitor(tmp_path, block.replace("refresh-0", "another"), visits.clock.now())
    assert again.poll()


# -- a login call ------------------------------------------------------------------------------------------------------

LOGIN = """
url: {url}/v1/n
timezone: Europe/Bucharest
auth:
  type: login
  url: {url}/login
  user: anna
  password: hunter2
  body: '{{"username": "{{{{user}}}}", "password": "{{{{password}}}}"}}'
  ok: status == 'success'
  error: message
  token: data.token
  {expires}
readings: {{n: {{path: n}}}}
"""


@pytest.mark.parametrize(
    ("expires", "lives"),
    [
        ("expires: data.expiresAt", 86_400 - 60),
        ("expires: data.seconds", 1_200 - 60),
        ("expires: data.nothing", 3_600 - 60),
        ("lives: 2h", 7_200 - 60),
    ],
)
def test_a_login(vendor: JsonVendor, tmp_path: Path, expires: str, lives: int) -> None:
    data = {"token": "1234|abc", "expiresAt": "2026-11-29 08:30:00", "seconds": 1200}
    vendor.routes["/login"] = Said(200, {"status": "success", "data": data})
    visits = visitor(tmp_path, LOGIN.format(url=vendor.url, expires=expires))
    visits.poll()
    assert json.loads(vendor.asked[0].body) == {"username": "anna", "password": "hunter2"}
    assert "Authorization" not in vendor.asked[0].headers
    assert vendor.asked[1].headers["Authorization"] == "Bearer 1234|abc"
    visits.clock.wait(lives - 1)
    visits.poll()
    assert vendor.paths().count("/login") == 1
    visits.clock.wait(1)
    visits.poll()
    assert vendor.paths().count("/login") == 2


def test_a_login_with_user_and_password_in_its_header(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/login"] = Said(200, {"jwt": "token-1"})
    auth = (
        f"{{type: login, url: '{vendor.url}/login', method: get, basic: true, user: a, password: 'h{{ü', token: jwt}}"
    )
    visitor(tmp_path, f"url: {vendor.url}/v1/n\nauth: {auth}\n{N}").poll()
    assert vendor.asked[0].method == "GET"
    assert vendor.asked[0].headers["Authorization"] == "Basic YTpoe8O8"
    assert vendor.asked[1].headers["Authorization"] == "Bearer token-1"


def test_a_login_that_fails_with_a_200(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/login"] = Said(200, {"status": "fail", "message": "bad password hunter2"})
    with pytest.raises(BadAnswer, match=r"something is wrong: bad password \*\*\*\*"):
        visitor(tmp_path, LOGIN.format(url=vendor.url, expires="")).poll()


def test_a_session_in_a_cookie(vendor: JsonVendor, tmp_path: Path) -> None:
    vendor.routes["/login"] = Said(200, {}, {"Set-Cookie": "sid=abc; Path=/; HttpOnly"})
    where = "header: Cookie, scheme: '', token: \"split(header('set-cookie'), ';')[0]\""
    auth = (
        f"auth: {{type: login, url: '{vendor.url}/login', form: {{p: '{{{{password}}}}'}}, password: hunter2, {where}}}"
    )
    visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\n{N}").poll()
    assert vendor.asked[0].body == b"p=hunter2"
    assert vendor.asked[1].headers["Cookie"] == "sid=abc"


# -- signatures --------------------------------------------------------------------------------------------------------


def test_a_signature_of_each_request(vendor: JsonVendor, tmp_path: Path) -> None:
    message = 'message: "{{now_ms}}{{method}}{{path}}{{body}}"'
    block = f"""
url: {vendor.url}/v1/n
method: post
headers: {{X-Time: "{{{{now_ms}}}}"}}
query: {{a: b c}}
body: '{{"x": 1}}'
auth: {{type: hmac, secret: s3cret, {message}, header: X-Sign, encoding: base64, scheme: HMAC}}
{N}
"""
    visitor(tmp_path, block).poll()
    signed = f'{NOW * 1000}POST/v1/n?a=b%20c{{"x": 1}}'.encode()
    wanted = base64.b64encode(hmac.new(b"s3cret", signed, hashlib.sha256).digest()).decode()
    assert vendor.asked[0].headers["X-Sign"] == f"HMAC {wanted}"
    assert vendor.asked[0].headers["X-Time"] == str(NOW * 1000)


def test_a_signed_token(vendor: JsonVendor, tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"type": "service_account", "client_email": "a@b.iam.example", "private_key": pem}
    (tmp_path / "account.json").write_text(json.dumps(account), encoding="utf-8")
    (tmp_path / "account.json").chmod(0o600)
    vendor.routes["/token"] = Said(200, {"access_token": "ya29", "expires_in": 3599})
    auth = f"auth: {{type: jwt, key: !file account.json, scope: drive, token_url: '{vendor.url}/token'}}"
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\n{N}")
    visits.poll()
    form = dict(part.split("=") for part in vendor.asked[0].body.decode().split("&"))
    head, claims, signature = form["assertion"].split(".")
    key.public_key().verify(
        base64.urlsafe_b64decode(signature + "=="), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
    )
    said = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert said == {
        "iss": "a@b.iam.example", "aud": f"{vendor.url}/token", "scope": "drive", "iat": NOW, "exp": NOW + 3600
    }  # fmt: skip
    assert vendor.asked[1].headers["Authorization"] == "Bearer ya29"
    assert visits.source.modules == ("cryptography",)


@pytest.mark.parametrize("key", ["no key", "{}", '{"private_key": "x", "client_email": "a"}'])
def test_a_key_that_is_none(vendor: JsonVendor, tmp_path: Path, key: str) -> None:
    auth = f"auth: {{type: jwt, key: '{key}', token_url: '{vendor.url}/token'}}"
    with pytest.raises(AuthFailed, match="no RSA private key"):
        visitor(tmp_path, f"url: {vendor.url}/v1/n\n{auth}\n{N}").poll()


# -- what is kept ------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_sealed_where_there_is_a_key(
    vendor: JsonVendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "eink-monitor-token-key").write_bytes(os.urandom(32))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    visits = visitor(tmp_path, f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}\n{N}")
    visits.poll()
    kept = tmp_path / "state" / "roof.issued"
    assert "token-1" not in kept.read_text()
    visits.poll()
    assert vendor.tokens.issued == 1
    (credentials / "eink-monitor-token-key").write_bytes(os.urandom(32))
    visits.poll()  # sealed with another key: the next one is asked for
    assert vendor.tokens.issued == 2


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"token x": ["a"]}', b"\xff", b"[" * 9000, b'{"sealed": "x"}'])
def test_a_damaged_file_counts_as_empty(vendor: JsonVendor, tmp_path: Path, damage: bytes) -> None:
    vendor.tokens, vendor.guarded = Tokens(), ("/v1/",)
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "roof.issued").write_bytes(damage)
    assert visitor(
        tmp_path, f"url: {vendor.url}/v1/n\nauth: {{{CLIENT}, token_url: {vendor.url}/oauth/token}}\n{N}"
    ).poll()


@pytest.mark.parametrize(
    ("auth", "complaint"),
    [
        (
            "{token: x}",
            "`type` is missing; known are basic, bearer, client_credentials, header, hmac, jwt, login, refresh",
        ),
        ("{type: barer, token: x}", "did you mean `bearer`?"),
        ("{type: bearer}", "`token` is missing"),
        (f"{{{CLIENT}, token_url: 'http://evil.example/'}}", "url must begin with https://"),
        (f"{{{CLIENT}, token_url: 'https://{{{{now_s}}}}.example/'}}", "cannot stand for a host"),
        ("{type: login, url: 'https://a.example/?p={{password}}', token: t}", "{{password}} is a secret"),
        ("{type: hmac, secret: s, message: '{{whole}}', header: X}", "nobody says what {{whole}}"),
    ],
)
def test_mistakes(tmp_path: Path, auth: str, complaint: str) -> None:
    complaints = read(tmp_path, f"url: https://a.example/x\nauth: {auth}\n{N}")[1]
    assert any(complaint in line for line in complaints), complaints
