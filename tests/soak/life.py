"""Daemons of one house, one after the other: begun, watched from outside, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

from eink_monitor.clock import SystemClock, stopwatch
from soak.board import FEEDS, Board
from soak.flatness import memory, open_files

PATIENCE = 60.0  # s, real ones: a busy machine
_GLANCE = 0.005


class HurtError(Exception):
    """The house did not take a fault as it should."""


class Life:
    """The daemon that lives now, if one does. ``pid`` is its process."""

    def __init__(self, folder: Path, board: Board, dice: Random) -> None:
        self.folder, self.board, self.dice = folder, board, dice
        self.log, self.database = folder / "log", folder / "house" / "readings.db"
        self.config = folder / "config.yaml"
        self.clock = SystemClock()
        self.kills: list[int] = []
        self.polls = 0
        self._daemon: subprocess.Popen[bytes] | None = None

    @property
    def alive(self) -> bool:
        """Whether one lives."""
        return self._daemon is not None and self._daemon.poll() is None

    @property
    def pid(self) -> int:
        """Raises ``HurtError`` where none lives."""
        self.check()
        assert self._daemon
        return self._daemon.pid

    def begin(self, *, calm: bool = False, warm: bool = False, rivals: int = 0) -> None:
        """Start a daemon; with ``rivals`` at the same moment, of whom one must be left. Raises ``HurtError``."""
        self.kill()
        self.board["polls"] = 0
        begun = self.board["begun"]
        all_of_them = [self.spawn(calm=calm, warm=warm) for _ in range(1 + rivals)]
        if rivals:
            self._await_one(all_of_them)
        self._daemon = next((daemon for daemon in all_of_them if daemon.poll() is None), all_of_them[0])
        self.wait(lambda: self.board["begun"] > begun, "the daemon did not begin")

    def spawn(self, *, calm: bool = False, warm: bool = False) -> subprocess.Popen[bytes]:
        """A daemon more, whatever comes of it."""
        dice = "0" if calm else str(self.dice.getrandbits(30) + 1)
        command = [sys.executable, "-m", "soak.house", str(self.folder), dice, *(["warm"] if warm else [])]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)

    def _await_one(self, daemons: list[subprocess.Popen[bytes]]) -> None:
        frames = self.board["frames"]
        try:
            self.wait(lambda: sum(daemon.poll() is None for daemon in daemons) <= 1, "several daemons live at once")
            self.wait(lambda: self.board["frames"] > frames, "none of several daemons has drawn")
        except HurtError:
            for daemon in daemons:
                daemon.kill()
            raise

    def check(self) -> None:
        """Raises ``HurtError`` where the daemon has ended by itself, and starts none."""
        if self._daemon is None or self._daemon.poll() is not None:
            end = self.log.read_text(encoding="utf-8", errors="replace")[-1500:]
            raise HurtError(f"the daemon ended by itself ({self._daemon and self._daemon.returncode}): {end}")

    def wait(self, until: Callable[[], bool], else_told: str, patience: float = PATIENCE) -> float:
        """Look again and again; returns how long it took. Raises ``HurtError``."""
        began = stopwatch()
        while not until():
            if self._daemon is not None:
                self.check()
            if stopwatch() - began > patience:
                raise HurtError(f"{else_told} after {patience:.0f} s")
            self.clock.wait(_GLANCE)
        return stopwatch() - began

    def recover(self) -> str:
        """Wait until there was a frame, something was stored, and every neighbour was well.

        Returns what took longest. Raises ``HurtError``.
        """
        board = self.board
        frames, stored, now = board["frames"], board["stored"], board["now"]
        took = {
            "a frame": self.wait(lambda: board["frames"] > frames, "no frame was drawn"),
            "the card": self.wait(lambda: board["stored"] > stored, "nothing was stored"),
        }
        for name in FEEDS:
            took[name] = self.wait(lambda name=name: board[name] > now, f"{name} was not well again")  # type: ignore[misc]
        return max(took, key=lambda what: took[what])

    def kill(self) -> None:
        """SIGKILL, if it lives."""
        if self._daemon is None:
            return
        self._daemon.kill()
        self._daemon.wait()
        self._daemon = None
        self.kills.append(self.board["now"])
        self.polls += self.board["polls"]

    def kill_poll(self) -> bool:
        """SIGKILL to a child, if there is one."""
        with suppress(OSError, IndexError):
            os.kill(self.children(self.pid)[0], signal.SIGKILL)
            return True
        return False

    @staticmethod
    def children(pid: int) -> list[int]:
        """Of a process, its own."""
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]

    def size(self) -> tuple[float, float, float]:
        """1000 polls, KiB, files."""
        return self.board["polls"] / 1000, memory(self.pid), open_files(self.pid)
