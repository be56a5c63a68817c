"""Units of the numbers in a condition, converted within a dimension: W and kW, km and mi, EUR/kWh and ct/kWh."""

from __future__ import annotations

from eink_monitor.model.reading import Metric

_SCALES: tuple[dict[str, float], ...] = (
    {"W": 1, "kW": 1e3, "MW": 1e6},
    {"Wh": 1, "kWh": 1e3, "MWh": 1e6},
    {"m": 1, "km": 1e3, "mi": 1609.344},
    {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800},
    {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
    | {"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40},
    {"EUR": 1, "€": 1, "ct": 0.01},
    {"GBP": 1, "£": 1, "p": 0.01},
    {"NOK": 1, "øre": 0.01},
    {"SEK": 1, "öre": 0.01},
    {"g": 1, "kg": 1e3},
    {"V": 1, "mV": 1e-3},
    {"l": 1, "L": 1, "ml": 1e-3},
    {"mm": 1, "cm": 10},
    {"km/h": 1, "m/s": 3.6, "mph": 1.609344},
)
_FAHRENHEIT = "°F"
_CELSIUS = "°C"


def countable(metric: Metric) -> bool:
    """Whether its numbers are a count or a state, and need no unit."""
    return metric.unit in {"0/1", "files", "times", ""} or bool(metric.names)


def units(metric: Metric) -> list[str]:
    """The units in which a metric may be compared, its own first."""
    own = metric.unit
    if own == _CELSIUS:
        return [own, _FAHRENHEIT]
    over, slash, under = own.partition("/")
    scale = _scale(own)
    if not scale and slash:
        pairs = [f"{top}/{bottom}" for top in _scale(over) or (over,) for bottom in _scale(under) or (under,)]
        return [own, *(pair for pair in pairs if pair != own)]
    return [own, *(unit for unit in scale if unit != own)]


def converted(value: float, unit: str, metric: Metric) -> float:
    """A number as the metric counts. Raises ``KeyError`` for a unit that is of another dimension."""
    if unit not in units(metric):
        raise KeyError(unit)
    if unit == _FAHRENHEIT:
        return (value - 32) * 5 / 9
    return value if unit == metric.unit else value * _factor(unit, metric.unit) / _factor(metric.unit, metric.unit)


def _scale(own: str) -> dict[str, float]:
    """The units of the dimension to which one belongs; of "m", which is two things, the length."""
    return next((scale for scale in _SCALES if own in scale), {})


def _factor(unit: str, own: str) -> float:
    """How much a unit is in that of its dimension which is 1."""
    scale = _scale(own)
    if scale:
        return scale[unit]
    (over, _, under), (own_over, _, own_under) = unit.partition("/"), own.partition("/")
    return _scale(own_over).get(over, 1.0) / _scale(own_under).get(under, 1.0)
