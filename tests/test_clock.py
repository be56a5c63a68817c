from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import clock
from eink_monitor.clock import HOUR, FastClock, SystemClock, day_bounds, iso, local, midnight, stopwatch
from eink_monitor.draw import words
from eink_monitor.remarks import Remarks

ZONES = ["Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Pacific/Apia", "America/Havana", "Asia/Beirut"]


@given(st.sampled_from(ZONES), st.dates(date(2012, 1, 1), date(2037, 12, 30)))
def test_days_follow_each_other_without_gap_or_overlap(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    start, end = day_bounds(day, zone)
    assert (end - start) / HOUR in (23, 24, 25)
    assert local(start, zone).date() == local(end - 1, zone).date() == day
    assert local(start - 1, zone).date() == day - timedelta(days=1)
    assert midnight(day + timedelta(days=1), zone) == end


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/St_Johns", date(2026, 3, 8), 23),
        ("America/Havana", date(2024, 3, 10), 23),  # the first hour is skipped
        ("America/Havana", date(2024, 11, 3), 25),  # the first hour comes twice
        ("Pacific/Apia", date(2011, 12, 30), 0),  # this day was skipped altogether
        ("Asia/Kolkata", date(2026, 3, 29), 24),
    ],
)
def test_days_of_other_lengths(zone: str, day: date, hours: int) -> None:
    start, end = day_bounds(day, ZoneInfo(zone))
    assert end - start == hours * HOUR


def test_instants_are_told_in_utc() -> None:
    assert iso(0) == "1970-01-01T00:00:00Z"
    assert iso(1774749600) == "2026-03-29T02:00:00Z"


def test_the_system_clock_goes_on() -> None:
    clock = SystemClock()
    before, mono = stopwatch(), clock.monotonic()
    assert abs(clock.now() - datetime.now(UTC).timestamp()) < 2  # noqa: TID251 - held against the other way to ask
    assert clock.wait(0.01) == []
    assert clock.wait(-5) == []
    assert clock.monotonic() >= mono + 0.01
    assert stopwatch() > before


@pytest.mark.parametrize("clock", [SystemClock(), FastClock(0)])
def test_a_wait_ends_when_there_is_something_to_read(clock: SystemClock | FastClock) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"x")
    before = clock.monotonic()
    assert clock.wait(60, [reader]) == [reader]
    assert clock.monotonic() < before + 5
    os.close(reader)
    os.close(writer)


def test_a_fast_clock_jumps() -> None:
    clock = FastClock(1000)
    assert clock.wait(3600.5) == []
    assert (clock.now(), clock.monotonic()) == (4600, 3600.5)
    clock.wait(-1)
    assert clock.monotonic() == 3600.5
    clock.set_wall(50)
    assert (clock.now(), clock.monotonic()) == (50, 3600.5)
    reader, writer = os.pipe()
    assert clock.wait(0.01, [reader]) == []  # nobody writes: the time is over
    assert clock.monotonic() == pytest.approx(3600.51)
    os.close(reader)
    os.close(writer)


def test_the_shortest_wait_passes() -> None:
    clock = FastClock(0)
    clock.wait(1e6)
    before = clock.monotonic()
    clock.wait(1e-12)
    assert clock.monotonic() > before


class Narrow(datetime):
    """A platform whose ``time_t`` has 32 bits."""

    @classmethod
    def fromtimestamp(cls, timestamp: float, tz: tzinfo | None = None) -> Narrow:
        if not -(1 << 31) <= timestamp < 1 << 31:
            raise OverflowError("timestamp out of range for platform time_t")
        return super().fromtimestamp(timestamp, tz)


@pytest.fixture(params=["64 bits", "32 bits"])
def platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "32 bits":
        monkeypatch.setattr(clock, "datetime", Narrow)


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(
    ("at", "written"),
    [
        (-2_208_988_801, "1899-12-31T23:59:59Z"),
        (4_102_444_800, "2100-01-01T00:00:00Z"),
        (1 << 60, "9999-01-02T00:00:00Z"),
        (-(1 << 60), "0002-01-02T00:00:00Z"),
    ],
)
def test_no_instant_is_beyond_the_calendar(at: int, written: str) -> None:
    assert iso(at) == written
    for name in ZONES:
        zone = ZoneInfo(name)
        there = local(at, zone)
        assert there.utcoffset() == there.astimezone(zone).utcoffset()
        assert iso(int((there - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())) == written
        start, end = day_bounds(there.date(), zone)
        assert start < end
        for say in (words.stamp(at, 0, zone), words.stamp(0, at, zone), words.age(at)):
            assert say


@pytest.mark.usefixtures("platform")
@pytest.mark.parametrize(("at", "told"), [(1 << 31, "2038-01-19T03:14:08Z"), (1 << 60, "an impossible time")])
def test_a_date_that_the_platform_does_not_know_is_left_out_and_said(at: int, told: str) -> None:
    remarks = Remarks()
    remarks.leave_out_date("pv_power", at)
    assert remarks.left_out == f"pv_power dated {told}"


def test_a_wait_of_a_hundred_years_fits_every_platform() -> None:
    there, here = os.pipe()
    os.write(here, b".")
    assert SystemClock().wait(1e12, [there]) == [there]
    assert FastClock(0).wait(1e12, [there]) == [there]
    os.close(there)
    os.close(here)
