"""Rows that are dated later than it is, in a house without a cloud: they cost nothing, are told, can be forgotten."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, SystemClock
from eink_monitor.config import load
from eink_monitor.doctor import storage
from eink_monitor.draw.canvas import Canvas
from eink_monitor.model.history import History
from houses import say, write
from small_house import Says, Scripted, Small, feed, slide, small_house

NOW = SystemClock().now()  # the verbs have the machine's clock


@dataclass
class Dated(Says):
    """Remembers which times it was drawn for."""

    drawn: list[int] = field(default_factory=list)

    def draw(self, canvas: Canvas, history: History, now: int) -> None:
        self.drawn.append(now)
        super().draw(canvas, history, now)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration that names the database of these houses."""
    return write(tmp_path)


def house(file: Path, now: int, panel: Says | None = None) -> Small:
    feeds = [feed("roof", Scripted([5.0])), feed("disk", Scripted([7.0]))]
    path = file.with_name("readings.db")
    return small_house(path, feeds, [slide("s", panel or Says())], clock=FastClock(now), durable=True)


def leave(left: Small) -> None:
    left.daemon.stop()
    left.store.close()


def newest(file: Path) -> dict[str, int]:
    """When the newest reading of every subject on the card was made."""
    with closing(sqlite3.connect(file.with_name("readings.db"))) as db:
        return dict(db.execute("SELECT subject, end FROM series"))


def told(file: Path) -> list[str]:
    """What the doctor says of rows in the future."""
    found = storage.findings(load(file), SystemClock())
    return [f"{one.words} -> {one.mend}" for one in found if "in the future" in one.words]


def once_ahead(file: Path, by: int) -> None:
    """Two hours of a house, an hour under a clock that is ahead, and it is ``NOW`` when it is left."""
    lived = house(file, NOW - 3 * HOUR)
    lived.live(2 * HOUR)
    lived.clock.set_wall(lived.clock.now() + by)
    lived.live(HOUR)
    leave(lived)
    assert newest(file)["roof"] > NOW


def test_a_clock_once_ahead_costs_no_measurement_and_no_true_time(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    once_ahead(file, 30 * DAY)
    panel = Dated()
    caplog.clear()
    again = house(file, NOW, panel)
    again.live(11 * MINUTE)
    assert panel.drawn
    assert all(NOW <= at <= NOW + 11 * MINUTE for at in panel.drawn), "no time of its own invention"
    again.store.flush()
    assert set(newest(file).values()) == {NOW + 10 * MINUTE}, "nothing waits"
    assert "eink-monitor forget --after now" in "".join(
        record.getMessage() for record in caplog.records if record.levelno == logging.WARNING
    )
    (words,) = told(file)
    assert "of disk, roof are dated in the future, the first " in words
    assert words.endswith("eink-monitor forget --after now")
    said = say("forget", "--after", "now", "--yes", "-c", file)
    assert (said.code, said.err) == (0, "")
    assert told(file) == []
    again.live(10 * MINUTE)
    leave(again)
    assert set(newest(file).values()) == {NOW + 20 * MINUTE}, "the daemon beside it goes on"


def test_a_bit_that_has_flipped_costs_its_own_series_nothing_either(file: Path) -> None:
    lived = house(file, NOW - HOUR)
    lived.live(HOUR)
    leave(lived)
    with closing(sqlite3.connect(file.with_name("readings.db"))) as db:
        db.execute("UPDATE series SET end = end + (1 << 30) WHERE subject = 'roof'")
        db.commit()
    assert "1 row of roof is dated in the future" in told(file)[0]
    panel = Dated()
    again = house(file, NOW, panel)
    again.live(11 * MINUTE)
    again.store.flush()
    assert set(newest(file).values()) == {NOW + 10 * MINUTE}
    assert all(NOW <= at <= NOW + 11 * MINUTE for at in panel.drawn)
    assert say("forget", "--after", "now", "--yes", "-c", file).code == 0
    assert told(file) == []
    leave(again)


def test_where_the_clock_may_be_behind_forgetting_ends_the_doubt_at_once(file: Path) -> None:
    """Two hours ahead could as well be two hours behind: the house waits, and a person knows better."""
    once_ahead(file, 2 * HOUR)
    again = house(file, NOW)
    again.live(11 * MINUTE)
    assert again.daemon.house.clock.startswith("waiting for the clock to be set")
    before = newest(file)["roof"]
    assert before > NOW
    assert say("forget", "--after", "now", "--yes", "-c", file).code == 0
    assert told(file) == []
    again.live(11 * MINUTE)
    assert not again.daemon.house.clock
    assert again.clock.now() - again.daemon.house.now <= MINUTE
    leave(again)
    assert NOW < newest(file)["roof"] <= NOW + 22 * MINUTE
