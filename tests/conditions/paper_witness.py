"""A house on paper for conditions: readings as (at, value), and whatever else they may ask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from eink_monitor.conditions import Truth
from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Metric, Reading, Run


@dataclass
class PaperWitness:
    """``readings`` by "subject.metric"; each holds for as long as the sources are patient."""

    readings: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    troubles: dict[str, list[tuple[int, Truth]]] = field(default_factory=dict)
    sunny: Truth = None
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("Europe/Berlin"))
    patient: int = 600
    asked: int = 0

    def known(self, subject: str, metric: Metric, at: int, within: int) -> Reading | None:
        runs = [run for run in self.runs(subject, metric, at - within, at) if run.start <= at]
        return Reading(subject, metric, runs[-1].value, runs[-1].end) if runs else None

    def ever(self, subject: str, metric: Metric, at: int) -> bool:
        return any(when <= at for when, _ in self.readings.get(f"{subject}.{metric.name}", []))

    def runs(self, subject: str, metric: Metric, since: int, until: int) -> Sequence[Run]:
        self.asked += 1
        points = self.readings.get(f"{subject}.{metric.name}", [])
        return [Run(at, at, value) for at, value in points if since <= at <= until]

    def metrics(self, subject: str) -> Sequence[Metric]:
        return [METRICS[key.rpartition(".")[2]] for key in self.readings if key.rpartition(".")[0] == subject]

    def patience(self, subject: str, metric: Metric) -> int:
        return self.patient

    def trouble(self, name: str, at: int) -> Truth:
        return next((truth for since, truth in reversed(self.troubles.get(name, [])) if since <= at), None)

    def turns(self, name: str, since: int, until: int) -> Iterable[int]:
        return (at for at, _ in self.troubles.get(name, []))

    def day(self, at: int) -> Truth:
        return self.sunny
