"""One poll is one child process: fork, wait, and at the deadline SIGKILL to it and everything it started.

A timeout of a network library is no deadline (a server that sends one byte per half second outlives it) and a thread
cannot be killed. A fork of the single-threaded daemon costs about 2 ms and gives all its memory back. The child sends
one JSON message up a pipe; it never touches the database, the display or the terminal.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NoReturn

from eink_monitor import strays
from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.fetching import GRACE, Result
from eink_monitor.errors import Throttled, Trouble
from eink_monitor.metrics import METRICS
from eink_monitor.model import Reading, Visit
from eink_monitor.vet import vet

_NOWHERE = Path(os.devnull).open("r+", encoding="utf-8")  # noqa: SIM115 - open for the life of the program
atexit.register(_NOWHERE.close)
_LARGEST_MESSAGE = 8 * 1024 * 1024
_MEMORY = 1024 * 1024 * 1024  # address space of a child: a leak ends the child, not the Pi


class Inline:
    """Carries a poll out on the spot, without a process: for simulations, whose sources wait for nobody."""

    def start(self, feed: Feed, visit: Visit) -> Done:
        """Poll now; the result is there at once."""
        return Done(carry_out(feed, visit))

    def follow(self, feed: Feed, visit: Visit) -> Silence:  # noqa: ARG002 - the interface
        """Nobody speaks up in a simulation."""
        return Silence()


class Silence:
    """A stream on which nothing ever comes."""

    watch: Sequence[int] = ()
    over = False

    def results(self) -> list[Result]:
        """Nothing."""
        return []

    def kill(self) -> None:
        """Nothing is left to end."""


class Done:
    """A poll that is over."""

    watch: Sequence[int] = ()

    def __init__(self, result: Result) -> None:
        self._result = result

    def result(self) -> Result:
        """What it came to."""
        return self._result

    def kill(self) -> None:
        """Nothing is left to end."""


class Forked:
    """Carries every poll out in a child process of its own."""

    def __init__(self, config: Config) -> None:
        self._modules = {module for feed in config.feeds.values() for module in feed.source.preload}
        self._ready = False

    def _prepare(self) -> None:
        """Load what every child would load; at the first poll, because the first frame comes before."""
        if self._ready:
            return
        self._ready = True
        for name in sorted(self._modules):
            with contextlib.suppress(ImportError):  # the poll itself will say what is missing
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # what is alive now will not be moved: children share the pages instead of copying them

    def start(self, feed: Feed, visit: Visit) -> Child:
        """Fork; returns at once."""
        self._prepare()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _live(feed, visit, writer)
        os.close(writer)
        return Child(feed.name, pid, reader)

    def follow(self, feed: Feed, visit: Visit) -> Listener:
        """Fork a child that lives long; returns at once."""
        self._prepare()
        reader, writer = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            _listen(feed, visit, writer, parent)
        os.close(writer)
        return Listener(feed.name, pid, reader)


class _Process:
    """A child process that sends messages up a pipe, each after its length in four bytes."""

    _alive: ClassVar[set[int]] = set()

    def __init__(self, name: str, pid: int, reader: int) -> None:
        self._name = name
        self._pid = pid
        self._reader = reader
        self._got = b""
        self._began = stopwatch()
        self._code: int | None = None
        self._alive.add(pid)
        os.set_blocking(reader, False)

    @property
    def watch(self) -> Sequence[int]:
        """The pipe."""
        return () if self._code is not None else (self._reader,)

    def kill(self) -> int:
        """End it with all its descendants, reap it and close the pipe; returns its exit code, negative for a signal."""
        if self._code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):  # in the moment before it leads a group of its own
                os.kill(self._pid, signal.SIGKILL)
            _, status = os.waitpid(self._pid, 0)
            os.close(self._reader)
            self._code = os.waitstatus_to_exitcode(status)
            self._alive.remove(self._pid)
            strays.end(self._alive)
        return self._code

    def _read(self) -> bool:
        """Take what has arrived; True when no more will."""
        while len(self._got) <= _LARGEST_MESSAGE:
            try:
                piece = os.read(self._reader, 65536)
            except BlockingIOError:
                return False
            if not piece:
                return True
            self._got += piece
        return True

    def _message(self) -> Result | None:
        """The next whole message, or None."""
        size = struct.unpack(">I", self._got[:4])[0] if len(self._got) >= 4 else _LARGEST_MESSAGE
        if len(self._got) < size + 4:
            return None
        message, self._got = self._got[4 : size + 4], self._got[size + 4 :]
        return _unpack(message)

    def _died(self) -> Result:
        code = self.kill()
        died = f"killed by signal {-code}" if code < 0 else f"left with code {code}"
        took = stopwatch() - self._began
        return Result([], "crashed", f"{self._name}: the poll was {died} before it answered", took)


class Child(_Process):
    """A poll under way in another process."""

    def result(self) -> Result | None:
        """What it came to, or None while it still runs."""
        over = self._read()
        if result := self._message():
            self.kill()
            return result
        return self._died() if over else None


class Listener(_Process):
    """A stream listened to in another process."""

    over = False

    def results(self) -> list[Result]:
        """What has come since the last time; the last one of all says why it ended."""
        if self.over:
            return []
        ended = self._read()
        found = list(iter(self._message, None))
        if ended or any(result.what != "ok" for result in found):
            self.over = True
            if not found or found[-1].what == "ok":
                found.append(self._died())
        return found


def carry_out(feed: Feed, visit: Visit) -> Result:
    """Poll a source in this process; whatever happens becomes a ``Result``."""
    began = stopwatch()
    try:
        result = Result(vet(feed.source.poll(visit), visit.now), "ok", visit.note)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor library raises anything
        result = _trouble(feed, error)
    result.took, result.spent, result.heard = stopwatch() - began, visit.spent, visit.heard
    return result


def _trouble(feed: Feed, error: BaseException) -> Result:
    """What an exception means, in a word and a sentence; only our own are quoted, the text of others may be secret."""
    if isinstance(error, Throttled):
        return Result([], error.what, str(error), until=error.until, account_wide=error.account_wide)
    if isinstance(error, Trouble):
        return Result([], error.what, str(error))
    if isinstance(error, ImportError):
        return Result([], "gone", f"{feed.name}: the library {error.name} is not installed; {_extra(feed)}")
    if isinstance(error, MemoryError):
        return Result([], "crashed", f"{feed.name}: the poll wanted too much memory")
    return Result([], "crashed", f"{feed.name}: {type(error).__name__} {_where(error)}")


def _extra(feed: Feed) -> str:
    extra = feed.source.extra
    return f"pip install 'eink-monitor[{extra}]'" if extra else "install it"


def _where(error: BaseException) -> str:
    """File and line of an error, without its text."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""


