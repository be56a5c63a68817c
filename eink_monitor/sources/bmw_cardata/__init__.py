"""A BMW or MINI through CarData: 50 REST calls a day for an account, and a stream that costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from eink_monitor.clock import Clock
from eink_monitor.metrics import BATTERY_12V, FUEL_VOLUME
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.signin import Credential, SignIn
from eink_monitor.settings import Personal, Vin, insist, together
from eink_monitor.sources._car import BASIC, IDLE, CarSource, account
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._memory import CarMemory
from eink_monitor.sources.bmw_cardata.catalogue import descriptors, parse
from eink_monitor.sources.bmw_cardata.signin import Account
from eink_monitor.sources.bmw_cardata.stream import Broker, follow
from eink_monitor.vet import sift


@dataclass(frozen=True)
class BmwCarData(CarSource):
    """A BMW or MINI: charge, range, plug, charging, odometer, fuel and 12 V battery, from BMW CarData."""

    client_id: Personal[str]
    vin: Vin
    base_url: str = "https://api-cardata.bmwgroup.com"
    auth_url: str = "https://customer.bmwgroup.com"
    calls_per_day: int = 45
    stream: bool = False
    stream_url: str = "mqtts://customer.streaming-cardata.bmwgroup.com:9000"
    position: bool = False

    guide: ClassVar[str] = "Create a CarData client at bmw-cardata.bmwgroup.com and tick CarData API: docs/bmw.md."
    words: ClassVar[Mapping[str, str]] = {
        "client_id": "the long number with dashes that appears there",
        "vin": "17 letters and digits: in the app, or behind the windscreen",
    }
    metrics: ClassVar[tuple[Metric, ...]] = (*BASIC, FUEL_VOLUME, BATTERY_12V)
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm", "eink_monitor.sources.bmw_cardata.rest")
    extra: ClassVar[str] = "stream"
    door: ClassVar[str] = "customer.bmwgroup.com/oneid/link"

    def __post_init__(self) -> None:
        together(
            self._check_fields,
            lambda: address(self.base_url),
            lambda: address(self.auth_url, "auth_url"),
            lambda: Broker.parse(self.stream_url),
        )

    def _check_fields(self) -> None:
        insist(
            (bool(self.client_id.strip()), "client_id is empty; copy it from the CarData page of the car"),
            (
                1 <= self.calls_per_day <= 50,
                "calls_per_day must be 1 to 50: BMW allows 50, other programs of the account included",
            ),
        )

    @property
    def modules(self) -> tuple[str, ...]:
        """Only the stream needs a library."""
        return ("paho.mqtt.client",) if self.stream else ()

    @property
    def follows(self) -> bool:
        """With ``stream: true``."""
        return self.stream

    def quota(self) -> Quota:
        """BMW's own limit is 50 in 24 hours for the account; the moment it resets is not known, so it rolls."""
        return Quota(self._account.name, (Budget(self.calls_per_day, "day"),))

    def cost(self, visit: Visit) -> int:
        """One call; three while the container must still be found or created."""
        from eink_monitor.sources.bmw_cardata.rest import container_label, which

        known = self._notes(visit).read()
        return 1 if container_label(which(known, *self._lists)) in known else 3

    def pace(self, visit: Visit) -> int:
        """By the car's state; beside a stream always that of an idle car."""
        return max(visit.every, IDLE) if self.stream else super().pace(visit)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """One call for everything; BMW answers from its own store and wakes no car."""
        from eink_monitor.sources.bmw_cardata.rest import Rest

        vin = self.vin.reveal()
        rest = Rest(self.base_url, self._account, visit, *self._lists)
        readings = self._understood(rest.telematics(vin), visit)
        if not self.stream:  # with a stream, an answer may be older than what it brought
            readings = in_order(readings, visit)
        if not (readings or visit.note):
            visit.remarks.add("BMW has no data of this car yet; it arrives after the next drive or charge")
        return readings

    def follow(self, visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        """What the car reports, as it reports it."""

        def read(document: object) -> list[Reading]:
            visit.now = clock.now()
            readings = sift(self._understood(document, visit), visit)
            visit.latest = {**visit.latest, **{(each.subject, each.metric.name): each for each in readings}}
            return readings

        return follow(self._account, Broker.parse(self.stream_url), self.vin.reveal(), read, (visit, clock))

    def _understood(self, document: object, visit: Visit) -> list[Reading]:
        """Interprets an answer or a message with what the car sent before, by REST or stream."""
        book, car = Notebook(visit.state, "car"), account("car", self.vin.reveal())
        known = book.read()
        memory = CarMemory(known if known.get("car") == car else {"car": car})
        readings = parse(
            document, visit.subject, position=self.position, memory=memory, now=visit.now, remarks=visit.remarks
        )
        readings = settled(readings, visit)
        book.write(memory.notes)
        return readings

    def sign_in(self) -> SignIn:
        """BMW's device flow: a code to confirm on any phone."""
        return self._account

    def sign_out(self, visit: Visit) -> str:
        """Forget; BMW offers no way to revoke from here."""
        self._account.forget(visit)
        self._notes(visit).write({})
        return "Forgotten here; to revoke it at BMW too, delete the client on the CarData page of the car."

    def credentials(self, visit: Visit) -> list[Credential]:
        """The refresh token: 14 days, renewed with every refresh."""
        return self._account.credentials(visit)

    def shares(self, state: Path) -> tuple[Path, ...]:
        """All cars of an account share its sign-in."""
        return (self._account.folder(state),)

    @property
    def _lists(self) -> tuple[list[str], list[str]]:
        """What to ask for, and what of it every car knows."""
        return descriptors(position=self.position), descriptors(position=self.position, rare=False)

    def _notes(self, visit: Visit) -> Notebook:
        return Notebook(self._account.folder(visit.state), "containers")

    @property
    def _account(self) -> Account:
        return Account(self.client_id, self.auth_url, self.stream)
