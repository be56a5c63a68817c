"""Recipes in a whole house: polled, checked, passed on; what is wrong with one costs nobody else anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from houses import say
from loopback.recipes import Recorded, recordings

KEY = "k3y-of-the-gauge"
GAUGE = """\
title: A gauge that wants a key.
group: other
takes:
  host: {type: host, words: its address, example: gauge.local}
  key: {type: secret, words: its key}
local: true
http: {url: "http://{{host}}/", headers: {X-Key: "{{key}}"}, live: true, readings: {level: {path: n}}}
"""
HOUSE = """\
database: {folder}/house.db
display: {{type: png, path: {folder}/out}}
sources:
  washer: {{type: shelly, host: "{host}"}}
  gauge: {{type: gauge, host: gauge-of-mine.local, key: {key}}}
  broken: {{type: broken, host: "{host}"}}
panels:
  washer: {{type: number, subject: washer, metric: power}}
  broken: {{type: number, subject: broken, metric: level}}
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "gauge.yaml").write_text(GAUGE, encoding="utf-8")
    (tmp_path / "recipes" / "broken.yaml").write_text(GAUGE.replace("local: true", "lokal: true"), encoding="utf-8")
    with Recorded(recordings("shelly")["plus_plug_s"]) as plug:
        text = HOUSE.format(folder=tmp_path, host=plug.url.partition("://")[2], key=KEY)
        (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
        yield tmp_path / "config.yaml"


def test_it_is_polled_as_any_source(house: Path) -> None:
    polled = say("poll", "washer", "-c", house)
    assert (polled.code, polled.err) == (0, "")
    assert "128.6  W" in polled.out
    explained = say("poll", "washer", "--explain", "-c", house)
    assert "apower finds 128.6: 128.6 W" in explained.out + explained.err


def test_a_broken_one_costs_itself(house: Path) -> None:
    checked = say("check", "-c", house)
    assert checked.code == 0
    assert "recipes/broken.yaml:6:1: lokal: unknown key `lokal`; did you mean `local`?" in checked.err
    polled = say("poll", "broken", "-c", house)
    assert polled.code == 65
    assert "mend the recipe" in polled.err


def test_nothing_of_the_owner_is_passed_on(house: Path) -> None:
    for said in (say("check", "-c", house), say("dump", "-", "-c", house), say("doctor", "-c", house)):
        assert KEY not in said.out + said.err
    assert "gauge-of-mine" not in say("dump", "-", "-c", house).out
