"""What is wrong with a feed, in few words."""

from __future__ import annotations

from eink_monitor.draw import words
from eink_monitor.locale import marked, say
from eink_monitor.model.history import FeedStatus, History

# TRANSLATORS: at most 15 letters; what is wrong with where data comes from
_BRIEF = {
    "gone": marked("closed for good"),
    "throttled": marked("quota spent"),
    "missing": marked("library missing"),
    "unavailable": marked("no answer"),
    "unreachable": marked("offline"),
    "overloaded": marked("overloaded"),
    "bad-answer": marked("odd answers"),
}
# TRANSLATORS: at most 29 letters; what is wrong with where data comes from
_PLAIN = _BRIEF | {
    "gone": marked("interface closed for good"),
    "missing": marked("a library is not installed"),
    "unreachable": marked("no connection"),
}
# TRANSLATORS: at most 29 letters; {when} is "14:32" or "Tue 14:32"
_DATED = {
    "throttled": marked("quota spent until {when}"),
    "unavailable": marked("no answer since {when}"),
    "unreachable": marked("no connection since {when}"),
    "overloaded": marked("overloaded since {when}"),
    "bad-answer": marked("odd answers since {when}"),
}


def fault(status: FeedStatus, now: int, history: History, *, brief: bool = False) -> str:
    """What is wrong with a feed, or what to do, in at most 29 characters; in 15 when ``brief``."""
    what = status.what or ""
    if what == "auth":
        return _let_in(status, brief=brief)
    if what not in _BRIEF and status.lack:
        return say(status.lack)
    at = None if brief else status.due if what == "throttled" else status.since
    if at is not None and what not in {"gone", "missing"}:
        # TRANSLATORS: at most 29 letters; {when} is "14:32" or "Tue 14:32"
        dated = _DATED.get(what) or marked("failing since {when}")
        return say(dated, when=words.stamp(at, now, history.zone))
    # TRANSLATORS: at most 15 letters
    return say((_BRIEF if brief else _PLAIN).get(what) or marked("failing"))


def _let_in(status: FeedStatus, *, brief: bool) -> str:
    """What a person must do where the vendor refuses us: make a new key, or sign in."""
    if status.renews:
        key = say(status.renews)
        # TRANSLATORS: at most 29 letters; {key} is "API key" and the like, which somebody must make anew
        return say("new {key}", key=key) if brief else say("new {key} needed", key=key)
    # TRANSLATORS: at most 15 letters
    return say("sign in first") if status.ok_at is None else say("sign in again")
