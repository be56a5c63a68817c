"""The display with its wiring, and the fonts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress

from eink_monitor import places
from eink_monitor.clock import Clock, stamp
from eink_monitor.config import Config, extras
from eink_monitor.daemon.control import Reply
from eink_monitor.daemon.display_control import examine
from eink_monitor.draw.fonts import Face, folder
from eink_monitor.errors import StoreError
from eink_monitor.finding import BAD, Finding, doubt, good
from eink_monitor.libraries import SERVICE
from eink_monitor.model.frame import Wear
from eink_monitor.store import Store
from eink_monitor.store.lock import held


def fonts(names: Iterable[str] | None = None) -> Iterator[Finding]:
    """Whether every atlas of letters and icons (or those named) can be read."""
    files = sorted(file.stem for file in folder().glob("*.json")) if names is None else list(names)
    broken = []
    for file in files:
        try:
            Face(file)
        except (OSError, KeyError, ValueError):
            broken.append(file)
    if broken or not files:
        words = f"{', '.join(broken)} cannot be read" if broken else f"there are none in {folder()}"
        mend = SERVICE if places.served() else "pip install --force-reinstall eink-monitor"
        yield Finding("fonts", BAD, words, mend, os.EX_SOFTWARE)
    else:
        yield good("fonts", f"{len(files)} faces and sets of icons can be read")


def daemon(heard: Reply, config: Config) -> Iterator[Finding]:
    """Whether the daemon runs, even without its socket, and its reply to the request to write."""
    if heard.process < 0:
        yield Finding("daemon", BAD, heard.words, "sudo journalctl -u eink-monitor", heard.code)
        return
    if not heard.process and held(config.database):
        told = "runs, but cannot be reached: its control socket beside the database is missing"
        yield doubt("daemon", told, "restart it; until then verbs see only what it has written")
        return
    yield good("daemon", f"runs as process {heard.process}" if heard.process else "is not running")
    if heard.words:
        yield doubt("daemon", heard.words, "what follows was written before")
    yield from heard.findings


def findings(config: Config, clock: Clock, heard: Reply) -> Iterator[Finding]:
    """The display, through a running daemon, or else opened here."""
    if heard.process < 0:
        yield doubt("display", "not checked: the daemon owns it, and does not answer", "fix that first")
        return
    if lack := extras.missing("display", config.display):
        yield lack
        return
    answer = examine(config, clock)
    yield good("display", f"{config.display.label}{_worn(config)}")
    yield from answer.findings


def _worn(config: Config) -> str:
    wear = Wear()
    with suppress(StoreError), closing(Store(config.database, config.zone, writes=False)) as store:  # see storage.py
        wear = Wear(**store.wear.counts())
    if wear.last_full is None:
        return ""
    last = stamp(wear.last_full, config.zone)
    return f", {wear.full} full and {wear.partial} partial refreshes, the last full one at {last}"
