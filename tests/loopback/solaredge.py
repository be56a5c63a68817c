"""SolarEdge on 127.0.0.1: V2 (OAuth or fleet key) under ``/v2``, V1 at the root."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from eink_monitor.clock import DAY, HOUR, local, midnight
from loopback import solaredge_v1 as v1
from loopback.roof import QUARTER, Roof, quarters
from loopback.server import Asked, LoopbackServer, Said

KEY = "fleet-key-5ecret"
CLIENT = "client-0123456789"
SECRET = "client-5ecret"
SITE = 1234567

_SERIES = {
    "production": "productionPower",
    "used": "consumptionPower",
    "bought": "importPower",
    "sold": "exportPower",
    "charge": "chargePower",
    "discharge": "dischargePower",
}


class SolarEdgeServer(LoopbackServer):
    """One site. ``now`` is asked for the time; ``meters`` and ``battery`` say what the house has.

    ``silent_since`` is when the inverter was last heard (None: it talks); ``late`` is how long a quarter takes to
    appear. ``tokens`` holds the refresh token that is good and the access tokens that are; ``offsets`` says whether
    timestamps carry the zone's offset; ``redirect_uri`` must come with a code, if it is not empty.
    """

    def __init__(self, zone: ZoneInfo, now: Callable[[], int], *, meters: bool = True, battery: bool = True) -> None:
        super().__init__()
        self.zone, self.now = zone, now
        self.meters, self.battery = meters, battery
        self.roof = Roof(zone, battery=battery)
        self.late = 90
        self.silent_since: int | None = None
        self.offsets = True
        self.mute: set[str] = set()
        self.soc_unit = 1.0
        self.refresh_token, self.access_tokens = "refresh-0", {"access-0"}
        self.refreshes = 0
        self.redirect_uri = ""

    @property
    def calls(self) -> int:
        """How many credits were spent."""
        return sum("/oauth2/" not in path for path in self.paths())

    def answer(self, asked: Asked) -> Said:
        parts = asked.path.strip("/").split("/")
        if parts[:2] == ["v2", "oauth2"]:
            form = json.loads(asked.body)
            return self._revoke(form) if parts[2] == "revoke-token" else self._token(form)
        if parts[:2] == ["v2", "sites"]:
            return self._guarded_v2(asked, parts)
        if parts[0] == "site":
            return self._v1(asked, parts)
        return Said(404, {"title": "Not Found", "status": 404})

    def _revoke(self, form: dict[str, str]) -> Said:
        if form.get("token") != self.refresh_token:
            return Said(400, {"error": "invalid_grant"})
        self.refresh_token, self.access_tokens = "", set()
        return Said(200, {})

    def _token(self, form: dict[str, str]) -> Said:
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Said(401, {"error": "invalid_client"})
        given = form.get("refresh_token") or form.get("code")
        if given not in {self.refresh_token, "code-from-consent"}:
            return Said(400, {"error": "invalid_grant"})
        if "code" in form and self.redirect_uri not in {"", form.get("redirect_uri")}:
            return Said(400, {"error": "invalid_request"})
        self.refreshes += 1
        self.refresh_token, access = f"refresh-{self.refreshes}", f"access-{self.refreshes}"
        self.access_tokens = {access}
        return Said(200, {"access_token": access, "refresh_token": self.refresh_token, "expires_in": 7200})

    def _guarded_v2(self, asked: Asked, parts: list[str]) -> Said:
        bearer = asked.headers.get("Authorization", "").removeprefix("Bearer ")
        if asked.headers.get("X-API-Key") != KEY and bearer not in self.access_tokens:
            return Said(401, {"title": "Unauthorized", "status": 401}, {"Content-Type": "application/problem+json"})
        if parts[2] != str(SITE):
            return Said(404, {"title": "Not Found", "status": 404})
        since, until = self._instant(asked.params["from"]), self._instant(asked.params["to"])
        resolution = asked.params.get("resolution")
        widest = {"QUARTER_HOUR": 12 * HOUR, "HOUR": DAY, "DAY": 31 * DAY}.get(resolution or "", 100 * 366 * DAY)
        if since >= until or self._wall(until) - self._wall(since) > timedelta(seconds=widest):
            return Said(400, {"title": "Bad Request", "status": 400, "detail": "span"})
        answers: dict[str, Callable[[], dict[str, object]]] = {
            "overview": lambda: self._overview(since, until),
            "power": lambda: {"unit": "W", "values": self._curve("production", since, until)},
            "energy": lambda: self._energy(since, until, resolution or "DAY"),
            "meters/telemetry": lambda: {"resolution": resolution, "meters": self._meters(since, until)},
            "storage/telemetry": lambda: {"resolution": resolution, "storage": self._storage(since, until)},
        }
        name = "/".join(parts[3:])
        return Said(200, answers[name]()) if name in answers else Said(404, {"title": "Not Found", "status": 404})

    def _wall(self, at: int) -> datetime:
        return local(at, self.zone).replace(tzinfo=None)

    def _instant(self, text: str) -> int:
        when = datetime.fromisoformat(text)
        return int((when if when.tzinfo else when.replace(tzinfo=self.zone)).timestamp())

    def _stamp(self, at: int) -> str:
        when = local(at, self.zone)
        return (when if self.offsets else when.replace(tzinfo=None)).isoformat()

    def _heard(self) -> int:
        """Until when the cloud knows anything."""
        return min(self.now() - self.late, self.silent_since or 1 << 40)

    def _curve(self, name: str, since: int, until: int, factor: float = 1.0) -> list[dict[str, object]]:
        heard = self._heard()
        return [
            {
                "timestamp": self._stamp(at),
                "value": getattr(self.roof.flow(at), name) * factor if at + QUARTER <= heard else None,
            }
            for at in quarters(since, until)
        ]

    def _meters(self, since: int, until: int) -> dict[str, object]:
        if not self.meters:
            return {}
        names = ("production", "used", "bought", "sold")
        units = {"production": ("KW", 0.001), "sold": ("kW", 0.001)}
        return {
            "METER1": {
                _SERIES[name]: {
                    "unit": units.get(name, ("W", 1.0))[0],
                    "values": self._curve(name, since, until, units.get(name, ("W", 1.0))[1]),
                }
                for name in names
                if _SERIES[name] not in self.mute
            }
        }

    def _storage(self, since: int, until: int) -> dict[str, object]:
        if not self.battery:
            return {}
        heard = self._heard()
        level = [
            {
                "timestamp": self._stamp(at),
                "value": self.roof.charge_level(at) * self.soc_unit if at + QUARTER <= heard else None,
            }
            for at in quarters(since, until)
        ]
        curves = {
            _SERIES[name]: {"unit": "W", "values": self._curve(name, since, until)} for name in ("charge", "discharge")
        }
        return {"BAT1": {**curves, "stateOfEnergy": {"unit": "PERCENTAGE", "values": level}}}

    def _overview(self, since: int, until: int) -> dict[str, object]:
        until = max(since, min(until + 1, self._heard() // QUARTER * QUARTER))
        wh = {name: self.roof.energy(name, since, until) for name in ("production", "used", "bought", "sold", "charge")}
        known = self.meters
        return {
            "siteId": SITE,
            "production": {
                "total": wh["production"] / 1000,
                "unit": "KWH",
                "toSelfConsumption": (wh["production"] - wh["sold"] - wh["charge"]) / 1000 if known else None,
                "toStorage": wh["charge"] / 1000 if known else None,
                "toGrid": wh["sold"] / 1000 if known else None,
            },
            "consumption": {
                "total": wh["used"] if known else None,
                "unit": "WH",
                "fromGrid": wh["bought"] if known else None,
            },
        }

    def _energy(self, since: int, until: int, resolution: str) -> dict[str, object]:
        first, last = local(since, self.zone).date(), local(until, self.zone).date()
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        installed = local(self.now(), self.zone).date() - timedelta(days=400)
        amounts: dict[str, float] = {}
        for day in (day for day in days if day >= installed):
            start, end = midnight(day, self.zone), midnight(day + timedelta(days=1), self.zone)
            bucket = midnight(day.replace(month=1, day=1), self.zone) if resolution == "YEAR" else start
            end = max(start, min(end, self._heard() // QUARTER * QUARTER))
            stamp = self._stamp(bucket)
            amounts[stamp] = amounts.get(stamp, 0.0) + self.roof.day("production", start, end)
        values = [{"timestamp": stamp, "value": value / 1000} for stamp, value in amounts.items()]
        return {"unit": "KWH", "resolution": resolution, "values": values}

    def _v1(self, asked: Asked, parts: list[str]) -> Said:
        if asked.params.get("api_key") != KEY:
            return Said(403, {"String": "Invalid token"})
        at = self._heard() // QUARTER * QUARTER
        start = midnight(local(at, self.zone).date(), self.zone)
        wh = {name: self.roof.energy(name, start, at) for name in ("production", "used", "sold", "bought")}
        power = self.roof.flow(at - QUARTER).production
        answers = {
            "overview": v1.overview(str(self._wall(at)), wh["production"], power),
            "energyDetails": {"energyDetails": v1.details(str(self._wall(start)), wh, meters=self.meters)},
            "currentPowerFlow": {
                "siteCurrentPowerFlow": v1.power_flow(self.roof, self.now()) if self.meters else {},
            },
        }
        if parts[1] != str(SITE) or parts[2] not in answers:
            return Said(404)
        return Said(200, answers[parts[2]])
