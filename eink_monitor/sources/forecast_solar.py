"""Solar forecasts from forecast.solar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from eink_monitor import metrics
from eink_monitor.clock import DAY, HOUR, MINUTE, local, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble
from eink_monitor.model.outlook import Outlook, Slot
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric
from eink_monitor.model.said import Said
from eink_monitor.model.source import Source
from eink_monitor.settings import Personal, Secret, insist, together
from eink_monitor.sources._daylight import sunlit
from eink_monitor.sources._http.address import address
from eink_monitor.sources._plane import Plane, check_place

if TYPE_CHECKING:
    from eink_monitor.sources._http.answer import Answer

_WHO = "forecast.solar"
_RENEWED = 30 * MINUTE  # it computes every 15 minutes, and 12 calls an hour are for all of an address
_LONGEST_NIGHT = 20 * HOUR
_MOST = 2_000
_DUSK = 2 * HOUR  # how far a zone's noon may be from the sun's, and twilight


@dataclass(frozen=True)
class ForecastSolar(Source):
    """The sun on up to three planes of a roof, today and tomorrow, from forecast.solar (12 calls an hour, one a plane).

    ``roof`` is the subject whose power is forecast; ``api_key`` that of a paid account, with its ``calls_per_hour``.
    """

    latitude: Personal[float]
    longitude: Personal[float]
    planes: tuple[Plane, ...]
    roof: str = "roof"
    max_power: float = 0.0
    api_key: Secret | None = None
    calls_per_hour: int = 12
    base_url: str = "https://api.forecast.solar"

    group: ClassVar[str] = "price"
    guide: ClassVar[str] = "A map shows latitude and longitude where you click; docs/outlook.md says more."
    words: ClassVar[Mapping[str, str]] = {
        "latitude": "degrees north, such as 48.14",
        "longitude": "degrees east, such as 11.58",
        "planes": "the sides of the roof, such as [{kwp: 6.4, tilt: 35, azimuth: 0}]; azimuth 0 is south, -90 east",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (metrics.PV_POWER,)
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)

    def __post_init__(self) -> None:
        together(
            lambda: check_place(self.latitude, self.longitude, self.planes, self.max_power),
            lambda: insist(
                (
                    bool(self.planes),
                    "planes are missing: kwp, tilt and azimuth of each side of the roof",
                ),
                (
                    self.calls_per_hour >= max(1, len(self.planes)),
                    "calls_per_hour must be enough for one call per plane",
                ),
            ),
            lambda: address(self.base_url),
        )

    @property
    def renews(self) -> str:
        """No sign-in."""
        return "API key"

    def publishes(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:  # noqa: ARG002 - the interface
        """Nothing is measured."""
        return {}

    def expects(self, subject: str) -> Mapping[str, tuple[Metric, ...]]:  # noqa: ARG002 - the interface
        """The power of the roof."""
        return {self.roof: self.metrics}

    def quota(self) -> Quota:
        """The hourly quota of an address or an account."""
        return Quota("forecast-solar", (Budget(self.calls_per_hour, "hour"),))

    def cost(self, visit: Visit) -> int:  # noqa: ARG002 - the interface
        """One call a plane."""
        return len(self.planes)

    def pace(self, visit: Visit) -> int:
        """More often there is nothing new."""
        return max(visit.every, _RENEWED)

    def patience(self, every: int) -> int:
        """As ``pace``."""
        return 3 * max(every, _RENEWED)

    def poll(self, visit: Visit) -> Iterator[Said]:
        """One call a plane."""
        each = [self._whole(plane, visit) for plane in self.planes]
        yield Outlook(self.roof, metrics.PV_POWER, visit.now, together_of(each, self.max_power), "forecast.solar")

    def _whole(self, plane: Plane, visit: Visit) -> list[Slot]:
        return whole_days(parse(judged(self._ask(plane, visit), visit)), visit, self.latitude)

    def _ask(self, plane: Plane, visit: Visit) -> Answer:
        from eink_monitor.sources._http.web import Web

        key = f"/{self.api_key.reveal()}" if self.api_key else ""
        place = f"{self.latitude:g}/{self.longitude:g}/{plane.tilt:g}/{plane.azimuth:g}/{plane.kwp:g}"
        return Web(self.base_url, _WHO, visit).get(f"{key}/estimate/{place}", {"time": "utc", "full": "1"})


def judged(answer: Answer, visit: Visit) -> Mapping[str, object]:
    """The ``result`` of an answer. Raises the error that says what to do next."""
    from eink_monitor.sources._http.answer import judge, retry_after, table

    refused = AuthFailed(f"{_WHO} rejects the API key", "check api_key, or remove it")
    place = BadAnswer(f"{_WHO} cannot answer for this roof", "check latitude, longitude and planes")
    told = _instant(answer.headers.get("x-ratelimit-retry-at", ""))
    until = told or visit.now + (retry_after(answer, visit.now) or HOUR)
    until = min(max(until, visit.now + MINUTE), visit.now + DAY)
    often = Throttled(f"{_WHO} says this address polls too often (429)", until)
    verdicts: dict[int, Trouble] = {400: place, 404: place, 422: place, 401: refused, 403: refused, 429: often}
    document = table(judge(answer, visit.now, verdicts).json(), _WHO, "the answer")
    return table(document.get("result"), _WHO, "result")


def parse(result: Mapping[str, object]) -> list[Slot]:
    """Watts of one plane, from the energy between two instants. Raises ``BadAnswer``."""
    from eink_monitor.sources._http.answer import number, table

    periods = table(result.get("watt_hours_period"), _WHO, "watt_hours_period")
    if len(periods) > _MOST:
        message = f"{_WHO}: watt_hours_period has more than {_MOST} rows"
        raise BadAnswer(message)
    energy = {_instant(when): number(value, _WHO, "watt_hours_period") for when, value in periods.items()}
    energy.pop(0, None)
    if len(energy) < 2:
        message = f"{_WHO}: watt_hours_period has no ISO 8601 times"
        raise BadAnswer(message)
    return [
        Slot(before, after, energy[after] * HOUR / (after - before))
        for before, after in pairwise(sorted(energy))
        if after - before <= _LONGEST_NIGHT
    ]


def _instant(text: str) -> int:
    """An instant in ISO 8601, in UTC where it does not say; 0 for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        return 0


