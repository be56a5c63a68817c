"""The solar roof, through SolarEdge's cloud."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from eink_monitor import metrics
from eink_monitor.locale import marked
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.signin import Credential, SignIn
from eink_monitor.model.source import Source
from eink_monitor.settings import Duration, Personal, Secret, Window, insist, together
from eink_monitor.sources._http.address import address
from eink_monitor.sources.solaredge.plan import LAG, MOST_CALLS, NIGHT, SUMS, SUMS_HOLD, Schedule

_V1_CALLS = 3


@dataclass(frozen=True, slots=True)
class SolarEdge(Source):
    """A SolarEdge roof with its meters and battery, from the Monitoring API (15 min averages, 2,000 calls a month).

    ``api: v2`` wants ``client_id`` and ``client_secret`` of an app registered at developer.solaredge.com and one
    ``eink-monitor login``, or the ``api_key`` of a fleet account; ``api: v1`` wants ``api_key``. ``daylight``
    ("06:00-21:00") or else ``latitude`` (degrees north) decides when the roof is asked often.
    """

    site_id: Personal[int]
    api: Literal["v2", "v1"] = "v2"
    api_key: Secret | None = None
    client_id: Personal[str] = ""
    client_secret: Secret | None = None
    base_url: str = ""
    calls_per_month: int = 2_000
    calls_per_minute: int = 10
    calls_per_day: int = 300
    daylight: Window | None = None
    latitude: float = 50.0
    timeout: Duration = Duration(20)
    redirect_port: int = 8765

    group: ClassVar[str] = "roof"
    guide: ClassVar[str] = "docs/solaredge.md says how to register an app at developer.solaredge.com, once."
    words: ClassVar[Mapping[str, str]] = {
        "site_id": "the number in the address of your roof's page at monitoring.solaredge.com",
        "client_id": "of the app that you registered",
        "client_secret": "of that app; it was shown once",
    }
    metrics: ClassVar[tuple[Metric, ...]] = metrics.ROOF
    lag: ClassVar[int] = LAG
    preload: ClassVar[tuple[str, ...]] = ("eink_monitor.sources._http.warm", "eink_monitor.sources.solaredge.v2")
    door: ClassVar[str] = "connect.solaredge.com"

    def __post_init__(self) -> None:
        together(self._check_fields, lambda: address(self.base_url) if self.base_url else None)

    def _check_fields(self) -> None:
        consent = bool(self.client_id and self.client_secret)
        insist(
            (self.site_id > 0, "site_id must be the number in the address of your SolarEdge site"),
            (self.api == "v2" or self.api_key is not None, "api: v1 needs api_key"),
            (
                self.api == "v1" or self.api_key is not None or consent,
                "api: v2 needs client_id and client_secret (or, for a fleet account, api_key)",
            ),
            (
                self.api_key is None or not (self.client_id or self.client_secret),
                "give either api_key or client_id and client_secret, not both",
            ),
            (
                min(self.calls_per_month, self.calls_per_minute) >= MOST_CALLS,
                f"calls_per_month and calls_per_minute must be at least {MOST_CALLS}: one poll may need that many",
            ),
            (self.calls_per_day >= _V1_CALLS, f"calls_per_day must be at least {_V1_CALLS}: one poll needs that many"),
            (-90 <= self.latitude <= 90, "latitude must be between -90 and 90 degrees"),
            (0 < self.redirect_port < 65536, "redirect_port must be 1 to 65535"),
            (self.timeout >= 1, "timeout must be at least 1s"),
        )

    @property
    def thing(self) -> object:
        """The site."""
        return self.site_id

    def doubts(self) -> Iterator[tuple[str, str]]:
        """V1 at SolarEdge itself."""
        if self.api == "v1" and not self.base_url:
            yield (
                "api: v1 was closed by SolarEdge in November 2026",
                "remove it and follow docs/solaredge.md; an emulator or an exempt account needs base_url",
            )

    @property
    def renews(self) -> str:
        """With a key there is no sign-in."""
        # TRANSLATORS: at most 12 letters; what a vendor gives in place of a sign-in
        return marked("API key") if self.api_key is not None else ""

    @property
    def way_in(self) -> str:
        """Where a key is made, or a consent is given."""
        if self.api_key is None:
            return self.door
        return "monitoring.solaredge.com" if self.api == "v1" else "developer.solaredge.com"

    def quota(self) -> Quota:
        """V1 counts per site and day; V2 per developer account, minute and month."""
        if self.api == "v1":
            return Quota(f"solaredge:site-{self.site_id}", (Budget(self.calls_per_day, "day"),))
        budgets = (Budget(self.calls_per_minute, "minute"), Budget(self.calls_per_month, "month"))
        if self.api_key is None:
            return Quota(f"solaredge:{self.client_id[:8]}", budgets)
        import hashlib

        digest = hashlib.sha256(self.api_key.reveal().encode()).hexdigest()  # tells accounts apart, not the key
        return Quota(f"solaredge:key-{digest[:8]}", budgets)

    def cost(self, visit: Visit) -> int:
        """The calls that the next poll may need, judging by what is stored."""
        return _V1_CALLS if self.api == "v1" else self._rhythm().plan(visit).calls()

    def pace(self, visit: Visit) -> int:
        """``every`` in daylight (longer where the month's calls would not last), two hours by night."""
        if self.api == "v1":
            rhythm = self._rhythm()._replace(calls_per_month=1 << 30)
            return rhythm.pace(visit)
        return self._rhythm().pace(visit)

    def patience(self, every: int) -> int:
        """Three missed polls, or one long interval at night."""
        return max(3 * every, NIGHT + every) + self.lag

    def patience_with(self, metric: Metric, every: int) -> int:
        """The longer sums are fetched every few hours of daylight, so yesterday's may stand until morning."""
        return max(SUMS_HOLD if self.api == "v2" and metric in SUMS else 0, self.patience(every))

    def poll(self, visit: Visit) -> Iterable[Reading]:
        """Fetch what this poll needs: the curves since the last one, and the totals that are due."""
        from eink_monitor.sources._http.web import Web
        from eink_monitor.sources._storage import without_plunges
        from eink_monitor.sources.solaredge.sections import grown

        if self.api == "v1" and self.api_key is not None:
            from eink_monitor.sources.solaredge import v1

            web = Web(self.base_url or v1.BASE, "SolarEdge", visit, self.timeout)
            found = v1.fetch(web, visit, self.site_id, self.api_key)
            return without_plunges(grown(found, visit), visit)
        from eink_monitor.sources.solaredge import cloud as access
        from eink_monitor.sources.solaredge import v2
        from eink_monitor.sources.solaredge.signin import BASE

        web = Web(self.base_url or BASE, "SolarEdge", visit, self.timeout)
        badge: access.Badge
        if self.api_key is not None:
            badge = access.FleetKey(self.api_key)
        else:
            badge = access.BearerAuth(web, visit, self.client_id, self.client_secret or Secret(""))
        cloud = access.Cloud(web, visit, self.site_id, badge)
        found = v2.fetch(cloud, visit, self._rhythm().plan(visit))
        return without_plunges(grown(found, visit), visit)

    def sign_in(self) -> SignIn | None:
        """A homeowner's consent in a browser; keys need nobody."""
        if self.api == "v1" or self.api_key is not None or self.client_secret is None:
            return None
        from eink_monitor.sources.solaredge.signin import BASE, Consent

        return Consent(self.client_id, self.client_secret, self.site_id, self.base_url or BASE, self.redirect_port)

    def sign_out(self, visit: Visit) -> str:
        """Revoke the consent."""
        nothing = "There is no sign-in to forget."
        if self.sign_in() is None:
            return nothing
        from eink_monitor.sources._http.web import Web
        from eink_monitor.sources.solaredge import cloud as access
        from eink_monitor.sources.solaredge.signin import BASE

        web = Web(self.base_url or BASE, "SolarEdge", visit, self.timeout)
        given = access.BearerAuth(web, visit, self.client_id, self.client_secret or Secret("")).revoke()
        return "SolarEdge: the consent is revoked, and forgotten here." if given else nothing

    def credentials(self, visit: Visit) -> list[Credential]:
        """The refresh token: it expires after 30 days without a poll."""
        if self.sign_in() is None:
            return []
        from eink_monitor.sources._http.tokens import TokenStore, credential

        store = TokenStore(visit.state, visit.feed)
        return [credential(store, "the SolarEdge sign-in", f"eink-monitor login {visit.feed}", visit.now)]

    def _rhythm(self) -> Schedule:
        return Schedule(self.calls_per_month, self.latitude, self.daylight)
