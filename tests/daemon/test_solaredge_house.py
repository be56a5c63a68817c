"""The main job from the vendor's wire to the panel: a loopback SolarEdge, real configuration, forks, store, panels."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from eink_monitor import config as configuration
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, midnight
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Forked
from eink_monitor.metrics import LOAD_POWER, PRODUCTION_TODAY, PV_POWER, STORAGE_SOC
from eink_monitor.simulation import live
from eink_monitor.sources._http.tokens import Tokens, TokenStore
from eink_monitor.store import Store
from loopback.faults import FAULTS
from loopback.solaredge import CLIENT, KEY, SECRET, SITE, SolarEdgeServer

ZONE = ZoneInfo("Europe/Berlin")
MORNING = midnight(date(2026, 6, 10), ZONE) + 9 * HOUR
SECRETS = [word.encode() for word in (KEY, SECRET, "access-0", "refresh-0", "access-1", "refresh-1")]
WORDS = {
    "401": "auth",
    "403": "auth",
    "404": "bad-answer",
    "410": "gone",
    "429 minute": "throttled",
    "429 minute by header": "throttled",
    "429 month": "throttled",
    "500": "unavailable",
    "captive portal": "unavailable",
    "redirect": "unavailable",
    "truncated": "unavailable",
    "chunks": "unavailable",
    "reset": "unavailable",
}

TEXT = """
database: {folder}/house.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  roof: {{type: solaredge, every: 30m, site_id: {site}, {door}, base_url: "{url}", timeout: 2s}}
panels:
  solar: {{type: solar, subject: roof}}
  flow: {{type: flow, subject: roof}}
  battery: {{type: battery, subject: roof}}
  grid: {{type: grid, subject: roof}}
  energy: {{type: energy, subject: roof}}
  history: {{type: history, subject: roof}}
  health: {{type: health}}
"""
V2 = f"client_id: {CLIENT}, client_secret: !file secret"
V1 = f"api: v1, api_key: {KEY}"


class House:
    """A house of one roof, lived on a fast clock with real child processes."""

    def __init__(self, folder: Path, door: str = V2) -> None:
        self.folder, self.clock = folder, FastClock(MORNING)
        (folder / "secret").write_text(SECRET + "\n", encoding="utf-8")
        self.server = SolarEdgeServer(ZONE, self.clock.now)
        url = self.server.url + ("/v2" if door == V2 else "")
        text = TEXT.format(folder=folder, site=SITE, door=door, url=url)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        self.config = configuration.load(folder / "config.yaml")
        state = self.config.state / "roof"
        state.mkdir(mode=0o700, parents=True)
        with TokenStore(state, "roof").locked() as tokens:
            tokens.save(Tokens("access-0", "refresh-0", MORNING + HOUR))
        self.store = Store(self.config.database, ZONE)
        self.daemon = Daemon(self.config, self.store, self.clock, Forked(self.config))

    def live(self, seconds: int) -> None:
        live(self.daemon, self.clock.now() + seconds)

    def what(self) -> str:
        past = self.store.outcomes.get("roof")
        assert past is not None
        return past.what


@contextmanager
def house(folder: Path, door: str = V2) -> Iterator[House]:
    one = House(folder, door)
    with one.server:
        yield one
        one.daemon.stop()
        one.store.close()


@pytest.mark.parametrize("door", [V2, V1])
def test_a_day_goes_from_the_wire_to_the_panel(tmp_path: Path, door: str) -> None:
    with house(tmp_path, door) as home:
        home.live(5 * HOUR)
        readings = home.store.readings
        latest = {metric: readings.latest("roof", metric) for metric in (PV_POWER, LOAD_POWER, STORAGE_SOC)}
        for reading in latest.values():
            assert reading is not None
            assert home.clock.now() - reading.at < 75 * MINUTE
        runs = readings.runs("roof", PV_POWER, MORNING, home.clock.now())
        assert len(runs) > 6
        (today,) = readings.days("roof", PRODUCTION_TODAY, date(2026, 6, 10), date(2026, 6, 10)).values()
        assert today.high > 5000
        for slide in home.config.slides:
            with Image.open(tmp_path / "out" / f"{slide}.png") as picture:
                assert (picture.mode, picture.size) == ("1", (250, 122))
                assert len(set(picture.tobytes())) > 8, "something is drawn"
        assert home.what() == "ok"


def test_tokens_rotate_and_the_month_lasts(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.live(2 * DAY)
        assert home.server.refreshes >= 10
        quota = home.config.feeds["roof"].source.quota()
        assert quota is not None
        month = next(entry for entry in home.store.ledger.spent(quota, home.clock.now()) if entry.span == "month")
        assert home.server.calls <= month.used <= 2 * 2000 / 20, "two days of a month that has twenty left"
        assert home.what() == "ok"


@pytest.mark.parametrize("door", [V2, V1], ids=["v2", "v1"])
@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_an_outcome_and_stores_nothing(tmp_path: Path, fault: str, door: str) -> None:
    with house(tmp_path, door) as home:
        home.server.fault = FAULTS[fault]
        result = home.daemon.fetching.poll_now("roof")
        home.store.flush()
        assert home.what() == result.what
        assert result.what == WORDS.get(fault, result.what)
        assert result.what in {"bad-answer", *WORDS.values()}
        assert result.detail.startswith(("SolarEdge", "roof"))
        assert result.readings == []
        assert home.store.rows()["reading"] == home.store.rows()["day"] == 0


def test_a_drip_ends_at_the_deadline(tmp_path: Path) -> None:
    with house(tmp_path) as home:
        home.server.fault = "drip"
        result = home.daemon.fetching.poll_now("roof")
        assert result.what == "unavailable"


def test_no_secret_is_left_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("eink_monitor").propagate = True
    with caplog.at_level(logging.DEBUG), house(tmp_path) as home:
        for fault in (*FAULTS.values(), None):
            home.server.fault = fault
            home.daemon.fetching.poll_now("roof", force=True)
        home.live(3 * HOUR)
        home.store.flush()
        commands = b"".join(_command(folder) for folder in Path("/proc").glob("[0-9]*"))
    db = sqlite3.connect(home.config.database)
    rows = "\n".join(db.iterdump()).encode()
    db.close()
    pictures = b"".join(path.read_bytes() for path in (tmp_path / "out").iterdir())
    for secret in SECRETS:
        assert secret not in caplog.text.encode()
        assert secret not in rows
        assert secret not in pictures
        assert secret not in commands
    private = home.config.state / "roof"
    assert {oct(path.stat().st_mode & 0o777) for path in private.iterdir()} <= {"0o600"}


def _command(folder: Path) -> bytes:
    """What a process that we started was called with, whoever else tests the same on this machine."""
    try:
        parent = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
        return (folder / "cmdline").read_bytes() if parent == str(os.getpid()) else b""
    except OSError:
        return b""
