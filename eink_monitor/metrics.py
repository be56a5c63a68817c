"""Every metric, with its unit, its resolution and its plausible range."""

from __future__ import annotations

from eink_monitor.locale import marked
from eink_monitor.model.reading import Metric

_MOST_STEPS = 1e15  # a double counts them without a gap
_POWER = 100_000  # W; three times the largest domestic connection
_DAY_ENERGY = 2_000_000  # Wh
_LIFE_ENERGY = 10_000_000_000  # Wh; 10 GWh outlives any roof

PV_POWER = Metric("pv_power", "W", 1, 0, _POWER, "power from the roof", hourly=True)
LOAD_POWER = Metric("load_power", "W", 1, 0, _POWER, "power the house uses", hourly=True)
GRID_POWER = Metric("grid_power", "W", 1, -_POWER, _POWER, "power from the grid (negative: feed-in)", hourly=True)
STORAGE_POWER = Metric(
    "storage_power", "W", 1, -_POWER, _POWER, "power into the house battery (negative: out of it)", hourly=True
)
STORAGE_SOC = Metric("storage_soc", "%", 0.1, 0, 100, "state of charge of the house battery", hourly=True)

PRODUCTION_TODAY = Metric("production_today", "Wh", 1, 0, _DAY_ENERGY, "produced today", daily=True)
CONSUMPTION_TODAY = Metric("consumption_today", "Wh", 1, 0, _DAY_ENERGY, "used today", daily=True)
SELF_CONSUMPTION_TODAY = Metric(
    "self_consumption_today", "Wh", 1, 0, _DAY_ENERGY, "production that stayed in the house today", daily=True
)
FEED_IN_TODAY = Metric("feed_in_today", "Wh", 1, 0, _DAY_ENERGY, "fed into the grid today", daily=True)
PURCHASED_TODAY = Metric("purchased_today", "Wh", 1, 0, _DAY_ENERGY, "bought from the grid today", daily=True)
PRODUCTION_MONTH = Metric("production_month", "Wh", 1, 0, 31 * _DAY_ENERGY, "produced this month")
PRODUCTION_YEAR = Metric("production_year", "Wh", 1, 0, 366 * _DAY_ENERGY, "produced this year")
PRODUCTION_LIFETIME = Metric(
    "production_lifetime", "Wh", 1, 0, _LIFE_ENERGY, "produced since installation", counter=True
)

ROOF = (
    *(PV_POWER, LOAD_POWER, GRID_POWER, STORAGE_POWER, STORAGE_SOC),
    *(PRODUCTION_TODAY, CONSUMPTION_TODAY, SELF_CONSUMPTION_TODAY, FEED_IN_TODAY, PURCHASED_TODAY),
    *(PRODUCTION_MONTH, PRODUCTION_YEAR, PRODUCTION_LIFETIME),
)
"""The metrics of a roof with a meter and a battery."""

SOC = Metric("soc", "%", 0.1, 0, 100, "state of charge", hourly=True)
TARGET_SOC = Metric("target_soc", "%", 1, 0, 100, "state of charge at which charging stops")
RANGE = Metric("range", "km", 1, 0, 3_000, "range left")
PLUGGED = Metric("plugged", "0/1", 1, 0, 1, "charging cable plugged in")
CHARGING = Metric("charging", "0/1", 1, 0, 1, "charging now")
CHARGING_POWER = Metric("charging_power", "W", 10, 0, 500_000, "charging power")
TIME_TO_FULL = Metric("time_to_full", "min", 1, 0, 10_000, "minutes until the target is reached")
ODOMETER = Metric("odometer", "km", 1, 0, 3_000_000, "distance travelled", counter=True)
FUEL = Metric("fuel", "%", 1, 0, 100, "fuel left")
FUEL_VOLUME = Metric("fuel_volume", "l", 1, 0, 300, "fuel left in the tank")
BATTERY_12V = Metric("battery_12v", "V", 0.01, 0, 30, "voltage of the 12 V battery")
LATITUDE = Metric("latitude", "deg", 0.0001, -90, 90, "where the car is, north positive")
LONGITUDE = Metric("longitude", "deg", 0.0001, -180, 180, "where the car is, east positive")

SESSION_ENERGY = Metric("session_energy", "Wh", 10, 0, 500_000, "charged since the cable was plugged in")
SESSION_SOLAR = Metric("session_solar", "%", 1, 0, 100, "share of the sun in what was charged since then")
CHARGE_MODE = Metric("charge_mode", "0-3", 1, 0, 3, "0 off, 1 sun only, 2 sun and grid, 3 fast")
GREEN_SHARE = Metric("green_share", "%", 1, 0, 100, "share of sun and battery in what the house uses", hourly=True)

_BYTES = 1 << 60
DISK_SIZE = Metric("disk_size", "B", 1, 0, _BYTES, "size of the disk")
DISK_USED = Metric("disk_used", "B", 1, 0, _BYTES, "space used on the disk")
DISK_FREE = Metric("disk_free", "B", 1, 0, _BYTES, "space free on the disk")
NEWEST_BACKUP = Metric("newest_backup", "s", 1, 0, 1 << 33, "when the newest backup was made, in epoch seconds")

FEED_IN_LIFETIME = Metric(
    "feed_in_lifetime", "Wh", 1, 0, _LIFE_ENERGY, "fed into the grid since installation", counter=True
)
PURCHASED_LIFETIME = Metric(
    "purchased_lifetime", "Wh", 1, 0, _LIFE_ENERGY, "bought from the grid since installation", counter=True
)
INVERTER_STATUS = Metric(
    "inverter_status",
    "1-8",
    1,
    1,
    8,
    "1 off, 2 sleeping, 3 starting, 4 producing, 5 throttled, 6 shutting down, 7 fault, 8 standby",
)
INVERTER_TEMPERATURE = Metric("inverter_temperature", "°C", 0.1, -60, 150, "temperature of the inverter's heat sink")

