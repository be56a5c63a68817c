"""The daemon as a process: it runs until told to stop, takes requests, and reports its state to systemd.

No command-line library here: what systemd starts to run for years does not carry one (15 ms and 3 MiB).
"""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from eink_monitor import config as configuration
from eink_monitor import orphans, places
from eink_monitor.clock import MINUTE, Clock, SystemClock
from eink_monitor.config import Config
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.control import Reply, Request, address
from eink_monitor.daemon.control_socket import ControlSocket
from eink_monitor.daemon.display_control import carry_out
from eink_monitor.daemon.polls import Forked
from eink_monitor.errors import Trouble, bug
from eink_monitor.house.fence import Fence
from eink_monitor.service import journal
from eink_monitor.service.heartbeat import Heartbeat
from eink_monitor.service.reloading import Reloading, in_words
from eink_monitor.service.signals import Signals
from eink_monitor.service.status import status
from eink_monitor.store import Store

log = logging.getLogger("eink_monitor")

_PATIENCE = 15  # s; systemd's is over after TimeoutStopSec=20


def serve(config_file: Path | None, *, verbose: bool = False) -> int:
    """Run the daemon; returns its exit code. Raises ``Trouble`` unless journald takes the message."""
    journal.open_journal(verbose=verbose)
    try:
        with closing(Signals()) as signals:
            _live(config_file, signals)
    except Trouble as error:
        if not journal.listens():
            raise
        for complaint in str(error).splitlines():  # journald shows by its priority what must be mended
            log.critical("%s", complaint)
        return error.exit_code
    except Exception:
        log.critical("this is a bug; please report it with what `eink-monitor dump` writes", exc_info=True)
        return os.EX_SOFTWARE
    return 0


def _live(config_file: Path | None, signals: Signals) -> None:
    clock = SystemClock()
    config: Config | None = configuration.load(places.configuration(config_file))
    before: Config | None = None
    while config:
        with ExitStack() as stack:
            try:
                daemon, control = _begin(config, clock, stack)
            except Trouble as error:
                if before is None:
                    raise
                log.error("%s; going on with the configuration read before", error)  # noqa: TRY400 - a sentence
                config, before = before, None
                continue
            before, config = config, live(daemon, signals, control)


def _begin(config: Config, clock: Clock, stack: ExitStack) -> tuple[Daemon, ControlSocket]:
    store = stack.enter_context(closing(Store(config.database, config.zone, lasting=clock.now())))
    control = stack.enter_context(closing(ControlSocket(address(config.database))))
    daemon = Daemon(config, store, clock, Forked(config))
    log.info("%s", in_words(daemon.config))
    daemon.recall()
    return daemon, control


def live(daemon: Daemon, signals: Signals, control: ControlSocket | None = None) -> Config | None:
    """Run a daemon until it is told to stop, and report to systemd.

    Returns the new configuration, if that is why it was stopped.
    """
    beat = Heartbeat(journal.watchdog())
    reloading = Reloading(daemon.config, daemon.clock.monotonic())
    ready, late, new = False, False, True
    while not signals.asked and not reloading.following:
        pause = daemon.tick()
        mono = daemon.clock.monotonic()
        _look(daemon, beat, mono)
        if not ready:
            journal.notify(READY="1", STATUS=_status(daemon))
            ready = True
            orphans.adopt()
        elif beat.feed(mono):
            journal.notify(WATCHDOG="1", STATUS=_status(daemon))
        elif new and _asked(daemon):  # whoever has just started it wants to see it now, not at the next beat
            journal.notify(STATUS=_status(daemon))
            new = False
        if beat.late(mono) and not late:
            log.critical("%s: nothing done in time; waiting for the watchdog", ", ".join(beat.late(mono)))
        late = bool(beat.late(mono))
        with _fence:
            reloading.look(mono)
        _wait(daemon, signals, control, min(pause, beat.pause(mono)))
        if control:
            control.serve(partial(_carry_out, daemon, reloading))
        if signals.reload:
            signals.reload = False
            with _fence:
                reloading.reload()
    _leave(daemon, signals, ended=not reloading.following)
    return reloading.following


def _wait(daemon: Daemon, signals: Signals, control: ControlSocket | None, seconds: float) -> None:
    requests = control.watch() if control else ()

    def nap(_: BaseException) -> None:  # whatever there was to wake up for, it is looked at once a second
        daemon.clock.wait(1.0)

    with Fence(nap):
        daemon.wait(seconds, (*daemon.watch(), *requests, signals.wakes))
        signals.quieten()


_fence = Fence(lambda error: log.error("a bug, please report it: %s", bug(error)))


def _status(daemon: Daemon) -> str:
    """The status in words; the watchdog is fed even if that fails."""
    with _fence:
        return status(daemon)
    return ""


def _asked(daemon: Daemon) -> bool:
    """Whether every source has been asked once."""
    with _fence:
        return all(feed.what is not None for feed in daemon.house.feeds())
    return True


def _carry_out(daemon: Daemon, reloading: Reloading, request: Request) -> Reply:
    """Carry out a request to the daemon itself, or to its display."""
    if request.verb == "write":
        answer = daemon.write()
        return replace(answer, findings=[*answer.findings, *reloading.findings()])
    if request.verb == "reload":
        return reloading.reload()
    return carry_out(request, daemon.drawing, daemon.config, daemon.clock)


def _leave(daemon: Daemon, signals: Signals, *, ended: bool) -> None:
    if signals.closed:
        log.warning("the terminal was closed: everything is stored; stopping (a service would go on without one)")
    if ended:
        journal.notify(STOPPING="1")
    daemon.stop()
    if ended:
        _let_renewals_end(daemon.config.state)


def _let_renewals_end(state: Path) -> None:
    """Once we exit, systemd kills our remaining processes, and would interrupt a sign-in that is being renewed."""
    from eink_monitor.sources._http.tokens import rest  # noqa: PLC0415 - not before the end

    rested = True
    with suppress(OSError):
        rested = rest(state, _PATIENCE)
    if not rested:
        log.warning("stopped while a sign-in was still being renewed")


def _look(daemon: Daemon, beat: Heartbeat, mono: float) -> None:
    """Check the progress of both halves (streams belong to the polling half, with their own timetable)."""
    beat.step("drawing", daemon.drawing.turns, daemon.drawing.promise(mono), mono)
    beat.step("fetching", daemon.fetching.steps, daemon.fetching.next_due(), mono)
    beat.step("streams", daemon.following.steps, daemon.following.next_due(), mono)
    if daemon.quiet:
        beat.rest(mono, MINUTE)
