"""The tables say what CLDR says, cost next to nothing, and are chosen by language, region and the house's own units."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from eink_monitor.clock import DAY
from eink_monitor.draw import fonts, words
from eink_monitor.locale import ENGLISH, Language, Units, load, speaking, table
from eink_monitor.locale.table import LANGUAGES, Currency
from locale_scripts import script

BERLIN = ZoneInfo("Europe/Berlin")
NOW = int(datetime(2026, 6, 16, 14, 34, tzinfo=BERLIN).timestamp())
COST = """
import sys, time, tracemalloc
from eink_monitor import locale
locale.load("en")
started = time.process_time()
for _ in range(20):
    locale.load("pl", "Europe/Warsaw")
spent = (time.process_time() - started) / 20
tracemalloc.start()
kept = locale.load("pl", "Europe/Warsaw")
print(spent, tracemalloc.get_traced_memory()[0])
"""


def test_the_tables_are_cut_from_cldr() -> None:
    cldr = script("cldr")
    if not cldr.babel.__version__.startswith(f"{cldr.BABEL}."):
        pytest.skip("this Babel has another release of CLDR")
    for name, text in cldr.tables().items():
        assert (table.HERE / name).read_text(encoding="utf-8") == text, "python translations/cldr.py"


def test_english_needs_no_table() -> None:
    assert load("en", "Europe/Berlin").__dict__ | {"texts": None} == ENGLISH.__dict__ | {"texts": None}


def test_a_language_costs_a_millisecond_and_a_third_of_a_megabyte() -> None:
    done = subprocess.run([sys.executable, "-c", COST], capture_output=True, text=True, check=True)
    seconds, octets = map(float, done.stdout.split())
    assert seconds < 0.003, "0.5 ms on a quiet machine"
    assert octets < 0.3 * 2**20


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/Berlin", "Tue 16 Jun 14:34 3.1 kW 57093 67% €1.20 km"),
        ("en", "UTC", "Tue 16 Jun 14:34 3.1 kW 57093 67% €1.20 km"),
        ("en", "America/New_York", "Tue Jun 16 2:34 PM 3.1 kW 57,093 67% $1.20 mi"),
        ("en", "Europe/London", "Tue 16 Jun 14:34 3.1 kW 57,093 67% £1.20 mi"),
        ("en-AU", "Europe/Berlin", "Tue 16 Jun 2:34 pm 3.1 kW 57,093 67% $1.20 km"),
        ("de", "Europe/Berlin", "Di 16. Jun 14:34 3,1 kW 57.093 67 % 1,20 € km"),
        ("de-CH", "UTC", "Di 16. Jun 14:34 3.1 kW 57'093 67% CHF 1.20 km"),
        ("de", "America/New_York", "Di 16. Jun 2:34 PM 3,1 kW 57.093 67 % 1,20 $ mi"),
        ("nl", "Europe/Amsterdam", "di 16 jun 14:34 3,1 kW 57.093 67% € 1,20 km"),
        ("fr", "Europe/Paris", "mar 16 juin 14:34 3,1 kW 57 093 67 % 1,20 € km"),
        ("it", "Europe/Rome", "mar 16 giu 14:34 3,1 kW 57.093 67% 1,20 € km"),
        ("es", "Europe/Madrid", "mar 16 jun 14:34 3,1 kW 57.093 67 % 1,20 € km"),
        ("sv", "Europe/Stockholm", "tis 16 juni 14:34 3,1 kW 57 093 67 % 1,20 kr km"),
        ("nb", "Europe/Oslo", "tir 16. jun 14:34 3,1 kW 57 093 67 % 1,20 kr km"),
        ("da", "Europe/Copenhagen", "tirs 16. jun 14.34 3,1 kW 57.093 67 % 1,20 kr. km"),
        ("pl", "Europe/Warsaw", "wto 16 cze 14:34 3,1 kW 57 093 67% 1,20 zł km"),
        ("cs", "Europe/Prague", "út 16. 6. 14:34 3,1 kW 57 093 67 % 1,20 Kč km"),
    ],
)
def test_each_writes_as_its_people_do(language: str, zone: str, said: str) -> None:
    locale = load(language, zone)
    when = datetime(2026, 6, 16, 14, 34, tzinfo=BERLIN)
    with speaking(locale):
        written = [words.day(when), words.clock(when), str(words.power(3120)), words.whole(57093), words.share(67)]
        written += [str(words.money(1.2, locale.currency)), locale.distance]
    assert " ".join(written).replace("\u00a0", " ").replace("\u202f", " ") == said


def test_four_digits_stand_together_where_they_do() -> None:
    for language, written in (("de", "1.234"), ("es", "1234"), ("pl", "1234"), ("it", "1234"), ("sv", "1\u00a0234")):
        with speaking(load(language)):
            assert words.whole(1234) == written


def test_the_house_may_count_in_its_own_units() -> None:
    units = Units("mi", "f", "12h", Currency("GBP"))
    locale = load("de", "Europe/Berlin", units)
    assert locale.counts == "mi, f, 12h, GBP"
    with speaking(locale):
        assert words.stamp(NOW, NOW, BERLIN) == "2:34 PM"
        assert str(words.money(1.2, "GBP")) == "1,20\u00a0£"
        assert words.degrees(20) == "68°"
        assert str(words.road(100)) == "62 mi"


@pytest.mark.parametrize("hour", [0, 1, 11, 12, 13, 23])
def test_no_hour_is_mistaken_for_another(hour: int) -> None:
    with speaking(load("en-US")):
        text = words.clock(datetime(2026, 6, 16, hour, 5, tzinfo=BERLIN))
    assert text == f"{hour % 12 or 12}:05 {'AM' if hour < 12 else 'PM'}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_fits_its_slot_and_has_its_letters(language: str) -> None:
    for region in ("", *table._read(language)):
        locale = load("-".join(filter(None, (language, region))))
        with speaking(locale):
            days = [date(2026, month, day) for month in range(1, 13) for day in range(20, 27)]
            texts = [words.day(day) for day in days]
            assert max(map(len, texts)) <= 13
            assert max(len(words.short_date(day)) for day in days) <= 8
            stamps = [words.stamp(NOW - back * DAY, NOW, BERLIN) for back in range(-6, 400)]
            assert max(map(len, stamps)) <= 14
            assert len({words.letter(day) for day in days}) >= 4
            texts += [*stamps, str(words.money(1234.5, locale.currency)), words.share(50), words.whole(-1234567)]
        faces = [fonts.face(face) for face in (fonts.SMALL, fonts.TEXT, fonts.TITLE, fonts.FIGURE_18)]
        assert {letter for text in texts for letter in text for face in faces if letter not in face} == set()


def test_every_zone_of_this_machine_has_a_region() -> None:
    for zone, region in (
        ("Europe/Berlin", "DE"),
        ("Asia/Kolkata", "IN"),
        ("Asia/Calcutta", "IN"),
        ("US/Eastern", "US"),
    ):
        assert table._regions()["zones"][zone] == region


def test_whoever_draws_speaks_and_nobody_after() -> None:
    with speaking(load("de")):
        assert words.age(0) == "gerade eben"
        with speaking(load("fr")):
            assert words.age(0) == "à l’instant"
        assert words.age(0) == "gerade eben"
    assert words.age(0) == "just now"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tlh", '"tlh" is not one of en, de, nl, fr, it, es, sv, nb, da, pl, cs'),
        ("", '"" is not one of en, de'),
        ("de-Bavaria", '"de-Bavaria" names no region; write for example de or en-GB'),
    ],
)
def test_what_is_no_language(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=r"not one of|names no region") as raised:
        Language.parse(text)
    assert str(raised.value).startswith(told)


def test_a_language_is_read_as_people_write_it() -> None:
    assert [Language.parse(text) for text in ("de", "DE_ch", "en-gb")] == ["de", "de-CH", "en-GB"]
    assert Currency.parse("gbp") == "GBP"
    with pytest.raises(ValueError, match="is not a currency"):
        Currency.parse("pounds")
