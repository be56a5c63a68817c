"""Signals as a file descriptor that wakes the daemon, so that nothing is interrupted halfway."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from types import FrameType


class Signals:
    """``asked`` for an end by SIGTERM or Ctrl-C; a SIGHUP asks to ``reload``, unless it is the terminal that closes.

    Who was started from a terminal ends with it; a service has none, nor has what ``setsid`` began. What ``nohup``
    began stays deaf.
    """

    def __init__(self) -> None:
        self.asked = False
        self.reload = False
        self.closed = False
        self._sockets = socket.socketpair()
        for end in self._sockets:
            end.setblocking(False)
        self.wakes = self._sockets[0].fileno()
        signal.set_wakeup_fd(self._sockets[1].fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._hang_up if _has_terminal() else self._again)

    def close(self) -> None:
        """Stop waking; later requests are still noted."""
        signal.set_wakeup_fd(-1)
        for end in self._sockets:
            end.close()

    def quieten(self) -> None:
        """Take what has woken the daemon, so that it may sleep again."""
        with suppress(BlockingIOError):
            self._sockets[0].recv(4096)

    def _end(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's interface
        self.asked = True

    def _hang_up(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as above
        self.asked = self.closed = True

    def _again(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as above
        self.reload = True


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
