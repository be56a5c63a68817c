"""CPU seconds of one day with six sources every five minutes, each poll a child process and a real HTTP request.

The daemon lives the day on a fast clock; children are counted; the loopback vendor is a process of its own and is not.
"""

from __future__ import annotations

import json
import os
import resource
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, FastClock
from eink_monitor.config import Config, Feed, Slide
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.displays.png import Png
from eink_monitor.metrics import SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.panels.car import Car
from eink_monitor.settings import Duration
from eink_monitor.simulation import live, silence
from eink_monitor.sources.solaredge import SolarEdge
from eink_monitor.store import Store

_SOURCES = 6
_START = 1_780_000_000


@dataclass(frozen=True)
class _Car(Source):
    """One request, one reading: what the shared HTTP client costs at the least."""

    url: str

    metrics: ClassVar[tuple[Metric, ...]] = (SOC,)
    preload: ClassVar[tuple[str, ...]] = SolarEdge.preload

    def poll(self, visit: Visit) -> Iterable[Reading]:
        from eink_monitor.sources._http.web import Web  # noqa: PLC0415 - as every source does

        answer = Web(self.url, "the bench", visit).get("/car", cost=0).json()
        assert isinstance(answer, dict)
        return [Reading(visit.subject, SOC, answer["soc"], visit.now)]


class _Vendor(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps({"soc": 69, "padding": "x" * 2000}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _vendor() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Vendor)
    child = os.fork()
    if child == 0:
        server.serve_forever()
    server.server_close()
    yield f"http://127.0.0.1:{server.server_port}"
    os.kill(child, 9)
    os.waitpid(child, 0)


def measure() -> dict[str, float]:
    """Live one day."""
    with tempfile.TemporaryDirectory() as name, _vendor() as url:
        folder = Path(name)
        feeds = {
            f"car{number}": Feed(f"car{number}", "bench", _Car(url), Duration(300), Duration(60), f"car{number}", "Car")
            for number in range(_SOURCES)
        }
        slides = {name: Slide(name, "car", Car(subject=name)) for name in feeds}
        config = Config(folder / "c", folder / "house.db", ZoneInfo("Europe/Berlin"), Png(path=folder), feeds, slides)
        clock = FastClock(_START)
        store = Store(config.database, config.zone)
        before = _cpu()
        with silence():
            daemon = Daemon(config, store, clock, Forked(config))
            live(daemon, _START + DAY)
            daemon.stop()
        spent = _cpu() - before
        polls = daemon.fetching.polls
        store.close()
    return {"cpu_seconds_per_day_six_sources": spent, "polls_per_day_six_sources": polls}


def _cpu() -> float:
    """User and system seconds of this process and of the children it has reaped."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
