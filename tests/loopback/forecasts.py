"""Open-Meteo and forecast.solar on 127.0.0.1: a sunny stretch of days, with the gaps and the clocks of theirs."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from eink_monitor.clock import HOUR, MINUTE, local, midnight
from loopback.server import Asked, LoopbackServer, Said

QUARTER = 15 * MINUTE


class OpenMeteoServer(LoopbackServer):
    """Radiation of 800 W/m² at 25 °C from 6 to 18 UTC; ``gap`` is an instant of which nothing is known."""

    def __init__(self, today: date, gap: int = 0) -> None:
        super().__init__()
        self.today, self.gap = today, gap

    def answer(self, asked: Asked) -> Said:
        if asked.path != "/v1/forecast":
            return Said(404, {"error": True, "reason": "Not Found"})
        params = asked.params
        if not -90 <= float(params["latitude"]) <= 90:
            return Said(400, {"error": True, "reason": f"Latitude must be in range, given: {params['latitude']}."})
        zone, days = ZoneInfo(params["timezone"]), int(params["forecast_days"])
        start = midnight(self.today, zone)
        offset = int((local(start, zone).utcoffset() or timedelta()).total_seconds())
        said: dict[str, object] = {"utc_offset_seconds": offset, "timezone": params["timezone"]}
        if "minutely_15" in params:
            times = [start + n * QUARTER for n in range(days * 96)]  # 96 a day, whatever clocks do
            said["minutely_15_units"] = {"global_tilted_irradiance_instant": "W/m²"}
            said["minutely_15"] = {
                "time": times,
                "global_tilted_irradiance_instant": [self._radiation(at) for at in times],
                "temperature_2m": [25.0 - 0.0342 * 800] * len(times),
            }
        if "hourly" in params:
            times = [start + n * HOUR for n in range(days * 24)]
            said["hourly"] = {
                "time": times,
                "temperature_2m": [10 + n % 24 / 2 for n in range(len(times))],
                "weather_code": [61] * len(times),
                "precipitation": [0.5] + [0.0] * (len(times) - 1),
                "precipitation_probability": [None] + [30] * (len(times) - 1),
            }
            said["daily"] = {
                "time": [start + n * 24 * HOUR for n in range(days)],
                "weather_code": [61, 3, 2, 0],
                "temperature_2m_max": [21.5, 22, 23, 24],
                "temperature_2m_min": [10, 11, None, 13],
            }
            said["current"] = {"time": start + 12 * HOUR, "interval": 900, "temperature_2m": 17.3}
        return Said(200, said)

    def _radiation(self, at: int) -> float | None:
        if at == self.gap:
            return None
        return 800.0 if 6 <= at % (24 * HOUR) // HOUR < 18 else 0.0


class ForecastSolarServer(LoopbackServer):
    """Sunrise at 3:10, sunset at 19:40 (UTC), 1,000 Wh for every kWp at each whole hour between, two days."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self.today = today
        self.remaining = 12

    def answer(self, asked: Asked) -> Said:
        *_, verb, _latitude, _longitude, tilt, _azimuth, kwp = asked.path.split("/")
        if verb != "estimate" or float(tilt) > 90:
            return Said(400, {"result": None, "message": {"code": 1, "type": "error", "text": "invalid declination"}})
        if self.remaining <= 0:
            headers = {"X-Ratelimit-Limit": "12", "X-Ratelimit-Retry-At": f"{self.today}T14:00:00+00:00"}
            return Said(429, {"result": None, "message": {"code": 429, "type": "error"}}, headers)
        self.remaining -= 1
        energy: dict[str, float] = {}
        for number in range(2):
            day = datetime(self.today.year, self.today.month, self.today.day, tzinfo=UTC) + timedelta(days=number)
            edges = [day.replace(hour=3, minute=10), *(day.replace(hour=hour) for hour in range(4, 20))]
            for moment in [*edges, day.replace(hour=19, minute=40)]:
                energy[moment.isoformat()] = 0 if moment is edges[0] or moment.minute else 1000 * float(kwp)
        limit = {"zone": "IP 1.2.3.4", "period": 3600, "limit": 12, "remaining": self.remaining}
        result = {"watts": {}, "watt_hours_period": energy, "watt_hours": {}, "watt_hours_day": {}}
        return Said(200, {"result": result, "message": {"code": 0, "type": "success", "ratelimit": limit}})
