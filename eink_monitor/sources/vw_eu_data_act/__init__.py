"""A VW, Audi, Seat, Cupra, Skoda or Bentley, through the EU Data Act portal: one file every 15 minutes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from eink_monitor.clock import MINUTE
from eink_monitor.errors import BadAnswer, Trouble, Unavailable
from eink_monitor.metrics import FUEL
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.signin import Credential
from eink_monitor.settings import Personal, Secret, Vin
from eink_monitor.sources._car import UNREADABLE, CarSource, account, instant
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.answer import rows, table, text
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.seal import closed, opened
from eink_monitor.sources._memory import CarMemory
from eink_monitor.sources.vw_eu_data_act.files import WHO, File
from eink_monitor.vet import vet

if TYPE_CHECKING:
    from eink_monitor.sources.vw_eu_data_act.portal import Portal

_RHYTHM = 15 * MINUTE
_MOST = 8  # files at the first poll; older ones add nothing
_EMPTY = "_no_content_found.zip"
_BRANDS = {
    "volkswagen": "VOLKSWAGEN_PASSENGER_CARS",
    "volkswagen_commercial": "VOLKSWAGEN_COMMERCIAL_VEHICLES",
    "audi": "AUDI",
    "seat": "SEAT",
    "cupra": "CUPRA",
    "skoda": "SKODA",
    "bentley": "BENTLEY",
}


@dataclass(frozen=True)
class VwEuDataAct(CarSource):
    """A car of the VW group: charge, range, plug, charging, odometer and fuel, from the EU Data Act portal."""

    brand: Literal["volkswagen", "volkswagen_commercial", "audi", "seat", "cupra", "skoda", "bentley"]
    username: Personal[str]
    password: Secret
    vin: Vin
    base_url: str = "https://eu-data-act.drivesomethinggreater.com"

    guide: ClassVar[str] = (
        "Request data every 15 minutes at eu-data-act.drivesomethinggreater.com, once: docs/vw-group.md."
    )
    words: ClassVar[Mapping[str, str]] = {
        "username": "that of the account with which you use the brand's app",
        "password": "of that account",
        "vin": "17 letters and digits: in the app, or behind the windscreen",
    }
    lag: ClassVar[int] = _RHYTHM
    extra: ClassVar[str] = "vw"
    door: ClassVar[str] = "eu-data-act.drivesomethinggreater.com"

    def __post_init__(self) -> None:
        address(self.base_url)

    @property
    def modules(self) -> tuple[str, ...]:
        """The connector."""
        return ("carconnectivity_connectors.vw_eu_data_act.client",)

    def pace(self, visit: Visit) -> int:
        """Nothing newer exists within 15 minutes."""
        return max(visit.every, _RHYTHM)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """Download what is new. It asks the portal, never the car."""
        from eink_monitor.sources.vw_eu_data_act.fields import parse
        from eink_monitor.sources.vw_eu_data_act.portal import Portal

        notes = Notebook(visit.state, "session")
        who = account("vw", f"{self.brand} {self.username} {self.vin.reveal()}")
        known = notes.read()
        if known.get("who") != who:
            known = {"who": who}
        session = opened(visit.feed, str(known.get("session", "")))
        portal = Portal(self.username, self.password.reveal(), _BRANDS[self.brand], self.base_url, session)
        try:
            files = self._files(portal, visit, known)
            fuel = visit.last(FUEL)
            burns = fuel is not None and 0 < fuel.value < 100  # what electric cars say
            readings = parse(files, visit.subject, burns=burns, memory=CarMemory(known), remarks=visit.remarks)
            readings = settled(readings, visit)
            readings = vet(in_order(readings, visit), visit)
            if readings:
                known["measured_at"] = readings[-1].at
            elif files and not visit.note:
                visit.remarks.add("the newest file of the car holds no value that we know")
        finally:
            if portal.keep() not in {"[]", session}:
                known["session"] = closed(visit.feed, portal.keep())
            notes.write(known)
            portal.close()
        return readings

    def credentials(self, visit: Visit) -> list[Credential]:
        """The password in the configuration: the next poll shows whether it still works."""
        signed_in = "session" in Notebook(visit.state, "session").read()
        fact = "signed in to the EU Data Act portal" if signed_in else "not signed in to the EU Data Act portal yet"
        return [Credential("the portal session", present=signed_in, expires_at=None, fact=fact)]

    def sign_out(self, visit: Visit) -> str:
        """Forget the session; the password is the configuration's."""
        Notebook(visit.state, "session").write({})
        return "The session is forgotten; delete the data request in the portal to end the deliveries too."

    def _files(self, portal: Portal, visit: Visit, known: dict[str, str | int]) -> list[File]:
        """The deliveries that we have not stored yet, oldest first; ``known`` learns how far we have come."""
        vin = self.vin.reveal()
        identifier, listed = known.get("identifier"), []
        if isinstance(identifier, str):
            try:
                listed = portal.listing(vin, identifier, visit.now)
            except (Unavailable, BadAnswer):  # perhaps because it is not the current one
                known.pop("identifier")
                raise
        if not isinstance(identifier, str) or not listed:  # a renewed request has a new identifier
            identifier = portal.identifier(vin, visit.now)
            listed = portal.listing(vin, identifier, visit.now)
            known["identifier"] = identifier
        entries = _dated(listed)
        if not entries:
            visit.remarks.add("the portal has made no file of this car yet; the first takes up to a day")
        elif entries[-1][1].endswith(_EMPTY):
            visit.remarks.add("the car sleeps; its last values stand")
        full = [entry for entry in entries if not entry[1].endswith(_EMPTY)][-_MOST:]
        fresh = [entry for entry in full if not self._stored(visit, known, entry[0])]
        return _download(portal, vin, identifier, fresh, known, visit)

    def _stored(self, visit: Visit, known: Mapping[str, str | int], made_at: int) -> bool:
        """Whether a delivery was read and its values are stored: a crash in between must lose nothing."""
        made, measured = known.get("made_at"), known.get("measured_at")
        stored = max((reading.at for reading in visit.latest.values() if reading.subject == visit.subject), default=0)
        return isinstance(made, int) and made_at <= made and isinstance(measured, int) and measured <= stored


def _dated(listed: list[object]) -> list[tuple[int, str]]:
    """(made at, name) of each delivery, oldest first; one without a date or a name costs itself only. ``BadAnswer``."""
    entries, odd = [], ""
    for each in rows(listed, WHO, "the list of files"):
        try:
            entry = table(each, WHO, "a file's entry")
            made_at = instant(entry.get("createdOn"))
            if made_at is not None:
                entries.append((made_at, text(entry.get("name"), WHO, "a file's name", 200)))
        except BadAnswer as trouble:
            odd = str(trouble)
    dated = sorted(entry for entry in entries if entry[0] != UNREADABLE)
    if dated or not (odd or entries):
        return dated
    raise BadAnswer(odd or f"{WHO}: the time of a file cannot be read")


def _download(  # noqa: PLR0913, PLR0917 - where from, what, and where to note it
    portal: Portal, vin: str, identifier: str, entries: list[tuple[int, str]], known: dict[str, str | int], visit: Visit
) -> list[File]:
    """The contents; one that cannot be read spoils the rest only if it is the only one."""
    files: list[File] = []
    spoilt: Trouble | None = None
    for made_at, name in entries:
        try:
            files.append(File(portal.content(vin, identifier, name, visit.now), made_at))
            known["made_at"] = made_at
        except BadAnswer as trouble:
            spoilt = trouble
    if spoilt is not None:
        if not files:
            raise spoilt
        visit.remarks.add("one file of the portal could not be read")
    return files
