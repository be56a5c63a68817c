"""A whole year of the demo house: budgets, days of 23 and 25 hours, retention, and frames now and then."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import pytest

from eink_monitor import config as configuration
from eink_monitor.clock import DAY, HOUR, FastClock, midnight
from eink_monitor.config import Config, Feed, Keep
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.daemon.runner import Running
from eink_monitor.displays.null import Null
from eink_monitor.draw.pictures import write_png
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.frame import Frame
from eink_monitor.model.poll import Visit
from eink_monitor.settings import Duration
from eink_monitor.simulation import Report, live, simulate
from eink_monitor.store import Store

DEMO = Path(configuration.__file__).parents[1] / "demo.yaml"
KEEP = Keep(raw=Duration(60 * DAY), hourly=Duration(120 * DAY))
DAYS = 365
FIRST = date(2026, 1, 1)


@dataclass
class Sampling(Null):
    """Looks at one frame in four hundred and one."""

    seen: list[Frame] = field(default_factory=list, init=False)
    beats: int = field(default=0, init=False)

    @property
    def looks(self) -> bool:
        return self.beats % 401 == 0

    def show(self, frame: Frame, *, urgent: bool = False) -> None:
        if self.looks:
            self.seen.append(frame)
        self.beats += 1
        super().show(frame, urgent=urgent)


@dataclass(frozen=True)
class Year:
    config: Config
    report: Report
    display: Sampling
    store: Store


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder = tmp_path_factory.mktemp("year")
    display = Sampling()
    config = replace(configuration.load(DEMO), display=display, keep=KEEP)
    report = simulate(config, DAYS, FIRST, folder=folder)
    with closing(Store(folder / "readings.db", config.zone, writes=False)) as store:
        yield Year(config, report, display, store)


def test_every_beat_is_kept(year: Year) -> None:
    assert year.report.days == DAYS
    roof = [feed for feed in year.config.feeds.values() if feed.name == "roof"]
    assert len(roof) == 1
    assert year.report.polls > DAYS * DAY / 300
    assert year.report.frames == DAYS * DAY / 180
    assert sum(year.report.refreshes.values()) == year.report.frames
    assert year.report.refreshes["full"] >= DAYS


def test_no_account_is_above_its_budget_on_any_day_or_in_any_month(year: Year) -> None:
    peaks = year.report.peaks
    assert set(peaks) == {"demo car"}
    assert 40 <= peaks["demo car"]["day"] <= 45
    assert peaks["demo car"]["month"] <= 31 * 45


def test_days_of_23_and_25_hours_are_whole(year: Year) -> None:
    days = year.store.readings.days("roof", PV_POWER, date(2026, 1, 1), date(2026, 12, 31))
    assert len(days) == DAYS
    lengths = Counter(round(bucket.n / 12) for bucket in days.values())
    assert lengths == {23: 1, 24: DAYS - 2, 25: 1}
    assert round(days[date(2026, 3, 29)].n / 12) == 23
    assert round(days[date(2026, 10, 25)].n / 12) == 25


def test_nothing_is_kept_beyond_its_time(year: Year) -> None:
    end = midnight(date(2027, 1, 1), year.config.zone)
    db = sqlite3.connect(year.store.path)
    (oldest,) = db.execute("SELECT min(at) FROM reading").fetchone()
    (oldest_hour,) = db.execute("SELECT min(at) FROM hour").fetchone()
    db.close()
    assert end - KEEP.raw - DAY - HOUR <= oldest
    assert end - KEEP.hourly - DAY - HOUR <= oldest_hour
    assert year.report.rows["day"] == 37 * DAYS


def test_a_sample_of_frames_is_drawn(year: Year, tmp_path: Path) -> None:
    seen = year.display.seen
    assert len(seen) > 400
    assert {frame.name for frame in seen} == set(year.config.slides)
    assert len({frame.bits for frame in seen}) > 350, "they differ"
    for frame in seen[::40]:
        assert (frame.width, frame.height) == (250, 122)
        write_png(frame, tmp_path / "frame.png")


def test_other_sources_are_never_asked_but_stood_in_for(tmp_path: Path) -> None:
    text = """
display: {type: 'null'}
timezone: Europe/Berlin
sources:
  roof: {type: solaredge, every: 30m, site_id: 1, client_id: a, client_secret: b, base_url: "http://127.0.0.1:9"}
panels: {sun: {type: solar, subject: roof}}
"""
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    report = simulate(configuration.load(tmp_path / "config.yaml"), 10, FIRST)
    (peak,) = report.peaks.values()
    assert 20 <= peak["day"] <= 2000 / 31 + 20
    assert report.rows["series"] == 13


def test_never_two_polls_at_once(tmp_path: Path) -> None:
    """Real children, and a runner that looks whether the one before is gone."""

    class Jealous(Forked):
        before: Running | None = None
        begun = 0

        def start(self, feed: Feed, visit: Visit) -> Running:
            assert self.before is None or not self.before.watch, "its pipe is still open"
            self.before = super().start(feed, visit)
            self.begun += 1
            return self.before

    config = replace(configuration.load(DEMO), display=Null(), database=tmp_path / "house.db")
    clock = FastClock(midnight(FIRST, config.zone))
    store, runner = Store(config.database, config.zone, durable=False), Jealous(config)
    daemon = Daemon(config, store, clock, runner)
    live(daemon, clock.now() + 6 * HOUR)
    daemon.stop()
    store.close()
    assert runner.begun > 100
