"""Shared by car sources: metrics, polling intervals, and reading a vendor's instants and units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import ClassVar

from eink_monitor.clock import AHEAD, DAY, HOUR, MINUTE
from eink_monitor.metrics import (
    BATTERY_12V,
    CHARGING,
    CHARGING_POWER,
    FUEL,
    LATITUDE,
    LONGITUDE,
    ODOMETER,
    PLUGGED,
    RANGE,
    SOC,
    TARGET_SOC,
    TIME_TO_FULL,
)
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.remarks import Remarks
from eink_monitor.settings import Vin

BASIC = (SOC, TARGET_SOC, RANGE, PLUGGED, CHARGING, CHARGING_POWER, TIME_TO_FULL, ODOMETER, FUEL)
"""The metrics that nearly every maker publishes."""
POSITION = (LATITUDE, LONGITUDE)

IDLE, PLUGGED_IN, CHARGING_NOW = HOUR, 30 * MINUTE, 15 * MINUTE
_BELIEVED = 3 * HOUR  # a plug seen longer ago than this may have been pulled since
_MILE = 1.609344  # km
FOREVER = 1 << 40
UNREADABLE = 0
"""The instant of anything with an unreadable date."""


class CarSource(Source):
    """What the sources of one car have in common; ``vin`` and ``position`` are fields of those that have them."""

    vin: Vin
    position: bool = False

    group: ClassVar[str] = "car"
    metrics: ClassVar[tuple[Metric, ...]] = BASIC
    family: ClassVar[str] = "car"

    @property
    def thing(self) -> object:
        """The car."""
        return self.vin.reveal()

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The car's metrics; its position only with ``position: true``."""
        return {subject: (*self.metrics, *POSITION) if self.position else self.metrics}

    def pace(self, visit: Visit) -> int:
        """Seconds between polls: an hour for an idle car, half for a plugged one, a quarter while it charges.

        Never shorter than the ``every`` of the configuration. A car whose state is not freshly known counts as idle.
        """
        for metric, seconds in ((CHARGING, CHARGING_NOW), (PLUGGED, PLUGGED_IN)):
            reading = visit.last(metric)
            if reading is not None and reading.value and visit.age(metric) < _BELIEVED:
                return max(visit.every, seconds)
        return max(visit.every, IDLE)

    def patience(self, every: int) -> int:
        """A parked car sleeps for days and sends nothing; for a day its last values need no doubt."""
        return max(3 * every, DAY) + self.lag


def account(kind: str, key: str) -> str:
    """A name for a vendor account in the ledger: two feeds with the same key share it; it hides the key."""
    import hashlib  # 3 ms, which the first frame need not wait for

    return f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


class CarReadings:
    """The readings of one answer as they are found; what is missing, or has no date of its own, is left out.

    An impossible value or date, also one after ``now`` (epoch seconds), affects only itself: it becomes a reading that
    ``vet`` leaves out and notes.
    """

    def __init__(self, subject: str, now: int = FOREVER, remarks: Remarks | None = None) -> None:
        self._subject = subject
        self._remarks = remarks or Remarks()
        self._until = now + AHEAD
        self._odd: list[Reading] = []
        self.readings: list[Reading] = []

    def put(self, metric: Metric, value: object, at: int | None, times: float = 1.0) -> None:
        """Note a JSON number in the vendor's unit, of which ``times`` make one of ours."""
        if value is None or at is None or value in UNKNOWN.get(metric.name, ()):
            return
        size = _number(value) * times
        if math.isfinite(size) and self.dates(at):
            self.readings.append(Reading(self._subject, metric, size, at))
        else:
            self._odd.append(Reading(self._subject, metric, size, at))

    def dates(self, at: int) -> bool:
        """Whether an instant is a plausible time of measurement."""
        return UNREADABLE < at <= self._until

    def value(self, metric: Metric) -> float | None:
        """What was noted of a metric, if it was."""
        return next((reading.value for reading in self.readings if reading.metric is metric), None)

    def newest(self) -> list[Reading]:
        """The newest reading of each metric; of two equally old ones the one noted first."""
        found: dict[str, Reading] = {}
        for reading in self.readings:
            known = found.setdefault(reading.metric.name, reading)
            if reading.at > known.at:
                found[reading.metric.name] = reading
        for reading in self._odd:
            found.setdefault(reading.metric.name, reading)
        return list(found.values())

    def put_state(self, metric: Metric, word: object, meanings: Mapping[str, bool], at: int | None) -> None:
        """Note what a vendor's word means; an unknown word is no reading."""
        if isinstance(word, str) and word in meanings:
            self.put(metric, int(meanings[word]), at)

    def section(self, parent: Mapping[str, object], name: str) -> Mapping[str, object]:
        """A part of the answer; empty where it is missing or null. One that is no object costs itself only."""
        part = parent.get(name)
        if isinstance(part, dict):
            return part
        if part is not None:
            self.broken(name)
        return {}

    def unclear(self, metric: Metric, value: float) -> None:
        """Remark that a figure came without a known unit."""
        self._remarks.leave_out(f"{metric.name} without a known unit", value)

    def broken(self, name: str) -> None:
        """Remark that some of a part of the answer made no sense."""
        self._odd.append(Reading(self._subject, Metric(f"some of {name}", "", 1, 0, 0, name), math.nan, 0))


def _number(value: object) -> float:
    """A JSON number (true and false are none); what is none is no number as a float, too."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    except OverflowError:
        return math.nan


# Nought where that cannot be, and all ones in 7, 8, 12, 14, 15, 16, 20, 24, 31 and 32 bits: "not known".
UNKNOWN: Mapping[str, tuple[float, ...]] = {
    **dict.fromkeys((SOC.name, FUEL.name), (127, 254, 255)),
    TARGET_SOC.name: (0, 127, 254, 255),
    RANGE.name: (4095, 8191, 16383, 32767, 65535, 4_095_000, 8_191_000, 16_383_000, 32_767_000, 65_535_000),
    TIME_TO_FULL.name: (32767, 65535),
    BATTERY_12V.name: (0,),
    ODOMETER.name: (0, 1_048_575, 16_777_215, 2_147_483_647, 4_294_967_295),
}


def instant(value: object) -> int | None:
    """Epoch seconds of an ISO 8601 text (UTC where it names no offset); None stays None, else ``UNREADABLE``."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None:
            return max(UNREADABLE, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        pass
    return UNREADABLE


def kilometres(unit: object) -> float | None:
    """How many km one of a vendor's units is ("km", "DISTANCE_UNIT_MILES"); None for one that is no distance."""
    return _DISTANCES.get(unit.strip().lower().rpartition("_")[2]) if isinstance(unit, str) else None


_DISTANCES = {
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1.0),
    **dict.fromkeys(("mi", "mile", "miles"), _MILE),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 0.001),
}
