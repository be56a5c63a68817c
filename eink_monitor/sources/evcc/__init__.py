"""evcc: roof, grid, house battery, every wallbox and car, and what a kWh costs, from one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from urllib.parse import urlsplit

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source, Suggestion
from eink_monitor.settings import Personal, insist, together
from eink_monitor.sources._http.address import address, is_at_home

SITE = (
    *(m.PV_POWER, m.LOAD_POWER, m.GRID_POWER, m.STORAGE_POWER, m.STORAGE_SOC, m.GREEN_SHARE),
    *(m.PRODUCTION_TODAY, m.CONSUMPTION_TODAY, m.SELF_CONSUMPTION_TODAY, m.FEED_IN_TODAY, m.PURCHASED_TODAY),
    *(m.PRODUCTION_MONTH, m.PRODUCTION_YEAR, m.PRODUCTION_LIFETIME, m.PURCHASED_LIFETIME, m.FEED_IN_LIFETIME),
    *m.PRICES,
)
LOADPOINT = (m.PLUGGED, m.CHARGING, m.CHARGING_POWER, m.SESSION_ENERGY, m.SESSION_SOLAR, m.CHARGE_MODE, m.TIME_TO_FULL)
VEHICLE = (m.SOC, m.TARGET_SOC, m.RANGE, m.PLUGGED, m.CHARGING, m.CHARGING_POWER, m.TIME_TO_FULL, m.ODOMETER)
_LASTING = frozenset({m.SOC, m.TARGET_SOC, m.RANGE, m.ODOMETER})


@dataclass(frozen=True, kw_only=True)
class Evcc(Source):
    """evcc on the local network: roof, grid, house battery, wallboxes, cars, and the price of power.

    ``loadpoints`` and ``vehicles`` say under which name each is shown, by its title in evcc: {garage: Garage Left} has
    the subject FEED:garage. With ``sessions`` each charging session is kept, with its energy and cost.
    """

    base_url: Personal[str] = "http://evcc.local:7070"
    loadpoints: Mapping[str, str] = field(default_factory=dict)
    vehicles: Mapping[str, str] = field(default_factory=dict)
    sessions: bool = True

    metrics: ClassVar[tuple[Metric, ...]] = SITE
    independent: ClassVar[bool] = True
    group: ClassVar[str] = "wallbox"
    guide: ClassVar[str] = "Nothing to set up: evcc answers anybody in the house. docs/evcc.md says what it tells."
    words: ClassVar[Mapping[str, str]] = {"base_url": "the address of evcc, such as http://evcc.local:7070"}
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)

    def __post_init__(self) -> None:
        """Raises ``ValueError``."""
        together(lambda: address(self.base_url), lambda: insist(*self._rules()))

    def _rules(self) -> Iterator[tuple[bool, str]]:
        for key, named in (("loadpoints", self.loadpoints), ("vehicles", self.vehicles)):
            for part, title in named.items():
                sound = bool(part) and all(letter.isalnum() or letter in "-_" for letter in part)
                yield sound, f'{key}: use only letters, digits, - and _ in "{part[:40]}"'
                yield bool(title.strip()), f"{key}: {part}: the title in evcc is missing"
        both = sorted(set(self.loadpoints) & set(self.vehicles))
        yield not both, f"loadpoints and vehicles need names of their own: {', '.join(both)}"

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The house, and each wallbox and car that has a name."""
        parts = dict.fromkeys(self.loadpoints, LOADPOINT) | dict.fromkeys(self.vehicles, VEHICLE)
        return {subject: SITE} | {f"{subject}:{part}": metrics for part, metrics in parts.items()}

    def titles(self, subject: str) -> Mapping[str, str]:
        """Wallboxes and cars as evcc calls them."""
        return {f"{subject}:{part}": title for part, title in {**self.loadpoints, **self.vehicles}.items()}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """Prices to come, where evcc knows a tariff with them."""
        return {subject: m.PRICES}

    def tells(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """Charging sessions; those of a wallbox without a name are the house's."""
        subjects = (subject, *(f"{subject}:{part}" for part in self.loadpoints))
        return dict.fromkeys(subjects, ("charging.session",)) if self.sessions else {}

    def patience_with(self, metric: Metric, every: int) -> int:
        """What a car says is not repeated while it is away."""
        return max(3 * every, DAY) if metric in _LASTING else 3 * every

    @property
    def local(self) -> bool:
        """Unless it is reached through the internet."""
        return is_at_home(urlsplit(self.base_url).hostname or "")

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call; once an hour one more for prices and one for sessions, which is made when a car has left, too."""
        from eink_monitor.sources.evcc.calls import Calls
        from eink_monitor.sources.evcc.counted import counted
        from eink_monitor.sources.evcc.prices import prices
        from eink_monitor.sources.evcc.sessions import events
        from eink_monitor.sources.evcc.site import Site

        calls = Calls(self.base_url, visit)
        site = Site(calls.state(), calls.said_at, visit)
        house = list(site.house())
        yield from house
        lifetimes = {one.metric: one.value for one in house}
        yield from counted(lifetimes, calls.said_at, visit, battery=m.STORAGE_POWER in lifetimes)
        for part, title in self.loadpoints.items():
            yield from site.loadpoint(f"{visit.subject}:{part}", title)
        for part, title in self.vehicles.items():
            yield from site.vehicle(f"{visit.subject}:{part}", title)
        if (metric := site.currency) and site.has_price and calls.is_due("prices", HOUR):
            yield from prices(calls.rates(), metric, visit)
        if self.sessions and (calls.is_due("sessions", HOUR) or site.unplugged(self.loadpoints)):
            parts = {title.strip().casefold(): f"{visit.subject}:{part}" for part, title in self.loadpoints.items()}
            yield from events(calls.sessions(), parts, site.money, visit)
        calls.remember()

    def suggestions(self, visit: Visit) -> Sequence[Suggestion]:
        """Its wallboxes and cars."""
        from eink_monitor.sources.evcc.calls import Calls
        from eink_monitor.sources.evcc.site import Site

        calls = Calls(self.base_url, visit)
        return Site(calls.state(), calls.said_at, visit).suggestions()
