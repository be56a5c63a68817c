"""The price of power from five vendors: by the quarter hour, below zero, with gaps, and before tomorrow is known."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, MINUTE, FastClock, day_bounds, midnight
from eink_monitor.errors import AuthFailed, BadAnswer, Throttled, Trouble, Unavailable
from eink_monitor.model.outlook import Slot
from eink_monitor.model.reading import Metric, Reading
from eink_monitor.settings import Secret
from eink_monitor.sources import awattar, energy_charts, octopus, tibber
from eink_monitor.sources._columns import Sample, slots
from eink_monitor.sources._http.answer import Answer
from eink_monitor.sources._price import PriceSource, SpotSource, by_the_hour
from eink_monitor.sources.awattar import Awattar
from eink_monitor.sources.energy_charts import EnergyCharts
from eink_monitor.sources.entsoe import ZONES, EntsoE, document, is_code
from eink_monitor.sources.octopus import Octopus
from eink_monitor.sources.tibber import Tibber
from loopback import prices
from loopback.prices import BERLIN, QUARTER, TOKEN, price
from loopback.server import Said
from loopback.visits import Visitor

TODAY = date(2026, 6, 17)
MORNING = midnight(TODAY, BERLIN) + 9 * HOUR + 20 * MINUTE
Server = prices._Exchange
VENDORS: dict[str, tuple[type[Server], Callable[[str], PriceSource], Metric, int, float]] = {
    "energy_charts": (prices.EnergyChartsServer, lambda url: EnergyCharts(base_url=url), m.PRICE_EUR, QUARTER, 1),
    "awattar": (prices.AwattarServer, lambda url: Awattar(base_url=url), m.PRICE_EUR, HOUR, 1),
    "tibber": (
        prices.TibberServer,
        lambda url: Tibber(token=Secret(TOKEN), base_url=url),
        m.PRICE_SEK,
        QUARTER,
        1,
    ),
    "entsoe": (prices.EntsoEServer, lambda url: EntsoE(token=Secret(TOKEN), base_url=url), m.PRICE_EUR, QUARTER, 1),
    "octopus": (
        prices.OctopusServer,
        lambda url: Octopus(product="AGILE-24-10-01", region="C", base_url=url),
        m.PRICE_GBP,
        HOUR // 2,
        1.05,
    ),
}
each_vendor = pytest.mark.parametrize("name", VENDORS)


def days_from(now: int, count: int = 1) -> tuple[int, int]:
    from eink_monitor.clock import local  # noqa: PLC0415 - here only

    today = local(now, BERLIN).date()
    return day_bounds(today, BERLIN)[0], day_bounds(date.fromordinal(today.toordinal() + count - 1), BERLIN)[1]


class Shop:
    """A vendor with prices up to an instant, and somebody who asks it."""

    def __init__(self, name: str, tmp_path: Path, now: int = MORNING, days: int = 1, gap: int = 0) -> None:
        kind, source, self.metric, self.length, self.scale = VENDORS[name]
        self.server = kind(days_from(now, days)[1] if days else days_from(now)[0], gap)
        if isinstance(self.server, prices.TibberServer):
            self.server.now = now
        self.clock = FastClock(now)
        self.guest = Visitor(source(self.server.url), tmp_path, BERLIN, self.clock, 3600)

    def poll(self) -> list[Reading]:
        with self.server:
            return self.guest.poll()

    @property
    def slots(self) -> tuple[Slot, ...]:
        return self.guest.outlooks["roof", self.metric.name].slots


@each_vendor
def test_in_the_morning_today_is_known_and_that_is_no_fault(tmp_path: Path, name: str) -> None:
    shop = Shop(name, tmp_path)
    (reading,) = shop.poll()
    start, end = days_from(MORNING)
    assert (shop.slots[0].start, shop.slots[-1].end) == (start, end)
    assert {slot.end - slot.start for slot in shop.slots} == {shop.length}
    assert [slot.value for slot in shop.slots] == pytest.approx([price(slot.start) * shop.scale for slot in shop.slots])
    assert min(slot.value for slot in shop.slots) < 0
    now = MORNING - MORNING % shop.length
    assert (reading.metric, reading.at) == (shop.metric, now)
    assert reading.value == pytest.approx(price(now) * shop.scale)
    assert shop.guest.note == ""
    assert 0 < shop.guest.spent <= shop.guest.source.cost(shop.guest.visit())


@each_vendor
@pytest.mark.parametrize(("day", "hours"), [("2026-03-28", 24 + 23), ("2026-10-24", 24 + 25), ("2026-06-17", 48)])
def test_in_the_afternoon_tomorrow_is_known_however_long_it_is(tmp_path: Path, name: str, day: str, hours: int) -> None:
    afternoon = midnight(date.fromisoformat(day), BERLIN) + 15 * HOUR
    shop = Shop(name, tmp_path, afternoon, days=2)
    shop.poll()
    covered = sum(slot.end - slot.start for slot in shop.slots)
    assert covered == (hours * HOUR if name != "tibber" or hours != 49 else 48 * HOUR), "tibber's server tells 24 hours"
    assert shop.slots[0].start == days_from(afternoon)[0]


@each_vendor
def test_what_was_paid_since_the_last_time_is_told_once(tmp_path: Path, name: str) -> None:
    shop = Shop(name, tmp_path)
    with shop.server:
        assert len(shop.guest.poll()) == 1
        shop.clock.wait(2 * HOUR)
        later = shop.guest.poll()
        assert shop.guest.poll() == [], "nothing has begun since"
    first = MORNING - MORNING % shop.length
    assert [reading.at for reading in later] == list(range(first + shop.length, MORNING + 2 * HOUR + 1, shop.length))


@each_vendor
def test_nothing_is_published_at_all(tmp_path: Path, name: str) -> None:
    shop = Shop(name, tmp_path, days=0)
    if name == "energy_charts":
        with pytest.raises(Unavailable, match="no prices for DE-LU today"):
            shop.poll()
        return
    assert shop.poll() == []
    assert shop.guest.outlooks == {}
    assert shop.guest.note == "no price is published for now"


@pytest.mark.parametrize("name", ["energy_charts", "awattar", "tibber"])
def test_a_price_that_is_not_told_is_a_gap(tmp_path: Path, name: str) -> None:
    gap = MORNING - MORNING % HOUR + HOUR
    shop = Shop(name, tmp_path, gap=gap)
    shop.poll()
    outlook = shop.guest.outlooks["roof", shop.metric.name]
    assert outlook.slot(gap) is None
    assert outlook.slot(gap - 1)
    assert outlook.slot(gap + shop.length)


@each_vendor
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (Said(500, b""), Unavailable),
        (Said(429, b""), Throttled),
        (Said(401, b"no"), AuthFailed),
        (Said(200, b"{"), BadAnswer),
        (Said(200, b'{"data": 5}'), BadAnswer),
        (Said(200, b"\xff\xfe"), BadAnswer),
    ],
)
def test_faults_have_a_word(tmp_path: Path, name: str, said: Said, kind: type[Trouble]) -> None:
    shop = Shop(name, tmp_path)
    shop.server.fault = said
    with pytest.raises(kind) as caught:
        shop.poll()
    assert TOKEN not in str(caught.value) + repr(shop.guest.source)


# -- the formula -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("spot", "paid"), [(0.1, 0.29988), (0.0, 0.18088), (-0.2, -0.05712)])
def test_one_pays_the_price_with_charges_and_vat(spot: float, paid: float) -> None:
    source: SpotSource = EnergyCharts(charges=0.152, vat=19)
    (slot,) = source.paid([Slot(MORNING, MORNING + QUARTER, spot)])
    assert slot.value == pytest.approx(paid)


def test_a_supplier_may_bill_the_mean_of_an_hour() -> None:
    start = MORNING - MORNING % HOUR
    quarters = [Slot(start + n * QUARTER, start + (n + 1) * QUARTER, n) for n in range(6)]
    assert by_the_hour(quarters) == [Slot(start, start + HOUR, 1.5), Slot(start + HOUR, start + 2 * HOUR, 4.5)]
    assert len(Awattar(hourly=True).paid(quarters)) == 2


def test_what_is_probably_meant_otherwise_is_doubted() -> None:
    assert list(EnergyCharts(vat=0.19, zone="DE").doubts()) == [
        ("vat: 0.19 is less than 1 %", "write `vat: 19`"),
        ("DE is no bidding zone of its own", "write `zone: DE-LU`"),
    ]
    assert list(Awattar(vat=0.2).doubts()) == [("vat: 0.2 is less than 1 %", "write `vat: 20`")]
    assert [list(source.doubts()) for source in (EnergyCharts(vat=19), Awattar(), EnergyCharts(zone="AT"))] == [[]] * 3


@pytest.mark.parametrize(
    ("kind", "keys", "words"),
    [
        (EnergyCharts, {"charges": 15.5}, "15.5 ct"),
        (EnergyCharts, {"vat": 119}, "vat must be"),
        (EnergyCharts, {"zone": "DE/LU"}, "bidding zone"),
        (EnergyCharts, {"base_url": "ftp://x"}, "base_url"),
        (Awattar, {"base_url": "ftp://x"}, "base_url"),
        (EntsoE, {"token": Secret("x"), "zone": "DE"}, "zone must be one of"),
        (EntsoE, {"token": Secret("x"), "zone": "10Y1001A1001A82G"}, "zone must be one of"),
        (Tibber, {"token": Secret("x"), "home": 'h") {'}, "home must be"),
        (Tibber, {"token": Secret("x"), "charges": 50}, "charges"),
        (Octopus, {"product": "a/b", "region": "C"}, "product must be"),
        (Octopus, {"product": "AGILE", "region": "I"}, "region must be"),
    ],
)
def test_mistakes_are_told(kind: Callable[..., PriceSource], keys: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        kind(**keys)


# -- each by itself --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        (prices.EnergyChartsServer.licence, "SMARD.de, Energy-Charts (CC BY 4.0)"),
        ("for private and internal use only", "Energy-Charts (private use only)"),
        (None, "Energy-Charts (private use only)"),
    ],
)
def test_energy_charts_is_named_as_its_licence_wants(licence: object, said: str) -> None:
    assert energy_charts.attribution(licence) == said


def test_energy_charts_asks_for_today_alone_where_tomorrow_is_too_early(tmp_path: Path) -> None:
    shop = Shop("energy_charts", tmp_path)
    shop.poll()
    assert [one.params["end"] for one in shop.server.asked] == ["2026-06-18", "2026-06-17"]


def test_energy_charts_in_another_unit_is_refused() -> None:
    with pytest.raises(BadAnswer, match="a unit other than"):
        energy_charts.parse({"unit": "EUR / kWh", "unix_seconds": [], "price": []})


def test_tibbers_home_is_the_one_with_a_contract_or_the_one_named(tmp_path: Path) -> None:
    for home, works in (("", True), ("h2", True), ("h3", False)):
        shop = Shop("tibber", tmp_path)
        shop.guest.source = Tibber(token=Secret(TOKEN), base_url=shop.server.url, home=home, charges=0.1)
        if works:
            assert shop.poll()[0].value == pytest.approx(price(MORNING - MORNING % QUARTER) + 0.1)
            continue
        with pytest.raises(BadAnswer, match="does not know this home"):
            shop.poll()


def test_tibber_says_with_status_200_that_a_token_is_wrong(tmp_path: Path) -> None:
    shop = Shop("tibber", tmp_path)
    shop.guest.source = Tibber(token=Secret("wrong"), base_url=shop.server.url)
    with pytest.raises(AuthFailed, match="create a new one at developer"):
        shop.poll()


def test_tibber_in_a_currency_nobody_knows_is_refused(tmp_path: Path) -> None:
    shop = Shop("tibber", tmp_path)
    shop.server.currency = "XAU"  # type: ignore[attr-defined]  # it is Tibber's
    with pytest.raises(BadAnswer, match="currency"):
        shop.poll()


def test_the_codes_of_entsoe_check() -> None:
    assert all(is_code(code) for code in ZONES.values())
    assert not is_code("10YAT_APG------L")


@pytest.mark.parametrize("status", [200, 400])
def test_entsoe_acknowledges_that_there_is_nothing(tmp_path: Path, status: int) -> None:
    shop = Shop("entsoe", tmp_path, days=0)
    shop.server.nothing = status  # type: ignore[attr-defined]  # it is ENTSO-E's
    assert shop.poll() == []
    shop = Shop("entsoe", tmp_path)
    shop.guest.source = EntsoE(token=Secret(TOKEN), zone="AT", base_url=shop.server.url)
    with pytest.raises(BadAnswer, match="check zone"):
        shop.poll()


def test_entsoe_refuses_a_document_of_entities() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "a">]><a>&a;</a>'
    for body in (bomb, bomb.decode().encode("utf-16"), b"<a/>", b""):
        with pytest.raises(BadAnswer, match="not a price document"):
            document.prices(Answer("ENTSO-E", 200, {}, body), MORNING, {})


def test_octopus_tells_in_pages(tmp_path: Path) -> None:
    shop = Shop("octopus", tmp_path)
    shop.server.page = 40  # type: ignore[attr-defined]  # it is Octopus's
    shop.poll()
    assert len(shop.slots) == 48
    assert len(shop.server.asked) == 3


def test_a_tariff_without_an_end_holds_for_two_days_and_is_fresh(tmp_path: Path) -> None:
    shop = Shop("octopus", tmp_path)
    shop.server.flat = True  # type: ignore[attr-defined]  # it is Octopus's
    (reading,) = shop.poll()
    assert reading.value == pytest.approx(0.21)
    assert reading.at == MORNING - MORNING % HOUR
    assert [slot.end - slot.start for slot in shop.slots] == [2 * DAY]


def test_where_an_instant_is_missing_there_is_a_gap() -> None:
    found = slots([Sample(at * 900, 1.0) for at in (0, 1, 2, 4, 5)])
    assert [(slot.start // 900, slot.end // 900) for slot in found] == [(0, 1), (1, 2), (2, 3), (4, 5), (5, 6)]
    assert slots([Sample(900, 1.0)]) == [Slot(900, 4500, 1.0)]
    assert slots([]) == slots([Sample(900, None)]) == []


# -- whatever they say -----------------------------------------------------------------------------------------------

ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just([1]) | st.just({"a": 1})
PARSERS: dict[str, Callable[[Any], object]] = {
    "energy_charts": energy_charts.parse,
    "awattar": awattar.parse,
    "tibber": lambda said: tibber.parse(tibber.judged(Answer("x", 200, {}, json.dumps(said).encode()), MORNING)),
    "octopus": lambda said: octopus.parse(octopus._results(said), days_from(MORNING, 2)),
}


def recorded(name: str, tmp_path: Path) -> bytes:
    """What the vendor answers."""
    shop = Shop(name, tmp_path)
    shop.poll()
    return shop.server.answer(shop.server.asked[-1]).content()


def places(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value[:3]))
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return {name: recorded(name, tmp_path_factory.mktemp("x")) for name in VENDORS}


@given(st.data())
def test_anything_may_stand_anywhere(answers: dict[str, bytes], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(PARSERS)))
    said = json.loads(answers[name])
    *way, last = data.draw(st.sampled_from(places(said)[1:]))
    spoilt = copy.deepcopy(said)
    inner: Any = spoilt
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(ODD)
    try:
        PARSERS[name](spoilt)
    except (BadAnswer, Unavailable):
        return


@given(st.data())
def test_any_piece_of_xml_may_be_missing(answers: dict[str, bytes], data: st.DataObject) -> None:
    text = answers["entsoe"]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    spoilt = text[:start] + data.draw(st.sampled_from([b"", b"-", b"9" * 30, b"\xff", b"<a/>"])) + text[end:]
    try:
        slots = document.prices(Answer("ENTSO-E", 200, {}, spoilt), MORNING, {})
    except BadAnswer:
        return
    assert all(slot.start < slot.end for slot in slots)