DISK_INODES = Metric("disk_inodes", "files", 1, 0, _BYTES, "how many files the disk has room for")
DISK_INODES_FREE = Metric("disk_inodes_free", "files", 1, 0, _BYTES, "how many more files fit on the disk")
DISK_STATE = Metric(
    "disk_state", "0-3", 1, 0, 3, "0 mounted, 1 mounted read-only, 2 not mounted, 3 mounted, cannot be measured"
)
# TRANSLATORS: at most 15 letters; a disk
NO_DISK = {2: marked("not mounted"), 3: marked("not readable")}
"""States of a disk that has no figures, in few words."""
DISK_FULL_AT = Metric("disk_full_at", "%", 1, 1, 100, "how full the disk may be before it counts as full")
BACKUP_MAX_AGE = Metric("backup_max_age", "s", 1, 1, 1 << 33, "how old the newest backup may be")

FULL_REFRESHES = Metric("full_refreshes", "times", 1, 0, 1 << 33, "full refreshes of the panel; at: the last one")
PARTIAL_REFRESHES = Metric(
    "partial_refreshes", "times", 1, 0, 1 << 33, "partial refreshes of the panel; at: the last of either kind"
)

_PRICE = 10  # EUR/kWh; the day-ahead auction is cut off at 5 (SDAC harmonised maximum), taxes may double it
PRICE_EUR = Metric("price_eur", "EUR/kWh", 0.0001, -_PRICE, _PRICE, "price of a kWh")
PRICE_GBP = Metric("price_gbp", "GBP/kWh", 0.0001, -_PRICE, _PRICE, "price of a kWh")
PRICE_NOK = Metric("price_nok", "NOK/kWh", 0.0001, -10 * _PRICE, 10 * _PRICE, "price of a kWh")
PRICE_SEK = Metric("price_sek", "SEK/kWh", 0.0001, -10 * _PRICE, 10 * _PRICE, "price of a kWh")
PRICE_CHF = Metric("price_chf", "CHF/kWh", 0.0001, -_PRICE, _PRICE, "price of a kWh")
PRICE_DKK = Metric("price_dkk", "DKK/kWh", 0.0001, -10 * _PRICE, 10 * _PRICE, "price of a kWh")
PRICE_PLN = Metric("price_pln", "PLN/kWh", 0.0001, -10 * _PRICE, 10 * _PRICE, "price of a kWh")
PRICES = (PRICE_EUR, PRICE_GBP, PRICE_NOK, PRICE_SEK, PRICE_CHF, PRICE_DKK, PRICE_PLN)
"""What a kWh costs where one lives, by currency: the first three letters of the unit."""

OUTDOOR_TEMPERATURE = Metric("outdoor_temperature", "°C", 0.1, -80, 60, "temperature outdoors", hourly=True)
PRECIPITATION = Metric("precipitation", "mm", 0.1, 0, 1_000, "rain, showers and molten snow")
PRECIPITATION_PROBABILITY = Metric("precipitation_probability", "%", 1, 0, 100, "how likely rain or snow is")
_WEATHER = (
    "0 clear, 1 mostly clear, 2 partly cloudy, 3 overcast, 45 fog, 48 freezing fog, 51 light drizzle, 53 drizzle, "
    "55 heavy drizzle, 56 freezing drizzle, 57 heavy freezing drizzle, 61 light rain, 63 rain, 65 heavy rain, "
    "66 freezing rain, 67 heavy freezing rain, 71 light snow, 73 snow, 75 heavy snow, 77 snow grains, "
    "80 light showers, 81 showers, 82 heavy showers, 85 snow showers, 86 heavy snow showers, 95 thunderstorm, "
    "96 thunderstorm with hail, 99 thunderstorm with heavy hail"
)
WEATHER_CODE = Metric("weather_code", "0-99", 1, 0, 99, _WEATHER)
DAY_WEATHER = Metric("day_weather", "0-99", 1, 0, 99, _WEATHER)
DAY_HIGH = Metric("day_high", "°C", 0.1, -80, 60, "highest temperature of the day")
DAY_LOW = Metric("day_low", "°C", 0.1, -80, 60, "lowest temperature of the day")

METRICS: dict[str, Metric] = {metric.name: metric for metric in list(vars().values()) if isinstance(metric, Metric)}
KNOWN = frozenset(METRICS)
"""Those that every house has; more are declared by the sources of a configuration."""


def declare(metric: Metric) -> None:
    """Make a metric known that a configuration declares, to all of this process and its children.

    A name of ``KNOWN`` keeps its meaning. The newest declaration counts: a configuration may be read again.
    """
    if metric.name not in KNOWN:
        METRICS[metric.name] = metric


def recall(name: object, unit: object, step: object) -> None:
    """As ``declare``, of what was measured once and is declared no more: only its unit and resolution are known.

    They come from a database, which may be damaged.
    """
    if name in METRICS or not isinstance(name, str) or not isinstance(unit, str) or not isinstance(step, int | float):
        return
    if name.isidentifier() and name.islower() and len(name) <= 40 and 1e-9 < step < 1e9:
        METRICS[name] = Metric(name, unit, step, -_MOST_STEPS * step, _MOST_STEPS * step, name.replace("_", " "))
