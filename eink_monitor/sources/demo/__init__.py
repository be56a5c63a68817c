"""A demo house that needs no account and no hardware."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

from eink_monitor.clock import MINUTE, local
from eink_monitor.errors import Unavailable
from eink_monitor.metrics import OUTDOOR_TEMPERATURE, PRICE_EUR, PV_POWER
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source
from eink_monitor.settings import Window, insist
from eink_monitor.sources.demo import cars, disk, post, roof, sky


@dataclass(frozen=True)
class Demo(Source):
    """A demo house: a roof, two cars, a backup disk, weather, prices and parcels; no account, no hardware.

    ``show`` picks one device, ``outage`` is when the vendor does not answer, ``calls_per_day`` a quota to use up.
    """

    show: Literal["house", "roof", "car", "hybrid", "disk", "weather", "price", "parcels"] = "house"
    outage: Window | None = None
    calls_per_day: int = 0

    group: ClassVar[str] = "other"
    words: ClassVar[Mapping[str, str]] = {
        "show": "what of the house: house, roof, car, hybrid, disk, weather, price or parcels",
    }
    demo: ClassVar[bool] = True
    latitude: ClassVar[float] = roof.LATITUDE
    metrics: ClassVar[tuple[Metric, ...]] = (
        *(*roof.METRICS, *cars.HYBRID, *disk.METRICS),
        *(OUTDOOR_TEMPERATURE, PRICE_EUR),
    )

    def __post_init__(self) -> None:
        insist((self.calls_per_day >= 0, "calls_per_day must be 0 (no quota) or more"))

    def patience(self, every: int) -> int:
        """A parked car reports twice an hour, a price four times, however often they are polled."""
        return max(3 * every, 45 * MINUTE) if self.show in {"house", "car", "hybrid", "price"} else 3 * every

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """A whole house has one subject per device; a single device has the source's subject."""
        published = {mine: _THINGS[thing].metrics for thing, mine in self._subjects(subject).items()}
        return {mine: metrics for mine, metrics in published.items() if metrics}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The sun on the roof, the weather and the price of power."""
        foretold = {mine: _THINGS[thing].expected for thing, mine in self._subjects(subject).items()}
        return {mine: metrics for mine, metrics in foretold.items() if metrics}

    def lists(self, subject: str) -> Mapping[str, tuple[str, ...]]:
        """The parcels under way."""
        listed = {mine: _THINGS[thing].lists for thing, mine in self._subjects(subject).items()}
        return {mine: names for mine, names in listed.items() if names}

    def _subjects(self, subject: str) -> Mapping[str, str]:
        """The things that are shown, and the subject of each."""
        if self.show == "house":
            return {thing: "disk:backups" if thing == "disk" else thing for thing in _THINGS}
        return {self.show: f"{subject}:backups" if self.show == "disk" else subject}

    def quota(self) -> Quota | None:
        """A vendor that counts, if ``calls_per_day`` says so."""
        return Quota(f"demo {self.show}", (Budget(self.calls_per_day, "day"),)) if self.calls_per_day else None

    def poll(self, visit: Visit) -> Iterator[Said]:
        """What the house measures now, and sometimes a forecast."""
        if self.calls_per_day:
            visit.spend()
        here = local(visit.now, visit.zone)
        if self.outage and self.outage.holds(here.hour * 60 + here.minute):
            raise Unavailable(f"{visit.feed}: the demo vendor does not answer until {str(self.outage)[6:]}")
        for thing, subject in self._subjects(visit.subject).items():
            yield from _THINGS[thing].say(subject, visit)


class _Thing(NamedTuple):
    """One device: its readings, outlooks and listings, and the function that makes them."""

    metrics: tuple[Metric, ...]
    say: Callable[[str, Visit], Iterable[Said]]
    expected: tuple[Metric, ...] = ()
    lists: tuple[str, ...] = ()


_THINGS: Mapping[str, _Thing] = {
    "roof": _Thing(roof.METRICS, sky.roof_and_sun, (PV_POWER,)),
    "car": _Thing(cars.METRICS, cars.car),
    "hybrid": _Thing(cars.HYBRID, cars.hybrid),
    "disk": _Thing(disk.METRICS, disk.readings),
    "weather": _Thing((OUTDOOR_TEMPERATURE,), sky.weather, sky.WEATHER),
    "price": _Thing((PRICE_EUR,), sky.price, (PRICE_EUR,)),
    "parcels": _Thing((), post.parcels, (), post.LISTS),
}
