"""A day of an inverter asked over Modbus every half minute: what reaches the card, and what the database grows by."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bench._card import second_day
from doors.day import BEAT, BEATS, Replay
from eink_monitor.clock import midnight
from eink_monitor.config import Config, Feed
from eink_monitor.displays.null import Null
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus

_ZONE = ZoneInfo("Europe/Berlin")
_START = midnight(date(2026, 12, 31), _ZONE)


def measure() -> dict[str, float]:
    """The second day's, when the energies of day, month and year are known; all rows are still kept."""
    day = second_day(_house, Replay(_START), _START)
    polled = BEATS * len(SolarEdgeModbus.metrics)
    return {
        "modbus_written_per_day_mb": day.written_mb,
        "modbus_bytes_per_reading": day.grown / polled,
    }


def _house(folder: Path) -> Config:
    source = SolarEdgeModbus("inverter.local")
    feed = Feed("roof", "solaredge_modbus", source, Duration(BEAT), Duration(60), "roof")
    return Config(folder / "c", folder / "house.db", _ZONE, Null(), {"roof": feed}, {})
