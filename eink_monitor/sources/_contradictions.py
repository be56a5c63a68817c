"""What to believe when a car's statements contradict each other, or their dates contradict the order of delivery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eink_monitor.clock import DAY, MINUTE
from eink_monitor.metrics import CHARGING, CHARGING_POWER, ODOMETER, PLUGGED, SOC, TIME_TO_FULL
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.sources._beliefs import believed, plausible

_MOMENT = 5 * MINUTE  # what one message says of about the same time does not contradict itself
_CHARGES = 100  # W; less is no charging
_USED = 2.0  # percent; so much less charge than a moment ago was driven away


def settled(readings: Iterable[Reading], visit: Visit) -> list[Reading]:
    """The readings of one message, at most one of each metric, without old states that newer ones contradict.

    A message may lack the state, or give one that nobody knows, while the power falls to 0 or the plug is pulled: then
    the car is not charging, whatever it said last; nor is one that drove or lost charge meanwhile. A car that is not
    charging has no time until full.
    """
    told = believed({reading.metric.name: reading for reading in readings}, visit)
    _settle_charging(told, visit)
    _settle_plug(told, visit)
    return list(told.values())


def _settle_charging(told: dict[str, Reading], visit: Visit) -> None:
    state, last = plausible(told.get(CHARGING.name)), visit.last(CHARGING)
    since = max(state.at + _MOMENT if state else 0, last.at if last else 0)
    at, says = max(((at, says) for at, says in _evidence(told, visit) if at > since), default=(0, False))
    if at and (state is None or bool(state.value) != says):
        state = told[CHARGING.name] = Reading(visit.subject, CHARGING, float(says), at)
    if state is not None and not state.value:
        told.pop(TIME_TO_FULL.name, None)


def _settle_plug(told: dict[str, Reading], visit: Visit) -> None:
    state, plug = plausible(told.get(CHARGING.name)), plausible(told.get(PLUGGED.name)) or visit.last(PLUGGED)
    if plug is None:
        return
    drove = _drove(told, visit, plug) if plug.value else None
    if drove is not None and drove > plug.at + _MOMENT:
        told[PLUGGED.name] = Reading(visit.subject, PLUGGED, 0.0, drove)
    if state is not None and state.value and not plug.value and plug.at < state.at:
        told[PLUGGED.name] = Reading(visit.subject, PLUGGED, 1.0, state.at)


def _evidence(told: Mapping[str, Reading], visit: Visit) -> Iterable[tuple[int, bool]]:
    """When the car was seen to charge, or not to."""
    power, plug = plausible(told.get(CHARGING_POWER.name)), plausible(told.get(PLUGGED.name))
    if power is not None:
        yield power.at, power.value >= _CHARGES
    if plug is not None and not plug.value:
        yield plug.at, False
    last = visit.last(CHARGING)
    if last is None or not last.value:
        return
    drove = _drove(told, visit, last)
    if drove is not None:
        yield drove, False
    charge, before = plausible(told.get(SOC.name)), visit.last(SOC)
    if _both_after(charge, before, last) and charge and before and charge.value <= before.value - _USED:
        yield charge.at, False


def _drove(told: Mapping[str, Reading], visit: Visit, since: Reading) -> int | None:
    """When the car was first seen to have moved after it said ``since``."""
    driven, before = plausible(told.get(ODOMETER.name)), visit.last(ODOMETER)
    moved = _both_after(driven, before, since) and driven and before and driven.value > before.value + ODOMETER.step
    return driven.at if moved and driven else None


def _both_after(one: Reading | None, before: Reading | None, since: Reading) -> bool:
    """Whether a figure was measured once about when, or after, the car said ``since``, and once more later."""
    return one is not None and before is not None and since.at - _MOMENT <= before.at < one.at


def in_order(readings: list[Reading], visit: Visit) -> list[Reading]:
    """The readings of an answer that is newer than all that is stored, whatever its dates say.

    A car's clock may run back, and a store goes by dates: where a whole answer is dated before the one before it, what
    it changed is dated just after what it replaces.
    """
    stored = [reading.at for (subject, _), reading in visit.latest.items() if subject == visit.subject]
    if not stored or max((reading.at for reading in readings), default=0) >= max(stored):
        return readings
    return [replacing(reading, visit.last(reading.metric), visit.now) for reading in readings]


def replacing(reading: Reading, last: Reading | None, latest: int) -> Reading:
    """The reading that was delivered after ``last``, dated so that it replaces it; never later than ``latest``.

    It is unchanged if the dates agree with that, if nothing changed, and if it is a day older: that is an old message
    repeated. A car does not drive back, so a lower odometer is the older one.
    """
    if last is None or reading.at > last.at or last.at - reading.at > DAY or last.at >= latest:
        return reading
    return reading._replace(at=last.at + 1) if changed(reading.metric, reading.value, last.value) else reading


def changed(metric: Metric, value: float, before: float) -> bool:
    """Whether a value delivered later says something new."""
    if metric is ODOMETER:
        return value > before
    return not abs(value - before) < metric.step / 2
