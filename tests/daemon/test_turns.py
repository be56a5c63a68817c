"""When it is whose turn: tables of what follows from how a poll or a stream ended, and houses that keep to them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock
from eink_monitor.daemon.turns import SOON, Rhythm, Turn, first
from eink_monitor.errors import AuthFailed, Gone, Missing, Throttled, Trouble, Unavailable, Unreachable
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Reading
from eink_monitor.sources._http.web import Web
from eink_monitor.sources._nearby import nearby
from eink_monitor.sources.ssh_disk import SshDisk
from eink_monitor.store import OutcomeRun
from loopback.faults import FAULTS
from loopback.network import Vendor
from small_house import START, Scripted, Small, feed, small_house
from test_following import Speaks, ended, listening

Blank = Callable[[Path], Path]
AWAY = Unreachable("roof: the address cannot be looked up")
BUSY = Unavailable("roof: an internal error (503)")
REFUSED = AuthFailed("roof: the key is wrong")
HOURLY, QUICK, HOME = Rhythm(HOUR), Rhythm(300), Rhythm(30, 90)
WORDS = (
    "ok",
    "unreachable",
    "overloaded",
    "unavailable",
    "bad-answer",
    "crashed",
    "throttled",
    "auth",
    "gone",
    "missing",
)


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def pauses(rhythm: Rhythm, *ends: str) -> list[float]:
    """After how long it is tried again, for each end in a row; infinite for who waits for a person."""
    turn, found = Turn(0.0), []
    for end in ends:
        mono = turn.due
        turn = turn.after(end, mono, rhythm, 7 * MINUTE if end == "throttled" else -mono)
        found.append(float("inf") if turn.stopped else turn.due - mono)
    return found


NEVER = float("inf")


@pytest.mark.parametrize(
    ("rhythm", "ends", "expected"),
    [
        (HOURLY, ["ok", "ok"], [HOUR, HOUR]),
        (HOURLY, ["unreachable"] * 6, [10, 30, 60, 300, HOUR, HOUR]),
        (HOURLY, ["overloaded"] * 3 + ["unreachable"] * 2, [10, 30, 60, 300, HOUR]),
        (QUICK, ["unreachable"] * 8, [10, 30, 60, 300, 300, 600, 1200, 2400]),
        (HOME, ["unreachable"] * 7, [10, 30, 30, 30, 30, 60, 90]),
        (HOME, ["unavailable"] * 5, [30, 60, 90, 90, 90]),
        (Rhythm(5, 15), ["unreachable", "unavailable", "crashed", "bad-answer"], [5, 5, 10, 15]),
        (QUICK, ["unavailable"] * 6, [300, 600, 1200, 2400, 3600, 3600]),
        (Rhythm(2 * HOUR), ["unavailable"] * 3, [2 * HOUR] * 3),
        (HOURLY, ["unreachable", "ok", "unreachable"], [10, HOUR, 10]),
        (QUICK, ["unreachable", "unavailable", "unreachable"], [10, 300, 10]),
        (QUICK, ["throttled", "throttled"], [420, 420]),
        (QUICK, ["auth", "auth"], [300, NEVER]),
        (QUICK, ["unreachable"] * 3 + ["auth", "unreachable", "auth"], [10, 30, 60, 300, 10, NEVER]),
        (QUICK, ["unavailable", "unavailable", "auth"], [300, 600, 1200]),
        (QUICK, ["auth", "ok", "auth"], [300, 300, 300]),
        (QUICK, ["gone"], [NEVER]),
        (QUICK, ["missing"], [NEVER]),
    ],
)
def test_what_follows(rhythm: Rhythm, ends: list[str], expected: list[float]) -> None:
    assert pauses(rhythm, *ends) == expected


@given(st.lists(st.sampled_from(WORDS), max_size=30), st.integers(5, DAY), st.booleans())
def test_nobody_is_asked_in_a_hurry_nor_forgotten(ends: list[str], pace: int, local: bool) -> None:
    rhythm = Rhythm(pace, 3 * pace if local else HOUR)
    for end, pause in zip(ends, pauses(rhythm, *ends), strict=True):
        assert pause >= min(SOON[0], pace)
        if end != "throttled" and pause != NEVER:
            assert pause <= max(pace, rhythm.longest)
        if end in {"unavailable", "bad-answer", "crashed", "auth"}:
            assert pause >= pace, "who was reached may have counted it"


def past(what: str, polls: int = 1, due: int | None = START + HOUR, stamp: int = 5, at: int = START) -> OutcomeRun:
    return OutcomeRun("roof", at, at, polls, 0.1, what, "", None, due, stamp)


@pytest.mark.parametrize(
    ("known", "later", "expected"),
    [
        (None, 0, Turn(0)),
        (past("ok"), 60, Turn(HOUR - 60)),
        (past("ok"), 2 * HOUR, Turn(0)),
        (past("ok", due=START + 9 * HOUR), 0, Turn(6 * HOUR)),
        (past("throttled"), 60, Turn(HOUR - 60)),
        (past("throttled", due=START + 61 * DAY), 0, Turn(6 * HOUR)),
        (past("ok", due=START | 1 << 28), 0, Turn(0)),  # a bit has flipped
        (past("unavailable", 3), 60, Turn(HOUR - 60, 3)),
        (past("unreachable", 3), 60, Turn(0)),  # it costs nothing
        (past("overloaded", 3), 60, Turn(0)),
        (past("missing", due=None), 60, Turn(0)),  # it costs nothing either, and may be there by now
        (past("auth"), 60, Turn(HOUR - 60, 1, 0, 1)),
        (past("auth", stamp=4), 60, Turn(0)),  # a person has changed something
        (past("auth", 2, None), 30 * DAY, Turn(0, 2, 0, 2, stopped=True)),
        (past("auth", 2, None, stamp=4), 60, Turn(0)),
        (past("gone", due=None), 60, Turn(0, stopped=True)),
        (past("gone", due=None), DAY, Turn(0)),  # perhaps by a newer version
        (past("gone", due=None, stamp=4), 60, Turn(0)),
        (past("ok"), -30 * DAY, Turn(HOUR)),  # the clock was ahead then
    ],
)
def test_a_restart(known: OutcomeRun | None, later: int, expected: Turn) -> None:
    assert first(known, START + later, 0.0, 5) == expected


@pytest.mark.parametrize(("what", "at_once"), [("unavailable", True), ("bad-answer", True), ("ok", False)])
def test_a_restart_with_another_configuration(what: str, at_once: bool) -> None:
    assert (first(past(what), START + 60, 0.0, 5, edited=START + 50).due == 0) == at_once
    assert first(past(what), START + 60, 0.0, 5, edited=START - 50).due == HOUR - 60


def gaps(asked: Iterable[int]) -> list[int]:
    return [after - before for before, after in itertools.pairwise(asked)]


def test_a_first_poll_without_a_network_is_tried_again_soon(path: Path) -> None:
    roof = Scripted(script=[*[AWAY] * 4, 5.0], wish=2 * HOUR)
    house = small_house(path, [feed("roof", roof)])
    house.live(HOUR)
    assert gaps(roof.asked) == [10, 30, 60, 300]
    trouble = house.daemon.house.feeds()[0]
    assert trouble.what == "ok"


def test_a_restart_begins_soon_again_where_nobody_was_reached(path: Path) -> None:
    for number in range(3):
        roof = Scripted(script=[AWAY], wish=2 * HOUR)
        house = small_house(path, [feed("roof", roof)], clock=FastClock(START + number * 1000), durable=True)
        house.live(50)
        assert gaps(roof.asked) == [10, 30]
        house.daemon.stop()
        house.store.close()


def test_a_source_in_the_house_is_never_put_off_for_long(path: Path) -> None:
    @dataclass
    class Inverter(Scripted):
        @property
        def local(self) -> bool:
            return True

    for trouble in (BUSY, AWAY):
        roof = Inverter(script=[trouble])
        house = small_house(path, [feed("roof", roof, every=30)], durable=True)
        house.live(HOUR)
        assert max(gaps(roof.asked)) == 90
        house.daemon.stop()
        house.store.close()
        path.unlink()


def test_a_fault_shows_from_the_first_failure_on(path: Path) -> None:
    for trouble in (AWAY, BUSY):
        house = small_house(path, [feed("roof", Scripted(script=[trouble]))], durable=True)
        assert house.daemon.house.trouble("roof") is None
        house.live(1)
        status = house.daemon.house.trouble("roof")
        assert status is not None
        assert (status.what, status.since) == (trouble.what, START)
        house.daemon.stop()
        house.store.close()
        path.unlink()


def test_refusals_are_counted_although_the_network_was_away_in_between(path: Path) -> None:
    roof = Scripted(script=[AWAY, AWAY, REFUSED, AWAY, REFUSED])
    house = small_house(path, [feed("roof", roof)])
    house.live(DAY)
    assert len(roof.asked) == 5


def test_a_sign_in_after_the_first_refusal_waits_for_nothing(path: Path) -> None:
    roof = Scripted(script=[REFUSED, AWAY, 5.0], wish=2 * HOUR)
    house = small_house(path, [feed("roof", roof)])
    house.live(60)
    assert len(roof.asked) == 1
    (house.config.state / "roof").mkdir(parents=True)
    (house.config.state / "roof" / "token").write_text("{}")
    house.live(6 * MINUTE)
    assert gaps(roof.asked)[1:] == [10], "once at once, and then as the network allows"
    assert house.daemon.house.feeds()[0].what == "ok"


@dataclass
class Cloud(Scripted):
    """Two calls a visit, to a vendor that is there or not."""

    url: str = ""

    def cost(self, visit: Visit) -> int:
        return 2

    def poll(self, visit: Visit) -> Iterable[Reading]:
        self.asked.append(visit.now)
        web = Web(self.url, "the vendor", visit)
        for _ in range(2):
            web.get("/now").json()
        return []


def here(vendor: Vendor) -> str:
    return f"http://127.0.0.1:{vendor.url.rpartition(':')[2]}"


def used(house: Small) -> int:
    quota = house.config.feeds["car"].source.quota()
    assert quota is not None
    return house.store.ledger.spent(quota, house.clock.now())[0].used


SCARCE = Quota("vendor", (Budget(3, "day"),))


def test_calls_that_reach_nobody_are_not_counted(path: Path) -> None:
    """A refused connection, a name that nobody knows, no TLS where there should be: no request was ever sent."""
    with Vendor() as vendor:
        closed = here(vendor)
    with Vendor() as vendor:
        nobodys = here(vendor).replace("http:", "https:")  # what answers speaks no TLS
        for url in (closed, "https://nobody.invalid", nobodys):
            costs_nothing(path, url)


def costs_nothing(path: Path, url: str) -> None:
    car = Cloud(budget=SCARCE, url=url)
    house = small_house(path, [feed("car", car)], durable=True)
    house.live(10 * MINUTE)
    assert len(car.asked) == 5
    house.daemon.stop()
    assert used(house) == 0
    house.store.close()
    path.unlink()


def test_calls_that_reach_the_vendor_are_counted_and_not_repeated_soon(path: Path) -> None:
    with Vendor() as vendor:
        vendor.fault = FAULTS["500"]
        car = Cloud(budget=SCARCE, url=here(vendor))
        house = small_house(path, [feed("car", car)])
        house.live(4 * MINUTE)
        assert (len(car.asked), used(house)) == (1, 1)


def test_a_stream_without_its_library_or_its_interface_begins_no_more(path: Path) -> None:
    """What is kept in the feed's folder is new to the outcome only when it changes after it."""
    for trouble in (Gone("closed"), Missing("roof: the library paho is not installed")):
        house, ears = listening(path, Speaks(beside=True), [ended(trouble)])
        folder = house.config.state / "roof"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "notes").write_text("{}")
        house.live(DAY)
        assert len(ears.streams) == 1
        house.store.close()
        path.unlink()


