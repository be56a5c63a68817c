"""From evcc's state to readings.

Nothing in it has a time: it is what evcc knew when it answered. A 0 often means that it does not know, and a car's
figures stand on the loadpoint where it is plugged in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eink_monitor import metrics as m
from eink_monitor.clock import MINUTE
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Suggestion
from eink_monitor.outside import clean
from eink_monitor.sources.evcc.parts import Part, is_called, least, number, parts, seconds, slug, times

_MODES = {"off": 0, "pv": 1, "minpv": 2, "now": 3}
_PRICES = {metric.unit[:3]: metric for metric in m.PRICES}
_TOLD = 5  # titles in a remark


class Site:
    """One state of evcc, as it was ``at`` (epoch seconds)."""

    def __init__(self, state: Mapping[str, object], at: int, visit: Visit) -> None:
        self._state, self._at, self._visit = state, at, visit
        self._loadpoints = parts(state.get("loadpoints"))
        if not self._loadpoints and number(state.get("homePower")) is None and _grid(state) is None:
            raise BadAnswer("evcc: its state holds neither loadpoints nor meters", "is that evcc at base_url?")

    @property
    def money(self) -> str:
        """The code of its currency; evcc takes euros where none is set."""
        code = self._state.get("currency") or "EUR"
        return code if isinstance(code, str) and len(code) == 3 and code.isascii() and code.isalpha() else ""

    @property
    def currency(self) -> Metric | None:
        """The metric of its prices."""
        return _PRICES.get(self.money.upper())

    @property
    def has_price(self) -> bool:
        """Whether a tariff is set."""
        return number(self._state.get("tariffGrid")) is not None

    def house(self) -> Iterator[Reading]:
        """Roof, grid, battery, and the house, which includes what charges."""
        subject, state = self._visit.subject, self._state
        battery = _battery(state)
        roof = parts(state.get("pv"))
        has_roof = bool(roof) or state.get("pvConfigured") is True or bool(number(state.get("pvPower")))
        yield from self._said(subject, m.PV_POWER, least(state.get("pvPower")) if has_roof else None)
        yield from self._said(subject, m.GRID_POWER, _grid(state))
        yield from self._said(subject, m.LOAD_POWER, self._load())
        yield from self._said(subject, m.STORAGE_POWER, times(battery.get("power"), -1))
        yield from self._said(subject, m.STORAGE_SOC, battery.get("soc") or None)
        yield from self._said(subject, m.GREEN_SHARE, times(state.get("greenShareHome"), 100))
        yield from self._said(subject, m.PRODUCTION_LIFETIME, times(_sum(roof, "energy"), 1000))
        grid = state.get("grid")
        meter = grid if isinstance(grid, dict) else {"energy": state.get("gridEnergy")}
        yield from self._said(subject, m.PURCHASED_LIFETIME, times(meter.get("energy") or None, 1000))
        yield from self._said(subject, m.FEED_IN_LIFETIME, times(meter.get("returnEnergy") or None, 1000))
        if self.currency:
            yield from self._said(subject, self.currency, state.get("tariffGrid"))
        elif self.has_price:
            self._visit.remarks.add(f"prices in {self.money or 'this currency'} are not kept")

    def _load(self) -> float | None:
        """Of the whole house: evcc counts what charges apart."""
        home = number(self._state.get("homePower"))
        charging = [number(point.get("chargePower")) for point in self._loadpoints]
        known = [power for power in charging if power is not None]
        return home + sum(known) if home is not None and len(known) == len(charging) else None

    def loadpoint(self, subject: str, title: str) -> Iterator[Reading]:
        """A wallbox, by its title; a remark if there is none."""
        point = next((one for one in self._loadpoints if is_called(one, title, "title", "name")), None)
        if point is None:
            self._missing("loadpoint", title, [one.get("title") for one in self._loadpoints])
            return
        connected = point.get("connected")
        yield from self._state_of(subject, point)
        yield from self._said(subject, m.CHARGE_MODE, _MODES.get(str(point.get("mode"))))
        if connected is True:
            energy = point.get("sessionEnergy", point.get("chargedEnergy"))
            yield from self._said(subject, m.SESSION_ENERGY, energy)
            yield from self._said(subject, m.SESSION_SOLAR, point.get("sessionSolarPercentage") if energy else None)

    def vehicle(self, subject: str, title: str) -> Iterator[Reading]:
        """A car, by its title, while it is plugged in: of one that is away evcc keeps what it last knew."""
        point = self._where(title)
        if point is None:
            return
        yield from self._state_of(subject, point)
        if point.get("chargerFeatureHeating") is True:  # then the charge is a temperature
            return
        target = point.get("effectiveLimitSoc") or point.get("vehicleLimitSoc") or point.get("vehicleTargetSoc")
        yield from self._said(subject, m.SOC, point.get("vehicleSoc") or None)
        yield from self._said(subject, m.TARGET_SOC, target or None)
        yield from self._said(subject, m.RANGE, point.get("vehicleRange") or None)
        yield from self._said(subject, m.ODOMETER, point.get("vehicleOdometer") or None)

    def _where(self, title: str) -> Part | None:
        """The loadpoint where a car is plugged in; a remark where evcc has no such car."""
        known = {
            name: one
            for name, one in self._vehicles().items()
            if is_called({**one, "name": name}, title, "title", "name")
        }
        for point in self._loadpoints:
            called = is_called(point, title, "vehicleTitle", "vehicleName") or point.get("vehicleName") in [*known]
            if point.get("connected") is True and called:
                return point
        if not known:
            self._missing("vehicle", title, [one.get("title") for one in self._vehicles().values()])
        return None

    def _vehicles(self) -> Mapping[str, Part]:
        """The cars that are set up, by name."""
        known = self._state.get("vehicles")
        return {name: one for name, one in known.items() if isinstance(one, dict)} if isinstance(known, dict) else {}

    def _state_of(self, subject: str, point: Part) -> Iterator[Reading]:
        """Whether something is plugged in and charges, and for how long."""
        for metric, key in ((m.PLUGGED, "connected"), (m.CHARGING, "charging")):
            value = point.get(key)
            yield from self._said(subject, metric, float(value) if isinstance(value, bool) else None)
        yield from self._said(subject, m.CHARGING_POWER, least(point.get("chargePower")))
        left = seconds(point.get("chargeRemainingDuration"))
        if point.get("charging") is True and left:
            yield from self._said(subject, m.TIME_TO_FULL, left / MINUTE)

    def unplugged(self, loadpoints: Mapping[str, str]) -> bool:
        """Whether a car has been unplugged since the last poll: then a session has ended."""
        for part, title in loadpoints.items():
            point = next((one for one in self._loadpoints if is_called(one, title, "title", "name")), None)
            last = self._visit.last(m.PLUGGED, f"{self._visit.subject}:{part}")
            if point and point.get("connected") is False and last and last.value:
                return True
        return False

    def suggestions(self) -> Sequence[Suggestion]:
        """Every wallbox and car, under a name made of its title."""
        found, taken = [], set()
        cars = [*self._vehicles().values()]
        for key, what, things in (("loadpoints", "wallbox", self._loadpoints), ("vehicles", "car", cars)):
            for one in things:
                title = one.get("title")
                part = slug(title if isinstance(title, str) else "")
                if part and part not in taken:
                    taken.add(part)
                    found.append(Suggestion(clean(f"{title} ({what})", 60), {key: {part: clean(str(title), 60)}}))
        return found

    def _said(self, subject: str, metric: Metric, value: object) -> Iterator[Reading]:
        """A reading of a number; a remark about anything else."""
        if value is None:
            return
        known = number(value)
        if known is None:
            name = metric.name if subject == self._visit.subject else f"{subject} {metric.name}"
            self._visit.remarks.leave_out(name, value)
        else:
            yield Reading(subject, metric, known, self._at)

    def _missing(self, what: str, title: str, titles: Sequence[object]) -> None:
        known = [clean(one, 30) for one in titles if isinstance(one, str)][:_TOLD]
        there = f"; it has {', '.join(known)}" if known else ""
        self._visit.remarks.add(f"evcc has no {what} {title}{there}")


def _grid(state: Mapping[str, object]) -> object:
    """Positive is what is bought."""
    grid = state.get("grid")
    if isinstance(grid, dict):
        return grid.get("power")
    return None if state.get("gridConfigured") is False else state.get("gridPower")


def _battery(state: Mapping[str, object]) -> Part:
    """Power (positive is what it gives) and charge of all batteries; older releases listed them."""
    battery = state.get("battery")
    if isinstance(battery, dict):
        return battery
    if parts(battery) or state.get("batteryConfigured") is True:
        return {"power": state.get("batteryPower"), "soc": state.get("batterySoc")}
    return {}


def _sum(parts: Sequence[Part], key: str) -> float | None:
    """Of what each of them counts; None where one of them counts nothing."""
    values = [number(one.get(key)) for one in parts]
    known = [value for value in values if value]
    return sum(known) if known and len(known) == len(values) else None
