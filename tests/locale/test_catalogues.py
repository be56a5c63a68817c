"""The catalogues are those of the program as it is, whole, and every translation keeps to its placeholders and room."""

from __future__ import annotations

import re
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

import pytest

from eink_monitor.locale import load, say, say_many, say_of, speaking, table
from eink_monitor.metrics import METRICS
from eink_monitor.panels import _states
from locale_scripts import script

LANGUAGES = [language for language in table.LANGUAGES if language != "en"]
NUMBERS = (0, 1, 2, 5, 12, 22, 99)


def texts(language: str) -> list[Any]:
    """The messages of a catalogue."""
    return [message for message in script("messages").translations(language) if message.id]


def strings(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


def test_they_are_up_to_date() -> None:
    late = [file.name for file, content in script("messages").files().items() if file.read_bytes() != content]
    assert not late, "make messages"


def test_every_text_tells_its_room() -> None:
    for message in script("messages").template():
        assert not message.id or re.search(r"at most \d+ letters", " ".join(message.auto_comments)), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_is_translated(language: str) -> None:
    left = [message.id for message in texts(language) if not message.string or not all(message.string)]
    assert left == [], f"translate these in translations/{language}.po, then make messages"


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_are_names_and_the_same_ones(language: str) -> None:
    for message in texts(language):
        wanted = set(re.findall(r"\{(\w+)\}", " ".join(strings(message.id))))
        for text in (*strings(message.id), *strings(message.string)):
            assert not re.search(r"%[sdi(]|\{\}|\{[^}]*[^}\w]", text), text
            assert set(re.findall(r"\{(\w*)\}", text)) == wanted or "n" in wanted, text
            assert set(re.findall(r"\{(\w*)\}", text)) <= wanted, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_longer_than_its_room(language: str) -> None:
    for message in texts(language):
        most = min(map(int, re.findall(r"at most (\d+) letters", " ".join(message.auto_comments))))
        for text in strings(message.string):
            longest = text.replace("{n}", "99")
            if "{" not in longest:
                assert len(longest) <= most, f"{text!r} for {message.id!r}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_has_its_form(language: str) -> None:
    with speaking(load(language)):
        for message in texts(language):
            if not isinstance(message.id, str):
                one, many = message.id
                assert all(say_many(one, many, number) for number in NUMBERS)


def test_a_word_that_means_several_things_is_said_by_what_is_meant() -> None:
    with speaking(load("de")):
        assert say("no such text, {who}", who="you") == "no such text, you"
        assert say_of("nothing", "no such text") == "no such text"


def test_every_state_of_the_dictionary_can_be_translated() -> None:
    names = {name for metric in METRICS.values() for name in metric.names.values()}
    assert names == {*_states.INVERTER, *_states.CHARGING, *_states.DISK, *_states.WEATHER}


@pytest.mark.parametrize("language", LANGUAGES)
def test_gettext_reads_them(language: str) -> None:
    with Path(table.HERE / f"{language}.mo").open("rb") as file:
        found = GNUTranslations(file)
    assert found.gettext("just now") != "just now"
