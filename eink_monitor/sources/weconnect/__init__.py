"""A VW through the old We Connect interface, which VW closed in May 2026; for servers that still speak it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from eink_monitor.clock import MINUTE
from eink_monitor.metrics import SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Personal, Secret, Vin
from eink_monitor.sources._car import CarSource, account
from eink_monitor.sources._contradictions import in_order, settled
from eink_monitor.sources._http.address import address
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources._http.seal import closed, opened
from eink_monitor.sources.weconnect.fields import parse

_CLOSED = "https://emea.bff.cariad.digital"


@dataclass(frozen=True)
class WeConnect(CarSource):
    """A VW through We Connect (closed by VW in May 2026; use vw_eu_data_act)."""

    username: Personal[str]
    password: Secret
    vin: Vin
    base_url: str = _CLOSED

    extra: ClassVar[str] = "weconnect"

    def __post_init__(self) -> None:
        address(self.base_url)

    def doubts(self) -> Iterator[tuple[str, str]]:
        """VW's own server."""
        if self.base_url == _CLOSED:
            yield "VW closed this interface in May 2026", "use type: vw_eu_data_act, as docs/vw-group.md says"

    @property
    def modules(self) -> tuple[str, ...]:
        """The library, which cannot share an environment with carconnectivity (``requests`` 2.32 against 2.34)."""
        return ("weconnect.auth.we_connect_session",)

    def pace(self, visit: Visit) -> int:
        """Slower while the car is idle; never below 15 minutes."""
        return max(super().pace(visit), 15 * MINUTE)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """One call for everything; ``Gone`` where the vendor refuses."""
        from eink_monitor.sources.weconnect.session import VwSession

        vin = self.vin.reveal()
        notes = Notebook(visit.state, "session")
        who = account("weconnect", self.username)
        known = notes.read()
        stored = str(known.get("session", "")) if known.get("who") == who else ""
        kept = opened(visit.feed, stored)
        session = VwSession(self.username, self.password.reveal(), self.base_url, kept)
        try:
            document = session.status(vin, visit.now)
        finally:
            kept_now = session.keep()
            notes.write({"who": who, "session": stored if kept_now == kept else closed(visit.feed, kept_now)})
            session.close()
        plug = visit.last(SOC) is not None
        readings = settled(parse(document, visit.subject, plug=plug, now=visit.now), visit)
        return in_order(readings, visit)

    def sign_out(self, visit: Visit) -> str:
        """Forget the session; the password is the configuration's."""
        Notebook(visit.state, "session").write({})
        return "The session is forgotten."
