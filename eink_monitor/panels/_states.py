"""The names of states, in the language of the house: what a disk or an inverter is doing, and the sky."""

from __future__ import annotations

from eink_monitor.locale import marked_of, say_of

# TRANSLATORS: at most 16 letters; what an inverter is doing
INVERTER = (
    marked_of("state", "off"),
    marked_of("state", "sleeping"),
    marked_of("state", "starting"),
    marked_of("state", "producing"),
    marked_of("state", "throttled"),
    marked_of("state", "shutting down"),
    marked_of("state", "fault"),
    marked_of("state", "standby"),
)

# TRANSLATORS: at most 16 letters; how a wallbox charges a car
CHARGING = (
    marked_of("state", "sun only"),
    marked_of("state", "sun and grid"),
    marked_of("state", "fast"),
)

# TRANSLATORS: at most 16 letters; a disk
DISK = (
    marked_of("state", "mounted"),
    marked_of("state", "mounted read-only"),
    marked_of("state", "not mounted"),
    marked_of("state", "mounted, cannot be measured"),
)

# TRANSLATORS: at most 18 letters; the weather
WEATHER = (
    marked_of("state", "clear"),
    marked_of("state", "mostly clear"),
    marked_of("state", "partly cloudy"),
    marked_of("state", "overcast"),
    marked_of("state", "fog"),
    marked_of("state", "freezing fog"),
    marked_of("state", "light drizzle"),
    marked_of("state", "drizzle"),
    marked_of("state", "heavy drizzle"),
    marked_of("state", "freezing drizzle"),
    marked_of("state", "heavy freezing drizzle"),
    marked_of("state", "light rain"),
    marked_of("state", "rain"),
    marked_of("state", "heavy rain"),
    marked_of("state", "freezing rain"),
    marked_of("state", "heavy freezing rain"),
    marked_of("state", "light snow"),
    marked_of("state", "snow"),
    marked_of("state", "heavy snow"),
    marked_of("state", "snow grains"),
    marked_of("state", "light showers"),
    marked_of("state", "showers"),
    marked_of("state", "heavy showers"),
    marked_of("state", "snow showers"),
    marked_of("state", "heavy snow showers"),
    marked_of("state", "thunderstorm"),
    marked_of("state", "thunderstorm with hail"),
    marked_of("state", "thunderstorm with heavy hail"),
)


def state(name: str) -> str:
    """The state that a metric has that name for."""
    return say_of("state", name)
