"""A vendor's web interface on a loopback port, and a visit to it: real sockets, real HTTP, no mocks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from eink_monitor.model import Metric, Reading, Visit

NOW = 1_791_460_800  # 2026-10-08 12:00:00 UTC
RECORDINGS = Path(__file__).parent.parent / "sources"


@dataclass(frozen=True)
class Call:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Reply:
    """What the vendor says; a body that is not bytes travels as JSON."""

    body: object = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Script = Reply | Callable[[Call], Reply]


class Vendor:
    """Routes are (method, path) -> replies in turn, of which the last repeats. Unknown routes are 404."""

    def __init__(self, routes: Mapping[tuple[str, str], Sequence[Script]] | None = None) -> None:
        self.routes = {key: list(script) for key, script in (routes or {}).items()}
        self.calls: list[Call] = []
        self._lock = threading.Lock()
        vendor = self

        class Desk(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                vendor._serve(self)

            do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815 - the names http.server calls

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def asked(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def _serve(self, desk: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(desk.path)
        body = desk.rfile.read(int(desk.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in desk.headers.items()}
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        call = Call(desk.command, unquote(parts.path), query, headers, body)
        with self._lock:
            self.calls.append(call)
            script = self.routes.get((call.method, call.path), [Reply(b"", 404)])
            step = script.pop(0) if len(script) > 1 else script[0]
        reply = step if isinstance(step, Reply) else step(call)
        content = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        desk.send_response(reply.status)
        for name, value in reply.headers.items():
            desk.send_header(name, value)
        if "Content-Length" not in reply.headers:
            desk.send_header("Content-Length", str(len(content)))
        desk.end_headers()
        desk.wfile.write(content)


def visit_to(
    state: Path, *, now: int = NOW, allowance: int = 5, every: int = 900, known: list[Reading] | None = None
) -> Visit:
    """A visit of the feed "car"."""
    latest = {(reading.subject, reading.metric.name): reading for reading in known or []}
    return Visit("car", "car", now, ZoneInfo("Europe/Berlin"), every, latest, state, allowance)


def recording(source: str, name: str) -> bytes:
    """A recorded answer."""
    return (RECORDINGS / source / f"{name}.json").read_bytes()


def values(readings: list[Reading] | tuple[Reading, ...]) -> dict[str, tuple[float, int]]:
    """Metric name -> (value, at), refusing two readings of one metric."""
    assert len({reading.metric.name for reading in readings}) == len(readings)
    return {reading.metric.name: (reading.value, reading.at) for reading in readings}


def said(metric: Metric, value: float, at: int) -> Reading:
    """A reading of the subject "car"."""
    return Reading("car", metric, value, at)
