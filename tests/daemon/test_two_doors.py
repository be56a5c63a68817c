"""One roof through two doors, the inverter and the cloud: the fresher measurement wins, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from doors.inverter import House, serve
from eink_monitor import config as configuration
from eink_monitor.clock import HOUR, MINUTE, FastClock, midnight
from eink_monitor.config import Feed
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.polls import Done
from eink_monitor.house.merging import Merging
from eink_monitor.metrics import PRODUCTION_MONTH, PV_POWER
from eink_monitor.model.history import FeedStatus
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Reading, Run
from eink_monitor.simulation import live
from eink_monitor.sources.demo import Demo
from eink_monitor.store import Store
from houses.inline import Inline
from loopback.solaredge import KEY, SITE, SolarEdgeServer
from small_house import START, Scripted, feed, small_house

ZONE = ZoneInfo("Europe/Berlin")
TODAY = date(2026, 6, 10)
MORNING = midnight(TODAY, ZONE) + 9 * HOUR
INVERTER = House().inverter(4321).meter(1500).battery(0, 800, 63.5)
PV = 4321 + 800

TEXT = """
database: {folder}/house.db
timezone: Europe/Berlin
display: {{type: png, path: {folder}/out}}
sources:
  cloud: {{type: solaredge, every: 30m, site_id: {site}, api_key: {key}, base_url: "{url}/v2", subject: roof,
          name: Roof}}
  inverter: {{type: solaredge_modbus, every: 5m, host: 127.0.0.1, port: {port}, timeout: 1s, subject: roof, name: Roof}}
panels:
  solar: {{type: solar, subject: roof}}
  health: {{type: health}}
