"""Planning scarce vendor calls: how many may be spent now, and when the next poll should be.

Pure functions of what the ledger counted. The rolling spans are the stricter reading of a vendor's "per day": whenever
the vendor's day begins and however long it is, it cannot hold more than the budget.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, MINUTE, local, midnight
from eink_monitor.model.poll import Quota

SPANS = {"minute": MINUTE, "hour": HOUR, "day": 25 * HOUR}  # a local day has up to 25 hours


class Call(NamedTuple):
    """Calls of an account reserved or made at one instant."""

    at: int
    calls: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What one budget has seen: ``used`` of ``limit`` calls in a span; at ``frees_at`` the next call is free again."""

    span: str
    used: int
    limit: int
    frees_at: int


def month_start(now: int, zone: ZoneInfo) -> int:
    """First instant of the local month."""
    return midnight(local(now, zone).date().replace(day=1), zone)


def next_month(now: int, zone: ZoneInfo) -> int:
    """First instant of the next local month."""
    today = local(now, zone).date()
    return midnight(date(today.year + today.month // 12, today.month % 12 + 1, 1), zone)


def renewal(quota: Quota, now: int, zone: ZoneInfo) -> float:
    """Seconds until a budget restarts; infinite if all of them roll."""
    monthly = any(budget.span == "month" for budget in quota.budgets)
    return next_month(now, zone) - now if monthly else float("inf")


def horizon(quota: Quota, now: int, zone: ZoneInfo) -> int:
    """The earliest call that still counts against any budget."""
    return min(month_start(now, zone) if b.span == "month" else now - SPANS[b.span] + 1 for b in quota.budgets)


def spent(quota: Quota, calls: Sequence[Call], now: int, zone: ZoneInfo) -> list[Spent]:
    """What each budget has seen. ``calls`` are in order of time and reach back at least to ``horizon``."""
    report = []
    for budget in quota.budgets:
        since = month_start(now, zone) if budget.span == "month" else now - SPANS[budget.span] + 1
        inside = [call for call in calls if call.at >= since]
        if budget.span == "month":
            frees_at = next_month(now, zone)
        else:
            frees_at = inside[0].at + SPANS[budget.span] if inside else now
        report.append(Spent(budget.span, sum(call.calls for call in inside), budget.calls, frees_at))
    return report


def affordable(quota: Quota, calls: Sequence[Call], now: int, zone: ZoneInfo) -> int:
    """How many calls may be made this instant without exceeding any budget; never negative."""
    return max(0, min(entry.limit - entry.used for entry in spent(quota, calls, now, zone)))


def opens_at(quota: Quota, calls: Sequence[Call], cost: int, now: int, zone: ZoneInfo) -> int:
    """The first instant from ``now`` on at which ``cost`` calls are affordable, if nobody else spends any meanwhile.

    What costs more than a whole budget never is; it may be looked at again when a whole span has gone by.
    """
    opening = now
    for budget in quota.budgets:
        if budget.span == "month":
            since = month_start(now, zone)
            used = sum(call.calls for call in calls if call.at >= since)
            if used + cost > budget.calls:
                opening = max(opening, next_month(now, zone))
            continue
        span = SPANS[budget.span]
        if cost > budget.calls:
            opening = max(opening, now + span)
        inside = [call for call in calls if call.at > now - span]
        excess = sum(call.calls for call in inside) + cost - budget.calls
        for call in inside:
            if excess <= 0:
                break
            excess -= call.calls
            opening = max(opening, call.at + span)
    return opening


def stretch(
    quota: Quota, calls: Sequence[Call], rates: Iterable[Callable[[int], float]], now: int, zone: ZoneInfo
) -> float:
    """By how much every poll of an account must be spread so that its calls last; 1.0 when they do.

    ``rates`` gives, for each feed of the account, the calls per second it would like at an instant. Their sum over the
    rest of a budget is compared with what is left of it. A month is divided into days, so that its last day gets as
    much as its first.
    """
    rates = list(rates)
    factor = 1.0
    for budget in quota.budgets:
        if budget.span == "month":
            left, until = _todays_share(budget.calls, calls, now, zone)
        else:  # a rolling window frees calls as it rolls: only the rate matters; the hard stop does the rest
            left, until = float(budget.calls), now + SPANS[budget.span]
        wanted = sum(_integral(rate, now, until) for rate in rates)
        factor = max(factor, wanted / max(left, 0.5))
    return factor


def _todays_share(limit: int, calls: Sequence[Call], now: int, zone: ZoneInfo) -> tuple[float, int]:
    """Calls of a monthly budget still meant for today, and when today ends."""
    today = local(now, zone).date()
    start, month = midnight(today, zone), month_start(now, zone)
    before = sum(call.calls for call in calls if month <= call.at < start)
    used = sum(call.calls for call in calls if call.at >= start)
    first_of_next = local(next_month(now, zone), zone).date()
    share = (limit - before) / (first_of_next - today).days
    return share - used, midnight(date.fromordinal(today.toordinal() + 1), zone)


def _integral(rate: Callable[[int], float], start: int, end: int) -> float:
    """Calls made at that rate, sampled once an hour."""
    step = HOUR
    return sum(rate(at) * min(step, end - at) for at in range(start, end, step))
