"""A real HTTP server on 127.0.0.1 whose answers and faults are scripted."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came in; ``params`` holds the last value of each query key."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """One answer; a ``body`` that is not bytes is sent as JSON."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Rule = Callable[[Asked], Said]
Break = Callable[["_Talk", Said], None]
"""A fault below HTTP: it is given the connection and what would have been said."""


class LoopbackServer:
    """Answers with ``self.answer(asked)``, unless ``fault`` is set and ``fault_on`` is part of the path.

    ``fault`` is an answer to give instead, or the name of one of ``breaks``. ``asked`` keeps every request. Use it as
    a context manager; ``url`` is where it listens.
    """

    breaks: Mapping[str, Break]
    at = 0  # the port; 0 is any that is free
    date_header: str | None = None  # of every answer; None is now, and an empty text is none

    def __init__(self) -> None:
        self.fault: Said | str | None = None
        self.fault_on = ""
        self.asked: list[Asked] = []
        self.log: list[str] = []  # the first line of each request, as a server's log has it
        self.breaks = {
            "truncated": _truncate,
            "drip": _drip,
            "drip headers": _drip_headers,
            "silent": _wait,
            "reset": _reset,
            "endless": _endless,
            "chunks": _chunk,
        }
        self.closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", self.at), self._talk())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, asked: Asked) -> Said:
        raise NotImplementedError

    def paths(self) -> list[str]:
        """The paths asked for so far."""
        return [asked.path for asked in self.asked]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _talk(self) -> type[_Talk]:
        return type("Talk", (_Talk,), {"owner": self})


class _Talk(BaseHTTPRequestHandler):
    owner: LoopbackServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Say nothing."""

    def send_response(self, code: int, message: str | None = None) -> None:
        self.send_response_only(code, message)
        date = self.date_time_string() if self.owner.date_header is None else self.owner.date_header
        if date:
            self.send_header("Date", date)

    def _speak(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        asked = Asked(self.command, parts.path, params, dict(self.headers.items()), body)
        self.owner.asked.append(asked)
        self.owner.log.append(self.requestline)
        fault = self.owner.fault if self.owner.fault_on in parts.path else None
        said = fault if isinstance(fault, Said) else self.owner.answer(asked)
        with suppress(OSError):  # the other side may have had enough
            if isinstance(fault, str):
                self.owner.breaks[fault](self, said)
            else:
                self.say(said.status, said.content(), said.headers)
        self.close_connection = True

    do_GET = do_POST = do_DELETE = do_PROPFIND = do_REPORT = _speak  # noqa: N815 - the names are the standard library's

    def say(self, status: int, body: bytes, headers: Mapping[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.send_header("Connection", "close")  # as we do; else a client that keeps connections trips over it
        self.end_headers()
        self.wfile.write(body)


def _truncate(talk: _Talk, said: Said) -> None:
    whole = said.content()
    talk.say(said.status, whole[: len(whole) // 2], said.headers, len(whole))


def _drip(talk: _Talk, said: Said) -> None:
    """One byte per half second."""
    whole = said.content()
    talk.say(said.status, b"", said.headers, len(whole))
    for byte in whole:
        talk.wfile.write(bytes([byte]))
        talk.wfile.flush()
        if talk.owner.closing.wait(0.5):
            return


def _drip_headers(talk: _Talk, said: Said) -> None:
    """The same before there is an answer at all: each byte begins the client's patience anew."""
    while not talk.owner.closing.wait(0.1):
        talk.wfile.write(b"H")
        talk.wfile.flush()


def _wait(talk: _Talk, said: Said) -> None:
    """Takes the question, and says nothing."""
    talk.owner.closing.wait()


def _reset(talk: _Talk, said: Said) -> None:
    """RST in the middle of the body."""
    whole = said.content()
    talk.say(said.status, whole[: len(whole) // 2], said.headers, len(whole))
    talk.wfile.flush()
    talk.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    talk.connection.close()


def _endless(talk: _Talk, said: Said) -> None:
    talk.say(said.status, b"[", said.headers, 1 << 40)
    while not talk.owner.closing.is_set():
        talk.wfile.write(b"0," * 50_000)


def _chunk(talk: _Talk, said: Said) -> None:
    """A chunked body that stops before its last chunk."""
    talk.send_response(said.status)
    talk.send_header("Transfer-Encoding", "chunked")
    talk.end_headers()
    talk.wfile.write(b"5\r\n[1,2,\r\n")
