"""The power flow from one reading of all devices of a plant: pure functions of plausible values.

An inverter measures what leaves it for the house (AC), the grid meter what crosses the connection, the battery what it
takes. So a roof gives ``AC + storage`` and the house uses ``roof + grid - storage``: the four always balance. What an
inverter loses in converting is the roof's loss while it produces, as in the vendor's own figures, and the house's at
night. Several inverters are summed; a sum with unknown parts is unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from eink_monitor.remarks import Remarks
from eink_monitor.sources._inverter.devices import ASLEEP, BatteryBlock, Meter, Place, PlantPart

_SLACK, _LOSS = 150.0, 0.15  # W, and a share: how far converting and reading one after the other may lead astray
_NEGATIVE, _ASTRAY = 100.0, 0.05  # W, and a share: if a house gives more, somebody else feeds it


class GridMeter(NamedTuple):
    """The meter at the grid connection: whose it is, what it shows, and which sign is usual for its kind."""

    owner: str
    seen: Meter
    export_usual: bool


@dataclass(frozen=True, slots=True)
class PowerFlow:
    """Powers in W with the signs of the dictionary (grid import and battery charging positive); charge in percent.

    ``strangers`` is whether an inverter that we do not read produces here, so that consumption is unknown.
    """

    pv: float | None
    load: float | None
    grid: float | None
    storage: float | None
    charge: float | None
    strangers: bool = False


def _of_role(role: str, parts: Sequence[PlantPart]) -> Iterator[tuple[PlantPart, Place, Meter | None]]:
    return (each for each in meters(parts) if each[1].identity.role == role)


def grid_meter(parts: Sequence[PlantPart]) -> GridMeter | None:
    """The meter at the grid connection, or None. One that gives a power goes before one that does not."""
    found = [each for each in _of_role("grid", parts) if each[2] is not None]
    found.sort(key=lambda each: (not each[1].identity.option, each[2] is None or each[2].power is None))
    for part, place, meter in found:
        if part.plant and meter:
            beside = part.plant.inverter.identity.serial if part.plant.inverter else part.unit
            owner = place.identity.serial or f"{beside}/{place.address}"
            return GridMeter(owner, meter, part.plant.export_usual)
    return None


def flow(parts: Sequence[PlantPart], *, export_positive: bool, external: bool, remarks: Remarks) -> PowerFlow:
    """The powers. ``external`` adds what the meters called Production measure; else those only raise doubts.

    A consumption slightly below 0 (rounding, devices read moments apart) is 0.
    """
    out, storage, pv = _total(map(_ac, parts)), _storage(parts), _total([_modules(part, remarks) for part in parts])
    others = sum(_others(parts, out or 0.0, external=external))
    added = others if external else 0.0
    inside = pv - (storage or 0.0) if pv is not None and _complete(parts) else out
    grid, load = _connection(parts, _total([inside, added]), export_positive=export_positive)
    strangers = others > added or (load is not None and load < -_slack(out, grid))
    used = None if load is None or strangers else max(0.0, load)
    return PowerFlow(_total([pv, added]), used, grid, storage, _charge(parts), strangers)


def _slack(out: float | None, grid: float | None) -> float:
    """By how much consumption may seem to be below 0."""
    return _NEGATIVE + _ASTRAY * max(abs(out or 0.0), abs(grid or 0.0))


def _connection(
    parts: Sequence[PlantPart], given: float | None, *, export_positive: bool
) -> tuple[float | None, float | None]:
    """Power from the grid and into the house, which is ``given`` that much here; of the two one is measured."""
    if found := grid_meter(parts):
        power = found.seen.power
        grid = -power if power is not None and export_positive else power
        return grid, _total([given, grid])
    used = _consumption(parts)
    if given is None or used is None:
        return None, None
    return used - given, used


def meters(parts: Sequence[PlantPart]) -> Iterator[tuple[PlantPart, Place, Meter | None]]:
    """Every meter once, None for one that is silent: cascaded units may show the same one."""
    known: set[str] = set()
    for part in parts:
        places = part.plant.meters if part.plant else ()
        seen = part.look.meters if part.look else [None] * len(places)
        for place, meter in zip(places, seen, strict=True):
            if place.identity.serial not in known:
                yield part, place, meter
            known |= {place.identity.serial} - {""}


def _total(values: Iterator[float | None] | Sequence[float | None]) -> float | None:
    """The sum, None unless all are known."""
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _ac(part: PlantPart) -> float | None:
    """What leaves an inverter; one that sleeps gives nothing, nor do meters alone."""
    if part.look is None:
        return 0.0 if part.asleep else None
    seen = part.look.inverter
    if seen is None:
        return 0.0
    return 0.0 if seen.ac_power is None and seen.status in ASLEEP else seen.ac_power


def _modules(part: PlantPart, remarks: Remarks) -> float | None:
    """The power of an inverter's modules; checked before it is cut off at 0, which would hide nonsense."""
    out = _ac(part)
    if out is None or part.look is None or part.look.inverter is None:
        return out
    storage = _storage([part])
    if storage is None and (part.look.batteries or part.look.lost):
        return 0.0 if part.look.inverter.status in ASLEEP and out <= 0 else None
    made = out + (storage or 0.0)
    if made < -_SLACK - _LOSS * max(abs(out), abs(storage or 0.0)):
        remarks.leave_out("power from the roof", made, "W")
        return None
    return max(0.0, made)


