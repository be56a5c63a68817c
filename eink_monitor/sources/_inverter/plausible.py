"""Plausibility of a device's raw values, checked before anything is computed, clamped or summed.

Impossible ones become None with a remark; the bounds are the device's own ratings, with room for peaks.
"""

from __future__ import annotations

from dataclasses import replace

from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter.devices import BatteryBlock, Inverter, Meter, Rated

MOST_POWER = 100_000.0  # W; no domestic device has more
_ROOM = 2.0  # times the rating of an inverter: models grow by firmware, and two read apart may overlap
_PEAK = 1.25  # times the rated power of a battery
_PEAK_SLACK = 100.0  # W
_FASTEST_CHARGE = 3.0  # W for each Wh that a battery of unknown power holds
_CAPACITY = 1_000_000.0  # Wh
_MOST_COUNTED = 1e9  # Wh
_FULL_SLACK = 1.5  # percent; a full battery may report a little over 100
_NO_NUMBERS = {-32768.0, 32767.0, 65535.0}  # an integer's "not implemented" that went through a float


def inverter(seen: Inverter, rating: float | None, remarks: Remarks) -> Inverter:
    """The inverter with an AC power that it can have, rated like that, either way."""
    most = min(MOST_POWER, _ROOM * (rating or MOST_POWER))
    return replace(seen, ac_power=_within(seen.ac_power, most, "AC power", remarks))


def meter(seen: Meter, remarks: Remarks) -> Meter:
    """The meter with a power that a domestic connection can carry."""
    return replace(seen, power=_within(seen.power, MOST_POWER, "meter power", remarks))


def battery(seen: BatteryBlock, rated: Rated, remarks: Remarks) -> BatteryBlock:
    """The battery with a power within its own rating, a charge from 0 to 100 %, and counters that can be."""
    most = _most(rated, seen.capacity)
    power = _within(None if seen.power in _NO_NUMBERS else seen.power, most, "battery power", remarks)
    if seen.power in _NO_NUMBERS:
        remarks.leave_out("battery power", seen.power, "W")
    charge, capacity = seen.charge, seen.capacity
    if charge is not None and 100 < charge < 100 + _FULL_SLACK:
        charge = 100.0
    if charge is not None and not 0 <= charge <= 100:
        remarks.leave_out("charge", charge, "%")
        charge = None
    return BatteryBlock(
        power,
        capacity if capacity is not None and 0 < capacity < _CAPACITY else None,
        charge,
        *(None if count is None or count > _MOST_COUNTED else count for count in (seen.given, seen.taken)),
    )


def there(seen: BatteryBlock, rated: Rated) -> bool:
    """Whether a bay holds a battery: an empty one answers nought or "not implemented" to everything that tells."""
    told = (rated.energy, rated.power, seen.charge)
    return any(value is not None and value > 0 for value in told) or (
        bool(seen.power) and seen.power not in _NO_NUMBERS
    )


def _most(rated: Rated, capacity: float | None) -> float:
    if rated.power is not None and rated.power < MOST_POWER:
        return _PEAK * rated.power + _PEAK_SLACK
    held = next((size for size in (rated.energy, capacity) if size is not None and 0 < size < _CAPACITY), None)
    return MOST_POWER if held is None else min(MOST_POWER, _FASTEST_CHARGE * held)


def _within(value: float | None, most: float, name: str, remarks: Remarks) -> float | None:
    if value is None or -most <= value <= most:  # NaN is neither
        return value
    remarks.leave_out(name, value, "W")
    return None
