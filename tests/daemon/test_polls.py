"""Real child processes with sources that do what vendor libraries do: hang, fork, leak, leave, shout and scribble."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import faulthandler
import logging
import os
import resource
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

from eink_monitor import orphans
from eink_monitor.clock import Clock, SystemClock, stopwatch
from eink_monitor.config import Config
from eink_monitor.daemon.child import pack, unpack
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.process import TASKS, Child
from eink_monitor.daemon.runner import GRACE, Result
from eink_monitor.errors import AuthFailed, BadAnswer, Gone, Throttled, Unavailable
from eink_monitor.metrics import METRICS, PV_POWER, STORAGE_SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
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


def polled(
    tmp_path: Path, deed: Callable[[Visit], Iterable[Reading]], patience: float = 10, beat: float = 10
) -> Result | None:
    """What comes of it within some seconds; None when nothing does (and it is killed)."""
    child = _begun(tmp_path, deed)
    began = stopwatch()
    while (left := patience - (stopwatch() - began)) > 0:
        select.select(child.watch, (), (), min(left, beat))
        if result := child.result():
            return result
    child.kill()
    return None


def _begun(tmp_path: Path, deed: Callable[[Visit], Iterable[Reading]]) -> Child:
    visit = Visit("roof", "roof", START, UTC, 300, {}, tmp_path / "state")
    child = Forked(config(tmp_path)).start(feed("roof", Does(deed), deadline=20), visit)
    assert isinstance(child, Child)
    return child


def test_readings_come_back_as_they_were(tmp_path: Path) -> None:
    wanted = [Reading("roof", STORAGE_SOC, 67.8, START - 60), Reading("roof", PV_POWER, 1234.5, START)]

    def deed(visit: Visit) -> Iterable[Reading]:
        visit.remarks.add("all is well")
        return wanted

    result = polled(tmp_path, deed)
    assert result is not None
    assert (result.readings, result.what, result.detail, result.spent) == (wanted, "ok", "all is well", 0)


def test_an_odd_value_costs_itself_and_is_told(tmp_path: Path) -> None:
    def deed(visit: Visit) -> Iterable[Reading]:
        visit.remarks.add("the car sleeps")
        yield Reading("roof", STORAGE_SOC, -1.5, START)
        yield Reading("roof", PV_POWER, 1234.5, START)

    result = polled(tmp_path, deed)
    assert result is not None
    assert (result.what, [reading.value for reading in result.readings]) == ("ok", [1234.5])
    assert result.detail == "the car sleeps; left out: storage_soc -1.5 %"


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
    assert result.what == "missing"
    assert "no_such_library" in result.detail


def _segfault(_: Visit) -> NoReturn:
    faulthandler.disable()  # pytest's would fill the screen
    ctypes.string_at(0)
    raise AssertionError


def test_a_segfault_is_survived(tmp_path: Path) -> None:
    result = polled(tmp_path, _segfault)
    assert result is not None
    assert result.detail == "roof: the poll was killed by signal 11 before it answered"


def _deaf(_: Visit) -> NoReturn:
    """Ignores every signal it can and waits for ever."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    select.select((), (), (), 120)  # nobody outlives a test that was killed for long
    os._exit(1)


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


def _multiplies(visit: Visit) -> NoReturn:
    """Starts 60 processes, every second one of them in a session of its own, each of which starts a few more in turn.

    That is hundreds, and no more: should nobody end them, the machine that runs the tests survives it.
    """
    for number in range(60):
        if os.fork() == 0:
            if number % 2:
                os.setsid()
            for _ in range(4):
                if os.fork():
                    break
                select.select((), (), (), 0.05)
            _deaf(visit)
    _deaf(visit)


def _spins(visit: Visit) -> NoReturn:
    """A few processes of many threads each."""
    for _ in range(6):
        if os.fork() == 0:
            for _ in range(5):
                threading.Thread(target=threading.Event().wait, daemon=True).start()
            _deaf(visit)
    _deaf(visit)


