"""Which entities look useful, and what each would feed: guesses for a person to choose from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from eink_monitor.metrics import METRICS
from eink_monitor.model.source import Suggestion
from eink_monitor.outside import clean
from eink_monitor.sources.home_assistant.states import NOTHING, State
from eink_monitor.units import canonical, converted

MOST = 60
"""Entities that are offered."""
_ROOF = r"solar|pv|inverter|roof|photovolt|panels?"
_GRID = r"grid|mains|net|p1|smart_?meter|import|export"
_STORE = r"powerwall|storage|home_battery|house_battery|battery"
_WALLBOX = r"wallbox|evse|charger|charging|charge_point"
_HOUSE = r"house|home|load|consumption|total"
_POWERS = (
    (_WALLBOX, "wallbox.charging_power"),
    (_STORE, "roof.storage_power"),
    (_ROOF, "roof.pv_power"),
    (_GRID, "roof.grid_power"),
    (_HOUSE, "roof.load_power"),
)
_TODAYS = (
    (r"export|feed_?in|return", "roof.feed_in_today"),
    (_GRID, "roof.purchased_today"),
    (_ROOF, "roof.production_today"),
    (_HOUSE, "roof.consumption_today"),
)
_STORES = ((r"powerwall|storage|home_battery|house_battery|inverter|solar", "roof.storage_soc"),)
_OUTSIDE = ((r"outdoor|outside|weather|garden|balcony|external", "weather.outdoor_temperature"),)
_TODAY = re.compile(r"(?:^|_)(?:today|daily|day)(?:_|$)")
_METRIC = {
    "°F": "°C",
    "mi": "km",
    "mph": "km/h",
    "ft": "m",
    "in": "mm",
    "inHg": "hPa",
    "psi": "bar",
    "gal": "l",
    "lb": "kg",
}
"""In what a house is counted here, whatever Home Assistant is set to; panels write it as their region does."""
_OPENINGS = {"door", "window", "garage_door", "opening", "lock", "moisture", "smoke", "gas", "motion", "presence"}
_AIR = {"temperature", "humidity", "carbon_dioxide", "pm25", "pm10", "aqi", "volatile_organic_compounds", "pressure"}
_LEVEL = re.compile(r"_(?:battery|soc|state_of_charge|charge)(?:_level|_percentage|_state)?$")


@dataclass(frozen=True)
class _Candidate:
    """An entity, and what Home Assistant says of it."""

    name: str
    state: str
    label: str
    unit: str
    kind: str  # its device_class

    @property
    def domain(self) -> str:
        return self.name.partition(".")[0]

    @property
    def id(self) -> str:
        return self.name.partition(".")[2]

    def says(self, words: str) -> bool:
        return re.search(rf"(?:^|_)(?:{words})(?:_|\d|$)", self.id) is not None


def offers(states: Mapping[str, State]) -> list[Suggestion]:
    """The entities that look useful, the most useful first; those without a value now are left out."""
    known = [one for name, state in states.items() if (one := _read(name, state))]
    cars = _cars(known)
    found = [(rank, one.name, one, to) for one in known for rank, to in _targets(one, cars)]
    offered: list[Suggestion] = []
    taken: set[str] = set()
    for _, name, one, to in sorted(found, key=lambda each: each[:2]):
        if to.partition(" ")[0] not in taken and len(offered) < MOST:
            taken.add(to.partition(" ")[0])
            value = f"{one.state} {one.unit}".strip()
            offered.append(Suggestion(clean(f"{one.label}: {value}, as {to}", 100), {"entities": {name: to}}))
    return offered


def _read(name: str, state: State) -> _Candidate | None:
    attributes, value = state.get("attributes"), state.get("state")
    if not isinstance(value, str) or value.strip().casefold() in NOTHING or not re.fullmatch(r"[a-z0-9_]+\.\w+", name):
        return None
    said = attributes if isinstance(attributes, dict) else {}
    label, unit, kind = (said.get(key) for key in ("friendly_name", "unit_of_measurement", "device_class"))
    label = clean(label, 40) if isinstance(label, str) else name
    unit = unit if isinstance(unit, str) and len(unit) <= 20 and unit.isprintable() else ""
    return _Candidate(name, clean(value, 20), label, unit, kind if isinstance(kind, str) else "")


def _cars(known: Iterable[_Candidate]) -> dict[str, str]:
    """Beginnings of the ids of what has a range or an odometer, and a name for each."""
    found = {}
    for one in known:
        if one.kind == "distance" or one.unit in {"km", "mi"}:
            begins = re.split(r"_(?:battery_)?(?:range|autonomy|odometer|mileage|total_mileage)", one.id)[0]
            if begins and begins != one.id:
                found[begins] = re.sub(r"[^a-z0-9_]", "", begins) or "car"
    return found


def _targets(one: _Candidate, cars: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    """How useful an entity is, 0 the most, and what it feeds."""
    car = next((name for begins, name in cars.items() if one.id.startswith(f"{begins}_")), "")
    to = _of_car(one, car) if car else ""
    to = to or _of_house(one)
    if to and _fits(one, to):
        yield 0, to
    elif to := _own(one):
        yield 1 if one.kind in _AIR else 2, to


def _of_car(one: _Candidate, car: str) -> str:
    if one.domain == "binary_sensor":
        metric = {"plug": "plugged", "battery_charging": "charging"}.get(one.kind, "")
    elif one.unit == "%":
        metric = "soc" if one.kind == "battery" or _LEVEL.search(one.id) else ""
    elif one.unit in {"km", "mi"}:
        metric = "range" if one.says("range|autonomy") else "odometer" if one.says("odometer|mileage") else ""
    else:
        metric = "charging_power" if one.kind == "power" and one.says("charg\\w*") else ""
    return f"{car}.{metric}" if metric else ""


def _of_house(one: _Candidate) -> str:
    tables = {"power": _POWERS, "battery": _STORES, "temperature": _OUTSIDE}
    if one.kind in tables:
        return _first(one, tables[one.kind])
    if one.kind == "energy" and _TODAY.search(one.id):
        return _first(one, _TODAYS)
    if one.kind == "timestamp" and one.says("backup") and one.says("last"):
        return "home.newest_backup"
    price = f"price_{canonical(one.unit)[:3].lower()}"
    return f"price.{price}" if canonical(one.unit).endswith("/kWh") and price in METRICS else ""


def _first(one: _Candidate, table: Iterable[tuple[str, str]]) -> str:
    return next((to for words, to in table if one.says(words)), "")


def _fits(one: _Candidate, to: str) -> bool:
    """Whether what it counts in can be converted."""
    metric = METRICS[to.rpartition(".")[2]]
    if one.kind == "timestamp" or metric.unit == "0/1":
        return True
    try:
        converted(1, one.unit, metric)
    except KeyError:
        return False
    return True


def _own(one: _Candidate) -> str:
    """A metric of one's own, named after the entity."""
    name = re.sub(r"[^a-z0-9_]", "", one.id)[:40].strip("_")
    if not name or not name[0].isalpha() or name in METRICS:
        return ""
    if one.domain == "person" or (one.domain == "binary_sensor" and one.kind in _OPENINGS):
        return f"home.{name} 0/1"
    if one.domain == "sensor" and one.unit and one.kind != "battery" and re.fullmatch(r"-?\d+(\.\d+)?", one.state):
        return f"home.{name} {_METRIC.get(one.unit, canonical(one.unit))}"
    return ""
