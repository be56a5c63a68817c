"""SolarEdge V1: retired on 3 Nov 2026, still spoken by emulators and exempt accounts.

Times are site-local without zone; the key goes into the query. ``currentPowerFlow`` gives sizes only: the direction is
in ``connections`` and the battery's ``status``; a site without a meter answers ``{}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from eink_monitor import metrics
from eink_monitor.clock import HOUR, local
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.remarks import Remarks
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer, judge, retry_after, rows, table
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.solaredge.sections import Barred, Sections, growing
from eink_monitor.sources.solaredge.series import FULL, WHO, instant, scale

BASE = "https://monitoringapi.solaredge.com"

_NOISE = 1_000.0  # Wh; what two totals of a day may disagree by
_METERS = {
    "production": metrics.PRODUCTION_TODAY,
    "consumption": metrics.CONSUMPTION_TODAY,
    "selfconsumption": metrics.SELF_CONSUMPTION_TODAY,
    "feedin": metrics.FEED_IN_TODAY,
    "purchased": metrics.PURCHASED_TODAY,
}
_TOTALS = {
    "lastDayData": metrics.PRODUCTION_TODAY,
    "lastMonthData": metrics.PRODUCTION_MONTH,
    "lastYearData": metrics.PRODUCTION_YEAR,
    "lifeTimeData": metrics.PRODUCTION_LIFETIME,
}


def fetch(web: Web, visit: Visit, site: int, key: Secret) -> list[Reading]:
    """Three calls: totals and their date, the five meters of today, the flows of this moment."""
    day = local(visit.now, visit.zone).date()
    span = {"startTime": f"{day} 00:00:00", "endTime": f"{day} 23:59:59"}
    meters = "PRODUCTION,CONSUMPTION,SELFCONSUMPTION,FEEDIN,PURCHASED"

    def ask(path: str, **params: str) -> Mapping[str, object]:
        answer = web.get(f"/site/{site}{path}", {**params, "api_key": key.reveal()})
        return table(judge(answer, visit.now, _verdicts(answer, visit, site)).json(), WHO, "the answer")

    at, totals = overview(ask("/overview"), visit)
    if at > visit.now + HOUR:
        message = f"{WHO} dates the overview in the future; is this machine's clock and timezone right?"
        raise BadAnswer(message)
    at, sections = min(at, visit.now), Sections(visit)
    if local(at, visit.zone).date() == day:
        details = sections.one(
            "today's meters",
            lambda: energy_details(ask("/energyDetails", meters=meters, timeUnit="DAY", **span), visit),
        )
        totals |= details or {}
    moment = sections.one("the power flow", lambda: power_flow(ask("/currentPowerFlow"), visit.remarks)) or {}
    known: dict[Metric, float | None] = {metric: totals.pop(metric, None) for metric in _TOTALS.values()}
    totals = growing(known, visit.remarks) | totals | moment  # a flow says of no instant its own: the overview does
    return [Reading(visit.subject, metric, value, at) for metric, value in totals.items()]


def overview(document: Mapping[str, object], visit: Visit) -> tuple[int, dict[Metric, float]]:
    """When the site last reported, its power (W) and the production of day, month, year and lifetime (Wh)."""
    content = table(document.get("overview"), WHO, "overview")
    at = instant(content.get("lastUpdateTime"), visit.zone)
    found: dict[Metric, float] = {}
    for name, part, metric in (
        *((name, "energy", metric) for name, metric in _TOTALS.items()),
        ("currentPower", "power", metrics.PV_POWER),
    ):
        known = content.get(name)
        if isinstance(known, dict):
            _put(found, metric, known.get(part), 1.0, f"{name}.{part}", visit.remarks)
    return at, found


def energy_details(document: Mapping[str, object], visit: Visit) -> dict[Metric, float]:
    """The five meters of today in Wh. Self-consumption is production less feed-in where both are known."""
    today = local(visit.now, visit.zone).date().isoformat()
    content = table(document.get("energyDetails"), WHO, "energyDetails")
    factor = scale(content.get("unit", "Wh"), "energyDetails", "energy")
    found: dict[Metric, float] = {}
    for item in rows(content.get("meters", []), WHO, "energyDetails.meters"):
        meter = item if isinstance(item, dict) else {}
        kind = str(meter.get("type")).lower()
        values = meter.get("values")
        for value in values if kind in _METERS and isinstance(values, list) else ():
            entry = value if isinstance(value, dict) else {}
            if str(entry.get("date", today)).startswith(today):
                _put(found, _METERS[kind], entry.get("value"), factor, f"{kind} of today", visit.remarks)
    made, fed = found.get(metrics.PRODUCTION_TODAY), found.get(metrics.FEED_IN_TODAY)
    if made is not None and fed is not None:
        found.pop(metrics.SELF_CONSUMPTION_TODAY, None)
        if fed <= made + _NOISE:
            found[metrics.SELF_CONSUMPTION_TODAY] = max(0.0, made - fed)
    return found


def power_flow(document: Mapping[str, object], remarks: Remarks) -> dict[Metric, float]:
    """The flows of this moment in W; a size whose direction is not given, or that cannot be, is left out."""
    content = table(document.get("siteCurrentPowerFlow"), WHO, "siteCurrentPowerFlow")
    if not content:
        return {}
    factor = scale(content.get("unit"), "siteCurrentPowerFlow", "power")
    ways = set(_ways(content))
    found: dict[Metric, float] = {}
    for name, metric, sign in (
        ("PV", metrics.PV_POWER, 1),
        ("LOAD", metrics.LOAD_POWER, 1),
        ("GRID", metrics.GRID_POWER, _direction("grid", ways, taken=-1)),
        ("STORAGE", metrics.STORAGE_POWER, _storage_direction(content, ways)),
    ):
        part = content.get(name)
        sizes: dict[Metric, float] = {}
        _put(sizes, metric, part.get("currentPower") if isinstance(part, dict) else None, factor, name, remarks)
        if metric in sizes and (sign or sizes[metric] == 0):
            found[metric] = sizes[metric] * sign
    level = _storage(content).get("chargeLevel")
    full = isinstance(level, int | float) and 100 < level <= FULL
    _put(found, metrics.STORAGE_SOC, 100.0 if full else level, 1.0, "chargeLevel", remarks)
    return found


def _put(  # noqa: PLR0913, PLR0917 - where it goes, and what is said of it
    found: dict[Metric, float], metric: Metric, value: object, factor: float, name: str, remarks: Remarks
) -> None:
    """Note a size, which is never negative: its sign says nothing of a direction. One that cannot be is left out."""
    if value is None:
        return
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if plain and 0 <= value <= metric.high / factor:  # type: ignore[operator] # a number
        found[metric] = value * factor  # type: ignore[operator]
    else:
        remarks.leave_out(name, value)


def _ways(content: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """From where to where power flows; an invalid connection costs directions only."""
    known = content.get("connections")
    for item in known if isinstance(known, list) else ():
        way = item if isinstance(item, dict) else {}
        yield str(way.get("from")).lower(), str(way.get("to")).lower()


def _direction(part: str, ways: set[tuple[str, str]], *, taken: int) -> int:
    """``taken`` if power goes to that part, the opposite if it comes from there, 0 if neither or both are said."""
    goes, comes = any(end == part for _, end in ways), any(start == part for start, _ in ways)
    return 0 if goes == comes else taken if goes else -taken


def _storage(content: Mapping[str, object]) -> Mapping[str, object]:
    known = content.get("STORAGE")
    return known if isinstance(known, dict) else {}


def _storage_direction(content: Mapping[str, object], ways: set[tuple[str, str]]) -> int:
    status = str(_storage(content).get("status")).lower()
    return {"charging": 1, "discharging": -1}.get(status) or _direction("storage", ways, taken=1)


def _verdicts(answer: Answer, visit: Visit, site: int) -> Mapping[int, Trouble]:
    refused = (
        f"{WHO} does not accept the api_key for site {site}, and a new API key is needed; make one at "
        "monitoring.solaredge.com (Admin, Site Access), put it into the configuration, and check site_id"
    )
    return {
        401: AuthFailed(refused),
        403: Barred(refused),
        404: BadAnswer(f"{WHO} does not know site {site} (404)", "check site_id"),
        410: Gone(f"{WHO} retired this interface on 3 Nov 2026", "use V2 or the inverter's Modbus"),
        429: Throttled(
            f"{WHO}: this site's 300 calls a day are used up; waiting",
            visit.now + (retry_after(answer, visit.now) or HOUR),
        ),
    }
