"""Long work on a database, done by a process of its own while the daemon goes on: a check, a salvage.

It is a fresh interpreter, not a fork: SQLite forbids using a database in a fork of a process that has it open.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.store.card import connect
from eink_monitor.store.salvage import salvage

DEADLINE = 3600.0  # seconds after which whatever takes so long is given up


class Errand:
    """One such process. ``kind`` is "quick_check", "integrity_check" or "salvage"."""

    def __init__(self, kind: str, path: Path, aside: Path | None = None) -> None:
        self.kind = kind
        reader, writer = os.pipe()
        words = [sys.executable, "-m", __name__, kind, str(path), *([str(aside)] if aside else [])]
        self._pid = os.posix_spawn(sys.executable, words, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, writer, 1)])
        os.close(writer)
        os.set_blocking(reader, False)
        self._reader = reader
        self._said = b""
        self._began = stopwatch()

    @property
    def watch(self) -> Sequence[int]:
        """The pipe its answer comes through."""
        return (self._reader,)

    def answer(self) -> str | None:
        """What came of it in a word, nothing when it died; None while it is under way."""
        with suppress(BlockingIOError):
            while piece := os.read(self._reader, 4096):
                self._said += piece
            self.kill()
            return self._said.decode().strip()
        if stopwatch() - self._began > DEADLINE:
            self.kill()
            return ""
        return None

    def pause(self, *, on: bool) -> None:
        """Stand still, or go on."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGSTOP if on else signal.SIGCONT)

    def kill(self) -> None:
        """End it."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._reader)


def main(kind: str, path: Path, aside: Path | None = None) -> str:
    """Do the work and say what came of it: "ok", "damaged", or nothing when it could not be done."""
    os.nice(19)
    _die_with(os.getppid())
    try:
        if aside:
            salvage(aside, path, SystemClock().now())
            return "ok"
        with closing(connect(path, writes=False)) as db:
            return "ok" if db.execute(f"PRAGMA {kind}(1)").fetchone()[0] == "ok" else "damaged"
    except (sqlite3.DatabaseError, OSError) as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        return "damaged" if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} else ""


def _die_with(parent: int) -> None:
    import ctypes  # noqa: PLC0415 - not in the daemon

    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


if __name__ == "__main__":
    outcome = main(sys.argv[1], Path(sys.argv[2]), *map(Path, sys.argv[3:]))
    with suppress(BrokenPipeError):  # the daemon has just died, and nobody asks any more
        os.write(sys.stdout.fileno(), outcome.encode())
