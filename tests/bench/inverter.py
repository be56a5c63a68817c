"""A day of an inverter asked over Modbus every half minute: what reaches the card, and what ten such years weigh."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from bench._card import second_day
from doors.day import BEAT, BEATS, Replay
from eink_monitor.clock import DAY, midnight
from eink_monitor.config import Config, Feed, Keep
from eink_monitor.displays.null import Null
from eink_monitor.settings import Duration
from eink_monitor.sources.solaredge_modbus import SolarEdgeModbus

_YEAR = 365 * DAY
_ZONE = ZoneInfo("Europe/Berlin")
_START = midnight(date(2026, 12, 31), _ZONE)


def measure() -> dict[str, float]:
    """With the retention that is the default: changes for two of the ten years, hours and days for all."""
    day, keep = second_day(_house, Replay(_START), _START), Keep()
    weight = day.raw * keep.raw / (10 * _YEAR) + day.rolled_up * min(keep.hourly / (10 * _YEAR), 1)
    return {
        "modbus_written_per_day_mb": day.written_mb,
        "modbus_bytes_per_reading": weight / (BEATS * len(SolarEdgeModbus.metrics)),
    }


def _house(folder: Path) -> Config:
    source = SolarEdgeModbus("inverter.local")
    feed = Feed("roof", "solaredge_modbus", source, Duration(BEAT), Duration(60), "roof")
    return Config(folder / "c", folder / "house.db", _ZONE, Null(), {"roof": feed}, {})
