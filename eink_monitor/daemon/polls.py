"""One poll is one child process: fork, wait, and at the deadline SIGKILL to it and everything it started.

A timeout of a network library is no deadline (a server that sends one byte per half second outlives it) and a thread
cannot be killed. A fork of the single-threaded daemon costs about 2 ms and gives all its memory back. The child sends
one JSON message up a pipe; it never touches the database, the display or the terminal.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import struct
from collections.abc import Sequence
from typing import ClassVar

from eink_monitor import strays
from eink_monitor.clock import stopwatch
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.child import carry_out, listen, live, unpack
from eink_monitor.daemon.runner import Result
from eink_monitor.model import Visit

_LARGEST_MESSAGE = 8 * 1024 * 1024


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
            live(feed, visit, writer)
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
            listen(feed, visit, writer, parent)
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
                piece = os.read(self._reader, 4096)
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
        return unpack(message)

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
