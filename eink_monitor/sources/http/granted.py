"""What proves who asks: fixed keys, signatures, and tokens that a vendor issues, kept until they expire."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer
from eink_monitor.settings import Secret
from eink_monitor.sources._expression import Answered
from eink_monitor.sources._http.answer import Answer, judge, number, table, text
from eink_monitor.sources._http.oauth import Grant, oauth_error, valid
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.sources._template import Scope, filled, in_url
from eink_monitor.sources._times import instant
from eink_monitor.sources.http.auth import (
    Auth,
    Basic,
    Bearer,
    ClientCredentials,
    HeaderKey,
    Hmac,
    Issued,
    Login,
    RefreshGrant,
    SignedJwt,
)
from eink_monitor.sources.http.kept import digest

if TYPE_CHECKING:
    from eink_monitor.sources.http.talk import Talk

_EARLY = MINUTE  # a token is not used in its last minute
_LONGEST_LIFE = 366 * DAY
_LONGEST_TOKEN = 16_000  # characters; more than any server takes in a header
_FIRST = "-"  # in place of an access token that was never issued


class Sent(NamedTuple):
    """A request as it will be sent, for those who sign it."""

    method: str
    url: str
    body: bytes


class Granted:
    """The sign-in of one poll. ``headers`` are those that prove it; ``forget`` after one was refused."""

    def __init__(self, talk: Talk, auth: Auth | None) -> None:
        self._talk, self._auth = talk, auth
        self._name = "token " + digest(talk.who, *(_said(value) for value in vars(auth).values())) if auth else ""
        self._used = ""
        self._new = False

    @property
    def renews(self) -> bool:
        """Whether another token may fare better: not where the one refused was issued in this very poll."""
        return isinstance(self._auth, Issued) and not self._new

    def headers(self, sent: Sent) -> Mapping[str, str]:
        """The headers of a request. Raises whatever issuing a token may."""
        auth = self._auth
        match auth:
            case None:
                return {}
            case Bearer():
                return {"Authorization": f"Bearer {self._filled(auth.token)}"}
            case HeaderKey():
                return {auth.name: self._filled(auth.value)}
            case Basic():
                return {"Authorization": _basic(self._filled(auth.user), self._filled(auth.password))}
            case Hmac():
                return {auth.header: f"{auth.scheme} {self._signature(auth, sent)}".strip()}
            case RefreshGrant():
                self._used = self._refreshed(auth)
            case _:
                kept = self._talk.kept
                self._used = kept.get_or(self._name, self._talk.visit.now, lambda: self._issued(auth))
        return {auth.header: f"{auth.scheme} {self._used}".strip()}

    def forget(self) -> None:
        """The vendor refused the token that was used: the next one will be another."""
        self._talk.kept.drop(self._name)

    def _filled(self, secret: Secret | None) -> str:
        return filled(secret.reveal(), self._talk.scope()) if secret else ""

    def _issued(self, auth: ClientCredentials | Login | SignedJwt) -> tuple[str, int]:
        """A new token, and until when it holds (epoch seconds)."""
        self._new = True
        if isinstance(auth, Login):
            return self._logged_in(auth)
        now = self._talk.visit.now
        if isinstance(auth, ClientCredentials):
            asked = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
            asked |= {name: self._filled(value) for name, value in auth.more.items()}
            return self._read(self._ask_token(auth, asked), now)
        from eink_monitor.sources.http.assertion import assertion

        own = replace(auth, key=Secret(self._filled(auth.key)), issuer=Secret(self._filled(auth.issuer)))
        signed = assertion(own, self._talk.who, now)
        if auth.token_url is None:
            return signed, now + auth.lives - _EARLY
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
        return self._read(self._post(self._url(auth.token_url.text), urlencode(form).encode(), {}), now)

    def _ask_token(self, auth: ClientCredentials | RefreshGrant, asked: Mapping[str, str], cost: int = 1) -> Answer:
        """Ask a token endpoint, as it wants to be asked."""
        secret = self._filled(auth.client_secret)
        own = {"client_id": self._filled(auth.client_id)} | ({"client_secret": secret} if secret else {})
        if auth.send == "basic":
            head = {"Authorization": _basic(own["client_id"], secret)}
            return self._post(self._url(auth.token_url.text), urlencode(asked).encode(), head, cost)
        if auth.send == "json":
            head = {"Content-Type": "application/json"}
            return self._post(self._url(auth.token_url.text), json.dumps({**asked, **own}).encode(), head, cost)
        return self._post(self._url(auth.token_url.text), urlencode({**asked, **own}).encode(), {}, cost)

    def _url(self, template: str) -> str:
        return filled(template, self._talk.scope(), in_url)

    def _post(self, url: str, body: bytes, headers: Mapping[str, str], cost: int = 1) -> Answer:
        kind = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return self._talk.send("post", url, kind | dict(headers), body, cost)

    def _read(self, answer: Answer, now: int) -> tuple[str, int]:
        """The token of a token endpoint's answer (RFC 6749, 5.1), and until when it holds."""
        who = self._talk.who
        if oauth_error(answer):
            raise AuthFailed(f"{who} issues no token for this id and secret", "check both, and what they may read")
        known = table(judge(answer, now).json(), who, "the token answer")
        life = known.get("expires_in", HOUR)
        seconds = number(float(life) if isinstance(life, str) and life.isdecimal() else life, who, "expires_in")
        return _token(known.get("access_token"), who), _until(now, int(min(max(seconds, 0), _LONGEST_LIFE)))

    def _logged_in(self, auth: Login) -> tuple[str, int]:
        """The token of a login call."""
        own: dict[str, str | Secret] = {"user": auth.user}
        if auth.password:
            own["password"] = Secret(self._filled(auth.password))
        own["user"] = filled(auth.user, self._talk.scope())
        asking = auth
        if auth.basic:
            proof = _basic(_said(own["user"]), _said(own.get("password", "")))
            asking = replace(auth, headers={**auth.headers, "Authorization": Secret(proof)})
        page = self._talk.ask(asking, own, alone=True)
        token = _token(auth.token.find(page.document, page.answered), self._talk.who)
        return token, self._expiry(auth, page.document, page.answered)

    def _expiry(self, auth: Login, document: object, answered: Answered) -> int:
        now = answered.scope.now
        said = auth.expires.find(document, answered) if auth.expires else None
        if isinstance(said, int | float) and not isinstance(said, bool) and 0 < said < _LONGEST_LIFE:
            return _until(now, int(said))
        at = instant(said, answered.scope.zone)
        return _until(now, min(at - now, _LONGEST_LIFE) if at else auth.lives)

    def _refreshed(self, auth: RefreshGrant) -> str:
        """An access token for the refresh token, which may be replaced by it: that is on disk before it is used."""
        talk = self._talk
        feed, now = talk.visit.feed, talk.visit.now
        first = digest(self._filled(auth.refresh_token))

        def ask(refresh: str) -> Answer:
            asked = {"grant_type": "refresh_token", "refresh_token": refresh}
            return self._ask_token(auth, asked | ({"scope": auth.scope} if auth.scope else {}), cost=0)

        store = TokenStore(talk.visit.state, feed)
        with store.locked():
            known = store.load()
            if known is None or known.extra.get("first") != first:  # the configuration has another one by now
                store.save(Tokens(_FIRST, self._filled(auth.refresh_token), 0, extra={"first": first}))
        cure = "put a new refresh_token into the configuration"
        return valid(store, Grant(feed, talk.who, ask, cure=cure), now, rejected=self._used).access

    def _signature(self, auth: Hmac, sent: Sent) -> str:
        parts = urlsplit(sent.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        about = {"method": sent.method.upper(), "path": path, "query": parts.query}
        scope = self._talk.scope()
        about["body"] = sent.body.decode("utf-8", "replace")
        message = filled(auth.message, Scope(scope.now, scope.zone, {**scope.values, **about}))
        made = hmac.new(self._filled(auth.secret).encode(), message.encode(), getattr(hashlib, auth.digest)).digest()
        return made.hex() if auth.encoding == "hex" else base64.b64encode(made).decode()


def _until(now: int, life: int) -> int:
    """Until when a token that lives so many seconds is used."""
    return now + max(life - _EARLY, life // 2)


def _token(value: object, who: str) -> str:
    """What travels back in a header."""
    told = text(value, who, "the token", _LONGEST_TOKEN)
    if told and told.isascii():
        return told
    raise BadAnswer(f"{who}: the token is empty, or holds a character that no token may have")


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def _said(value: object) -> str:
    return value.reveal() if isinstance(value, Secret) else str(value)
