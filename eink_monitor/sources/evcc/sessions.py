"""Charging sessions, from evcc's log of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eink_monitor.model.event import Event
from eink_monitor.model.poll import Visit
from eink_monitor.outside import clean
from eink_monitor.sources._columns import finite
from eink_monitor.sources._times import instant
from eink_monitor.sources.evcc.parts import seconds

KIND = "charging.session"
_LONGEST = 40  # characters of a name
_FIGURES = (
    ("energy_wh", "chargedEnergy", 1000.0),
    ("solar_percent", "solarPercentage", 1.0),
    ("odometer_km", "odometer", 1.0),
    ("soc_start_percent", "socStart", 1.0),
    ("soc_end_percent", "socStop", 1.0),
    ("co2_g_per_kwh", "co2PerKWh", 1.0),
)
_UNKNOWN_AT_0 = frozenset({"odometer_km", "soc_start_percent", "soc_end_percent"})


def events(sessions: Sequence[object], parts: Mapping[str, str], money: str, visit: Visit) -> Iterator[Event]:
    """Each session, by the subject of its loadpoint; ``parts`` are those by title, in lower case.

    One that has no end has one only while it is the last of its loadpoint: of others evcc has lost it.
    """
    rows = [row for row in sessions if isinstance(row, dict)]
    found = sorted((start, number) for number, row in enumerate(rows) if (start := _at(row, "created", visit)))
    last = {_text(rows[number], "loadpoint"): number for _, number in found}
    for start, number in found:
        row = rows[number]
        point, end = _text(row, "loadpoint"), _at(row, "finished", visit)
        if (start <= end) if end is not None else (last[point] == number):
            subject = parts.get(point.casefold(), visit.subject)
            yield Event(subject, KIND, f"{start} {point}", start, end, _figures(row, money), _words(row))


def _words(row: Mapping[str, object]) -> dict[str, str]:
    return {name: text for name in ("vehicle", "loadpoint") if (text := _text(row, name))}


def _figures(row: Mapping[str, object], money: str) -> dict[str, float]:
    figures = {}
    for name, key, factor in _FIGURES:
        value = finite(row.get(key))
        if value is not None and value >= 0 and not (value == 0 and name in _UNKNOWN_AT_0):
            figures[name] = value * factor
    if "soc_end_percent" not in figures and (value := finite(row.get("socEnd"))):
        figures["soc_end_percent"] = value
    if duration := seconds(finite(row.get("chargeDuration"))):
        figures["charging_s"] = duration
    if money and (cost := finite(row.get("price"))) is not None:
        figures[f"cost_{money.lower()}"] = cost
    return figures


def _at(row: Mapping[str, object], key: str, visit: Visit) -> int | None:
    """An instant; Go's zero time is none."""
    return instant(row.get(key), visit.zone)


def _text(row: Mapping[str, object], key: str) -> str:
    value = row.get(key)
    return clean(value, _LONGEST) if isinstance(value, str) else ""
