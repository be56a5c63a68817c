"""The sources: missing libraries, credentials and their expiry, the last poll, the calls left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from eink_monitor.clock import Clock, stamp
from eink_monitor.config import Config, Feed, extras
from eink_monitor.draw import words
from eink_monitor.errors import AuthFailed, Overloaded, StoreError, Throttled, exit_code
from eink_monitor.finding import BAD, Finding, doubt, good
from eink_monitor.house import House
from eink_monitor.house.expiry import looking
from eink_monitor.model.history import FeedStatus
from eink_monitor.model.signin import WARNING, Credential
from eink_monitor.store import OutcomeRun, Store

_SPANS = {"minute": "this minute", "hour": "this hour", "day": "today", "month": "this month"}


def findings(config: Config, feed: Feed, clock: Clock) -> Iterator[Finding]:
    """One line each, and no vendor call."""
    check, now = f"source {feed.name}", clock.now()
    lack = extras.missing(check, feed.source)
    causes = [lack] if lack else []
    with looking(config, feed, now) as visit:
        causes += [_credential(check, feed, credential, now) for credential in feed.source.credentials(visit)]
    yield from causes
    known = {finding.code for finding in causes}
    told = _ends(config, check, feed, now) or [good(check, "not polled yet")]
    yield from (finding for finding in told if not (finding.state == BAD and finding.code in known))


def _ends(config: Config, check: str, feed: Feed, now: int) -> list[Finding]:
    """How the last poll and the stream ended, if there were any."""
    with _looked(config) as store:
        if store is None:
            return []
        status = next((status for status in House(config, store, now).feeds() if status.name == feed.name), None)
        pasts = [store.outcomes.get(name) for name in (feed.name, f"{feed.name} stream")]
        return [_past(check, feed, past, now, status) for past in pasts if past]


def _credential(check: str, feed: Feed, credential: Credential, now: int) -> Finding:
    told, mend = credential.fact, credential.cure or f"eink-monitor login {feed.name}"
    if not credential.present and feed.source.sign_in() is None:  # the next poll signs in by itself
        return good(check, told)
    if not credential.present or (credential.expires_at is not None and credential.expires_at <= now):
        return Finding(check, BAD, told, mend, AuthFailed.exit_code)
    if credential.expires_at is not None and credential.expires_at - now <= WARNING:
        return doubt(check, told, mend)
    return good(check, told)


def _answered(check: str, feed: Feed, past: OutcomeRun, now: int, status: FeedStatus) -> Finding:
    """Whether successful polls brought anything that is still fresh."""
    when = f"answered {words.age(now - past.at)}"
    if status.lack:
        mend = f"mount it, or remove it from `mounts`; then eink-monitor poll {feed.name}"
        return doubt(check, f"{when}, but a disk is {status.lack}: {past.detail}", mend)
    if status.is_fresh(now):
        return good(check, f"{when}: {past.detail}" if past.detail else when)
    note, again = f" ({past.detail})" if past.detail else "", f"eink-monitor poll {feed.name}"
    if status.measured_at is None:
        return doubt(check, f"{when}, but has never brought a measurement{note}", again)
    if status.is_fresh(past.at):
        return doubt(check, f"{when} and has not been polled since", f"is the daemon running? Else {again}")
    age, patience = words.age(now - status.measured_at), words.span(status.patience)
    return doubt(check, f"{when}, but last measured anything {age} (its patience is {patience}){note}", again)


def _past(check: str, feed: Feed, past: OutcomeRun, now: int, status: FeedStatus | None) -> Finding:
    """How the last poll, or the stream, ended."""
    when = words.age(now - past.at)
    if past.what == "ok" and status and past.feed == feed.name:
        return _answered(check, feed, past, now, status)
    if past.what == "ok":
        return good(check, f"answered {when}" + (f": {past.detail}" if past.detail else ""))
    again = f"; again in {words.span(past.due - now)}" if past.due is not None and past.due > now else ""
    told = f"{past.detail or past.what} ({when}{again})"
    if past.what == Throttled.what:
        return doubt(check, told, "wait; `eink-monitor quota` says until when")
    return Finding(check, BAD, told, _remedy(feed, past), exit_code(past.what))


def _remedy(feed: Feed, past: OutcomeRun) -> str:
    """What cures a fault: a new key if there is one, a new sign-in, or another try."""
    again, login = f"eink-monitor poll {feed.name}", f"eink-monitor login {feed.name}"
    if past.what == Overloaded.what:
        return "stop what else runs here: ps -A --sort=-rss"
    if past.what != AuthFailed.what:
        return again
    if feed.source.renews:
        return f"make a new {feed.source.renews} at {feed.source.way_in} and put it into the configuration"
    helps = feed.source.sign_in() is not None and any(word in past.detail for word in (login, "sign in again"))
    return login if helps else f"fix that, then {again}"


def quotas(config: Config, clock: Clock) -> Iterator[Finding]:
    """What is left of each account's budgets but the fleeting one by the minute."""
    now = clock.now()
    accounts = {quota.account: quota for feed in config.feeds.values() if (quota := feed.source.quota())}
    with _looked(config) as store:
        if store is None:
            return
        for account, quota in accounts.items():
            waiting = store.ledger.waits(account, now)
            if waiting:
                mend = f"wait until {stamp(waiting[0], config.zone)}"
                yield Finding("quota", BAD, f"{account}: {waiting[1]}", mend, Throttled.exit_code)
            for entry in store.ledger.spent(quota, now):
                told = f"{account}: {max(entry.limit - entry.used, 0)} of {entry.limit} calls left {_SPANS[entry.span]}"
                if entry.used >= entry.limit:
                    mend = f"wait until {stamp(entry.frees_at, config.zone)}"
                    yield Finding("quota", BAD, told, mend, Throttled.exit_code)
                elif entry.span != "minute":
                    yield good("quota", told)


@contextmanager
def _looked(config: Config) -> Iterator[Store | None]:
    """The store, read-only, or None; its faults are reported with the database."""
    store = None
    with suppress(StoreError):
        store = Store(config.database, config.zone, writes=False)
    try:
        yield store
    finally:
        if store:
            store.close()
