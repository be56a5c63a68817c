"""Energies of today, the month and the year, from the counters of the meters that evcc reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy

from eink_monitor import metrics as m
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.sources._inverter import energies, memory
from eink_monitor.sources._inverter.counters import Count
from eink_monitor.sources._inverter.devices import LifetimeEnergy

COUNTERS: Mapping[str, Metric] = {
    "production@roof": m.PRODUCTION_LIFETIME,
    "feed_in": m.FEED_IN_LIFETIME,
    "purchased": m.PURCHASED_LIFETIME,
}
_NEVER = 1e12  # Wh; evcc's counters do not start again
_OF_ALL = frozenset({m.SELF_CONSUMPTION_TODAY, m.CONSUMPTION_TODAY})
_FILE = "counters.json"


def counted(lifetimes: Mapping[Metric, float], at: int, visit: Visit, *, battery: bool) -> Iterator[Reading]:
    """What was counted since midnight, and since the month and the year began; ``lifetimes`` in Wh.

    What a house with a ``battery`` used cannot be told from these.
    """
    path = visit.state / _FILE
    old, when = memory.load(path), energies.spans(visit)
    new = deepcopy(old)
    counts = {
        name: Count("evcc", LifetimeEnergy(lifetimes[metric], _NEVER))
        for name, metric in COUNTERS.items()
        if metric in lifetimes
    }
    new.marks = energies.tally(old.marks, counts, visit.now, when)
    for metric, value in energies.sums(new.marks, counts, ["roof"], when).items():
        if value is not None and not (battery and metric in _OF_ALL):
            yield Reading(visit.subject, metric, value, at)
    if memory.worth_saving(old, new, visit.now, when.day.end, visit.every) and not memory.save(path, new):
        visit.remarks.add("today's energies cannot be kept; is the disk full or read-only?")
