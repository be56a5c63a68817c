from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor import __version__
from houses import say, write

PROGRAM = [sys.executable, "-m", "eink_monitor"]
VERBS = [file.stem for file in (Path(__file__).parent.parent / "eink_monitor" / "verbs").glob("[!_]*.py")]


def test_the_verbs_are_on_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = say("--help")
    assert (said.code, said.err) == (0, "")
    assert "\b" not in said.out
    assert "\\b" not in said.out
    assert "..." not in said.out.partition("Commands:")[2], (
        "a summary is cut; begin the docstring with a shorter sentence"
    )
    assert "\n    eink-monitor poll home    poll one source now\n" in said.out
    for verb in VERBS:
        assert f"\n  {verb} " in said.out
    assert all(len(line) <= 80 for line in said.out.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    for option in ("-h", "--help"):
        said = say(verb, option)
        assert (said.code, said.err) == (0, "")
        assert f" eink-monitor {verb}" in said.out.splitlines()[0]
        assert len(said.out.splitlines()) > 5


@pytest.mark.parametrize(
    "verb", sorted(set(VERBS) - {"demo", "doctor", "dump", "sources", "panels", "undo", "add", "recipe"})
)
def test_every_verb_takes_a_configuration_and_complains_of_it(verb: str, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("display: {type: pgn}\nsources: {}\npanels: {}\n", encoding="utf-8")
    arguments: dict[str, list[object]] = {"poll": ["x"], "history": ["x", "soc"], "backup": [tmp_path / "copy"]}
    arguments |= {"login": ["x"], "logout": ["x"], "forget": ["--after", "now"], "restore": ["copy"]}
    arguments |= {"remove": ["x"], "rename": ["x", "y"]}
    words = arguments.get(verb, [])
    said = say(verb, *words, "-c", broken)
    assert said.code == 78
    *before, last = said.err.splitlines()
    assert last == f"{broken}:1:17: display.type: unknown type `pgn`; did you mean `png`?"
    assert len(before) == (verb == "reload")  # that the daemon goes on
    assert said.out == ""
    missing = say(verb, *words, "--config", tmp_path / "missing.yaml")
    assert missing.code == 78
    assert missing.err.endswith(f"{tmp_path / 'missing.yaml'} cannot be read: there is no such file\n")


def test_a_configuration_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").mkdir()
    said = say("check", "-c", tmp_path / "config.yaml")
    assert (said.code, said.err) == (78, f"{tmp_path / 'config.yaml'} cannot be read: it is a folder\n")


def test_the_version() -> None:
    assert say("--version").out == f"eink-monitor, version {__version__}\n"


@pytest.mark.parametrize(
    ("words", "sentence"),  # of click's own sentences only what is ours: names and values
    [
        (["pol"], "No verb `pol`. Did you mean `poll`?"),
        (["xyzzy"], "No verb `xyzzy`. Known: add, backup, check,"),
        (["--bogus"], "--bogus"),
        (["check", "--bogus"], "--bogus"),
        (["check", "superfluous"], "superfluous"),
        (["poll"], "NAME"),
        (["simulate", "--days", "0"], "--days"),
        (["simulate", "--first", "yesterday"], "yesterday"),
        (["simulate", "--first", "1900-01-01"], "--first must lie between 1971 and 2900"),
        (["history", "a", "soc", "--step", "week"], "week"),
        ([], " eink-monitor "),
    ],
)
def test_usage(words: list[str], sentence: str) -> None:
    said = say(*words)
    assert said.code == 64
    assert sentence in said.err + said.out
    assert "Traceback" not in said.err


def test_no_configuration_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EINK_MONITOR_CONFIG", str(tmp_path / "none.yaml"))
    for verb in ("check", "simulate"):
        said = say(verb)
        assert said.code == 78
        assert said.err == (
            f"no configuration found (looked for {tmp_path}/none.yaml); make one with eink-monitor add, "
            "or copy config.example.yaml to config.yaml\n"
        )


def test_a_closed_pipe_is_quiet(lived: Path) -> None:
    for words in (["history", "roof", "pv_power", "--since", "2y", "-c", str(lived)], ["--help"]):
        with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(20) in (0, 1)


def test_a_full_disk_behind_standard_output(lived: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, "latest", "-c", str(lived)], stdout=full, stderr=subprocess.PIPE, check=False, timeout=20
        )
    assert done.returncode == 75
    assert done.stderr == b"eink-monitor: standard output cannot be used: No space left on device\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_closed_streams_are_no_bug(lived: Path, closed: str) -> None:
    for words in (f"latest -c {lived}", f"show --text -c {lived}", "--help"):
        line = f'exec "{sys.executable}" -m eink_monitor {words} {closed}'
        done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, check=False, timeout=20)
        assert (done.returncode, done.stderr) == (0, b"")
        assert bool(done.stdout) == (">" not in closed)


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("click", ["latest"]),
        ("eink_monitor.cli", ["poll", "roof"]),
        ("eink_monitor.verbs.show", ["show"]),
        ("eink_monitor.service", ["run", "-c", "config.yaml"]),
        ("eink_monitor.errors", ["run", "-c", "config.yaml"]),
    ],
)
def test_ctrl_c_is_quiet_while_the_program_still_loads(module: str, words: list[str]) -> None:
    script = (
        "import sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == {module!r}:\n"
        "            raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from eink_monitor.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, check=False, timeout=20)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, b"", b"")


def test_a_folder_instead_of_a_database_is_no_bug(tmp_path: Path) -> None:
    (tmp_path / "readings.db").mkdir()
    said = say("latest", "-c", write(tmp_path))
    assert said.code == 78
    assert said.err.startswith(f"eink-monitor: {tmp_path / 'readings.db'} is a folder, not a database; ")


def test_a_bug_is_called_one(tmp_path: Path) -> None:
    file = write(tmp_path)
    assert say("poll", "attic", "-c", file).code == 0
    with closing(sqlite3.connect(tmp_path / "readings.db")) as db, db:
        db.execute("UPDATE series SET step = 'nonsense'")
    said = say("latest", "-c", file)
    assert said.code == 70
    assert said.err.startswith("eink-monitor: this is a bug, please report it\nTraceback")
