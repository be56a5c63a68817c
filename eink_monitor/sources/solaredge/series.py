"""SolarEdge V2 time series: units, buckets, and the power flows of a house. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from eink_monitor import metrics
from eink_monitor.clock import local
from eink_monitor.errors import BadAnswer
from eink_monitor.model.reading import Metric
from eink_monitor.remarks import Remarks
from eink_monitor.sources._http.answer import rows, table, text

NOWHEN = -1
"""Where a bucket without a readable time stands."""

Series = Mapping[int, float]
"""Start of a bucket (epoch seconds) to its value in W, Wh or %."""

WHO = "SolarEdge"

_UNITS: Mapping[str, Mapping[str, float]] = {
    "power": {"W": 1.0, "KW": 1e3, "MW": 1e6},
    "energy": {"WH": 1.0, "KWH": 1e3, "MWH": 1e6, "GWH": 1e9},
    "charge": {"PERCENTAGE": 1.0, "PERCENT": 1.0, "%": 1.0},
}
_NOISE = 100.0  # W or Wh; what separate instruments may disagree by
FULL = 101.5
"""Percent; a full battery may report a little over 100."""
_BOUNDS = {"power": (-_NOISE, 100_000.0), "energy": (0.0, 1e10), "charge": (0.0, FULL)}
"""What one bucket of one device may hold, in W, Wh or %: judged before anything is summed or cut off."""

_SYMBOLS = {"power": "W", "energy": "Wh", "charge": "%"}

Kind = Literal["power", "energy", "charge"]


def scale(unit: object, where: str, kind: Kind) -> float:
    """What a value must be multiplied by to be in W, Wh or %; units vary from series to series.

    Raises ``BadAnswer`` for a unit of another kind: nobody knows what the values are then.
    """
    factor = _UNITS[kind].get(unit.strip().upper()) if isinstance(unit, str) else None
    if factor is None:
        message = f"{WHO}: the unit of {where} is unknown"
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


def series(  # noqa: PLR0913, PLR0917 - what to read, and how
    known: object, where: str, kind: Kind, zone: ZoneInfo, remarks: Remarks, since: int | None = None
) -> Series:
    """The non-null buckets of ``{"unit", "values": [{"timestamp", "value"}]}``; an absent series is empty.

    ``since`` is the start of the window that was asked for. A bucket whose value cannot be holds NaN, one of an
    unreadable time does so at ``NOWHEN``: whoever sums must know that something is missing.
    """
    if known is None or known == {}:
        return {}
    content = table(known, WHO, where)
    values = rows(content.get("values", []), WHO, f"values of {where}")
    found: dict[int, float] = {}
    if not values:
        return found
    factor, at = scale(content.get("unit"), where, kind), None if since is None else since - 1
    for item in values:
        bucket = item if isinstance(item, dict) else {}
        try:
            at = instant(bucket.get("timestamp"), zone, at)
        except BadAnswer:
            remarks.leave_out_date(where, None)
            found[NOWHEN] = math.nan
            continue
        if bucket.get("value") is not None:
            found[at] = _bucket(bucket["value"], factor, where, kind, remarks)
    return found


def _bucket(value: object, factor: float, where: str, kind: Kind, remarks: Remarks) -> float:
    """A value in W, Wh or %, or NaN."""
    low, high = _BOUNDS[kind]
    if isinstance(value, int | float) and not isinstance(value, bool) and low / factor <= value <= high / factor:
        return value * factor
    remarks.leave_out(where, value, {1e3: "k", 1e6: "M", 1e9: "G"}.get(factor, "") + _SYMBOLS[kind])
    return math.nan


def devices(
    document: object, group: str, zone: ZoneInfo, remarks: Remarks, since: int | None = None
) -> dict[str, list[Series]]:
    """Every series of every device under ``group`` ("meters", "storage"), by the name of the series.

    One that cannot be read is there and empty: the sum over all devices is not known then.
    """
    found: dict[str, list[Series]] = {}
    known = table(document, WHO, "the telemetry").get(group)
    for device in table({} if known is None else known, WHO, group).values():
        for name, content in table(device, WHO, f"a device of {group}").items():
            if name not in _WANTED:
                continue
            try:
                buckets = series(content, name, _WANTED[name], zone, remarks, since)
            except BadAnswer as error:
                remarks.add(f"{error}, so it is left out")
                found.setdefault(name, []).append({})
            else:
                if buckets:
                    found.setdefault(name, []).append(buckets)
    return found


_METERED = ("productionPower", "consumptionPower", "importPower", "exportPower")
_STORED = ("chargePower", "dischargePower", "stateOfEnergy")
_WANTED: Mapping[str, Kind] = {
    **dict.fromkeys((*_METERED, *_STORED[:2]), "power"),
    "stateOfEnergy": "charge",
}


def total(parts: Iterable[Series]) -> Series:
    """The sum over devices, for the buckets that all of them know."""
    return _common(lambda *values: sum(values), *(sound(part) for part in parts))


def sound(content: Series) -> Series:
    """The buckets that hold a value that can be."""
    return {at: value for at, value in content.items() if at != NOWHEN and not math.isnan(value)}


def _common(rule: Callable[..., float], *parts: Series) -> Series:
    if not parts:
        return {}
    shared = set(parts[0]).intersection(*parts[1:])
    return {at: rule(*(part[at] for part in parts)) for at in sorted(shared)}


def present(document: object, kind: str) -> bool:
    """Whether the site has any device of that kind, even a silent one."""
    known = table(document, WHO, "the telemetry").get(kind)
    return known is not None and bool(table(known, WHO, kind))


def flows(
    power: Series, meters: Mapping[str, Sequence[Series]], storage: Mapping[str, Sequence[Series]] | None
) -> dict[Metric, Series]:
    """Powers of roof, house, grid and battery in W per bucket; a bucket in which one is unknown is left out.

    consumption = production + import + discharge - export - charge; ``power`` is used where no meter knows the
    production; ``storage`` is None where there is no battery.
    """
    named = {name: total(meters.get(name, [])) for name in _METERED}
    named |= {name: total((storage or {}).get(name, [])) for name in _STORED[:2]}
    made = named["productionPower"] or sound(power)
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
    """Noise just below 0 is 0; anything further below is left out."""
    return {at: max(0.0, value) for at, value in content.items() if value >= -_NOISE}


def charge(parts: Iterable[Series], last: float | None) -> Series:
    """State of charge in %, the mean of the batteries.

    The interface documents a percentage, and has been seen to send a fraction. Where every value is at most 1, the
    reading nearer to the ``last`` one known is taken, without one the fraction.
    """
    batteries = [{at: min(value, 100.0) for at, value in part.items()} for part in parts]
    mean = {at: value / len(batteries) for at, value in total(batteries).items()}
    if not mean or max(mean.values()) > 1:
        return mean
    first = mean[min(mean)]
    fraction = last is None or abs(100 * first - last) <= abs(first - last)
    return {at: value * 100 for at, value in mean.items()} if fraction else mean
