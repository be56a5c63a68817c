"""Open-Meteo's answer: radiation on a plane becomes watts, and columns become outlooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds, local
from eink_monitor.errors import BadAnswer, Throttled
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.said import Said
from eink_monitor.sources._columns import finite, samples, slots
from eink_monitor.sources._http.answer import Answer, judge, table
from eink_monitor.sources._plane import Plane

_WHO = "Open-Meteo"
_PER_KELVIN = -0.004  # of the power of a module, above 25 °C
_WARMING = {"free": 0.02, "raised": 0.0342, "flush": 0.0563}  # K per W/m², after Ross
_QUARTER = 15 * MINUTE
_HOURLY = (
    (metrics.OUTDOOR_TEMPERATURE, "temperature_2m"),
    (metrics.WEATHER_CODE, "weather_code"),
    (metrics.PRECIPITATION, "precipitation"),
    (metrics.PRECIPITATION_PROBABILITY, "precipitation_probability"),
)
_DAILY = (
    (metrics.DAY_WEATHER, "weather_code"),
    (metrics.DAY_HIGH, "temperature_2m_max"),
    (metrics.DAY_LOW, "temperature_2m_min"),
)
_PRECEDING = {metrics.PRECIPITATION, metrics.PRECIPITATION_PROBABILITY}  # told at the end of their hour


def judged(answer: Answer, visit: Visit) -> Mapping[str, object]:
    """The document.

    Raises the error that says what to do next, without its reason, which may reveal where somebody lives.
    """
    if answer.status == 429:
        raise Throttled(f"{_WHO} says this address polls too often (429)", visit.now + _wait(answer, visit.now))
    refused = BadAnswer(f"{_WHO} cannot answer for this location", "check latitude, longitude and planes")
    return table(judge(answer, visit.now, {400: refused}).json(), _WHO, "the answer")


def _wait(answer: Answer, now: int) -> int:
    """Seconds until the budget is renewed that its reason names: of a minute, an hour or a day (UTC)."""
    reason = answer.body[:1000].lower()
    if b"daily" in reason:
        return DAY - now % DAY
    return HOUR - now % HOUR if b"hourly" in reason else MINUTE


def power(said: Sequence[Mapping[str, object]], planes: Sequence[Plane], most: float) -> tuple[Slot, ...]:
    """Watts of the whole roof, quarter by quarter: a gap where one plane has one. ``most`` is the inverter's limit."""
    pairs = zip(said, planes, strict=True)
    each = [_watts(table(one.get("minutely_15"), _WHO, "minutely_15"), plane) for one, plane in pairs]
    common = sorted(set.intersection(*(set(one) for one in each)))
    whole = {at: sum(one[at] for one in each) for at in common}
    return tuple(
        Slot(before, after, min((whole[before] + whole[after]) / 2, most or float("inf")))
        for before, after in pairwise(common)
        if after - before == _QUARTER
    )


def _watts(section: Mapping[str, object], plane: Plane) -> dict[int, float]:
    """W of one plane at instants: kWp x radiation, less what warm modules lose (Tcell = Tair + k x radiation)."""
    air = {sample.at: sample.value for sample in samples(section, "time", "temperature_2m", _WHO)}
    found = {}
    for at, radiation in samples(section, "time", "global_tilted_irradiance_instant", _WHO):
        warmth = air.get(at)
        if radiation is not None and warmth is not None:
            cell = warmth + _WARMING[plane.mounting] * max(radiation, 0.0)
            found[at] = max(0.0, plane.kwp * radiation * (1 + _PER_KELVIN * (cell - 25)))
    return found


def weather(said: Mapping[str, object], visit: Visit, attribution: str) -> Iterator[Said]:
    """The temperature now, and the hourly and daily forecast."""
    yield from _now(said, visit)
    hourly = table(said.get("hourly"), _WHO, "hourly")
    for metric, name in _HOURLY:
        found = slots(samples(hourly, "time", name, _WHO))
        if metric in _PRECEDING:
            found = [Slot(slot.start - HOUR, slot.end - HOUR, slot.value) for slot in found]
        yield from _outlook(visit, metric, found, attribution)
    daily = table(said.get("daily"), _WHO, "daily")
    for metric, name in _DAILY:
        yield from _outlook(visit, metric, _days(daily, name, visit), attribution)


def _outlook(visit: Visit, metric: Metric, found: list[Slot], attribution: str) -> Iterator[Outlook]:
    """An outlook, unless it is empty: not every place has every column."""
    if found:
        yield Outlook(visit.subject, metric, visit.now, tuple(found), attribution)


def _days(daily: Mapping[str, object], name: str, visit: Visit) -> list[Slot]:
    """A slot a local day. All are told by one offset from UTC: midnight is an hour off where clocks change."""
    told = (sample for sample in samples(daily, "time", name, _WHO) if 0 < sample.at < visit.now + 31 * DAY)
    days = {local(at + DAY // 2, visit.zone).date(): value for at, value in told if value is not None}
    return [Slot(*day_bounds(day, visit.zone), value) for day, value in days.items()]


def _now(said: Mapping[str, object], visit: Visit) -> Iterator[Reading]:
    current = said.get("current")
    if not isinstance(current, dict):
        return
    temperature, at = finite(current.get("temperature_2m")), finite(current.get("time"))
    if temperature is not None and at is not None:
        yield Reading(visit.subject, metrics.OUTDOOR_TEMPERATURE, temperature, int(at))
