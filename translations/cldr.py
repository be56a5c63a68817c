"""Cut the tables of ``eink_monitor/locale`` from CLDR. Run once per release of CLDR; the results are committed.

At run time nothing here is needed. To regenerate, install the developer's tools (``make check`` does), say below which
release of Babel it is, and run

    python translations/cldr.py

``LANGUAGE.json`` holds, by region ("" is the language anywhere), what differs from the one above it, and from the
defaults of ``Locale``. What a panel has no room for is left out: dots after abbreviations, commas in dates,
accents on single letters.
``regions.json`` says in which region a time zone lies, and what is usual in it.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import babel
from babel.core import get_global

HERE = Path(__file__).parent
TABLES = HERE.parent / "eink_monitor" / "locale"
BABEL = "2.19"  # which has CLDR 48; another may differ
LANGUAGES = {  # each with the regions where it is written in another way
    "en": ("AU", "CA", "GB", "IE", "IN", "NZ", "US", "ZA"),
    "de": ("AT", "CH", "LI"),
    "nl": ("BE",),
    "fr": ("BE", "CA", "CH", "LU"),
    "it": ("CH",),
    "es": ("AR", "CL", "CO", "MX", "PE", "US", "UY"),
    "sv": ("FI",),
    "nb": (),
    "da": (),
    "pl": (),
    "cs": (),
}
HOME = {"nb": "NO", "da": "DK", "sv": "SE", "cs": "CZ", "en": "GB"}  # where a language has its name from, else its own
# CLDR knows these, but Babel does not carry them: minimumGroupingDigits, and measurementData.
LEAST_GROUPED = {"es": 5, "it": 5, "pl": 5}
MILES = ("AS", "GB", "GU", "LR", "MM", "MP", "PR", "UM", "US", "VI")
UNSIGNED = ("INR",)  # the small faces lack its sign
FAHRENHEIT = ("AS", "BS", "BZ", "GU", "KY", "LR", "MP", "PR", "PW", "UM", "US", "VI")
LONGEST = 4  # letters of a weekday; a language with longer ones gets its short ones

Table = dict[str, object]


def tables() -> dict[str, str]:
    """The name and the text of every file."""
    files = {f"{language}.json": _lines(_language(language)) for language in LANGUAGES}
    return {**files, "regions.json": _lines(_regions())}


def _language(language: str) -> dict[str, Table]:
    """The table of a language, and by region what differs from it."""
    whole = _table(language)
    if language == "en":  # outside its countries it is written as in Europe; panels have never grouped digits
        dates = _table("en_150")
        whole = {
            **whole,
            **{key: dates[key] for key in ("day", "date", "month_year")},
            "group": "",
            "noon": ["am", "pm"],
        }
    found = {"": whole}
    for region in LANGUAGES[language]:
        here = _table(f"{language}_{region}")
        if differs := {key: value for key, value in here.items() if value != whole[key]}:
            found[region] = differs
    return found


def _table(code: str) -> Table:
    """What a locale of CLDR says, as briefly as a panel wants it."""
    said = babel.Locale.parse(code)
    symbols, dates = said.number_symbols["latn"], said.datetime_skeletons
    months = _shorter(*(said.months[use]["abbreviated"] for use in ("format", "stand-alone")))
    days = _dotless(said.days["format"]["abbreviated"])
    if max(map(len, days)) > LONGEST:
        days = _dotless(said.days["format"]["short"])
    periods = said.day_periods["format"]["abbreviated"]
    return {
        "decimal": symbols["decimal"],
        "group": symbols["group"],
        "least_grouped": LEAST_GROUPED.get(said.language, 4),
        "percent": _number(said.percent_formats[None].pattern),
        "money": _number(said.currency_formats["standard"].pattern).replace("¤", "{currency}"),
        "months": months,
        "weekdays": days,
        "letters": [unicodedata.normalize("NFD", said.days["stand-alone"]["narrow"][day])[0] for day in range(7)],
        "day": _date(dates["MMMEd"]),
        "date": _date(dates["MMMd"]),
        "month_year": _date(dates["yMMM"]),
        "clock_24": _clock(dates["Hm"]),
        "clock_12": _clock(dates["hm"]),
        "noon": [re.sub(r"\s", "", periods[half]) for half in ("am", "pm")],
    }


def _dotless(names: Mapping[int, str]) -> list[str]:
    return [names[number].removesuffix(".") for number in sorted(names)]


def _shorter(*choices: Mapping[int, str]) -> list[str]:
    """Those of several sets of names that take the fewest letters."""
    return min((_dotless(names) for names in choices), key=lambda names: len("".join(names)))


def _number(pattern: str) -> str:
    return re.sub(r"[#,.0]+", "{number}", pattern.partition(";")[0])


def _date(pattern: object) -> str:
    """A pattern of CLDR as one of ours."""
    text = re.sub(r"'(\w+)'", r"", getattr(pattern, "pattern", str(pattern))).replace(",", "")
    words = {"E": "{weekday}", "ccc": "{weekday}", "d": "{day}", "dd": "{day:02}", "M": "{number}", "y": "{year}"}
    words |= dict.fromkeys(("MMM", "LLL", "LLLL"), "{month}")
    return re.sub(r"\s+", " ", re.sub(r"[A-Za-z]+", lambda found: words[found.group()], text)).strip()


def _clock(pattern: object) -> str:
    """A pattern of CLDR as one of ours; "HH 'h' mm" of Canada is written as everywhere."""
    text = re.sub(r" 'h' ", ":", getattr(pattern, "pattern", str(pattern))).replace("\u202f", " ")
    words = {"HH": "{hour:02}", "H": "{hour}", "h": "{hour}", "mm": "{minute:02}", "a": "{half}"}
    return re.sub(r"[A-Za-z]+", lambda found: words[found.group()], text)


def _regions() -> dict[str, object]:
    """Where time zones are, and what is usual there; the sign of each currency, as its own people write it."""
    zones = dict(get_global("zone_territories"))
    zones |= {alias: zones[zone] for alias, zone in get_global("zone_aliases").items() if zone in zones}
    zones = {zone: region for zone, region in zones.items() if region != "001"}
    regions = sorted({*zones.values(), *MILES, *FAHRENHEIT})
    money = {region: code for region in regions if (code := _currency(region))}
    signs = {}
    for language, others in LANGUAGES.items():
        for region in (HOME.get(language, language.upper()), *others):
            if money[region] in UNSIGNED:
                continue
            signs.setdefault(money[region], babel.Locale.parse(f"{language}_{region}").currency_symbols[money[region]])
    return {
        "zones": dict(sorted(zones.items())),
        "12h": [region for region in regions if _halves_the_day(region)],
        "miles": list(MILES),
        "fahrenheit": list(FAHRENHEIT),
        "currencies": money,
        "signs": signs,
    }


def _currency(region: str) -> str:
    """What is paid with today."""
    known = get_global("territory_currencies").get(region, ())
    return next((code for code, _, until, tender in known if until is None and tender), "")


def _halves_the_day(region: str) -> bool:
    """Whether most people there say 2:30 PM."""
    spoken = get_global("territory_languages").get(region, {})
    for language in sorted(
        spoken, key=lambda one: (not spoken[one]["official_status"], -spoken[one]["population_percent"])
    ):
        try:
            return "a" in babel.Locale.parse(f"{language}_{region}").time_formats["short"].pattern
        except babel.UnknownLocaleError:
            continue
    return False


def _lines(table: Mapping[str, object]) -> str:
    """A table as JSON, one line for each of its keys."""
    rows = (
        f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in table.items()
    )
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main() -> None:
    """Write every table."""
    for name, text in tables().items():
        (TABLES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
