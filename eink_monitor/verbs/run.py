"""``eink-monitor run``: the daemon."""

from __future__ import annotations

import signal
import socket
from pathlib import Path
from types import FrameType

import click

from eink_monitor import journal
from eink_monitor.clock import SystemClock
from eink_monitor.daemon import Daemon
from eink_monitor.polls import Forked
from eink_monitor.verbs._house import config_option, load, opened


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Log more.")
@config_option
def command(config_file: Path | None, *, verbose: bool) -> None:
    """Poll, store and draw until told to stop.

    Ctrl-C and SIGTERM end it within a second; the last panel stays on the display. Under systemd it says when it is
    ready and logs in journald's way.
    """
    journal.open_journal(verbose=verbose)
    config = load(config_file)
    stop = _StopSignal()
    clock = SystemClock()
    with opened(config, writes=True, lasting=clock.now()) as store:
        daemon = Daemon(config, store, clock, Forked(config))
        first = True
        while not stop.asked:
            pause = daemon.tick()
            if first:
                journal.notify(READY="1", STATUS="the first panel is drawn")
                first = False
            daemon.clock.wait(pause, (*daemon.watch(), stop.wakes))
        journal.notify(STOPPING="1")
        daemon.stop()


class _StopSignal:
    """SIGTERM and Ctrl-C as a file descriptor that wakes the daemon, so that nothing is interrupted half-way."""

    def __init__(self) -> None:
        self.asked = False
        self._sockets = socket.socketpair()
        for end in self._sockets:
            end.setblocking(False)
        self.wakes = self._sockets[0].fileno()
        signal.set_wakeup_fd(self._sockets[1].fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signal module's interface
        self.asked = True
