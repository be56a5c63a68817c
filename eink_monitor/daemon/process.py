"""A child of the daemon: its messages are read as they come, its resources are limited, and its end is certain.

A poll says one thing and ends; a stream goes on. Whatever a child does costs its own poll only: invalid messages, too
many bytes, too many processes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import struct
from collections.abc import Sequence
from typing import ClassVar

from eink_monitor import orphans
from eink_monitor.clock import stopwatch
from eink_monitor.daemon.child import unpack
from eink_monitor.daemon.runner import Result

TASKS = 24
"""Processes and threads that one child may have, itself counted: the unit gives all of us together 64 (TasksMax)."""

_LARGEST_MESSAGE = 8 * 1024 * 1024
_MOUTHFUL = (
    32 * 1024
)  # bytes of a stream taken at once, so that one that never stops does not keep the daemon from others
_PIECE = 4096
_OF_A_CROWD = 3.0  # s for all of them to be gone
_A_WHILE = 1.0  # s between two counts of its processes


class Process:
    """A child process that sends messages up a pipe, each after its length in four bytes."""

    _alive: ClassVar[dict[int, Process]] = {}

    def __init__(self, name: str, pid: int, reader: int) -> None:
        self._name = name
        self._pid = pid
        self._reader = reader
        self._got = bytearray()
        self._began = self._weighed = stopwatch()
        self._code: int | None = None
        self._fault = ""
        self._alive[pid] = self
        os.set_blocking(reader, False)

    @property
    def watch(self) -> Sequence[int]:
        """The pipe."""
        return () if self._code is not None else (self._reader,)

    @classmethod
    def weigh_all(cls) -> None:
        """End children that have started too many processes: the next process must find room."""
        for process in list(cls._alive.values()):
            process.weigh(0.0)

    def weigh(self, since: float = _A_WHILE) -> None:
        """End it if it has too many processes; checked again only after so many seconds."""
        if self._code is not None or stopwatch() - self._weighed < since:
            return
        self._weighed = stopwatch()
        family = (self._pid, *self._loose())
        if orphans.crowd(family, TASKS):
            self._fault = f"had more than {TASKS} processes and threads, and was ended"
            orphans.fell(family)
            self.kill(_OF_A_CROWD)

    def _loose(self) -> list[int]:
        """Its orphans."""
        return []

    def kill(self, patience: float = orphans.PATIENCE) -> int:
        """End it with all its descendants, reap it and close the pipe; returns its exit code, negative for a signal."""
        if self._code is None:
            with contextlib.suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
            with contextlib.suppress(OSError):  # in the moment before it leads a group of its own
                os.kill(self._pid, signal.SIGKILL)
            code = orphans.bury(self._pid)
            self._code = -signal.SIGKILL if code is None else code
            os.close(self._reader)
            del self._alive[self._pid]
            orphans.end(self._alive, patience)
        return self._code

    def _read(self, most: int) -> bool:
        """Take what has arrived, up to so many bytes; True when no more will come."""
        for _ in range(0, most, _PIECE):
            try:
                piece = os.read(self._reader, _PIECE)
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not piece:
                return True
            self._got += piece
        return False

    def _message(self) -> Result | None:
        """The next whole message, or None; what is none is a fault."""
        if self._fault or len(self._got) < 4:
            return None
        end = struct.unpack(">I", self._got[:4])[0] + 4
        if end > _LARGEST_MESSAGE:
            self._fault = f"answered with more than {_LARGEST_MESSAGE // 1024 // 1024} MiB"
            return None
        if len(self._got) < end:
            return None
        message = bytes(self._got[4:end])
        del self._got[:end]
        try:
            return unpack(message)
        except (ValueError, TypeError, KeyError, RecursionError):  # a library that scribbles into every open file
            self._fault = "sent something that is not a result"
            return None

    def _died(self) -> Result:
        code = self.kill()
        died = f"was killed by signal {-code}" if code < 0 else f"exited with code {code}"
        took = stopwatch() - self._began
        fault = self._fault or f"{died} before it answered"
        return Result([], "crashed", f"{self._name}: the poll {fault}", took)


class Child(Process):
    """A poll under way in another process."""

    def result(self) -> Result | None:
        """Its result, or None while it still runs."""
        over = self._code is not None or self._read(_LARGEST_MESSAGE)
        if result := self._message():
            self.kill()
            return result
        self.weigh()
        return self._died() if over or self._fault else None

    def _loose(self) -> list[int]:
        return orphans.loose(self._alive)


class Listener(Process):
    """A stream read in another process, which adopts its own orphans."""

    over = False

    def results(self) -> list[Result]:
        """What has come since the last time; the last one of all says why it ended."""
        if self.over:
            return []
        self.weigh()
        ended = self._code is not None or self._read(_MOUTHFUL)
        found = list(iter(self._message, None))
        if ended or self._fault or any(result.what != "ok" and not result.feed for result in found):
            self.over = True
            if not found or found[-1].what == "ok" or found[-1].feed:
                found.append(self._died())
        return found
