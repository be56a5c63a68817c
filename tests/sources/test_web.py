from __future__ import annotations

import http.client
import json
import math
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.answer import Answer, judge, number, retry_after, rows, table, text
from eink_monitor.sources._http.trust import trust
from eink_monitor.sources._http.web import Web, in_words
from loopback.server import Asked, LoopbackServer, Said

NOW = 1_780_000_000


class Echo(LoopbackServer):
    def answer(self, asked: Asked) -> Said:
        return Said(200, {"method": asked.method, "path": asked.path, "params": dict(asked.params)})


def visit(allowance: int = 9) -> Visit:
    return Visit("roof", "roof", NOW, ZoneInfo("UTC"), 1800, {}, Path(), allowance)


@pytest.fixture
def echo() -> Iterator[Echo]:
    with Echo() as server:
        yield server


def test_get_keeps_the_prefix_and_quotes_what_must_be(echo: Echo) -> None:
    web = Web(echo.url + "/prefix/", "Vendor", visit())
    answer = web.get("/a b/1", {"from": "2026-01-01T00:00:00+01:00", "types": ["A", "B"]}, {"X-Key": "k"})
    assert answer.json() == {
        "method": "GET",
        "path": "/prefix/a%20b/1",
        "params": {"from": "2026-01-01T00:00:00+01:00", "types": "B"},
    }
    assert echo.asked[0].headers["X-Key"] == "k"
    assert echo.asked[0].headers["Accept-Encoding"] == "gzip"
    assert echo.asked[0].headers["User-Agent"].startswith("eink-monitor/")


def test_post(echo: Echo) -> None:
    web = Web(echo.url, "Vendor", visit())
    web.post_form("/token", {"grant_type": "x y"}, {"X-More": "1"})
    web.post_json("/token", {"a": 1})
    form, document = echo.asked
    assert (form.body, form.headers["Content-Type"]) == (b"grant_type=x+y", "application/x-www-form-urlencoded")
    assert (json.loads(document.body), document.headers["Content-Type"]) == ({"a": 1}, "application/json")


def test_a_call_is_spent_before_it_is_made(echo: Echo) -> None:
    here = visit(allowance=2)
    web = Web(echo.url, "Vendor", here)
    web.get("/", cost=2)
    web.post_json("/token", {}, cost=0)
    with pytest.raises(Throttled, match="more than the 2 calls"):
        web.get("/")
    assert len(echo.asked) == 2


def test_a_body_beyond_the_cap_is_no_answer(echo: Echo) -> None:
    echo.fault = "endless"
    with pytest.raises(BadAnswer, match="more than 1 MB"):
        Web(echo.url, "Vendor", visit(), cap=1_000_000).get("/")


@pytest.mark.parametrize("fault", ["truncated", "reset", "chunks"])
def test_a_body_that_breaks_off_is_no_answer(fault: str, echo: Echo) -> None:
    echo.fault = fault
    with pytest.raises(Unavailable, match=r"cut off|dropped"):
        Web(echo.url, "Vendor", visit()).get("/")


def test_silence_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        web = Web(f"http://127.0.0.1:{deaf.getsockname()[1]}", "Vendor", visit(), timeout=0.2)
        with pytest.raises(Unavailable, match="in time"):
            web.get("/")


def test_noise_is_not_http() -> None:
    def shout(server: socket.socket) -> None:
        connection = server.accept()[0]
        connection.recv(1 << 16)
        connection.sendall(b"SSH-2.0-OpenSSH\r\n\r\n")
        connection.close()

    with socket.create_server(("127.0.0.1", 0)) as noisy:
        thread = Thread(target=shout, args=(noisy,))
        thread.start()
        with pytest.raises(Unavailable, match="does not speak HTTP"):
            Web(f"http://127.0.0.1:{noisy.getsockname()[1]}", "Vendor", visit()).get("/")
        thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: it makes the certificate of the loopback server")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([openssl, *words], check=True, capture_output=True)
    return cert, key


@pytest.fixture
def secure(certificate: tuple[Path, Path]) -> Iterator[tuple[str, Path]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with Echo() as server:
        server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
        yield server.url.replace("http:", "https:"), certificate[0]
    trust.cache_clear()


def test_an_unknown_certificate_is_not_trusted(secure: tuple[str, Path]) -> None:
    with pytest.raises(Unavailable, match="certificate is not trusted"):
        Web(secure[0], "Vendor", visit()).get("/")


def test_a_known_certificate_is_trusted(secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(secure[1]))
    trust.cache_clear()
    assert Web(secure[0], "Vendor", visit()).get("/x").status == 200


def test_a_hashed_directory_is_enough(
    secure: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(secure[1])], check=True, capture_output=True, text=True
    ).stdout.strip()
    (tmp_path / f"{name}.0").write_bytes(secure[1].read_bytes())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    trust.cache_clear()
    assert Web(secure[0], "Vendor", visit()).get("/x").status == 200


def test_http_where_https_is_meant_is_said() -> None:
    with Echo() as server, pytest.raises(Unavailable, match=r"encrypted|dropped"):
        Web(server.url.replace("http:", "https:"), "Vendor", visit()).get("/")


