"""A person at a terminal: what the program asks is read, and answers are typed."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from eink_monitor.clock import stopwatch

_OWN = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
_PATIENCE = 60.0  # s


class Person:
    """Runs one command line in a terminal of its own, 80 columns wide; ``seen`` is all that was on it."""

    def __init__(self, folder: Path, *words: object, env: Mapping[str, str] | None = None) -> None:
        self._hand, terminal = pty.openpty()
        self.seen = ""
        self._at = 0
        command = [sys.executable, "-c", _OWN, sys.executable, "-m", "eink_monitor", *map(str, words)]
        self.process = subprocess.Popen(
            command,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            cwd=folder,
            env={**os.environ, "COLUMNS": "80", "LC_ALL": "C.UTF-8", **(env or {})},
        )
        os.close(terminal)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._hand)

    def reads(self, words: str) -> str:
        """Wait until words stand on the screen that were not read yet; returns what came up to them."""
        began = stopwatch()
        while (found := self.seen.find(words, self._at)) < 0:
            if not self._look(_PATIENCE - (stopwatch() - began)):
                raise AssertionError(f"`{words}` never came:\n{self.seen}")
        came, self._at = self.seen[self._at : found + len(words)], found + len(words)
        return came

    def types(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._hand, f"{line}\n".encode())

    def answers(self, question: str, line: str) -> str:
        """Wait for a question, and answer it; returns what came before."""
        came = self.reads(question)
        self.types(line)
        return came

    def gives_up(self, key: bytes) -> int:
        """Press a key, such as Ctrl-C (3) or Ctrl-D (4), until that has an effect; the exit code.

        Python may be about to wait for a line when a signal comes, and then notices it with the next one.
        """
        began = stopwatch()
        while self.process.poll() is None and stopwatch() - began < _PATIENCE:
            os.write(self._hand, key)
            self._look(0.5)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
        return self.leaves()

    def leaves(self) -> int:
        """Read to the end; the exit code."""
        while self._look(_PATIENCE):
            pass
        return self.process.wait(_PATIENCE)

    def _look(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._hand], [], [], max(0.0, seconds))
        if not ready:
            return False
        try:
            piece = os.read(self._hand, 4096)
        except OSError:  # nobody has the other end any more
            return False
        self.seen = re.sub("\r+\n", "\n", self.seen + piece.decode("utf-8", "replace"))
        return bool(piece)
