"""Which of BMW's 294 descriptors we ask for, in order of preference, and what their values mean.

Names are those of the CarData telematics catalogue. Values are texts over REST and numbers over MQTT; each has its own
timestamp.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from eink_monitor.clock import HOUR
from eink_monitor.metrics import (
    BATTERY_12V,
    CHARGING,
    CHARGING_POWER,
    FUEL,
    FUEL_VOLUME,
    LATITUDE,
    LONGITUDE,
    ODOMETER,
    PLUGGED,
    RANGE,
    SOC,
    TARGET_SOC,
    TIME_TO_FULL,
)
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.sources._beliefs import FILLED
from eink_monitor.sources._car import FOREVER, CarReadings, instant, kilometres
from eink_monitor.sources._http.answer import table
from eink_monitor.sources._memory import CarMemory, Told

WHO = "BMW CarData"

_ENGINE = "vehicle.drivetrain.electricEngine"
_BATTERY = "vehicle.powertrain.electric.battery"
_HERE = "vehicle.cabin.infotainment.navigation.currentLocation"
_STATUS = f"{_ENGINE}.charging.status"
_CELLS = "vehicle.trip.segment.end.drivetrain.batteryManagement.hvSoc"  # all that some cars send; 0 where fuel burns
_TOTAL = "vehicle.drivetrain.lastRemainingRange"  # of battery and tank together
_LAST_RESORTS = (_CELLS, _TOTAL)
_PREFERENCE: Mapping[Metric, tuple[str, ...]] = {
    SOC: (
        "vehicle.drivetrain.batteryManagement.header",
        f"{_BATTERY}.stateOfCharge.displayed",
        f"{_ENGINE}.charging.level",
        _CELLS,
    ),
    TARGET_SOC: (f"{_BATTERY}.stateOfCharge.target",),
    RANGE: (
        f"{_ENGINE}.kombiRemainingElectricRange",
        f"{_ENGINE}.remainingElectricRange",
        _TOTAL,
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
    FUEL_VOLUME: ("vehicle.drivetrain.fuelSystem.remainingFuel",),
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
_DISTANCES = (RANGE, ODOMETER)
_POSITION = (LATITUDE, LONGITUDE)
_SCALES: Mapping[Metric, Mapping[str, float]] = {
    CHARGING_POWER: {"w": 1, "watt": 1, "kw": 1000, "": 1},
    TIME_TO_FULL: {"min": 1, "minutes": 1, "": 1, "h": 60, "s": 1 / 60},
    BATTERY_12V: {"v": 1, "volt": 1, "": 1, "mv": 0.001},
    FUEL_VOLUME: dict.fromkeys(("l", "liter", "liters", "litre", "litres"), 1.0),
}
_RARE = (
    _CELLS,
    f"{_BATTERY}.stateOfCharge.displayed",
    f"{_BATTERY}.charging.power",
    "vehicle.body.chargingPort.combinedStatus",
    "vehicle.powertrain.tractionBattery.charging.port.anyPosition.isPlugged",
    "vehicle.electricalSystem.battery.voltage",
)


class _Entry(NamedTuple):
    """One descriptor's value (no value: None), its unit in lower case, and when the car said so."""

    name: str
    value: object
    unit: str
    at: int | None


def descriptors(*, position: bool, rare: bool = True) -> list[str]:
    """What to ask BMW for; where the car stands only if that is wanted. Not every car knows the ``rare`` ones."""
    return [name for names in _wanted(position).values() for name in names if rare or name not in _RARE]


def _wanted(position: bool) -> Mapping[Metric, tuple[str, ...]]:
    return {metric: names for metric, names in _PREFERENCE.items() if position or metric not in _POSITION}


def parse(  # noqa: PLR0913 - what was said, of whom, and what else is known
    document: object,
    subject: str,
    *,
    position: bool = False,
    memory: CarMemory | None = None,
    now: int = FOREVER,
    remarks: Remarks | None = None,
) -> list[Reading]:
    """The readings in a REST answer (``telematicData``) or a stream message (``data``). Raises ``BadAnswer``.

    ``memory`` is what the car told in earlier ones; ``remarks`` take what came without a unit that we know.
    """
    whole = table(document, WHO, "the answer")
    section = "telematicData" if "telematicData" in whole else "data"
    told = table(whole.get(section), WHO, section)
    sheet, memory = CarReadings(subject, now, remarks), memory or CarMemory()
    if section == "telematicData":
        memory.saw("all that it tells")
    entries = {metric: _entries(sheet, told, names) for metric, names in _wanted(position).items()}
    _learn_units(entries, memory)
    candidates = {metric: _candidates(sheet, metric, found, memory) for metric, found in entries.items()}
    _tell_engines_apart(candidates, memory)
    for metric, found in candidates.items():
        if best := _best(metric, found, memory):
            sheet.put(metric, best.value, best.at)
    charging = sheet.value(CHARGING)
    return [known for known in sheet.newest() if known.metric is not TIME_TO_FULL or charging != 0]


