"""The README's transcript, typed again: what a stranger has at home is on the wall within three commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from eink_monitor.clock import SystemClock
from eink_monitor.config import load
from houses import say
from houses.terminal import Person
from loopback.home_assistant import TOKEN, HomeAssistantServer, state
from loopback.mosquitto import Mosquitto
from loopback.server import Asked, LoopbackServer, Said

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
_QUESTION = re.compile(
    r"((?:\w+ \(.*?\)(?:, not shown)?|Which of these \(.*\) \[1\]|Any other settings\? \[y/N\]"
    r"|Write this into .* \[Y/n\]): ?)(.*)"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


class Thermometer(LoopbackServer):
    def answer(self, asked: Asked) -> Said:
        return Said(200, {"temp_c": 21.4, "humidity": 48})


@contextmanager
def home(folder: Path) -> Iterator[dict[str, str]]:
    """A thermometer, a counter and Home Assistant: their addresses here, by those of the README."""
    now = SystemClock().now()
    things = (
        state("sensor.zoe_battery", "63", now - 60, unit="%", kind="battery"),
        state("sensor.living_room_temperature", "20.5", now - 60, unit="°C", kind="temperature"),
        state("light.hall", "on", now - 60),
    )
    folder.mkdir()
    over = Event()
    with Thermometer() as thermometer, Mosquitto(folder) as broker, HomeAssistantServer(*things) as assistant:

        def count() -> None:
            while not over.wait(0.3):
                broker.say("home/gate", "42")

        counter = Thread(target=count)
        counter.start()
        try:
            yield {
                "http://thermometer.local": thermometer.url,
                "mqtt://broker.local": broker.url,
                "http://homeassistant.local:8123": assistant.url,
            }
        finally:
            over.set()
            counter.join()


def commands() -> Iterator[tuple[list[str], list[str]]]:
    """The command lines of the transcript, and what stands on the screen after each."""
    chapter = README.partition("## Set up without an editor\n")[2].partition("\n## ")[0]
    block = chapter.partition("```text\n")[2].partition("```")[0]
    for part in block.split("$ eink-monitor ")[1:]:
        line, _, screen = part.partition("\n")
        yield line.split(), screen.rstrip("\n").split("\n")


def test_the_transcript_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))  # a new configuration names no database
    folder = tmp_path / "stranger"
    folder.mkdir()
    told = list(commands())
    assert [words[:2] for words, _ in told] == [["add", "http"], ["add", "mqtt"], ["add", "home_assistant"]]
    with home(tmp_path / "home") as places:
        for words, screen in told:
            assert _typed(folder, words, screen, places) == 0
    config = load(folder / "config.yaml")
    assert list(config.feeds) == ["porch", "gate", "home"]
    assert len(config.slides) == 3
    for name in config.slides:
        shown = say("show", name, "--text", "-c", folder / "config.yaml")
        assert shown.code == 0
        assert re.search(r"2[01] °|42", shown.out), shown.out


def _typed(folder: Path, words: list[str], screen: list[str], places: dict[str, str]) -> int:
    """Type a command line and its answers, and read the rest; ``...`` stands for anything."""

    def here(text: str) -> str:
        for there, address in places.items():
            text = text.replace(there, address)
        return text.replace("/home/pi", str(folder))

    with Person(folder, *words) as person:
        for line in filter(None, screen):
            if found := _QUESTION.fullmatch(line):
                person.reads(found[1].replace("/home/pi", str(folder)).strip())
                person.types(TOKEN if found[1].startswith("token") else here(found[2]))
            elif line != "...":
                for piece in _TIME.split(here(line))[::2]:
                    person.reads(piece.rstrip())
        return person.leaves()
