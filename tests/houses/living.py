"""The daemon as a process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eink_monitor.clock import SystemClock
from houses import say


def polled(file: Path, subjects: frozenset[str] = frozenset({"roof", "car", "attic:backups"})) -> None:
    """Wait until the daemon has brought something of every subject."""
    for _ in range(8):
        if subjects <= {row["subject"] for row in json.loads(say("latest", "--json", "-c", file).out)}:
            return
        SystemClock().wait(0.5)
    raise AssertionError(f"nothing came of {subjects}")


def in_terminal(file: Path, terminal: int, *before: str) -> subprocess.Popen[bytes]:
    """The daemon in a terminal of its own, ready."""
    address = file.parent / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.settimeout(20)
        words = [*before, sys.executable, "-m", "eink_monitor", "run", "-c", str(file)]
        code = (
            "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, *words],
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
            cwd=file.parent,  # nohup writes where it stands
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
        )
        assert b"READY=1" in systemd.recv(1000)
    return process


@contextmanager
def running(file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The daemon, ready: systemd's notify protocol says when the first panel is drawn."""
    address = file.parent / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.settimeout(20)
        process = subprocess.Popen(
            [sys.executable, "-m", "eink_monitor", "run", "-c", str(file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
        )
        limit = threading.Timer(120, process.kill)  # who waits for a line that never comes meets the end of the log
        limit.start()
        with process:
            try:
                assert b"READY=1" in systemd.recv(1000)
                yield process
            finally:
                limit.cancel()
                process.kill()
