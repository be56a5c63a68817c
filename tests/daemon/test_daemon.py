"""The heartbeat: what is drawn when, and what survives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, local
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.reading import Reading
from eink_monitor.settings import Window
from eink_monitor.store import Store
from small_house import START, Says, Scripted, feed, slide, small_house

Blank = Callable[[Path], Path]


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def test_the_first_frame_comes_before_any_poll(path: Path) -> None:
    roof = Scripted()
    house = small_house(path, [feed("roof", roof)], [slide("one", Says())])
    assert house.daemon.tick() == 0
    (shown,) = house.wall.shown
    assert shown[0] == START
    assert roof.asked == []
    house.daemon.tick()
    assert roof.asked == [START]
    assert shown[1].bits.count(b"\0") >= 10 * 24, "drawn from the empty store: 200 pixels of ink a row"


def test_panels_rotate_by_their_dwell(path: Path) -> None:
    slides = [slide("one", Says(), 60), slide("two", Says("nobody"), 120)]
    house = small_house(path, [feed("roof", Scripted())], slides)
    house.live(6 * MINUTE)
    told = [(at - START, frame.name) for at, frame in house.wall.shown]
    assert told == [(0, "one"), (180, "one"), (240, "two")], "at 60 the second looks as the first did: not sent"


def test_an_unchanged_frame_is_not_sent(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted([3, 3, 3, 9]))], [slide("one", Says())])
    house.live(HOUR)
    assert len(house.wall.shown) == 3, "empty, then 3, then 9"


def test_a_panel_with_a_bug_is_drawn_as_words(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    slides = [slide("broken", Says(fails=True), 60), slide("good", Says(), 60)]
    house = small_house(path, [feed("roof", Scripted())], slides)
    house.live(5 * MINUTE)
    assert {frame.name for _, frame in house.wall.shown} == {"broken", "good"}


def test_a_display_fault_is_said_once_retried_later_and_stops_no_poll(path: Path) -> None:
    roof = Scripted()
    house = small_house(path, [feed("roof", roof)], [slide("one", Says())])
    house.wall.failures = 4
    house.live(HOUR)
    pauses = [b - a for a, b in zip(house.wall.tried, house.wall.tried[1:], strict=False)]
    assert pauses[:4] == [30, 60, 120, 240]
    assert len(roof.asked) == 12
    assert house.daemon.house.screen == ""
    house.wall.failures = 1
    house.daemon.drawing._last = None
    house.live(MINUTE * 4)
    assert [status.name for status in house.daemon.house.feeds()] == ["roof"]


def test_a_display_fault_stands_on_the_health_panel(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], [slide("one", Says())])
    house.wall.failures = 1
    house.daemon.tick()
    assert house.daemon.house.feeds()[-1].detail == "the panel is not there; is the cable in?"


def test_quiet_hours_poll_and_draw_nothing_across_midnight_and_dst(path: Path) -> None:
    roof = Scripted()
    zone = ZoneInfo("Europe/Berlin")
    house = small_house(
        path, [feed("roof", roof)], [slide("one", Says())], quiet=Window.parse("22:00-06:00"), zone=zone
    )
    house.clock.set_wall(1_792_800_000)  # the weekend the clocks go back
    house.live(2 * DAY)
    hours = {local(at, zone).hour for at in roof.asked} | {local(at, zone).hour for at in house.wall.tried}
    assert hours == set(range(6, 22))
    mornings = [at for at in roof.asked if (local(at, zone).hour, local(at, zone).minute) == (6, 0)]
    assert len(mornings) == 2, "up at six sharp on both days"


def test_a_frame_that_somebody_asked_for_counts_like_any_other(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], [slide("one", Says()), slide("two", Says(subject="car"))])
    house.daemon.tick()
    drawing = house.daemon.drawing
    turns, frames = drawing.turns, drawing.frames
    drawing.show("two", START, house.clock.monotonic())
    assert (drawing.turns, drawing.frames, len(house.wall.shown)) == (turns + 1, frames + 1, 2)


def test_the_code_of_a_sign_in_stays_as_long_as_it_lives_and_a_picture_longer(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], [slide("one", Says(), dwell=30)])
    house.daemon.tick()
    drawing, mono = house.daemon.drawing, house.clock.monotonic()
    drawing.sign_in("roof", ("https://vendor.example/device", "vendor.example/device", "AB12"), mono)
    assert drawing.next_due == mono + 5 * MINUTE
    drawing.picture(mono)
    assert drawing.next_due == mono + 10 * MINUTE


def test_in_quiet_hours_the_clock_is_looked_at_every_full_minute(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], quiet=Window.parse("00:00-23:59"))
    for second, pause in ((0, 60), (20, 40), (59, 1)):
        house.clock.set_wall(START - START % 60 + second)
        assert house.daemon.tick() == pause


def test_everything_is_written_once_per_interval_and_at_the_end(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted(), every=30)])
    looking = sqlite3.connect(path)
    commits = 0
    version = looking.execute("PRAGMA data_version").fetchone()
    for _ in range(60):
        house.live(30)
        if (now := looking.execute("PRAGMA data_version").fetchone()) != version:
            version, commits = now, commits + 1
    assert 5 <= commits <= 8, "half an hour at 30 s, one commit in five minutes (and one to prune)"
    house.live(30)
    house.daemon.stop()
    row = looking.execute("SELECT end FROM series").fetchone()
    looking.close()
    newest = house.store.readings.latest("roof", PV_POWER)
    assert newest is not None
    assert row == (newest.at,)
    assert house.wall.closed


def test_a_card_that_cannot_be_written_costs_nothing_but_a_line(path: Path) -> None:
    roof = Scripted([float(value) for value in range(1000)])
    house = small_house(path, [feed("roof", roof, every=60)], [slide("health", Says())])
    house.store._disk.db.execute("PRAGMA busy_timeout = 1")
    blocker = sqlite3.connect(path, isolation_level=None)
    house.live(MINUTE)
    blocker.execute("BEGIN IMMEDIATE")
    house.live(HOUR)
    assert "another program holds the database" in house.daemon.house.feeds()[-1].detail
    assert len(roof.asked) > 55
    blocker.execute("ROLLBACK")
    blocker.close()
    house.live(6 * MINUTE)
    assert house.daemon.house.card == ""
    found = house.store.readings.runs("roof", PV_POWER, START, START + DAY)
    assert [run.value for run in found] == [float(value) for value in range(len(roof.asked))]


def test_what_another_process_stores_is_drawn(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted([1.0]), every=HOUR)], [slide("one", Says())])
    house.live(MINUTE)
    other = Store(path, house.config.zone)
    house.store._file.durable = True  # merging, as in life
    other.add([Reading("roof", PV_POWER, 77, START + 30)], 750)
    other.flush()
    other.close()
    house.live(4 * MINUTE)
    assert house.wall.shown[-1][1].bits[:10] == b"\0" * 9 + b"\x07", "77 pixels of ink"
    latest = house.store.readings.latest("roof", PV_POWER)
    assert latest is not None
    assert latest.value == 77
