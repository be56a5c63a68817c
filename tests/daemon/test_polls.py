"""Real child processes with sources that do what vendor libraries do: hang, fork, leak, leave, shout and scribble."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.config import Config
from eink_monitor.daemon.child import pack, unpack
from eink_monitor.daemon.polls import Child, Forked
from eink_monitor.daemon.runner import GRACE, Result
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Unavailable
from eink_monitor.metrics import METRICS, PV_POWER, STORAGE_SOC
from eink_monitor.model import Metric, Reading, Source, Visit
from small_house import START, UTC, feed, small_house

Blank = Callable[[Path], Path]


@dataclass
class Does(Source):
    """Does one thing in its poll."""

    deed: Callable[[Visit], Iterable[Reading]]

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        return self.deed(visit)


def config(tmp_path: Path) -> Config:
    return Config(tmp_path / "c", tmp_path / "r.db", UTC, None, {}, {})  # type: ignore[arg-type]


def polled(tmp_path: Path, deed: Callable[[Visit], Iterable[Reading]], patience: float = 10) -> Result | None:
    """What comes of it within some seconds; None when nothing does (and it is killed)."""
    child = _begun(tmp_path, deed)
    began = stopwatch()
    while (left := patience - (stopwatch() - began)) > 0:
        select.select(child.watch, (), (), left)
        if result := child.result():
            return result
    child.kill()
    return None


def _begun(tmp_path: Path, deed: Callable[[Visit], Iterable[Reading]]) -> Child:
    visit = Visit("roof", "roof", START, UTC, 300, {}, tmp_path / "state")
    return Forked(config(tmp_path)).start(feed("roof", Does(deed), deadline=20), visit)


def test_readings_come_back_as_they_were(tmp_path: Path) -> None:
    wanted = [Reading("roof", STORAGE_SOC, 67.8, START - 60), Reading("roof", PV_POWER, 1234.5, START)]

    def deed(visit: Visit) -> Iterable[Reading]:
        visit.remarks.add("all is well")
        return wanted

    result = polled(tmp_path, deed)
    assert result is not None
    assert (result.readings, result.what, result.detail, result.spent) == (wanted, "ok", "all is well", 0)


@pytest.mark.parametrize(
    "trouble", [Unavailable("no answer"), AuthFailed("sign in"), Gone("closed"), BadAnswer("half a JSON")]
)
def test_every_trouble_comes_back_by_its_word(tmp_path: Path, trouble: Unavailable) -> None:
    def deed(_: Visit) -> NoReturn:
        raise trouble

    result = polled(tmp_path, deed)
    assert result is not None
    assert (result.what, result.detail) == (trouble.what, str(trouble))


def test_throttled_says_until_when(tmp_path: Path) -> None:
    def deed(_: Visit) -> NoReturn:
        raise Throttled("wait", START + 3600, account_wide=False)

    result = polled(tmp_path, deed)
    assert result is not None
    assert (result.what, result.until, result.account_wide) == ("throttled", START + 3600, False)


def test_a_bug_shows_its_place_and_none_of_its_text(tmp_path: Path) -> None:
    def deed(_: Visit) -> NoReturn:
        raise ValueError("the token is hunter2")

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "crashed"
    assert "ValueError at test_polls.py:" in result.detail
    assert "hunter2" not in result.detail


@pytest.mark.parametrize("code", [0, 3])
def test_leaving_is_no_answer(tmp_path: Path, code: int) -> None:
    for leave in (sys.exit, os._exit):
        result = polled(tmp_path, lambda _, leave=leave: leave(code))  # type: ignore[misc]
        assert result is not None
        assert result.what == "crashed"


def test_a_missing_library_is_named(tmp_path: Path) -> None:
    def deed(_: Visit) -> Iterable[Reading]:
        import no_such_library  # type: ignore[import-not-found] # noqa: F401, PLC0415 - as a source does

        return []

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "gone"
    assert "no_such_library" in result.detail


def test_a_segfault_is_survived(tmp_path: Path) -> None:
    result = polled(tmp_path, lambda _: [ctypes.string_at(0)])  # type: ignore[list-item]
    assert result is not None
    assert result.detail == "roof: the poll was killed by signal 11 before it answered"


def _deaf(_: Visit) -> NoReturn:
    """Ignores every signal it can and waits for ever."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        select.select((), (), ())


