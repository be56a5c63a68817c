"""A changed configuration: noticed, taken over, or refused with its mistakes while the old one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

from eink_monitor import places
from eink_monitor.clock import MINUTE
from eink_monitor.config import load
from eink_monitor.service.reloading import Reloading, in_words
from houses import HOUSE, say, write
from houses.living import running

MORE = HOUSE + "  health: {{type: health}}\n"
WRONG = HOUSE.replace("every: 5m", "every: sometimes").replace("show: disk", "show: dusk")


def touched(file: Path, text: str) -> None:
    """Write a configuration that is certainly younger than the one before."""
    before = file.stat().st_mtime_ns
    write(file.parent, text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[tuple[Path, subprocess.Popen[bytes]]]:
    file = write(tmp_path)
    with running(file) as process:
        yield file, process


def line(stream: IO[bytes] | None, words: str) -> str:
    """The next line of a log that holds those words."""
    assert stream is not None
    for said in stream:
        if words in said.decode():
            return said.decode().strip()
    pytest.fail(f"the log ends without: {words}")


def test_a_start_says_what_it_lives_by(house: tuple[Path, subprocess.Popen[bytes]]) -> None:
    file, process = house
    said = line(process.stderr, "sources")
    assert said.endswith(f"{file}: 3 sources, 3 panels on png, pictures in {file.parent}/out")


def test_a_good_one_is_taken_over(house: tuple[Path, subprocess.Popen[bytes]]) -> None:
    file, process = house
    touched(file, MORE)
    assert "has changed since the daemon read it" in say("doctor", "-c", file).out
    said = say("reload", "-c", file)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"the daemon goes on with {file}: 3 sources, 4 panels on png, pictures in {file.parent}/out\n"
    line(process.stderr, "3 panels")
    line(process.stderr, "4 panels")
    assert say("show", "health", "--ink", "-c", file).code == 0
    assert "has changed" not in say("doctor", "-c", file).out
    assert process.poll() is None


def test_a_panel_that_is_no_more_leaves_no_picture(house: tuple[Path, subprocess.Popen[bytes]]) -> None:
    file, process = house
    out = file.parent / "out"
    assert [say("show", "--ink", "-c", file).code for _ in range(2)] == [0, 0]
    assert {path.stem for path in out.glob("*.png")} == {"sun", "flow", "disk", "now"}, "all are there from the start"
    (out / "holiday.png").write_bytes((out / "flow.png").read_bytes())
    touched(file, HOUSE.replace("  flow: {{type: flow, subject: roof}}\n", ""))
    assert say("reload", "-c", file).code == 0
    line(process.stderr, "2 panels")
    assert [say("show", "--ink", "-c", file).code for _ in range(2)] == [0, 0]
    assert {path.stem for path in out.glob("*.png")} == {"sun", "disk", "now", "holiday"}, "a copy is a person's"


def test_one_with_mistakes_is_refused_with_all_of_them(house: tuple[Path, subprocess.Popen[bytes]]) -> None:
    file, process = house
    touched(file, WRONG)
    said = say("reload", "-c", file)
    assert said.code == 78
    assert "the daemon was not notified; it keeps the configuration it read before" in said.err
    assert "sources.roof.every" in said.err
    assert "sources.attic.show" in said.err
    process.send_signal(signal.SIGHUP)  # whoever sends this has not looked
    for words in (
        "sources.roof.every",
        "sources.attic.show",
        "is rejected; going on with the configuration read before",
    ):
        line(process.stderr, words)
    write(file.parent)
    assert say("show", "flow", "--ink", "-c", file).code == 0
    assert process.poll() is None


def test_a_new_one_that_cannot_be_lived_by_gives_way_to_the_old(house: tuple[Path, subprocess.Popen[bytes]]) -> None:
    file, process = house
    (file.parent / "strange.db").write_text("this is no database at all, but somebody's letter" * 100)
    with running_elsewhere(file.parent) as other:
        touched(file, HOUSE.replace("{folder}/readings.db", f"{other}/readings.db"))
        process.send_signal(signal.SIGHUP)
        line(process.stderr, "going on with the configuration read before")
        line(process.stderr, f"{file}: 3 sources, 3 panels")
    assert process.poll() is None


class running_elsewhere:  # noqa: N801 - reads as what it is
    """A second house, whose database is taken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "other"
        self._folder.mkdir()
        self._running = running(write(self._folder))

    def __enter__(self) -> Path:
        self._running.__enter__()
        return self._folder

    def __exit__(self, *what: object) -> None:
        self._running.__exit__(None, None, None)


