"""What a house knows of a car while messages come in."""

from __future__ import annotations

from pathlib import Path

from eink_monitor.clock import DAY, iso
from eink_monitor.model.reading import Reading
from eink_monitor.vet import vet
from loopback.bmw import Bmw, signed_in
from loopback.cars import NOW, Reply, visit_to


class Story:
    """What a house knows of a car while messages come in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.note = ""
        self.latest: dict[str, Reading] = {}

    def hear(self, readings: list[Reading]) -> dict[str, float]:
        """Keep what is newest, as the store does, and tell the figures."""
        for reading in readings:
            known = self.latest.get(reading.metric.name)
            if known is None or reading.at >= known.at:
                self.latest[reading.metric.name] = reading
        return {name: round(reading.value, 1) for name, reading in self.latest.items()}


class BmwStory(Story):
    """Messages of one BMW, by REST and by the stream, through the source itself."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        signed_in(folder, expires_at=NOW + DAY)

    def _entries(self, told: dict[str, object], at: int) -> dict[str, object]:
        entries: dict[str, object] = {}
        for name, value in told.items():
            size, unit, moment = value if isinstance(value, tuple) else (value, None, at)
            entries[name] = {"value": size, "unit": unit, "timestamp": iso(moment)}
        return entries

    def rest(self, told: dict[str, object], at: int = NOW) -> dict[str, float]:
        with Bmw([Reply({"telematicData": self._entries(told, at)})]) as bmw:
            visit = visit_to(self.folder, now=max(at, NOW), known=list(self.latest.values()))
            readings = vet(bmw.source().poll(visit), visit)
        self.note = visit.note
        return self.hear(readings)

    def stream(self, told: dict[str, object], at: int) -> dict[str, float]:
        visit = visit_to(self.folder, now=at, known=list(self.latest.values()))
        with Bmw() as bmw:
            source = bmw.source(stream=True)
            return self.hear(vet(source._understood({"data": self._entries(told, at)}, visit), visit))
