"""Logging for journald, and systemd's notify protocol in a few lines.

Under systemd every line begins with its priority ("<4>") and has no date of its own; on a terminal it has the time.
"""

from __future__ import annotations

import logging
import os
import socket
import sys
from typing import Any

from eink_monitor import places
from eink_monitor.outside import legible

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}

_PATIENCE = 5  # s for systemd to take a word


class _Legible(logging.Formatter):
    """A message is one line, and holds nothing that a terminal would obey; a stack of calls keeps its lines.

    Commands stand in it as a person says them: for a service with sudo.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the logging module's interface
        return places.sayable(legible(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:  # noqa: ANN401, N802 - the logging module's interface
        return legible(super().formatException(ei), "\n")


class _Journal(_Legible):
    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).splitlines() or [""]
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(f"<{priority}>{line}" for line in lines)


def open_journal(*, verbose: bool = False) -> None:
    """Send the program's log to standard error, worded for journald where it listens."""
    handler = logging.StreamHandler(sys.stderr)
    if listens():
        handler.setFormatter(_Journal("%(message)s"))
    else:
        handler.setFormatter(_Legible("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"))
    logger = logging.getLogger("eink_monitor")
    logger.handlers[:] = [handler]
    logger.setLevel(logging.DEBUG if verbose else logging.INFO)
    logger.propagate = False


def listens() -> bool:
    """Whether standard error is the very stream systemd connected to the journal (systemd.exec(5), $JOURNAL_STREAM)."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # closed, or no file at all
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def watchdog() -> float:
    """Seconds after which systemd wants a sign of life from this process; 0.0 where it does not watch."""
    try:
        interval = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        watched = int(os.environ.get("WATCHDOG_PID", "0"))
    except ValueError:
        return 0.0
    return interval if watched in {0, os.getpid()} else 0.0


def notify(**fields: str) -> None:
    """Tell systemd, if it asked to be told: ``notify(READY="1", STATUS="first frame drawn")``."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    message = "\n".join(f"{name}={legible(value)}" for name, value in fields.items())
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
            sock.settimeout(_PATIENCE)
            sock.connect(address)
            sock.sendall(message.encode(errors="replace"))
    except OSError as error:
        logging.getLogger("eink_monitor").debug("systemd could not be notified: %s", error.strerror or error)
