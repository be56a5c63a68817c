"""The daemon as a process: it lives until it is told to stop, hears what a person wishes, and tells systemd how it is.

No command-line library here: what systemd starts to run for years does not carry one (15 ms and 3 MiB).
"""

from __future__ import annotations

import logging
import signal
import socket
from contextlib import closing
from pathlib import Path
from types import FrameType

from eink_monitor import config as configuration
from eink_monitor import places, strays
from eink_monitor.clock import MINUTE, SystemClock
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.control import address
from eink_monitor.daemon.ear import Ear
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.wishes import grant
from eink_monitor.draw.words import count
from eink_monitor.errors import Trouble
from eink_monitor.service import journal
from eink_monitor.service.heartbeat import Heartbeat
from eink_monitor.service.status import status
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_BUG = 70
_PATIENCE = 15  # s; systemd's is over after TimeoutStopSec=20


def serve(config_file: Path | None, *, verbose: bool = False) -> int:
    """Run the daemon of a house; returns its exit code. Raises ``Trouble`` unless journald takes what is wrong."""
    journal.open_journal(verbose=verbose)
    try:
        _live(config_file)
    except Trouble as error:
        if not journal.listens():
            raise
        for complaint in str(error).splitlines():  # journald shows by its priority what must be mended
            log.critical("%s", complaint)
        return error.exit_code
    except Exception:
        log.critical("this is a bug; please report it with what `eink-monitor dump` writes", exc_info=True)
        return _BUG
    return 0


def _live(config_file: Path | None) -> None:
    config = configuration.load(places.configuration(config_file))
    stop = StopSignal()
    clock = SystemClock()
    with (
        closing(Store(config.database, config.zone, lasting=clock.now())) as store,
        closing(Ear(address(config.database))) as ear,
    ):
        daemon = Daemon(config, store, clock, Forked(config))
        house = f"{count(len(config.feeds), 'source')}, {count(len(config.slides), 'panel')}"
        log.info("%s on %s", house, config.display.label)
        live(daemon, stop, ear)


def live(daemon: Daemon, stop: StopSignal, ear: Ear | None = None) -> None:
    """Let a daemon live until it is told to stop, and tell systemd how it is doing."""
    beat = Heartbeat(journal.watchdog())
    ready, late = False, False
    while not stop.asked:
        pause = daemon.tick()
        mono = daemon.clock.monotonic()
        _look(daemon, beat, mono)
        if not ready:
            journal.notify(READY="1", STATUS=status(daemon))
            ready = True
            strays.adopt()
        elif beat.feed(mono):
            journal.notify(WATCHDOG="1", STATUS=status(daemon))
        if beat.late(mono) and not late:
            log.critical("%s: nothing done in time; waiting for the watchdog", ", ".join(beat.late(mono)))
        late = bool(beat.late(mono))
        wishes = ear.watch() if ear else ()
        daemon.clock.wait(min(pause, beat.pause(mono)), (*daemon.watch(), *wishes, stop.wakes))
        if ear:
            ear.serve(lambda request: grant(request, daemon.drawing, daemon.config, daemon.clock))
    journal.notify(STOPPING="1")
    daemon.stop()
    _let_renewals_end(daemon.config.state)


def _let_renewals_end(state: Path) -> None:
    """Once we are gone systemd kills whatever is left of us, and would cut off a sign-in that is just being renewed."""
    from eink_monitor.sources._http.tokens import rest  # noqa: PLC0415 - not before the end

    if not rest(state, _PATIENCE):
        log.warning("a sign-in was still being renewed when the time to stop was up")


def _look(daemon: Daemon, beat: Heartbeat, mono: float) -> None:
    """Take the pulse of both halves (streams belong to the half that fetches, and have a timetable of their own)."""
    beat.step("drawing", daemon.drawing.turns, daemon.drawing.promise(mono), mono)
    beat.step("fetching", daemon.fetching.steps, daemon.fetching.next_due(), mono)
    beat.step("streams", daemon.following.steps, daemon.following.next_due(), mono)
    if daemon.quiet:
        beat.rest(mono, MINUTE)


class StopSignal:
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
