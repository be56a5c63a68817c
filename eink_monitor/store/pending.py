"""What is not on the card yet: bounded, and movable in time.

It is replayed whenever memory is rebuilt: after another process has written, the card has come back, or the clock has
jumped.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eink_monitor.model.poll import Outcome
from eink_monitor.model.reading import Reading
from eink_monitor.store.outcomes import Outcomes
from eink_monitor.store.part import Part
from eink_monitor.store.readings import Readings

MOST_READINGS = 20_000  # about 4 MB: two days of six sources at five minutes
MOST_OUTCOMES = 2_000


@dataclass(slots=True)
class Batch:
    """What one poll brought. What is dated ``ours`` or later was dated by our own clock."""

    readings: list[Reading]
    spacing: int
    ours: int


class Pending(Part):
    """Batches and outcomes in the order they came."""

    def __init__(self, readings: Readings, outcomes: Outcomes) -> None:
        self._readings = readings
        self._outcomes = outcomes
        self.batches: list[Batch] = []
        self.outcomes: list[tuple[Outcome, int | None, int]] = []
        self._count = 0

    @property
    def pending(self) -> bool:
        """Whether there is anything."""
        return bool(self.batches or self.outcomes)

    def reload(self) -> None:
        """Readings and outcomes have been reread: apply again what is not there yet."""
        for batch in self.batches:
            self._readings.add(batch.readings, batch.spacing)
        for outcome, due, stamp in self.outcomes:
            self._outcomes.add(outcome, due, stamp)

    def written(self) -> None:
        """All of it is on the card."""
        self.batches.clear()
        self.outcomes.clear()
        self._count = 0

    def add(self, batch: Batch) -> bool:
        """Take a batch in; True when the older half had to be thinned."""
        self.batches.append(batch)
        self._count += len(batch.readings)
        if self._count <= MOST_READINGS:
            return False
        self._thin()
        return True

    def note(self, outcome: Outcome, due: int | None, stamp: int) -> None:
        """Take an outcome in; beyond the bound the oldest goes."""
        self.outcomes.append((outcome, due, stamp))
        del self.outcomes[:-MOST_OUTCOMES]

    def shift(self, by: int) -> int:
        """Move everything our own clock dated by so many seconds; returns how many readings that were."""
        moved = 0
        for batch in self.batches:
            for number, reading in enumerate(batch.readings):
                if reading.at >= batch.ours:
                    batch.readings[number] = reading._replace(at=reading.at + by)
                    moved += 1
            batch.ours += by
        self.outcomes = [
            (replace(outcome, at=outcome.at + by), None if due is None else due + by, stamp)
            for outcome, due, stamp in self.outcomes
        ]
        return moved

    def _thin(self) -> None:
        """Of the older half keep every second batch of each subject, and allow for the longer pauses."""
        half = len(self.batches) // 2
        seen: dict[str, int] = {}
        kept = []
        for batch in self.batches[:half]:
            subject = batch.readings[0].subject
            seen[subject] = seen.get(subject, 0) + 1
            if seen[subject] % 2:
                batch.spacing *= 2
                kept.append(batch)
        self.batches[:half] = kept
        self._count = sum(len(batch.readings) for batch in self.batches)
