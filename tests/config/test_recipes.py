"""Recipes as they are read: what is wrong with one is told at its place, and costs one source."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eink_monitor import config as configuration
from eink_monitor.clock import FastClock, stopwatch
from eink_monitor.config import recipes
from eink_monitor.config.doubts import doubts
from eink_monitor.config.recipe_file import LARGEST, RecipeError
from eink_monitor.errors import BadAnswer, Complaint
from houses import complaints
from loopback.visits import Visitor

GOOD = """\
title: A barrel of rain water.
group: other
takes:
  host: {type: host, words: its address, example: barrel.local}
  key: {type: secret, words: the key, default: ""}
  unit: {type: choice, words: which, choices: [a, b], default: a}
every: 10m
local: true
http:
  url: http://{{host}}/{{unit}}
  headers: {X-Key: "{{key}}"}
  live: true
  readings: {level: {path: level, unit: "%"}}
"""
CONFIG = """\
display: {type: 'null'}
sources:
  rain: {type: barrel, host: barrel.local}
  spare: {type: demo}
panels:
  level: {type: number, subject: rain, metric: level}
"""


def wrong(folder: Path, text: str, name: str = "barrel.yaml") -> list[str]:
    """The complaints of a recipe, as line:column: path: words."""
    file = folder / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeError) as raised:
        recipes.made(file)
    return [str(complaint).partition(f"{name}:")[2] for complaint in raised.value.complaints]


def house(folder: Path, recipe: str, text: str = CONFIG) -> Path:
    (folder / "recipes").mkdir(exist_ok=True)
    (folder / "recipes" / "barrel.yaml").write_text(recipe, encoding="utf-8")
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return folder / "config.yaml"


def test_one_of_ones_own_is_a_type_like_any_other(tmp_path: Path) -> None:
    feed = configuration.load(house(tmp_path, GOOD)).feeds["rain"]
    assert (feed.type, feed.every, feed.source.local) == ("barrel", 600, True)
    assert [metric.name for metric in feed.source.publishes("rain")["rain"]] == ["level"]
    assert "X-Key" not in repr(feed.source)


def test_its_keys_are_checked_as_those_of_any_source(tmp_path: Path) -> None:
    text = CONFIG.replace("host: barrel.local", "hots: x, unit: c").replace("metric: level", "metric: levle")
    told = complaints(house(tmp_path, GOOD, text))
    assert [one.partition("config.yaml:")[2] or one for one in told]
    assert any("unknown key `hots`; did you mean `host`?" in one for one in told)
    assert any('"c" is not one of a, b' in one for one in told)


def test_two_of_one_subject_are_a_complaint(tmp_path: Path) -> None:
    second = "  rain: {type: barrel, host: barrel.local}\n  more: {type: barrel, host: other.local, subject: rain}\n"
    text = CONFIG.replace("  rain: {type: barrel, host: barrel.local}\n", second)
    assert any("their readings would mix" in one for one in complaints(house(tmp_path, GOOD, text)))


def test_a_broken_one_costs_its_source_and_no_other(tmp_path: Path) -> None:
    config = configuration.load(house(tmp_path, GOOD.replace("group: other", "group: rain")))
    assert set(config.feeds) == {"rain", "spare"}
    (found,) = [one for one in doubts(config) if one.check == "source rain"]
    assert "recipes/barrel.yaml:2:8: group: " in found.words
    visits = Visitor(config.feeds["rain"].source, tmp_path, ZoneInfo("UTC"), FastClock(1_795_847_400))
    with pytest.raises(BadAnswer, match="mend the recipe"):
        visits.poll()


def test_a_mended_one_is_read_anew(tmp_path: Path) -> None:
    file = house(tmp_path, GOOD.replace("group: other", "group: rain"))
    before = configuration.load(file).feeds["rain"].source
    house(tmp_path, GOOD)
    config = configuration.load(file)
    after = config.feeds["rain"].source
    assert before != after
    assert tmp_path / "recipes" / "barrel.yaml" in config.files, "a change of it is a change of the configuration"
    assert after == configuration.load(file).feeds["rain"].source


def test_one_that_is_called_as_a_source_replaces_nothing(tmp_path: Path) -> None:
    file = house(tmp_path, GOOD)
    (tmp_path / "recipes" / "demo.yaml").write_text(GOOD, encoding="utf-8")
    assert type(configuration.load(file).feeds["spare"].source).__name__ == "Demo"


def test_the_nearer_of_two_counts(tmp_path: Path) -> None:
    assert recipes.files()["thermometer"].parent == recipes.SHIPPED
    mine = house(tmp_path, GOOD).parent / "recipes" / "thermometer.yaml"
    mine.write_text(GOOD, encoding="utf-8")
    assert recipes.files(tmp_path)["thermometer"] == mine


MISTAKES = {
    "a file deep within": (
        "live: true",
        "auth: {type: jwt, key: !file k}",
        "12:26: http.auth.key: a recipe reads no file",
    ),
    "an address without a host": ("http://{{host}}/", "file:///etc/", "10:3: http: "),
    "a host of the wide world, asked in clear": (
        "http://{{host}}/",
        "http://evil.example/",
        "4:3: takes: `host` is used",
    ),
    "an expression without an end": ("path: level", f"path: '{'a.' * 2000}a'", "an expression has at most"),
    "a file": ('X-Key: "{{key}}"', "X-Key: !file /etc/shadow", "11:20: http.headers.X-Key: a recipe reads no file"),
    "a variable": ("title: A barrel of rain water.", "title: !env HOME", "1:8: title: a recipe reads no env"),
    "a program": ("http:", "command:", "unknown key `command`"),
    "no door": ("http:", "htttp:", "unknown key `htttp`; did you mean `http`?"),
    "an expression": ("path: level", "path: 'level['", "13:"),
    "a stranger": ("{{unit}}", "{{unti}}", "10:3: http: nobody says what {{unti}} stands for"),
    "a secret in the address": ("{{unit}}", "{{key}}", "{{key}} is a secret, and servers log addresses"),
    "an unused setting": ("/{{unit}}", "/", "4:3: takes: `unit` is used nowhere"),
    "a host from an answer": ("http://{{host}}", "http://{{cursor}}", "no answer chooses where we ask"),
    "a taken name": ("  key:", "  poll: {type: text, words: x}\n  key:", "takes: `poll` is taken"),
    "a method of its class": ("  key:", "  values: {type: text, words: x}\n  key:", "takes: `values` is taken"),
    "its own class": ("  key:", "  recipe: {type: text, words: x}\n  key:", "takes: `recipe` is taken"),
    "a title that a terminal obeys": (
        "title: A barrel of rain water.",
        'title: "\\e[2J."',
        "title and guide: printable",
    ),
    "words that a terminal obeys": (
        "words: the key",
        'words: "\\e[2Jx"',
        "words, example, default and choices: printable",
    ),
    "words written backwards": (
        "words: the key",
        'words: "\\u202ex"',
        "words, example, default and choices: printable",
    ),
    "a choice that a terminal obeys": ("[a, b]", '[a, "\\e[2J"]', "words, example, default and choices: printable"),
    "a guide that a terminal obeys": ("every: 10m", 'every: 10m\nguide: "1. \\rx"', "title and guide: printable"),
    "a part that a terminal obeys": ('unit: "%"', 'unit: "%", subject: "\\e[2J"', "subject: at most 60 printable"),
    "a charset that takes for ever": ("live: true", "live: true\n  charset: punycode", "charset must be one such as"),
    "a kind": ("type: choice", "type: chioce", '"chioce" is not one of'),
    "a unit": ("level: {", "outdoor_temperature: {", "outdoor_temperature is known, and counted in °C"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_at_its_place(name: str, tmp_path: Path) -> None:
    before, after, told = MISTAKES[name]
    assert before in GOOD
    found = wrong(tmp_path, GOOD.replace(before, after))
    assert any(told in one for one in found), found


def test_bombs_are_refused(tmp_path: Path) -> None:
    bomb = "a: &a [x, x]\nb: &b [*a, *a]\n"
    (found,) = wrong(tmp_path, bomb)
    assert "there are no aliases here" in found
    file = tmp_path / "large.yaml"
    file.write_text("title: " + "x" * LARGEST, encoding="utf-8")
    with pytest.raises(RecipeError, match="larger than 64 KiB"):
        recipes.made(file)
    (found,) = wrong(tmp_path, "[" * 100)
    assert "too deeply" in found


def test_one_of_64_kib_is_read_in_no_time(tmp_path: Path) -> None:
    """The daemon reads it, whatever a stranger wrote."""
    takes = "".join(f"  k{n}: {{type: text, words: x}}\n" for n in range(600))
    readings = "".join(f"    l{n}: {{path: '{'a[?b]|' * 11}c', unit: x}}\n" for n in range(400))
    text = GOOD.partition("  readings")[0].replace("  key:", f"{takes}  key:", 1) + f"  readings:\n{readings}"
    assert 55_000 < len(text) < LARGEST
    began = stopwatch()
    assert len(wrong(tmp_path, text)) == 600
    assert stopwatch() - began < 5


def test_a_name_that_is_no_type(tmp_path: Path) -> None:
    assert any("must be called like NAME.yaml" in one for one in wrong(tmp_path, GOOD, "Barrel-2.yaml"))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_written_there_is_told(data: st.DataObject, tmp_path: Path) -> None:
    at = data.draw(st.integers(0, len(GOOD)))
    text = GOOD[:at] + data.draw(st.text(max_size=6)) + GOOD[at + data.draw(st.integers(0, 12)) :]
    file = tmp_path / "barrel.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        kind = recipes.made(file)
    except RecipeError as error:
        told = error.complaints
    else:
        told = [Complaint(kind.recipe.title)]
    assert all(isinstance(one, Complaint) for one in told)
    assert told
