"""Access to SolarEdge's V2 interface: authentication, and what its refusals mean."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from eink_monitor.clock import DAY, MINUTE, local, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Secret
from eink_monitor.sources._http.answer import Answer, judge, retry_after
from eink_monitor.sources._http.oauth import Grant, valid
from eink_monitor.sources._http.tokens import TokenStore
from eink_monitor.sources._http.web import Web
from eink_monitor.sources.solaredge.sections import Barred
from eink_monitor.sources.solaredge.series import WHO

_REFRESH_LIFE = 30 * DAY  # a refresh token expires if not used for that long


class Badge(Protocol):
    """How we authenticate."""

    def headers(self, *, rejected: bool = False) -> Mapping[str, str]:
        """The headers to send; ``rejected`` says that the last ones were answered by 401."""


class FleetKey:
    """The API key of an installer's or fleet account."""

    def __init__(self, key: Secret) -> None:
        self._key = key

    def headers(self, *, rejected: bool = False) -> Mapping[str, str]:
        """Always the same key; if it is rejected, a person must act."""
        if rejected:
            message = (
                f"{WHO} does not accept the api_key, and a new API key is needed; make one at developer.solaredge.com "
                "and put it into the configuration"
            )
            raise AuthFailed(message)
        return {"X-API-Key": self._key.reveal()}


class BearerAuth:
    """A homeowner's consent to read one site (OAuth 2, a refresh token that changes with every use)."""

    def __init__(self, web: Web, visit: Visit, client_id: str, client_secret: Secret) -> None:
        self._web = web
        self._visit = visit
        self._client = {"client_id": client_id, "client_secret": client_secret}
        self._access = ""

    def headers(self, *, rejected: bool = False) -> Mapping[str, str]:
        """A bearer token that is good for some minutes, refreshed where needed."""
        store, grant = TokenStore(self._visit.state, self._visit.feed), self.grant()
        self._access = valid(store, grant, self._visit.now, self._access if rejected else "").access
        return {"Authorization": f"Bearer {self._access}"}

    def grant(self) -> Grant:
        """How tokens are obtained; the token endpoint costs no credits."""
        return Grant(self._visit.feed, WHO, self._refresh, _REFRESH_LIFE)

    def redeem(self, code: str, redirect_uri: str) -> None:
        """Turn the code of a browser's consent into the stored sign-in.

        ``redirect_uri`` is the one that the app is registered with. The request for the consent does not name it, so
        that this one need not either (RFC 6749, 4.1.3); servers differ: after a refusal it is named.
        """
        wanted = {"grant_type": "authorization_code", "code": code}
        answer = self._token(wanted)
        if answer.status == 400:
            answer = self._token({**wanted, "redirect_uri": redirect_uri})
        with TokenStore(self._visit.state, self._visit.feed).locked() as store:
            store.save(self.grant().read(answer, self._visit.now))

    def revoke(self) -> bool:
        """Revoke the consent and forget the sign-in; returns whether there was one."""
        with TokenStore(self._visit.state, self._visit.feed).locked() as store:
            tokens = store.load()
            if tokens:
                judge(self._web.post_json("/oauth2/revoke-token", {"token": tokens.refresh}, cost=0), self._visit.now)
            store.forget()
        return tokens is not None

    def _refresh(self, token: str) -> Answer:
        return self._token({"grant_type": "refresh_token", "refresh_token": token})

    def _token(self, what: Mapping[str, str]) -> Answer:
        secret = {name: v.reveal() if isinstance(v, Secret) else v for name, v in self._client.items()}
        return self._web.post_json("/oauth2/token", {**what, **secret}, cost=0)


class Cloud:
    """One site of the V2 interface during one visit."""

    def __init__(self, web: Web, visit: Visit, site: int, badge: Badge) -> None:
        self.visit = visit
        self._web = web
        self._site = site
        self._badge = badge

    def ask(self, path: str, params: Mapping[str, str], optional: str = "") -> object:
        """The JSON of ``/sites/{id}{path}``. ``optional`` names what a site may lack: then a 404 is an empty answer."""
        answer = self._get(path, params, rejected=False)
        if answer.status == 401:
            answer = self._again(path, params)
        if answer.status == 404 and optional:
            return {optional: {}}
        now = self.visit.now
        return judge(answer, now, self._verdicts(answer)).json()

    def _get(self, path: str, params: Mapping[str, str], *, rejected: bool) -> Answer:
        headers = self._badge.headers(rejected=rejected)
        return self._web.get(f"/sites/{self._site}{path}", params, headers)

    def _again(self, path: str, params: Mapping[str, str]) -> Answer:
        """Once more with a new token, if a call is left for that."""
        if self.visit.spent < self.visit.allowance:
            return self._get(path, params, rejected=True)
        self._badge.headers(rejected=True)
        message = f"{WHO} wanted a new token; the next poll uses it"
        raise Unavailable(message)

    def _covers(self) -> str:
        if isinstance(self._badge, FleetKey):
            return "that the account of the api_key has that site; keys are made at developer.solaredge.com"
        return "that the sign-in covers SITE_DATA and DEVICE_DATA"

    def _verdicts(self, answer: Answer) -> Mapping[int, Trouble]:
        site = self._site
        return {
            400: BadAnswer(f"{WHO} did not accept the time span we asked for (400)", "is timezone the site's"),
            401: AuthFailed(f"{WHO} rejects our sign-in", f"sign in again: eink-monitor login {self.visit.feed}"),
            403: Barred(f"{WHO} does not let us read site {site} (403); check site_id, and {self._covers()}"),
            404: BadAnswer(f"{WHO} does not know site {site} (404)", "check site_id"),
            410: Gone(f"{WHO} has closed this interface (410)", "update eink-monitor, or use the inverter's Modbus"),
            429: _patience(answer, self.visit),
        }


def _patience(answer: Answer, visit: Visit) -> Throttled:
    """Which of two limits a 429 means: calls are left this minute and no Retry-After says the month's are used up."""
    left, wait = answer.headers.get("x-ratelimit-remaining-minute", "0").strip(), retry_after(answer, visit.now)
    if wait is None and left.isdecimal() and int(left[:9]) > 0:
        first = local(visit.now, visit.zone).date().replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        message = f"{WHO}: this month's calls are used up; the next ones come on {following:%d.%m.}"
        return Throttled(message, midnight(following, visit.zone))
    return Throttled(f"{WHO}: more than 10 calls in a minute; waiting", visit.now + (wait or MINUTE))
