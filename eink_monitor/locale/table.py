"""How numbers, dates and times are written: one table per language, cut from CLDR, and the customs of its region.

Reading one takes under a millisecond.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Any, Literal

from eink_monitor.currencies import DECIMALS

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "nl", "fr", "it", "es", "sv", "nb", "da", "pl", "cs")


class Language(str):
    """A language, with an optional region: "de", "de-CH"."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Language:
        """Read a tag such as "de" or "en-GB". Raises ``ValueError`` for a language without translation."""
        language, _, region = text.replace("_", "-").partition("-")
        if language.lower() not in LANGUAGES:
            raise ValueError(f'"{text}" is not one of {", ".join(LANGUAGES)}')
        if region and region.upper() not in _regions()["currencies"]:
            raise ValueError(f'"{text}" names no region; write for example {language.lower()} or en-GB')
        return cls("-".join(filter(None, (language.lower(), region.upper()))))


class Currency(str):
    """A currency by its code: "EUR"."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Currency:
        """Read a code. Raises ``ValueError`` for one that ISO 4217 lacks."""
        if text.upper() not in DECIMALS:
            raise ValueError(f'"{text}" is not a currency; write for example EUR')
        return cls(text.upper())


@dataclass(frozen=True)
class Units:
    """The units, if they differ from those of the region."""

    distance: Literal["km", "mi"] | None = None
    temperature: Literal["c", "f"] | None = None
    clock: Literal["24h", "12h"] | None = None
    currency: Currency | None = None


@dataclass(frozen=True)
class Locale:
    """How a house writes, in the ``language`` of its configuration. The defaults are English outside its countries.

    ``months`` begin with January, ``weekdays`` and ``letters`` (one for each weekday) with Monday. ``day``, ``date``,
    ``month_year``, ``clock``, ``percent`` and ``money`` are patterns. Numbers of fewer digits than ``least_grouped``
    are not grouped. ``noon`` is what comes after the hours before and after it; ``sign`` is that of the currency.
    """

    language: str = "en"
    decimal: str = "."
    group: str = ""
    least_grouped: int = 4
    percent: str = "{number}%"
    money: str = "{currency}{number}"
    months: tuple[str, ...] = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    weekdays: tuple[str, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    letters: tuple[str, ...] = ("M", "T", "W", "T", "F", "S", "S")
    day: str = "{weekday} {day} {month}"
    date: str = "{day} {month}"
    month_year: str = "{month} {year}"
    clock: str = "{hour:02}:{minute:02}"
    noon: tuple[str, ...] = ("am", "pm")
    distance: str = "km"
    temperature: str = "c"
    currency: str = "EUR"
    sign: str = "€"
    texts: NullTranslations = field(default_factory=NullTranslations)

    @property
    def is_english(self) -> bool:
        """Whether it is English, the language of the source texts."""
        return self.language.startswith("en")

    @property
    def counts(self) -> str:
        """What it counts in, as ``units`` of the configuration has it."""
        clock = "12h" if "{half}" in self.clock else "24h"
        return f"{self.distance}, {self.temperature}, {clock}, {self.currency}"


ENGLISH = Locale()


def load(language: str, zone: str = "", units: Units = Units()) -> Locale:
    """The locale of a house by its language ("de", "de-CH"), its time zone, and its own units.

    Where the language names no region, the time zone tells it.
    """
    spoken, _, region = language.partition("-")
    known = _regions()
    region = region or known["zones"].get(zone, "")
    table = _read(spoken)
    written = {**table[""], **table.get(region, {})}
    said: dict[str, Any] = {key: tuple(it) if isinstance(it, list) else it for key, it in written.items()}
    halved = units.clock == "12h" if units.clock else region in known["12h"]
    clocks = said.pop("clock_24"), said.pop("clock_12")
    money = units.currency or known["currencies"].get(region, "EUR")
    return replace(
        ENGLISH,
        **said,
        language=language,
        clock=clocks[halved],
        distance=units.distance or ("mi" if region in known["miles"] else "km"),
        temperature=units.temperature or ("f" if region in known["fahrenheit"] else "c"),
        currency=money,
        sign=known["signs"].get(money, money),
        texts=_texts(spoken),
    )


def _texts(language: str) -> NullTranslations:
    """The catalogue of a language; English is what the texts are written in."""
    if language == "en":
        return ENGLISH.texts
    with (HERE / f"{language}.mo").open("rb") as file:
        return GNUTranslations(file)


def _regions() -> Mapping[str, Any]:
    return _read("regions")


def _read(name: str) -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))
    return table