def _verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("secret")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (_verification(9), Unavailable, "clock"),
        (_verification(10), Unavailable, "clock"),
        (_verification(18), Unavailable, "not trusted"),
        (socket.gaierror(-2, "secret"), Unavailable, "looked up"),
        (TimeoutError("secret"), Unavailable, "in time"),
        (ConnectionRefusedError("secret"), Unavailable, "refuses"),
        (http.client.RemoteDisconnected("secret"), Unavailable, "dropped"),
        (http.client.BadStatusLine("secret"), Unavailable, "HTTP"),
        (ssl.SSLError("secret"), Unavailable, "encrypted"),
        (OSError("secret"), Unavailable, "reached"),
        (http.client.InvalidURL("secret"), AuthFailed, "copy it again"),
        (ValueError("secret"), AuthFailed, "copy it again"),
    ],
)
def test_network_errors_in_words(error: Exception, kind: type[Trouble], words: str) -> None:
    trouble = in_words(error, "Vendor")
    assert type(trouble) is kind
    assert words in str(trouble)
    assert "secret" not in str(trouble)


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x", "https://", "https://u:p@x", "http://x?a", "http://x#a", "http://x:99999", "http://[x", "http://ü"],
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValueError, match="base_url must be an address"):
        address(url)


@pytest.mark.parametrize(
    "url", ["http://x", "http://8.8.8.8/v2", "http://127.0.0.1.evil.example", "http://127.evil", "http://evillocal"]
)
def test_keys_leave_the_house_encrypted_or_not_at_all(url: str) -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        address(url)
    for here in ("http://127.0.0.1:8080/v2", "http://localhost", "http://[::1]:8080"):
        address(here)
    for emulator in ("http://192.168.1.5/v2", "http://[fd00::5]", "http://emulator.local", "http://sun.home.arpa"):
        address(emulator)


@given(st.text())
def test_any_text_is_an_address_or_a_sentence(url: str) -> None:
    try:
        assert address(url).hostname
    except ValueError as error:
        assert "base_url" in str(error)  # noqa: PT017 - most texts are refused, some may be addresses


def said(status: int, body: bytes = b"", **headers: str) -> Answer:
    return Answer("Vendor", status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, BadAnswer),
        (400, BadAnswer),
        (401, AuthFailed),
        (403, AuthFailed),
        (404, BadAnswer),
        (408, Unavailable),
        (410, Gone),
        (418, BadAnswer),
        (429, Throttled),
        (500, Unavailable),
        (599, Unavailable),
        (101, BadAnswer),
    ],
)
def test_statuses(status: int, kind: type[Trouble]) -> None:
    with pytest.raises(kind, match=str(status)):
        judge(said(status), NOW)


@pytest.mark.parametrize(("header", "wait"), [("", 60), ("40", 40), ("soon", 60)])
def test_too_often_waits_as_long_as_the_vendor_says_or_a_minute(header: str, wait: int) -> None:
    with pytest.raises(Throttled) as told:
        judge(said(429, retry_after=header), NOW)
    assert told.value.until == NOW + wait


def test_a_vendor_may_mean_something_else_by_a_status() -> None:
    with pytest.raises(AuthFailed, match="ours"):
        judge(said(404), NOW, {404: AuthFailed("ours")})
    assert judge(said(204), NOW, {404: AuthFailed("ours")}).status == 204


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 1),
        ("9" * 40, 31 * 86400),
        ("Thu, 28 May 2026 20:27:20 GMT", 40),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 1),
        ("Mon, 01 Jan 2001 00:00:00", 1),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after(header: str, seconds: int | None) -> None:
    assert retry_after(said(429, retry_after=header), NOW) == seconds


@given(st.text())
def test_any_retry_after_is_seconds_or_nothing(header: str) -> None:
    assert (retry_after(said(429, retry_after=header), NOW) or 1) >= 1


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": nan}', b'{"a": Inf}', b"[" * 100_000, b"1" * 5000])
def test_what_is_not_json(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="not JSON") as caught:
        said(200, body).json()
    assert caught.value.__context__ is None


def test_a_number_that_is_none_costs_itself_and_not_the_answer() -> None:
    odd = said(200, b'{"a": NaN, "b": -Infinity, "c": 1e999, "d": 4}').json()
    assert isinstance(odd, dict)
    assert number(odd["d"], "Vendor", "d") == 4
    assert math.isnan(odd["a"])
    assert [odd["b"], odd["c"]] == [-math.inf, math.inf]


def test_a_byte_order_mark_is_forgiven() -> None:
    assert said(200, b'\xef\xbb\xbf{"a": 1.5}').json() == {"a": 1.5}


@given(st.binary())
def test_any_body_is_json_or_trouble(body: bytes) -> None:
    try:
        said(200, body).json()
    except Trouble as error:
        assert "Vendor" in str(error)  # noqa: PT017 - some bytes are JSON


@pytest.mark.parametrize("answer", [said(200, b"  <html>"), said(200, b"{}", content_type="text/html; charset=x")])
def test_a_web_page_may_be_a_captive_portal(answer: Answer) -> None:
    with pytest.raises(Unavailable, match="captive portal"):
        answer.json()


def test_an_answer_prints_without_its_content() -> None:
    assert "secret" not in repr(said(200, b"secret", x_key="secret"))


def test_shapes() -> None:
    assert table({"a": 1}, "V", "x") == {"a": 1}
    assert rows([1], "V", "x") == [1]
    assert number(3, "V", "x") == 3.0
    assert text("t", "V", "x") == "t"


@pytest.mark.parametrize("value", [None, True, "1", [], {}, 10**400, float("nan")])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(BadAnswer, match="V: x is missing or not a number"):
        number(value, "V", "x")


def test_other_shapes_are_refused() -> None:
    for read, wrong in ((table, []), (rows, {}), (text, 1)):
        with pytest.raises(BadAnswer, match="V: x is missing"):
            read(wrong, "V", "x")
