"""evcc on 127.0.0.1, as a release of 2026 answers, and as one of 2023 did."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler

from loopback.server import Asked, LoopbackServer, Said

NOW = 1_795_759_200  # 2026-11-27 06:00 UTC
GARAGE: Mapping[str, object] = {
    "name": "lp-1",
    "title": "Garage",
    "mode": "pv",
    "connected": True,
    "charging": True,
    "enabled": True,
    "chargePower": 4140,
    "chargedEnergy": 6120.5,
    "sessionEnergy": 6120.5,
    "sessionSolarPercentage": 94.2,
    "sessionPrice": 0.31,
    "chargeDuration": 5400,
    "chargeRemainingDuration": 7200,
    "chargeRemainingEnergy": 8000,
    "phasesActive": 1,
    "vehicleName": "db:3",
    "vehicleTitle": "Zoe",
    "vehicleSoc": 58.3,
    "vehicleRange": 190,
    "vehicleOdometer": 42110,
    "vehicleLimitSoc": 0,
    "effectiveLimitSoc": 80,
    "planActive": False,
    "effectivePlanTime": None,
    "chargerFeatureHeating": False,
}
CARPORT: Mapping[str, object] = {
    "name": "lp-2",
    "title": "Carport Links",
    "mode": "off",
    "connected": False,
    "charging": False,
    "chargePower": 0,
    "chargedEnergy": 0,
    "sessionEnergy": 0,
    "sessionSolarPercentage": 0,
    "chargeDuration": 0,
    "chargeRemainingDuration": 0,
    "vehicleName": "db:4",
    "vehicleTitle": "Blue e-Golf",
    "vehicleSoc": 40,
    "vehicleRange": 120,
    "vehicleOdometer": 9,
    "effectiveLimitSoc": 100,
}
STATE: Mapping[str, object] = {
    "siteTitle": "Home",
    "version": "0.309.0",
    "currency": "EUR",
    "startupCompleted": True,
    "homePower": 420,
    "pvPower": 6100,
    "pvEnergy": 0,
    "greenShareHome": 0.93,
    "tariffGrid": 0.28,
    "pv": [{"title": "South", "power": 4000, "energy": 12345.6}, {"title": "West", "power": 2100, "energy": 2000}],
    "grid": {"power": -1200, "energy": 5123.4, "returnEnergy": 9000.1, "currents": [1.0, 2.0, 3.0]},
    "battery": {"power": -340, "soc": 81, "capacity": 10, "devices": [{"power": -340, "soc": 81, "capacity": 10}]},
    "loadpoints": [GARAGE, CARPORT],
    "vehicles": {
        "db:3": {"title": "Zoe", "capacity": 52, "minSoc": 20, "limitSoc": 0, "features": ["Offline"]},
        "db:4": {"title": "Blue e-Golf", "capacity": 32},
    },
    "statistics": {"30d": {"chargedKWh": 121.4, "solarPercentage": 63, "avgPrice": 0.19, "avgCo2": 180}},
}
OLD: Mapping[str, object] = {
    "result": {
        "siteTitle": "Zuhause",
        "currency": "CHF",
        "homePower": 500,
        "gridConfigured": True,
        "gridPower": 1500,
        "pvConfigured": True,
        "pvPower": -12,
        "pv": [{"power": -12}],
        "batteryConfigured": True,
        "batteryPower": 400,
        "batterySoc": 55,
        "battery": [{"power": 400, "soc": 55}],
        "greenShareHome": 0.2,
        "tariffGrid": 0.31,
        "loadpoints": [
            {
                "title": "Garage",
                "mode": "now",
                "connected": True,
                "charging": True,
                "chargePower": 1388,
                "chargedEnergy": 900,
                "chargeRemainingDuration": 3_600_000_000_000,
                "vehicleName": "zoe",
                "vehicleTitle": "Zoe",
                "vehicleSoc": 0,
                "vehicleRange": 0,
                "vehicleOdometer": 0,
            }
        ],
        "vehicles": {"zoe": {"title": "Zoe"}},
    }
}
SESSIONS: tuple[Mapping[str, object], ...] = (
    {
        "id": 71,
        "created": "2026-11-25T17:02:11+01:00",
        "finished": "2026-11-26T07:30:00+01:00",
        "loadpoint": "Garage",
        "identifier": "",
        "vehicle": "Zoe",
        "odometer": 42010.0,
        "meterStart": 1.0,
        "meterStop": 13.4,
        "chargedEnergy": 12.4,
        "chargeDuration": 10_800_000_000_000,
        "socStart": 40,
        "socStop": 63,
        "solarPercentage": 12.5,
        "price": 3.1,
        "pricePerKWh": 0.25,
        "co2PerKWh": 210,
    },
    {
        "id": 72,
        "created": "2026-11-27T05:00:00Z",
        "finished": "0001-01-01T00:00:00Z",
        "loadpoint": "Garage",
        "identifier": "",
        "vehicle": "Zoe",
        "odometer": None,
        "meterStart": None,
        "meterStop": None,
        "chargedEnergy": 6.12,
        "chargeDuration": 5400,
        "solarPercentage": None,
        "price": None,
    },
)


class EvccServer(LoopbackServer):
    """``state`` is what it tells; ``rates`` are the slots of its tariff; ``now`` is what its clock says, 0 for none."""

    def __init__(self, state: Mapping[str, object] = STATE) -> None:
        super().__init__()
        self.state = state
        self.rates: list[Mapping[str, object]] = []
        self.logged: dict[tuple[str, str], list[Mapping[str, object]]] = {("2026", "11"): [*SESSIONS]}
        self.now = NOW - 5
        owner = self

        class Dated(self._server.RequestHandlerClass):  # type: ignore[misc, name-defined]
            def send_header(self, keyword: str, value: str) -> None:
                if keyword != "Date":
                    super().send_header(keyword, value)
                elif owner.now:
                    super().send_header(keyword, formatdate(owner.now, usegmt=True))

        self._server.RequestHandlerClass = Dated
        assert issubclass(Dated, BaseHTTPRequestHandler)

    def answer(self, asked: Asked) -> Said:
        """As gorilla's router has it."""
        if asked.path == "/api/state":
            return Said(200, self.state)
        if asked.path == "/api/tariff/grid":
            return Said(200, {"rates": self.rates}) if self.rates else Said(404, {"error": "tariff not available"})
        if asked.path == "/api/sessions":
            return Said(200, self.logged.get((asked.params["year"], asked.params["month"])))
        return Said(404, b"404 page not found\n", {"Content-Type": "text/plain"})
