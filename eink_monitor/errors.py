"""Errors, named by what to do next.

A source, a display or the configuration raises one of these and nothing else; the daemon decides by the class alone.
Every message is one plain sentence for the user, and never contains a secret: ``fact`` names the thing and the place,
``cure`` the way out, where a person has one. ``exit_code`` follows sysexits.h, ``what`` is the word kept in the outcome
of a poll.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, NamedTuple

from eink_monitor.outside import LONGEST, clean


class Trouble(Exception):
    """Any failure that the program can handle."""

    what: ClassVar[str] = "trouble"
    exit_code: ClassVar[int] = os.EX_SOFTWARE

    between: ClassVar[str] = "; "

    def __init__(self, fact: str, cure: str = "") -> None:
        self.fact, self.cure = clean(fact), clean(cure)
        super().__init__(clean(f"{fact}{self.between}{cure}" if cure else fact))

    def __reduce__(self) -> tuple[object, ...]:  # an exception with extra arguments must say how it travels up a pipe
        return type(self), (self.fact, self.cure)

    def in_full(self) -> str:
        """What a terminal shows."""
        return f"eink-monitor: {self}"


class Unavailable(Trouble):
    """No answer, or not in time: try again later, with backoff."""

    what = "unavailable"
    exit_code = os.EX_TEMPFAIL


class Unreachable(Unavailable):
    """No connection, so no call was made: no network, no such name, nobody listens. Try again soon."""

    what = "unreachable"


class Overloaded(Unavailable):
    """This machine had no process, memory or file left for it, so no call was made. Try again soon."""

    what = "overloaded"


class Throttled(Trouble):
    """The vendor (or our own ledger) says wait: no call of this account before ``until`` (epoch seconds, UTC).

    ``account_wide`` is False when only this one poll costs too much at the moment.
    """

    what = "throttled"
    exit_code = os.EX_TEMPFAIL

    def __init__(self, message: str, until: int, *, account_wide: bool = True) -> None:
        super().__init__(message)
        self.until = until
        self.account_wide = account_wide

    def __reduce__(self) -> tuple[object, ...]:
        return _throttled, (str(self), self.until, self.account_wide)


def _throttled(message: str, until: int, account_wide: bool) -> Throttled:
    return Throttled(message, until, account_wide=account_wide)


class AuthFailed(Trouble):
    """The vendor refuses us: a person must sign in or replace a key."""

    what = "auth"
    exit_code = os.EX_NOPERM


class Gone(Trouble):
    """The interface is closed for good: stop polling and name its replacement."""

    what = "gone"
    exit_code = os.EX_UNAVAILABLE


class Missing(Gone):
    """A required library is not installed: no call was made; a person must install it."""

    what = "missing"


class BadAnswer(Trouble):
    """The answer made no sense: store nothing of it, try again later."""

    what = "bad-answer"
    exit_code = os.EX_DATAERR


class DisplayError(Trouble):
    """The panel did not obey, or is not there."""

    what = "display"
    exit_code = os.EX_UNAVAILABLE
    between = ": "


class StoreError(Trouble):
    """The database cannot be opened or written; the sentence says why (card full, read-only, damaged)."""

    what = "store"
    exit_code = os.EX_TEMPFAIL


class Damaged(StoreError):
    """The database is damaged: set it aside, start a new one, salvage what can be read."""


class WrongFile(StoreError):
    """The database is another program's, or a newer version's: do not touch it; a restart would not help."""

    exit_code = os.EX_CONFIG


class Newer(WrongFile):
    """A newer version wrote the database: only that one can read it."""


class InUse(StoreError):
    """Another daemon uses the database: only one may."""


class Complaint(NamedTuple):
    """What is wrong at one place of a file; ``line`` and ``column`` count from 1, 0 where it is the file as a whole.

    ``path`` is that of the key ("sources.roof.every"), or empty; ``cure`` is what to do, where that can be said apart.
    """

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    path: str = ""
    cure: str = ""

    def __str__(self) -> str:
        words = f"{self.message}; {self.cure}" if self.cure else self.message
        if self.line:
            words = ": ".join(filter(None, (f"{self.file}:{self.line}:{self.column}", self.path, words)))
        elif self.file:
            words = f"{self.file} {words}"
        return clean(words, 8 * LONGEST)


class ConfigError(Trouble):
    """The configuration cannot be used; ``complaints`` are all there are. As text, as editors understand them."""

    what = "config"
    exit_code = os.EX_CONFIG

    def __init__(self, complaints: list[Complaint]) -> None:
        super().__init__("")
        self.complaints = complaints

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.complaints,)

    def __str__(self) -> str:
        return "\n".join(map(str, self.complaints))

    def in_full(self) -> str:
        """Every complaint as it is."""
        return str(self)


def bug(error: BaseException) -> str:
    """What an exception is and where it was raised, without its text: "ValueError at solar.py:12"."""
    reason = f" ({os.strerror(error.errno)})" if isinstance(error, OSError) and error.errno else ""
    return f"{type(error).__name__}{reason}{_where(error)}"


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


_ENDS = (AuthFailed, BadAnswer, Gone, Missing, Overloaded, StoreError, Throttled, Unavailable, Unreachable)
_CODES = {error.what: error.exit_code for error in _ENDS}


def exit_code(what: str) -> int:
    """The exit code (sysexits.h) for the ``what`` of a poll's outcome; that of a crash for any other word."""
    return _CODES.get(what, Trouble.exit_code)
