"""The language of a house: in its configuration, and on its panels."""

from __future__ import annotations

from pathlib import Path

from eink_monitor.config import load
from houses import HOUSE, complaints, say, write


def test_a_house_says_its_language_and_units(tmp_path: Path) -> None:
    config = load(write(tmp_path, f"language: de-AT\nunits: {{{{clock: 12h, currency: gbp}}}}\n{HOUSE}"))
    assert (config.locale.language, config.locale.months[0]) == ("de-AT", "Jän")
    assert config.locale.counts == "km, c, 12h, GBP"


def test_without_a_word_it_is_english_in_the_units_of_its_time_zone(tmp_path: Path) -> None:
    config = load(write(tmp_path, HOUSE.replace("Europe/Berlin", "America/Chicago")))
    assert (config.locale.language, config.locale.counts) == ("en", "mi, f, 12h, USD")


def test_mistakes_are_shown_where_they_stand(tmp_path: Path) -> None:
    text = "language: klingon\nunits:\n  distance: miles\n  colour: red\n  currency: pounds\n" + HOUSE
    assert complaints(write(tmp_path, text)) == [
        '1:11: language: "klingon" is not one of en, de, nl, fr, it, es, sv, nb, da, pl, cs',
        '3:13: units.distance: "miles" is not one of km, mi',
        "4:3: units.colour: unknown key `colour`; did you mean `clock`?",
        '5:13: units.currency: "pounds" is not a currency; write for example EUR',
    ]


def test_units_that_would_tell_a_secret_time_zone_are_stars(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text("Asia/Kolkata", encoding="utf-8")
    file = write(tmp_path, HOUSE.replace("Europe/Berlin", "!file zone"))
    assert "units        ****" in say("check", "-c", file).out.splitlines()
