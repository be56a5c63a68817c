"""Polling a source by hand: what the daemon does, without the daemon."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from eink_monitor.clock import FastClock
from eink_monitor.model.event import Event
from eink_monitor.model.listing import Listing
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.vet import heard


class Visitor:
    """Polls ``source`` on a simulated clock and remembers the newest reading of every metric, as the store does."""

    def __init__(self, source: Source, state: Path, zone: ZoneInfo, clock: FastClock, every: int = 1800) -> None:
        self.source, self.state, self.zone, self.every = source, state, zone, every
        self.clock = clock
        self.latest: dict[tuple[str, str], Reading] = {}
        self.outlooks: dict[tuple[str, str], Outlook] = {}
        self.listings: list[Listing] = []
        self.events: list[Event] = []
        self.note = ""
        self.spent = 0

    def visit(self, allowance: int | None = None) -> Visit:
        visit = Visit("roof", "roof", self.clock.now(), self.zone, self.every, self.latest, self.state)
        visit.allowance = self.source.cost(visit) if allowance is None else allowance
        return visit

    def poll(self, allowance: int | None = None) -> list[Reading]:
        """One poll, vetted as a child does it; nothing is remembered of a failed one."""
        visit = self.visit(allowance)
        try:
            said = heard(self.source.poll(visit), visit)
        finally:
            self.spent, self.note = visit.spent, visit.note
        self.outlooks = {(one.subject, one.metric.name): one for one in said.outlooks}
        self.listings, self.events = said.listings, said.events
        for reading in said.readings:
            key = (reading.subject, reading.metric.name)
            if key not in self.latest or self.latest[key].at <= reading.at:
                self.latest[key] = reading
        return said.readings

    def value(self, metric: Metric) -> float:
        return self.latest["roof", metric.name].value

    def at(self, metric: Metric) -> int:
        return self.latest["roof", metric.name].at
