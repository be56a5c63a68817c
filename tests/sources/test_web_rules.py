"""What a library does for us, and what it must not do behind our back."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.config import plugins
from eink_monitor.errors import BadAnswer, Throttled, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Visit
from eink_monitor.model.source import Source
from eink_monitor.sources._http.trust import trust
from eink_monitor.sources._http.web import Web
from loopback.proxy import LoopbackProxy
from loopback.server import Asked, LoopbackServer, Said, _Talk

HOST = "api.vendor.example"
KEY = "k3y-of-the-vendor"
MOST = 1_000_000


class Vendor(LoopbackServer):
    """Says ``said``."""

    said = Said(200, {"a": 1})

    def answer(self, asked: Asked) -> Said:
        return self.said


def visit(allowance: int = 9) -> Visit:
    return Visit("roof", "roof", 1_780_000_000, ZoneInfo("UTC"), 1800, {}, Path(), allowance)


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with Vendor() as server:
        yield server


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    yield monkeypatch
    trust.cache_clear()


@pytest.fixture
def secure(vendor: Vendor, tmp_path: Path, surroundings: pytest.MonkeyPatch) -> Vendor:
    """The vendor as ``HOST``, with a certificate that the system trusts."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    words += ["-subj", "/CN=v", "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(["openssl", *words], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    vendor._server.socket = context.wrap_socket(vendor._server.socket, server_side=True)
    surroundings.setenv("SSL_CERT_FILE", str(cert))
    trust.cache_clear()
    return vendor


def test_a_proxy_of_the_environment_leads_to_the_vendor(secure: Vendor, surroundings: pytest.MonkeyPatch) -> None:
    with LoopbackProxy(secure._server.server_port) as proxy:
        surroundings.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        here = visit()
        assert Web(f"https://{HOST}", "Vendor", here).get("/x", headers={"X-Key": KEY}).json() == {"a": 1}
    assert [line.rpartition(" ")[0] for line in proxy.asked] == [f"CONNECT {HOST}:443"]
    assert secure.asked[0].headers["X-Key"] == KEY
    assert not [name for name in secure.asked[0].headers if name.lower().startswith("proxy")]
    assert here.spent == 1


def test_a_proxy_that_wants_a_password(secure: Vendor, surroundings: pytest.MonkeyPatch) -> None:
    with LoopbackProxy(secure._server.server_port, "me:pr0xy-pass") as proxy:
        surroundings.setenv("HTTPS_PROXY", f"http://me:pr0xy-pass@{proxy.address}")
        assert Web(f"https://{HOST}", "Vendor", visit()).get("/x").status == 200
        surroundings.setenv("HTTPS_PROXY", f"http://me:wr0ng-pass@{proxy.address}")
        here = visit()
        with pytest.raises(Unreachable, match="proxy refuses us") as caught:
            Web(f"https://{HOST}", "Vendor", here).get("/x")
    assert here.spent == 0, "the vendor was not reached"
    assert "wr0ng-pass" not in told(caught.value)


def test_a_proxy_that_is_not_there(surroundings: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    surroundings.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    here = visit()
    with pytest.raises(Unreachable, match="HTTPS_PROXY"):
        Web(f"https://{HOST}", "Vendor", here).get("/x")
    assert here.spent == 0


@pytest.mark.parametrize(
    "proxy",
    [
        *("socks5://me:pr0xy-pass@127.0.0.1:9", "ftp://127.0.0.1:9", "http://", "http://[", "://"),
        *("http://me:pr0xy-pass@127.0.0.1:port", "http://me:pr0xy-pass@127.0.0.1:99999"),
    ],
)
def test_a_proxy_that_is_none(surroundings: pytest.MonkeyPatch, proxy: str) -> None:
    """Nobody is told to mend a key, and nothing goes past the proxy."""
    surroundings.setenv("ALL_PROXY", proxy)
    here = visit()
    with pytest.raises(Unreachable, match="HTTPS_PROXY right") as caught:
        Web(f"https://{HOST}", "Vendor", here).get("/x")
    assert here.spent == 0
    assert "pr0xy-pass" not in told(caught.value)


def test_no_proxy_is_obeyed_and_who_is_at_home_is_asked_directly(
    vendor: Vendor, surroundings: pytest.MonkeyPatch
) -> None:
    with LoopbackProxy(vendor._server.server_port) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY"):
            surroundings.setenv(name, f"http://{proxy.address}")
        assert Web(vendor.url, "Vendor", visit()).get("/x").status == 200
        surroundings.setenv("NO_PROXY", "vendor.example")
        with pytest.raises(Unreachable, match="looked up"):
            Web(f"https://{HOST}", "Vendor", visit()).get("/x")
    assert not proxy.asked


def test_a_packed_answer_is_unpacked(vendor: Vendor) -> None:
    vendor.said = Said(200, gzip.compress(b'{"a": 2}'), {"Content-Encoding": "gzip"})
    assert Web(vendor.url, "Vendor", visit()).get("/").json() == {"a": 2}
    assert vendor.asked[0].headers["Accept-Encoding"] == "gzip"


def test_a_packed_answer_without_end_is_none(vendor: Vendor) -> None:
    vendor.said = Said(200, gzip.compress(bytes(300 * MOST)), {"Content-Encoding": "gzip"})
    with pytest.raises(BadAnswer, match="more than 1 MB"):
        Web(vendor.url, "Vendor", visit(), cap=MOST).get("/")


@pytest.mark.parametrize("gone_on_with", [b"a" * 50_000, gzip.compress(b"") * 2_500], ids=["a name", "members"])
def test_a_packed_answer_that_never_begins(vendor: Vendor, gone_on_with: bytes) -> None:
    """The file name of a gzip may be of any length, and nothing comes out before its end."""

    def go_on(talk: _Talk, said: Said) -> None:
        talk.say(200, b"\x1f\x8b\x08\x08\0\0\0\0\0\x03", {"Content-Encoding": "gzip"}, 1 << 40)
        while not vendor.closing.is_set():
            talk.wfile.write(gone_on_with)

    vendor.breaks = {"go on": go_on}
    vendor.fault = "go on"
    with pytest.raises((Unavailable, BadAnswer)):
        Web(vendor.url, "Vendor", visit(), timeout=0.2).get("/").json()


def test_half_a_packed_answer_is_none(vendor: Vendor) -> None:
    vendor.said = Said(200, gzip.compress(b'{"a": 2}')[:-9], {"Content-Encoding": "gzip"})
    with pytest.raises(Unavailable, match="cut off halfway"):
        Web(vendor.url, "Vendor", visit()).get("/")


def test_what_cannot_be_unpacked_is_none_either(vendor: Vendor) -> None:
    vendor.said = Said(200, b"\x1f\x8b" + b"no gzip at all", {"Content-Encoding": "gzip"})
    with pytest.raises(BadAnswer, match="cannot be unpacked"):
        Web(vendor.url, "Vendor", visit()).get("/")


@pytest.mark.parametrize("where", ["/elsewhere", "http://127.0.0.1:9/", "https://evil.example/", "http://[", "/\xff"])
def test_no_redirect_is_followed(vendor: Vendor, where: str) -> None:
    vendor.said = Said(307, b"", {"Location": where})
    with pytest.raises(Unavailable, match=r"^Vendor sends us elsewhere \(307\), .* captive portal"):
        Web(vendor.url, "Vendor", visit()).get("/x", headers={"Authorization": KEY})
    assert vendor.paths() == ["/x"]


@pytest.mark.parametrize(("fault", "words"), [("endless", "more than 1 MB"), ("drip", "in time")])
def test_a_redirect_is_not_read_beyond_the_caps(vendor: Vendor, fault: str, words: str) -> None:
    vendor.said = Said(302, b"0" * 20, {"Location": "/elsewhere"})
    vendor.fault = fault
    with pytest.raises((Unavailable, BadAnswer), match=words):
        Web(vendor.url, "Vendor", visit(), timeout=0.6, cap=MOST).get("/x")
    assert vendor.paths() == ["/x"]


def test_two_lengths_are_the_servers_fault(vendor: Vendor) -> None:
    vendor.said = Said(200, {"a": 1}, {"Content-Length": "3"})
    with pytest.raises(Unavailable, match="does not speak HTTP"):
        Web(vendor.url, "Vendor", visit()).get("/x")


def test_no_address_is_logged(vendor: Vendor, caplog: pytest.LogCaptureFixture) -> None:
    """urllib3 warns of headers that it cannot read, and says where it asked."""
    caplog.set_level(logging.DEBUG)
    vendor.said = Said(200, {"a": 1}, {"X-Odd": "1\r\nno header at all"})
    Web(vendor.url, "Vendor", visit()).get("/x", {"api_key": KEY})
    assert KEY not in caplog.text


def test_no_cookie_is_kept(vendor: Vendor) -> None:
    vendor.said = Said(200, {"a": 1}, {"Set-Cookie": "session=1; Path=/"})
    web = Web(vendor.url, "Vendor", visit())
    web.get("/")
    web.get("/")
    assert "Cookie" not in vendor.asked[1].headers


def test_the_rehearsal_goes_well() -> None:
    """The daemon does not say when it fails: every poll would be slow, and that is all."""
    for module in [feed for kind in plugins.names(Source) for feed in plugins.load(Source, kind).preload]:  # type: ignore[type-abstract]
        import_module(module)


def test_nobody_signs_in_for_us(vendor: Vendor, tmp_path: Path, surroundings: pytest.MonkeyPatch) -> None:
    """A ``.netrc`` would replace a vendor's key by a password of the house's owner."""
    file = tmp_path / ".netrc"
    file.write_text("machine 127.0.0.1 login me password mine\n")
    file.chmod(0o600)
    surroundings.setenv("HOME", str(tmp_path))
    surroundings.setenv("NETRC", str(file))
    Web(vendor.url, "Vendor", visit()).get("/", headers={"Authorization": KEY})
    assert vendor.asked[0].headers["Authorization"] == KEY


def test_certificates_are_the_systems(secure: Vendor, surroundings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whatever list a library brings or is told of: a company's own authority counts, a stranger's does not."""
    surroundings.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "cert.pem"))
    surroundings.setenv("CURL_CA_BUNDLE", str(tmp_path / "cert.pem"))
    surroundings.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    (tmp_path / "none.pem").touch()
    trust.cache_clear()
    with LoopbackProxy(secure._server.server_port) as proxy:
        surroundings.setenv("HTTPS_PROXY", f"http://{proxy.address}")
        here = visit()
        with pytest.raises(Unavailable, match="certificate is not trusted"):
            Web(f"https://{HOST}", "Vendor", here).get("/x")
    assert here.spent == 0


@pytest.mark.parametrize("fault", ["reset", "truncated", "endless", "chunks"])
def test_a_call_that_may_have_counted_stays_spent(vendor: Vendor, fault: str) -> None:
    vendor.fault = fault
    here = visit(allowance=1)
    web = Web(vendor.url, "Vendor", here, cap=MOST)
    with pytest.raises((Unavailable, BadAnswer)) as caught:
        web.get("/x", {"api_key": KEY}, {"Authorization": KEY})
    assert type(caught.value) is not Unreachable
    assert KEY not in told(caught.value)
    with pytest.raises(Throttled):
        web.get("/x")


@pytest.mark.parametrize("url", ["https://127.0.0.1:9", f"https://{HOST}", "https://[::1]:9"])
def test_who_was_not_reached_costs_nothing(url: str) -> None:
    here = visit(allowance=1)
    for _ in range(2):
        with pytest.raises(Unreachable) as caught:
            Web(url, "Vendor", here).get("/x", {"api_key": KEY})
        assert KEY not in told(caught.value)
    assert here.spent == 0


@pytest.mark.parametrize("key", ["a\nb", " a", "ü\u2026", "a\r\nX: y"])
def test_a_key_that_cannot_be_sent_is_no_secret_for_the_log(vendor: Vendor, key: str) -> None:
    with pytest.raises(Trouble, match="cannot be sent; copy it again") as caught:
        Web(vendor.url, "Vendor", visit()).get("/x", headers={"X-Key": f"{KEY}{key}" if key[0] != " " else f" {KEY}"})
    assert KEY not in told(caught.value)
    assert not vendor.asked


def told(error: BaseException | None) -> str:
    """All that an error and what it came from have to say."""
    said = ""
    while error:
        said += f"{error!r} {error} {error.args}"
        error = error.__cause__ or error.__context__
    return said
