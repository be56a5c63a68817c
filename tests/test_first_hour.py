"""A first hour, replayed: what the panels, the log and the verbs say while a person sets a house up.

The daemon is the real program in a terminal of its own, the vendors are on loopback, the clock is the machine's. Say
``pytest -s tests/test_first_hour.py`` and read it as that person would.
"""

from __future__ import annotations

import os
import pty
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock, iso, stopwatch
from eink_monitor.config import load
from eink_monitor.house import House
from eink_monitor.store import Store
from houses import Said, say, write
from houses.living import in_terminal
from loopback.bmw import CLIENT, TELEMATICS, VIN, Bmw
from loopback.cars import Call, Reply, Vendor, recording
from witness import Listener

HOUSE = """\
database: {{folder}}/readings.db
timezone: Europe/Berlin
display: {{{{type: png, path: {{folder}}/out}}}}
sources:
  enyaq:
    {{{{type: skoda, name: Enyaq, api_key: {key}, vin: TMBJJ7NX0MY000001, every: 1h,
      base_url: "http://127.0.0.1:{port}"}}}}
  i4: {{{{type: bmw_cardata, name: BMW i4, client_id: {client}, vin: {vin}, base_url: "{bmw}", auth_url: "{bmw}"}}}}
panels:
  skoda: {{{{type: car, subject: enyaq}}}}
  bmw: {{{{type: car, subject: i4}}}}
  health: {{{{type: health}}}}
"""
RIGHT = "the-right-key"


def fresh(source: str, name: str) -> bytes:
    """A recorded answer, as if all of it had been measured just now."""
    now = iso(SystemClock().now()).encode()
    return re.sub(rb"20\d\d-\d\d-\d\dT[\d:.]+Z", now, recording(source, name))


class Skoda(Vendor):
    """Opens when the network does, at a port that was known before; lets only the right key in."""

    def __init__(self, port: int) -> None:
        self.at = port
        super().__init__({("GET", "/api/v1/vehicles/TMBJJ7NX0MY000001"): [self._car]})

    def _car(self, call: Call) -> Reply:
        right = call.headers["x-api-key"] == RIGHT
        return Reply(fresh("skoda", "enyaq")) if right else Reply({"message": "no"}, 401)


class Person:
    """Sits at a terminal in which the daemon runs, and says verbs in another."""

    def __init__(self, folder: Path, bmw: Bmw) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder, self.bmw = folder, bmw
        self.file = self.writes("a-wrong-key")
        self._terminal = -1
        self.daemon: subprocess.Popen[bytes] | None = None

    def writes(self, key: str) -> Path:
        """The configuration, with a key for the Skoda."""
        text = HOUSE.format(key=key, port=self.port, client=CLIENT, vin=VIN, bmw=self.bmw.url)
        file = write(self.folder, text)
        later = file.stat().st_mtime_ns + 10**9 * len(key)
        os.utime(file, ns=(later, later))
        return file

    def starts(self) -> None:
        """The daemon, in a terminal."""
        self._terminal, theirs = pty.openpty()
        self.daemon = in_terminal(self.file, theirs)
        os.close(theirs)
        os.set_blocking(self._terminal, False)

    def closes(self) -> int:
        """The terminal; the daemon's exit code."""
        assert self.daemon is not None
        os.close(self._terminal)
        return self.daemon.wait(20)

    def stops(self) -> int:
        """The daemon, as Ctrl-C does."""
        assert self.daemon is not None
        self.daemon.terminate()
        code = self.daemon.wait(20)
        os.close(self._terminal)
        return code

    def says(self, *words: str) -> Said:
        """A verb; it is on the transcript."""
        said = say(*words, "-c", self.file)
        tell(f"$ eink-monitor {' '.join(words)}\n{said.out}{said.err}", self.folder)
        return said

    def latest(self) -> str:
        """All that is stored, for comparison."""
        return say("latest", "--json", "-c", self.file).out

    def reads(self, *until: str) -> list[str]:
        """What the log says since it was last read, once all of those words were in it."""
        text, began = "", stopwatch()
        while not text.endswith("\n") or not all(words in text for words in until):
            assert stopwatch() - began < 20, text
            with suppress(BlockingIOError):
                text += os.read(self._terminal, 1 << 16).decode()
            SystemClock().wait(0.05)
        tell(text.replace("\r", ""), self.folder)
        return [re.sub(r"^\S+ (INFO|WARNING|ERROR) +", "", line) for line in text.splitlines()]

    def sees(self, name: str) -> list[str]:
        """Every word on a panel."""
        config = load(self.file)
        store = Store(config.database, config.zone, writes=False)
        try:
            now, sheet = SystemClock().now(), Listener()
            config.slides[name].panel.draw(sheet, House(config, store, now), now)
        finally:
            store.close()
        words = [text for text, _ in sheet.heard if text.strip()]
        tell(f"[{name}] {' | '.join(words)}\n", self.folder)
        return words


def tell(words: str, folder: Path) -> None:
    """Put something on the transcript."""
    sys.stdout.write(f"{words}\n".replace(str(folder), "~"))


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    with Bmw([Reply(fresh("bmw_cardata", "i4_charging"))]) as bmw:
        one = Person(tmp_path, bmw)
        yield one
        if one.daemon and one.daemon.poll() is None:
            one.daemon.kill()
            one.daemon.wait()


