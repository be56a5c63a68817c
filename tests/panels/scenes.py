"""The scenes every golden image shows: a panel, a house and an instant each."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from eink_monitor import metrics as m
from eink_monitor.clock import DAY, HOUR, MINUTE, local, midnight
from eink_monitor.model.frame import Wear
from eink_monitor.model.listing import Item, Listing
from eink_monitor.model.outlook import ForecastDay, Outlook, Slot
from eink_monitor.model.panel import Panel
from eink_monitor.model.reading import Metric
from eink_monitor.panels._names import MetricName
from eink_monitor.panels._tile import Tile
from eink_monitor.panels.battery import Battery
from eink_monitor.panels.car import Car
from eink_monitor.panels.chart import Chart
from eink_monitor.panels.disk import Disk
from eink_monitor.panels.energy import Energy
from eink_monitor.panels.flow import Flow
from eink_monitor.panels.forecast import Forecast
from eink_monitor.panels.grid import Grid
from eink_monitor.panels.health import Health
from eink_monitor.panels.history import DailyHistory
from eink_monitor.panels.list import ListPanel
from eink_monitor.panels.number import Number
from eink_monitor.panels.overview import Overview
from eink_monitor.panels.price import Price
from eink_monitor.panels.solar import Solar
from eink_monitor.panels.tiles import Tiles
from eink_monitor.panels.weather import Weather
from eink_monitor.settings import Duration
from paper_house import BERLIN, PaperHouse, feed

NOW = int(datetime(2026, 6, 16, 14, 34, tzinfo=BERLIN).timestamp())  # a Tuesday
AT = NOW - 2 * MINUTE
ROOF = {
    m.PV_POWER: 3120,
    m.LOAD_POWER: 640,
    m.GRID_POWER: -980,
    m.STORAGE_POWER: 1500,
    m.STORAGE_SOC: 67,
    m.PRODUCTION_TODAY: 18_400,
    m.CONSUMPTION_TODAY: 9_300,
    m.SELF_CONSUMPTION_TODAY: 11_200,
    m.FEED_IN_TODAY: 7_200,
    m.PURCHASED_TODAY: 430,
    m.PRODUCTION_MONTH: 312_000,
    m.PRODUCTION_YEAR: 4_130_000,
    m.PRODUCTION_LIFETIME: 31_200_000,
}
ENYAQ = {m.SOC: 72, m.TARGET_SOC: 80, m.RANGE: 312, m.PLUGGED: 1, m.CHARGING: 0}
GTE = {m.SOC: 100, m.RANGE: 51, m.FUEL: 33, m.PLUGGED: 0}
CHARGE = {m.CHARGING: 1, m.CHARGING_POWER: 11_000, m.TIME_TO_FULL: 66}
DAYS = (12_100, 7_900, 19_800, 9_700, 6_400, 17_900, 30_600, 0, 28_100, 27_200, 10_600, 20_300, 12_700)


BMW_DOOR, ROOF_DOOR = "customer.bmwgroup.com/oneid/link", "connect.solaredge.com"


GLASS = ((250, 122), (212, 104), (296, 128), (264, 176), (400, 300), (800, 480))
"""Every size in pixels that panels are drawn for; the first is the one that all goldens have."""
ON_ALL_GLASS = (
    *("solar-full", "flow-full", "battery-stale", "grid-one-old", "car-full", "disk-alarm", "health-faults"),
    *("overview-full", "forecast-full", "price-full", "weather-full", "list-full", "list-many"),
)
"""The scenes that have goldens for every size."""


class Scene(NamedTuple):
    """What to draw, from what, and when."""

    panel: Panel
    house: PaperHouse
    now: int = NOW


def roof(values: Mapping[Metric, float] | None = None, at: int = AT, without: tuple[Metric, ...] = ()) -> PaperHouse:
    """A roof with a sunny morning, clouds at noon and thirteen days of history, one of them lost."""
    house = PaperHouse(gap_seconds=45 * MINUTE)
    start = midnight(local(at, BERLIN).date(), BERLIN)
    for quarter in range((at - start) // (15 * MINUTE) + 1):
        hour = quarter / 4
        sun = max(0.0, math.sin((hour - 5.5) / 15.5 * math.pi)) * 5200
        clouds = 1 - 0.5 * math.sin((hour - 11.5) / 2.2 * math.pi) ** 2 if 11.5 < hour < 13.7 else 1
        house.add("roof", m.PV_POWER, [(start + quarter * 15 * MINUTE, sun * clouds)])
    for back, energy in enumerate(reversed(DAYS), start=1):
        if energy:
            noon = at - back * DAY
            house.add("roof", m.PRODUCTION_TODAY, [(noon, energy)]).add(
                "roof", m.CONSUMPTION_TODAY, [(noon, 9000 + energy / 9)]
            )
    known = {metric: value for metric, value in {**ROOF, **(values or {})}.items() if metric not in without}
    return house.set("roof", at, known)


def car(name: str, values: Mapping[Metric, float]) -> PaperHouse:
    """A car and nothing else."""
    return PaperHouse(labels={"car": name}, patience_seconds=DAY).set("car", AT, values)


LITRES = {m.FUEL_VOLUME: 48, m.RANGE: 760, m.ODOMETER: 57093}


def disk(used: float = 1588e9, growth: float = 2.1e9, backup: int = 5 * HOUR, days: int = 20) -> PaperHouse:
    """A disk of 2 TB that fills by ``growth`` a day."""
    house = PaperHouse(labels={"nas:/backup": "Backup disk"})
    for back in range(days, 0, -1):
        house.add("nas:/backup", m.DISK_USED, [(AT - back * DAY, used - back * growth)])
    values = {m.DISK_SIZE: 2000e9, m.DISK_USED: used, m.DISK_FREE: 2000e9 - used, m.NEWEST_BACKUP: AT - backup}
    return house.set("nas:/backup", AT, values)


def elsewhere(backup: int) -> PaperHouse:
    """A folder of which only the newest file is known."""
    return PaperHouse(labels={"nas:/backup": "Backup disk"}).set("nas:/backup", AT, {m.NEWEST_BACKUP: AT - backup})


def mounted(house: PaperHouse, state: int, at: int = AT) -> PaperHouse:
    """The same disk in another state, with its numbers as they last were."""
    return replace(house, readings=dict(house.readings)).set("nas:/backup", at, {m.DISK_STATE: state})


def aged(house: PaperHouse, by: Mapping[Metric, int]) -> PaperHouse:
    """The same house, in which some figures were last measured so many seconds before the rest; later ones are gone."""
    readings = dict(house.readings)
    for (subject, name), points in house.readings.items():
        back = next((back for metric, back in by.items() if metric.name == name), 0)
        if back:
            at, value = points[-1]
            readings[subject, name] = [*(point for point in points if point[0] < at - back), (at - back, value)]
    return replace(house, readings=readings)


def troubled(house: PaperHouse, what: str, door: str = "", renews: str = "", **changes: int) -> PaperHouse:
    """The same house with every feed failing in one way."""
    status = feed("roof", what)._replace(door=door, renews=renews, **changes)  # type: ignore[arg-type]  # the fields that are times
    return replace(house, troubles=dict.fromkeys(("roof", "car", "nas:/backup", "price", "weather"), status))


def feeds(count: int, *faults: str) -> PaperHouse:
    """A house of so many feeds, the last of them failing."""
    names = ("Roof", "Škoda Enyaq", "BMW i3", "Backup disk", "Wallbox", "Heat pump", "e-up!", "Weather", "NAS", "Polo")
    all_feeds = []
    for number, name in enumerate(names[:count]):
        fault = dict(enumerate(reversed(faults))).get(count - 1 - number, "ok")
        sentence = "BMW CarData has ended the sign-in; sign in again: eink-monitor login bmw" if fault == "auth" else ""
        status = feed(name, fault, sentence, at=AT, since=AT - 3 * HOUR, due=AT + HOUR, ok_at=AT - DAY)
        quota = (37 + number, 2000 if number == 0 else 50) if number % 3 == 0 else (None, None)
        measured = AT - 7 * MINUTE * (number + 1) ** 2
        all_feeds.append(status._replace(label=name, measured_at=measured, calls_used=quota[0], calls_limit=quota[1]))
        all_feeds[-1] = all_feeds[-1]._replace(door=BMW_DOOR, patience=DAY if number else 90 * MINUTE)
    return PaperHouse(statuses=all_feeds)


def counted(cut: Collection[int]) -> PaperHouse:
    """A roof whose counter is read every hour until eight in the evening; some days ago only until noon."""
    house = PaperHouse().add("roof", m.PRODUCTION_TODAY, [(AT, 7_000)])
    today = local(NOW, BERLIN).date()
    for back in range(1, len(DAYS) + 1):
        start = midnight(today - timedelta(days=back), BERLIN)
        hours = range(6, 13 if back in cut else 21)
        points = [(start + hour * HOUR, DAYS[back - 1] * (hour - 5) / 15) for hour in hours]
        house.add("roof", m.PRODUCTION_TODAY, points)
    return house


def warned(house: PaperHouse) -> PaperHouse:
    """The same feeds, of which the third will soon want a person."""
    sentence = "BMW sign-in expires in 2 days; sign in again: eink-monitor login i3"
    changed = [status._replace(warning=sentence if number == 2 else "") for number, status in enumerate(house.statuses)]
    return replace(house, statuses=changed)


def refused(house: PaperHouse) -> PaperHouse:
    """The same feeds, of which those that want a person want a new key."""
    changed = [status._replace(door="go.skoda.eu/api-keys", renews="API key") for status in house.statuses]
    return replace(house, statuses=changed)


def unmounted(house: PaperHouse) -> PaperHouse:
    """The same feeds, of which the last finds no disk."""
    *others, last = house.statuses
    lost = last._replace(lack="not mounted", detail="nothing is mounted at /mnt/backups")
    return replace(house, statuses=[*others, lost])


def silent(house: PaperHouse, *ages: int | None) -> PaperHouse:
    """The same feeds, of which the first were well when polled, but have measured nothing since, or ever."""
    changed = list(house.statuses)
    for number, old in enumerate(ages):
        changed[number] = changed[number]._replace(measured_at=None if old is None else AT - old)
    return replace(house, statuses=changed)


def two_doors() -> PaperHouse:
    """A roof that is read from its inverter and from the cloud, and a car."""
    cloud, inverter, car = feeds(3).statuses
    cloud = cloud._replace(label="cloud", measured_at=AT - 31 * MINUTE)
    inverter = inverter._replace(label="inverter", measured_at=AT, shown=True)
    return PaperHouse(statuses=[cloud, inverter, car])


def slots(subject: str, metric: Metric, values: Iterable[float], start: int, every: int = HOUR) -> Outlook:
    """An outlook of equal slots, issued three hours ago."""
    said = (Slot(start + number * every, start + (number + 1) * every, value) for number, value in enumerate(values))
    return Outlook(subject, metric, NOW - 3 * HOUR, tuple(said), "Open-Meteo")


def home() -> PaperHouse:
    """A house that has everything."""
    house = replace(roof(), patience_seconds=DAY)
    house.labels.update({"roof": "Roof", "car": "Škoda Enyaq", "hybrid": "Passat GTE", "nas:/backup": "Backup disk"})
    house.set("car", AT, {**ENYAQ, **CHARGE}).set("hybrid", AT - HOUR, GTE)
    house.set("nas:/backup", AT, {m.DISK_FREE: 412e9, m.DISK_SIZE: 2000e9, m.NEWEST_BACKUP: AT - 5 * HOUR})
    return house.set("price", AT, {m.PRICE_EUR: 0.243}).set("weather", AT, {m.OUTDOOR_TEMPERATURE: 21.4})


def garden() -> PaperHouse:
    """A thermometer with a frosty night."""
    curve = [(back, 9 + 12 * math.sin((26 - back / 4) / 12 * math.pi)) for back in range(97)]
    points = [(AT - back * 15 * MINUTE, value) for back, value in curve]
    return PaperHouse(labels={"garden": "Garden"}).add("garden", m.OUTDOOR_TEMPERATURE, points)


def year() -> PaperHouse:
    """Two years and a half of sunny and dark days."""
    days = ((AT - back * DAY, 9_000 - 8_000 * math.cos((167 - back) / 365 * 2 * math.pi)) for back in range(1, 900))
    return PaperHouse().add("roof", m.PRODUCTION_TODAY, [*days, (AT, 18_400)])


DAYTIME = [max(0.0, math.sin((hour - 5.0) / 15.5 * math.pi)) for hour in range(24)]


def foretold(tomorrow: float = 2900, after: float = 5600, days: int = 12) -> PaperHouse:
    """A roof whose sun is foretold for three days, hour by hour, and was for some before."""
    house, start = roof(), midnight(local(NOW, BERLIN).date(), BERLIN)
    watts = [most * hour for most in (5000, tomorrow, after) for hour in DAYTIME]
    house.comparisons = [
        ForecastDay(local(NOW - back * DAY, BERLIN).date(), 18_000.0, 18_000 * (0.8 + back % 3 * 0.2))
        for back in range(days, 0, -1)
    ]
    return house.expect(slots("roof", m.PV_POWER, watts, start))


def priced(until: int = 48) -> PaperHouse:
    """Prices of today and tomorrow, with a windy night below zero."""
    start = midnight(local(NOW, BERLIN).date(), BERLIN)
    prices = [0.22 + 0.11 * math.cos((hour - 19) / 6 * math.pi) - 0.16 * (23 < hour < 30) for hour in range(until)]
    return PaperHouse(labels={"price": "Power"}).expect(slots("price", m.PRICE_EUR, prices, start))


def sky(measured: float | None = 21.4) -> PaperHouse:
    """The weather of five days."""
    start, house = midnight(local(NOW, BERLIN).date(), BERLIN), PaperHouse(labels={"weather": "Home"})
    high, low = (24, 19, 27.2, 30, 1, 5), (11, 9, 15, 17, -4, 0)
    for metric, values in {m.DAY_WEATHER: (2, 61, 95, 0, 71, 3), m.DAY_HIGH: high, m.DAY_LOW: low}.items():
        house.expect(slots("weather", metric, values, start, DAY))
    house.expect(slots("weather", m.WEATHER_CODE, [2] * 60, start))
    house.expect(
        slots(
            "weather",
            m.OUTDOOR_TEMPERATURE,
            [17 + 7 * math.sin((hour - 9) / 12 * math.pi) for hour in range(60)],
            start,
        )
    )
    house.expect(slots("weather", m.PRECIPITATION, [0.3] * 60, start))
    return house if measured is None else house.set("weather", AT, {m.OUTDOOR_TEMPERATURE: measured})


PARCELS = (
    Item("Running shoes", "GLS", NOW + 20 * HOUR, NOW + 22 * HOUR, "in delivery"),
    Item("Coffee grinder", "DHL", None, NOW + 2 * DAY, "in transit"),
    Item("Garden hose, 25 m", "FAN Courier", NOW + 5 * DAY, None, "ordered"),
)
HELD = Item("Solar cable", "held at customs", NOW - 3 * DAY, None, "needs papers", stuck=True)
MANY = (
    *PARCELS,
    HELD,
    Item("Birthday present for Grandma, with a card", "DPD", NOW + 4 * HOUR, NOW + 6 * HOUR, "in delivery"),
    Item("Printer paper", "DHL", NOW - 2 * DAY, None, "delivered"),
    Item("Spare parts", state="announced"),
    Item("Books", "Post", NOW + 9 * DAY, None, "preparing"),
    Item("Wine", "at the neighbour's", NOW - 26 * HOUR, None, "not at home", stuck=True),
)


def listed(*items: Item, at: int = AT, more: int = 0, name: str = "parcels", label: str = "Parcels") -> PaperHouse:
    """A list of that name and nothing else."""
    return PaperHouse(labels={"post": label}).enlist(Listing("post", name, at, items, more))


def mute(house: PaperHouse) -> PaperHouse:
    """The same with a source that does not answer any more."""
    return replace(house, troubles={"post": feed("post", "unavailable", since=NOW - HOUR)})


FOUR = (("roof", m.PV_POWER), ("roof", m.GRID_POWER), ("roof", m.STORAGE_SOC), ("car", m.SOC))
TWO = (("roof", m.PV_POWER), ("hybrid", m.SOC))


ORDERS = Metric("orders_today", "orders", 1, 0, 1e6, "orders today", daily=True)
SALES = Metric("sales_today", "EUR", 0.01, 0, 1e7, "sales today", daily=True)
for declared in (ORDERS, SALES):
    m.declare(declared)


def shop(weeks: int = 8) -> PaperHouse:
    """A shop on a Tuesday afternoon, and how its Tuesdays went."""
    house = PaperHouse(labels={"shop": "Shop"})
    for week in range(weeks, -1, -1):
        day = local(AT, BERLIN).date() - timedelta(weeks=week)
        start, until = midnight(day, BERLIN), AT if not week else midnight(day, BERLIN) + DAY - 1
        for at in range(start + 7 * MINUTE, until + 1, 15 * MINUTE):
            orders = int((at - start) / DAY * (30 + 7 * (week * 5 % 4)))
            house.add("shop", ORDERS, [(at, orders)])
            house.add("shop", SALES, [(at, round(orders * 29.9 + week, 2))])
    return house.set("shop", AT, {ORDERS: 31, SALES: 926.9})


def tiles(*figures: tuple[str, Metric]) -> tuple[Tile, ...]:
    """What stands on tiles, as the configuration has it."""
    return tuple(Tile(subject, MetricName(metric.name)) for subject, metric in figures)


EVENING = {m.PV_POWER: 0, m.LOAD_POWER: 2310, m.GRID_POWER: 860, m.STORAGE_POWER: -1450, m.STORAGE_SOC: 31}
LATE = NOW + 4 * HOUR
NIGHT = NOW + 8 * HOUR
MORNING = midnight(local(NOW, BERLIN).date(), BERLIN) + 3 * MINUTE
NOTHING = PaperHouse(labels={"car": "Škoda Enyaq", "nas:/backup": "Backup disk"})
DISK = Disk("nas:/backup")

SCENES: dict[str, Scene] = {
    "solar-key": Scene(Solar("roof"), troubled(roof(), "auth", "developer.solaredge.com", "API key", ok_at=AT)),
    "solar-full": Scene(Solar("roof"), roof()),
    "solar-one-old": Scene(Solar("roof"), aged(roof(), {m.PRODUCTION_TODAY: 4 * HOUR, m.PRODUCTION_YEAR: 80 * DAY})),
    "solar-empty": Scene(Solar("roof"), NOTHING),
    "solar-empty-fault": Scene(Solar("roof"), troubled(NOTHING, "auth", ROOF_DOOR)),
    "solar-stale": Scene(Solar("roof"), roof(), LATE),
    "solar-sign-in": Scene(Solar("roof"), troubled(roof(), "auth", ROOF_DOOR, ok_at=AT), LATE),
    "solar-night": Scene(Solar("roof", title="Our little power station"), roof(EVENING, at=AT + 8 * HOUR), NIGHT),
    "solar-midnight": Scene(Solar("roof"), roof(at=MORNING - 10 * MINUTE), MORNING),
    "solar-clock-wrong": Scene(Solar("roof"), roof(), NOW - 40 * DAY),
    "flow-full": Scene(Flow("roof"), roof()),
    "flow-evening": Scene(Flow("roof"), roof(EVENING)),
    "flow-no-battery": Scene(Flow("roof"), roof(without=(m.STORAGE_POWER, m.STORAGE_SOC))),
    "flow-one-old": Scene(Flow("roof"), aged(roof(), {m.STORAGE_POWER: 3 * DAY})),
    "flow-house-old": Scene(Flow("roof"), aged(roof(), {m.LOAD_POWER: 3 * DAY, m.STORAGE_SOC: 3 * DAY})),
    "flow-empty": Scene(Flow("roof"), NOTHING),
    "flow-stale": Scene(Flow("roof"), troubled(roof(), "throttled", due=LATE + HOUR), LATE),
    "battery-full": Scene(Battery("roof"), roof()),
    "battery-discharging": Scene(Battery("roof"), roof(EVENING)),
    "battery-resting": Scene(Battery("roof"), roof({m.STORAGE_SOC: 100, m.STORAGE_POWER: 4})),
    "battery-one-old": Scene(Battery("roof"), aged(roof(), {m.STORAGE_POWER: 5 * HOUR})),
    "battery-empty": Scene(Battery("roof"), NOTHING),
    "battery-stale": Scene(Battery("roof"), roof(), LATE),
    "grid-full": Scene(Grid("roof"), roof()),
    "grid-importing": Scene(Grid("roof"), roof(EVENING)),
    "grid-balance": Scene(Grid("roof"), roof({m.GRID_POWER: -3})),
    "grid-one-old": Scene(Grid("roof"), aged(roof(), {m.FEED_IN_TODAY: 4 * HOUR})),
    "grid-silent": Scene(Grid("roof"), aged(roof(), {m.GRID_POWER: 3 * HOUR})),
    "grid-empty": Scene(Grid("roof"), NOTHING),
    "grid-stale": Scene(Grid("roof"), troubled(roof(), "unavailable", since=LATE - 3 * HOUR), LATE),
    "energy-full": Scene(Energy("roof"), roof()),
    "energy-midnight": Scene(Energy("roof"), roof(at=MORNING - 10 * MINUTE), MORNING),
    "energy-one-old": Scene(Energy("roof"), aged(roof(), {m.CONSUMPTION_TODAY: 4 * HOUR})),
    "energy-empty": Scene(Energy("roof"), NOTHING),
    "energy-stale": Scene(Energy("roof"), troubled(roof(), "gone"), LATE),
    "history-full": Scene(DailyHistory("roof"), roof()),
    "history-consumption": Scene(DailyHistory("roof", metric="consumption", days=7), roof()),
    "history-month": Scene(DailyHistory("roof", days=31), roof()),
    "history-cut": Scene(DailyHistory("roof"), counted(cut=(3, 6))),
    "history-young": Scene(DailyHistory("roof"), PaperHouse().set("roof", AT, {m.PRODUCTION_TODAY: 18_400})),
    "history-one-old": Scene(DailyHistory("roof"), roof(), NOW + 21 * DAY),
    "history-empty": Scene(DailyHistory("roof"), NOTHING),
    "history-stale": Scene(DailyHistory("roof"), troubled(roof(), "bad-answer", since=LATE - HOUR), LATE),
    "solar-foretold": Scene(Solar("roof"), foretold()),
    "forecast-full": Scene(Forecast("roof"), foretold()),
    "forecast-young": Scene(Forecast("roof"), foretold(tomorrow=130, days=2)),
    "forecast-one-old": Scene(Forecast("roof"), aged(foretold(), {m.PRODUCTION_TODAY: 5 * HOUR, m.PV_POWER: 5 * HOUR})),
    "forecast-empty": Scene(Forecast("roof"), NOTHING),
    "forecast-stale": Scene(Forecast("roof"), troubled(foretold(), "unavailable", since=NOW - DAY), NOW + DAY),
    "price-full": Scene(Price("price"), priced()),
    "price-today": Scene(Price("price", best=Duration(HOUR)), priced(24)),
    "price-one-old": Scene(Price("price"), priced(), NOW + 20 * HOUR),
    "price-empty": Scene(Price("price"), NOTHING),
    "price-stale": Scene(Price("price"), troubled(priced(), "unreachable"), NOW + 2 * DAY),
    "list-full": Scene(ListPanel("post"), listed(*PARCELS[:2], HELD)),
    "list-three": Scene(ListPanel("post"), listed(*PARCELS)),
    "list-one": Scene(ListPanel("post"), listed(*PARCELS[:1])),
    "list-two": Scene(ListPanel("post"), listed(*PARCELS[:2])),
    "list-four": Scene(ListPanel("post"), listed(*PARCELS, MANY[4])),
    "list-many": Scene(ListPanel("post"), listed(*MANY, more=4)),
    "list-none": Scene(ListPanel("post"), listed()),
    "list-other": Scene(ListPanel("post", name="jobs"), listed(name="jobs", label="Workshop")),
    "list-one-old": Scene(ListPanel("post"), listed(PARCELS[0], MANY[5], MANY[6])),
    "list-empty": Scene(ListPanel("post"), PaperHouse()),
    "list-stale": Scene(ListPanel("post"), listed(*PARCELS), NOW + 9 * HOUR),
    "list-fault": Scene(ListPanel("post"), mute(listed(*MANY[:4]))),
    "weather-full": Scene(Weather("weather"), sky()),
    "weather-night": Scene(Weather("weather"), sky(None), NIGHT),
    "weather-one-old": Scene(Weather("weather"), aged(sky(), {m.OUTDOOR_TEMPERATURE: 5 * HOUR})),
    "weather-empty": Scene(Weather("weather"), NOTHING),
    "weather-stale": Scene(Weather("weather"), sky(), NOW + 14 * HOUR),
    "overview-full": Scene(Overview(), home()),
    "overview-four": Scene(Overview(tiles(*FOUR), title="Home"), home()),
    "overview-one-old": Scene(Overview(), aged(home(), {m.SOC: 3 * DAY, m.GRID_POWER: 2 * DAY})),
    "overview-empty": Scene(Overview(), NOTHING),
    "overview-stale": Scene(Overview(), replace(home(), statuses=feeds(2, "auth", "gone").statuses), NOW + 3 * DAY),
    "tiles-full": Scene(Tiles(tiles(*TWO)), home()),
    "tiles-three": Scene(Tiles(tiles(*FOUR[:3])), home()),
    "tiles-one-old": Scene(Tiles(tiles(*TWO)), aged(home(), {m.SOC: 3 * DAY})),
    "tiles-empty": Scene(Tiles(tiles(*TWO)), NOTHING),
    "tiles-stale": Scene(Tiles(tiles(*TWO)), home(), NOW + 3 * DAY),
    "number-full": Scene(Number("roof", metric=MetricName("pv_power")), roof()),
    "number-far": Scene(Number("car", metric=MetricName("odometer")), car("Taxi", {m.ODOMETER: 1_234_567})),
    "number-state": Scene(Number("car", metric=MetricName("plugged")), car("Škoda Enyaq", ENYAQ)),
    "number-temperature": Scene(Number("garden", metric=MetricName("outdoor_temperature")), garden()),
    "number-one-old": Scene(
        Number("roof", metric=MetricName("production_today")), aged(roof(), {m.PRODUCTION_TODAY: 5 * HOUR})
    ),
    "number-shop": Scene(Number("shop", metric=MetricName("orders_today")), shop()),
    "number-sales": Scene(Number("shop", metric=MetricName("sales_today")), shop()),
    "tiles-shop": Scene(Tiles(tiles(("shop", ORDERS), ("shop", SALES))), shop()),
    "number-empty": Scene(Number("roof", metric=MetricName("pv_power")), NOTHING),
    "number-stale": Scene(Number("garden", metric=MetricName("outdoor_temperature")), garden(), LATE),
    "chart-full": Scene(Chart("garden", metric=MetricName("outdoor_temperature")), garden()),
    "chart-days": Scene(Chart("roof", metric=MetricName("production_today"), over="days"), roof()),
    "chart-months": Scene(Chart("roof", metric=MetricName("production_today"), over="months"), year()),
    "chart-years": Scene(Chart("roof", metric=MetricName("production_today"), over="years", count=3), year()),
    "chart-one-old": Scene(
        Chart("roof", metric=MetricName("pv_power"), count=48), aged(roof(), {m.PV_POWER: 5 * HOUR})
    ),
    "chart-empty": Scene(Chart("roof", metric=MetricName("pv_power")), NOTHING),
    "chart-stale": Scene(Chart("roof", metric=MetricName("production_today"), over="days"), roof(), NOW + 3 * DAY),
    "car-full": Scene(Car("car"), car("Škoda Enyaq", {**ENYAQ, **CHARGE})),
    "car-low": Scene(Car("car"), car("Škoda Enyaq", {**ENYAQ, m.SOC: 9, m.RANGE: 38, m.PLUGGED: 0})),
    "car-unplugged": Scene(Car("car"), car("Škoda Enyaq", {**ENYAQ, m.PLUGGED: 0})),
    "car-plugged": Scene(Car("car"), car("Škoda Enyaq", ENYAQ)),
    "car-fuel": Scene(Car("car"), car("Polo", {m.FUEL: 45, m.RANGE: 380})),
    "car-key": Scene(
        Car("car"), troubled(car("Škoda Enyaq", ENYAQ), "auth", "go.skoda.eu/api-keys", "API key", ok_at=AT), NOW + HOUR
    ),
    "car-litres": Scene(Car("car"), car("318d Touring", LITRES)),
    "car-litres-old": Scene(Car("car"), aged(car("318d Touring", LITRES), {m.RANGE: 2 * DAY})),
    "car-litres-stale": Scene(Car("car"), car("318d Touring", LITRES), NOW + 3 * DAY),
    "car-litres-sign-in": Scene(
        Car("car"), troubled(car("318d Touring", LITRES), "auth", BMW_DOOR, ok_at=AT), NOW + 2 * HOUR
    ),
    "car-range": Scene(Car("car"), car("Polo", {m.RANGE: 380, m.ODOMETER: 123456})),
    "car-range-alone": Scene(Car("car"), car("Polo", {m.RANGE: 380})),
    "car-hybrid": Scene(Car("car"), car("Passat GTE", GTE)),
    "car-trouble": Scene(
        Car("car"),
        troubled(car("Passat GTE", {**GTE, m.SOC: 75, m.TARGET_SOC: 80}), "unavailable"),
        NOW + 3 * DAY,
    ),
    "car-one-old": Scene(Car("car"), aged(car("Škoda Enyaq", ENYAQ), {m.RANGE: 2 * DAY})),
    "car-cable-old": Scene(Car("car"), aged(car("Passat GTE", GTE), {m.PLUGGED: 3 * DAY, m.FUEL: 40 * DAY})),
    "car-answered": Scene(Car("car"), replace(NOTHING, answered_at=AT)),
    "car-empty": Scene(Car("car"), NOTHING),
    "car-stale": Scene(Car("car"), car("Škoda Enyaq", ENYAQ), NOW + 3 * DAY),
    "car-sign-in": Scene(
        Car("car"), troubled(car("BMW i4", {**ENYAQ, **CHARGE}), "auth", BMW_DOOR, ok_at=AT), NOW + 2 * DAY
    ),
    "disk-full": Scene(DISK, disk()),
    "disk-alarm": Scene(DISK, disk(used=1910e9)),
    "disk-backup-old": Scene(DISK, disk(growth=0, backup=9 * DAY)),
    "disk-young": Scene(Disk("nas:/backup", backup_max_age=Duration(HOUR)), disk(days=0)),
    "disk-missing": Scene(DISK, mounted(disk(), 2, AT + 3 * HOUR), AT + 3 * HOUR),
    "disk-never-mounted": Scene(DISK, mounted(NOTHING, 2, NOW)),
    "disk-unreadable": Scene(DISK, mounted(disk(), 3, AT + 3 * HOUR), AT + 3 * HOUR),
    "disk-read-only": Scene(DISK, mounted(disk(), 1)),
    "disk-one-old": Scene(DISK, aged(disk(backup=4 * DAY + 5 * HOUR), {m.NEWEST_BACKUP: 4 * DAY})),
    "disk-use-old": Scene(DISK, troubled(aged(disk(), {m.DISK_USED: 9 * DAY}), "unavailable", since=AT)),
    "disk-elsewhere": Scene(DISK, elsewhere(DAY)),
    "disk-elsewhere-old": Scene(DISK, elsewhere(40 * DAY)),
    "disk-empty": Scene(DISK, NOTHING),
    "disk-stale": Scene(DISK, troubled(disk(), "unavailable", since=NOW - 2 * DAY), LATE),
    "health-full": Scene(Health(), feeds(3)),
    "health-one-old": Scene(Health(), silent(feeds(3), 10 * HOUR)),
    "health-silent": Scene(Health(), silent(feeds(6), 21 * DAY, None)),
    "health-four": Scene(Health(), feeds(4)),
    "health-ink": Scene(Health(), replace(feeds(3), wear=Wear(full=214, partial=1030))),
    "health-ink-six": Scene(Health(), replace(feeds(6), wear=Wear(full=12_345, partial=67_890))),
    "health-sign-in": Scene(Health(), feeds(3, "auth")),
    "health-two-sign-ins": Scene(Health(), feeds(3, "auth", "auth")),
    "health-key": Scene(Health(), refused(feeds(3, "auth"))),
    "health-disk": Scene(Health(), unmounted(feeds(4))),
    "health-warning": Scene(Health(), warned(feeds(4))),
    "health-two-doors": Scene(Health(), two_doors()),
    "health-faults": Scene(Health(), feeds(6, "unavailable", "throttled")),
    "health-eight": Scene(Health(), feeds(8, "gone", "bad-answer", "timeout")),
    "health-many": Scene(Health(title="House"), feeds(10, "auth")),
    "health-empty": Scene(Health(), PaperHouse(statuses=[feed("roof", None), feed("car", None)])),
    "health-stale": Scene(Health(), feeds(5), NOW + DAY),
}  # fmt: skip
