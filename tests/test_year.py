"""A year of two BMWs, a Skoda and a roof: no vendor is ever asked more often than it allows, whatever people do.

The calls are counted where they would be made, not in the ledger.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from random import Random
from statistics import median

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, local, midnight
from eink_monitor.config import Config, Feed, load
from eink_monitor.daemon import Daemon
from eink_monitor.daemon.fetching import Fetching
from eink_monitor.daemon.intake import Intake
from eink_monitor.daemon.runner import Result
from eink_monitor.errors import Trouble
from eink_monitor.model.poll import Visit
from eink_monitor.simulation import StandIn, live, silence
from eink_monitor.sources._http.notebook import Notebook
from eink_monitor.sources.bmw_cardata.catalogue import descriptors
from eink_monitor.sources.bmw_cardata.rest import container_label
from eink_monitor.sources.bmw_cardata.signin import Account
from eink_monitor.store import Store
from houses import write

HOUSE = """\
database: {folder}/readings.db
timezone: Europe/Berlin
commit_every: 1h
display: {{type: null}}
sources:
  i4: {{type: bmw_cardata, client_id: one-account, vin: WBA53FJ0X0CH00001, every: 15m}}
  mini: {{type: bmw_cardata, client_id: one-account, vin: WBA53FJ0X0CH00002, every: 15m}}
  enyaq: {{type: skoda, api_key: a-key, vin: TMBJJ7NX0MY000001, every: 5m}}
  roof: {{type: solaredge, site_id: 1, client_id: app, client_secret: s, every: 30m}}
panels:
  sun: {{type: solar, subject: roof, dwell: 1h}}
