"""RFC 6749 tokens: reading an answer of a token endpoint, and refreshing one that rotates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from eink_monitor.clock import HOUR, MINUTE, iso
from eink_monitor.errors import AuthFailed, BadAnswer, Trouble, Unavailable
from eink_monitor.sources._http.answer import Answer, judge, number, table, text
from eink_monitor.sources._http.apart import apart
from eink_monitor.sources._http.tokens import Tokens, TokenStore

_EARLY = 2 * MINUTE  # refresh before the token expires in mid-poll


@dataclass(frozen=True, slots=True)
class Grant:
    """How one vendor grants tokens to one feed.

    ``ask`` sends the refresh request (refresh token in, answer out). ``refresh_life`` is how many seconds a new
    refresh token lives, if known; ``keep`` names further text fields of the answer to store as ``extra``; ``at_first``
    is what to do when the vendor refuses the very first grant, right after the person said yes;
    ``cure`` what to do where no command signs in.
    """

    feed: str
    who: str
    ask: Callable[[str], Answer]
    refresh_life: int | None = None
    keep: tuple[str, ...] = ()
    at_first: str = "start again"
    cure: str = ""

    @property
    def way_out(self) -> str:
        """The command that signs in, or the ``cure`` where none does."""
        return self.cure or f"eink-monitor login {self.feed}"

    def read(self, answer: Answer, now: int, old: Tokens | None = None) -> Tokens:
        """The tokens of a token endpoint's answer; what it leaves out is taken from ``old``."""
        code = oauth_error(answer)
        if code:
            raise self._refusal(code, old)
        known = table(judge(answer, now).json(), self.who, "the token answer")
        life = known.get("expires_in", HOUR)
        life = number(float(life) if isinstance(life, str) and life.isdecimal() else life, self.who, "expires_in")
        refresh = known.get("refresh_token", old.refresh if old else None)
        tokens = Tokens(
            access=_token(known.get("access_token"), self.who, "access_token"),
            refresh=_token(refresh, self.who, "refresh_token"),
            expires_at=now + int(min(max(life, 0), 366 * 24 * HOUR)),
            refresh_expires_at=now + self.refresh_life if self.refresh_life else None,
            extra={
                **(old.extra if old else {}),
                **{name: _token(known[name], self.who, name) for name in self.keep if known.get(name) is not None},
            },
        )
        if tokens.access and tokens.refresh:
            return tokens
        message = f"{self.who} granted an empty token; trying again later"
        raise BadAnswer(message)

    def _refusal(self, code: str, old: Tokens | None) -> Trouble:
        if code in {"temporarily_unavailable", "server_error", "slow_down"}:
            return Unavailable(f"{self.who} cannot renew the sign-in right now; trying again later")
        if old is None and code in _NOT_YET:
            return AuthFailed(f"{self.who} did not grant the sign-in", f"{self.at_first}: {self.way_out}")
        if code in {"invalid_client", "unauthorized_client"}:
            return AuthFailed(
                f"{self.who} does not accept client_id and client_secret", "check both in the configuration"
            )
        if code in {"invalid_grant", "access_denied", "expired_token"}:
            why = "has ended the sign-in"
            if old and old.refreshing_since:
                why = f"ended the sign-in, because its renewal was interrupted at {iso(old.refreshing_since)}"
            return AuthFailed(f"{self.who} {why}", f"sign in again: {self.way_out}")
        return BadAnswer(f"{self.who} did not understand our request for a token", "is eink-monitor up to date?")


_NOT_YET = {
    *("invalid_grant", "access_denied", "expired_token", "invalid_scope"),
    *("insufficient_scope", "consent_required", "interaction_required"),
}
"""What the very first grant may be refused by although the person said yes (RFC 6749 and 6750, OpenID Connect)."""


def _token(value: object, who: str, where: str) -> str:
    """What travels back in a header: ASCII (RFC 6749, appendix A)."""
    told = text(value, who, where)
    if told.isascii():
        return told
    raise BadAnswer(f"{who}: {where} holds a character that no token may have")


def oauth_error(answer: Answer) -> str:
    """The ``error`` code of an RFC 6749 refusal (section 5.2), or an empty text."""
    if 400 <= answer.status < 500 and answer.status not in {404, 410, 429}:
        try:
            known = answer.json()
        except Trouble:
            return ""
        code = known.get("error") if isinstance(known, dict) else None
        return code if isinstance(code, str) else ""
    return ""


def valid(store: TokenStore, grant: Grant, now: int, rejected: str = "") -> Tokens:
    """The sign-in, refreshed if it is about to expire or if its access token is the one just ``rejected``.

    One process refreshes, the others wait and use its result. ``AuthFailed`` when a person must sign in.
    """
    with store.locked():
        tokens = store.load()
        if tokens is None:
            message = f"{grant.feed}: not signed in to {grant.who} yet; sign in once: {grant.way_out}"
            raise AuthFailed(message)
        if tokens.expires_at - _EARLY > now and tokens.access != rejected:
            return tokens
        store.save(replace(tokens, refreshing_since=tokens.refreshing_since or now), renewal=True)

        def renew() -> None:
            try:
                granted = grant.read(grant.ask(tokens.refresh), now, tokens)
            except AuthFailed:
                store.save(tokens, renewal=True)  # a clear answer: nothing was interrupted
                raise
            store.save(granted, renewal=True)

        apart(renew, grant.feed, keep=[store.lock])
        renewed = store.load()  # only what is on disk is used
        if renewed is None:
            message = (
                f"{grant.feed}: the sign-in disappeared while it was being renewed; sign in again: {grant.way_out}"
            )
            raise AuthFailed(message)
        return renewed
