"""Vendor libraries that misbehave, in a house that lives: each costs its own poll only, and leaves nothing behind."""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import select
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NoReturn

import pytest

from eink_monitor import orphans
from eink_monitor.clock import HOUR, MINUTE, SystemClock, stopwatch
from eink_monitor.daemon.polls import Forked
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.panels.health import Health
from eink_monitor.sources._http.apart import apart
from faults.ordeal import DEADLINE, Hurried, Near, Ordeal, on_the_panel
from small_house import START, Small, feed, slide, small_house

Blank = Callable[[Path], Path]
Deed = Callable[[Visit], object]


@dataclass
class Vendor(Source):
    """Does one thing, then answers if it still can."""

    deed: Deed = lambda _: None

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        self.deed(visit)
        return [Reading(visit.subject, PV_POWER, 1, visit.now)]


def deaf(_: Visit) -> NoReturn:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while True:
        select.select((), (), ())


def burns(_: Visit) -> NoReturn:
    while True:
        pass


def leaks(_: Visit) -> NoReturn:
    hoard = []
    while True:
        hoard.append(bytearray(50_000_000))


def helper(visit: Visit) -> None:
    """Starts a helper as `subprocess` does, in its own group."""
    _fork_into(visit, own_session=False)


def runaway(visit: Visit) -> None:
    """Starts a helper as a daemon is started: in a session of its own, its parent gone."""
    if (middle := os.fork()) == 0:
        _fork_into(visit, own_session=True)
        os._exit(0)
    os.waitpid(middle, 0)


def _fork_into(visit: Visit, *, own_session: bool) -> None:
    reader, writer = os.pipe()
    if os.fork() == 0:
        if own_session:
            os.setsid()
        with (visit.state / "helpers").open("a") as file:
            file.write(f"{os.getpid()}\n")
        os.write(writer, b".")
        deaf(visit)
    os.read(reader, 1)


def then_hangs(deed: Deed) -> Deed:
    def both(visit: Visit) -> None:
        deed(visit)
        deaf(visit)

    return both


def alive(state: Path) -> list[int]:
    """The helpers of all polls that still live."""
    file = state / "helpers"
    return [pid for pid in map(int, file.read_text().split()) if _lives(pid)] if file.exists() else []


