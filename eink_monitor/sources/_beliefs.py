"""Figures of a car that contradict what else is known of it: they are left out and noted."""

from __future__ import annotations

from collections.abc import Mapping

from eink_monitor.clock import DAY, HOUR
from eink_monitor.metrics import CHARGING, FUEL, FUEL_VOLUME, LATITUDE, LONGITUDE, ODOMETER, RANGE, SOC, TIME_TO_FULL
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading

FILLED = 25.0
"""Percent of charge, or of fuel, that take every car some distance."""
_LITRES = 10.0  # as much in a tank
_EMPTY = 60.0  # km; nothing goes farther when empty
_PER_CENT, _AND = 10.0, 30.0  # km per percent of charge, generously: no battery takes a car farther
_FASTEST, _AT_ONCE = 250.0, 100.0  # km/h; and km, for clocks that were set
_STANDS = 7 * DAY  # for so long a lower odometer is a mistake; then it may be another car's, or corrected


def believed(told: Mapping[str, Reading], visit: Visit) -> dict[str, Reading]:
    """The readings of one message without those that contradict the others or earlier ones; ``visit`` notes them."""
    kept = dict(told)
    driven = kept.get(ODOMETER.name)
    if driven and not _follows(driven, visit):
        _leave_out(kept, driven, visit)
    _judge_range(kept, visit)
    _judge_zeros(kept)
    return kept


def _judge_range(kept: dict[str, Reading], visit: Visit) -> None:
    """The range, and the level that it is the range of."""
    left, level = kept.get(RANGE.name), kept.get(SOC.name) or (None if visit.last(SOC) else kept.get(FUEL.name))
    if left is None:
        return
    if level and level.value == 0 < _EMPTY < left.value and abs(level.at - left.at) <= HOUR:
        _leave_out(kept, level, visit)  # 0 stands for unknown, a distance does not
    if not _reaches(left, kept, visit):
        _leave_out(kept, left, visit)


def _judge_zeros(kept: dict[str, Reading]) -> None:
    """Values that stand for none: 0, 0 for no position, 0 for no time until full."""
    place = [kept[metric.name] for metric in (LATITUDE, LONGITUDE) if metric.name in kept]
    if len(place) > 1 and not any(one.value for one in place):
        for one in place:
            del kept[one.metric.name]
    charging, time = kept.get(CHARGING.name), kept.get(TIME_TO_FULL.name)
    if charging and charging.value and time and time.value == 0:
        del kept[TIME_TO_FULL.name]


def plausible(reading: Reading | None) -> Reading | None:
    """The reading, unless it is one that ``vet`` leaves out."""
    return (
        reading if reading and reading.metric.low <= reading.value <= reading.metric.high and reading.at > 0 else None
    )


def _leave_out(kept: dict[str, Reading], reading: Reading, visit: Visit) -> None:
    del kept[reading.metric.name]
    visit.remarks.leave_out(reading.metric.name, reading.value, reading.metric.unit)


def _follows(driven: Reading, visit: Visit) -> bool:
    """Whether an odometer is plausible after the last one: a car drives neither back nor beyond all speed."""
    last = visit.last(ODOMETER)
    if last is None or driven.at < last.at or plausible(driven) is None:
        return True
    if driven.value < last.value - ODOMETER.step:
        return visit.now - last.at > _STANDS
    return driven.value <= last.value + _AT_ONCE + _FASTEST * (driven.at - last.at) / HOUR


def _reaches(left: Reading, told: Mapping[str, Reading], visit: Visit) -> bool:
    """Whether that level of the battery, else of the tank, takes a car so far."""
    charge = _beside(left, SOC, told, visit)
    if charge is not None:
        return charge == 0 or (left.value <= _PER_CENT * charge + _AND and (left.value > 0 or charge < FILLED))
    percent, litres = (_beside(left, metric, told, visit) for metric in (FUEL, FUEL_VOLUME))
    return left.value > 0 or ((percent or 0.0) < FILLED and (litres or 0.0) < _LITRES)


def _beside(one: Reading, metric: Metric, told: Mapping[str, Reading], visit: Visit) -> float | None:
    """What another figure was at about the same time."""
    other = plausible(told.get(metric.name)) or visit.last(metric)
    return other.value if other and abs(other.at - one.at) <= HOUR else None