def _fertile(visit: Visit) -> NoReturn:
    """Leaves grandchildren behind that hold the pipe open."""
    for _ in range(3):
        if os.fork() == 0:
            _deaf(visit)
    _deaf(visit)


def _busy(_: Visit) -> NoReturn:
    """Burns the processor, in a thread too."""
    threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
    while True:
        pass


@pytest.mark.parametrize("deed", [_deaf, _fertile, _busy])
def test_the_end_is_the_end(tmp_path: Path, deed: Callable[[Visit], NoReturn]) -> None:
    child = _begun(tmp_path, deed)
    select.select(child.watch, (), (), 0.3)
    began = stopwatch()
    assert child.result() is None
    child.kill()
    assert stopwatch() - began < 0.5
    _await_nobody(child._pid)


def _await_nobody(group: int) -> None:
    """Nobody of the group is left, but for a moment in which the kernel carries the killed away."""
    began = stopwatch()
    while _members(group):
        assert stopwatch() - began < 2
        select.select((), (), (), 0.01)


def _members(group: int) -> list[str]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, pgrp = stat.read_text().rpartition(")")[2].split()[:3]
            if int(pgrp) == group and state != "Z":
                found.append(stat.parent.name)
    return found


def test_an_answer_ends_those_who_would_stay(tmp_path: Path) -> None:
    """A library that forks a helper and then answers."""

    def deed(visit: Visit) -> Iterable[Reading]:
        if os.fork() == 0:
            _deaf(visit)
        return [Reading("roof", PV_POWER, 1, START)]

    child = _begun(tmp_path, deed)
    began = stopwatch()
    while (result := child.result()) is None and stopwatch() - began < 5:
        select.select(child.watch, (), (), 1)
    assert result is not None
    assert result.what == "ok"
    _await_nobody(child._pid)


def test_a_leak_ends_the_child_only(tmp_path: Path) -> None:
    def deed(_: Visit) -> Iterable[Reading]:
        hoard = []
        while True:
            hoard.append(bytearray(50_000_000))

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "crashed"
    assert "memory" in result.detail


def test_shouting_and_scribbling_stay_in_the_child(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    here = Path.cwd()
    level = logging.getLogger().level

    def deed(_: Visit) -> Iterable[Reading]:
        print("the VIN is WBA12345")  # noqa: T201 - the point
        os.write(2, b"the VIN is WBA12345\n")
        logging.basicConfig(level=logging.DEBUG, force=True)
        logging.getLogger().error("the VIN is WBA12345")
        Path("cache.json").write_text("{}")
        return []

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "ok"
    assert "WBA" not in "".join(capfd.readouterr())
    assert not (here / "cache.json").exists()
    assert (tmp_path / "state" / "cache.json").exists()
    assert logging.getLogger().level == level


def test_ten_megabytes_are_no_answer(tmp_path: Path) -> None:
    def deed(_: Visit) -> Iterable[Reading]:
        return [Reading("roof" * 300, PV_POWER, 1, START)] * 9000

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "crashed"


def test_the_daemon_kills_at_the_deadline_and_goes_on(tmp_path: Path, blank: Blank) -> None:
    """On the real clock: a deaf source with a deadline of one second, beside a good one."""
    good = Does(lambda visit: [Reading("good", PV_POWER, 1, visit.now)])
    house = small_house(
        blank(tmp_path / "readings.db"),
        [feed("deaf", Does(_deaf), deadline=1), feed("good", good)],
        clock=SystemClock(),  # type: ignore[arg-type]
        runner=Forked,
    )
    began = stopwatch()
    pause = house.daemon.tick()
    while house.store.outcomes.get("good") is None and stopwatch() - began < 20:
        house.clock.wait(min(pause, 1), house.daemon.watch())
        pause = house.daemon.tick()
    took = stopwatch() - began
    past = house.store.outcomes.get("deaf")
    assert past is not None
    assert (past.what, past.detail) == ("unavailable", "deaf: no answer within 1s")
    assert 1 + GRACE <= took < 1 + GRACE + 2
    house.daemon.stop()


@given(
    st.lists(
        st.builds(
            Reading,
            st.text(max_size=20),
            st.sampled_from(list(METRICS.values())),
            st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**40), 2**40),
            st.integers(1, START),
        )
    )
)
def test_the_pipe_changes_nothing(readings: list[Reading]) -> None:
    result = Result(readings, "ok", "a note", 0.25, 3, START, account_wide=False)
    assert unpack(pack(result)) == result


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    yield
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
