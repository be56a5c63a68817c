"""The price that a Tibber customer pays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.metrics import PRICE_EUR, PRICE_NOK, PRICE_SEK, PRICES
from eink_monitor.model.outlook import Slot
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.settings import Personal, Secret, insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._price import PriceSource, told

if TYPE_CHECKING:
    from eink_monitor.sources._http.answer import Answer

_WHO = "Tibber"
_DAYS = "current{total startsAt currency} today{total startsAt} tomorrow{total startsAt}"
_PRICES = f"currentSubscription{{priceInfo(resolution:QUARTER_HOURLY){{{_DAYS}}}}}"
_MOST = 500
_BY_CURRENCY = {metric.unit[:3]: metric for metric in PRICES}


@dataclass(frozen=True, kw_only=True)
class Tibber(PriceSource):
    """The gross price that a customer of Tibber pays, in quarter hours, with a token from developer.tibber.com.

    ``home`` is the id of one of several homes; ``charges`` per kWh (grid fees, with VAT) are added.
    """

    token: Secret
    home: Personal[str] = ""
    charges: float = 0.0
    base_url: str = "https://api.tibber.com"

    guide: ClassVar[str] = "Make a token at developer.tibber.com."
    words: ClassVar[Mapping[str, str]] = {
        "token": "as it is shown there",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (PRICE_EUR, PRICE_NOK, PRICE_SEK)
    door: ClassVar[str] = "developer.tibber.com"

    def __post_init__(self) -> None:
        together(
            lambda: insist(
                (
                    all(sign.isalnum() or sign == "-" for sign in self.home),
                    "home must be the id of a home, or omitted",
                ),
                (-10 < self.charges < 10, "charges must be in the currency, per kWh"),
            ),
            lambda: address(self.base_url),
        )

    @property
    def renews(self) -> str:
        """No sign-in."""
        return "token"

    def quota(self) -> Quota:
        """100 requests in five minutes, as it is widely quoted."""
        return Quota("tibber", (Budget(20, "minute"),))

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call."""
        from eink_monitor.sources._http.web import Web

        homes = f'home(id:"{self.home}")' if self.home else "homes"
        query = {"query": f"{{viewer{{{homes}{{{_PRICES}}}}}}}"}
        headers = {"Authorization": f"Bearer {self.token.reveal()}"}
        answer = Web(self.base_url, _WHO, visit).post_json("/v1-beta/gql", query, headers)
        metric, prices = parse(judged(answer, visit.now))
        gross = [Slot(start, end, value + self.charges) for start, end, value in prices]
        yield from told(visit, metric, gross, _WHO)


def judged(answer: Answer, now: int) -> Mapping[str, object]:
    """What the viewer may see. Errors come with status 200, too."""
    from eink_monitor.sources._http.answer import judge, table

    refused = AuthFailed(f"{_WHO} rejects the token", "create a new one at developer.tibber.com and put it into token")
    document = table(judge(answer, now, {401: refused, 403: refused}).json(), _WHO, "the answer")
    errors = document.get("errors")
    if isinstance(errors, list) and errors:
        said = str(errors[:3]).lower()
        if "unauthenticated" in said or "invalid token" in said:
            raise refused
        if "not found" in said or "home" in said:
            raise BadAnswer(f"{_WHO} does not know this home", "check home, or remove it")
        raise Unavailable(f"{_WHO} reports an internal error; trying again later")
    return table(table(document.get("data"), _WHO, "data").get("viewer"), _WHO, "viewer")


def parse(viewer: Mapping[str, object]) -> tuple[Metric, list[Slot]]:
    """The metric of its currency, and prices per kWh of today and, once they are known, of tomorrow."""
    from eink_monitor.sources._columns import Sample, finite, slots
    from eink_monitor.sources._http.answer import rows, table

    info = _info(viewer)
    currency = table(info.get("current"), _WHO, "current").get("currency")
    metric = _BY_CURRENCY.get(currency) if isinstance(currency, str) else None
    if metric is None:
        message = f"{_WHO} sent prices in an unknown currency; they are ignored"
        raise BadAnswer(message)
    known: dict[int, float | None] = {}
    for day in ("today", "tomorrow"):
        for row in rows(info.get(day) or [], _WHO, day)[:_MOST]:
            one = table(row, _WHO, day)
            if start := _instant(one.get("startsAt")):
                known[start] = finite(one.get("total"))
    return metric, slots([Sample(at, known[at]) for at in sorted(known)])


def _info(viewer: Mapping[str, object]) -> Mapping[str, object]:
    """What is known of prices, of the first home that has a contract."""
    from eink_monitor.sources._http.answer import rows, table

    homes = [viewer["home"]] if "home" in viewer else rows(viewer.get("homes"), _WHO, "homes")
    for home in homes:
        subscription = home.get("currentSubscription") if isinstance(home, dict) else None
        if isinstance(subscription, dict):
            return table(subscription.get("priceInfo"), _WHO, "priceInfo")
    raise BadAnswer(f"{_WHO}: this home has no electricity contract")


def _instant(text: object) -> int:
    """An instant with its offset from UTC; 0 for anything else."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return max(0, int(moment.timestamp())) if moment and moment.tzinfo else 0
    except (ValueError, OverflowError):
        return 0
