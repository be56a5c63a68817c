"""What many tests begin with."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import hypothesis
import pytest

from eink_monitor.clock import SystemClock, local
from eink_monitor.config import load
from eink_monitor.displays.null import Null
from eink_monitor.simulation import simulate
from eink_monitor.store import Store
from houses import write

if TYPE_CHECKING:
    from doors.sshd import Hosts

# Whoever starts the tests may have told them to ignore what a terminal sends (nohup, a job in the background): the
# programs we start would ignore it, too, as they should.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
os.environ.pop("PYTHONUNBUFFERED", None)  # the programs we start hold back what they say, as everybody's do

# The servers we start live in threads, and to each glibc gives 64 MiB of addresses and more. A poll's child inherits
# them all, and counts them against its limit; the daemon has no threads.
_M_ARENA_MAX = -8
with contextlib.suppress(AttributeError):  # another libc
    ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)

if sys.gettrace():  # lines are counted: not in forks, whose counts nobody would collect
    os.register_at_fork(after_in_child=lambda: sys.settrace(None))


hypothesis.settings.register_profile("unhurried", deadline=None)  # no test lives by the clock
hypothesis.settings.load_profile("unhurried")


@pytest.fixture(autouse=True)
def _small_houses_are_left() -> Iterator[None]:
    yield
    if house := sys.modules.get("small_house"):
        house.leave()
    gc.unfreeze()  # a daemon that forks freezes what is there, and hypothesis would miss its own


@pytest.fixture(autouse=True)
def _signals_are_as_before() -> Iterator[None]:
    """A daemon that has run in this process goes on to note signals: a child of a later test would never die of one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    yield
    for number, what in before.items():
        if signal.getsignal(number) is not what:
            signal.signal(number, what)


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database, made once: making one takes a child process."""
    path = tmp_path_factory.mktemp("blank") / "readings.db"
    Store(path, ZoneInfo("UTC")).close()
    return path


@pytest.fixture
def blank(blank_database: Path) -> Callable[[Path], Path]:
    """Puts a copy of the empty database at a path."""

    def put(path: Path) -> Path:
        shutil.copy(blank_database, path)
        return path

    return put


@pytest.fixture(scope="session")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a house that has lived: both days on which the clocks change, and the days until today.

    For looking only.
    """
    folder = tmp_path_factory.mktemp("lived")
    file = write(folder)
    house = dataclasses.replace(load(file), display=Null())
    today = local(SystemClock().now(), UTC).date()
    for first in (datetime(2025, 10, 25, tzinfo=UTC).date(), datetime(2026, 3, 28, tzinfo=UTC).date()):
        simulate(house, 3, first, folder=folder)
    simulate(house, 3, today - timedelta(days=3), folder=folder)
    return file


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hosts]:
    """Real SSH servers, and a home that knows neither a host nor an agent."""
    from doors.sshd import Hosts  # noqa: PLC0415 - skips what needs it where no sshd is installed

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    started = Hosts(tmp_path)
    yield started
    started.stop()