def about(said: Said, source: str) -> list[str]:
    """What the doctor says of a source."""
    found = [" ".join(line.split()) for line in said.out.splitlines()]
    return [line.replace(f"source {source} ", "") for line in found if f" source {source} " in line]


def test_a_first_hour(person: Person) -> None:
    no_network(person)
    with Skoda(person.port) as skoda:
        a_wrong_key(person, skoda)
        a_right_key(person, skoda)
        a_sign_in(person)
        a_restart(person, skoda)
        a_closed_terminal(person)


def no_network(person: Person) -> None:
    """The vendor of one car cannot be reached, and at that of the other nobody has signed in."""
    tell("\n=== no network ===", person.folder)
    person.starts()
    log = person.reads("refuses the connection", "not signed in")
    assert log[0] == f"{person.file}: 2 sources, 3 panels on png, pictures in {person.folder}/out"
    assert [line.partition("; ")[0] for line in sorted(log[1:])] == [
        "enyaq: Skoda: the server refuses the connection",
        "i4: not signed in to BMW CarData yet",
    ]
    assert person.says("latest").err == "nothing is stored yet\n"
    doctor = person.says("doctor")
    assert about(doctor, "enyaq")[-1].startswith(
        "bad Skoda: the server refuses the connection; is the address right? (just now; again in "
    )
    skoda, i4 = [re.split(r" {2,}", line) for line in person.says("quota").out.splitlines()[1:]]
    assert (skoda[0], skoda[3]) == ("enyaq", "0"), "what reached nobody was no call"
    assert re.match(r"20\d\d-\d\d-\d\dT|due", skoda[-1]), "when the daemon itself will try again, to the second"
    assert i4[-1] == "after login"
    assert any(word.startswith("no connection since") for word in person.sees("skoda"))
    assert "sign in first" in person.sees("bmw")
    health = person.sees("health")
    assert health[0] == "Health · 2 faults"
    assert {"offline", "sign in first"} <= set(health)
    assert {path.stem for path in (person.folder / "out").glob("*.png")} == {"skoda", "bmw", "health", "now"}


def a_wrong_key(person: Person, skoda: Skoda) -> None:
    """The network comes, and ten seconds after the first try there is an answer: no."""
    tell("\n=== the network comes, and the key is wrong ===", person.folder)
    assert [line.partition(":")[0] for line in person.reads("rejects the API key")] == ["enyaq"]
    assert len(skoda.calls) == 1
    doctor = person.says("doctor")
    assert "rejects the API key" in about(doctor, "enyaq")[-1]
    assert "login enyaq" not in doctor.out
    assert [re.split(r" {2,}", line)[3] for line in person.says("quota").out.splitlines()[1:2]] == ["1"]
    person.sees("skoda")
    person.sees("health")


def a_right_key(person: Person, skoda: Skoda) -> None:
    """It is written into the configuration: noticed, and taken over by a word."""
    tell("\n=== the right key ===", person.folder)
    person.writes(RIGHT)
    assert f"{person.file} has changed since the daemon read it -> eink-monitor reload" in person.says("doctor").out
    said = person.says("reload")
    assert said == (
        0,
        f"the daemon goes on with {person.file}: 2 sources, 3 panels on png, pictures in {person.folder}/out\n",
        "",
    )
    log = person.reads("enyaq: recovered")
    assert f"{person.file}: 2 sources" in log[0]
    assert "enyaq: recovered after 1 failed poll" in [line.replace("2 polls", "1 poll") for line in log]
    latest = person.says("latest")
    assert latest.err == ""
    assert {line.split()[0] for line in latest.out.splitlines()[1:]} == {"enyaq"}
    assert not any("no connection" in word or "key" in word for word in person.sees("skoda"))
    assert person.sees("health")[0] == "Health · 1 fault"
    assert len(skoda.calls) == 2


def a_sign_in(person: Person) -> None:
    """The daemon notices by itself."""
    tell("\n=== signed in ===", person.folder)
    assert person.says("login", "i4").code == 0
    person.reads("i4: recovered")
    assert len(person.bmw.on(TELEMATICS)) == 1
    latest = person.says("latest")
    assert {line.split()[0] for line in latest.out.splitlines()[1:]} == {"enyaq", "i4"}
    assert person.sees("health")[0] == "Health · all well"
    assert "sign in first" not in person.sees("bmw")


def a_restart(person: Person, skoda: Skoda) -> None:
    """It costs no call, and nothing is forgotten."""
    tell("\n=== a restart ===", person.folder)
    before, calls = person.latest(), (len(skoda.calls), len(person.bmw.calls))
    assert person.stops() == 0
    person.starts()
    assert person.latest() == before
    log = person.reads("2 sources")
    assert log[0] == f"{person.file}: 2 sources, 3 panels on png, pictures in {person.folder}/out"
    assert log[1:] == [], "nothing is wrong any more"
    assert (len(skoda.calls), len(person.bmw.calls)) == calls


def a_closed_terminal(person: Person) -> None:
    """It ends the daemon, and nothing is lost."""
    tell("\n=== the terminal is closed ===", person.folder)
    before = person.latest()
    assert person.closes() == 0
    assert person.latest() == before
    assert "daemon is not running" in " ".join(person.says("doctor").out.split())
