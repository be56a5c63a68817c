"""SolarEdge V1: retired on 3 Nov 2026, still spoken by emulators and exempt accounts.

Times are site-local without zone; the key goes into the query. ``currentPowerFlow`` gives sizes only: the direction is
in ``connections`` and the battery's ``status``; a site without a meter answers ``{}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo

from eink_monitor import metrics
from eink_monitor.clock import HOUR, local
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble
from eink_monitor.model import Metric, Reading, Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer, judge, number, retry_after, rows, table
from eink_monitor.sources._http.web import Web
from eink_monitor.sources._solaredge.series import WHO, instant, scale

BASE = "https://monitoringapi.solaredge.com"

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

    at, totals = overview(ask("/overview"), visit.zone)
    if at > visit.now + HOUR:
        message = f"{WHO} dates the overview in the future; is this machine's clock and timezone right?"
        raise BadAnswer(message)
    at = min(at, visit.now)
    if local(at, visit.zone).date() == day:
        totals |= energy_details(ask("/energyDetails", meters=meters, timeUnit="DAY", **span))
    moment = power_flow(ask("/currentPowerFlow"))
    found = [Reading(visit.subject, metric, value, at) for metric, value in totals.items() if metric not in moment]
    return found + [Reading(visit.subject, metric, value, visit.now) for metric, value in moment.items()]


def overview(document: Mapping[str, object], zone: ZoneInfo) -> tuple[int, dict[Metric, float]]:
    """When the site was last heard of, its power (W) and the production of day, month, year and lifetime (Wh)."""
    content = table(document.get("overview"), WHO, "overview")
    at = instant(content.get("lastUpdateTime"), zone)
    found: dict[Metric, float] = {}
    for name, metric in _TOTALS.items():
        if content.get(name) is not None:
            found[metric] = number(table(content[name], WHO, name).get("energy"), WHO, f"{name}.energy")
    if content.get("currentPower") is not None:
        power = table(content["currentPower"], WHO, "currentPower").get("power")
        found[metrics.PV_POWER] = number(power, WHO, "currentPower.power")
    return at, found


def energy_details(document: Mapping[str, object]) -> dict[Metric, float]:
    """The five meters of today in Wh. Self-consumption is production less feed-in where both are known."""
    content = table(document.get("energyDetails"), WHO, "energyDetails")
    factor = scale(content.get("unit", "Wh"), "energyDetails")
    found: dict[Metric, float] = {}
    for item in rows(content.get("meters", []), WHO, "energyDetails.meters"):
        meter = table(item, WHO, "a meter")
        metric = _METERS.get(str(meter.get("type")).lower())
        for value in rows(meter.get("values", []), WHO, "values of a meter"):
            amount = table(value, WHO, "a value of a meter").get("value")
            if metric and amount is not None:
                found[metric] = factor * number(amount, WHO, "a value of a meter")
    made, fed = found.get(metrics.PRODUCTION_TODAY), found.get(metrics.FEED_IN_TODAY)
    if made is not None and fed is not None:
        found[metrics.SELF_CONSUMPTION_TODAY] = max(0.0, made - fed)
    return found


def power_flow(document: Mapping[str, object]) -> dict[Metric, float]:
    """The flows of this moment in W; a size whose direction is not given is left out."""
    content = table(document.get("siteCurrentPowerFlow"), WHO, "siteCurrentPowerFlow")
    if not content:
        return {}
    factor = scale(content.get("unit"), "siteCurrentPowerFlow")
    ways = set(_ways(content))
    found: dict[Metric, float] = {}
    for name, metric, sign in (
        ("PV", metrics.PV_POWER, 1),
        ("LOAD", metrics.LOAD_POWER, 1),
        ("GRID", metrics.GRID_POWER, _direction("grid", ways, taken=-1)),
        ("STORAGE", metrics.STORAGE_POWER, _storage_direction(content, ways)),
    ):
        part = content.get(name)
        size = table(part, WHO, name).get("currentPower") if part is not None else None
        if size is not None:
            power = factor * number(size, WHO, f"{name}.currentPower")
            if sign or power == 0:
                found[metric] = power * sign
    level = table(content.get("STORAGE") or {}, WHO, "STORAGE").get("chargeLevel")
    if level is not None:
        found[metrics.STORAGE_SOC] = number(level, WHO, "STORAGE.chargeLevel")
    return found


def _ways(content: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for item in rows(content.get("connections", []), WHO, "connections"):
        way = table(item, WHO, "a connection")
        yield str(way.get("from")).lower(), str(way.get("to")).lower()


def _direction(part: str, ways: set[tuple[str, str]], *, taken: int) -> int:
    """``taken`` if power goes to that part, the opposite if it comes from there, 0 if neither or both are said."""
    goes, comes = any(end == part for _, end in ways), any(start == part for start, _ in ways)
    return 0 if goes == comes else taken if goes else -taken


def _storage_direction(content: Mapping[str, object], ways: set[tuple[str, str]]) -> int:
    status = str(table(content.get("STORAGE") or {}, WHO, "STORAGE").get("status")).lower()
    return {"charging": 1, "discharging": -1}.get(status) or _direction("storage", ways, taken=1)


def _verdicts(answer: Answer, visit: Visit, site: int) -> Mapping[int, Trouble]:
    refused = AuthFailed(f"{WHO} does not accept the api_key for site {site}; check both")
    return {
        401: refused,
        403: refused,
        404: BadAnswer(f"{WHO} does not know site {site} (404); check site_id"),
        410: Gone(f"{WHO} retired this interface on 3 Nov 2026; use V2 or the inverter's Modbus"),
        429: Throttled(
            f"{WHO}: this site's 300 calls a day are used up; waiting",
            visit.now + (retry_after(answer, visit.now) or HOUR),
        ),
    }
