"""Five vendors of prices on 127.0.0.1, with the traps of each. A price is 10 ct and a tenth of its hour (UTC).

``until`` is the instant up to which prices are published, ``gap`` one of which nothing is known.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, MINUTE, day_bounds, iso, local
from loopback.server import Asked, LoopbackServer, Said

QUARTER = 15 * MINUTE
BERLIN = ZoneInfo("Europe/Berlin")
TOKEN = "b6c1f0de-0123-4567-89ab-secret"


def price(at: int) -> float:
    """EUR/kWh; below zero at noon."""
    hour = at % DAY // HOUR
    return -0.05 if hour == 12 else 0.1 + hour / 1000


class _Exchange(LoopbackServer):
    def __init__(self, until: int, gap: int = 0) -> None:
        super().__init__()
        self.until, self.gap = until, gap

    def times(self, since: int, until: int, step: int) -> list[int]:
        return list(range(since, min(until, self.until), step))


class EnergyChartsServer(_Exchange):
    """404 for a day of which nothing is published yet, whatever else was asked."""

    licence = "CC BY 4.0 (creativecommons.org/licenses/by/4.0) from Bundesnetzagentur | SMARD.de"

    def answer(self, asked: Asked) -> Said:
        if asked.path != "/price" or asked.params["bzn"] == "XX":
            return Said(400, {"detail": "unknown bidding zone"})
        first, last = (datetime.fromisoformat(asked.params[edge]).date() for edge in ("start", "end"))
        since, until = day_bounds(first, BERLIN)[0], day_bounds(last, BERLIN)[1]
        if day_bounds(last, BERLIN)[0] >= self.until:
            return Said(404, {"detail": "no content available"})
        times = self.times(since, until, QUARTER)
        prices = [None if at == self.gap else price(at) * 1000 for at in times]
        body = {"license_info": self.licence, "unix_seconds": times, "price": prices, "unit": "EUR / MWh"}
        return Said(200, {**body, "deprecated": False})


class AwattarServer(_Exchange):
    def answer(self, asked: Asked) -> Said:
        if asked.path != "/v1/marketdata":
            return Said(404, {})
        start, end = (int(asked.params[edge]) // 1000 for edge in ("start", "end"))
        data = [
            {"start_timestamp": at * 1000, "end_timestamp": (at + HOUR) * 1000, "marketprice": price(at) * 1000}
            for at in self.times(start, end, HOUR)
            if at != self.gap
        ]
        return Said(200, {"object": "list", "data": [{**row, "unit": "Eur/MWh"} for row in data], "url": "/de/v1"})


class TibberServer(_Exchange):
    """Errors with status 200; tomorrow is an empty list before it is published; of two homes one has no contract."""

    now = 0
    currency = "SEK"

    def answer(self, asked: Asked) -> Said:
        query = json.loads(asked.body)["query"]
        if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
            return Said(200, {"errors": [{"message": "invalid token", "extensions": {"code": "UNAUTHENTICATED"}}]})
        if 'id:"' in query and 'id:"h2"' not in query:
            return Said(200, {"data": None, "errors": [{"message": "No valid home found", "path": ["viewer", "home"]}]})
        step = QUARTER if "resolution:QUARTER_HOURLY" in query else HOUR
        today = local(self.now, BERLIN).date()
        start, end = day_bounds(today, BERLIN)
        info = {
            "current": {"total": price(self.now), "startsAt": _stamp(self.now), "currency": self.currency},
            "today": [self._row(at) for at in self.times(start, end, step)],
            "tomorrow": [self._row(at) for at in self.times(end, end + DAY, step)],
        }
        home = {"currentSubscription": {"priceInfo": info}}
        viewer = {"home": home} if "home(" in query else {"homes": [{"currentSubscription": None}, home]}
        return Said(200, {"data": {"viewer": viewer}})

    def _row(self, at: int) -> dict[str, object]:
        return {"total": None if at == self.gap else price(at), "startsAt": _stamp(at)}


def _stamp(at: int) -> str:
    return local(at, BERLIN).isoformat(timespec="milliseconds")


class EntsoEServer(_Exchange):
    """Points that repeat the one before are left out; the same day comes in hours, and again by another auction.

    Nothing to tell is an acknowledgement, with status 200 or ``nothing``.
    """

    nothing = 200

    def answer(self, asked: Asked) -> Said:
        params = asked.params
        if params.get("securityToken") != TOKEN:
            return Said(401, b"<html>Unauthorized</html>", {"Content-Type": "text/html"})
        since, until = (_entsoe(params[edge]) for edge in ("PeriodStart", "PeriodEnd"))
        if params["In_Domain"] != "10Y1001A1001A82H":
            return self._acknowledged("Delivered time interval is not valid", 400)
        until = min(until, self.until)
        if since >= until:
            return self._acknowledged("No matching data found for Data item [12.1.D]", self.nothing)
        series = [
            self._series(since, until, HOUR, "", 1),
            self._series(since, until, QUARTER, "2", 2000),
            self._series(since, until, QUARTER, "1", 1000),
        ]
        name = "urn:iec62325.351:tc57wg16:451-3:publicationdocument:7:3"
        text = f'<?xml version="1.0" encoding="utf-8"?><Publication_MarketDocument xmlns="{name}">{"".join(series)}'
        return Said(200, f"{text}</Publication_MarketDocument>".encode(), {"Content-Type": "text/xml"})

    def _series(self, since: int, until: int, step: int, order: str, scale: float) -> str:
        points, before = "", None
        for number, at in enumerate(self.times(since, until, step), 1):
            amount = f"{price(at) * scale:.2f}"
            if amount != before:
                points += f"<Point><position>{number}</position><price.amount>{amount}</price.amount></Point>"
            before = amount
        edges = f"<start>{iso(since)[:16]}Z</start><end>{iso(until)[:16]}Z</end>"
        name = "classificationSequence_AttributeInstanceComponent.position"
        return (
            "<TimeSeries><currency_Unit.name>EUR</currency_Unit.name>"
            "<price_Measure_Unit.name>MWH</price_Measure_Unit.name>"
            f"{f'<{name}>{order}</{name}>' if order else ''}<curveType>A03</curveType>"
            f"<Period><timeInterval>{edges}</timeInterval><resolution>PT{step // MINUTE}M</resolution>{points}</Period>"
            "</TimeSeries>"
        )

    def _acknowledged(self, reason: str, status: int) -> Said:
        text = (
            '<?xml version="1.0"?><Acknowledgement_MarketDocument xmlns="urn:iec62325.351:tc57wg16:451-1:ack:7:0">'
            f"<Reason><code>999</code><text>{reason}</text></Reason></Acknowledgement_MarketDocument>"
        )
        return Said(status, text.encode(), {"Content-Type": "text/xml"})


def _entsoe(text: str) -> int:
    year, month, day, hour, minute = (int(text[a:b]) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12)))
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


class OctopusServer(_Exchange):
    """Newest first, in pages of ``page`` rows, each half hour once for every way of paying."""

    page = 1000
    flat = False

    def answer(self, asked: Asked) -> Said:
        if asked.path != "/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/standard-unit-rates/":
            return Said(404, {"detail": "Not found."})
        if self.flat:
            rate = {"value_exc_vat": 20, "value_inc_vat": 21, "valid_from": "2024-01-01T00:00:00Z", "valid_to": None}
            return Said(200, {"count": 1, "next": None, "results": [{**rate, "payment_method": None}]})
        since, until = (
            int(datetime.fromisoformat(asked.params[f"period_{edge}"]).timestamp()) for edge in ("from", "to")
        )
        rows = [
            {
                "value_exc_vat": price(at) * 100,
                "value_inc_vat": price(at) * 105 * dear,
                "valid_from": iso(at),
                "valid_to": iso(at + HOUR // 2),
                "payment_method": way,
            }
            for at in reversed(self.times(since, until, HOUR // 2))
            for way, dear in (("DIRECT_DEBIT", 1), ("NON_DIRECT_DEBIT", 1.1))
        ]
        first = (int(asked.params.get("page", "1")) - 1) * self.page
        more = f"{self.url}/next" if first + self.page < len(rows) else None
        return Said(200, {"count": len(rows), "next": more, "results": rows[first : first + self.page]})
