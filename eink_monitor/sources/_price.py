"""Shared by price sources: a formula for what is paid, and its readings and outlook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import DAY, HOUR, MINUTE, local, midnight
from eink_monitor.metrics import PRICE_EUR
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source
from eink_monitor.settings import insist

_RENEWED = 15 * MINUTE  # the shortest a price holds; those of a day are fixed once
_MOST_VAT = 100.0


@dataclass(frozen=True, kw_only=True)
class PriceSource(Source):
    """Prices of power by the quarter hour or longer: an outlook, and readings of what was paid."""

    group: ClassVar[str] = "price"
    metrics: ClassVar[tuple[Metric, ...]] = (PRICE_EUR,)
    lag: ClassVar[int] = 2 * HOUR  # the price of an hour is told once in it
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The same as what is paid."""
        return {subject: self.metrics}

    def pace(self, visit: Visit) -> int:
        """More often there is nothing new."""
        return max(visit.every, _RENEWED)

    def patience(self, every: int) -> int:
        """As ``pace``."""
        return 3 * max(every, _RENEWED) + self.lag


@dataclass(frozen=True, kw_only=True)
class SpotSource(PriceSource):
    """Prices of the exchange; you pay (price + ``charges``) x (1 + ``vat`` %).

    ``charges`` are taxes and fees in EUR/kWh without VAT; with ``hourly`` a supplier bills the mean of an hour.
    """

    charges: float = 0.0
    vat: float = 0.0
    hourly: bool = False

    def __post_init__(self) -> None:
        insist(
            (-1 < self.charges < 1, "charges must be in EUR/kWh: 0.155 is 15.5 ct"),
            (0 <= self.vat <= _MOST_VAT, "vat must be 0 to 100 (%)"),
        )

    def doubts(self) -> Iterator[tuple[str, str]]:
        """A share of one where a share of a hundred is meant."""
        if 0 < self.vat < 1:
            yield f"vat: {self.vat:g} is less than 1 %", f"write `vat: {100 * self.vat:g}`"

    def paid(self, spot: Sequence[Slot]) -> list[Slot]:
        """Slots of the exchange (EUR/kWh), converted to what you pay."""
        slots = by_the_hour(spot) if self.hourly else spot
        return [Slot(start, end, (value + self.charges) * (1 + self.vat / 100)) for start, end, value in slots]


def days(visit: Visit) -> tuple[int, int]:
    """The first instant of the local day, and of the day after tomorrow."""
    today = local(visit.now, visit.zone).date()
    start = midnight(today, visit.zone)
    return start, midnight(local(start + 2 * DAY + DAY // 2, visit.zone).date(), visit.zone)


def told(visit: Visit, metric: Metric, slots: Sequence[Slot], attribution: str) -> Iterator[Said]:
    """The prices known, and a reading of each that has begun since the last one that was stored.

    Nothing for tomorrow is no fault: it is not published before the afternoon.
    """
    today, _ = days(visit)
    known = sorted(slot for slot in slots if slot.end > today)
    if not any(slot.end > visit.now for slot in known):
        visit.remarks.add("no price is published for now")
    if known:
        yield Outlook(visit.subject, metric, visit.now, tuple(known), attribution)
    last = visit.last(metric)
    for slot in known:
        holds = slot.end > visit.now
        at = max(slot.start, visit.now // HOUR * HOUR) if holds else slot.start  # one that holds for days is repeated
        if slot.start <= visit.now and (at > last.at if last else holds):
            yield Reading(visit.subject, metric, slot.value, at)


def by_the_hour(slots: Sequence[Slot]) -> list[Slot]:
    """The mean of every hour, as far as slots reach; they are no longer than one."""
    hours: dict[int, list[Slot]] = {}
    for slot in slots:
        hours.setdefault(slot.start // HOUR * HOUR, []).append(slot)
    return [
        Slot(
            start, start + HOUR, sum(s.value * (s.end - s.start) for s in inside) / sum(s.end - s.start for s in inside)
        )
        for start, inside in sorted(hours.items())
    ]
