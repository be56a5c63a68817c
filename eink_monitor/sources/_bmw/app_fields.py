"""What the MyBMW app's interface said of a car, as ``bimmer_connected`` knew it until September 2025."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.metrics import CHARGING, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model import Reading
from eink_monitor.sources._car import POSITION, Sheet, instant
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


def parse(document: object, subject: str, *, position: bool = False) -> list[Reading]:
    """The readings, dated by ``lastUpdatedAt``, when the car last reported. Raises ``BadAnswer``.

    All distances are km: the library asks for them so.
    """
    state = table(table(document, WHO, "the answer").get("state"), WHO, "state")
    reported = state.get("lastUpdatedAt")
    at = None if isinstance(reported, str) and reported.startswith(_NEVER) else instant(reported, WHO, "the report")
    sheet = Sheet(subject, WHO)
    battery, tank = _section(state, "electricChargingState"), _section(state, "combustionFuelLevel")
    sheet.put(SOC, battery.get("chargingLevelPercent"), at)
    sheet.put(TARGET_SOC, battery.get("chargingTarget"), at)
    sheet.put(RANGE, battery.get("range", tank.get("range")), at)
    plugged = battery.get("isChargerConnected")
    sheet.put(PLUGGED, _PLUGGED[plugged] if isinstance(plugged, bool) else None, at)
    charging = battery.get("chargingStatus")
    sheet.put_state(CHARGING, charging, _CHARGING, at)
    if plugged is False and charging == "INVALID":  # what an unplugged car says
        sheet.put(CHARGING, 0, at)
    if charging == "CHARGING":
        sheet.put(TIME_TO_FULL, battery.get("remainingChargingMinutes"), at)
    sheet.put(FUEL, tank.get("remainingFuelPercent"), at)
    sheet.put(ODOMETER, state.get("currentMileage"), at)
    if position:
        place = _section(_section(state, "location"), "coordinates")
        for metric in POSITION:
            sheet.put(metric, place.get(metric.name), at)
    return sheet.newest()


def _section(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = parent.get(name)
    return {} if part is None else table(part, WHO, name)
