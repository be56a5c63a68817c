"""Where the power flows, from one look at the devices of a SolarEdge plant: pure arithmetic.

The inverter measures what leaves it for the house (AC), the grid meter what crosses the connection, the battery what
it takes. So the roof gives ``AC + storage`` and the house uses ``roof + grid - storage``: the four always balance. What
the inverter loses in converting is the roof's loss while it produces, as in the vendor's own figures, and the house's
at night.
"""

from __future__ import annotations

from dataclasses import dataclass

from eink_monitor.sources._modbus.plant import Look, Plant
from eink_monitor.sources._modbus.sunspec import Battery, Meter

_ASLEEP = {1, 2}  # off, sleeping: AC power reads "not implemented" and is nought
_NEGATIVE = -100.0  # W; a house that gives this much shows that the meter's sign is taken the wrong way round


@dataclass(frozen=True, slots=True)
class Flow:
    """Powers in W with the signs of the dictionary (grid import and battery charging positive); charge in percent."""

    pv: float | None
    load: float | None
    grid: float | None
    storage: float | None
    charge: float | None

    @property
    def impossible(self) -> bool:
        """Whether the house would feed in by itself."""
        return self.load is not None and self.load < _NEGATIVE


def grid_meter(plant: Plant, seen: Look) -> tuple[str, Meter] | None:
    """The meter at the grid connection and who it is, or None."""
    for place, meter in zip(plant.meters, seen.meters, strict=True):
        if place.identity.role == "grid":
            return place.identity.serial or f"{plant.inverter.identity.serial}/{place.address}", meter
    return None


def flow(plant: Plant, seen: Look, *, export_positive: bool) -> Flow:
    """The powers. A house that uses a little less than nothing (rounding, devices read moments apart) uses nothing."""
    ac = seen.inverter.ac_power
    if ac is None and seen.inverter.status in _ASLEEP:
        ac = 0.0
    storage, charge = _storage(seen.batteries)
    pv = None if ac is None or (seen.batteries and storage is None) else max(0.0, ac + (storage or 0.0))
    found = grid_meter(plant, seen)
    grid = None if found is None or found[1].power is None else (-1 if export_positive else 1) * found[1].power
    load = None if pv is None or grid is None else pv + grid - (storage or 0.0)
    if found is None and pv is not None:
        load = _consumption(plant, seen)
        grid = None if load is None else load - pv + (storage or 0.0)
    if load is not None and _NEGATIVE <= load < 0:
        load = 0.0
    return Flow(pv, load, grid, storage, charge)


def _consumption(plant: Plant, seen: Look) -> float | None:
    """What a meter between the connection and the house says; its sign depends on how its clamps are turned."""
    for place, meter in zip(plant.meters, seen.meters, strict=True):
        if place.identity.role == "house" and meter.power is not None:
            return abs(meter.power)
    return None


def _storage(batteries: tuple[Battery, ...]) -> tuple[float | None, float | None]:
    """Power of all batteries together, and their charge weighted by what each can hold; None unless all are known."""
    powers = [battery.power for battery in batteries if battery.power is not None]
    charges = [battery.charge for battery in batteries if battery.charge is not None]
    complete = bool(batteries)
    power = sum(powers) if complete and len(powers) == len(batteries) else None
    if not complete or len(charges) < len(batteries):
        return power, None
    sizes = [battery.capacity or 0.0 for battery in batteries]
    if min(sizes) <= 0:
        sizes = [1.0] * len(batteries)
    return power, sum(size * charge for size, charge in zip(sizes, charges, strict=True)) / sum(sizes)
