"""Long work on a database, done by a process of its own while the daemon goes on: a check, a salvage.

It is a fresh interpreter, not a fork: SQLite forbids using a database in a fork of a process that has it open.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path

from eink_monitor import orphans
from eink_monitor.clock import stopwatch
from eink_monitor.store.card import connect, is_damage
from eink_monitor.store.repair.replaced import log_is_of_another
from eink_monitor.store.repair.salvage import salvage

log = logging.getLogger("eink_monitor")

_PATIENCE = 20.0  # seconds for what the daemon waits for
DEADLINE = 3600.0  # seconds after which a job is given up
_LONGEST = 4096  # bytes; an answer is a word
_NONE = -1


class Job:
    """One such process. ``kind`` is "quick_check", "integrity_check", "salvage" or "log".

    On a machine that is short of processes, memory or files it is over at once, as if it had died.
    """

    def __init__(self, kind: str, path: Path, quarantined: Path | None = None) -> None:
        self.kind = kind
        self._said = b""
        self._began = stopwatch()
        self._pid = self._reader = _NONE
        try:
            self._begin([sys.executable, "-m", __name__, kind, str(path), *([str(quarantined)] if quarantined else [])])
        except (OSError, MemoryError) as error:
            log.warning("the %s of %s could not be started (%s); trying again later", kind, path, error)

    def _begin(self, words: list[str]) -> None:
        self._reader, writer = os.pipe()
        try:
            os.set_blocking(self._reader, False)
            tell = [(os.POSIX_SPAWN_DUP2, writer, 1)]
            self._pid = os.posix_spawn(sys.executable, words, os.environ, file_actions=tell)
        finally:
            os.close(writer)

    @property
    def watch(self) -> Sequence[int]:
        """The pipe its answer comes through."""
        return () if self._reader == _NONE else (self._reader,)

    def answer(self) -> str | None:
        """Its result in a word, empty if it died; None while it is under way."""
        if self._pid == _NONE:
            self.kill()
            return ""
        with suppress(BlockingIOError):
            while len(self._said) < _LONGEST and (piece := os.read(self._reader, 4096)):
                self._said += piece
            self.kill()
            return self._said.decode(errors="replace").strip()
        if stopwatch() - self._began > DEADLINE:
            self.kill()
            return ""
        return None

    def pause(self, *, on: bool) -> None:
        """Pause, or go on."""
        if self._pid != _NONE:
            with suppress(OSError):
                os.kill(self._pid, signal.SIGSTOP if on else signal.SIGCONT)

    def kill(self) -> None:
        """End it."""
        if self._pid != _NONE:
            with suppress(OSError):
                os.kill(self._pid, signal.SIGKILL)
            orphans.bury(self._pid)
        if self._reader != _NONE:
            os.close(self._reader)
        self._pid = self._reader = _NONE


def ask(kind: str, path: Path, patience: float = _PATIENCE) -> str:
    """Wait for the result: for short work that the process with the open database may not do."""
    job = Job(kind, path)
    began = stopwatch()
    while (answer := job.answer()) is None and stopwatch() - began < patience:
        select.select(job.watch, (), (), 1.0)
    job.kill()
    return answer or ""


def main(kind: str, path: Path, quarantined: Path | None = None) -> str:
    """Do the work and return its result: "ok", "damaged", or nothing when it could not be done.

    Of a log it says whether it is that of "another" database than the one it lies beside. A salvage that found every
    row again in the good database says how many those are, and about how many are lost.
    """
    with suppress(OSError):  # a sandbox may refuse it
        os.nice(19)
    orphans.die_with(os.getppid())
    try:
        if quarantined:
            saved, lost, missing = salvage(quarantined, path)
            return f"ok {saved} {lost}" if not missing else ""
        if kind == "log":
            return "another" if log_is_of_another(path) else "ok"
        with closing(connect(path, writes=False)) as db:
            return "ok" if db.execute(f"PRAGMA {kind}(1)").fetchone()[0] == "ok" else "damaged"
    except OSError:
        return ""
    except Exception as error:  # noqa: BLE001 - whatever is raised while a database is read is damage
        if quarantined:
            return ""
        return "damaged" if not isinstance(error, sqlite3.Error) or is_damage(path, error) else ""


if __name__ == "__main__":
    outcome = main(sys.argv[1], Path(sys.argv[2]), *map(Path, sys.argv[3:]))
    with suppress(BrokenPipeError):  # the daemon has just died
        os.write(sys.stdout.fileno(), outcome.encode())
