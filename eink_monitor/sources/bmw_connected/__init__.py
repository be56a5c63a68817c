"""A BMW or MINI through the old MyBMW interface, closed by BMW in September 2025; for servers that still speak it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from eink_monitor.clock import MINUTE
from eink_monitor.metrics import CHARGING_POWER, FUEL_VOLUME, SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Personal, Secret, Vin
from eink_monitor.sources._car import BASIC, CarSource
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources.bmw_connected.fields import parse


@dataclass(frozen=True)
class BmwConnected(CarSource):
    """A BMW or MINI through MyBMW (closed by BMW in September 2025; use bmw_cardata)."""

    username: Personal[str]
    password: Secret
    vin: Vin
    base_url: str = ""
    brand: Literal["bmw", "mini", "toyota"] = "bmw"
    region: Literal["rest_of_world", "north_america"] = "rest_of_world"
    position: bool = False

    metrics: ClassVar[tuple[Metric, ...]] = (*(metric for metric in BASIC if metric != CHARGING_POWER), FUEL_VOLUME)
    extra: ClassVar[str] = "bmw"

    def __post_init__(self) -> None:
        if self.base_url:
            address(self.base_url)

    @property
    def modules(self) -> tuple[str, ...]:
        """The library."""
        return ("bimmer_connected.api.client",)

    def doubts(self) -> Iterator[tuple[str, str]]:
        """BMW's own server."""
        if not self.base_url:
            yield "BMW closed this interface in September 2025", "use type: bmw_cardata, as docs/bmw.md says"

    def pace(self, visit: Visit) -> int:
        """Slower while the car is idle; never below 15 minutes."""
        return max(super().pace(visit), 15 * MINUTE)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """One call for everything; ``Gone`` where the vendor refuses."""
        from eink_monitor.sources.bmw_connected.session import BmwSession

        vin = self.vin.reveal()
        with TokenStore(visit.state, visit.feed).locked() as store:
            before = store.load()
            session = BmwSession(self.username, self.password.reveal(), self.region, self.base_url, before)
            try:
                document = session.state(vin, self.brand, visit.now)
            finally:
                after = session.keep()
                if after is not None and (before is None or after.access != before.access):
                    store.save(after)
        plug = visit.last(SOC) is not None
        readings = settled(parse(document, visit.subject, position=self.position, plug=plug, now=visit.now), visit)
        return in_order(readings, visit)

    def sign_out(self, visit: Visit) -> str:
        """Forget the session; the password is the configuration's."""
        with TokenStore(visit.state, visit.feed).locked() as store:
            store.forget()
        return "The session is forgotten."