"""


class Vendors:
    """Counts what every vendor account is asked, call by call."""

    def __init__(self) -> None:
        self.calls: dict[str, list[int]] = {}

    def asked(self, account: str, at: int, times: int) -> None:
        self.calls.setdefault(account, []).extend([at] * times)

    def most(self, account: str, span: int) -> int:
        """The most calls in any stretch of so many seconds."""
        calls = sorted(self.calls[account])
        return max(index - bisect_right(calls, at - span) + 1 for index, at in enumerate(calls))

    def most_in_a_month(self, account: str, config: Config) -> int:
        return max(Counter(f"{local(at, config.zone):%Y-%m}" for at in self.calls[account]).values())


class Job:
    """A poll that takes its time; the calls are made at once, and count even if it is killed."""

    watch: Sequence[int] = ()

    def __init__(self, runner: Runner, result: Result, takes: float) -> None:
        self._runner, self._result = runner, result
        self._until = runner.clock.monotonic() + takes

    def result(self) -> Result | None:
        if self._runner.clock.monotonic() < self._until:
            return None
        self._runner.busy = ""
        return self._result

    def kill(self) -> None:
        self._runner.busy = ""


class Runner(StandIn):
    """Invents what vendors say, lets them take their time, and never stands two polls at once."""

    def __init__(self, vendors: Vendors, clock: FastClock, random: Random | None = None) -> None:
        self.vendors, self.clock, self.random = vendors, clock, random
        self.busy = ""

    def start(self, feed: Feed, visit: Visit) -> Job:  # type: ignore[override]  # takes longer than the stand-in
        assert not self.busy, f"{feed.name} is asked while {self.busy} still is"
        self.busy = feed.name
        result = super().start(feed, visit).result()
        quota = feed.source.quota()
        assert quota is not None
        self.vendors.asked(quota.account, self.clock.now(), visit.spent)
        return Job(self, result, self.random.uniform(0, 90) if self.random else 0.0)


def house(folder: Path, text: str = HOUSE) -> Config:
    """The configuration, with the container of the BMW account made already."""
    config = load(write(folder, text))
    account = Account("one-account", "https://127.0.0.1", stream=False)
    made = {container_label(descriptors(position=False)): "made-1"}
    Notebook(account.folder(config.state / "i4"), "containers").write(made)
    return config


def account(config: Config, name: str) -> str:
    quota = config.feeds[name].source.quota()
    assert quota is not None
    return quota.account


def assert_nobody_was_asked_too_often(config: Config, vendors: Vendors) -> None:
    assert account(config, "i4") == account(config, "mini")
    assert vendors.most(account(config, "i4"), DAY) <= 45
    assert vendors.most(account(config, "enyaq"), HOUR) <= 20
    assert vendors.most(account(config, "roof"), MINUTE) <= 10
    assert vendors.most_in_a_month(account(config, "roof"), config) <= 2000


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with silence():
        yield


def restarted(config: Config, store: Store, clock: FastClock, runner: Runner) -> Daemon:
    runner.busy = ""
    return Daemon(config, store, clock, runner)


def typed(config: Config, clock: FastClock, vendors: Vendors, name: str, times: int = 1) -> None:
    """``eink-monitor poll NAME`` in another terminal, so many times."""
    store = Store(config.database, config.zone, durable=False)
    try:
        runner, intake = Runner(vendors, clock), Intake(config, store)
        fetching = Fetching(intake, store, clock, runner, lambda error: pytest.fail(str(error)))
        for _ in range(times):
            fetching.poll_now(name)
        store.flush()
    except Trouble as error:
        pytest.fail(str(error))
    finally:
        store.close()


def test_a_whole_year(tmp_path: Path) -> None:
    """The roof as often as it may be; cars seldom, but for people who poll by hand, and restarts, at random times."""
    text = HOUSE.replace("every: 15m", "every: 6h").replace("every: 5m", "every: 6h")
    config, vendors, random = house(tmp_path, text), Vendors(), Random(3)
    clock = FastClock(midnight(date(2026, 1, 1), config.zone))
    end = midnight(date(2027, 1, 1), config.zone)
    store = Store(config.database, config.zone, durable=False)
    runner = Runner(vendors, clock)
    daemon = Daemon(config, store, clock, runner)
    while clock.now() < end:
        live(daemon, min(end, clock.now() + int(random.expovariate(1 / (6 * DAY))) + 1))
        for name in random.sample(list(config.feeds), k=2):
            typed(config, clock, vendors, name, times=random.choice((1, 1, 50)))
        if random.random() < 0.5:
            daemon.stop()
        else:  # as a power cut: nothing is settled or written
            store.close()
            store = Store(config.database, config.zone, durable=False)
        daemon = restarted(config, store, clock, runner)
    daemon.stop()
    store.close()
    assert_nobody_was_asked_too_often(config, vendors)
    assert vendors.most(account(config, "i4"), DAY) == 45, "people did try"
    assert vendors.most(account(config, "enyaq"), HOUR) == 20
    days = Counter(f"{local(at, config.zone):%m-%d}" for at in vendors.calls[account(config, "i4")])
    assert len(days) > 350
    assert median(days.values()) == 8, "two cars, four times a day each"
    months = Counter(f"{local(at, config.zone):%m}" for at in vendors.calls[account(config, "roof")])
    assert min(months.values()) > 900
    last = max(at for at in vendors.calls[account(config, "roof")] if f"{local(at, config.zone):%m}" == "06")
    assert f"{local(last, config.zone):%d}" == "30", "the month's last day is served, too"


@pytest.mark.parametrize(("first", "seed"), [(date(2026, 3, 27), 1), (date(2026, 10, 23), 2)])
def test_restarts_and_impatient_people(tmp_path: Path, first: date, seed: int) -> None:
    """Days around a change of the clocks, and into the next month: killed at any moment, and polled by hand."""
    config, vendors, random = house(tmp_path), Vendors(), Random(seed)
    clock = FastClock(midnight(first, config.zone))
    end = clock.now() + 9 * DAY
    store = Store(config.database, config.zone, durable=False)
    runner = Runner(vendors, clock, random)
    daemon = Daemon(config, store, clock, runner)
    while clock.now() < end:
        live(daemon, clock.now() + int(random.expovariate(1 / (20 * MINUTE))) + 1)
        what, name = random.random(), random.choice(list(config.feeds))
        if what < 0.2:
            daemon.stop()
            daemon = restarted(config, store, clock, runner)
        elif what < 0.3:  # as a power cut: nothing is settled or written
            store.close()
            store = Store(config.database, config.zone, durable=False)
            daemon = restarted(config, store, clock, runner)
        elif what < 0.6 and not daemon.fetching.busy:
            typed(config, clock, vendors, name, times=random.choice((1, 1, 1, 30)))
    daemon.stop()
    store.close()
    assert_nobody_was_asked_too_often(config, vendors)
    assert vendors.most(account(config, "i4"), DAY) > 40, "people did try"
    assert vendors.most(account(config, "enyaq"), HOUR) == 20
