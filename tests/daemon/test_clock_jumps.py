"""A Pi has no clock of its own: boots weeks behind, jumps at the worst moments, and what must not follow from them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, local, midnight
from eink_monitor.config import Config, Feed
from eink_monitor.daemon.child import carry_out
from eink_monitor.daemon.polls import SilentStream
from eink_monitor.daemon.runner import Company, Result
from eink_monitor.errors import Throttled
from eink_monitor.metrics import PV_POWER, STORAGE_SOC
from eink_monitor.model.poll import Budget, Quota, Visit
from eink_monitor.model.reading import Reading
from eink_monitor.model.source import Source
from eink_monitor.quota import SPANS
from eink_monitor.settings import Window
from small_house import START, UTC, Says, Scripted, Small, feed, slide, small_house

Blank = Callable[[Path], Path]
WEEKS = 21 * DAY
QUOTA = Quota("cloud", (Budget(24, "day"), Budget(300, "month")))


@dataclass
class Honest(Source):
    """Dates what it measures by our clock, and its value is the true time since ``START`` in minutes."""

    clock: FastClock
    budget: Quota | None = None
    asked: list[float] = field(default_factory=list)
    vendor: bool = False

    metrics = (PV_POWER, STORAGE_SOC)

    def quota(self) -> Quota | None:
        return self.budget

    def poll(self, visit: Visit) -> Iterable[Reading]:
        if self.budget:
            visit.spend()
        self.asked.append(self.clock.monotonic())
        at = truth(self.clock) - 600 if self.vendor else visit.now
        return [Reading(visit.subject, PV_POWER, self.clock.monotonic() // 60, at)]


def truth(clock: FastClock) -> int:
    return int(START + clock.monotonic())


def stored(house: Small, subject: str = "roof") -> list[tuple[int, int]]:
    """When each value was measured, as stored, and as it was in truth, in minutes since ``START``."""
    house.store.flush()
    runs = house.store.readings.runs(subject, PV_POWER, 0, START + 400 * DAY)
    return [((run.start - START) // 60, int(run.value)) for run in runs]


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def behind(path: Path, by: int = WEEKS, **more: object) -> tuple[Small, Honest]:
    """A house that has just booted, its clock not synchronised and ``by`` seconds behind."""
    clock = FastClock(START - by, sure=False, boot="one")
    roof = Honest(clock, **more)  # type: ignore[arg-type]
    return small_house(path, [feed("roof", roof)], [slide("s", Says())], clock=clock), roof


def put_right(house: Small) -> None:
    """The network is up and the time is known."""
    house.clock.set_wall(truth(house.clock))
    house.clock.sure = True


def test_readings_wait_until_the_time_is_known_and_get_it(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    house, _ = behind(path)
    house.live(40 * MINUTE)
    assert house.store.rows()["series"] == 0, "nothing is stored with a wrong date"
    assert house.store.readings.latest("roof", PV_POWER), "but drawn"
    (clock,) = [status for status in house.daemon.house.feeds() if status.name == "clock"]
    assert clock.detail.startswith("waiting for the clock to be set")
    put_right(house)
    house.live(20 * MINUTE)
    assert [status.name for status in house.daemon.house.feeds()] == ["roof"]
    assert stored(house) == [(minute, minute) for minute in range(0, 60, 5)]
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert (past.since, past.polls) == (START, 12)
    assert [record.message for record in caplog.records] == [
        "the clock is not set yet; readings wait in memory until it is",
        "the clock was put forward by 21 days; 8 readings were re-dated",
        "the clock is now set",
    ]


def test_what_a_vendor_dated_keeps_its_date(path: Path) -> None:
    house, roof = behind(path, by=-HOUR, vendor=True)  # ahead: the vendor's dates look old, and are right
    house.live(21 * MINUTE)
    put_right(house)
    house.live(20 * MINUTE)
    assert [at for at, _ in stored(house)] == [minute - 10 for minute in range(0, 45, 5)]
    assert roof.asked == [minute * 60 for minute in range(0, 45, 5)]


def test_time_goes_on_from_what_is_stored(path: Path) -> None:
    house, _ = behind(path, by=0)
    put_right(house)
    house.live(HOUR)
    house.daemon.stop()
    house.store.close()
    clock = FastClock(START - WEEKS, sure=False, boot="two")
    house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())], clock=clock)
    house.live(16 * MINUTE)
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.value == 5, "the new one, though the clock says it is three weeks older"
    assert latest.at >= START + 55 * MINUTE
    house.clock.set_wall(START + 3 * HOUR)
    house.clock.sure = True
    house.live(MINUTE)
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.at == START + 3 * HOUR - MINUTE, "15 minutes after that boot, which took place in truth at 2:44"


def test_a_jump_while_a_poll_runs_dates_its_answer_right(path: Path) -> None:
    for number, jump in enumerate((WEEKS, -WEEKS)):
        clock = FastClock(START - jump, sure=None)

        def runner(_: Config, clock: FastClock = clock) -> Slow:
            return Slow(clock)

        house = small_house(path.with_name(f"{number}.db"), [feed("roof", Honest(clock))], clock=clock, runner=runner)
        house.daemon.tick()
        house.daemon.tick()
        clock.wait(20)
        house.clock.set_wall(truth(clock))
        house.daemon.tick()
        assert stored(house) == [(0, 0)]
        due = house.store.outcomes.get("roof")
        assert due is not None
        assert due.due == START + 300


@pytest.mark.parametrize("jump", [WEEKS, -WEEKS])
def test_a_jump_while_a_poll_runs_does_not_change_how_long_a_vendor_wants_to_be_left_alone(
    path: Path, jump: int
) -> None:
    clock = FastClock(START - jump)
    roof = Scripted([Throttled("wait", START - jump + 3 * HOUR)])
    house = small_house(path, [feed("roof", roof)], clock=clock, runner=lambda _: Slow(clock))
    house.daemon.tick()
    clock.wait(20)
    house.clock.set_wall(truth(clock))
    house.daemon.tick()
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert (past.what, past.due) == ("throttled", START + 3 * HOUR)


class Slow:
    """Answers after 20 seconds."""

    watch = ()

    def __init__(self, clock: FastClock) -> None:
        self._clock = clock
        self._until = 0.0
        self._result = Result([])

    def start(self, feed: Feed, visit: Visit) -> Slow:
        self._until = self._clock.monotonic() + 20
        self._result = carry_out(feed, visit)
        return self

    def follow(self, company: Company) -> SilentStream:
        return SilentStream()

    def result(self) -> Result | None:
        return self._result if self._clock.monotonic() >= self._until else None

    def kill(self) -> None:
        """Nothing is left to end."""


@pytest.mark.parametrize("by", [-40 * DAY, -WEEKS, -2 * HOUR, -60, 60, 2 * HOUR, WEEKS, 40 * DAY])
def test_no_jump_makes_a_burst_a_stuck_panel_or_a_lost_day(path: Path, by: int) -> None:
    clock = FastClock(START)
    roof = Honest(clock)
    house = small_house(path, [feed("roof", roof)], [slide("s", Says(), 60)], clock=clock)
    house.live(3 * HOUR + 10)
    house.clock.set_wall(house.clock.now() + by)
    turns = house.daemon.drawing.turns
    house.live(3 * HOUR)
    gaps = {b - a for a, b in zip(roof.asked, roof.asked[1:], strict=False)}
    assert gaps == {300}
    assert house.daemon.drawing.turns - turns >= 179
    house.live(DAY)
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.value == roof.asked[-1] // 60 or by < 0


def test_ahead_by_weeks_then_right_the_newest_is_the_newest(path: Path) -> None:
    """What was stored under a clock that was ahead is deleted once the time is certain: it would stand for weeks."""
    clock = FastClock(START + WEEKS)
    house = small_house(path, [feed("roof", Honest(clock))], [slide("s", Says())], clock=clock)
    house.live(HOUR)
    house.daemon.stop()
    house.store.close()
    clock = FastClock(START + 2 * HOUR, sure=True)
    house = small_house(path, [feed("roof", Scripted([5.0]))], [slide("s", Says())], clock=clock)
    house.live(11 * MINUTE)
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest == Reading("roof", PV_POWER, 5, START + 2 * HOUR + 10 * MINUTE)
    past = house.store.outcomes.get("roof")
    assert past is not None
    assert past.at == START + 2 * HOUR + 10 * MINUTE
    assert max(run.end for run in house.store.readings.runs("roof", PV_POWER, 0, START + 2 * WEEKS)) == latest.at


# -- the ledger --------------------------------------------------------------------------------------------------------


def test_bookings_under_a_wrong_clock_still_count(path: Path) -> None:
    for number, by in enumerate((WEEKS, -WEEKS, 3 * HOUR)):
        house, roof = behind(path.with_name(f"{number}.db"), by=by, budget=QUOTA)
        house.live(6 * HOUR)
        put_right(house)
        house.live(MINUTE)
        now = truth(house.clock)
        (day, month) = house.store.ledger.spent(QUOTA, now)
        assert day.used == len(roof.asked)
        assert month.used == sum(local(int(START + at), UTC).month == local(now, UTC).month for at in roof.asked)
        house.live(2 * DAY)
        _never_too_many(roof)


def test_bookings_of_a_boot_that_never_knew_the_time_count_the_longest(path: Path) -> None:
    house, _ = behind(path, budget=QUOTA)
    house.live(2 * HOUR)
    calls = len(house.store.ledger.calls(QUOTA, house.daemon.clock.now()))
    house.store.close()  # the power is cut
    clock = FastClock(START - WEEKS + HOUR, sure=False, boot="two")
    house = small_house(path, [feed("roof", Honest(clock, QUOTA))], clock=clock)
    house.live(MINUTE)
    clock.set_wall(START + 5 * HOUR)
    clock.sure = True
    house.live(MINUTE)
    counted = house.store.ledger.calls(QUOTA, START + 5 * HOUR)
    assert len(counted) >= calls
    assert min(call.at for call in counted) == START + 5 * HOUR - MINUTE, "as if made when this boot began"


def test_a_restart_of_the_daemon_in_one_boot_notices_a_jump_meanwhile(path: Path) -> None:
    house, _ = behind(path, budget=QUOTA)
    house.live(2 * HOUR)
    calls = house.store.ledger.calls(QUOTA, house.daemon.clock.now())
    house.daemon.stop()
    house.store.close()
    put_right(house)
    again = small_house(path, [feed("roof", Honest(house.clock, QUOTA))], clock=house.clock)
    again.live(MINUTE)
    now = [call.at for call in again.store.ledger.calls(QUOTA, house.clock.now())]
    assert now[: len(calls)] == [call.at + WEEKS for call in calls]


def test_a_vendor_that_says_wait_is_waited_for_as_long_as_it_said(path: Path) -> None:
    for number, by in enumerate((WEEKS, -WEEKS)):
        house, roof = behind(path.with_name(f"{number}.db"), by=by, budget=QUOTA)
        house.daemon.tick()
        house.store.ledger.wait_until("cloud", house.daemon.clock.now() + 3 * HOUR, "the vendor says wait")
        house.live(HOUR)
        put_right(house)
        asked = len(roof.asked)
        house.live(HOUR)
        assert len(roof.asked) == asked
        house.live(2 * HOUR)
        assert len(roof.asked) > asked


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(-WEEKS, WEEKS),
    jumps=st.lists(st.tuples(st.integers(60, 8 * HOUR), st.integers(-40 * DAY, 40 * DAY)), max_size=4),
    sure_at_last=st.booleans(),
)
def test_whatever_the_clock_does(
    blank: Blank, tmp_path: Path, start: int, jumps: list[tuple[int, int]], sure_at_last: bool
) -> None:
    """No burst, no call too many, and once the time is known every value that waited has its true date."""
    for old in tmp_path.iterdir():
        old.unlink() if old.is_file() else None
    clock = FastClock(START + start, sure=False, boot="one")
    roof = Honest(clock, QUOTA)
    house = small_house(blank(tmp_path / "readings.db"), [feed("roof", roof)], [slide("s", Says())], clock=clock)
    for pause, by in jumps:
        house.live(pause)
        clock.set_wall(clock.now() + by)
    house.live(HOUR)
    clock.set_wall(truth(clock))
    clock.sure = True if sure_at_last else None
    house.live(DAY)
    assert min(b - a for a, b in zip(roof.asked, roof.asked[1:], strict=False)) >= 300
    _never_too_many(roof)
    if sure_at_last:
        assert all(abs(at - value) <= 1 for at, value in stored(house))
        assert house.store.ledger.spent(QUOTA, truth(clock))[0].used == sum(
            at > clock.monotonic() - SPANS["day"] for at in roof.asked
        )
    house.store.close()


def _never_too_many(roof: Honest) -> None:
    for first in roof.asked:
        assert sum(first <= at < first + DAY for at in roof.asked) <= 24


def test_a_nearly_spent_month_and_a_clock_that_thinks_it_is_another(path: Path) -> None:
    """31 May, 23:00, all but two calls of the month spent; the clock is first in April, then right, then it is June."""
    quota = Quota("cloud", (Budget(50, "month"),))
    eve = 1_780_264_800  # 2026-05-31 22:00 UTC
    house = small_house(path, [], clock=FastClock(eve))
    house.store.reserve(quota, 48, eve - DAY)
    house.store.close()
    clock = FastClock(eve - 35 * DAY, sure=False, boot="two")
    roof = Honest(clock, quota)
    house = small_house(path, [feed("roof", roof)], clock=clock)
    house.live(30 * MINUTE)
    clock.set_wall(eve + 30 * MINUTE)
    clock.sure = True
    house.live(90 * MINUTE - 10)
    assert 1 <= len(roof.asked) <= 2
    house.live(3 * DAY)
    assert len(roof.asked) > 2, "it is June"


# -- quiet hours, midnight, zones --------------------------------------------------------------------------------------


def test_a_jump_into_and_out_of_quiet_hours(path: Path) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    clock = FastClock(1_780_052_400)  # 29 May, 13:00 in Berlin
    roof = Honest(clock)
    house = small_house(
        path, [feed("roof", roof)], [slide("s", Says())], clock=clock, quiet=Window.parse("00:00-06:00"), zone=berlin
    )
    house.live(HOUR)
    clock.set_wall(clock.now() + 12 * HOUR)  # two at night
    before = len(roof.asked)
    house.live(HOUR)
    assert len(roof.asked) == before
    clock.set_wall(clock.now() - 12 * HOUR)
    house.live(HOUR)
    assert len(roof.asked) > before
    assert len(roof.asked) <= before + 13, "no burst after the night that was none"


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_today_has_as_many_hours_as_it_has(path: Path, day: str, hours: int) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = midnight(date.fromisoformat(day), berlin)
    clock = FastClock(first - HOUR)
    house = small_house(path, [feed("roof", Scripted())], clock=clock, zone=berlin)
    house.live(28 * HOUR)
    found = house.store.readings.days("roof", PV_POWER, date.fromisoformat(day), date.fromisoformat(day))
    assert found[date.fromisoformat(day)].n == hours * 12


def test_another_zone_in_the_configuration_begins_with_the_next_tally(path: Path) -> None:
    """Days are kept by their local date: those that are over stay as they were counted, today is counted on."""
    clock = FastClock(START)
    house = small_house(path, [feed("roof", Scripted())], clock=clock, zone=ZoneInfo("Pacific/Auckland"))
    house.live(HOUR)
    house.daemon.stop()
    house.store.close()
    again = small_house(path, [feed("roof", Scripted())], clock=FastClock(clock.now()), zone=ZoneInfo("America/Lima"))
    again.live(HOUR)
    days = again.store.readings.days("roof", PV_POWER, date(2026, 5, 27), date(2026, 5, 30))
    assert {day.isoformat(): bucket.n for day, bucket in days.items()} == {"2026-05-28": 12, "2026-05-29": 12}


def test_nothing_is_deleted_for_its_age_while_the_time_is_in_doubt(path: Path) -> None:
    house, _ = behind(path, by=0)
    put_right(house)
    house.live(HOUR)
    rows = house.store.rows()
    house.clock.set_wall(START + 4000 * DAY)
    house.live(30 * MINUTE)
    assert house.store.rows()["reading"] >= rows["reading"]
    put_right(house)
    house.live(30 * MINUTE)
    assert house.store.rows()["reading"] >= rows["reading"]