@pytest.mark.parametrize("beside", [True, False])
def test_a_stream_refused_twice_does_not_knock_after_a_restart(path: Path, beside: bool) -> None:
    house, ears = listening(path, Speaks(beside=beside), [ended(REFUSED)])
    house.live(DAY)
    assert len(ears.streams) == 2
    house.daemon.stop()
    house.store.close()
    house, ears = listening(path, Speaks(beside=beside), [ended(REFUSED)])
    house.live(DAY)
    assert ears.streams == []
    (house.config.state / "roof").mkdir(parents=True)
    (house.config.state / "roof" / "token").write_text("{}")
    house.live(10 * MINUTE)
    assert len(ears.streams) >= 1, "a person has signed in"


def test_a_stream_that_was_told_to_wait_waits_across_a_restart(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), [ended(Throttled("wait", START + 4 * HOUR))])
    house.live(60)
    house.daemon.stop()
    house.store.close()
    house, ears = listening(path, Speaks(beside=True), [])
    house.live(3 * HOUR)
    assert ears.streams == []
    house.live(HOUR + 60)
    assert len(ears.streams) == 1


def test_a_stream_without_a_network_is_tried_again_soon(path: Path) -> None:
    house, ears = listening(path, Speaks(beside=True), *([ended(AWAY)] for _ in range(3)), [])
    house.live(3 * MINUTE)
    assert len(ears.streams) >= 3