def whole_days(slots: Sequence[Slot], visit: Visit, latitude: float) -> list[Slot]:
    """Adds the night before the first instant and after the last, which the answer omits: power is 0 then."""
    if not slots:
        return []
    first, last = slots[0].start, min(slots[-1].end, visit.now + 31 * DAY)
    begin = midnight(local(first, visit.zone).date(), visit.zone)
    end = midnight(local(last + DAY, visit.zone).date(), visit.zone)
    before = (
        [Slot(begin, first, 0.0)] if begin < first and not sunlit(first - _DUSK, visit.zone, latitude, None) else []
    )
    after = [Slot(last, end, 0.0)] if last < end and not sunlit(last + _DUSK, visit.zone, latitude, None) else []
    return [*before, *slots, *after]


def together_of(each: Sequence[Sequence[Slot]], most: float) -> tuple[Slot, ...]:
    """Several planes as one roof, cut where one of them is; ``most`` is the inverter's limit, 0 for none."""
    edges = sorted({edge for slots in each for slot in slots for edge in slot[:2]})
    found = []
    for start, end in pairwise(edges):
        values = [value for slots in each if (value := _at(slots, start)) is not None]
        if len(values) == len(each):
            found.append(Slot(start, end, min(sum(values), most or float("inf"))))
    return tuple(found)


def _at(slots: Sequence[Slot], instant: int) -> float | None:
    return next((slot.value for slot in slots if slot.start <= instant < slot.end), None)
