"""What the fields of an EU Data Act file mean; their names differ from platform to platform.

Names and keys come from VW's data dictionary for continuous data.
"""

from __future__ import annotations

from collections.abc import Sequence

from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.sources._car import UNKNOWN, CarReadings, kilometres
from eink_monitor.sources._memory import CarMemory, Told
from eink_monitor.sources._vag.words import meaning
from eink_monitor.sources.vw_eu_data_act.files import Deliveries, File, Found

_REPORT = "battery_state_report"
_RANGE_KEY, _RANGE_UNIT_KEY = "0ca40e18-0564-3eda-bcc0-7aee9ef44f04", "8d508462-17e7-3027-8980-cbbbc86d9496"
_RAW_CHARGE = "hv_soc"  # of the cells; what the driver is shown is another figure
_CHARGES = (
    f"{_REPORT}.soc",
    "506cb83e-f99f-3af3-bbeb-0429b69a78d9",
    "0a18a053-b4b0-3db1-be44-a6c5dba629b1",
    "state_of_charge",
    "battery_level_HV.value",
    _RAW_CHARGE,
)
_ADDITIVE = "tank_current_level"  # on diesels that of the AdBlue
_FUELS = ("fuel_level_current_level", _ADDITIVE)
_SECOND = "cruising_range_secondary_engine"
_RANGES = ("range", _RANGE_KEY, "cruising_range_primary_engine", "cruising_range_combined")
_BURNING = ("petrol", "gasoline", "diesel", "cng", "lpg")
_PLUGGED = {"connected": True, "disconnected": False}


def parse(
    files: list[File],
    subject: str,
    *,
    burns: bool = False,
    memory: CarMemory | None = None,
    remarks: Remarks | None = None,
) -> list[Reading]:
    """The newest reading of each metric in these deliveries. Raises ``BadAnswer``.

    ``burns`` tells that the car is known to have a tank: a file without its level must not pass the fuel's range for
    the battery's. ``memory`` is what the car told in earlier files; ``remarks`` take what came without
    a unit that we know.
    """
    merged, memory = Deliveries(files), memory or CarMemory()
    sheet = CarReadings(subject, remarks=remarks)
    if merged.odd:
        sheet.broken("entries")
    _engines(merged, memory, burns=burns)
    level = _told(merged, SOC, _CHARGES)
    if _text(merged.field("battery_level_HV.state")) not in {"", "valid"}:
        level = [told for told in level if told.name != "battery_level_HV.value"]
    _keep(sheet, SOC, memory.choose(SOC, _CHARGES, level, (_RAW_CHARGE,)))
    if not memory.has("plug") or memory.has("tank"):
        fuels = _FUELS if merged.field("scr_range").value is None else _FUELS[:1]
        _keep(sheet, FUEL, memory.choose(FUEL, _FUELS, _told(merged, FUEL, fuels), (_ADDITIVE,)))
    _distances(merged, sheet, memory)
    _target(merged, sheet, memory)
    _charging(merged, sheet)
    return sheet.newest()


def _engines(merged: Deliveries, memory: CarMemory, *, burns: bool) -> None:
    """Whether the car has a battery to charge, a tank, or both. An electric car may say that its tank is full.

    A hybrid's first engine burns, and the range of its second one is the electric one.
    """
    if _told(merged, SOC, _CHARGES):
        memory.saw("plug")
    fuel = _number(merged.field(_FUELS[0]).value)
    engine = _text(merged.ending("engine_type"))
    second = _number(merged.field(_SECOND).value)
    if (
        burns
        or (second and second not in UNKNOWN[RANGE.name])
        or any(word in engine for word in _BURNING)
        or (fuel is not None and 0 < fuel < 100)
    ):
        memory.saw("tank")