@pytest.mark.parametrize("trouble", [AWAY, BUSY, REFUSED])
def test_what_a_person_polls_by_hand_moves_the_timetable(path: Path, trouble: Trouble) -> None:
    refused = trouble is REFUSED
    roof = Scripted(script=[*[trouble] * 4 * (trouble is AWAY), trouble, *[trouble] * refused, 1.0], wish=2 * HOUR)
    house = small_house(path, [feed("roof", roof)], durable=True)
    house.live(3 * HOUR if refused else HOUR)
    asked = len(roof.asked)
    person = Scripted(script=[5.0], wish=2 * HOUR)
    by_hand = small_house(path, [feed("roof", person)], clock=house.clock, durable=True, beside=True)
    assert by_hand.daemon.fetching.poll_now("roof").what == "ok"
    by_hand.store.flush()
    when = house.clock.now()
    house.live(3 * HOUR)
    assert house.daemon.house.trouble("roof") is None
    assert roof.asked[asked:] == [when + 2 * HOUR]


@pytest.mark.parametrize(
    ("host", "is_near"),
    [
        *((host, True) for host in ("localhost", "nas", "nas.local", "NAS.Local.", "disk.fritz.box", "10.0.0.7")),
        *((host, True) for host in ("192.168.178.20", "172.16.0.1", "172.31.9.9", "127.0.0.1", "fe80::1", "fd12::3")),
        *((host, False) for host in ("example.org", "172.32.0.1", "11.1.1.1", "8.8.8.8", "2001:db8::1", "local.org")),
    ],
)
def test_what_is_in_the_house(host: str, is_near: bool) -> None:
    assert nearby(host) == is_near
    assert SshDisk(host=host, user="backup", mounts={"it": "/mnt"}).local == is_near
