"""The page a browser lands on: what counts as its call, what does not, and that nobody is kept waiting."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eink_monitor.clock import FastClock, SystemClock
from eink_monitor.errors import Unavailable
from eink_monitor.sources._http.landing import Landing
from loopback.cars import NOW

STATE = "a-secret-of-this-sign-in"
WANTED = f"/?code=abc&site_id=1&state={STATE}"


class Browser:
    """Says things to a landing page that waits in another thread."""

    def __init__(self, landing: Landing) -> None:
        self.port = landing.port
        self.target = ""
        clock = SystemClock()
        self._waiting = threading.Thread(target=lambda: self._wait(landing, clock))
        self._waiting.start()

    def _wait(self, landing: Landing, clock: SystemClock) -> None:
        self.target = landing.arrived(clock, clock.now() + 40)

    def call(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)

    def say(self, request: str) -> str:
        """A whole request, and the status line of its answer."""
        with self.call() as line:
            line.sendall(request.replace("PORT", str(self.port)).encode("latin-1"))
            said = b""
            with suppress(ConnectionError):
                while piece := line.recv(4096):
                    said += piece
        return said.partition(b"\r\n")[0].decode()

    def end(self) -> str:
        """Let the right browser come, and tell what was taken along."""
        self._waiting.join(0.3)
        if self._waiting.is_alive():
            assert "200" in self.say(get(WANTED))
        self._waiting.join(60)
        assert not self._waiting.is_alive()
        return self.target


def get(target: str, *more: str, host: str = "localhost:PORT", verb: str = "GET") -> str:
    return "\r\n".join([f"{verb} {target} HTTP/1.1", *([f"Host: {host}"] if host else []), *more, "", ""])


@contextmanager
def browser() -> Iterator[Browser]:
    with Landing(0, STATE) as landing:
        yield Browser(landing)


def test_the_browser_brings_the_address() -> None:
    with browser() as one:
        assert one.say(get("/favicon.ico")) == "HTTP/1.0 404 Not Found"
        assert one.say(get(WANTED)) == "HTTP/1.0 200 OK"
        assert one.end() == WANTED


@pytest.mark.parametrize("host", ["localhost:PORT", "127.0.0.1:PORT", "LOCALHOST:PORT", "[::1]:PORT"])
def test_this_machine_has_several_names(host: str) -> None:
    with browser() as one:
        assert "200" in one.say(get(WANTED, host=host))
        assert one.end() == WANTED


def test_a_refusal_is_brought_along_too() -> None:
    with browser() as one:
        target = f"/?error=access_denied&state={STATE}"
        assert "200" in one.say(get(target))
        assert one.end() == target


STRANGERS = [
    get("/?code=evil"),
    get("/?code=evil&state="),
    get("/?code=evil&state=guessed"),
    get(f"/?code=evil&state={STATE}x"),
    get(f"/?code=evil&state={STATE}&state={STATE}"),
    get(f"/other?code=evil&state={STATE}"),
    get(f"/?state={STATE}"),
    get(f"http://localhost:PORT/?code=evil&state={STATE}"),
    get(f"/?code=evil&state={STATE}", host="evil.example"),
    get(f"/?code=evil&state={STATE}", host="evil.example:PORT"),
    get(f"/?code=evil&state={STATE}", host="localhost"),
    get(f"/?code=evil&state={STATE}", host="localhost:1"),
    get(f"/?code=evil&state={STATE}", host=""),
    get(f"/?code=evil&state={STATE}", "Host: evil.example"),
    get(f"/?code=evil&state={STATE}", "Origin: https://evil.example"),
    get(f"/?code=evil&state={STATE}", verb="POST"),
    get(f"/?code=evil&state={STATE}", verb="HEAD"),
    get(f"/?code=evil&state={STATE}", verb="OPTIONS"),
    "GET\r\n\r\n",
    "\r\n\r\n",
    f"GET /?code=evil&state={STATE} HTTP/9.9\r\n\r\n",
    f"GET /?code=evil&state={STATE}\r\n\r\n",
    get("/?" + "x=1&" * 100 + f"code=evil&state={STATE}"),
    get("/?code=" + "x" * 20_000),
]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_nobody_else_is_let_in(stranger: str) -> None:
    with browser() as one:
        assert "404" in one.say(stranger)
        assert one.end() == WANTED


def test_those_who_drip_keep_nobody_waiting() -> None:
    with browser() as one:
        lines = [one.call() for _ in range(100)]
        for line in lines:
            with suppress(OSError):
                line.sendall(b"GET /?code=evil HTTP/1.1\r\nX-Slow: ")
        assert "200" in one.say(get(WANTED))
        assert one.end() == WANTED
        for line in lines:
            line.close()


def test_pasting_is_noticed_while_somebody_drips() -> None:
    clock = FastClock(NOW)
    with Landing(0, STATE) as landing, socket.create_connection(("127.0.0.1", landing.port)) as slow:
        slow.sendall(b"GET /")
        mine, theirs = socket.socketpair()
        with mine, theirs:
            theirs.send(b"pasted")
            assert landing.arrived(clock, NOW + 60, (mine.fileno(),)) == ""
        assert clock.now() < NOW + 5


def test_nobody_lands() -> None:
    with Landing(0, STATE) as landing:
        assert landing.arrived(FastClock(NOW), NOW + 2) == ""
        with pytest.raises(Unavailable, match="is taken"):
            Landing(landing.port, STATE)


def test_the_port_is_free_again_afterwards() -> None:
    with Landing(0, STATE) as landing:
        port = landing.port
    with Landing(port, STATE) as again:
        assert again.port == port


def test_any_bytes_are_answered_and_change_nothing() -> None:
    with browser() as one:

        @settings(max_examples=60, deadline=None)
        @given(st.binary(max_size=300).map(lambda said: said.decode("latin-1")))
        def strange(said: str) -> None:
            assert "404" in one.say(said + "\r\n\r\n")

        strange()
        assert one.end() == WANTED
