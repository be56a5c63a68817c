"""A homeowner's sign-in at SolarEdge: a page in any browser, whose last address comes back to us (RFC 6749, 4.1)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from eink_monitor.clock import MINUTE, Clock
from eink_monitor.errors import AuthFailed
from eink_monitor.model.poll import Visit
from eink_monitor.model.signin import Prompt
from eink_monitor.outside import is_clean
from eink_monitor.settings import Secret
from eink_monitor.sources._http.tokens import TokenStore

BASE = "https://monitoringapi.solaredge.com/v2"

_WHO = "SolarEdge"
_TIME_FOR_IT = 15 * MINUTE
_MONTHS = "24"  # the longest consent there is


@dataclass(frozen=True)
class Consent:
    """The consent to read one site, for an app registered at developer.solaredge.com.

    With the redirect address http://localhost:8765/ the browser finds us at ``redirect_port`` afterwards.
    """

    client_id: str
    client_secret: Secret
    site_id: int
    base_url: str
    redirect_port: int = 8765
    consent_url: str = "https://connect.solaredge.com/authorize"

    def begin(self, visit: Visit) -> Prompt:
        """The page to open; no call is made yet."""
        import secrets

        TokenStore(visit.state, visit.feed).welcome()
        state = secrets.token_urlsafe(32)
        asked = {
            "client_id": self.client_id,
            "scope": "SITE_DATA DEVICE_DATA",
            "access_duration": _MONTHS,
            "state": state,
        }
        return Prompt(
            url=f"{self.consent_url}?{urlencode(asked)}",
            text="Open the page, sign in as the owner of the roof, choose the site and allow the access.",
            expires_at=visit.now + _TIME_FOR_IT,
            brings="the whole address of the page you end up on (it holds code=...), even if that page shows an error",
            listen=self.redirect_port,
            state=state,
        )

    def finish(self, visit: Visit, prompt: Prompt, clock: Clock, answer: str = "") -> str:
        """Take the last address (or the bare code), turn it into a sign-in and save it."""
        from eink_monitor.sources._http.web import Web
        from eink_monitor.sources.solaredge.cloud import BearerAuth

        code = self._code(answer.strip(), prompt)
        now = replace(visit, now=clock.now())
        sign_in = BearerAuth(Web(self.base_url, _WHO, now), now, self.client_id, self.client_secret)
        sign_in.redeem(code, f"http://localhost:{self.redirect_port}/")
        return f"{_WHO}: signed in; site {self.site_id} can be read for two years."

    def _code(self, answer: str, prompt: Prompt) -> str:
        """The code of an address from this very sign-in, or a bare one, which the person is trusted with."""
        if answer and not _SIGNS_OF_AN_ADDRESS & set(answer):
            return _checked(unquote(answer))
        try:
            told = parse_qs(urlsplit(answer).query, keep_blank_values=True, max_num_fields=20)
        except ValueError:  # brackets that are no IPv6 address, or a heap of fields
            told = {}
        if not ("code" in told or "error" in told):
            message = f"{_WHO}: there is no code= in that; paste the whole address of the last page, or start again"
            raise AuthFailed(message)
        self._check_state(told.get("state", []), prompt.state)
        if "error" in told:
            message = f"{_WHO}: the consent was refused on SolarEdge's page; start again if that was a mistake"
            raise AuthFailed(message)
        site = told.get("site_id", [str(self.site_id)])[-1]
        if site != str(self.site_id):
            message = (
                f"{_WHO}: the consent is for site {site[:12]}, the configuration says {self.site_id}; correct site_id"
            )
            raise AuthFailed(message)
        return _checked(told["code"][-1])

    @staticmethod
    def _check_state(states: list[str], expected: str) -> None:
        """Somebody else's page could bring a code of its own; only ours knows the state (RFC 6749, 10.12)."""
        if not states:
            message = (
                f"{_WHO}: there is no state= in that address, so it may come from another page; if it is the one you "
                "ended up on just now, paste only what stands between code= and the next &"
            )
            raise AuthFailed(message)
        if len(states) != 1 or not hmac.compare_digest(states[0].encode(), expected.encode()):
            message = f"{_WHO}: that address belongs to another sign-in; start again and paste the newest one"
            raise AuthFailed(message)


_SIGNS_OF_AN_ADDRESS = frozenset("=/?&")


def _checked(code: str) -> str:
    """A code as RFC 6749 (appendix A.11) allows it."""
    if code and code.isascii() and is_clean(code, 4096):
        return code
    raise AuthFailed(f"{_WHO}: that code holds characters that no code has", "start again, and paste the whole address")
