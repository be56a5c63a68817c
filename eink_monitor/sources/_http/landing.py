"""The page on this machine where a browser lands after a consent: it takes the address and says thank you.

On a Pi without a screen the browser runs elsewhere: ``ssh -L 8765:127.0.0.1:8765 pi`` carries it here. Any page that is
open in that browser can ask this port, too, and so can every program of this machine: so only a GET of ``/`` of this
host with the secret ``state`` of this very sign-in counts, and slow clients keep nobody waiting.
"""

from __future__ import annotations

import hmac
import socket
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, urlsplit

from eink_monitor.clock import Clock
from eink_monitor.errors import Unavailable

_THANKS = (
    b"<!doctype html><title>eink-monitor</title><p>Thank you. You may close this page; the terminal says the rest."
)
_NOTHING = b"<!doctype html><title>eink-monitor</title><p>Nothing is here."
_MOST = 64  # connections at a time; the oldest gives way
_LONGEST = 16_384  # bytes of a request
_PATIENCE = 5.0  # s; a browser that connects ahead of need must not hold us
_NAP = 1.0  # s


class Landing:
    """Listens on ``port`` of 127.0.0.1 (0: any free one; see ``port``). Raises ``Unavailable`` if the port is taken.

    ``state`` is what the browser must bring back. Use as a context manager; ``arrived`` waits for the browser.
    """

    def __init__(self, port: int, state: str) -> None:
        self._state = state.encode()
        self._guests: dict[int, _Guest] = {}
        self._door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._door.bind(("127.0.0.1", port))
            self._door.listen(_MOST)
        except OSError:
            self._door.close()
            message = f"port {port} of this machine is taken; paste the address of the page instead"
            raise Unavailable(message) from None
        self._door.setblocking(False)
        self.port = int(self._door.getsockname()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number in list(self._guests):
            self._leave(number)
        self._door.close()

    def arrived(self, clock: Clock, until: int, also: tuple[int, ...] = ()) -> str:
        """What the browser requested (path and query), or empty: too late, or one of ``also`` became readable.

        ``also`` lets a person paste the address while we listen.
        """
        while clock.now() < until:
            ready = clock.wait(_NAP, [self._door.fileno(), *self._guests, *also])
            if any(other in ready for other in also):
                break
            for number in [number for number in ready if number in self._guests]:
                if target := self._hear(number):
                    return target
            if self._door.fileno() in ready:
                self._admit(clock.monotonic())
            for number, guest in list(self._guests.items()):
                if clock.monotonic() - guest.since > _PATIENCE:
                    self._leave(number)
        return ""

    def _admit(self, since: float) -> None:
        with suppress(OSError):  # the client has hung up
            line, _ = self._door.accept()
            line.setblocking(False)
            if len(self._guests) >= _MOST:
                self._leave(next(iter(self._guests)))
            self._guests[line.fileno()] = _Guest(line, bytearray(), since)

    def _hear(self, number: int) -> str:
        """Read from a client; answer a complete request. Returns its target, if it is the one expected."""
        guest = self._guests[number]
        try:
            said = guest.line.recv(_LONGEST)
        except BlockingIOError:
            return ""
        except OSError:
            said = b""
        guest.said.extend(said)
        if said and b"\r\n\r\n" not in guest.said and len(guest.said) < _LONGEST:
            return ""
        target = _target(bytes(guest.said), self._state, self.port)
        with suppress(OSError):
            guest.line.send(_answer(_THANKS, "200 OK") if target else _answer(_NOTHING, "404 Not Found"))
        self._leave(number)
        return target

    def _leave(self, number: int) -> None:
        self._guests.pop(number).line.close()


class _Guest(NamedTuple):
    """One connection: what it has sent so far, and since when it is open (monotonic)."""

    line: socket.socket
    said: bytearray
    since: float


class _Arrival(BaseHTTPRequestHandler):
    """The standard library's reading of a request, without a server around it."""

    def __init__(self, said: bytes) -> None:
        self.rfile = BytesIO(said)
        self.wfile = BytesIO()
        self.client_address = ("", 0)
        self.raw_requestline = self.rfile.readline(_LONGEST)
        self.good = self.parse_request() and self.command == "GET" and self.request_version != "HTTP/0.9"  # no headers

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: the address holds a code."""


def _target(said: bytes, state: bytes, port: int) -> str:
    """Path and query of a request, if it is the browser's that we wait for; else nothing."""
    request = _Arrival(said)
    if not request.good or "origin" in request.headers or not _is_us(request.headers.get_all("host") or [], port):
        return ""
    try:
        asked = urlsplit(request.path)
        told = parse_qs(asked.query, keep_blank_values=True, max_num_fields=20)
    except ValueError:
        return ""
    if (asked.scheme, asked.netloc, asked.path) != ("", "", "/") or not told.keys() & {"code", "error"}:
        return ""
    states = told.get("state", [])
    return request.path if len(states) == 1 and hmac.compare_digest(states[0].encode(), state) else ""


def _is_us(hosts: list[str], port: int) -> bool:
    """Whether the one Host header names this machine: a page whose own name resolves to us is foreign."""
    name, _, named = hosts[0].lower().rpartition(":") if len(hosts) == 1 else ("", "", "")
    return name in {"localhost", "127.0.0.1", "[::1]"} and named == str(port)


def _answer(page: bytes, status: str) -> bytes:
    head = f"HTTP/1.0 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(page)}\r\nConnection: close\r\n\r\n"
    return head.encode() + page
