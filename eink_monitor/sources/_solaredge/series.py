"""SolarEdge V2 time series: units, buckets, and what the flows of a house follow from. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from eink_monitor import metrics
from eink_monitor.clock import local
from eink_monitor.errors import BadAnswer
from eink_monitor.model import Metric
from eink_monitor.sources._http.answer import number, rows, table, text

Series = Mapping[int, float]
"""Start of a bucket (epoch seconds) to its value in W, Wh or %."""

WHO = "SolarEdge"

_POWERS = {"W": 1.0, "KW": 1e3, "MW": 1e6}
_ENERGIES = {"WH": 1.0, "KWH": 1e3, "MWH": 1e6, "GWH": 1e9}
_SHARES = {"PERCENTAGE": 1.0, "PERCENT": 1.0, "%": 1.0}
_UNITS = _POWERS | _ENERGIES | _SHARES
_NOISE = 100.0  # W or Wh; what separate instruments may disagree by


def scale(unit: object, where: str) -> float:
    """What a value must be multiplied by to be in W, Wh or %; units vary from series to series."""
    factor = _UNITS.get(unit.upper()) if isinstance(unit, str) else None
    if factor is None:
        message = f"{WHO}: the unit of {where} is not one we know"
        raise BadAnswer(message)
    return factor


def instant(stamp: object, zone: ZoneInfo, after: int | None = None) -> int:
    """Epoch seconds of a vendor's time; without an offset it is site-local.

    In the hour that DST repeats, the second one is meant when time would otherwise not have moved on from ``after``.
    """
    try:
        when = datetime.fromisoformat(text(stamp, WHO, "a timestamp").strip())
        if when.tzinfo is None:
            when = when.replace(tzinfo=zone)
            if after is not None and when.timestamp() <= after:
                when = when.replace(fold=1)
        return int(when.timestamp())
    except (ValueError, OverflowError):
        pass
    message = f"{WHO}: a timestamp is not a date and time"
    raise BadAnswer(message)


def stamp(at: int, zone: ZoneInfo) -> str:
    """An instant as V2 documents it: site-local without offset; with it in the hour that DST repeats."""
    when = local(at, zone)
    if when.replace(fold=0).utcoffset() != when.replace(fold=1).utcoffset():
        return when.isoformat()
    return when.replace(tzinfo=None).isoformat()


def series(known: object, where: str, zone: ZoneInfo, since: int | None = None) -> Series:
    """The non-null buckets of ``{"unit", "values": [{"timestamp", "value"}]}``; an absent series is empty.

    ``since`` is the start of the window that was asked for.
    """
    if known is None or known == {}:
        return {}
    content = table(known, WHO, where)
    values = rows(content.get("values", []), WHO, f"values of {where}")
    found: dict[int, float] = {}
    if not values:
        return found
    factor, at = scale(content.get("unit"), where), None if since is None else since - 1
    for item in values:
        bucket = table(item, WHO, f"a value of {where}")
        at = instant(bucket.get("timestamp"), zone, at)
        if bucket.get("value") is not None:
            found[at] = factor * number(bucket["value"], WHO, f"a value of {where}")
    return found


def devices(document: object, kind: str, zone: ZoneInfo, since: int | None = None) -> dict[str, list[Series]]:
    """Every series of every device under ``kind`` ("meters", "storage"), by the name of the series."""
    found: dict[str, list[Series]] = {}
    known = table(document, WHO, "the telemetry").get(kind)
    for device in table({} if known is None else known, WHO, kind).values():
        for name, content in table(device, WHO, f"a device of {kind}").items():
            if name in _WANTED and (buckets := series(content, name, zone, since)):
                found.setdefault(name, []).append(buckets)
    return found


_METERED = ("productionPower", "consumptionPower", "importPower", "exportPower")
_STORED = ("chargePower", "dischargePower", "stateOfEnergy")
_WANTED = frozenset(_METERED + _STORED)


def total(parts: Iterable[Series]) -> Series:
    """The sum over devices, for the buckets that all of them know."""
    return _common(lambda *values: sum(values), *parts)


def _common(rule: Callable[..., float], *parts: Series) -> Series:
    if not parts:
        return {}
    shared = set(parts[0]).intersection(*parts[1:])
    return {at: rule(*(part[at] for part in parts)) for at in sorted(shared)}


def present(document: object, kind: str) -> bool:
    """Whether the site has any device of that kind, even one that says nothing at the moment."""
    return bool(table(document, WHO, "the telemetry").get(kind))


def flows(
    power: Series, meters: Mapping[str, Sequence[Series]], storage: Mapping[str, Sequence[Series]] | None
) -> dict[Metric, Series]:
    """Powers of roof, house, grid and battery in W per bucket; a bucket in which one is unknown is left out.

    consumption = production + import + discharge - export - charge; ``power`` is used where no meter knows the
    production; ``storage`` is None where there is no battery.
    """
    named = {name: total(meters.get(name, [])) for name in _METERED}
    named |= {name: total((storage or {}).get(name, [])) for name in _STORED[:2]}
    for name, content in named.items():
        if min(content.values(), default=0.0) < -_NOISE:
            message = f"{WHO}: {name} is negative, so that its direction is not certain"
            raise BadAnswer(message)
    made = named["productionPower"] or power
    used, stored = named["consumptionPower"], _common(_minus, named["chargePower"], named["dischargePower"])
    grid = _common(_minus, named["importPower"], named["exportPower"])
    battery = [] if storage is None else [stored]
    if grid:
        used = _common(lambda p, g, *s: p + g - sum(s), made, grid, *battery)
    elif used:
        grid = _common(lambda c, p, *s: c - p + sum(s), used, made, *battery)
    return {
        metrics.PV_POWER: _floored(made),
        metrics.GRID_POWER: grid,
        metrics.STORAGE_POWER: stored,
        metrics.LOAD_POWER: _floored(used),
    }


def _minus(one: float, other: float) -> float:
    return one - other


def _floored(content: Series) -> Series:
    """Measuring noise just below nothing is nothing; what is further below is left out."""
    return {at: max(0.0, value) for at, value in content.items() if value >= -_NOISE}


def charge(parts: Iterable[Series], last: float | None) -> Series:
    """State of charge in %, the mean of the batteries.

    The interface documents a percentage, and has been seen to send a fraction. Where every value is at most 1, the
    reading nearer to the ``last`` one known is taken, without one the fraction.
    """
    batteries = list(parts)
    mean = {at: value / len(batteries) for at, value in total(batteries).items()}
    if not mean or max(mean.values()) > 1:
        return mean
    first = mean[min(mean)]
    fraction = last is None or abs(100 * first - last) <= abs(first - last)
    return {at: value * 100 for at, value in mean.items()} if fraction else mean
