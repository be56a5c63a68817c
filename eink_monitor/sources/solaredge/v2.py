"""SolarEdge Monitoring API V2: the calls of one visit and what they say.

Spans: 12 h at QUARTER_HOUR, 1 month at DAY, any at YEAR; without a window the quarters since midnight are refused
after noon, so that a window is always sent. A timestamp is the start of its bucket, its value belongs to the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta

from eink_monitor import metrics
from eink_monitor.clock import AHEAD, HOUR, MINUTE, day_bounds, local, midnight
from eink_monitor.errors import BadAnswer
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.sources._http.answer import number, table
from eink_monitor.sources.solaredge.cloud import Cloud
from eink_monitor.sources.solaredge.plan import Plan, spoke
from eink_monitor.sources.solaredge.sections import Sections, growing
from eink_monitor.sources.solaredge.series import (
    WHO,
    Series,
    charge,
    devices,
    flows,
    present,
    scale,
    series,
    stamp,
)

_QUARTER = 15 * MINUTE
_FARTHEST = 11 * HOUR  # 12 h by the site's clock even on the day that it is put forward
_ALSO = HOUR  # what is asked again, for values that came late
_NOISE = 1_000.0  # Wh; what two totals of a day may disagree by
_BEFORE_ANY_ROOF = date(2010, 1, 1)
Telemetry = Mapping[str, list[Series]]
_POWERS = (metrics.PV_POWER, metrics.GRID_POWER, metrics.LOAD_POWER, metrics.STORAGE_POWER, metrics.STORAGE_SOC)


def fetch(cloud: Cloud, visit: Visit, plan: Plan) -> list[Reading]:
    """Everything that poll needs: the curves first, then the totals that have changed.

    A section that fails does not affect the others, and ``visit.remarks`` says so; the next poll catches up. If nothing
    is left, its trouble is raised.
    """
    sections = Sections(visit)
    readings = list(_curves(cloud, visit, plan, sections))
    known = [last for metric in _POWERS if (last := visit.last(metric))]
    measured = max((reading.at for reading in [*readings, *known]), default=0)
    if plan.overview and _news(visit, metrics.PRODUCTION_TODAY, measured):
        if plan.unfinished:
            readings += sections.get("the totals of the day before", _day_before, cloud, visit, plan.unfinished)
        readings += sections.get("the totals of today", _today, cloud, visit, measured)
    if plan.energy and _news(visit, metrics.PRODUCTION_MONTH, measured):
        readings += _energy(cloud, visit, measured, sections)
    if not readings and (trouble := sections.trouble()):
        raise trouble
    return list({(reading.metric, reading.at): reading for reading in readings}.values())


def _news(visit: Visit, metric: Metric, measured: int) -> bool:
    """Whether the roof has measured anything today since that total; if not, another call is wasted."""
    last = visit.last(metric)
    today = local(visit.now, visit.zone).date()
    return measured > midnight(today, visit.zone) and (last is None or measured > last.at)


def _window(cloud: Cloud, since: int, until: int, resolution: str = "") -> dict[str, str]:
    span = {"from": stamp(since, cloud.visit.zone), "to": stamp(until, cloud.visit.zone)}
    return {"resolution": resolution, **span} if resolution else span


def _curves(cloud: Cloud, visit: Visit, plan: Plan, sections: Sections) -> Iterator[Reading]:
    known = [last.at for metric in _POWERS if (last := visit.last(metric))]
    since = max(min(known, default=0) - _ALSO, visit.now - _FARTHEST) // _QUARTER * _QUARTER
    window, zone, said = _window(cloud, since, visit.now, "QUARTER_HOUR"), visit.zone, visit.remarks

    def meters() -> Telemetry:
        return devices(cloud.ask("/meters/telemetry", window, optional="meters"), "meters", zone, said, since)

    def storage() -> Telemetry | None:
        document = cloud.ask("/storage/telemetry", window, optional="storage")
        if present(document, "storage"):
            return devices(document, "storage", zone, said, since)
        return {} if spoke(visit, metrics.STORAGE_POWER) else None  # a battery is not gone because it is silent

    def power() -> Series:
        return series(cloud.ask("/power", window | {"unit": "W"}), "power", "power", zone, said, since)

    metered = sections.one("the meters", meters) or {} if plan.meters else {}
    nothing: Telemetry = {}  # of a battery that is there: what depends on it is not known
    stored = sections.one("the battery", storage, nothing) if plan.storage else None
    made = sections.one("the power", power) or {} if plan.power and "productionPower" not in metered else {}
    last = visit.last(metrics.STORAGE_SOC)
    curves = flows(made, metered, stored)
    curves[metrics.STORAGE_SOC] = charge((stored or {}).get("stateOfEnergy", []), last.value if last else None)
    for metric, content in curves.items():
        yield from _new(visit, metric, content)


def _new(visit: Visit, metric: Metric, content: Series) -> Iterator[Reading]:
    """The buckets that are not stored yet, each dated by its end, the running one by now."""
    last = visit.last(metric)
    for start, value in sorted(content.items()):
        if start > visit.now + AHEAD:
            visit.remarks.leave_out_date(metric.name, start)
            continue
        at = min(start + _QUARTER, visit.now)
        if last is None or at > last.at:
            yield Reading(visit.subject, metric, value, at)


def _today(cloud: Cloud, visit: Visit, measured: int) -> Iterator[Reading]:
    start = midnight(local(visit.now, visit.zone).date(), visit.zone)
    return _day_totals(cloud.ask("/overview", _window(cloud, start, visit.now)), visit, measured)


def _day_before(cloud: Cloud, visit: Visit, day: date) -> Iterator[Reading]:
    """The whole of a past day, because the last look at it was before its end."""
    start, end = day_bounds(day, visit.zone)
    return _day_totals(cloud.ask("/overview", _window(cloud, start, end - 1)), visit, end - 1)


def _day_totals(document: object, visit: Visit, at: int) -> Iterator[Reading]:
    content = table(document, WHO, "the overview")
    amounts = {
        metrics.PRODUCTION_TODAY: _amount(content, "production", "total", visit),
        metrics.CONSUMPTION_TODAY: _amount(content, "consumption", "total", visit),
        metrics.FEED_IN_TODAY: _amount(content, "production", "toGrid", visit),
        metrics.PURCHASED_TODAY: _amount(content, "consumption", "fromGrid", visit),
    }
    made, fed = amounts[metrics.PRODUCTION_TODAY], amounts[metrics.FEED_IN_TODAY]
    if made is not None and fed is not None:
        if fed <= made + _NOISE:
            amounts[metrics.SELF_CONSUMPTION_TODAY] = max(0.0, made - fed)
        elif visit.last(metrics.STORAGE_POWER) is None:  # a battery may feed in what was made the day before
            visit.remarks.leave_out("feed-in beyond the production", fed, "Wh")
            amounts[metrics.FEED_IN_TODAY] = None
    return iter([Reading(visit.subject, metric, value, at) for metric, value in amounts.items() if value is not None])


def _amount(content: Mapping[str, object], side: str, name: str, visit: Visit) -> float | None:
    """One total of the overview in Wh; sites without meters have nulls. One that cannot be is left out."""
    known = content.get(side)
    if not isinstance(known, dict) or known.get(name) is None:
        return None
    where = f"{side}.{name}"
    try:
        value = scale(known.get("unit"), side, "energy") * number(known[name], WHO, where)
    except BadAnswer as error:
        visit.remarks.add(f"{error}, so it is left out")
        return None
    if value < 0:
        visit.remarks.leave_out(where, value, "Wh")
        return None
    return value


def _energy(cloud: Cloud, visit: Visit, measured: int, sections: Sections) -> Iterator[Reading]:
    """Month, year and lifetime, and the production of past days that are not stored yet."""
    today = local(visit.now, visit.zone).date()
    first = min(today.replace(day=1), today - timedelta(days=27))  # never more than the month that is allowed
    days = sections.one("the energies of days", lambda: _by_day(cloud, visit, first, "DAY"))
    if days is None:
        return  # nor would the years come through that door
    last = visit.last(metrics.PRODUCTION_TODAY)
    stored = local(last.at, visit.zone).date() if last else first
    for day, value in days.items():
        if stored <= day < today and not math.isnan(value):
            yield Reading(visit.subject, metrics.PRODUCTION_TODAY, value, day_bounds(day, visit.zone)[1] - 1)
    years = sections.one("the energies of years", lambda: _by_day(cloud, visit, _BEFORE_ANY_ROOF, "YEAR")) or {}
    sums = {
        metrics.PRODUCTION_MONTH: _sum(days, lambda day: (day.year, day.month) == (today.year, today.month)),
        metrics.PRODUCTION_YEAR: _sum(years, lambda day: day.year == today.year),
    }
    known = growing(sums, visit.remarks)
    if metrics.PRODUCTION_YEAR in known or not known.get(metrics.PRODUCTION_MONTH):  # else the years lack this one
        known = growing(known | {metrics.PRODUCTION_LIFETIME: _sum(years, lambda _: True)}, visit.remarks)
    for metric, value in known.items():
        yield Reading(visit.subject, metric, value, measured)


def _by_day(cloud: Cloud, visit: Visit, first: date, resolution: str) -> dict[date, float]:
    """Energies by the first day of their buckets; NaN for one that cannot be."""
    window = _window(cloud, midnight(first, visit.zone), visit.now, resolution)
    document = table(cloud.ask("/energy", window | {"unit": "WH"}), WHO, "the energy")
    known = series(document, "energy", "energy", visit.zone, visit.remarks)
    return {local(at, visit.zone).date(): value for at, value in known.items() if at <= visit.now}


def _sum(buckets: Mapping[date, float], wanted: Callable[[date], bool]) -> float | None:
    """The sum over some buckets; None where there is none, or one that cannot be, or is nobody knows when."""
    values = [value for day, value in buckets.items() if wanted(day)]
    lost = any(math.isnan(value) for day, value in buckets.items() if wanted(day) or day < _BEFORE_ANY_ROOF)
    return None if lost or not values else sum(values)
