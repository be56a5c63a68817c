"""What stands at a SolarEdge Modbus address: found by walking the SunSpec chain, never by trusting fixed addresses.

An inverter with several trackers (model 160) shifts its meters, so only the chain knows where they start.
"""

from __future__ import annotations

from dataclasses import dataclass

from eink_monitor.errors import BadAnswer
from eink_monitor.sources._modbus import sunspec
from eink_monitor.sources._modbus.line import Line

_START = 40_000
_LONGEST_CHAIN = 40
_LAST = 0xFFFF


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device's registers start, and who it is."""

    address: int
    identity: sunspec.Identity


@dataclass(frozen=True, slots=True)
class Plant:
    """The devices behind one Modbus unit; batteries are the first registers of their blocks."""

    inverter: Place
    meters: tuple[Place, ...]
    batteries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One look at every device, in the order of the plant."""

    inverter: sunspec.Inverter
    meters: tuple[sunspec.Meter, ...]
    batteries: tuple[sunspec.Battery, ...]


def survey(line: Line) -> Plant:
    """Find the devices. Raises ``Silence``, ``Unavailable`` or ``BadAnswer``."""
    if tuple(line.read(_START, 2)) != sunspec.MARK:
        message = "what answered is not a SunSpec inverter; check host, port (1502, older firmware 502) and unit"
        raise BadAnswer(message)
    identity = sunspec.Identity("", "", "")
    inverter, meters = None, []
    for model, address, length in _chain(line):
        if model == sunspec.COMMON and length >= sunspec.COMMON_USED:
            identity = sunspec.identity(line.read(address, sunspec.COMMON_USED))
        elif model in sunspec.INVERTERS and length >= sunspec.INVERTER_USED:
            inverter = inverter or Place(address, identity)
        elif model in sunspec.METERS and length >= sunspec.METER_USED:
            meters.append(Place(address, identity))
    if inverter is None:
        message = "what answered speaks SunSpec but shows no inverter (model 101, 102 or 103); check unit"
        raise BadAnswer(message)
    return Plant(inverter, tuple(meters), tuple(start for start in sunspec.BATTERIES if _has_battery(line, start)))


def look(line: Line, plant: Plant) -> Look:
    """Read every device, close together in time so that the powers belong together. Raises as ``survey``."""
    return Look(
        sunspec.inverter(line.read(plant.inverter.address, sunspec.INVERTER_USED)),
        tuple(sunspec.meter(line.read(place.address, sunspec.METER_USED)) for place in plant.meters),
        tuple(
            sunspec.battery(line.read(start + sunspec.BATTERY_POWER, sunspec.BATTERY_USED)) for start in plant.batteries
        ),
    )


def _chain(line: Line) -> list[tuple[int, int, int]]:
    """Every model as (identifier, address of its body, length); the chain ends at 0xFFFF or where registers do."""
    found: list[tuple[int, int, int]] = []
    address = _START + 2
    while len(found) < _LONGEST_CHAIN and address < _LAST:
        header = line.probe(address, 2)
        if header is None or header[0] in {0, 0xFFFF} or header[1] in {0, 0xFFFF}:
            break
        found.append((header[0], address + 2, header[1]))
        address += 2 + header[1]
    return found


def _has_battery(line: Line, start: int) -> bool:
    """A battery that is there has a rated energy; an empty bay answers an exception, NaN or nought."""
    registers = line.probe(start + sunspec.BATTERY_RATED, 2)
    rated = None if registers is None else sunspec.float32(registers, 0)
    return rated is not None and rated > 0
