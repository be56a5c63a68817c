"""What the fields of an EU Data Act file mean; their names differ from platform to platform.

Names and keys come from VW's data dictionary for continuous data.
"""

from __future__ import annotations

from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model import Metric, Reading
from eink_monitor.sources._car import Sheet, kilometres
from eink_monitor.sources._vag.files import WHO, Deliveries, File, Found

_REPORT = "battery_state_report"
_SOC_KEYS = ("506cb83e-f99f-3af3-bbeb-0429b69a78d9", "0a18a053-b4b0-3db1-be44-a6c5dba629b1")
_RANGE_KEY, _RANGE_UNIT_KEY = "0ca40e18-0564-3eda-bcc0-7aee9ef44f04", "8d508462-17e7-3027-8980-cbbbc86d9496"
_NO_RANGE = {16383, 65535}  # "invalid" of 14 and 16 bits
_NO_PERCENT = {127, 254, 255}
_NO_TIME = {65535}
_FUELS = ("fuel_level_current_level", "tank_current_level")

_CHARGES = {"charge_state_charging", "charge_state_charging_hv_battery", "charging"}
_RESTS = {
    "charge_state_off",
    "charge_state_not_ready_for_charging",
    "charge_state_ready_for_charging",
    "charge_state_discharging",
    "charge_state_conservation",
    "charge_state_conservation_charging",
    "charge_state_charge_purpose_reached_not_conservation_charging",
    "charge_state_charge_purpose_reached_and_not_conservation_charging",
    "charge_state_charge_purpose_reached_conservation",
    "charge_state_charge_purpose_reached_and_conservation",
    "charge_state_error",
    "charge_state_charging_error",
    "off",
    "ready_for_charging",
    "not_ready_for_charging",
    "readyforcharging",
    "notreadyforcharging",
    "conservation",
    "discharging",
    "error",
}
_CHARGING = dict.fromkeys(_CHARGES, True) | dict.fromkeys(_RESTS, False)
_PLUGGED = {"connected": True, "disconnected": False}


def parse(files: list[File], subject: str, *, burns: bool = False) -> list[Reading]:
    """The newest reading of each metric in these deliveries. Raises ``BadAnswer``.

    ``burns`` tells that the car is known to have a tank: a file without its level must not pass the fuel's range for
    the battery's.
    """
    merged = Deliveries(files)
    sheet = Sheet(subject, WHO)
    for name in (f"{_REPORT}.soc", "state_of_charge", "hv_soc", "battery_level_HV.value"):
        _put(sheet, SOC, merged.field(name), unless=_NO_PERCENT)
    for key in _SOC_KEYS:
        _put(sheet, SOC, merged.key(key), unless=_NO_PERCENT)
    _put(sheet, TARGET_SOC, merged.field("settings.target_soc"), unless=_NO_PERCENT)
    for name in _FUELS:
        _put(sheet, FUEL, merged.field(name), unless=_NO_PERCENT)
    electric = any(known.metric is SOC for known in sheet.readings)
    _range(merged, sheet, burns=burns or any(known.metric is FUEL for known in sheet.readings), electric=electric)
    _odometer(merged, sheet)
    _charging(merged, sheet)
    return sheet.newest()


def _range(merged: Deliveries, sheet: Sheet, *, burns: bool, electric: bool) -> None:
    """A hybrid's first engine burns; its electric range is the second one's. The nameless key is the first engine's."""
    if burns and electric:
        _put(sheet, RANGE, merged.field("cruising_range_secondary_engine"), unless=_NO_RANGE)
        return
    for name in ("range", "cruising_range_primary_engine", "cruising_range_combined"):
        _put(sheet, RANGE, merged.field(name), unless=_NO_RANGE)
    if not burns:
        times = kilometres(merged.key(_RANGE_UNIT_KEY).value or "km")
        _put(sheet, RANGE, merged.key(_RANGE_KEY), times or 0, unless=_NO_RANGE)


def _odometer(merged: Deliveries, sheet: Sheet) -> None:
    """Two snapshots may share a date; the higher one is right, since a car does not drive back in time."""
    times = kilometres(merged.field("mileage.unit").value or "km")
    for name, scale in (("mileage.value", times), ("mileage", 1.0)):
        _put(sheet, ODOMETER, merged.highest(name), scale or 0)


def _charging(merged: Deliveries, sheet: Sheet) -> None:
    for name in ("charging_state_report.current_charge_state", "charging_state"):
        state = merged.field(name)
        sheet.put_state(CHARGING, _word(state.value), _CHARGING, state.at)
    for name in ("plug_state", "charging_plug1_connectionstate"):
        plug = merged.field(name)
        sheet.put_state(PLUGGED, _word(plug.value), _PLUGGED, plug.at)
    _put(sheet, CHARGING_POWER, merged.field(f"{_REPORT}.charge_power"), 1000)
    _put(sheet, CHARGING_POWER, merged.field("charging_power"), 100)  # of 0.1 kW
    now = next((known.value for known in sheet.newest() if known.metric is CHARGING), 0)
    if now:
        _put(sheet, TIME_TO_FULL, merged.field(f"{_REPORT}.remaining_charging_time_complete"), 1 / 60)
        _put(sheet, TIME_TO_FULL, merged.field("remaining_charging_time"), unless=_NO_TIME)


def _put(sheet: Sheet, metric: Metric, found: Found, times: float = 1.0, unless: set[int] | None = None) -> None:
    """Numbers only: a field that a car cannot fill arrives as an empty text or a word."""
    if isinstance(found.value, (int, float)) and found.value not in (unless or ()) and times:
        sheet.put(metric, found.value, found.at, times)


def _word(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else None