# -- in the child ------------------------------------------------------------------------------------------------------


def _live(feed: Feed, visit: Visit, writer: int) -> NoReturn:
    """The whole life of a poll child: settle down, poll, send, leave without a trace."""
    try:
        _settle_down(visit)
        signal.alarm(feed.deadline + 2 * GRACE)  # should the daemon itself die, nobody else would end us
        _send(writer, carry_out(feed, visit))
    finally:
        os._exit(1)  # no exit handlers: they belong to the daemon and would touch its display


def _listen(feed: Feed, visit: Visit, writer: int, parent: int) -> NoReturn:
    """The whole life of a stream's child: pass on what comes until it ends."""
    try:
        _settle_down(visit)
        _die_with(parent)
        clock = SystemClock()
        try:
            for readings in feed.source.follow(visit, clock):
                _send(writer, Result(vet(readings, clock.now()), "ok", visit.note, spent=0))
            _send(writer, Result([], "unavailable", f"{feed.name}: the stream has ended"))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a vendor library raises anything
            _send(writer, _trouble(feed, error))
    finally:
        os._exit(1)


def _send(writer: int, result: Result) -> None:
    message = _pack(result)
    message = struct.pack(">I", len(message)) + message
    while message:
        message = message[os.write(writer, message) :]


def _die_with(parent: int) -> None:
    """A stream has no deadline: let the kernel end it with its parent."""
    import ctypes  # noqa: PLC0415 - only here

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _settle_down(visit: Visit) -> None:
    """Leave nothing behind that the daemon could feel. Plain system calls: every page a child touches is copied."""
    os.setsid()
    gc.disable()  # a collection would touch them all, and we do not live long enough to need one
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
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    strays.offer()


def _pack(result: Result) -> bytes:
    fields: dict[str, Any] = {
        "readings": [[subject, metric.name, value, at] for subject, metric, value, at in result.readings],
        "what": result.what,
        "detail": result.detail,
        "took": result.took,
        "spent": result.spent,
        "until": result.until,
        "account_wide": result.account_wide,
        "heard": result.heard,
    }
    return json.dumps(fields).encode()


def _unpack(message: bytes) -> Result:
    fields = json.loads(message)
    fields["readings"] = [
        Reading(subject, METRICS[metric], value, at) for subject, metric, value, at in fields["readings"]
    ]
    return Result(**fields)
