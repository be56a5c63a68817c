"""What a person calls a metric on a tile, and the icon that stands for it."""

from __future__ import annotations

from typing import NamedTuple

from eink_monitor import metrics as m
from eink_monitor.draw import words
from eink_monitor.locale import marked, say
from eink_monitor.metrics import METRICS
from eink_monitor.model.reading import Metric
from eink_monitor.nearest import nearest


class MetricName(str):
    """The name of a metric in the configuration: one that the dictionary has."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> MetricName:
        """Raises ``ValueError``, with what may have been meant, for a name that the dictionary lacks."""
        if text in METRICS:
            return cls(text)
        near = nearest(text, METRICS)
        hint = f"did you mean `{near}`?" if near else "`eink-monitor latest` lists what there is"
        message = f"unknown metric `{text}`; {hint}"
        raise ValueError(message)

    @property
    def metric(self) -> Metric:
        """What it names."""
        return METRICS[self]


class Name(NamedTuple):
    """A word of at most ten letters, or empty for what goes by its subject; and an icon."""

    word: str
    icon: str


# TRANSLATORS: at most 10 letters each; what a figure on a tile is
_NAMES = {
    m.PV_POWER: Name("", "sun"),
    m.LOAD_POWER: Name(marked("used now"), "house"),
    m.GRID_POWER: Name(marked("grid"), "grid"),
    m.STORAGE_POWER: Name(marked("battery"), "battery"),
    m.STORAGE_SOC: Name(marked("battery"), "battery"),
    m.PRODUCTION_TODAY: Name(marked("today"), "sun"),
    m.CONSUMPTION_TODAY: Name(marked("used"), "house"),
    m.SELF_CONSUMPTION_TODAY: Name(marked("kept here"), "house"),
    m.FEED_IN_TODAY: Name(marked("fed in"), "grid-export"),
    m.PURCHASED_TODAY: Name(marked("bought"), "grid-import"),
    m.PRODUCTION_MONTH: Name(marked("month"), "sun"),
    m.PRODUCTION_YEAR: Name(marked("year"), "sun"),
    m.PRODUCTION_LIFETIME: Name(marked("total"), "sun"),
    m.SOC: Name("", "car"),
    m.TARGET_SOC: Name(marked("target"), "car"),
    m.RANGE: Name(marked("range"), "car"),
    m.PLUGGED: Name(marked("cable"), "plug"),
    m.CHARGING: Name(marked("charging"), "bolt"),
    m.CHARGING_POWER: Name(marked("charging"), "bolt"),
    m.SESSION_ENERGY: Name(marked("charged"), "bolt"),
    m.SESSION_SOLAR: Name(marked("by the sun"), "sun"),
    m.CHARGE_MODE: Name(marked("mode"), "bolt"),
    m.GREEN_SHARE: Name(marked("green"), "sun"),
    m.ODOMETER: Name(marked("driven"), "car"),
    m.FUEL: Name("", "fuel"),
    m.FUEL_VOLUME: Name("", "fuel"),
    m.DISK_FREE: Name(marked("free"), "disk"),
    m.DISK_USED: Name(marked("in use"), "disk"),
    m.NEWEST_BACKUP: Name(marked("backup"), "disk"),
    m.OUTDOOR_TEMPERATURE: Name(marked("outdoors"), "thermometer"),
    m.INVERTER_TEMPERATURE: Name(marked("inverter"), "thermometer"),
    m.PRECIPITATION: Name(marked("rain"), "drop"),
    m.PRECIPITATION_PROBABILITY: Name(marked("rain"), "drop"),
    **dict.fromkeys((m.WEATHER_CODE, m.DAY_WEATHER), Name(marked("weather"), "cloudy")),
    m.DAY_HIGH: Name(marked("high"), "thermometer"),
    m.DAY_LOW: Name(marked("low"), "thermometer"),
    m.FEED_IN_LIFETIME: Name(marked("fed in"), "grid-export"),
    m.PURCHASED_LIFETIME: Name(marked("bought"), "grid-import"),
    m.INVERTER_STATUS: Name(marked("inverter"), "house"),
    m.TIME_TO_FULL: Name(marked("charging"), "bolt"),
    m.BATTERY_12V: Name("12 V", "battery"),
    m.DISK_STATE: Name("", "disk"),
    **dict.fromkeys(m.PRICES, Name(marked("price now"), "price")),
}


_LONGEST = 16  # letters
_ICONS = {"°C": "thermometer", "W": "bolt", "Wh": "bolt", "l": "drop", "mm": "drop", "B": "disk"}
"""Of metrics that nobody has named, by their units."""


def named(metric: Metric) -> Name:
    """The word, in the language of the house, and the icon; one that a source declared goes by its own words."""
    if name := _NAMES.get(metric):
        return name._replace(word=say(name.word) if name.word else "")
    own = metric.words if metric.name not in m.KNOWN and not metric.names else metric.name.replace("_", " ")
    return Name(words.brief(own, _LONGEST), _ICONS.get(metric.unit, "chart"))