def _lives(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def house(tmp_path: Path, blank: Blank) -> Iterator[Small]:
    clock = Hurried(START)
    clock.victim = "bad"
    feeds = [feed("bad", Vendor(), deadline=DEADLINE), feed("near", Near(), deadline=DEADLINE)]
    path = blank(tmp_path / "readings.db")
    house = small_house(path, feeds, [slide("health", Health())], clock=clock, runner=Forked)
    clock.house = house
    yield house
    house.daemon.stop()
    house.store.close()


@pytest.fixture
def adopting() -> Iterator[None]:
    """This process as the daemon: the parent of whatever its children leave behind."""
    orphans.adopt()
    yield
    ctypes.CDLL(None).prctl(orphans._ADOPT, 0, 0, 0, 0)


def segfault(_: Visit) -> None:
    faulthandler.disable()  # pytest's would fill the screen
    ctypes.string_at(0)


LATE = "bad: no answer within 1m"


@pytest.mark.parametrize(
    ("deed", "what", "sentence"),
    [
        (deaf, "unavailable", LATE),
        (burns, "unavailable", LATE),
        (then_hangs(helper), "unavailable", LATE),
        (then_hangs(runaway), "unavailable", LATE),
        (leaks, "crashed", "bad: the poll wanted too much memory"),
        (lambda _: sys.exit(0), "crashed", "bad: SystemExit at test_vendors.py"),
        (lambda _: os._exit(0), "crashed", "bad: the poll exited with code 0 before it answered"),
        (segfault, "crashed", "bad: the poll was killed by signal 11 before it answered"),
        (lambda _: "".index("x"), "crashed", "bad: ValueError at test_vendors.py"),
    ],
    ids=["ignores signals", "burns", "forks", "runs away", "leaks", "sys.exit", "os._exit", "segfault", "bug"],
)
@pytest.mark.usefixtures("adopting")
def test_it_costs_its_own_poll_only(
    house: Small, caplog: pytest.LogCaptureFixture, deed: Deed, what: str, sentence: str
) -> None:
    vendor = house.config.feeds["bad"].source
    assert isinstance(vendor, Vendor)
    house.live(MINUTE)

    def begin() -> None:
        vendor.deed, house.clock.hangs = deed, what == "unavailable"  # type: ignore[attr-defined]

    def mend() -> None:
        vendor.deed, house.clock.hangs = lambda _: None, False  # type: ignore[attr-defined]

    Ordeal(house, "bad", begin, mend, 20 * MINUTE, what, sentence).suffer(caplog)
    assert alive(house.config.state / "bad") == []
    _nobody_is_left()


@pytest.mark.parametrize("deed", [helper, runaway], ids=["forks", "runs away"])
@pytest.mark.usefixtures("adopting")
def test_what_it_started_does_not_outlive_its_answer(house: Small, deed: Deed) -> None:
    house.config.feeds["bad"].source.deed = deed  # type: ignore[attr-defined]
    house.live(11 * MINUTE)
    assert house.store.outcomes.get("bad").polls == 3  # type: ignore[union-attr]
    assert len((house.config.state / "bad" / "helpers").read_text().split()) == 3
    assert alive(house.config.state / "bad") == []
    _nobody_is_left()


@pytest.mark.usefixtures("adopting")
def test_a_renewal_is_not_cut_in_two_and_leaves_nothing_behind(house: Small) -> None:
    def renew(visit: Visit) -> None:
        def work() -> None:
            (visit.state / "begun").touch()
            SystemClock().wait(0.6)
            (visit.state / "renewed").touch()

        apart(work, "bad")

    house.config.feeds["bad"].source.deed = renew  # type: ignore[attr-defined]
    house.clock.hangs = True  # type: ignore[attr-defined]
    house.live(2 * MINUTE)
    house.clock.hangs = False  # type: ignore[attr-defined]
    assert house.store.outcomes.get("bad").what == "unavailable"  # type: ignore[union-attr]
    state = house.config.state / "bad"
    assert (state / "begun").exists()
    began = stopwatch()
    while not (state / "renewed").exists():
        assert stopwatch() - began < 10
        SystemClock().wait(0.02)
    house.config.feeds["bad"].source.deed = lambda _: None  # type: ignore[attr-defined]
    house.live(HOUR)
    _nobody_is_left()


def test_shouting_and_scribbling_are_heard_and_seen_by_nobody(
    house: Small, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def loud(_: Visit) -> None:
        print("the VIN is WBA12345")  # noqa: T201 - the point
        os.write(2, b"the VIN is WBA12345\n")
        logging.basicConfig(level=logging.DEBUG, force=True)
        logging.getLogger("eink_monitor").setLevel(logging.CRITICAL)
        logging.getLogger().error("the VIN is WBA12345")
        Path("cache.json").write_text("{}")
        os.chdir("/")
        os.umask(0)
        os.environ["TZ"] = "Asia/Tokyo"

    here, level = Path.cwd(), logging.getLogger("eink_monitor").level
    house.config.feeds["bad"].source.deed = loud  # type: ignore[attr-defined]
    house.live(HOUR)
    assert house.store.outcomes.get("bad").what == "ok"  # type: ignore[union-attr]
    assert any("all well" in text for text in on_the_panel(house))
    assert "WBA" not in "".join(capfd.readouterr()) + caplog.text
    assert not (here / "cache.json").exists()
    assert (house.config.state / "bad" / "cache.json").exists()
    assert (Path.cwd(), logging.getLogger("eink_monitor").level) == (here, level)


def _nobody_is_left() -> None:
    """Neither a process nor a zombie that a poll has left, but for a moment."""
    began = stopwatch()
    while left := [pid for pid in orphans._children() if orphans._score(pid) in {orphans.OFFERED, orphans.SPARED}]:
        orphans.end(())
        assert stopwatch() - began < 5, left
        SystemClock().wait(0.01)
