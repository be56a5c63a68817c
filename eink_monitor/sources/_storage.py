"""Impossible charges of a house battery: none empties so fast."""

from __future__ import annotations

from collections.abc import Iterable

from eink_monitor.clock import MINUTE
from eink_monitor.metrics import STORAGE_SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading

_LEFT = 20.0  # percent
_SOON = 20 * MINUTE  # then the slowest of our sources has polled again


def without_plunges(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """The readings of a poll without charges of 0 right after a battery was far from empty; ``visit`` notes them."""
    kept = []
    last = visit.last(STORAGE_SOC)
    for reading in readings:
        if reading.metric is STORAGE_SOC:
            if reading.value == 0 and last and last.value >= _LEFT and 0 <= reading.at - last.at <= _SOON:
                visit.remarks.leave_out(STORAGE_SOC.name, reading.value, STORAGE_SOC.unit)
                continue
            last = reading
        kept.append(reading)
    return kept
