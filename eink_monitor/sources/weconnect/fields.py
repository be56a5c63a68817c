"""What VW's app interface said of a car (``selectivestatus``), as We Connect clients knew it until May 2026."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model.reading import Reading
from eink_monitor.sources._car import FOREVER, CarReadings, instant
from eink_monitor.sources._http.answer import table
from eink_monitor.sources._vag.words import meaning

WHO = "We Connect"

_BURNING = ("gasoline", "petrol", "diesel", "cng", "lpg", "")  # any other engine may have a plug
_PLUGGED = {"connected": True, "disconnected": False}


def parse(document: object, subject: str, *, plug: bool = False, now: int = FOREVER) -> list[Reading]:
    """The readings of all sections that could be read, each dated by the car. Raises ``BadAnswer``.

    ``plug`` tells that the car is known to have a battery to charge: then its total range is not its electric one,
    whatever an answer leaves out.
    """
    car = table(document, WHO, "the answer")
    sheet = CarReadings(subject, now)
    battery, at = _section(sheet, car, "charging", "batteryStatus")
    sheet.put(SOC, battery.get("currentSOC_pct"), at)
    sheet.put(RANGE, battery.get("cruisingRangeElectric_km"), at)
    charging, at = _section(sheet, car, "charging", "chargingStatus")
    charges = meaning(charging.get("chargingState"))
    sheet.put(CHARGING, charges, at)
    sheet.put(CHARGING_POWER, charging.get("chargePower_kW"), at, 1000)
    if charges:
        sheet.put(TIME_TO_FULL, charging.get("remainingChargingTimeToComplete_min"), at)
    settings, at = _section(sheet, car, "charging", "chargingSettings")
    sheet.put(TARGET_SOC, settings.get("targetSOC_pct"), at)
    cable, at = _section(sheet, car, "charging", "plugStatus")
    sheet.put_state(PLUGGED, cable.get("plugConnectionState"), _PLUGGED, at)
    driven, at = _section(sheet, car, "measurements", "odometerStatus")
    sheet.put(ODOMETER, driven.get("odometer"), at)
    _engines(car, sheet, plug=plug)
    return sheet.newest()


def _engines(car: Mapping[str, object], sheet: CarReadings, *, plug: bool) -> None:
    """A car with a plug is measured by its electric range, any other by its tank."""
    ranges, at = _section(sheet, car, "fuelStatus", "rangeStatus")
    engines = [sheet.section(ranges, name) for name in ("primaryEngine", "secondaryEngine")]
    electric = [engine for engine in engines if _word(engine.get("type")) == "electric"]
    kind = _word(ranges.get("carType"))
    for engine in electric:
        sheet.put(SOC, engine.get("currentSOC_pct"), at)
        sheet.put(RANGE, engine.get("remainingRange_km"), at)
    if kind in _BURNING and not (plug or electric or sheet.value(SOC) is not None):
        sheet.put(RANGE, ranges.get("totalRange_km"), at)
    for engine in engines:
        if engine not in electric and kind != "electric":
            sheet.put(FUEL, engine.get("currentFuelLevel_pct"), at)


def _word(told: object) -> str:
    return told.strip().lower() if isinstance(told, str) else ""


def _section(
    sheet: CarReadings, car: Mapping[str, object], job: str, name: str
) -> tuple[Mapping[str, object], int | None]:
    """A part of the answer and its date; one that failed has ``error`` instead of ``value``."""
    value = sheet.section(sheet.section(sheet.section(car, job), name), "value")
    return value, instant(value.get("carCapturedTimestamp"))
