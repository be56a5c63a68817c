"""Streams: what comes is stored as it comes; what ends is begun again; what is silent is ended."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, Clock, FastClock, SystemClock, stopwatch
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Company, Result
from eink_monitor.errors import AuthFailed, Gone, Throttled, Trouble, Unavailable
from eink_monitor.metrics import PV_POWER, STORAGE_SOC
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import SharedLine
from houses.inline import Inline
from small_house import START, Scripted, Small, feed, small_house

Blank = Callable[[Path], Path]


@dataclass
class Spoken:
    """A stream that says what the script of its talk says."""

    talk: list[Result]
    killed: bool = False
    watch: Sequence[int] = ()

    @property
    def over(self) -> bool:
        return bool(self.said) and self.said[-1].what != "ok" and not self.said[-1].feed

    def __post_init__(self) -> None:
        self.said: list[Result] = []

    def results(self) -> list[Result]:
        said = [self.talk.pop(0)] if self.talk else []
        self.said += said
        return said

    def kill(self) -> None:
        self.killed = True


@dataclass
class Ears(Inline):
    """A runner whose streams are scripted, one talk after another; the last one for ever."""

    talks: list[list[Result]] = field(default_factory=list)
    streams: list[Spoken] = field(default_factory=list)
    companies: list[list[str]] = field(default_factory=list)
    kind: type[Spoken] = Spoken

    def follow(self, company: Company) -> Spoken:  # type: ignore[override]
        self.companies.append([feed.name for feed, _ in company])
        talk = self.talks.pop(0) if len(self.talks) > 1 else list(self.talks[0])
        self.streams.append(self.kind(talk))
        return self.streams[-1]


@dataclass
class Speaks(Scripted):
    """A source that follows; ``beside`` says whether it is polled, too."""

    beside: bool = False
    stream: Callable[[Visit, Clock], Iterator[list[Reading]]] | None = None

    @property
    def follows(self) -> bool:
        return True

    @property
    def polls(self) -> bool:
        return self.beside

    def follow(self, visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        assert self.stream is not None
        return self.stream(visit, clock)


@dataclass(frozen=True)
class Wire(SharedLine):
    """A line on which ``talk`` is said."""

    key: str = "broker"
    talk: Callable[[list[str]], Iterator[tuple[str, list[Reading] | Trouble]]] | None = None

    def follow(
        self, company: Mapping[str, tuple[SharedLine, Visit]], clock: Clock
    ) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        assert self.talk is not None
        yield from self.talk(list(company))
        while True:
            clock.wait(60)


@dataclass
class OnALine(Speaks):
    """A source that shares a line."""

    wire: Wire = Wire()

    @property
    def line(self) -> Wire:
        return self.wire


def said(value: float, at: int, feed: str = "") -> Result:
    return Result([Reading(feed or "roof", PV_POWER, value, at)], feed=feed)


def ended(trouble: Trouble) -> Result:
    return Result([], trouble.what, str(trouble), until=getattr(trouble, "until", 0))


def listening(path: Path, source: Speaks, *talks: list[Result]) -> tuple[Small, Ears]:
    ears = Ears(talks=list(talks))
    return small_house(path, [feed("roof", source, every=30)], runner=lambda _: ears), ears


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def test_what_is_said_is_stored_at_once(path: Path) -> None:
    house, _ = listening(path, Speaks(), [said(7, START - 5)])
    house.daemon.tick()
    house.daemon.tick()  # as the pipe wakes it
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert (latest.value, latest.at) == (7, START - 5)
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert past.what == "ok"


def test_a_source_that_only_follows_is_never_polled(path: Path) -> None:
    alone, beside = Speaks(), Speaks(beside=True)
    for source, polled in ((alone, False), (beside, True)):
        house, _ = listening(path, source, [])
        house.live(60)
        assert bool(source.asked) == polled
        house.store.close()


def test_a_stream_that_ends_begins_again_with_growing_pauses(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(Unavailable("roof: the stream has ended"))])
    house.live(2 * HOUR)
    assert 6 <= len(ears.streams) <= 9
    assert all(stream.killed for stream in ears.streams)
    past = house.store.outcomes.get("roof stream")
    assert past is not None
    assert past.what == "unavailable"
    assert past.due is not None
    assert past.at + HOUR == past.due > house.clock.now()


def test_a_silent_stream_that_should_speak_is_ended(path: Path) -> None:
    house, ears = listening(path, Speaks(), [said(1, START)], [])
    house.live(20 * 60)
    assert len(ears.streams) >= 3
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert "silent" in past.detail


def test_a_stream_may_be_silent_for_three_beats_and_as_long_as_an_answer_may_take(path: Path) -> None:
    house, ears = listening(path, Speaks(), [said(1, START)], [])
    house.daemon.tick()
    house.daemon.tick()  # it has said something
    house.live(3 * 30 + 60 - 1)
    house.daemon.tick()
    before = ears.streams[0].killed
    house.live(1)
    house.daemon.tick()
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert past.detail == "roof: the stream has been silent for 150 s"
    assert (before, ears.streams[0].killed) == (False, True)


def test_a_stream_that_may_be_silent_is_renewed_once_a_day(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [])
    house.live(2 * DAY + HOUR)
    assert len(ears.streams) == 3
    assert house.store.outcomes.get("roof stream") is None, "which is no fault"


def test_two_refusals_wait_for_a_person(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(AuthFailed("roof: sign in again"))])
    house.live(DAY)
    assert len(ears.streams) == 2
    token = house.config.state / "roof" / "tokens.json"
    token.parent.mkdir(parents=True)
    token.write_text("{}")
    house.live(HOUR)
    assert len(ears.streams) > 2


def test_after_one_refusal_what_a_person_has_changed_is_tried_at_once(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(AuthFailed("roof: sign in again"))])
    for _ in range(3):
        house.daemon.tick()
    before = len(ears.streams)
    token = house.config.state / "roof" / "tokens.json"
    token.parent.mkdir(parents=True)
    token.write_text("{}")
    house.daemon.tick()
    assert (before, len(ears.streams)) == (1, 2)


def sharing(path: Path, *talks: list[Result]) -> tuple[Small, Ears]:
    ears = Ears(talks=list(talks))
    feeds = [feed(name, OnALine(), every=30) for name in ("roof", "car")] + [feed("disk", OnALine(wire=Wire("other")))]
    return small_house(path, feeds, runner=lambda _: ears), ears


def how(house: Small, name: str) -> tuple[str, str]:
    past = house.store.outcomes.get(name)
    return (past.what, past.detail) if past else ("", "")


def test_feeds_of_one_line_share_a_child_and_each_gets_its_own(path: Path) -> None:
    house, ears = sharing(path, [said(7, START - 5, "roof"), said(8, START - 4, "car")], [])
    for _ in range(3):
        house.daemon.tick()
    assert ears.companies == [["roof", "car"], ["disk"]]
    latest = [house.store.readings.latest(name, PV_POWER) for name in ("roof", "car", "disk")]
    assert [reading and reading.value for reading in latest] == [7, 8, None]
    assert [how(house, name)[0] for name in ("roof", "car", "disk")] == ["ok", "ok", ""]


def test_the_mistake_of_one_costs_the_others_of_its_line_nothing(path: Path) -> None:
    refused = replace(ended(AuthFailed("its topic is refused")), feed="car")
    house, ears = sharing(path, [refused, said(7, START - 5, "roof"), refused, said(8, START - 4, "roof")], [])
    for _ in range(5):
        house.daemon.tick()
    assert (how(house, "roof")[0], how(house, "car")) == ("ok", ("auth", "its topic is refused"))
    assert not ears.streams[0].killed
    house.live(DAY)
    assert {"roof", "car"} == {name for names in ears.companies[2:] for name in names} - {"disk"}


def test_the_end_of_a_line_is_the_outcome_of_everyone_on_it(path: Path) -> None:
    house, ears = sharing(path, [ended(AuthFailed("a wrong password"))], [], [ended(AuthFailed("a wrong password"))])
    house.live(DAY)
    assert [how(house, name)[0] for name in ("roof", "car")] == ["auth", "auth"]
    assert ears.companies.count(["roof", "car"]) == 2, "then they wait for a person"


@pytest.mark.parametrize("end", ["trouble", "bug"])
def test_a_real_child_speaks_for_everyone_on_its_line(path: Path, end: str) -> None:
    def talk(names: list[str]) -> Iterator[tuple[str, list[Reading] | Trouble]]:
        now = SystemClock().now()
        yield "roof", [Reading("roof", PV_POWER, len(names), now), Reading("roof", STORAGE_SOC, 300, now)]
        yield "car", AuthFailed("its topic is refused")
        yield "roof", [Reading("roof", PV_POWER, 9, now + 1)]
        raise Unavailable("the broker is gone") if end == "trouble" else ValueError("the token is hunter2")

    house = small_house(path, [])
    company = [
        (feed(name, OnALine(wire=Wire(talk=talk))), Visit(name, name, START, house.config.zone, 30, {}, path.parent))
        for name in ("roof", "car")
    ]
    child = Forked(house.config).follow(company)
    heard: list[Result] = []
    began = stopwatch()
    while not child.over and stopwatch() - began < 20:
        select.select(child.watch, (), (), 0.2)
        heard += child.results()
    child.kill()
    house.daemon.stop()
    *batches, last = heard
    assert [(one.feed, one.what, one.detail, [reading.value for reading in one.readings]) for one in batches] == [
        ("roof", "ok", "left out: storage_soc 300 %", [2]),
        ("car", "auth", "its topic is refused", []),
        ("roof", "ok", "", [9]),
    ]
    why = {"trouble": "the broker is gone", "bug": "roof, car: ValueError at test_following.py:"}
    assert not last.feed
    assert last.detail.startswith(why[end])
    assert "hunter2" not in last.detail


class Broken(Spoken):
    """There is a bug in what takes it in."""

    def results(self) -> list[Result]:
        raise ValueError("the token is hunter2")


def test_a_bug_costs_the_stream_and_leaves_no_child(path: Path) -> None:
    ears = Ears(talks=[[]], kind=Broken)
    house = small_house(path, [feed("roof", Speaks())], runner=lambda _: ears)
    house.daemon.tick()
    house.daemon.tick()
    assert ears.streams[0].killed
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert past.detail.startswith("roof: a bug, please report it: ValueError at test_following.py:")
    house.live(61)
    assert len(ears.streams) == 2


def test_gone_is_gone(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(Gone("closed"))])
    house.live(DAY)
    assert len(ears.streams) == 1


def test_throttled_waits(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(Throttled("wait", START + 4 * HOUR))], [])
    house.live(4 * HOUR - 60)
    assert len(ears.streams) == 1
    house.live(2 * HOUR)
    assert len(ears.streams) == 2


def test_a_real_child_passes_on_what_comes_and_dies_with_us(path: Path) -> None:
    def talk(visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        for value in range(3):
            yield [Reading("roof", PV_POWER, value, visit.now - 10 + value)]
        path.with_name("pid").write_text(str(os.getpid()), encoding="utf-8")
        yield [Reading("roof", PV_POWER, 3, visit.now - 1)]
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            clock.wait(60)

    source = Speaks(stream=talk)
    house = small_house(path, [feed("roof", source, every=30)], clock=FastClock(SystemClock().now()), runner=Forked)
    house.daemon.tick()
    began = stopwatch()
    while stopwatch() - began < 5:
        select.select(house.daemon.watch(), (), (), 1)
        house.daemon.tick()
        latest = house.store.readings.latest("roof", PV_POWER)
        if latest and latest.at == house.clock.now() - 1:
            break
    found = house.store.readings.runs("roof", PV_POWER, 0, 1 << 40)
    assert [run.value for run in found] == [0, 1, 2, 3]
    child = int(path.with_name("pid").read_text(encoding="utf-8"))
    house.daemon.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize("end", ["trouble", "bug", "quiet", "exit"])
def test_however_a_real_stream_ends_it_is_said(path: Path, end: str) -> None:
    def talk(visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        yield [Reading("roof", PV_POWER, 1, visit.now)]
        if end == "trouble":
            raise Unavailable("roof: the broker is gone")
        if end == "bug":
            raise ValueError("the token is hunter2")
        if end == "exit":
            os._exit(3)

    house = small_house(path, [feed("roof", Speaks(stream=talk))], clock=FastClock(SystemClock().now()), runner=Forked)
    began = stopwatch()
    while stopwatch() - began < 5:
        house.daemon.tick()
        past = house.store.outcomes.get("roof")
        if past and past.what != "ok":
            break
        select.select(house.daemon.watch(), (), (), 0.2)
    assert past is not None
    words = {
        "trouble": "roof: the broker is gone",
        "bug": "roof: ValueError at test_following.py:",
        "quiet": "roof: the stream has ended",
        "exit": "exited with code 3",
    }
    assert words[end] in past.detail
    assert "hunter2" not in past.detail
    house.daemon.stop()


def test_an_odd_value_of_a_real_stream_is_left_out_and_said_of_its_batch_alone(path: Path) -> None:
    def talk(_: Visit, clock: Clock) -> Iterator[list[Reading]]:
        now = clock.now()
        yield [Reading("roof", PV_POWER, 1, now), Reading("roof", STORAGE_SOC, -1.5, now)]
        yield [Reading("roof", STORAGE_SOC, 300, now)]
        yield [Reading("roof", PV_POWER, 2, now)]
        clock.wait(60)

    house = small_house(path, [])
    visit = Visit("roof", "roof", START, house.config.zone, 30, {}, path.parent)
    child = Forked(house.config).follow([(feed("roof", Speaks(stream=talk)), visit)])
    heard: list[Result] = []
    began = stopwatch()
    while len(heard) < 3 and stopwatch() - began < 5:
        select.select(child.watch, (), (), 0.2)
        heard += child.results()
    child.kill()
    house.daemon.stop()
    assert [(result.what, result.detail, [reading.value for reading in result.readings]) for result in heard] == [
        ("ok", "left out: storage_soc -1.5 %", [1]),
        ("ok", "left out: storage_soc 300 %", []),
        ("ok", "", [2]),
    ]


def test_why_a_stream_ended_is_said_once(path: Path) -> None:
    def talk(visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        yield [Reading("roof", PV_POWER, 1, visit.now)]
        os._exit(3)

    house = small_house(path, [])
    visit = Visit("roof", "roof", START, house.config.zone, 30, {}, path.parent)
    child = Forked(house.config).follow([(feed("roof", Speaks(stream=talk)), visit)])
    heard: list[Result] = []
    began = stopwatch()
    while not child.over and stopwatch() - began < 20:
        select.select(child.watch, (), (), 0.2)
        heard += child.results()
    assert [result.what for result in heard] == ["ok", "crashed"]
    assert "with code 3" in heard[-1].detail
    assert (child.results(), child.watch) == ([], ())
    child.kill()
    house.daemon.stop()


def test_a_stream_does_not_outlive_a_daemon_that_is_killed(path: Path) -> None:
    def talk(visit: Visit, clock: Clock) -> Iterator[list[Reading]]:
        yield [Reading("roof", PV_POWER, 1, visit.now)]
        while True:
            clock.wait(60)

    house = small_house(path, [])
    visit = Visit("roof", "roof", START, house.config.zone, 30, {}, path.parent)
    reader, writer = os.pipe()
    if (daemon := os.fork()) == 0:
        try:
            stream = Forked(house.config).follow([(feed("roof", Speaks(stream=talk)), visit)])
            select.select(stream.watch, (), (), 20)  # it has settled down and speaks
            os.write(writer, str(getattr(stream, "_pid", 0)).encode())
            signal.pause()
        finally:
            os._exit(1)
    child = int(os.read(reader, 99))
    handle = os.pidfd_open(child)
    os.kill(daemon, signal.SIGKILL)
    os.waitpid(daemon, 0)
    gone, _, _ = select.select([handle], (), (), 20)
    signal.pidfd_send_signal(handle, signal.SIGKILL) if not gone else None
    for number in (reader, writer, handle):
        os.close(number)
    assert gone
    house.daemon.stop()
