"""What breaks between a house and its vendors: the poll ends, the others go on, the panel says so, and it passes.

The resolver, the sockets, TLS and the polls' processes are real, on loopback; only the clock is fast.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

from eink_monitor.clock import DAY, HOUR, MINUTE
from eink_monitor.daemon.polls import Forked
from eink_monitor.metrics import PV_POWER
from eink_monitor.model.poll import Visit
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.model.source import Source
from eink_monitor.panels._faults import fault
from eink_monitor.panels.health import Health
from eink_monitor.sources._http.trust import trust
from eink_monitor.sources._http.web import Web
from faults.ordeal import DEADLINE, Hurried, Near, Ordeal, on_the_panel
from loopback.faults import FAULTS
from loopback.network import Authority, NameServer, Vendor, names_from
from small_house import START, Small, feed, slide, small_house

Blank = Callable[[Path], Path]


@dataclass
class Cloud(Source):
    """One question to a vendor by the client that all cloud sources share."""

    url: str

    metrics: ClassVar[tuple[Metric, ...]] = (PV_POWER,)

    def poll(self, visit: Visit) -> Iterable[Reading]:
        document = Web(self.url, "the vendor", visit).get("/now", cost=0).json()
        assert isinstance(document, dict)
        return [Reading(visit.subject, PV_POWER, document["value"], visit.now)]


@dataclass
class Net:
    """A house, its vendor, and all that is between them."""

    house: Small
    clock: Hurried
    names: NameServer
    vendor: Vendor
    certificates: dict[str, ssl.SSLContext] = field(default_factory=dict)

    def break_by(self, way: str) -> None:
        """Begin a fault; an empty one ends it."""
        self.vendor.fault = FAULTS["captive portal"] if way == "captive portal" else None
        if way in self.vendor.breaks:
            self.vendor.fault = way
        if way in self.certificates:
            self.vendor.context = self.certificates[way]
        self.clock.hangs = self.names.mute = way == "a name server that is silent"
        self.clock.hangs |= way in self.vendor.breaks
        (self.names.stop if way == "no network" else self.names.start)()


@pytest.fixture
def named() -> Iterator[NameServer]:
    with NameServer() as names, names_from(names.port):
        yield names


@pytest.fixture
def build(tmp_path: Path, blank: Blank, named: NameServer) -> Iterator[Callable[..., Net]]:
    """Makes a house of one vendor and one neighbour; ``every`` is the pace of both."""
    houses = []

    def make(vendor: Vendor, every: int = 300) -> Net:
        clock = Hurried(START)
        clock.victim = "cloud"
        feeds = [
            feed("cloud", Cloud(vendor.url), every, DEADLINE),
            feed("near", Near(), every, DEADLINE),
        ]
        house = small_house(
            blank(tmp_path / "readings.db"), feeds, [slide("health", Health())], clock=clock, runner=Forked
        )
        clock.house = house
        houses.append(house)
        return Net(house, clock, named, vendor)

    yield make
    for house in houses:
        house.daemon.stop()
        house.store.close()


def suffers(net: Net, way: str, length: int, sentence: str, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of that length, from its beginning to its end."""
    answers = net.vendor.answers
    begin, mend = partial(net.break_by, way), partial(net.break_by, "")
    what = "unreachable" if way in {"no network", "a bad certificate"} else "unavailable"
    Ordeal(net.house, "cloud", begin, mend, length, what, sentence).suffer(caplog)
    assert net.vendor.answers > answers


NAMES = "the vendor: the address cannot be looked up"
SLOW = "the vendor: the server did not answer in time"
LATE = "cloud: no answer within 1m"


@pytest.mark.parametrize(
    ("way", "length", "every", "sentence"),
    [
        ("no network", HOUR, 300, NAMES),
        ("no network", 7 * DAY, 4 * HOUR, NAMES),
        ("a name server that is silent", 20 * MINUTE, 300, LATE),
        ("captive portal", HOUR, 300, "the vendor: a web page answered instead"),
        ("drip headers", 20 * MINUTE, 300, LATE),
        ("silent", 20 * MINUTE, 300, LATE),
        ("reset", HOUR, 300, "the vendor: the server dropped the connection"),
    ],
)
def test_it_passes(
    build: Callable[..., Net], caplog: pytest.LogCaptureFixture, *, way: str, length: int, every: int, sentence: str
) -> None:
    with Vendor() as vendor:
        net = build(vendor, every)
        net.house.live(MINUTE)
        assert net.vendor.answers == 1
        suffers(net, way, length, sentence, caplog)


@pytest.mark.parametrize("way", ["no network", "a name server that is silent", "captive portal"])
def test_a_start_without_a_network(build: Callable[..., Net], way: str, caplog: pytest.LogCaptureFixture) -> None:
    sentences = {"no network": NAMES, "captive portal": "the vendor: a web page answered instead"}
    with Vendor() as vendor:
        net = build(vendor)
        suffers(net, way, 15 * MINUTE, sentences.get(way, LATE), caplog)
        assert net.house.wall.shown[0][0] == START, "the first frame waits for nothing"


def test_a_network_that_comes_after_two_minutes(build: Callable[..., Net]) -> None:
    """At a source that would wait an hour; every panel says so from the first failure on, and the call was free."""
    with Vendor() as vendor:
        net = build(vendor, HOUR)
        net.break_by("no network")
        net.house.live(1)
        house, now = net.house.daemon.house, net.house.clock.now
        trouble = house.trouble("cloud")
        assert trouble is not None
        assert fault(trouble, now(), house) == "no connection since 20:26"
        net.house.live(2 * MINUTE)
        net.break_by("")
        assert on_the_panel(net.house)[0] == "Health · 1 fault"
        net.house.live(5 * MINUTE)
        assert vendor.answers == 1
        assert house.trouble("cloud") is None
        assert on_the_panel(net.house)[0] == "Health · all well"


UNTRUSTED = "the vendor: the certificate is not trusted"


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [
        ({"days": -1}, "the vendor: the certificate is not valid today"),
        ({"own": False}, UNTRUSTED),
        ({"host": "portal.test"}, UNTRUSTED),
    ],
    ids=["expired", "signed by a stranger", "of another host"],
)
def test_a_certificate_that_proves_nothing(
    build: Callable[..., Net],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    certificate: dict[str, object],
    sentence: str,
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))  # read by the child that polls
    trust.cache_clear()
    good, bad = authority.context(), authority.context(**certificate)  # type: ignore[arg-type]
    with Vendor(good) as vendor:
        net = build(vendor)
        net.house.live(MINUTE)
        assert net.vendor.answers == 1
        net.certificates = {"a bad certificate": bad, "": good}
        suffers(net, "a bad certificate", HOUR, sentence, caplog)
