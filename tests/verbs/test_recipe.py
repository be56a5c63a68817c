"""``eink-monitor recipe``: nothing is sent, and a mistake is told at its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eink_monitor.config import recipes
from houses import say
from loopback.recipes import service_account, signs

RECIPES = Path(__file__).parents[1] / "recipes"
PLAYED = sorted(
    (file.parent.name, file.stem)
    for file in RECIPES.glob("*/*.json")
    if "\nhttp:" in (recipes.SHIPPED / f"{file.parent.name}.yaml").read_text(encoding="utf-8")
)


def test_what_it_would_ask_and_what_comes_of_an_answer(tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text('{"temperature": 21.44}', encoding="utf-8")
    words = ("recipe", "check", recipes.SHIPPED / "thermometer.yaml", "--answer", tmp_path / "answer.json")
    said = say(*words, "--set", "host=thermo.lan:81", "--set", "page=a b")
    assert (said.code, said.err) == (0, "")
    for line in (
        "reaches    http://thermo.lan:81\n",
        "asks       GET http://thermo.lan:81/a%20b\n",
        "publishes  it outdoor_temperature (°C): temperature outdoors\n",
        "becomes    it outdoor_temperature 21.4 °C, measured ",
    ):
        assert line in said.out


@pytest.mark.parametrize(("name", "one"), PLAYED)
def test_a_recording_is_played_without_a_network(name: str, one: str) -> None:
    file = RECIPES / name / f"{one}.json"
    recording = json.loads(file.read_text(encoding="utf-8"))
    recipe = recipes.SHIPPED / f"{name}.yaml"
    signed = signs(recipes.made(recipe)) and "key" not in recording.get("settings", {})
    own = ("--set", f"key={service_account()}") if signed else ()
    said = say("recipe", "check", recipe, "--answer", file, *own)
    assert said.code == 0, said.err
    assert said.out.count("\nbecomes    it ") == len(recording.get("readings", ())) + len(
        [one for kind in ("listings", "events") for one in recording.get(kind, ())]
    )
    if "error" in recording:
        assert f"becomes    {recording['error']}: " in said.out
    assert "a-secret-that-nobody-has" not in said.out


def test_mistakes_are_told_at_their_places(tmp_path: Path) -> None:
    text = (recipes.SHIPPED / "thermometer.yaml").read_text(encoding="utf-8")
    (tmp_path / "mine.yaml").write_text(text.replace("climate", "climat").replace("{{page}}", "{{pgae}}"), "utf-8")
    said = say("recipe", "check", tmp_path / "mine.yaml")
    assert (said.code, said.out) == (78, "")
    assert 'mine.yaml:2:8: group: "climat" is not one of roof' in said.err


def test_doubts(tmp_path: Path) -> None:
    text = 'title: Many orders.\ngroup: shop\nhttp: {url: "https://shop.example/", readings: {orders: {path: n}}}\n'
    (tmp_path / "http.yaml").write_text(text, encoding="utf-8")
    said = say("recipe", "check", tmp_path / "http.yaml")
    assert said.code == 0
    assert "`http` is a type of its own already" in said.err
    assert "says nobody where to find what it takes" in said.err
    assert "no calls_per_* says what its vendor allows" in said.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "hots=x"), "it takes no hots; it takes host, page, key"),
        (("--set", "host"), "write KEY=VALUE"),
        (("--set", "host=a b"), "is not a host"),
        (("--answer", "/nowhere"), "there is no such file"),
    ],
)
def test_a_wrong_word_is_told(words: tuple[str, ...], told: str) -> None:
    said = say("recipe", "check", recipes.SHIPPED / "thermometer.yaml", *words)
    assert said.code == 64
    assert told in said.err


@pytest.mark.parametrize(
    "recording", ['{"answers": [1]}', '{"answers": [], "now": "x"}', '{"answers": [], "settings": 1}']
)
def test_what_is_no_recording_is_told(recording: str, tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(recording, encoding="utf-8")
    said = say("recipe", "check", recipes.SHIPPED / "thermometer.yaml", "--answer", tmp_path / "r.json")
    assert said.code == 64


def test_of_another_door_it_says_what_to_do_instead() -> None:
    name, one = next((file.parent.name, file) for file in RECIPES.glob("keba_p30/*.json"))
    said = say("recipe", "check", recipes.SHIPPED / f"{name}.yaml", "--answer", one)
    assert said.code == 64 or "through http only" in said.out


def test_all_are_listed_and_each_is_shown(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "mine.yaml").write_text("title: not even whole", encoding="utf-8")
    listed = say("recipe", "list", "-c", tmp_path / "config.yaml")
    assert {line.split()[0] for line in listed.out.splitlines()[1:]} == {*recipes.files(), "mine"}
    shown = say("recipe", "show", "mine", "-c", tmp_path / "config.yaml")
    assert shown.out == "title: not even whole"
    assert say("recipe", "show", "thermometer").out == (recipes.SHIPPED / "thermometer.yaml").read_text("utf-8")
    assert say("recipe", "show", "nothing").code == 64
    (tmp_path / "recipes" / "mine.yaml").write_bytes(b"title: \x1b[2J\xff\n")
    assert say("recipe", "show", "mine", "-c", tmp_path / "config.yaml").out == "title: \\x1b[2J\ufffd\n"
