"""A BMW account: signing in (OAuth device flow with PKCE, RFC 8628 and 7636), and staying signed in.

Access and id tokens live an hour, refresh tokens 14 days, and each refresh replaces the refresh token.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from eink_monitor.clock import DAY, MINUTE, Clock
from eink_monitor.errors import AuthFailed, BadAnswer, Unavailable
from eink_monitor.model.poll import Visit
from eink_monitor.model.signin import Credential, Prompt
from eink_monitor.sources._car import account
from eink_monitor.sources._http.answer import Answer, judge, number, table, text
from eink_monitor.sources._http.oauth import Grant, oauth_error, valid
from eink_monitor.sources._http.tokens import Tokens, TokenStore, credential
from eink_monitor.sources.bmw_cardata.catalogue import WHO

_TOKEN, _DEVICE = "/gcdm/oauth/token", "/gcdm/oauth/device/code"
_REFRESH_LIFE = 14 * DAY
_SLOWER = 5  # s more between two requests when told to slow down (RFC 8628 section 3.5)
_SCOPE = "authenticate_user openid cardata:api:read"
_STREAM_SCOPE = " cardata:streaming:read"
_MOST_PATIENT = 30 * MINUTE


@dataclass(frozen=True)
class Account:
    """One CarData client of one BMW account; every car of the account shares its sign-in and its quota."""

    client_id: str
    auth_url: str
    stream: bool

    @property
    def name(self) -> str:
        """Its name in the ledger and the state directory."""
        return account("bmw_cardata", self.client_id)

    def folder(self, state: Path) -> Path:
        """Where what all cars of the account share is kept: beside the feed's own ``state``."""
        return state.parent / self.name

    def tokens(self, visit: Visit, now: int, rejected: str = "") -> Tokens:
        """The sign-in, renewed when it must be. Raises ``AuthFailed`` when a person must act."""
        return valid(self._store(visit), self._grant(visit), now, rejected)

    def credentials(self, visit: Visit) -> list[Credential]:
        """The refresh token and how long it still holds."""
        return [credential(self._store(visit), "the BMW sign-in", self._grant(visit).way_out, visit.now)]

    def forget(self, visit: Visit) -> None:
        """Remove the sign-in from this machine."""
        with self._store(visit).locked() as store:
            store.forget()

    def begin(self, visit: Visit) -> Prompt:
        """Ask BMW for a code to show; it holds for about 5 minutes."""
        import hashlib  # the daemon does not need these
        import secrets

        self._store(visit).welcome()
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        form = {
            "client_id": self.client_id,
            "response_type": "device_code",
            "scope": _SCOPE + (_STREAM_SCOPE if self.stream else ""),
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        answer = self._post(visit, _DEVICE, form)
        if oauth_error(answer):
            message = (
                f"{WHO} does not accept client_id; copy it again from the CarData page of the car, and subscribe to "
                f"CarData API{' and CarData Stream' if self.stream else ''} there"
            )
            raise AuthFailed(message)
        told = table(judge(answer, visit.now).json(), WHO, "the answer about a code")
        code, page = text(told.get("user_code"), WHO, "user_code", 40), _page(told.get("verification_uri"))
        whole = told.get("verification_uri_complete")
        interval = number(told.get("interval", _SLOWER), WHO, "interval")
        life = number(told.get("expires_in"), WHO, "expires_in")
        device = text(told.get("device_code"), WHO, "device_code")
        return Prompt(
            url=page if whole is None else _page(whole),
            text="Open the page, sign in with the BMW account that is the car's primary user, and confirm the code.",
            expires_at=visit.now + int(min(max(life, 0), _MOST_PATIENT)),
            code=code,
            short_url=page,
            pending={"device": device, "verifier": verifier, "interval": str(int(min(max(interval, 1), MINUTE)))},
        )

    def finish(self, visit: Visit, prompt: Prompt, clock: Clock, answer: str = "") -> str:  # noqa: ARG002 - no answer here
        """Ask every few seconds whether the person has confirmed the code, and save the sign-in."""
        interval = int(prompt.pending["interval"])
        form = {
            "client_id": self.client_id,
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": prompt.pending["device"],
            "code_verifier": prompt.pending["verifier"],
        }
        while clock.now() + interval < prompt.expires_at:
            clock.wait(interval)
            try:
                said = self._post(visit, _TOKEN, form)
                waiting = oauth_error(said)
                if waiting not in {"authorization_pending", "slow_down"}:
                    self._admit(visit, said, clock.now(), waiting)
                    return f"{WHO}: signed in; every car of this account with this client_id can be polled now."
            except Unavailable:  # RFC 8628: keep asking, more slowly
                waiting = "slow_down"
            interval += _SLOWER if waiting == "slow_down" else 0
        raise AuthFailed(_TOO_LATE)

    def _admit(self, visit: Visit, said: Answer, now: int, refusal: str) -> None:
        if refusal == "access_denied":
            message = (
                f"{WHO}: the sign-in was refused on BMW's page; if you did confirm it there, {_AT_FIRST}: "
                f"eink-monitor login {visit.feed}"
            )
            raise AuthFailed(message)
        if refusal == "expired_token":
            raise AuthFailed(_TOO_LATE)
        tokens = self._grant(visit).read(said, now)
        with self._store(visit).locked(patience=MINUTE) as store:
            store.save(tokens)

    def _store(self, visit: Visit) -> TokenStore:
        return TokenStore(self.folder(visit.state), visit.feed, "account")

    def _grant(self, visit: Visit) -> Grant:
        def ask(refresh: str) -> Answer:
            form = {"client_id": self.client_id, "grant_type": "refresh_token", "refresh_token": refresh}
            return self._post(visit, _TOKEN, form)

        return Grant(visit.feed, WHO, ask, _REFRESH_LIFE, keep=("gcid", "id_token"), at_first=_AT_FIRST)

    def _post(self, visit: Visit, path: str, form: Mapping[str, str]) -> Answer:
        from eink_monitor.sources._http.web import Web

        return Web(self.auth_url, "BMW's sign-in", visit).post_form(path, form, cost=0)


def _page(address: object) -> str:
    """Where a person goes: the terminal, the panel and a QR code will show it."""
    page = text(address, WHO, "the page to open", 500)
    if page.isascii() and page.startswith("https://"):
        return page
    message = f"{WHO}: the page to open has no https address, so it is not shown; start again later"
    raise BadAnswer(message)


_AT_FIRST = (
    "wait a few minutes after ticking CarData API (and CarData Stream, if you want it) on the CarData page, then sign "
    "in again"
)
_TOO_LATE = f"{WHO}: the code expired before it was confirmed; start again and confirm it within 5 minutes"
