"""Megabytes written in one day of the demo house, six feeds every five minutes, one durable commit in five minutes."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from bench._card import second_day
from eink_monitor.config import Config, Feed
from eink_monitor.displays.null import Null
from eink_monitor.settings import Duration
from eink_monitor.simulation import StandIn
from eink_monitor.sources.demo import Demo

_START = 1_780_000_000


def measure() -> dict[str, float]:
    """The second day's."""
    day = second_day(_house, StandIn(), _START)
    return {"bytes_written_per_day_mb": day.written_mb, "measured_on_a_block_device": float(day.counted)}


def _house(folder: Path) -> Config:
    shows = ("roof", "roof", "car", "hybrid", "disk", "roof")
    feeds = {
        f"feed{number}": Feed(f"feed{number}", "demo", Demo(show), Duration(300), Duration(60), f"feed{number}")  # type: ignore[arg-type]
        for number, show in enumerate(shows)
    }
    return Config(folder / "c", folder / "house.db", ZoneInfo("Europe/Berlin"), Null(), feeds, {})