def _scatters(visit: Visit) -> NoReturn:
    """Starts processes as daemons are started: each in a session of its own, its parent gone."""
    for _ in range(40):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                _deaf(visit)
            os._exit(0)
        os.wait()
    _deaf(visit)


@pytest.mark.parametrize("deed", [_multiplies, _spins, _scatters])
@pytest.mark.usefixtures("adopting")
def test_a_crowd_is_ended_and_costs_its_own_poll_only(tmp_path: Path, deed: Callable[[Visit], NoReturn]) -> None:
    other = _begun(tmp_path, _deaf)
    result = polled(tmp_path, deed, beat=0.1)
    assert result is not None
    assert (result.what, result.detail) == ("crashed", CROWD)
    assert other.result() is None, "the other poll lives"
    other.kill()


CROWD = f"roof: the poll had more than {TASKS} processes and threads, and was ended"


@dataclass
class Talks(Does):
    """Does one thing in its stream."""

    def follow(self, visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        yield [Reading("roof", PV_POWER, 1, clock.now())]
        self.deed(visit)


@pytest.mark.parametrize("deed", [_multiplies, _spins, _scatters])
@pytest.mark.usefixtures("adopting")
def test_a_stream_that_becomes_a_crowd_is_ended(tmp_path: Path, deed: Callable[[Visit], NoReturn]) -> None:
    """And a poll that begins and ends meanwhile takes neither blame nor what belongs to the stream."""
    visit = Visit("roof", "roof", START, UTC, 300, {}, tmp_path / "state")
    stream = Forked(config(tmp_path)).follow([(feed("roof", Talks(deed)), visit)])
    told: list[Result] = []
    began = stopwatch()
    while not stream.over and stopwatch() - began < 20:
        select.select((), (), (), 0.3)
        told += stream.results()
    assert [one.what for one in told] == ["ok", "crashed"]
    assert told[-1].detail == CROWD
    _await_nobody(stream._pid)  # type: ignore[attr-defined]
    assert orphans.loose(()) == []


@pytest.mark.usefixtures("adopting")
def test_what_runs_away_from_a_stream_is_not_a_polls(tmp_path: Path) -> None:
    def few(visit: Visit) -> NoReturn:
        if os.fork() == 0:
            if os.fork() == 0:
                _deaf(visit)
            os._exit(0)
        os.wait()
        (visit.state / "here").touch()
        _deaf(visit)

    visit = Visit("roof", "roof", START, UTC, 300, {}, tmp_path / "state")
    stream = Forked(config(tmp_path)).follow([(feed("roof", Talks(few)), visit)])
    began = stopwatch()
    while not (tmp_path / "state" / "here").exists() and stopwatch() - began < 20:
        select.select((), (), (), 0.05)
    assert orphans.loose([stream._pid]) == []  # type: ignore[attr-defined]
    result = polled(tmp_path, lambda visit: [Reading("roof", PV_POWER, 1, visit.now)])
    assert result is not None
    assert result.what == "ok"
    assert len(_members(stream._pid)) == 2, "it lives, with what it started"  # type: ignore[attr-defined]
    stream.kill()
    _await_nobody(stream._pid)  # type: ignore[attr-defined]


@pytest.mark.usefixtures("adopting")
def test_a_crowd_makes_room_for_the_next_poll(tmp_path: Path) -> None:
    """However rarely the one that multiplies is looked at: whoever forks next looks first."""
    crowd = _begun(tmp_path, _multiplies)
    select.select((), (), (), 0.5)
    result = polled(tmp_path, lambda visit: [Reading("roof", PV_POWER, 1, visit.now)])
    assert result is not None
    assert result.what == "ok"
    ended = crowd.result()
    assert ended is not None
    assert ended.detail == CROWD
    assert crowd.watch == ()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"\0\0\0\2{}", "sent something that is not a result"),
        (b"\0\0\0\2[]", "sent something that is not a result"),
        (b"\0\0\0\3\xff\xff\xff", "sent something that is not a result"),
        (b"\0\1\0\0" + b"[" * 65536, "sent something that is not a result"),
        (b"GET / HTTP/1.1", "answered with more than 8 MiB"),
    ],
)
def test_what_is_no_answer_ends_it(answer: bytes, words: str) -> None:
    """A library that writes into files that are none of its own."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        signal.pause()
    child = Child("roof", pid, reader)
    while answer:
        answer = answer[os.write(writer, answer[:4096]) :]
        result = child.result()
    assert result is not None
    assert (result.what, result.detail) == ("crashed", f"roof: the poll {words}")
    os.close(writer)


def test_a_child_is_killed_even_before_it_leads_a_group_of_its_own() -> None:
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        signal.alarm(60)
        signal.pause()
    os.close(writer)
    child = Child("roof", pid, reader)
    assert [child.kill(), child.kill()] == [-signal.SIGKILL] * 2
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)
    assert (child.watch, pid in Child._alive) == ((), False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, BaseException, RecursionError, MemoryError])
def test_whatever_is_raised_is_told(tmp_path: Path, error: type[BaseException]) -> None:
    def deed(_: Visit) -> NoReturn:
        raise error("the token is hunter2")

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.what == "crashed"
    assert "hunter2" not in result.detail


SHORT = [errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EPERM]


@pytest.mark.parametrize("code", SHORT)
@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_a_machine_that_is_short_of_something_costs_a_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    def refuse() -> NoReturn:
        raise OSError(code, os.strerror(code))

    before = sorted(Path("/proc/self/fd").iterdir())
    runner, visit = Forked(config(tmp_path)), Visit("roof", "roof", START, UTC, 300, {}, tmp_path / "state")
    monkeypatch.setattr(os, call, refuse)
    poll, stream = runner.start(feed("roof", Does(_deaf)), visit), runner.follow([(feed("roof", Does(_deaf)), visit)])
    result = poll.result()
    assert result is not None
    words = f"roof: this machine could not start the poll: {os.strerror(code)}"
    assert (result.what, result.detail, result.spent) == ("overloaded", words, 0)
    assert (stream.over, [one.detail for one in stream.results()], stream.results()) == (True, [words], [])
    poll.kill()
    stream.kill()
    assert sorted(Path("/proc/self/fd").iterdir()) == before


def test_what_a_sandbox_refuses_a_child_does_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError(errno.EPERM, "refused")

    for module, call in ((os, "setsid"), (os, "chdir"), (os, "nice"), (resource, "setrlimit"), (ctypes, "CDLL")):
        monkeypatch.setattr(module, call, refuse)
    result = polled(tmp_path, lambda visit: [Reading("roof", PV_POWER, 1, visit.now)])
    assert result is not None
    assert result.what == "ok"


def test_a_child_has_limits(tmp_path: Path) -> None:
    def deed(visit: Visit) -> Iterable[Reading]:
        names = ("AS", "FSIZE", "NOFILE", "CORE")
        found = (resource.getrlimit(getattr(resource, f"RLIMIT_{name}"))[1] for name in names)
        visit.remarks.add(" ".join(map(str, found)))
        return []

    result = polled(tmp_path, deed)
    assert result is not None
    assert result.detail == f"{1 << 30} {64 << 20} 256 0"


def test_should_the_daemon_die_a_poll_ends_by_itself(tmp_path: Path) -> None:
    def deed(visit: Visit) -> Iterable[Reading]:
        visit.remarks.add(str(signal.alarm(0)))
        return []

    result = polled(tmp_path, deed)
    assert result is not None
    assert 20 < int(result.detail) <= 20 + 2 * GRACE


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


@pytest.fixture
def adopting() -> Iterator[None]:
    """This process as the daemon: the parent of whatever its children leave behind."""
    orphans.adopt()
    yield
    orphans.end(())
    ctypes.CDLL(None).prctl(orphans._ADOPT, 0, 0, 0, 0)


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """Of those that the test itself began: on a slow machine one that an earlier test has killed may still be dying."""
    others = orphans._children()
    yield
    assert not set(orphans._children()) - set(others)