"""


class Listening(Inline):
    """Remembers what came through which door."""

    def __init__(self) -> None:
        self.told: dict[str, list[Reading]] = {"cloud": [], "inverter": []}

    def start(self, one: Feed, visit: Visit) -> Done:
        done = super().start(one, visit)
        self.told[one.name] += done.result().readings
        return done

    def of(self, name: str) -> dict[int, float]:
        return {reading.at: round(reading.value) for reading in self.told[name] if reading.metric is PV_POWER}


class Roof:
    """A house of one roof, on a fast clock; the inverter may be switched off and on."""

    def __init__(self, folder: Path, server: SolarEdgeServer, clock: FastClock) -> None:
        self.clock, self.server, self.folder = clock, server, folder
        with serve(INVERTER.registers) as self.port:
            pass
        text = TEXT.format(folder=folder, site=SITE, key=KEY, url=server.url, port=self.port)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        self.start()

    def start(self) -> None:
        self.config = configuration.load(self.folder / "config.yaml")
        self.store = Store(self.config.database, ZONE)
        self.runner = Listening()
        self.daemon = Daemon(self.config, self.store, self.clock, self.runner)

    def stop(self) -> None:
        self.daemon.stop()
        self.store.close()

    def live(self, seconds: int, *, inverter: bool) -> None:
        with ExitStack() as stack:
            if inverter:
                stack.enter_context(serve(INVERTER.registers, port=self.port))
            live(self.daemon, self.clock.now() + seconds)

    def newest(self) -> Reading:
        found = self.daemon.house.latest("roof", PV_POWER)
        assert found is not None
        return found

    def runs(self) -> list[Run]:
        return list(self.store.readings.runs("roof", PV_POWER, 0, self.clock.now()))

    def doors(self) -> dict[str, FeedStatus]:
        return {status.label: status for status in self.daemon.house.feeds()}


@contextmanager
def roof(folder: Path) -> Iterator[Roof]:
    clock = FastClock(MORNING)
    with SolarEdgeServer(ZONE, clock.now) as server:
        one = Roof(folder, server, clock)
        yield one
        one.stop()


def test_a_day_through_two_doors(tmp_path: Path) -> None:
    with roof(tmp_path) as home:
        home.live(2 * HOUR, inverter=True)
        assert home.newest().value == PV
        assert home.clock.now() - home.newest().at <= 5 * MINUTE
        doors = home.doors()
        assert set(doors) == {"cloud", "inverter"}, "both are called Roof, and told apart all the same"
        assert doors["inverter"].measured_at == home.newest().at
        assert (doors["inverter"].shown, doors["cloud"].shown) == (True, False)
        cloud = doors["cloud"].measured_at
        assert cloud is not None
        assert 15 * MINUTE <= home.clock.now() - cloud <= 80 * MINUTE
        assert home.store.readings.latest("roof", PRODUCTION_MONTH) is not None, "what only the cloud knows"

        home.live(2 * HOUR, inverter=False)
        assert home.newest().value != PV, "the cloud takes over"
        assert home.newest().value == home.runner.of("cloud")[home.newest().at]
        assert home.daemon.house.trouble("roof") is None
        assert home.doors()["inverter"].what == "unreachable"
        assert home.doors()["cloud"].shown
        assert not home.doors()["inverter"].shown

        home.live(2 * HOUR, inverter=True)
        assert home.newest().value == PV
        assert_counted_once(home)
        before = home.store.readings.days("roof", PV_POWER, TODAY, TODAY), home.runs()
        for _ in range(2):
            home.stop()
            home.start()
            assert home.daemon.fetching.poll_now("cloud", force=True).what == "ok"
            assert (home.store.readings.days("roof", PV_POWER, TODAY, TODAY), home.runs()) == before


def assert_counted_once(home: Roof) -> None:
    """The day is the inverter's measurements, and the cloud's where the inverter was not heard."""
    mine = home.runner.of("inverter")
    heard = sorted(mine)
    pauses = [(0, heard[0])] + [(a, b) for a, b in pairwise(heard) if b - a > 5 * MINUTE]
    near = home.config.feeds["inverter"].spacing  # what the cloud tells later than the inverter is back counts no more
    filled = {at: v for at, v in home.runner.of("cloud").items() if any(a < at < b - near for a, b in pauses)}
    assert len(pauses) == 2
    truth = mine | filled
    for at, value in truth.items():
        assert [run.value for run in home.runs() if run.start <= at <= run.end] == [value]
    assert all({run.start, run.end} <= truth.keys() for run in home.runs())
    today = home.store.readings.days("roof", PV_POWER, TODAY, TODAY)[TODAY]
    values = [value for at, value in truth.items() if at >= midnight(TODAY, ZONE)]
    assert (today.n, round(today.mean * today.n)) == (len(values), sum(values))


def test_what_comes_late_fills_gaps_only_and_only_once(tmp_path: Path) -> None:
    """An hour of half minutes with twenty minutes missing, then the cloud's quarters of it, again and again."""
    cloud, inverter = feed("cloud", Scripted(), 1800, subject="roof"), feed("inverter", Scripted(), 30, subject="roof")
    house = small_house(tmp_path / "house.db", [cloud, inverter], durable=True)
    config, store, clock = house.config, house.store, house.clock
    intake = house.daemon.intake
    beats = [beat for beat in range(0, HOUR, 30) if not 20 * MINUTE < beat < 40 * MINUTE]
    for beat in beats:
        intake.keep(inverter, [Reading("roof", PV_POWER, 3000 + beat, START + beat)], START)
    quarters = [Reading("roof", PV_POWER, 500, START + beat) for beat in range(0, HOUR, 15 * MINUTE)]
    clock.wait(HOUR)
    for _ in range(3):
        intake.keep(cloud, quarters, START)
        store.flush()
        merging = Merging(config, store)
        (today,) = store.readings.days("roof", PV_POWER, date(2026, 5, 28), date(2026, 5, 28)).values()
        assert today.n == len(beats) + 1
        runs = store.readings.runs("roof", PV_POWER, START, START + HOUR)
        assert [run for run in runs if run.value == 500] == [Run(START + 30 * MINUTE, START + 30 * MINUTE, 500)]
        newest = store.readings["roof", PV_POWER.name]
        assert newest == Reading("roof", PV_POWER, 3000 + beats[-1], START + beats[-1])
        assert intake.visit(inverter, clock.now()).last(PV_POWER) == newest
        assert intake.visit(cloud, clock.now()).last(PV_POWER) == quarters[-1]
        after_a_start = merging.latest(cloud, clock.now())["roof", PV_POWER.name]
        assert after_a_start.at == merging.measured(cloud) == quarters[-1].at
    house.daemon.stop()
    store.close()


def test_a_single_door_is_left_alone(tmp_path: Path) -> None:
    alone = feed("roof", Scripted())
    house = small_house(tmp_path / "house.db", [alone, feed("other", Scripted())])
    merging = Merging(house.config, house.store)
    assert not merging.shares(alone)
    assert merging.latest(alone, START) is house.store.readings
    late = [Reading("roof", PV_POWER, value, START - 30 * value) for value in range(3)]
    assert merging.admit(alone, late) == late
    assert merging.measured(alone) is None
    house.daemon.stop()
    house.store.close()


def test_an_invented_roof_is_no_door(tmp_path: Path) -> None:
    invented, real = feed("demo", Demo("roof"), subject="roof"), feed("real", Scripted(), subject="roof")
    house = small_house(tmp_path / "house.db", [invented, real])
    merging = Merging(house.config, house.store)
    assert not merging.shares(invented)
    assert not merging.shares(real)
    house.daemon.stop()
    house.store.close()
