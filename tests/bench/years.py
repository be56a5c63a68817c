"""Ten years of the demo house: bytes a reading takes, and how long every panel waits for its answers.

``YEARS=1`` measures a shorter life.
"""

from __future__ import annotations

import dataclasses
import os
import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median

from eink_monitor import config as configuration
from eink_monitor.clock import DAY, midnight, stopwatch
from eink_monitor.config import Config, Keep
from eink_monitor.displays.null import Null
from eink_monitor.draw.canvas import Canvas
from eink_monitor.house import House
from eink_monitor.model.reading import Bucket, Metric, Reading, Run
from eink_monitor.settings import Duration
from eink_monitor.simulation import simulate
from eink_monitor.store import Store

_FIRST = date(2026, 1, 1)
_DEMO = Path(configuration.__file__).parents[1] / "demo.yaml"


class _Timed(House):
    """A house that counts how often it is asked, and how long it takes to answer."""

    asked = 0
    seconds = 0.0

    def series(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        began = stopwatch()
        answer = super().series(subject, metric, since, until)
        self._count(began)
        return answer

    def daily(self, subject: str, metric: Metric, first: date, last: date) -> Mapping[date, Bucket]:
        began = stopwatch()
        answer = super().daily(subject, metric, first, last)
        self._count(began)
        return answer

    def latest(self, subject: str, metric: Metric) -> Reading | None:
        began = stopwatch()
        answer = super().latest(subject, metric)
        self._count(began)
        return answer

    def _count(self, began: float) -> None:
        self.asked += 1
        self.seconds += stopwatch() - began


def measure() -> dict[str, float]:
    """Live the years with all raw rows kept, ask; then forget what the default forgets, and weigh."""
    years = int(os.environ.get("YEARS", "10"))
    days = round(years * 365.25)
    ever = Duration(99 * 365 * DAY)
    config = dataclasses.replace(configuration.load(_DEMO), display=Null(), keep=Keep(raw=ever, hourly=ever))
    with tempfile.TemporaryDirectory() as name:
        figures = {"simulated_year_null_display_s": simulate(config, 365, _FIRST).seconds}
        simulate(config, days, _FIRST, folder=Path(name))
        file = Path(name) / "readings.db"
        now = midnight(date.fromordinal(_FIRST.toordinal() + days), config.zone)
        figures |= _queries(config, file, now - 9 * 3600)
        figures |= _weigh(config, file, now)
    return figures


def _queries(config: Config, file: Path, now: int) -> dict[str, float]:
    """Per panel, warm: how many questions it asks and the milliseconds it waits for the answers."""
    store = Store(file, config.zone, writes=False)
    figures: dict[str, float] = {}
    for slide in config.slides.values():
        times = []
        for _ in range(15):
            house = _Timed(config, store, now)
            slide.panel.draw(Canvas(), house, now)
            times.append(house.seconds * 1000)
        figures[f"queries_{slide.name}"] = house.asked
        figures[f"queries_{slide.name}_ms"] = median(times)
    figures["slowest_panel_queries_ms"] = max(value for name, value in figures.items() if name.endswith("_ms"))
    store.close()
    return figures


def _weigh(config: Config, file: Path, now: int) -> dict[str, float]:
    """Bytes of the database for each measurement ever taken, with the retention that is the default."""
    keep = Keep()
    store = Store(file, config.zone, durable=False)
    with store.transaction():
        store.readings.prune(now - keep.raw, now - keep.hourly, None)
    store.close()
    db = sqlite3.connect(file)
    db.execute("VACUUM")
    (measured,) = db.execute("SELECT sum(n) FROM day").fetchone()
    db.close()
    return {"database_bytes_per_reading": file.stat().st_size / measured, "readings": measured}
