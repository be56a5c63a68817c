"""Megabytes written in one day of the demo house, six feeds every five minutes, one durable commit in five minutes.

Half of the feeds belong to vendors that count: each of their 864 calls is booked on the card before it is made.
"""

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
_SHOWS = (("roof", 0), ("roof", 0), ("roof", 0), ("car", 400), ("hybrid", 400), ("disk", 400))  # calls a day


def measure() -> dict[str, float]:
    """The second day's."""
    day = second_day(_house, StandIn(), _START)
    return {"bytes_written_per_day_mb": day.written_mb, "measured_on_a_block_device": float(day.counted)}


def _house(folder: Path) -> Config:
    sources = {f"feed{number}": Demo(show, calls_per_day=calls) for number, (show, calls) in enumerate(_SHOWS)}  # type: ignore[arg-type]
    feeds = {name: Feed(name, "demo", one, Duration(300), Duration(60), name) for name, one in sources.items()}
    return Config(folder / "c", folder / "house.db", ZoneInfo("Europe/Berlin"), Null(), feeds, {})
