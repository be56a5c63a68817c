"""One poll is one child process: fork, wait, and at the deadline SIGKILL to it and everything it started.

A timeout of a network library is no deadline (a server that sends one byte per half second outlives it) and a thread
cannot be killed. A fork of the single-threaded daemon costs about 2 ms and gives all its memory back. The child sends
one JSON message up a pipe; it never touches the database, the display or the terminal.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
from collections.abc import Callable, Sequence
from typing import NoReturn

from eink_monitor.config import Config, Feed
from eink_monitor.daemon.child import listen, live
from eink_monitor.daemon.process import Child, Listener, Process
from eink_monitor.daemon.runner import Company, Result, Running, Stream
from eink_monitor.errors import Overloaded
from eink_monitor.house.fence import fenced
from eink_monitor.model.poll import Visit


class SilentStream:
    """A stream on which nothing ever comes."""

    watch: Sequence[int] = ()
    over = False

    def results(self) -> list[Result]:
        """Nothing."""
        return []

    def kill(self) -> None:
        """Nothing is left to end."""


class Ended:
    """A stream that ended before it began."""

    watch: Sequence[int] = ()
    over = True

    def __init__(self, result: Result) -> None:
        self._results = [result]

    def results(self) -> list[Result]:
        """Why, once."""
        found, self._results = self._results, []
        return found

    def kill(self) -> None:
        """Nothing is left to end."""


class Done:
    """A poll that is over."""

    watch: Sequence[int] = ()

    def __init__(self, result: Result) -> None:
        self._result = result

    def result(self) -> Result:
        """Its result."""
        return self._result

    def kill(self) -> None:
        """Nothing is left to end."""


class Forked:
    """Runs every poll in its own child process."""

    def __init__(self, config: Config) -> None:
        self._modules = {module for feed in fenced(config).feeds.values() for module in feed.source.preload}
        self._ready = False

    def _prepare(self) -> None:
        """Load what every child would load; at the first poll, because the first frame comes before."""
        if self._ready:
            return
        self._ready = True
        for name in sorted(self._modules):
            with contextlib.suppress(Exception, SystemExit):  # the poll itself will meet it, and say so
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # freeze live objects: children share the pages instead of copying them

    def start(self, feed: Feed, visit: Visit) -> Running:
        """Fork; returns at once."""
        try:
            return Child(feed.name, *self._fork(lambda writer: live(feed, visit, writer)))
        except (OSError, MemoryError) as error:
            return Done(_unborn(feed.name, error))

    def follow(self, company: Company) -> Stream:
        """Fork a child that lives long; returns at once."""
        parent, name = os.getpid(), ", ".join(feed.name for feed, _ in company)
        try:
            return Listener(name, *self._fork(lambda writer: listen(company, writer, parent)))
        except (OSError, MemoryError) as error:
            return Ended(_unborn(name, error))

    def _fork(self, life: Callable[[int], NoReturn]) -> tuple[int, int]:
        """Fork a child that runs a function with the pipe's writing end; returns its id and the reading end.

        ``OSError``.
        """
        self._prepare()
        Process.weigh_all()
        reader, writer = os.pipe()
        try:
            pid = os.fork()
            if pid == 0:
                _lead(life, reader, writer)
        except BaseException:
            os.close(reader)
            raise
        finally:
            os.close(writer)
        return pid, reader


def _lead(life: Callable[[int], NoReturn], reader: int, writer: int) -> NoReturn:
    """In the child: whatever happens, it never returns into the daemon's code."""
    try:
        os.close(reader)
        life(writer)
    finally:
        os._exit(1)


def _unborn(name: str, error: OSError | MemoryError) -> Result:
    """This machine is short of processes, memory or files: no call was made, and the poll is soon retried."""
    code = getattr(error, "errno", None) or errno.ENOMEM
    words = f"{name}: this machine could not start the poll: {os.strerror(code)}"
    return Result([], Overloaded.what, words, spent=0)
