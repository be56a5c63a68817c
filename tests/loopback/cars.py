"""A vendor's web interface on a loopback port, and a visit to it: real sockets, real HTTP, no mocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from loopback.server import Asked, LoopbackServer, Said

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


class Vendor(LoopbackServer):
    """Routes are (method, path) -> replies in turn, of which the last repeats. Unknown routes are 404."""

    def __init__(self, routes: Mapping[tuple[str, str], Sequence[Script]] | None = None) -> None:
        super().__init__()
        self.routes = {key: list(script) for key, script in (routes or {}).items()}
        self.calls: list[Call] = []
        self._lock = Lock()

    def on(self, path: str) -> list[Call]:
        """The calls of one path."""
        return [call for call in self.calls if call.path == path]

    def answer(self, asked: Asked) -> Said:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        call = Call(asked.method, unquote(asked.path), dict(asked.params), headers, asked.body)
        with self._lock:
            self.calls.append(call)
            script = self.routes.get((call.method, call.path)) or [Reply(b"", 404)]
            step = script.pop(0) if len(script) > 1 else script[0]
        reply = step if isinstance(step, Reply) else step(call)
        return Said(reply.status, reply.body, reply.headers)


def visit_to(
    state: Path, *, now: int = NOW, allowance: int = 5, every: int = 900, known: list[Reading] | None = None
) -> Visit:
    """A visit of the feed "car"."""
    latest = {(reading.subject, reading.metric.name): reading for reading in known or []}
    return Visit("car", "car", now, ZoneInfo("Europe/Berlin"), every, latest, state / "car", allowance)


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
