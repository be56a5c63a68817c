"""Day-ahead prices from Energy-Charts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import DAY, local
from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.metrics import PRICE_EUR
from eink_monitor.model.outlook import Slot
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.said import Said
from eink_monitor.settings import insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._price import SpotSource, told

_WHO = "Energy-Charts"
_PER_MWH = 1000


@dataclass(frozen=True, kw_only=True)
class EnergyCharts(SpotSource):
    """Day-ahead prices of a bidding zone in quarter hours, from Energy-Charts by Fraunhofer ISE (no account).

    ``zone`` is one as they call it: DE-LU, AT, FR, NL, SE3, IT-North. You pay (price + ``charges``) x (1 + ``vat`` %).
    """

    zone: str = "DE-LU"
    base_url: str = "https://api.energy-charts.info"

    words: ClassVar[Mapping[str, str]] = {"zone": "the bidding zone, such as DE-LU, AT or FR"}

    def __post_init__(self) -> None:
        together(
            super().__post_init__,
            lambda: insist((_is_zone(self.zone), "zone must be a bidding zone, such as DE-LU, AT or SE3")),
            lambda: address(self.base_url),
        )

    def doubts(self) -> Iterator[tuple[str, str]]:
        """Germany and Luxembourg are one zone."""
        yield from super().doubts()
        if self.zone in {"DE", "LU"}:
            yield f"{self.zone} is no bidding zone of its own", "write `zone: DE-LU`"

    def quota(self) -> Quota:
        """The service asks for moderation, without a figure."""
        return Quota("energy-charts", (Budget(60, "hour"),))

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the interface
        """Today and tomorrow; if that is too early, today alone."""
        return 2

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call, in the morning two."""
        from eink_monitor.sources._http.answer import judge, table
        from eink_monitor.sources._http.web import Web

        today = local(visit.now, visit.zone).date().isoformat()
        tomorrow = local(visit.now + DAY, visit.zone).date().isoformat()
        web = Web(self.base_url, _WHO, visit)
        answer = web.get("/price", {"bzn": self.zone, "start": today, "end": tomorrow})
        if answer.status == 404:  # nothing for tomorrow yet
            answer = web.get("/price", {"bzn": self.zone, "start": today, "end": today})
        none = Unavailable(f"{_WHO} has no prices for {self.zone} today")
        refused = BadAnswer(f"{_WHO} does not know this zone", "check zone")
        document = table(judge(answer, visit.now, {404: none, 400: refused, 422: refused}).json(), _WHO, "the answer")
        yield from told(visit, PRICE_EUR, self.paid(parse(document)), attribution(document.get("license_info")))


def _is_zone(zone: str) -> bool:
    return 1 < len(zone) <= 16 and zone.replace("-", "").isalnum() and zone.isascii()


def parse(document: dict[str, object] | object) -> list[Slot]:
    """Prices in EUR/kWh. Raises ``BadAnswer``."""
    from eink_monitor.sources._columns import samples, slots
    from eink_monitor.sources._http.answer import table

    said = table(document, _WHO, "the answer")
    unit = str(said.get("unit", "")).replace(" ", "").lower()
    if unit != "eur/mwh":
        message = f"{_WHO} sent prices in a unit other than EUR/MWh; they are ignored"
        raise BadAnswer(message)
    found = slots(samples(said, "unix_seconds", "price", _WHO))
    return [Slot(start, end, value / _PER_MWH) for start, end, value in found]


def attribution(licence: object) -> str:
    """What the licence requires: CC BY 4.0 for some zones, for private use only for others."""
    free = "CC BY 4.0" in licence if isinstance(licence, str) else False
    return "SMARD.de, Energy-Charts (CC BY 4.0)" if free else "Energy-Charts (private use only)"
