"""The price of a tariff of Octopus Energy in Great Britain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from eink_monitor.clock import iso
from eink_monitor.errors import BadAnswer
from eink_monitor.metrics import PRICE_GBP
from eink_monitor.model.outlook import Slot
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.settings import insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._price import PriceSource, days, told

_WHO = "Octopus"
_REGIONS = "ABCDEFGHJKLMNP"  # of the grid; there is no I and no O
_PENCE = 100
_PAGES = 3


@dataclass(frozen=True, kw_only=True)
class Octopus(PriceSource):
    """The price, with VAT, of a public tariff of Octopus Energy in Great Britain; Agile in half hours (no account).

    ``product`` is its code (AGILE-24-10-01), ``region`` the letter of the grid (A to P).
    """

    product: str
    region: str
    base_url: str = "https://api.octopus.energy"

    guide: ClassVar[str] = "The name of your tariff is on your bill: docs/outlook.md."
    words: ClassVar[Mapping[str, str]] = {
        "product": "such as AGILE-24-10-01",
        "region": "a letter from A to P",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (PRICE_GBP,)

    def __post_init__(self) -> None:
        plain = self.product.isascii() and self.product.replace("-", "").isalnum()
        together(
            lambda: insist(
                (plain, "product must be the code of a tariff, such as AGILE-24-10-01"),
                (len(self.region) == 1 and self.region in _REGIONS, "region must be the letter of your grid, A to P"),
            ),
            lambda: address(self.base_url),
        )

    def quota(self) -> Quota:
        """None is published."""
        return Quota("octopus", (Budget(100, "hour"),))

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the interface
        """Mostly one page."""
        return _PAGES

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call, unless it splits two days into several pages."""
        from eink_monitor.sources._http.answer import judge, table
        from eink_monitor.sources._http.web import Web

        window = days(visit)
        params = {"period_from": iso(window[0]), "period_to": iso(window[1]), "page_size": "250"}
        unknown = BadAnswer(f"{_WHO} does not know this tariff", "check product and region")
        path = f"/v1/products/{self.product}/electricity-tariffs/E-1R-{self.product}-{self.region}/standard-unit-rates/"
        web, rates = Web(self.base_url, _WHO, visit), list[object]()
        for page in range(1, _PAGES + 1):
            answer = judge(web.get(path, params | {"page": f"{page}"}), visit.now, {400: unknown, 404: unknown})
            said = table(answer.json(), _WHO, "the answer")
            rates += _results(said)
            if not said.get("next"):
                break
        yield from told(visit, PRICE_GBP, parse(rates, window), "Octopus Energy")


def _results(said: object) -> list[object]:
    from eink_monitor.sources._http.answer import rows, table

    return rows(table(said, _WHO, "the answer").get("results"), _WHO, "results")


def parse(rates: Sequence[object], window: tuple[int, int]) -> list[Slot]:
    """GBP/kWh within the window, from rates in any order of which the last may be without an end.

    If there are two prices by payment method, direct debit counts.
    """
    from eink_monitor.sources._columns import finite
    from eink_monitor.sources._http.answer import table

    found: dict[int, Slot] = {}
    for rate in rates:
        one = table(rate, _WHO, "a rate")
        price, start = finite(one.get("value_inc_vat")), _instant(one.get("valid_from"), window[0])
        end = _instant(one.get("valid_to"), window[1])
        other_way = str(one.get("payment_method") or "DIRECT_DEBIT") != "DIRECT_DEBIT"
        start, end = max(start, window[0]), min(end, window[1])
        if price is not None and start < end and not (other_way and start in found):
            found[start] = Slot(start, end, price / _PENCE)
    return [found[start] for start in sorted(found)]


def _instant(text: object, otherwise: int) -> int:
    """An instant with its offset from UTC; ``otherwise`` where there is none. Raises ``BadAnswer``."""
    if text is None:
        return otherwise
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        if moment and moment.tzinfo:
            return max(0, int(moment.timestamp()))
    except (ValueError, OverflowError):
        pass
    message = f"{_WHO}: valid_from or valid_to is not a time"
    raise BadAnswer(message)
