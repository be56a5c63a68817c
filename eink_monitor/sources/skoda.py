"""A Skoda, through the official public API with a key from the MySkoda app: 20 calls an hour, read only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import HOUR
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Unavailable
from eink_monitor.locale import marked
from eink_monitor.metrics import CHARGING, CHARGING_POWER, FUEL, ODOMETER, PLUGGED, RANGE, SOC, TARGET_SOC, TIME_TO_FULL
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.signin import WARNING, Credential, lifetime
from eink_monitor.settings import Secret, Vin
from eink_monitor.sources._car import (
    FOREVER,
    POSITION,
    CarReadings,
    CarSource,
    account,
    instant,
)
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.answer import Answer, judge, retry_after, table
from eink_monitor.sources._http.notebook import Notebook

_WHO = "Skoda"
_WAY_OUT = "make a new one in the MySkoda app or at go.skoda.eu/api-keys and put it into the configuration"
_NOT_CHARGING = ("CONNECT_CABLE", "CONSERVING", "READY_FOR_CHARGING", "DISCHARGING", "CHARGING_INTERRUPTED", "OFF")
_CHARGING = {"CHARGING": True} | dict.fromkeys(_NOT_CHARGING, False)
_BURNING = ("GASOLINE", "PETROL", "DIESEL", "CNG", "LPG", "")  # any other engine may have a plug
_PLUGGED = {"CONNECTED": True, "DISCONNECTED": False}
_PLUG_OF_STATE = {"CONNECT_CABLE": False} | dict.fromkeys(
    ("CHARGING", "CONSERVING", "READY_FOR_CHARGING", "CHARGING_INTERRUPTED"), True
)


@dataclass(frozen=True)
class Skoda(CarSource):
    """A Skoda: charge, range, plug, charging and odometer, from the official API with a key."""

    api_key: Secret
    vin: Vin
    base_url: str = "https://public.api.connect.skoda-auto.cz"
    position: bool = False

    guide: ClassVar[str] = "Make an API key in the MySkoda app, or at go.skoda.eu/api-keys."
    words: ClassVar[Mapping[str, str]] = {
        "api_key": "as the app showed it",
        "vin": "17 letters and digits: in the app, or behind the windscreen",
    }
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm",)
    door: ClassVar[str] = "go.skoda.eu/api-keys"

    def __post_init__(self) -> None:
        address(self.base_url)

    @property
    def renews(self) -> str:
        """No sign-in: Skoda issues keys, which expire."""
        # TRANSLATORS: at most 12 letters; what a vendor gives in place of a sign-in
        return marked("API key")

    def quota(self) -> Quota:
        """20 calls an hour for a key (Skoda's documentation says in one place key, in another VIN)."""
        return Quota(account("skoda", self.api_key.reveal()), (Budget(20, "hour"),))

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """One call for everything."""
        from eink_monitor.sources._http.web import Web

        web = Web(self.base_url, _WHO, visit)
        vin = self.vin.reveal()
        answer = web.get(f"/api/v1/vehicles/{vin}", headers={"X-API-Key": self.api_key.reveal()})
        expires_at = self._remember_expiry(answer, visit)
        if expires_at is not None and expires_at - visit.now <= WARNING:
            visit.remarks.add(lifetime("the Skoda API key", expires_at, visit.now, _WAY_OUT).words)
        document = judge(answer, visit.now, _verdicts(answer, visit.now)).json()
        plug = visit.last(SOC) is not None
        readings = settled(parse(document, visit.subject, position=self.position, plug=plug, now=visit.now), visit)
        return in_order(readings, visit)

    def credentials(self, visit: Visit) -> list[Credential]:
        """The API key and when it expires, as Skoda said with its last answer."""
        expires_at = self._notes(visit).read().get("expires_at")
        known = expires_at if isinstance(expires_at, int) else None
        return [lifetime("the Skoda API key", known, visit.now, _WAY_OUT)]

    def _notes(self, visit: Visit) -> Notebook:
        return Notebook(visit.state, "key")

    def _remember_expiry(self, answer: Answer, visit: Visit) -> int | None:
        expires_at = instant(answer.headers.get("x-api-key-expires-at"))
        if expires_at:  # one that cannot be read is worth no failed poll
            self._notes(visit).write({"expires_at": expires_at})
        return expires_at or None


def _verdicts(answer: Answer, now: int) -> Mapping[int, AuthFailed | BadAnswer | Throttled]:
    reset = answer.headers.get("ratelimit-reset", "").strip()
    seconds = int(reset[:6]) if reset.isascii() and reset.isdigit() and len(reset) < 10 else 0
    until = now + (retry_after(answer, now) or min(seconds, HOUR) or HOUR)
    return {
        401: AuthFailed(
            f"{_WHO} rejects the API key, and a new API key is needed: it is wrong or has expired", _WAY_OUT
        ),
        403: AuthFailed(f"{_WHO} does not allow this API key to read this car, and a new API key is needed", _WAY_OUT),
        404: BadAnswer(f"{_WHO} does not know this car", "check vin in the configuration"),
        429: Throttled(f"{_WHO} says we poll too often (20 calls an hour)", until),
    }


def parse(
    document: object, subject: str, *, position: bool = False, plug: bool = False, now: int = FOREVER
) -> list[Reading]:
    """The readings in Skoda's answer, dated by the car. Raises ``BadAnswer``; ``Unavailable`` if all is missing.

    ``plug`` tells that the car is known to have a battery to charge: then its total range is not its electric one,
    whatever an answer leaves out.
    """
    whole = table(document, _WHO, "the answer")
    car = table(whole.get("vehicle"), _WHO, "vehicle")
    sheet = CarReadings(subject, now)
    _charging(sheet.section(car, "charging"), sheet)
    _fuel(sheet.section(car, "fuelStatus"), sheet, plug=plug)
    odometer = sheet.section(car, "odometer")
    sheet.put(ODOMETER, odometer.get("mileageInKm"), _captured(odometer))
    if position:
        place = sheet.section(car, "parkingPosition")
        spoke = max((reading.at for reading in sheet.readings), default=None)  # a position may have no date
        at = _captured(place) or spoke
        for metric in POSITION:
            sheet.put(metric, sheet.section(place, "gpsCoordinates").get(metric.name), at)
    readings, errors = sheet.newest(), whole.get("errors")
    if not readings and isinstance(errors, list) and errors:
        message = f"{_WHO} could not read the car just now; trying again later"
        raise Unavailable(message)
    return readings


def _fuel(status: Mapping[str, object], sheet: CarReadings, *, plug: bool) -> None:
    """Engines: a car with a plug is measured by its electric range, any other by the range of its tank."""
    at, kind = _captured(status), _word(status.get("carType"))
    engines = [sheet.section(status, name) for name in ("primaryEngineRange", "secondaryEngineRange")]
    electric = [engine for engine in engines if _word(engine.get("engineType")) == "ELECTRIC"]
    for engine in electric[:1]:
        sheet.put(SOC, engine.get("currentSoCInPercent"), at)
        sheet.put(RANGE, engine.get("remainingRangeInKm"), at)
    if kind == "ELECTRIC":
        return
    burning = [engine for engine in engines if engine not in electric]
    has_plug = plug or bool(electric) or sheet.value(SOC) is not None
    if kind in _BURNING and not has_plug:
        sheet.put(RANGE, status.get("totalRangeInKm"), at)
        _put_each(sheet, RANGE, burning, "remainingRangeInKm", at)
    _put_each(sheet, FUEL, burning, "currentFuelLevelInPercent", at)


def _put_each(
    sheet: CarReadings, metric: Metric, engines: Iterable[Mapping[str, object]], name: str, at: int | None
) -> None:
    for engine in engines:
        sheet.put(metric, engine.get(name), at)


def _charging(charging: Mapping[str, object], sheet: CarReadings) -> None:
    at, status = _captured(charging), sheet.section(charging, "status")
    battery, settings = sheet.section(status, "battery"), sheet.section(charging, "settings")
    sheet.put(SOC, battery.get("stateOfChargeInPercent"), at)
    sheet.put(RANGE, battery.get("remainingCruisingRangeInMeters"), at, 0.001)
    sheet.put(TARGET_SOC, settings.get("targetStateOfChargeInPercent"), at)
    state = _word(status.get("state"))
    sheet.put_state(CHARGING, state, _CHARGING, at)
    if status.get("plugConnectionState") is not None:
        sheet.put_state(PLUGGED, _word(status["plugConnectionState"]), _PLUGGED, at)
    else:
        sheet.put_state(PLUGGED, state, _PLUG_OF_STATE, at)
    sheet.put(CHARGING_POWER, status.get("chargePowerInKw"), at, 1000)
    if state == "CHARGING":  # else Skoda sends 0, which would mean full
        sheet.put(TIME_TO_FULL, status.get("remainingTimeToFullyChargedInMinutes"), at)


def _word(told: object) -> str:
    """A word of Skoda's as its documentation spells it: another interface of theirs writes them small."""
    return told.strip().upper() if isinstance(told, str) else ""


def _captured(section: Mapping[str, object]) -> int | None:
    return instant(section.get("carCapturedTimestamp"))
