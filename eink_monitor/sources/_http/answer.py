"""A vendor's answer, and how to read it without trusting it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC

from eink_monitor.clock import DAY, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Trouble, Unavailable
from eink_monitor.outside import is_clean

_LONGEST_WAIT = 31 * DAY
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers (names in lower case) and body of what ``who`` answered; it prints without its content."""

    who: str
    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """The body as JSON. Raises ``BadAnswer``, or ``Unavailable`` for a web page.

        A number may be NaN or infinite, as some servers write it: that costs the value, not the answer.
        """
        if self._is_page():
            raise Unavailable(_portal(self.who))
        try:
            document: object = json.loads(self.body.decode("utf-8-sig"))
        except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
            document = _NOTHING
        if document is _NOTHING:  # raised out here: the original error holds the whole body
            message = f"{self.who} sent something that is not JSON; it is ignored"
            raise BadAnswer(message)
        return document

    def not_elsewhere(self) -> Answer:
        """This answer, unless it is a redirect, which no data interface sends: then ``Unavailable``.

        304 leads nowhere: it says that nothing has changed.
        """
        if 300 <= self.status < 400 and self.status != 304:
            told = f"{self.who} sends us elsewhere ({self.status}), and we do not follow"
            raise Unavailable(f"{told}; is the address right, or a captive portal or a proxy in the way?")
        return self

    def _is_page(self) -> bool:
        return "html" in self.headers.get("content-type", "").lower() or self.body[:512].lstrip()[:1] == b"<"


def judge(answer: Answer, now: int, verdicts: Mapping[int, Trouble] | None = None) -> Answer:
    """The answer if its status is 2xx, else the error that says what to do next.

    ``verdicts`` replaces the usual error of a status by the vendor's own meaning of it.
    """
    if 200 <= answer.status < 300:
        return answer
    if verdicts and answer.status in verdicts:
        raise verdicts[answer.status]
    raise _verdict(answer, now)


def _verdict(answer: Answer, now: int) -> Trouble:
    who, status = answer.who, answer.status
    if status == 429:
        until = now + (retry_after(answer, now) or MINUTE)
        return Throttled(f"{who} says we poll too often (429)", until)
    kind, words = _USUAL.get(status, _OWN_FAULT if status >= 500 else _ODD)
    return kind(f"{who} {words} ({status})")


_REFUSED = (AuthFailed, "rejects our key or sign-in; check it, or sign in again")
_BUSY = (Unavailable, "was too slow or too busy; trying again later")
_OWN_FAULT = (Unavailable, "reports an internal error; trying again later")
_ODD = (BadAnswer, "answered with an unexpected status")
_USUAL: Mapping[int, tuple[type[Trouble], str]] = {
    401: _REFUSED,
    403: _REFUSED,
    407: _REFUSED,
    404: (BadAnswer, "does not know what we asked for; check the ids and base_url"),
    408: _BUSY,
    425: _BUSY,
    410: (Gone, "has closed this interface for good"),
}


def retry_after(answer: Answer, now: int) -> int | None:
    """Seconds that Retry-After asks for (seconds or an HTTP date, at least 1, at most 31 days), or None.

    Shopify sends fractions of a second.
    """
    text = answer.headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        seconds = math.ceil(float(text[:12]))
    elif until := _instant(text):
        seconds = until - now
    else:
        return None
    return min(max(1, seconds), _LONGEST_WAIT)


def said_at(headers: Mapping[str, str]) -> int:
    """When the server's clock says it answered (RFC 9110, Date), in epoch seconds; 0 where it does not."""
    return _instant(headers.get("date", ""))


def _instant(text: str) -> int:
    """An HTTP date in epoch seconds, 0 for anything else."""
    from email.utils import parsedate_to_datetime  # loaded with http.client

    try:
        moment = parsedate_to_datetime(text)  # naive where the zone is -0000, which says UTC, too
        return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))
    except (ValueError, OverflowError):
        return 0


def table(value: object, who: str, where: str) -> Mapping[str, object]:
    """A JSON object, or ``BadAnswer`` naming the place."""
    if isinstance(value, dict):
        return value
    raise BadAnswer(f"{who}: {where} is missing or not an object")


def rows(value: object, who: str, where: str) -> list[object]:
    """A JSON array, or ``BadAnswer`` naming the place."""
    if isinstance(value, list):
        return value
    raise BadAnswer(f"{who}: {where} is missing or not a list")


def number(value: object, who: str, where: str) -> float:
    """A finite JSON number (true and false are none), or ``BadAnswer`` naming the place."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            size = float(value)
        except OverflowError:
            size = math.inf
        if math.isfinite(size):
            return size
    raise BadAnswer(f"{who}: {where} is missing or not a number")


def text(value: object, who: str, where: str, most: int = 10_000) -> str:
    """A JSON string of at most ``most`` printable characters, or ``BadAnswer`` naming the place.

    What is kept and sent back (an id, a token) must come as it is: a cleaned copy would be a different one.
    """
    if isinstance(value, str) and is_clean(value, most):
        return value
    raise BadAnswer(f"{who}: {where} is missing or not a text")


_NOTHING = object()


def _portal(who: str) -> str:
    return f"{who}: a web page answered instead; is a captive portal or a proxy in the way?"
