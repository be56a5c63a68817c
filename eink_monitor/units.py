"""Units, converted within a dimension: W and kW, km and mi, °C and °F, EUR/kWh and ct/kWh, EUR and EUR minor."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.currencies import DECIMALS, MINOR, SIGNS, currency
from eink_monitor.model.reading import Metric

_SCALES: tuple[dict[str, float], ...] = (
    {"W": 1, "kW": 1e3, "MW": 1e6, "GW": 1e9, "mW": 1e-3},
    {"Wh": 1, "kWh": 1e3, "MWh": 1e6, "GWh": 1e9, "J": 1 / 3600, "kJ": 1 / 3.6, "MJ": 1e3 / 3.6, "GJ": 1e6 / 3.6},
    {"VA": 1, "kVA": 1e3},
    {"var": 1, "kvar": 1e3},
    {"m": 1, "km": 1e3, "mi": 1609.344, "cm": 0.01, "mm": 1e-3, "ft": 0.3048, "in": 0.0254},
    {"s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400, "w": 604800, "ms": 1e-3},
    {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "PB": 1e15}
    | {"KiB": 2.0**10, "MiB": 2.0**20, "GiB": 2.0**30, "TiB": 2.0**40, "PiB": 2.0**50},
    {"bit": 1, "kbit": 1e3, "Mbit": 1e6, "Gbit": 1e9},
    {"g": 1, "kg": 1e3, "t": 1e6, "mg": 1e-3, "µg": 1e-6, "lb": 453.59237, "oz": 28.349523125},
    {"V": 1, "mV": 1e-3, "kV": 1e3},
    {"A": 1, "mA": 1e-3, "kA": 1e3},
    {"Ah": 1, "mAh": 1e-3},
    {"Ω": 1, "kΩ": 1e3, "mΩ": 1e-3},
    {"Hz": 1, "kHz": 1e3, "MHz": 1e6, "GHz": 1e9},
    {"l": 1, "L": 1, "ml": 1e-3, "mL": 1e-3, "cl": 0.01, "hl": 100, "m³": 1e3, "ft³": 28.316846592, "gal": 3.785411784},
    {"m²": 1, "cm²": 1e-4, "ha": 1e4, "km²": 1e6, "ft²": 0.09290304},
    {"km/h": 1, "m/s": 3.6, "mph": 1.609344, "kn": 1.852},
    {"Pa": 1, "hPa": 100, "kPa": 1e3, "bar": 1e5, "mbar": 100, "psi": 6894.757293168, "inHg": 3386.389}
    | {"mmHg": 133.322387415, "MPa": 1e6, "atm": 101_325},
    {"lx": 1, "klx": 1e3},
    {"lm": 1, "klm": 1e3},
    {"ppm": 1, "ppb": 1e-3},
    {"rpm": 1},
    {"deg": 1, "°": 1},
    {"dB": 1},
    {"dBm": 1},
    {"%": 1},
)
_HUNDREDTHS = {"EUR": "ct", "GBP": "p", "NOK": "øre", "SEK": "öre", "CHF": "Rp", "PLN": "gr"}
_PER = {"km": 1.0, "100km": 100.0, "mi": 1.609344, "100mi": 160.9344}
_TEMPERATURES = {"°C": (1.0, 0.0), "°F": (5 / 9, 32.0), "K": (1.0, 273.15)}
"""The size of a degree, and where the Celsius scale has its zero."""
_WRITTEN = {
    "m3": "m³",
    "m2": "m²",
    "ft3": "ft³",
    "ft2": "ft²",
    "cm2": "cm²",
    "km2": "km²",
    "L": "l",
    "mL": "ml",
    "ug": "µg",
    "\N{GREEK SMALL LETTER MU}g": "µg",
    "\N{OHM SIGN}": "Ω",
    "Ohm": "Ω",
    "kph": "km/h",
    "1/min": "rpm",
    "100 km": "100km",
    "100 mi": "100mi",
    **SIGNS,
}
_COUNTS = {"0/1", "files", "times", ""}


def canonical(unit: str) -> str:
    """A unit as it is written here: "m³" of "m3", "EUR" of "€" and of "EUR minor"; any other text as it is."""
    over, slash, under = _written(unit).partition("/")
    return f"{over.removesuffix(MINOR) if currency(over) else over}{slash}{under}"


def countable(metric: Metric) -> bool:
    """Whether its numbers are a count or a state, and need no unit: "orders" is what is counted, no unit."""
    return metric.unit in _COUNTS or bool(metric.names) or not is_unit(metric.unit)


def is_unit(unit: str) -> bool:
    """Whether a text is a unit, or a quotient with one in it, and not any other word ("orders")."""
    over, _, under = _written(unit).partition("/")
    return any(_scale(one) or one in _TEMPERATURES for one in (_written(unit), over, under))


def units(metric: Metric) -> list[str]:
    """The units in which a metric may be compared, its own first."""
    return [metric.unit, *(unit for unit in _convertible(metric.unit) if unit != metric.unit and MINOR not in unit)]


def converted(value: float, unit: str, metric: Metric) -> float:
    """A number as the metric counts. Raises ``KeyError`` for a unit that is of another dimension."""
    own, said = _written(metric.unit), _written(unit)
    if said == own:
        return value
    if said not in _convertible(own):
        raise KeyError(unit)
    if own in _TEMPERATURES:
        (degree, zero), (own_degree, own_zero) = _TEMPERATURES[said], _TEMPERATURES[own]
        return (value - zero) * degree / own_degree + own_zero
    return value * _factor(said, own) / _factor(own, own)


def _convertible(own: str) -> Mapping[str, object]:
    """The units of the dimension of one, whatever stands behind them."""
    if own in _TEMPERATURES:
        return _TEMPERATURES
    over, slash, under = own.partition("/")
    scale = _scale(own)
    if not scale and slash:
        return dict.fromkeys(f"{top}/{low}" for top in _scale(over) or (over,) for low in _under(under) or (under,))
    return scale


def _scale(own: str) -> dict[str, float]:
    """The units of the dimension to which one belongs; of "m", which is two things, the length."""
    code = currency(own) or next((code for code, coin in _HUNDREDTHS.items() if coin == own), "")
    if code and "/" not in own:
        signs = {sign: 1.0 for sign, other in SIGNS.items() if other == code}
        hundredth = {_HUNDREDTHS[code]: 0.01} if code in _HUNDREDTHS else {}
        return {code: 1.0, **signs, **hundredth, code + MINOR: 10.0 ** -DECIMALS[code]}
    return next((scale for scale in _SCALES if own in scale), {})


def _under(own: str) -> dict[str, float]:
    """As ``_scale``, of what stands below a line: "100km" is a unit there only, and "m" no minute."""
    scale = _PER if own in _PER else _scale(own)
    return {unit: size for unit, size in scale.items() if unit != "m"} if "min" in scale else scale


def _factor(unit: str, own: str) -> float:
    """How much a unit is in that of its dimension which is 1."""
    scale = _scale(own)
    if scale:
        return scale[unit]
    (over, _, under), (own_over, _, own_under) = unit.partition("/"), own.partition("/")
    return _scale(own_over).get(over, 1.0) / _under(own_under).get(under, 1.0)


def _written(unit: str) -> str:
    """Each side of a unit's line in the one spelling that is known here."""
    unit = _WRITTEN.get(unit, unit)
    over, slash, under = unit.partition("/")
    return f"{_WRITTEN.get(over, over)}{slash}{_WRITTEN.get(under, under)}"
