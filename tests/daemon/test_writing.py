"""What only the daemon knows is written before a verb reads, within bounds; where it is not, a sentence says so."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from eink_monitor.clock import DAY, stopwatch
from eink_monitor.config import load
from eink_monitor.daemon.writing import Allowance, written
from houses import HOUSE, say, write
from houses.living import polled, running
from small_house import Scripted, feed, small_house

Blank = Callable[[Path], Path]


@pytest.fixture
def path(tmp_path: Path, blank: Blank) -> Path:
    return blank(tmp_path / "readings.db")


def test_what_is_in_memory_is_written_when_asked_for(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], durable=True)
    house.live(301)
    before = house.store.commits
    assert house.daemon.write().words == ""
    assert house.store.commits == before + 1
    reader = small_house(path, [feed("roof", Scripted())], durable=True, beside=True)
    assert reader.daemon.house.feeds()[0].what == "ok"
    reader.store.close()
    house.daemon.write()
    assert house.store.commits == before + 1, "nothing new, so nothing is written"


def test_who_asks_all_the_time_does_not_wear_the_card_out(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted(), every=5)], durable=True)
    house.live(5)
    said = []
    for _ in range(DAY // 5 // 12):
        house.live(5)
        said.append(house.daemon.write().words)
    hours = DAY / 12 / 3600
    assert house.store.commits <= 10 + 60 * hours + 12 * hours + 2
    assert {words for words in said if words} == {"the daemon has more in memory; it last wrote just now"}


def test_the_allowance() -> None:
    allowance = Allowance(0.0)
    assert [allowance.take(0.0) for _ in range(11)] == [True] * 10 + [False]
    assert [allowance.take(59.0), allowance.take(61.0), allowance.take(62.0)] == [False, True, False]
    assert [allowance.take(float(DAY)) for _ in range(11)] == [True] * 10 + [False]


def test_a_card_that_fails_is_said(path: Path) -> None:
    house = small_house(path, [feed("roof", Scripted())], durable=True)
    house.live(1)
    path.parent.chmod(0o500)
    house.daemon.house.card = "the card is full; make room"
    answer = house.daemon.write()
    path.parent.chmod(0o700)
    assert (answer.code, answer.words) in {
        (0, ""),
        (75, "the daemon cannot write and goes on from memory: the card is full; make room"),
    }


VERBS = [
    ("latest",),
    ("show", "sun", "--png", "{folder}/shown"),
    ("quota",),
    ("history", "roof", "pv_power"),
    ("doctor",),
    ("poll", "car"),
    ("backup", "{folder}/copy.db"),
    ("dump", "-"),
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_every_verb_sees_what_a_young_daemon_knows(tmp_path: Path, verb: tuple[str, ...]) -> None:
    """Polled in its first second, which it would write five minutes later."""
    file = write(tmp_path)
    with running(file):
        polled(file)
        said = say(*(word.format(folder=tmp_path) for word in verb), "-c", file)
        assert "has not written" not in said.err + said.out
        assert "not polled yet" not in said.out
        if verb[0] == "latest":
            assert "roof" in said.out
        if verb[0] == "quota":
            assert "  due" not in said.out.partition("car")[2], "when the daemon itself will ask again"


def test_a_daemon_that_stands_still_is_said_in_time(tmp_path: Path) -> None:
    file = write(tmp_path)
    with running(file) as process:
        polled(file)
        process.send_signal(signal.SIGSTOP)
        for verb in VERBS[:-1]:
            began = stopwatch()
            said = say(*(word.format(folder=tmp_path) for word in verb), "-c", file)
            assert stopwatch() - began < 6
            assert (said.err + said.out).count("the daemon runs but does not answer") == 1, verb
            assert "it last wrote just now" in said.err + said.out
        process.send_signal(signal.SIGCONT)


def test_another_users_daemon_is_named(tmp_path: Path) -> None:
    file = write(tmp_path)
    with running(file):
        if os.geteuid() == 0:
            pytest.skip("root may ask everybody")
        (tmp_path / "readings.db.control").chmod(0)
        said = say("latest", "-c", file)
        assert "the daemon runs as" in said.err


def test_nobody_runs(tmp_path: Path) -> None:
    config = write(tmp_path, HOUSE)
    assert "daemon runs" not in say("latest", "-c", config).err
    assert written(load(config)).process == 0


def test_the_next_poll_is_the_daemons_own(tmp_path: Path) -> None:
    file = write(tmp_path)
    with running(file):
        polled(file)
        (line,) = [line for line in say("quota", "-c", file).out.splitlines() if line.startswith("car")]
    assert "due" not in line


def test_json_stays_json(tmp_path: Path) -> None:
    file = write(tmp_path)
    with running(file) as process:
        polled(file)
        process.send_signal(signal.SIGSTOP)
        said = say("latest", "--json", "-c", file)
        process.send_signal(signal.SIGCONT)
    assert json.loads(said.out)
