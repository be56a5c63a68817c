"""What the MyBMW app's interface said of a car, as ``bimmer_connected`` knew it until September 2025."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.metrics import CHARGING, FUEL, FUEL_VOLUME, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model.reading import Reading
from eink_monitor.sources._car import FOREVER, POSITION, CarReadings, instant
from eink_monitor.sources._http.answer import table

WHO = "MyBMW"

_NEVER = "0001-01-01"
_RESTS = (
    "NOT_CHARGING",
    "PLUGGED_IN",
    "WAITING_FOR_CHARGING",
    "COMPLETE",
    "FULLY_CHARGED",
    "FINISHED_FULLY_CHARGED",
    "FINISHED_NOT_FULL",
    "TARGET_REACHED",
    "ERROR",
)
_CHARGING = {"CHARGING": True} | dict.fromkeys(_RESTS, False)
_PLUGGED = {True: 1, False: 0}


def parse(
    document: object, subject: str, *, position: bool = False, plug: bool = False, now: int = FOREVER
) -> list[Reading]:
    """The readings, dated by ``lastUpdatedAt``, when the car last reported. Raises ``BadAnswer``.

    All distances are km: the library asks for them so. ``plug`` tells that the car is known to have a battery to
    charge: then the range of its tank is not its electric one, whatever an answer leaves out.
    """
    state = table(table(document, WHO, "the answer").get("state"), WHO, "state")
    sheet = CarReadings(subject, now)
    reported = state.get("lastUpdatedAt")
    at = None if isinstance(reported, str) and reported.startswith(_NEVER) else instant(reported)
    battery, tank = sheet.section(state, "electricChargingState"), sheet.section(state, "combustionFuelLevel")
    sheet.put(SOC, battery.get("chargingLevelPercent"), at)
    sheet.put(TARGET_SOC, battery.get("chargingTarget"), at)
    electric = plug or sheet.value(SOC) is not None
    sheet.put(RANGE, battery.get("range") if electric else battery.get("range", tank.get("range")), at)
    _cable(sheet, battery, at)
    for metric, name in ((FUEL, "remainingFuelPercent"), (FUEL_VOLUME, "remainingFuelLiters")):
        level = tank.get(name)
        sheet.put(metric, None if electric and level == 0 else level, at)  # an electric car may say 0, too
    sheet.put(ODOMETER, state.get("currentMileage"), at)
    if position:
        place = sheet.section(sheet.section(state, "location"), "coordinates")
        for metric in POSITION:
            sheet.put(metric, place.get(metric.name), at)
    return sheet.newest()


def _cable(sheet: CarReadings, battery: Mapping[str, object], at: int | None) -> None:
    plugged, charging = battery.get("isChargerConnected"), battery.get("chargingStatus")
    sheet.put(PLUGGED, _PLUGGED[plugged] if isinstance(plugged, bool) else None, at)
    sheet.put_state(CHARGING, charging, _CHARGING, at)
    if plugged is False and charging == "INVALID":  # what an unplugged car says
        sheet.put(CHARGING, 0, at)
    if charging == "CHARGING":
        sheet.put(TIME_TO_FULL, battery.get("remainingChargingMinutes"), at)
