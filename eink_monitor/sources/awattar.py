"""Hourly prices from aWATTar."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from eink_monitor.clock import HOUR
from eink_monitor.errors import BadAnswer
from eink_monitor.metrics import PRICE_EUR
from eink_monitor.model.outlook import Slot
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.said import Said
from eink_monitor.settings import together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._price import SpotSource, days, told

_WHO = "aWATTar"
_MOST = 500
_PER_MWH = 1000


@dataclass(frozen=True, kw_only=True)
class Awattar(SpotSource):
    """Hourly day-ahead prices of Germany or Austria, from aWATTar (no account; 100 calls a day are fair use).

    You pay (price + ``charges``) x (1 + ``vat`` %).
    """

    country: Literal["de", "at"] = "de"
    base_url: str = ""

    def __post_init__(self) -> None:
        together(super().__post_init__, lambda: address(self.base_url) if self.base_url else None)

    def quota(self) -> Quota:
        """Fair use, as it is widely quoted."""
        return Quota("awattar", (Budget(60, "minute"), Budget(100, "day")))

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call."""
        from eink_monitor.sources._http.answer import judge
        from eink_monitor.sources._http.web import Web

        start, end = days(visit)
        web = Web(self.base_url or f"https://api.awattar.{self.country}", _WHO, visit)
        answer = web.get("/v1/marketdata", {"start": f"{start * 1000}", "end": f"{end * 1000}"})
        slots = self.paid(parse(judge(answer, visit.now).json()))
        yield from told(visit, PRICE_EUR, slots, "aWATTar")


def parse(document: object) -> list[Slot]:
    """Prices in EUR/kWh; a row without a price is a gap. Raises ``BadAnswer``."""
    from eink_monitor.sources._columns import finite
    from eink_monitor.sources._http.answer import number, rows, table

    found = []
    for row in rows(table(document, _WHO, "the answer").get("data"), _WHO, "data")[:_MOST]:
        one = table(row, _WHO, "a row")
        if str(one.get("unit", "")).lower() != "eur/mwh":
            message = f"{_WHO} sent prices in a unit other than Eur/MWh; they are ignored"
            raise BadAnswer(message)
        start, end = (int(number(one.get(f"{edge}_timestamp"), _WHO, edge)) // 1000 for edge in ("start", "end"))
        price = finite(one.get("marketprice"))
        if price is not None and 0 < end - start <= HOUR:
            found.append(Slot(start, end, price / _PER_MWH))
    return found