def _distances(merged: Deliveries, sheet: CarReadings, memory: CarMemory) -> None:
    """Fields with a name of their own are km by VW's dictionary, unless the car is known to count in miles."""
    units, usual = {RANGE: ("range.unit", _RANGE_UNIT_KEY), ODOMETER: ("mileage.unit",)}, "km"
    for metric, names in units.items():
        for name in names:
            unit = _text(_found(merged, name))
            if kilometres(unit):
                memory.learn_unit(metric, unit)
            elif unit:
                usual = ""
    _range(merged, sheet, memory, usual)
    for name, otherwise in (("mileage.value", ""), ("mileage", usual)):
        driven, size = merged.highest(name), memory.distance(ODOMETER, "", otherwise)
        if size:
            _put(sheet, ODOMETER, driven, size)
        elif (value := _number(driven.value)) is not None:
            sheet.unclear(ODOMETER, value)


def _range(merged: Deliveries, sheet: CarReadings, memory: CarMemory, usual: str) -> None:
    """The electric one of a car with a plug; the nameless key is the first engine's, and a hybrid's first one burns.

    ``usual`` is the unit of fields that have none beside them.
    """
    burns = memory.has("tank")
    names: tuple[str, ...] = (_SECOND,) if burns and memory.has("plug") else _RANGES
    told = []
    for each in _told(merged, RANGE, [name for name in names if not (burns and name == _RANGE_KEY)]):
        size = memory.distance(RANGE, "", "" if each.name == _RANGE_KEY else usual)
        if size:
            told.append(each._replace(value=each.value * size))
        else:
            sheet.unclear(RANGE, each.value)
    _keep(sheet, RANGE, memory.choose(RANGE, names, told))


def _target(merged: Deliveries, sheet: CarReadings, memory: CarMemory) -> None:
    """While battery care is on, its threshold is the target; switching it dates the change."""
    care = merged.ending("bcam_activation")
    if (word := _text(care)).endswith("activated"):
        memory.note("care", 0 if word.endswith("deactivated") else 1)
    name = "battery_care_mode.charge_bcam_threshold" if memory.has("care") else "settings.target_soc"
    target = merged.field(name)
    if target.at is not None:
        _put(sheet, TARGET_SOC, Found(target.value, max(target.at, care.at or 0)))


def _charging(merged: Deliveries, sheet: CarReadings) -> None:
    for name in ("charging_state_report.current_charge_state", "charging_state"):
        state = merged.field(name)
        sheet.put(CHARGING, meaning(state.value), state.at)
    for name in ("plug_state", "charging_plug1_connectionstate"):
        plug = merged.field(name)
        sheet.put_state(PLUGGED, _text(plug), _PLUGGED, plug.at)
    _put(sheet, CHARGING_POWER, merged.field(f"{_REPORT}.charge_power"), 1000)
    _put(sheet, CHARGING_POWER, merged.field("charging_power"), 100)  # of 0.1 kW
    if any(known.value for known in sheet.newest() if known.metric is CHARGING):
        _put(sheet, TIME_TO_FULL, merged.field(f"{_REPORT}.remaining_charging_time_complete"), 1 / 60)
        _put(sheet, TIME_TO_FULL, merged.field("remaining_charging_time"))


def _told(merged: Deliveries, metric: Metric, names: Sequence[str]) -> list[Told]:
    """What the fields or keys say in numbers; one that a car cannot fill arrives as an empty text or a word."""
    found = []
    for name in names:
        told = _found(merged, name)
        size = _number(told.value)
        if size is not None and told.at is not None and size not in UNKNOWN[metric.name]:
            found.append(Told(name, size, told.at))
    return found


def _found(merged: Deliveries, name: str) -> Found:
    """A field by its name, or by its key where only that tells it apart."""
    return merged.key(name) if name.count("-") == 4 else merged.field(name)


def _keep(sheet: CarReadings, metric: Metric, best: Told | None) -> None:
    if best:
        sheet.put(metric, best.value, best.at)


def _put(sheet: CarReadings, metric: Metric, found: Found, times: float = 1.0) -> None:
    if _number(found.value) is not None:
        sheet.put(metric, found.value, found.at, times)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(found: Found) -> str:
    return found.value.strip().lower() if isinstance(found.value, str) else ""
