"""What an answer means beyond its content: statuses, and conditions for vendors that say 200 to everything."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from eink_monitor.clock import DAY, MINUTE
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.outside import clean
from eink_monitor.sources._expression import Answered, number
from eink_monitor.sources._http.answer import Answer, judge, retry_after
from eink_monitor.sources.http.asking import Asking
from eink_monitor.sources.http.documents import document

_PAUSE = 5 * MINUTE  # where a vendor says that it is too often, and not for how long
_EPOCH = 1_000_000_000  # what is larger counts from 1970
_LONGEST_WORDS = 120  # characters of a vendor's own sentence
_SHORTEST_SECRET = 4


def heard(answer: Answer, asking: Asking, answered: Answered, secrets: Iterable[str]) -> object:
    """The document of an answer that counts; raises the ``Trouble`` that it means."""
    good = 200 <= answer.status < 300
    try:
        found = document(answer, asking)
    except Trouble:
        _judge(answer, answered, "")
        raise
    words = _words(found, asking, answered, secrets)
    who, now = answer.who, answered.scope.now
    if _holds(found, asking, answered, "refused"):
        raise AuthFailed(f"{who} refuses us{words}", "check the key, its rights and the ids")
    if asking.throttled and (wait := _wait(found, asking, answered)):
        pause = retry_after(answer, now) or wait
        raise Throttled(f"{who} says we poll too often{words}", now + pause)
    if _holds(found, asking, answered, "busy"):
        raise Unavailable(f"{who} cannot answer now{words}; trying again later")
    if not good:
        _judge(answer, answered, words)
    if asking.ok and not asking.ok.holds(found, answered):
        raise BadAnswer(f"{who} says that something is wrong{words}", "nothing of it is stored")
    return found


def _judge(answer: Answer, answered: Answered, words: str) -> None:
    """Raise what a status means, with the vendor's own words behind it."""
    who, status, now = answer.who, answer.status, answered.scope.now
    if status == 429:
        raise Throttled(f"{who} says we poll too often (429){words}", now + _pause(answer, now))
    if status == 430:  # Shopify: it takes us for a robot
        raise Throttled(f"{who} blocks us for a while (430){words}", now + (retry_after(answer, now) or DAY // 24))
    if status in _OWN:
        kind, meaning, cure = _OWN[status]
        raise kind(f"{who} {meaning} ({status}){words}", cure)
    try:
        judge(answer, now)
    except Trouble as trouble:
        kind, fact, cure = type(trouble), f"{trouble.fact}{words}", trouble.cure
    else:
        return
    raise kind(fact, cure)


_OWN: Mapping[int, tuple[type[Trouble], str, str]] = {
    400: (BadAnswer, "does not understand the request", "check url, query and body"),
    402: (Unavailable, "wants to be paid first", "look at the account"),
    404: (BadAnswer, "does not know what we asked for", "check url and the ids in it"),
    405: (BadAnswer, "does not take this method", "check method and url"),
    406: (BadAnswer, "has no such format", "check the Accept header"),
    409: (Unavailable, "is busy with something else; trying again later", ""),
    415: (BadAnswer, "does not take this kind of body", "check the Content-Type header"),
    422: (BadAnswer, "does not accept what we asked", "check query and body"),
    423: (Unavailable, "is locked; trying again later", ""),
    529: (Unavailable, "is overloaded; trying again later", ""),
}


def _pause(answer: Answer, now: int) -> int:
    """For how many seconds to wait, as a header says (Retry-After, or when the vendor's budget begins anew)."""
    if known := retry_after(answer, now):
        return known
    for name in ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"):
        wait = number(answer.headers.get(name, "")) or 0.0
        wait -= now if wait > _EPOCH else 0
        if 0 < wait <= 31 * DAY:
            return math.ceil(wait)
    return _PAUSE


def _holds(found: object, asking: Asking, answered: Answered, which: str) -> bool:
    """Whether a condition holds; one that cannot be evaluated on this answer does not."""
    condition = getattr(asking, which)
    try:
        return bool(condition) and condition.holds(found, answered)
    except BadAnswer:
        return False


def _wait(found: object, asking: Asking, answered: Answered) -> int:
    """For how many seconds to wait; 0 where it is not throttled."""
    if not _holds(found, asking, answered, "throttled"):
        return 0
    wait = asking.throttled.find(found, answered)
    known = isinstance(wait, int | float) and not isinstance(wait, bool) and math.isfinite(wait)
    return min(max(1, math.ceil(float(wait))), 31 * DAY) if known else _PAUSE  # type: ignore[arg-type]


def _words(found: object, asking: Asking, answered: Answered, secrets: Iterable[str]) -> str:
    """What ``error`` finds, in one line; where a vendor repeats a secret of ours, it is masked."""
    try:
        said = asking.error.find(found, answered) if asking.error else None
    except BadAnswer:
        return ""
    if not isinstance(said, str | int | float) or isinstance(said, bool) or said == "":
        return ""
    text = str(said)[:4000]
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "****")
    return f": {clean(text, _LONGEST_WORDS)}"
