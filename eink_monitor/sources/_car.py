"""What every source of cars shares: which metrics, how often to ask, and how to read a vendor's instants and units."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import BadAnswer
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
from eink_monitor.model import Metric, Reading, Visit
from eink_monitor.sources._http.answer import number

CAR = (
    SOC,
    TARGET_SOC,
    RANGE,
    PLUGGED,
    CHARGING,
    CHARGING_POWER,
    TIME_TO_FULL,
    ODOMETER,
    FUEL,
    BATTERY_12V,
)
POSITION = (LATITUDE, LONGITUDE)

IDLE, PLUGGED_IN, CHARGING_NOW = HOUR, 30 * MINUTE, 15 * MINUTE
_BELIEVED = 3 * HOUR  # a plug seen longer ago than this may have been pulled since
_MILE = 1.609344  # km


def published(subject: str, metrics: tuple[Metric, ...], position: bool) -> Mapping[str, tuple[Metric, ...]]:
    """What a car publishes; where it stands only if that was asked for."""
    return {subject: (*metrics, *POSITION) if position else metrics}


def pace(visit: Visit) -> int:
    """Seconds between polls: an hour for an idle car, half for a plugged one, a quarter while it charges.

    Never shorter than the ``every`` of the configuration. A car whose state is not freshly known counts as idle.
    """
    for metric, seconds in ((CHARGING, CHARGING_NOW), (PLUGGED, PLUGGED_IN)):
        reading = visit.last(metric)
        if reading is not None and reading.value and visit.age(metric) < _BELIEVED:
            return max(visit.every, seconds)
    return max(visit.every, IDLE)


def patience(every: int) -> int:
    """A parked car sleeps for days and says nothing; within a day that is no reason to doubt what it said last."""
    return max(3 * every, DAY)


def account(kind: str, key: str) -> str:
    """A name for a vendor account in the ledger: two feeds with the same key share it, and it gives no key away."""
    import hashlib  # 3 ms, which the first frame need not wait for

    return f"{kind}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


class Sheet:
    """The readings of one answer as they are found; what is missing, or has no date of its own, is left out."""

    def __init__(self, subject: str, who: str) -> None:
        self._subject = subject
        self._who = who
        self.readings: list[Reading] = []

    def put(self, metric: Metric, value: object, at: int | None, times: float = 1.0) -> None:
        """Note a JSON number in the vendor's unit, of which ``times`` make one of ours. ``BadAnswer`` for no number."""
        if value is not None and at is not None:
            size = number(value, self._who, metric.words) * times
            self.readings.append(Reading(self._subject, metric, size, at))

    def newest(self) -> list[Reading]:
        """The newest reading of each metric; of two equally old ones the one noted first."""
        found: dict[str, Reading] = {}
        for reading in self.readings:
            known = found.setdefault(reading.metric.name, reading)
            if reading.at > known.at:
                found[reading.metric.name] = reading
        return list(found.values())

    def put_state(self, metric: Metric, word: object, meanings: Mapping[str, bool], at: int | None) -> None:
        """Note what a vendor's word means; a word that nobody told us about is no reading."""
        if isinstance(word, str) and word in meanings:
            self.put(metric, int(meanings[word]), at)


def instant(value: object, who: str, where: str) -> int | None:
    """Epoch seconds of an ISO 8601 text (UTC where it names no offset); None stays None, else ``BadAnswer``."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None:
            return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        pass
    raise BadAnswer(f"{who}: the time of {where} cannot be read")


def kilometres(unit: object) -> float | None:
    """How many km one of a vendor's distance units is; None for a unit that is no distance."""
    return _DISTANCES.get(unit.strip().lower()) if isinstance(unit, str) else None


_DISTANCES = {
    **dict.fromkeys(("km", "kilometer", "kilometers", "kilometre", "kilometres"), 1.0),
    **dict.fromkeys(("mi", "mile", "miles"), _MILE),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 0.001),
}
