"""A poll's child process: detach from the daemon, poll the vendor, send the result, exit.

Whatever a vendor's library does, what comes out is a ``Result``: whatever it said, or one word and a sentence.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import json
import logging
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from eink_monitor import orphans
from eink_monitor.clock import Clock, SystemClock, stopwatch
from eink_monitor.config import Feed
from eink_monitor.daemon.runner import GRACE, Company, Result
from eink_monitor.errors import Missing, Throttled, Trouble, bug
from eink_monitor.libraries import command
from eink_monitor.metrics import METRICS
from eink_monitor.model.event import Event, rest_of
from eink_monitor.model.listing import Listing, items_of
from eink_monitor.model.outlook import Outlook, slots_of
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.outside import clean
from eink_monitor.vet import heard, sift

_NOWHERE = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - open for the life of the program
atexit.register(_NOWHERE.close)
_MIB = 1024 * 1024
_LIMITS = {
    resource.RLIMIT_AS: 1024 * _MIB,  # a leak ends the child, not the Pi
    resource.RLIMIT_FSIZE: 64 * _MIB,  # nor does it fill the card
    resource.RLIMIT_NOFILE: 256,
    resource.RLIMIT_CORE: 0,  # which would hold secrets
}
"""What a child, and each process that it starts, may take; of how many there are ``process`` keeps count."""


def carry_out(feed: Feed, visit: Visit) -> Result:
    """Poll a source in this process; whatever happens becomes a ``Result``."""
    began = stopwatch()
    try:
        said = heard(feed.source.poll(visit), visit)
        result = Result(said.readings, "ok", visit.note)
        result.outlooks, result.listings, result.events = said.outlooks, said.listings, said.events
    except KeyboardInterrupt:
        raise  # a person, at a poll in the foreground
    except BaseException as error:  # noqa: BLE001 - a vendor library raises anything
        result = _trouble(feed, error)
    result.took, result.spent, result.heard = stopwatch() - began, visit.spent, visit.heard
    result.explained = visit.explained or []
    return result


def _trouble(feed: Feed, error: BaseException) -> Result:
    """What an exception means, in a word and a sentence; only our own are quoted, the text of others may be secret."""
    if isinstance(error, Throttled):
        return Result([], error.what, str(error), until=error.until, account_wide=error.account_wide)
    if isinstance(error, Trouble):
        return Result([], error.what, str(error))
    if isinstance(error, ImportError):
        return Result([], Missing.what, f"{feed.name}: the library {error.name} is not installed; {_extra(feed)}")
    if isinstance(error, MemoryError):
        return Result([], "crashed", f"{feed.name}: the poll wanted too much memory")
    return Result([], "crashed", f"{feed.name}: {bug(error)}")


def _extra(feed: Feed) -> str:
    extra = feed.source.extra
    return command(extra) if extra else "install it"


def live(feed: Feed, visit: Visit, writer: int) -> NoReturn:
    """A poll's child: detach, poll, send, exit without a trace."""
    try:
        _settle_down(visit)
        signal.alarm(feed.deadline + 2 * GRACE)  # if the daemon dies, nobody else would end us
        _send(writer, carry_out(feed, visit))
    finally:
        os._exit(1)  # no exit handlers: they belong to the daemon and would touch its display


def listen(company: Company, writer: int, parent: int) -> NoReturn:
    """A stream's child: pass on what comes until it ends."""
    feeds = {feed.name: (feed, visit) for feed, visit in company}
    everyone = replace(company[0][0], name=", ".join(feeds))
    try:
        _settle_down(company[0][1])
        orphans.die_with(parent)
        orphans.adopt()
        clock = SystemClock()
        try:
            for name, said in _said(company, clock):
                feed, visit = feeds[name]
                visit.now = clock.now()
                result = _trouble(feed, said) if isinstance(said, Trouble) else Result(sift(said, visit), spent=0)
                _send(writer, replace(result, feed=name, detail=result.detail or visit.note))
                visit.remarks.clear()
            _send(writer, Result([], "unavailable", f"{everyone.name}: the stream has ended"))
        except BaseException as error:  # noqa: BLE001 - a vendor library raises anything
            _send(writer, _trouble(everyone, error))
    finally:
        os._exit(1)


def _said(company: Company, clock: Clock) -> Iterator[tuple[str, list[Reading] | Trouble]]:
    """What is said on a line, and to whom."""
    line = company[0][0].source.line
    if line is not None:
        yield from line.follow({feed.name: (feed.source.line or line, visit) for feed, visit in company}, clock)
    for feed, visit in company if line is None else ():
        for readings in feed.source.follow(visit, clock):
            yield feed.name, readings


def _send(writer: int, result: Result) -> None:
    message = pack(result)
    message = struct.pack(">I", len(message)) + message
    while message:
        message = message[os.write(writer, message) :]


def _settle_down(visit: Visit) -> None:
    """Detach from everything that the daemon uses.

    Plain system calls: every page a child touches is copied. Whatever a sandbox refuses is skipped.
    """
    with contextlib.suppress(OSError):
        os.setsid()
    gc.disable()  # a collection would touch every page, and we exit too soon to need one
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)  # vendor libraries log VINs and tokens
    for standard in (0, 1, 2):
        os.dup2(_NOWHERE.fileno(), standard)
    sys.stdout = sys.stderr = _NOWHERE  # whatever stood in their place
    with contextlib.suppress(OSError):  # the card may be read-only; a source that needs the folder will say so
        try:
            os.chdir(visit.state)  # some libraries write where they stand
        except FileNotFoundError:
            visit.state.mkdir(mode=0o700, parents=True)
            os.chdir(visit.state)
    for limit, most in _LIMITS.items():
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(limit, (most, most))
    orphans.offer()


def pack(result: Result) -> bytes:
    """As one message of JSON."""
    fields: dict[str, Any] = {
        "readings": [[subject, metric.name, value, at] for subject, metric, value, at in result.readings],
        "what": result.what,
        "detail": result.detail,
        "took": result.took,
        "spent": result.spent,
        "until": result.until,
        "account_wide": result.account_wide,
        "heard": result.heard,
        "feed": result.feed,
        "explained": result.explained,
        "outlooks": [[o.subject, o.metric.name, o.issued_at, o.attribution, o.stretches()] for o in result.outlooks],
        "listings": [[one.subject, one.name, one.at, one.rows(), one.more] for one in result.listings],
        "events": [[one.subject, one.kind, one.key, one.start, one.end, one.rest()] for one in result.events],
    }
    return json.dumps(fields).encode()


def unpack(message: bytes) -> Result:
    """Reverses ``pack``."""
    fields = json.loads(message)
    fields["detail"] = clean(fields["detail"])  # whatever a library wrote into the pipe
    fields["explained"] = list(map(clean, fields["explained"]))
    fields["readings"] = [
        Reading(subject, METRICS[metric], value, at) for subject, metric, value, at in fields["readings"]
    ]
    fields["outlooks"] = [_outlook(*parts) for parts in fields["outlooks"]]
    fields["listings"] = [
        Listing(subject, name, at, items_of(rows), more) for subject, name, at, rows, more in fields["listings"]
    ]
    fields["events"] = [
        Event(subject, kind, key, start, end, *rest_of(rest))
        for subject, kind, key, start, end, rest in fields["events"]
    ]
    return Result(**fields)


def _outlook(subject: str, name: str, issued_at: int, attribution: str, stretches: list[list[object]]) -> Outlook:
    metric = METRICS[name]
    return Outlook(subject, metric, issued_at, slots_of(stretches, metric), attribution)
