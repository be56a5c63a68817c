"""What VW's app interface said of a car (``selectivestatus``), as We Connect clients knew it until May 2026."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model import Reading
from eink_monitor.sources._car import Sheet, instant
from eink_monitor.sources._http.answer import table

WHO = "We Connect"

_NO_RANGE = 16383  # 14 bits of ones
_RESTS = (
    "off",
    "readyForCharging",
    "notReadyForCharging",
    "conservation",
    "chargePurposeReachedAndNotConservationCharging",
    "chargePurposeReachedAndConservation",
    "discharging",
    "error",
)
_CHARGING = {"charging": True} | dict.fromkeys(_RESTS, False)
_PLUGGED = {"connected": True, "disconnected": False}


def parse(document: object, subject: str) -> list[Reading]:
    """The readings of all sections that could be read, each dated by the car. Raises ``BadAnswer``."""
    car = table(document, WHO, "the answer")
    sheet = Sheet(subject, WHO)
    battery, at = _section(car, "charging", "batteryStatus")
    sheet.put(SOC, battery.get("currentSOC_pct"), at)
    sheet.put(RANGE, _range(battery.get("cruisingRangeElectric_km")), at)
    charging, at = _section(car, "charging", "chargingStatus")
    state = charging.get("chargingState")
    sheet.put_state(CHARGING, state, _CHARGING, at)
    sheet.put(CHARGING_POWER, charging.get("chargePower_kW"), at, 1000)
    if state == "charging":
        sheet.put(TIME_TO_FULL, charging.get("remainingChargingTimeToComplete_min"), at)
    settings, at = _section(car, "charging", "chargingSettings")
    sheet.put(TARGET_SOC, settings.get("targetSOC_pct"), at)
    plug, at = _section(car, "charging", "plugStatus")
    sheet.put_state(PLUGGED, plug.get("plugConnectionState"), _PLUGGED, at)
    driven, at = _section(car, "measurements", "odometerStatus")
    sheet.put(ODOMETER, driven.get("odometer"), at)
    _engines(car, sheet)
    return sheet.newest()


def _engines(car: Mapping[str, object], sheet: Sheet) -> None:
    """A car with a plug is measured by its electric range, any other by its tank."""
    ranges, at = _section(car, "fuelStatus", "rangeStatus")
    engines = [table(ranges.get(name) or {}, WHO, name) for name in ("primaryEngine", "secondaryEngine")]
    electric = [engine for engine in engines if engine.get("type") == "electric"]
    for engine in electric:
        sheet.put(SOC, engine.get("currentSOC_pct"), at)
        sheet.put(RANGE, _range(engine.get("remainingRange_km")), at)
    if not electric:
        sheet.put(RANGE, _range(ranges.get("totalRange_km")), at)
    for engine in engines:
        if engine not in electric:
            sheet.put(FUEL, engine.get("currentFuelLevel_pct"), at)


def _range(value: object) -> object:
    return None if value == _NO_RANGE else value


def _section(car: Mapping[str, object], job: str, name: str) -> tuple[Mapping[str, object], int | None]:
    """A part of the answer and its date; one that failed has ``error`` instead of ``value``."""
    part = table(table(car.get(job) or {}, WHO, job).get(name) or {}, WHO, name)
    value = table(part.get("value") or {}, WHO, name)
    return value, instant(value.get("carCapturedTimestamp"), WHO, name)
