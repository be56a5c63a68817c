"""What to do about a feed, in a sentence.

What a source says went wrong is kept as it was said, in English. Other languages have a sentence for each kind of
fault, and name the verb that tells the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

from eink_monitor.locale import marked, say, spoken
from eink_monitor.model.history import FeedStatus

LOGIN = "eink-monitor login"

# TRANSLATORS: at most 66 letters; what to do about a fault; the commands stay as they are
_ADVICE = {
    "gone": marked("eink-monitor doctor says what replaces it"),
    "throttled": marked("this account has no calls left for now; it goes on by itself"),
    "missing": marked("eink-monitor check says what to install"),
    "card": marked("the card cannot be written to; eink-monitor doctor says why"),
    "clock": marked("waiting for the right time; until then nothing is written"),
    "database": marked("the database was damaged; eink-monitor doctor says how much"),
    "display": marked("the display does not work; eink-monitor doctor says why"),
}

# TRANSLATORS: at most 11 letters; a part of this machine that has a fault: its memory card, its clock ...
_MACHINE = (marked("card"), marked("clock"), marked("database"), marked("display"))


def named(feed: FeedStatus) -> FeedStatus:
    """The feed as it is called in the house; where it is the machine itself, in the words of the house."""
    return feed._replace(label=say(feed.label)) if not feed.patience and feed.label in _MACHINE else feed


def sentence(feeds: Sequence[FeedStatus], now: int) -> str:
    """What to do about the first fault, else about what will soon be one, else why a feed is silent."""
    first = feeds[0]
    if first.is_well:
        soon = next((_warning(feed) for feed in feeds if feed.warning), "")
        return soon or (_silence(first) if first.is_silent(now) else "")
    if first.what == "auth" and first.door:
        return _let_in(first)
    return first.detail if spoken().is_english else _advice(first)


def _let_in(feed: FeedStatus) -> str:
    """What a person does at the address that stands above."""
    if feed.renews:
        # TRANSLATORS: at most 66 letters; {key} is "API key" and the like; the line above is an address, which makes it
        return say("makes a new {key}; put it into the configuration", key=say(feed.renews))
    if LOGIN in feed.detail:
        return feed.detail[feed.detail.rindex(LOGIN) :]  # what came before is said by the row and the code
    return feed.detail if spoken().is_english else _advice(feed)


def _advice(feed: FeedStatus) -> str:
    """What to do about a fault, by its kind."""
    if feed.what == "auth":
        return f"{LOGIN} {feed.name}"
    # TRANSLATORS: at most 66 letters; what to do about a fault; the commands stay as they are
    return say(_ADVICE.get(feed.what or "") or marked("it is tried again; eink-monitor doctor says more"))


def _silence(feed: FeedStatus) -> str:
    """Why a feed that answers has measured nothing new."""
    if feed.detail and spoken().is_english:
        return feed.detail
    # TRANSLATORS: at most 66 letters; {name} is that of a source
    return say("{name} answers, but measures nothing new", name=feed.label)


def _warning(feed: FeedStatus) -> str:
    """What of a feed will soon want a person."""
    if spoken().is_english:
        return feed.warning
    if feed.renews:
        # TRANSLATORS: at most 66 letters; {name} is that of a source, {key} is "API key" and the like
        return say("{name} will soon need a new {key}", name=feed.label, key=say(feed.renews))
    command = f"{LOGIN} {feed.name}"
    # TRANSLATORS: at most 66 letters; {name} is that of a source; {command} is what to type
    return say("{name}: sign in again soon: {command}", name=feed.label, command=command)
