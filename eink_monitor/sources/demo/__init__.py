"""A demo house that needs no account and no hardware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from eink_monitor.clock import MINUTE, local
from eink_monitor.errors import Unavailable
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.settings import Window, insist
from eink_monitor.sources.demo import cars, disk, roof


@dataclass(frozen=True)
class Demo(Source):
    """A demo house: a roof with battery and meter, two cars and a backup disk; no account, no hardware.

    ``show`` picks one thing of the house, ``outage`` is when nobody answers, ``calls_per_day`` a quota to run into.
    """

    show: Literal["house", "roof", "car", "hybrid", "disk"] = "house"
    outage: Window | None = None
    calls_per_day: int = 0

    demo: ClassVar[bool] = True
    latitude: ClassVar[float] = roof.LATITUDE
    metrics: ClassVar[tuple[Metric, ...]] = (*roof.METRICS, *cars.HYBRID, *disk.METRICS)

    def __post_init__(self) -> None:
        insist((self.calls_per_day >= 0, "calls_per_day must be 0 (no quota) or more"))

    def patience(self, every: int) -> int:
        """A parked car speaks twice an hour, however often it is asked."""
        return max(3 * every, 45 * MINUTE) if self.show in {"house", "car", "hybrid"} else 3 * every

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """A whole house speaks of ``roof``, ``car``, ``hybrid`` and ``disk:backups``; one thing of its own subject."""
        if self.show == "house":
            return {"roof": roof.METRICS, "car": cars.METRICS, "hybrid": cars.HYBRID, "disk:backups": disk.METRICS}
        if self.show == "disk":
            return {f"{subject}:backups": disk.METRICS}
        return {subject: {"roof": roof.METRICS, "car": cars.METRICS, "hybrid": cars.HYBRID}[self.show]}

    def quota(self) -> Quota | None:
        """A vendor that counts, if ``calls_per_day`` says so."""
        return Quota(f"demo {self.show}", (Budget(self.calls_per_day, "day"),)) if self.calls_per_day else None

    def poll(self, visit: Visit) -> list[Reading]:
        """What the house measures at this instant."""
        if self.calls_per_day:
            visit.spend()
        here = local(visit.now, visit.zone)
        if self.outage and self.outage.holds(here.hour * 60 + here.minute):
            raise Unavailable(f"{visit.feed}: the demo vendor does not answer until {str(self.outage)[6:]}")
        readings = []
        for subject, known in self.publishes(visit.subject).items():
            if known is roof.METRICS:
                readings += roof.readings(subject, visit)
            elif known is disk.METRICS:
                readings += disk.readings(subject, visit)
            else:
                readings += cars.readings(subject, visit, hybrid=known is cars.HYBRID)
        return readings
