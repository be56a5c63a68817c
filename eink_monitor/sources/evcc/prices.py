"""Prices to come, from evcc's tariff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric
from eink_monitor.sources._columns import finite
from eink_monitor.sources._times import instant
from eink_monitor.vet import MOST_SLOTS


def prices(rates: Sequence[object], metric: Metric, visit: Visit) -> Iterator[Outlook]:
    """The slots that are known; a tariff that never changes foretells nothing."""
    slots = sorted(slot for rate in rates[:MOST_SLOTS] if isinstance(rate, dict) and (slot := _slot(rate, visit)))
    ahead = [slot for slot in slots if slot.end > visit.now]
    if ahead and len({slot.value for slot in slots}) > 1:
        yield Outlook(visit.subject, metric, visit.now, tuple(slots), "evcc")


def _slot(rate: dict[str, object], visit: Visit) -> Slot | None:
    start, end = instant(rate.get("start"), visit.zone), instant(rate.get("end"), visit.zone)
    value = finite(rate.get("value", rate.get("price")))  # as it was called before 2025
    return Slot(start, end, value) if start is not None and end is not None and value is not None else None
