"""Solar and weather forecasts from Open-Meteo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from eink_monitor import metrics
from eink_monitor.clock import MINUTE
from eink_monitor.model.outlook import Outlook
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source
from eink_monitor.settings import Personal, insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources._plane import Plane, check_place

if TYPE_CHECKING:
    from eink_monitor.sources._http.answer import Answer

_WHO = "Open-Meteo"
_ATTRIBUTION = "Open-Meteo (CC BY 4.0)"
_RENEWED = 30 * MINUTE  # the models behind it run every 1 to 6 hours
_DAYS = 4
WEATHER = (
    *(metrics.OUTDOOR_TEMPERATURE, metrics.WEATHER_CODE, metrics.PRECIPITATION, metrics.PRECIPITATION_PROBABILITY),
    *(metrics.DAY_WEATHER, metrics.DAY_HIGH, metrics.DAY_LOW),
)


@dataclass(frozen=True)
class OpenMeteo(Source):
    """The sun on up to three planes of a roof and the weather, from Open-Meteo (free for private use, CC BY 4.0).

    ``roof`` is the subject whose power is forecast, ``max_power`` (W) what its inverter can give at most.
    """

    latitude: Personal[float]
    longitude: Personal[float]
    planes: tuple[Plane, ...] = ()
    roof: str = "roof"
    max_power: float = 0.0
    weather: bool = True
    base_url: str = "https://api.open-meteo.com"

    group: ClassVar[str] = "climate"
    guide: ClassVar[str] = "A map shows latitude and longitude where you click; docs/outlook.md says more."
    words: ClassVar[Mapping[str, str]] = {
        "latitude": "degrees north, such as 48.14",
        "longitude": "degrees east, such as 11.58",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (metrics.OUTDOOR_TEMPERATURE,)
    lag: ClassVar[int] = 30 * MINUTE
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)

    def __post_init__(self) -> None:
        together(
            lambda: check_place(self.latitude, self.longitude, self.planes, self.max_power),
            lambda: insist((bool(self.planes) or self.weather, "planes are missing, and weather is false")),
            lambda: address(self.base_url),
        )

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The temperature outdoors, as the models have it."""
        return {subject: self.metrics} if self.weather else {}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:
        """The power of the roof, and the weather."""
        sun = {self.roof: (metrics.PV_POWER,)} if self.planes else {}
        return sun | ({subject: (*WEATHER, *sun.get(subject, ()))} if self.weather else {})

    def quota(self) -> Quota:
        """10,000 calls a day for an address, 5,000 an hour, 600 a minute."""
        return Quota("open-meteo", (Budget(600, "minute"), Budget(5_000, "hour"), Budget(10_000, "day")))

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the interface
        """One call a plane; the weather comes with the first."""
        return max(1, len(self.planes))

    def pace(self, visit: Visit) -> int:
        """More often there is nothing new."""
        return max(visit.every, _RENEWED)

    def patience(self, every: int) -> int:
        """As ``pace``."""
        return 3 * max(every, _RENEWED) + self.lag

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call a plane."""
        from eink_monitor.sources.open_meteo import answer

        planes = self.planes or (None,)
        said = [
            answer.judged(self._ask(plane, visit, weather=self.weather and not number), visit)
            for number, plane in enumerate(planes)
        ]
        if self.planes:
            slots = answer.power(said, self.planes, self.max_power)
            yield Outlook(self.roof, metrics.PV_POWER, visit.now, slots, _ATTRIBUTION)
        if self.weather:
            yield from answer.weather(said[0], visit, _ATTRIBUTION)

    def _ask(self, plane: Plane | None, visit: Visit, *, weather: bool) -> Answer:
        from eink_monitor.sources._http.web import Web

        params = {"latitude": f"{self.latitude:g}", "longitude": f"{self.longitude:g}"}
        params |= {"forecast_days": f"{_DAYS}", "timezone": visit.zone.key, "timeformat": "unixtime"}
        if plane:
            params |= {"tilt": f"{plane.tilt:g}", "azimuth": f"{plane.azimuth:g}"}
            params |= {"minutely_15": "global_tilted_irradiance_instant,temperature_2m"}
        if weather:
            params |= {
                "current": "temperature_2m",
                "hourly": "temperature_2m,weather_code,precipitation,precipitation_probability",
                "daily": "weather_code,temperature_2m_max,temperature_2m_min",
            }
        return Web(self.base_url, _WHO, visit).get("/v1/forecast", params)