def _learn_units(entries: Mapping[Metric, list[_Entry]], memory: CarMemory) -> None:
    """A unit that was given once holds for messages that leave it out."""
    for metric, found in entries.items():
        for entry in found:
            good = kilometres(entry.unit) if metric in _DISTANCES else entry.unit in _SCALES.get(metric, ())
            if entry.unit and good and entry.value is not None:
                memory.learn_unit(metric, entry.unit)


def _candidates(sheet: CarReadings, metric: Metric, entries: list[_Entry], memory: CarMemory) -> list[Told]:
    """The values that say something, in the metric's unit; one that makes no sense is told and costs itself only."""
    found = []
    for entry in entries:
        size = _in_ours(metric, entry, memory)
        if size is None and metric not in _STATES and math.isfinite(known := _number(entry.value)):
            sheet.unclear(metric, known)
        if size is None or entry.at is None:
            continue
        if not (math.isfinite(size) and sheet.dates(entry.at)):
            sheet.put(metric, size, entry.at)
        elif size or entry.name not in _LAST_RESORTS:
            found.append(Told(entry.name, size, entry.at))
    return found


def _best(metric: Metric, found: list[Told], memory: CarMemory) -> Told | None:
    if metric in _STATES:
        return _state(found)
    return memory.choose(metric, _PREFERENCE[metric], found, _LAST_RESORTS)


def _state(found: list[Told]) -> Told | None:
    """The best name of a state that was not told long before another: a state stands until there is a newer one."""
    newest = max((told.at for told in found), default=0)
    return next((told for told in found if newest - told.at < HOUR), None)


def _tell_engines_apart(candidates: dict[Metric, list[Told]], memory: CarMemory) -> None:
    """Whether a car with a battery has a tank, too: the total range of a hybrid is not its electric one.

    An electric car may send a level of fuel all the same; but then its total range is its electric one. A message of
    the stream does not tell which car it is as long as nothing else was heard of it.
    """
    if candidates[SOC]:
        memory.saw("plug")
    if not memory.has("all that it tells"):
        candidates[RANGE] = [told for told in candidates[RANGE] if told.name != _TOTAL]
    if any(told.value >= FILLED for told in candidates[SOC]):
        candidates[RANGE] = [told for told in candidates[RANGE] if told.value]
    if memory.has("plug"):
        _look_for_a_tank(candidates, memory)


def _look_for_a_tank(candidates: dict[Metric, list[Told]], memory: CarMemory) -> None:
    """Of a car that can be charged."""
    electric = [told for told in candidates[RANGE] if told.name != _TOTAL]
    more = _has_more([told for told in candidates[RANGE] if told.name == _TOTAL], electric)
    if more is False:
        memory.saw("battery alone")
    elif _burns(candidates) and (more or not memory.has("battery alone")):
        memory.saw("tank")
    if memory.has("tank"):
        candidates[RANGE] = electric
    else:
        candidates[FUEL] = candidates[FUEL_VOLUME] = []


def _has_more(totals: list[Told], electric: list[Told]) -> bool | None:
    """Whether the total range is more than the electric one of the same hour; None where no such two were told."""
    pairs = [(total, alone) for total in totals for alone in electric if abs(total.at - alone.at) < HOUR]
    return all(total.value > alone.value * 1.02 + 2 for total, alone in pairs) if pairs else None


def _burns(candidates: dict[Metric, list[Told]]) -> bool:
    """Whether a level of fuel is told that is not nought."""
    return any(told.value for metric in (FUEL, FUEL_VOLUME) for told in candidates[metric])


def _in_ours(metric: Metric, entry: _Entry, memory: CarMemory) -> float | None:
    """The value in the metric's unit: None where it says nothing that we understand, no number where it is none."""
    if entry.value is None:
        return None
    if metric in _STATES:
        return float(_WORDS[word]) if (word := str(entry.value).upper()) in _WORDS else None
    times: float | None = 1.0
    if metric in _DISTANCES:
        times = memory.distance(metric, entry.unit)
    elif metric in _SCALES:
        times = _SCALES[metric].get(entry.unit or memory.unit(metric))
    return _number(entry.value) * times if times else None


def _number(value: object) -> float:
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            return float(value)
        except (ValueError, OverflowError):
            pass
    return math.nan


def _entries(sheet: CarReadings, told: Mapping[str, object], names: tuple[str, ...]) -> list[_Entry]:
    return [_entry(sheet, told, name) for name in names if told.get(name) is not None]


def _entry(sheet: CarReadings, told: Mapping[str, object], name: str) -> _Entry:
    entry = sheet.section(told, name)
    value, unit = entry.get("value"), entry.get("unit")
    if isinstance(value, str):
        value = None if value.strip().upper() in _NO_VALUE else value.strip()
    at = None if value is None else instant(entry.get("timestamp") or None)
    return _Entry(name, value, unit.strip().lower() if isinstance(unit, str) else "", at)
