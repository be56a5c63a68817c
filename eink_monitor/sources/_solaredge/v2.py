"""SolarEdge Monitoring API V2: the calls of one visit and what they say.

Spans: 12 h at QUARTER_HOUR, 1 month at DAY, any at YEAR; without a window the quarters since midnight are refused
after noon, so that a window is always sent. A timestamp is the start of its bucket, its value belongs to the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from eink_monitor import metrics
from eink_monitor.clock import HOUR, MINUTE, day_bounds, local, midnight
from eink_monitor.errors import BadAnswer, Unavailable
from eink_monitor.model import Metric, Reading, Visit
from eink_monitor.sources._http.answer import number, table
from eink_monitor.sources._solaredge.cloud import Cloud
from eink_monitor.sources._solaredge.plan import Plan
from eink_monitor.sources._solaredge.series import (
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
_AHEAD = 5 * MINUTE
_NOISE = 1_000.0  # Wh; what two totals of a day may disagree by
_BEFORE_ANY_ROOF = date(2010, 1, 1)
_POWERS = (metrics.PV_POWER, metrics.GRID_POWER, metrics.LOAD_POWER, metrics.STORAGE_POWER, metrics.STORAGE_SOC)


def fetch(cloud: Cloud, visit: Visit, plan: Plan) -> list[Reading]:
    """Everything that visit is worth: the curves first, then the totals that have moved on.

    Totals that fail do not take the curves with them: ``visit.note`` says so.
    """
    readings = list(_curves(cloud, visit, plan))
    known = [last for metric in _POWERS if (last := visit.last(metric))]
    measured = max((reading.at for reading in [*readings, *known]), default=0)
    totals: list[Reading] = []
    try:
        if plan.overview and _news(visit, metrics.PRODUCTION_TODAY, measured):
            totals += _day_before(cloud, visit, plan.unfinished) if plan.unfinished else ()
            totals += _today(cloud, visit, measured)
        if plan.energy and _news(visit, metrics.PRODUCTION_MONTH, measured):
            totals += _energy(cloud, visit, measured)
    except (BadAnswer, Unavailable) as error:
        if not readings:
            raise
        visit.remarks.add(f"the powers are new, the totals are not: {error}")
    return list({(reading.metric, reading.at): reading for reading in readings + totals}.values())


def _news(visit: Visit, metric: Metric, measured: int) -> bool:
    """Whether the roof has measured anything today since that total; if not, asking again is a call for nothing."""
    last = visit.last(metric)
    today = local(visit.now, visit.zone).date()
    return measured > midnight(today, visit.zone) and (last is None or measured > last.at)


def _window(cloud: Cloud, since: int, until: int, resolution: str = "") -> dict[str, str]:
    span = {"from": stamp(since, cloud.visit.zone), "to": stamp(until, cloud.visit.zone)}
    return {"resolution": resolution, **span} if resolution else span


def _curves(cloud: Cloud, visit: Visit, plan: Plan) -> Iterator[Reading]:
    known = [last.at for metric in _POWERS[:2] if (last := visit.last(metric))]
    since = max(min(known, default=0) - _ALSO, visit.now - _FARTHEST) // _QUARTER * _QUARTER
    window = _window(cloud, since, visit.now, "QUARTER_HOUR")
    meters: Mapping[str, list[Series]] = {}
    storage: Mapping[str, list[Series]] | None = None
    power: Series = {}
    if plan.meters:
        meters = devices(cloud.ask("/meters/telemetry", window, optional="meters"), "meters", visit.zone, since)
    if plan.storage:
        document = cloud.ask("/storage/telemetry", window, optional="storage")
        storage = devices(document, "storage", visit.zone, since) if present(document, "storage") else None
    if plan.power and "productionPower" not in meters:
        power = series(cloud.ask("/power", window | {"unit": "W"}), "power", visit.zone, since)
    last = visit.last(metrics.STORAGE_SOC)
    curves = flows(power, meters, storage)
    curves[metrics.STORAGE_SOC] = charge((storage or {}).get("stateOfEnergy", []), last.value if last else None)
    for metric, content in curves.items():
        yield from _new(visit, metric, content)


def _new(visit: Visit, metric: Metric, content: Series) -> Iterator[Reading]:
    """The buckets that are not stored yet, each dated by its end, the running one by now."""
    last = visit.last(metric)
    for start, value in sorted(content.items()):
        if start > visit.now + _AHEAD:
            message = f"{WHO} dates {metric.name} in the future; is this machine's clock right?"
            raise BadAnswer(message)
        at = min(start + _QUARTER, visit.now)
        if last is None or at > last.at:
            yield Reading(visit.subject, metric, value, at)


def _today(cloud: Cloud, visit: Visit, measured: int) -> Iterator[Reading]:
    start = midnight(local(visit.now, visit.zone).date(), visit.zone)
    return _day_totals(cloud.ask("/overview", _window(cloud, start, visit.now)), visit.subject, measured)


def _day_before(cloud: Cloud, visit: Visit, day: date) -> Iterator[Reading]:
    """The whole of a past day, because the last look at it was before its end."""
    start, end = day_bounds(day, visit.zone)
    return _day_totals(cloud.ask("/overview", _window(cloud, start, end - 1)), visit.subject, end - 1)


def _day_totals(document: object, subject: str, at: int) -> Iterator[Reading]:
    content = table(document, WHO, "the overview")
    made, fed = _amount(content, "production", "total"), _amount(content, "production", "toGrid")
    amounts = {
        metrics.PRODUCTION_TODAY: made,
        metrics.CONSUMPTION_TODAY: _amount(content, "consumption", "total"),
        metrics.FEED_IN_TODAY: fed,
        metrics.PURCHASED_TODAY: _amount(content, "consumption", "fromGrid"),
    }
    if made is not None and fed is not None:
        if fed > made + _NOISE:
            message = f"{WHO} reports more feed-in than production"
            raise BadAnswer(message)
        amounts[metrics.SELF_CONSUMPTION_TODAY] = max(0.0, made - fed)
    return iter([Reading(subject, metric, value, at) for metric, value in amounts.items() if value is not None])


def _amount(content: Mapping[str, object], side: str, name: str) -> float | None:
    """One total of the overview in Wh; sites without meters have nulls."""
    if content.get(side) is None:
        return None
    known = table(content[side], WHO, side)
    if known.get(name) is None:
        return None
    return scale(known.get("unit"), side) * number(known[name], WHO, f"{side}.{name}")


def _energy(cloud: Cloud, visit: Visit, measured: int) -> Iterator[Reading]:
    """Month, year and lifetime, and the production of past days that are not stored yet."""
    today = local(visit.now, visit.zone).date()
    first = min(today.replace(day=1), today - timedelta(days=27))  # never more than the month that is allowed
    days = _by_day(cloud, visit, first, "DAY")
    last = visit.last(metrics.PRODUCTION_TODAY)
    stored = local(last.at, visit.zone).date() if last else first
    for day, value in days.items():
        if stored <= day < today:
            yield Reading(visit.subject, metrics.PRODUCTION_TODAY, value, day_bounds(day, visit.zone)[1] - 1)
    years = _by_day(cloud, visit, _BEFORE_ANY_ROOF, "YEAR")
    month = [value for day, value in days.items() if (day.year, day.month) == (today.year, today.month)]
    year = [value for day, value in years.items() if day.year == today.year]
    sums = (
        (metrics.PRODUCTION_MONTH, month),
        (metrics.PRODUCTION_YEAR, year),
        (metrics.PRODUCTION_LIFETIME, list(years.values())),
    )
    for metric, values in sums:
        if values:
            yield Reading(visit.subject, metric, sum(values), measured)


def _by_day(cloud: Cloud, visit: Visit, first: date, resolution: str) -> dict[date, float]:
    window = _window(cloud, midnight(first, visit.zone), visit.now, resolution)
    document = table(cloud.ask("/energy", window | {"unit": "WH"}), WHO, "the energy")
    known = series(document, "energy", visit.zone)
    return {local(at, visit.zone).date(): value for at, value in known.items() if at <= visit.now}
