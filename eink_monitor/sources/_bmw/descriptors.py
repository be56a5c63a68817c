"""Which of BMW's 294 descriptors we ask for, in order of preference, and what their values mean.

Names are those of the CarData telematics catalogue. Values are texts over REST and numbers over MQTT; each has its own
timestamp.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from eink_monitor.errors import BadAnswer
from eink_monitor.metrics import (
    BATTERY_12V,
    CHARGING,
    CHARGING_POWER,
    FUEL,
    LATITUDE,
    LONGITUDE,
    ODOMETER,
    PLUGGED,
    RANGE,
    SOC,
    TARGET_SOC,
    TIME_TO_FULL,
)
from eink_monitor.model import Metric, Reading
from eink_monitor.sources._car import Sheet, instant, kilometres
from eink_monitor.sources._http.answer import table

WHO = "BMW CarData"

_ENGINE = "vehicle.drivetrain.electricEngine"
_BATTERY = "vehicle.powertrain.electric.battery"
_HERE = "vehicle.cabin.infotainment.navigation.currentLocation"
_STATUS = f"{_ENGINE}.charging.status"
_PREFERENCE: Mapping[Metric, tuple[str, ...]] = {
    SOC: (
        "vehicle.drivetrain.batteryManagement.header",
        f"{_BATTERY}.stateOfCharge.displayed",
        f"{_ENGINE}.charging.level",
    ),
    TARGET_SOC: (f"{_BATTERY}.stateOfCharge.target",),
    RANGE: (
        f"{_ENGINE}.kombiRemainingElectricRange",
        f"{_ENGINE}.remainingElectricRange",
        "vehicle.drivetrain.lastRemainingRange",
    ),
    CHARGING: (_STATUS, f"{_ENGINE}.charging.hvStatus"),
    TIME_TO_FULL: (f"{_ENGINE}.charging.timeRemaining",),
    CHARGING_POWER: (f"{_BATTERY}.charging.power",),
    PLUGGED: (
        "vehicle.body.chargingPort.status",
        "vehicle.body.chargingPort.combinedStatus",
        "vehicle.powertrain.tractionBattery.charging.port.anyPosition.isPlugged",
    ),
    ODOMETER: ("vehicle.vehicle.travelledDistance",),
    FUEL: ("vehicle.drivetrain.fuelSystem.level",),
    BATTERY_12V: ("vehicle.electricalSystem.battery.voltage",),
    LATITUDE: (f"{_HERE}.latitude",),
    LONGITUDE: (f"{_HERE}.longitude",),
}

_YES = ("CHARGINGACTIVE", "CHARGING", "CONNECTED", "PLUGGED", "TRUE")
_NO = (
    "NOCHARGING",
    "INITIALIZATION",
    "CHARGINGPAUSED",
    "CHARGINGENDED",
    "CHARGINGERROR",
    "NOT_CHARGING",
    "WAITING_FOR_CHARGING",
    "FINISHED_FULLY_CHARGED",
    "FINISHED_NOT_FULL",
    "DISCONNECTED",
    "UNPLUGGED",
    "FALSE",
)
_WORDS = dict.fromkeys(_YES, True) | dict.fromkeys(_NO, False)
_NO_VALUE = ("", "-NA-", "NA", "INVALID", "NULL", "UNKNOWN")
_STATES = (CHARGING, PLUGGED)
_SCALES: Mapping[Metric, Mapping[str, float]] = {
    CHARGING_POWER: {"w": 1, "watt": 1, "kw": 1000},
    TIME_TO_FULL: {"min": 1, "minutes": 1, "": 1, "h": 60, "s": 1 / 60},
    BATTERY_12V: {"v": 1, "volt": 1, "": 1, "mv": 0.001},
}


class _Entry(NamedTuple):
    """One descriptor's value (no value: None), its unit in lower case, and when the car said so."""

    value: object
    unit: str
    at: int | None


def descriptors(*, position: bool) -> list[str]:
    """What to ask BMW for; where the car stands only if that is wanted."""
    metrics = (metric for metric in _PREFERENCE if position or metric not in (LATITUDE, LONGITUDE))
    return [name for metric in metrics for name in _PREFERENCE[metric]]


def parse(document: object, subject: str, *, position: bool = False) -> list[Reading]:
    """The readings in a REST answer (``telematicData``) or a stream message (``data``). Raises ``BadAnswer``."""
    whole = table(document, WHO, "the answer")
    section = "telematicData" if "telematicData" in whole else "data"
    told = table(whole.get(section), WHO, section)
    sheet = Sheet(subject, WHO)
    for metric, names in _PREFERENCE.items():
        if position or metric not in (LATITUDE, LONGITUDE):
            entries = [_entry(told[name], name) for name in names if told.get(name) is not None]
            _put(sheet, metric, entries)
    charging = next((reading.value for reading in sheet.readings if reading.metric is CHARGING), None)
    return [known for known in sheet.readings if known.metric is not TIME_TO_FULL or charging != 0]


def _put(sheet: Sheet, metric: Metric, entries: list[_Entry]) -> None:
    """The first entry that says something wins, unless a lesser one is newer by more than its turn.

    Preference rules among values of the same journey; a descriptor that a car stopped sending must not hide for ever a
    lesser one that it still sends, so anything a day newer goes first.
    """
    useful = [entry for entry in entries if entry.at is not None and _in_ours(metric, entry) is not None]
    if useful:
        newest = max(entry.at or 0 for entry in useful)
        best = next(entry for entry in useful if newest - (entry.at or 0) <= _SAME_JOURNEY)
        sheet.put(metric, _in_ours(metric, best), best.at)


_SAME_JOURNEY = 86_400  # s


def _in_ours(metric: Metric, entry: _Entry) -> float | None:
    """The value in the metric's unit, or None where it says nothing that we understand."""
    if entry.value is None:
        return None
    if metric in _STATES:
        return float(_WORDS[word]) if (word := str(entry.value).upper()) in _WORDS else None
    times = 1.0
    if metric in (RANGE, ODOMETER):
        times = kilometres(entry.unit or "km") or 0
    elif metric in _SCALES:
        times = _SCALES[metric].get(entry.unit, 0)
    return _number(entry.value, metric) * times if times else None


def _number(value: object, metric: Metric) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    raise BadAnswer(f"{WHO}: {metric.words} is not a number")


def _entry(told: object, name: str) -> _Entry:
    entry = table(told, WHO, name)
    value, unit = entry.get("value"), entry.get("unit")
    if isinstance(value, str):
        value = None if value.strip().upper() in _NO_VALUE else value.strip()
    at = None if value is None else instant(entry.get("timestamp") or None, WHO, name)
    return _Entry(value, unit.strip().lower() if isinstance(unit, str) else "", at)
