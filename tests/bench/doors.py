"""A poll through ``type: http`` against one of a source written by hand, with the same answer: the child's CPU."""

from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, SystemClock
from eink_monitor.model.poll import Visit
from eink_monitor.model.source import Source
from eink_monitor.sources.awattar import Awattar
from eink_monitor.vet import heard
from loopback.blocks import source
from loopback.server import Asked, LoopbackServer, Said

_TURNS = 25
_BERLIN = ZoneInfo("Europe/Berlin")
_BLOCK = """
url: URL/v1/marketdata
query: {start: "{{today_ms}}", end: "{{tomorrow_ms}}"}
at: "max(data[?start_timestamp <= `{{now_ms}}`].start_timestamp)"
ok: data
calls_per_day: 100
readings:
  price_eur: {path: "data[?start_timestamp <= `{{now_ms}}`] | [-1].marketprice", scale: 0.001}
  lowest: {path: "min(data[].marketprice)", unit: EUR/MWh}
  hours: {path: "length(data)", unit: h}
"""


class Market(LoopbackServer):
    """A day and a half of prices by the hour."""

    def answer(self, asked: Asked) -> Said:
        first = SystemClock().now() // HOUR * HOUR - 12 * HOUR
        hours = (1000 * (first + number * HOUR) for number in range(36))
        rows = [
            {"start_timestamp": at, "end_timestamp": at + 1000 * HOUR, "marketprice": 50.5, "unit": "Eur/MWh"}
            for at in hours
        ]
        return Said(200, json.dumps({"object": "list", "data": rows}).encode())


def measure() -> dict[str, float]:
    """In turns, because a machine is faster at one moment than at the next."""
    with Market() as market, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        by_hand: Source = Awattar(base_url=market.url)
        described = source(folder, _BLOCK.replace("URL", market.url))
        for module in {*by_hand.preload, *described.preload}:
            import_module(module)
        both: tuple[list[float], list[float]] = ([], [])
        for _ in range(_TURNS):
            for one, figures in zip((by_hand, described), both, strict=True):
                figures.append(_cpu(lambda one=one: _poll(one, folder / "state")))  # type: ignore[misc]
        return {"http_poll_cpu_ratio": median(both[1]) / median(both[0])}


def _poll(one: Source, state: Path) -> bool:
    now = SystemClock().now()
    visit = Visit("price", "price", now, _BERLIN, HOUR, {}, state, allowance=9)
    return bool(heard(one.poll(visit), visit).readings)


def _cpu(work: Callable[[], bool]) -> float:
    """Seconds of user and system time of a child that does the work."""
    child = os.fork()
    if child == 0:
        try:
            gc.disable()  # as a poll's child does
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError
    return used.ru_utime + used.ru_stime