def test_nobody_to_tell(tmp_path: Path) -> None:
    said = say("reload", "-c", write(tmp_path))
    assert said.code == 75
    assert "no daemon works on" in said.err


def test_a_change_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "key").write_text("hunter2")
    file = write(tmp_path, HOUSE + "  # a comment\n")
    reloading = Reloading(load(file), 0.0)
    touched(file, MORE)
    reloading.look(1.0)
    assert caplog.messages == [], "it is looked at once a minute"
    for mono in range(MINUTE, 10 * MINUTE, MINUTE):
        reloading.look(float(mono))
    assert caplog.messages == [f"{file} has changed since the daemon read it; run: eink-monitor reload"]
    (finding,) = reloading.findings()
    assert finding.mend == "eink-monitor reload"


def test_a_changed_secret_counts(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("one")
    keyed = "  car: {{type: skoda, api_key: !file key, vin: NVENTED1234567890}}\n"
    file = write(tmp_path, HOUSE.replace("panels:\n", keyed.replace("car:", "enyaq:") + "panels:\n"))
    reloading = Reloading(load(file), 0.0)
    assert reloading.findings() == []
    os.utime(tmp_path / "key", ns=(1, 1))
    assert len(reloading.findings()) == 1


@pytest.fixture
def lent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The configuration of a service, as it lies and as systemd lends it."""
    etc, run = tmp_path / "etc", tmp_path / "run"
    for folder in (etc / "credentials", run):
        folder.mkdir(parents=True)
    text = HOUSE.replace(
        "panels:\n", "  enyaq: {{type: skoda, api_key: !file credentials/a_key, vin: TMBJJ7NX0MY000001}}\npanels:\n"
    )
    for file, words in ((etc / "credentials" / "a_key", "k"), (run / "credentials_a_key", "k")):
        file.write_text(words)
    for folder in (etc, run):
        write(folder, text)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(run))
    monkeypatch.setenv("EINK_MONITOR_ORIGIN", str(etc))
    return etc, run


def test_what_systemd_lends_is_as_old_as_its_origin(lent: tuple[Path, Path]) -> None:
    """Else every start would look like a change by a person, and knock where it was refused."""
    etc, run = lent
    config = load(run / "config.yaml")
    assert [places.origin(file) for file in (config.file, *config.files)] == [
        etc / "config.yaml",
        etc / "credentials" / "a_key",
    ]
    before = config.stamp
    for file in run.iterdir():
        os.utime(file)
    assert load(run / "config.yaml").stamp == before
    os.utime(etc / "credentials" / "a_key", ns=(before + 5, before + 5))
    assert load(run / "config.yaml").stamp == before + 5
    (etc / "credentials" / "a_key").unlink()
    assert load(run / "config.yaml").stamp >= before, "one that may not be looked at counts as it was lent"


def test_what_systemd_lends_is_not_taken_over_under_way(lent: tuple[Path, Path]) -> None:
    etc, run = lent
    config = load(run / "config.yaml")
    reloading = Reloading(config, 0.0)
    answer = reloading.reload()
    assert (answer.code, reloading.following) == (75, None)
    assert answer.words == (
        f"systemd hands over {etc}/config.yaml at the start only; run: sudo eink-monitor reload, which restarts it"
    )
    assert in_words(config).startswith(f"{etc}/config.yaml: 4 sources")