def _complete(parts: Sequence[PlantPart]) -> bool:
    """Whether the power of every battery is known."""
    lost = any(part.look and part.look.lost for part in parts)
    return not lost and all(battery.power is not None for battery in _batteries(parts))


def _batteries(parts: Sequence[PlantPart]) -> list[BatteryBlock]:
    return [battery for part in parts for battery in _held(part).values()]


def _others(parts: Sequence[PlantPart], out: float, *, external: bool) -> Iterator[float]:
    """The powers of Production meters, whichever way their clamps are turned; unless added, without those of our own.

    A meter that shows what our inverters give measures just them.
    """
    ours = [out, *(own for part in parts if (own := _ac(part)) is not None)]
    for _, _, meter in _of_role("production", parts):
        if meter and meter.power is not None:
            power = abs(meter.power)
            own = any(abs(power - abs(each)) <= _NEGATIVE + _ASTRAY * power for each in ours)
            if external or not own:
                yield power


def _consumption(parts: Sequence[PlantPart]) -> float | None:
    """What a meter between the connection and the house says; its sign depends on how its clamps are turned."""
    for _, _, meter in _of_role("house", parts):
        if meter and meter.power is not None:
            return abs(meter.power)
    return None


def joined(parts: Sequence[PlantPart]) -> list[PlantPart]:
    """The parts, with batteries that answer at units of their own given to the inverter, if there is only one."""
    inverters = [part for part in parts if part.look is None or part.look.inverter]
    if len(inverters) != 1 or inverters[0].look is None:
        return list(parts)
    held = {
        1000 * part.unit + bay: battery
        for part in parts
        if part is not inverters[0]
        for bay, battery in _held(part).items()
    }
    return (
        [_holding(part, _held(part) | held if part is inverters[0] else {}) for part in parts] if held else list(parts)
    )


def _held(part: PlantPart) -> dict[int, BatteryBlock]:
    return part.look.batteries if part.look else {}


def _holding(part: PlantPart, batteries: dict[int, BatteryBlock]) -> PlantPart:
    return replace(part, look=replace(part.look, batteries=batteries)) if part.look else part


def _storage(parts: Sequence[PlantPart]) -> float | None:
    """Power of all batteries together; None unless all are known, or where there is none."""
    if any(part.look is None and not part.asleep for part in parts) or not _complete(parts):
        return None
    powers = [battery.power for battery in _batteries(parts)]
    return _total(powers) if powers else None


def _charge(parts: Sequence[PlantPart]) -> float | None:
    """Their charge weighted by what each can hold; None unless all are known."""
    batteries = _batteries(parts)
    if not batteries or any(part.look is None or part.look.lost for part in parts):
        return None
    sizes = [battery.capacity or 0.0 for battery in batteries]
    if min(sizes) <= 0:
        sizes = [1.0] * len(batteries)
    charges = [battery.charge for battery in batteries]
    held = _total([None if charge is None else size * charge for size, charge in zip(sizes, charges, strict=True)])
    return None if held is None else held / sum(sizes)
