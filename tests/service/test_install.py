"""`make install` as a person lives it: twice, interrupted, upgraded to something broken, and taken away again."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from eink_monitor.clock import SystemClock, stopwatch
from eink_monitor.config import plugins
from eink_monitor.model.source import Source
from machines import SYSTEMD, Machine

FOLDERS = (SYSTEMD, SYSTEMD.parent / "locks", SYSTEMD.parent / "tests/machines")
SCRIPTS = sorted(script for folder in FOLDERS for script in folder.glob("*.sh"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def wait_for(file: Path) -> None:
    clock, began = SystemClock(), stopwatch()
    while not file.exists():
        assert stopwatch() - began < 20, f"{file} never came"
        clock.wait(0.01)


def test_first_time(machine: Machine) -> None:
    code, said = machine.run()
    assert code == 0, said
    assert [line for line in machine.calls() if not line.startswith("getent")] == [
        "systemctl daemon-reload",
        "systemctl enable --quiet eink-monitor.service",
        "systemctl reset-failed eink-monitor.service",
        "systemctl restart eink-monitor.service",
    ]
    assert (machine.version() / "bin" / "eink-monitor").exists()
    assert machine.config.stat().st_mode & 0o777 == 0o600
    assert machine.config.parent.joinpath("credentials").stat().st_mode & 0o777 == 0o711
    unit = machine.root / "etc/systemd/system/eink-monitor.service"
    assert unit.read_bytes() == (SYSTEMD / "eink-monitor.service").read_bytes()
    assert (machine.root / "usr/local/bin/eink-monitor").stat().st_mode & 0o777 == 0o755
    for words in (str(machine.config), "starting", "running"):
        assert words in said


def test_again_and_again_changes_nothing_of_yours(machine: Machine) -> None:
    machine.run()
    machine.config.write_text("mine: true\n", encoding="utf-8")
    machine.config.chmod(0o640)
    first = machine.version()
    assert machine.run()[0] == 0
    second = machine.version()
    assert machine.run()[0] == 0
    third = machine.version()
    assert machine.config.read_text(encoding="utf-8") == "mine: true\n"
    assert machine.config.stat().st_mode & 0o777 == 0o640
    assert machine.version("previous") == second
    assert machine.versions() == {second, third}
    assert first not in machine.versions()


def test_a_version_that_does_not_come_up_is_taken_back(machine: Machine) -> None:
    machine.run()
    good = machine.version()
    machine.calls()
    machine.flag("broken")
    code, said = machine.run()
    assert code == 1
    assert machine.version() == good
    assert machine.versions() == {good}
    assert "the daemon did not come up; its last words: sudo journalctl -eu eink-monitor" in said
    assert f"going back   to {good}" in said
    assert machine.calls()[-4:] == [
        "systemctl stop eink-monitor.service",
        "systemctl daemon-reload",
        "systemctl reset-failed eink-monitor.service",
        "systemctl restart eink-monitor.service",
    ]
    assert machine.run()[0] == 0, "and the next one may be good"
    assert machine.version("previous") == good


def database(path: Path, layout: int, rows: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS reading (at INTEGER)")
        db.executemany("INSERT INTO reading VALUES (?)", [(at,) for at in range(rows)])
        db.execute(f"PRAGMA user_version = {layout}")


def rows(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0], db.execute("SELECT count(*) FROM reading").fetchone()[0]


@pytest.mark.parametrize(
    ("deed", "left"),
    [("PRAGMA user_version = 9; DELETE FROM reading", (4, 7)), ("INSERT INTO reading VALUES (7)", (4, 8))],
)
def test_its_database_is_taken_back_only_if_the_old_version_could_not_read_it(
    machine: Machine, deed: str, left: tuple[int, int]
) -> None:
    machine.run()
    readings = machine.state / "readings.db"
    database(readings, 4, 7)
    code = f"import sqlite3; sqlite3.connect('{readings}', isolation_level=None).executescript('{deed}')"
    machine.breaks_with(f'"{shutil.which("python3")}" -c "{code}"')
    machine.flag("broken")
    assert machine.run()[0] == 1
    assert rows(readings) == left
    assert [file.name for file in machine.state.iterdir()] == ["readings.db"]


def test_an_upgrade_leaves_no_copy_behind(machine: Machine) -> None:
    machine.run()
    database(machine.state / "readings.db", 4, 7)
    assert machine.run()[0] == 0
    assert [file.name for file in machine.state.iterdir()] == ["readings.db"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_while_building(machine: Machine, number: int) -> None:
    machine.run()
    good = machine.version()
    machine.flag("slow-venv")
    with machine.start() as process:
        wait_for(machine.folder / "building")
        subprocess.run(["kill", f"-{signal.Signals(number).name[3:]}", "--", f"-{process.pid}"], check=True)
        said = process.communicate()[0]
    assert process.returncode != 0
    assert machine.version() == good
    assert (number == signal.SIGKILL) == (len(machine.versions()) == 2)
    assert ("has not changed" in said) is (number != signal.SIGKILL)
    (machine.folder / "slow-venv").unlink()
    code, said = machine.run()
    assert code == 0
    assert ("never finished" in said) is (number == signal.SIGKILL)
    assert machine.versions() == {good, machine.version()}


def test_interrupted_while_it_starts(machine: Machine) -> None:
    machine.run()
    good = machine.version()
    machine.flag("slow")
    with machine.start() as process:
        wait_for(machine.folder / "restarting")
        (machine.folder / "slow").unlink()
        subprocess.run(["kill", "-INT", "--", f"-{process.pid}"], check=True)
        process.communicate()
    assert process.returncode == 130
    assert machine.version() == good
    assert machine.versions() == {good}


@pytest.mark.parametrize(
    ("words", "cure"),
    [
        ("", "the libraries could not be fetched; is the internet connection up? then try again"),
        ("ERROR: Failed building wheel for spidev", "a library has to be compiled: sudo apt install gcc python3-dev"),
    ],
)
def test_libraries_that_do_not_come(machine: Machine, words: str, cure: str) -> None:
    machine.run()
    good = machine.version()
    (machine.folder / "offline").write_text(words, encoding="utf-8")
    code, said = machine.run()
    assert code == 1
    assert machine.version() == good
    assert f"{words}\n" in said
    assert cure in said
    assert "has not changed" in said


def test_two_at_once(machine: Machine) -> None:
    machine.flag("slow-venv")
    with machine.start() as process:
        wait_for(machine.folder / "building")
        assert machine.run() == (1, "install: another install is under way\n")
        subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)
        process.communicate()


@pytest.mark.parametrize("script", ["install.sh", "uninstall.sh"])
def test_only_root_may(machine: Machine, script: str) -> None:
    machine.program("id", "echo 1000")
    code, said = machine.run(script, ROOT="")
    assert code == 1
    assert "must be run as root: sudo make" in said
    assert machine.calls() == ["id -u"]


def test_an_old_python_is_refused(machine: Machine) -> None:
    machine.program("python3", "exit 1")
    code, said = machine.run()
    assert code == 1
    assert "older than 3.11" in said
    assert not machine.opt.exists()


def test_what_the_sources_need_is_installed(machine: Machine) -> None:
    every = {name: plugins.load(Source, name).extra for name in plugins.names(Source)}  # type: ignore[type-abstract]
    assert set(every.values()) >= {"modbus", "ssh", "stream", "vw"}
    for name, extra in every.items():
        machine.config.parent.mkdir(parents=True, exist_ok=True)
        machine.config.write_text(f"sources:\n  one: {{type: {name}, every: 5m}}  # type: skoda\n# type: ssh_disk\n")
        code, said = machine.run()
        assert code == 0
        assert (f" with {extra}\n" in said) if extra else (" with " not in said), name
        build, libraries, checkout = machine.installed()
        assert build == {"build"}
        assert libraries == {"run", extra} - {""}
        assert checkout == {SYSTEMD.parent.name}


def test_a_key_for_the_sign_ins_brings_its_library(machine: Machine) -> None:
    store = machine.root / "etc" / "credstore.encrypted"
    store.mkdir(parents=True)
    (store / "eink-monitor-token-key").touch()
    code, said = machine.run()
    assert code == 0
    assert " with sealed\n" in said
    assert machine.installed()[1] == {"run", "sealed"}


def ink(machine: Machine, model: str) -> None:
    machine.config.parent.mkdir(parents=True, exist_ok=True)
    machine.config.write_text('display:\n  type: waveshare\nsources:\n  a: {type: demo}\n  b:\n    type: "ssh_disk"\n')
    tree = machine.root / "proc" / "device-tree"
    tree.mkdir(parents=True)
    (tree / "model").write_bytes(model.encode() + b"\0")


@pytest.mark.parametrize(
    ("model", "extra"), [("Raspberry Pi Zero 2 W Rev 1.0", "pi"), ("Raspberry Pi 5 Model B Rev 1.0", "pi5")]
)
def test_a_panel_needs_its_pins(machine: Machine, model: str, extra: str) -> None:
    ink(machine, model)
    code, said = machine.run(YES="1")
    told = machine.calls()
    assert f"with ssh,{extra}" in said.replace(f"{extra},ssh", f"ssh,{extra}")
    assert "apt-get install -y python3-spidev python3-rpi-lgpio" in told
    assert "raspi-config nonint do_spi 0" in told
    assert code == 1, "neither apt nor pip brought spidev: the stand-ins bring nothing"
    assert "cannot reach the panel's pins" in said


def test_spi_is_left_alone_where_it_is_on_or_nobody_said_yes(machine: Machine) -> None:
    ink(machine, "Raspberry Pi 4")
    code, said = machine.run()
    assert not [call for call in machine.calls() if "raspi-config" in call or "apt-get" in call]
    assert "sudo raspi-config nonint do_spi 0" in said
    (machine.root / "dev").mkdir()
    (machine.root / "dev" / "spidev0.0").touch()
    code, said = machine.run(YES="1")
    assert not [call for call in machine.calls() if "raspi-config" in call]
    assert code == 1
    assert "SPI" not in said


@pytest.mark.parametrize(("answers", "switched"), [("n\nn\n", False), ("n\ny\n", True), ("n\n\n", True)])
def test_a_person_at_the_terminal_is_asked_before_spi_is_switched_on(
    machine: Machine, answers: str, switched: bool
) -> None:
    ink(machine, "Raspberry Pi 4")
    keyboard, machine.keyboard = os.openpty()
    os.write(keyboard, answers.encode())
    _, said = machine.run()
    told = machine.calls()
    assert "SPI is off, and the panel needs it. Switch it on? [Y/n]" in said
    assert ("raspi-config nonint do_spi 0" in told) is switched
    assert not [call for call in told if "apt-get" in call], "the first answer was no"
    for end in (keyboard, machine.keyboard):
        os.close(end)


@pytest.mark.parametrize(
    ("model", "known", "package"),
    [
        ("Raspberry Pi 4", "*lgpio*) exit 100", "python3-rpi.gpio"),  # Debian's own archive
        ("Raspberry Pi 4", "*none*) exit 100", "python3-rpi-lgpio"),
        ("Raspberry Pi 5", "*lgpio*) exit 100", ""),
        ("Raspberry Pi 4", "*) exit 100", ""),
    ],
)
def test_apt_is_asked_for_what_it_has(machine: Machine, model: str, known: str, package: str) -> None:
    ink(machine, model)
    machine.program("apt-cache", f'case "$*" in {known} ;; esac')
    machine.run(YES="1")
    called = [call for call in machine.calls() if call.startswith("apt-get")]
    assert called == ([f"apt-get install -y python3-spidev {package}"] if package else [])


MISTAKE = "/etc/eink-monitor/config.yaml:3:5: panels: are missing"


def test_mistakes_are_said_and_the_version_that_runs_goes_on(machine: Machine) -> None:
    machine.run()
    good = machine.version()
    machine.calls()
    (machine.folder / "mistakes").write_text(f"{MISTAKE}\n", encoding="utf-8")
    code, said = machine.run()
    assert code == 1
    assert MISTAKE in said.splitlines()
    assert f"install: fix these mistakes in {machine.config}, then try again" in said
    assert (machine.version(), machine.versions()) == (good, {good})
    assert not [call for call in machine.calls() if call.startswith("systemctl")], "it was not even stopped"


def test_a_first_install_with_mistakes_is_there_but_not_started(machine: Machine) -> None:
    (machine.folder).joinpath("mistakes").write_text(f"{MISTAKE}\n", encoding="utf-8")
    code, said = machine.run()
    assert code == 1
    assert said.splitlines()[-2:] == [
        MISTAKE,
        "install: installed, but not started: mend these mistakes, then: sudo eink-monitor reload",
    ]
    assert (machine.root / "usr/local/bin/eink-monitor").exists()
    assert [call for call in machine.calls() if call.startswith("systemctl")] == [
        "systemctl daemon-reload",
        "systemctl enable --quiet eink-monitor.service",
    ]
    (machine.folder / "mistakes").unlink()
    assert machine.run()[0] == 0


def test_a_variable_that_only_systemd_knows_is_no_mistake(machine: Machine) -> None:
    (machine.folder / "mistakes").write_text("config.yaml:3:5: x: the environment variable KEY is not set\n")
    code, said = machine.run()
    assert code == 0
    assert "the environment variable KEY" in said


def test_killed_while_it_switches(machine: Machine) -> None:
    """Not even SIGKILL leaves a machine on which the next install would not work."""
    machine.run()
    database(machine.state / "readings.db", 4, 7)
    good = machine.version()
    machine.flag("slow")
    with machine.start() as process:
        wait_for(machine.folder / "restarting")
        subprocess.run(["kill", "-KILL", "--", f"-{process.pid}"], check=True)
        process.communicate()
    (machine.folder / "slow").unlink()
    new = machine.version()
    assert new != good
    assert (new / "bin" / "eink-monitor").exists(), "whatever was killed, what it points to is whole"
    code, said = machine.run()
    assert code == 0, said
    assert machine.version("previous") == new
    assert machine.versions() == {new, machine.version()}
    assert [file.name for file in machine.state.iterdir()] == ["readings.db"]
    assert rows(machine.state / "readings.db") == (4, 7)


def test_groups_that_are_missing_are_made(machine: Machine) -> None:
    machine.program("getent", '[ "$2" != gpio ]')
    machine.run()
    assert "groupadd --system gpio" in machine.calls()


def test_taken_away_but_for_what_is_yours(machine: Machine) -> None:
    machine.run()
    database(machine.state / "readings.db", 4, 7)
    own = machine.root / "etc/systemd/system/eink-monitor.service.d/override.conf"
    own.parent.mkdir()
    own.write_text("[Service]\nNice=6\n", encoding="utf-8")
    machine.calls()
    code, said = machine.run("uninstall.sh")
    assert code == 0
    assert f"kept     {own.parent}" in said
    assert machine.calls() == [
        "systemctl disable --quiet --now eink-monitor.service",
        "systemctl daemon-reload",
        "systemctl reset-failed eink-monitor.service",
    ]
    left = {str(file.relative_to(machine.root)) for file in machine.root.rglob("*") if file.is_file()}
    assert left == {
        "etc/eink-monitor/config.yaml",
        "etc/eink-monitor/config.example.yaml",
        "etc/systemd/system/eink-monitor.service.d/override.conf",
        "var/lib/eink-monitor/readings.db",
    }
    assert f"kept     {machine.state}" in said
    assert machine.run("uninstall.sh")[0] == 0, "twice is not an error"
    assert machine.run()[0] == 0, "and back again"
    assert rows(machine.state / "readings.db") == (4, 7)


def wrapper(machine: Machine) -> Path:
    """The installed command, looking for the program on that machine."""
    command = machine.root / "usr/local/bin/eink-monitor"
    text = command.read_text(encoding="utf-8")
    command.write_text(text.replace("current=/opt/eink-monitor/current", f"current='{machine.opt}/current'"))
    return command


def test_the_command_runs_as_the_service(machine: Machine) -> None:
    machine.run()
    command = wrapper(machine)
    machine.program("systemd-run")
    machine.program("id", "echo 0")
    environment = {**machine.environment, "COLUMNS": "100"}
    said = subprocess.run([command, "login", "my car"], env=environment, stdin=subprocess.DEVNULL, check=True)
    assert said.returncode == 0
    (call,) = [line for line in machine.calls() if line.startswith("systemd-run")]
    assert call.endswith("eink-monitor login my car")
    for words in ("SupplementaryGroups=spi gpio systemd-journal", "--pipe", "WorkingDirectory=/var/lib/eink-monitor"):
        assert words in call
    assert "--setenv=RUNTIME_DIRECTORY=/run/eink-monitor" in call, "pictures are where the daemon has them"
    machine.program("id", "echo 1000")
    refused = subprocess.run([command, "latest"], env=environment, check=False, capture_output=True, text=True)
    assert (refused.returncode, refused.stderr) == (
        77,
        "the readings belong to the service; use: sudo eink-monitor latest\n",
    )
    program = machine.version() / "bin" / "eink-monitor"
    program.write_text('#!/bin/sh\necho "$*"\n', encoding="utf-8")
    for asked in (["latest", "--help"], ["-h"], []):
        helped = subprocess.run([command, *asked], env=environment, check=True, capture_output=True, text=True)
        assert helped.stdout.split() == asked, "anybody may ask for help"


def test_what_changes_the_configuration_comes_through_a_pipe(machine: Machine) -> None:
    machine.run()
    command, python = wrapper(machine), machine.version() / "bin" / "python"
    machine.program("id", "echo 0")
    machine.program("systemd-run", 'case "$*" in *change.json*) echo "a change" ;; esac')
    python.unlink(missing_ok=True)
    python.write_text(f"#!/bin/sh\necho \"$*: $(cat)\" >'{machine.folder}/taken'\nexit $TAKEN\n", encoding="utf-8")
    python.chmod(0o755)
    for taken, code in (("0", 0), ("3", 0), ("75", 75)):
        machine.calls()
        done = subprocess.run(
            [command, "add", "demo"], env={**machine.environment, "TAKEN": taken}, check=False, stdin=subprocess.DEVNULL
        )
        assert done.returncode == code
        said = (machine.folder / "taken").read_text(encoding="utf-8")
        assert said == "-I -m eink_monitor.editing.handover /etc/eink-monitor: a change\n"
        calls = machine.calls()
        asked = [call for call in calls if call.startswith("systemd-run")]
        assert asked[0].endswith("eink-monitor add demo")
        assert asked[1].endswith("cat change/change.json && rm -r change")
        assert any("restart eink-monitor.service" in call for call in calls) is (taken == "0"), "only what is written"


def test_undo_is_roots_own(machine: Machine) -> None:
    machine.run()
    command, program = wrapper(machine), machine.version() / "bin" / "eink-monitor"
    machine.program("id", "echo 0")
    machine.program("systemd-run")
    program.write_text(f"#!/bin/sh\necho \"$EINK_MONITOR_CONFIG $*\" >>'{machine.folder}/said'\n", encoding="utf-8")
    done = subprocess.run([command, "undo", "--yes"], env=machine.environment, check=False)
    assert done.returncode == 0
    assert (machine.folder / "said").read_text(encoding="utf-8") == "/etc/eink-monitor/config.yaml undo --yes\n"
    assert any("restart eink-monitor.service" in call for call in machine.calls())


def test_the_demo_is_a_persons_and_not_the_services(machine: Machine) -> None:
    machine.run()
    command, program = wrapper(machine), machine.version() / "bin" / "eink-monitor"
    program.write_text('#!/bin/sh\necho "$PWD $*"\n', encoding="utf-8")
    machine.program("systemd-run")
    machine.program("setpriv", 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"')
    machine.program("id", "echo 0")
    machine.calls()
    for sudo in ({}, {"SUDO_UID": "1000", "SUDO_GID": "100"}):
        run = subprocess.run(
            [command, "demo", "--out", "x y"],
            env={**machine.environment, **sudo},
            cwd=machine.folder,
            check=True,
            capture_output=True,
            text=True,
        )
        assert run.stdout == f"{machine.folder} demo --out x y\n"
        started = [call for call in machine.calls() if not call.startswith("id")]
        dropped = (
            f"setpriv --reuid=1000 --regid=100 --init-groups {machine.opt}/current/bin/eink-monitor demo --out x y"
        )
        assert started == ([dropped] if sudo else [])


_OF_THE_DAEMON = {  # how it is started, watched and stopped; what only it may have
    *("Type", "NotifyAccess", "ExecStart", "ExecReload", "Restart", "RestartSec", "RestartPreventExitStatus"),
    *(
        "TimeoutStartSec",
        "TimeoutStopSec",
        "WatchdogSec",
        "KillMode",
        "OOMPolicy",
        "RuntimeDirectory",
        "RuntimeDirectoryPreserve",
    ),
    *("WorkingDirectory", "SupplementaryGroups"),
}


def test_a_reload_looks_first_and_starts_anew_with_what_is_good(machine: Machine) -> None:
    machine.run()
    machine.program("id", "echo 0")
    machine.program("systemd-run", 'echo "config.yaml:3:5: panels: are missing" >&2; exit 78')
    before = len(machine.calls())

    def said(**more: str) -> tuple[int, str]:
        run = subprocess.run(
            [wrapper(machine), "reload"],
            env={**machine.environment, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return run.returncode, run.stdout

    code, words = said()
    assert (code, words.splitlines()) == (
        78,
        [
            "config.yaml:3:5: panels: are missing",
            "rejected; fix that and try again: a running daemon keeps the configuration it read before",
        ],
    )
    assert [call for call in machine.calls()[before:] if call.startswith("systemctl")] == []
    machine.program("systemd-run")
    assert said() == (0, "the daemon restarted with /etc/eink-monitor/config.yaml\n")
    anew = ["systemctl reset-failed eink-monitor.service", "systemctl restart eink-monitor.service"]
    assert machine.calls()[-2:] == anew, "a person's reloads do not count as crashes"
    machine.program(
        "systemctl", '[ "$1" != restart ] || kill -TERM $$'
    )  # as a restart does to a reload that is not over
    assert said(MAINPID="7") == (0, ""), "systemd itself asks, and must neither wait for itself nor call this a failure"
    assert machine.calls()[-1] == "systemctl restart --no-block eink-monitor.service"
    machine.program("systemctl", "exit 1")
    assert said() == (1, ""), "it is said by systemd"
    calls = [call for call in machine.calls()[before:] if call.startswith("systemd-run")]
    assert all(call.endswith("eink-monitor check") for call in calls)


def test_the_command_has_the_sandbox_and_the_limits_of_the_service(machine: Machine) -> None:
    machine.run()
    lines = (SYSTEMD / "eink-monitor.service").read_text(encoding="utf-8").partition("[Service]")[2].splitlines()
    settings = [line for line in lines if line[:1].isupper() and "=" in line]
    wanted = [line for line in settings if line.partition("=")[0] not in {*_OF_THE_DAEMON, "WantedBy"}]
    machine.program("systemd-run", f'for word; do printf "%s\\n" "$word"; done >"{machine.folder}/words"')
    machine.program("id", "echo 0")
    subprocess.run([wrapper(machine), "latest"], env=machine.environment, stdin=subprocess.DEVNULL, check=True)
    words = (machine.folder / "words").read_text(encoding="utf-8").splitlines()
    told = [word.removeprefix("--property=") for word in words if word.startswith("--property=")]
    assert told[2:] == wanted, "each of them, and in their order"
    assert {"MemoryMax=256M", "TasksMax=64", "LimitCORE=0", "NoNewPrivileges=yes", "User=eink-monitor"} <= set(told)


def test_without_its_unit_the_command_does_nothing(machine: Machine) -> None:
    machine.run()
    (machine.version() / "eink-monitor.service").unlink()
    machine.program("systemd-run")
    machine.program("id", "echo 0")
    machine.calls()
    said = subprocess.run([wrapper(machine), "latest"], env=machine.environment, check=False, capture_output=True)
    assert said.returncode == 78
    assert b"install again" in said.stderr
    assert not [call for call in machine.calls() if call.startswith("systemd-run")]


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shellcheck_is_content(script: Path) -> None:
    said = subprocess.run(["shellcheck", str(script)], check=False, capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.skipif(os.geteuid() != 0 or Path("/run/systemd/system").exists(), reason="it would install itself here")
def test_where_systemd_does_not_run_it_says_so_before_it_builds(machine: Machine) -> None:
    before = Path("/opt/eink-monitor").exists()
    code, said = machine.run(ROOT="", DESTDIR="")
    assert (code, said) == (1, "install: systemd does not run here, as in a container; without it: make run\n")
    assert not (machine.folder / "installed").exists()
    assert machine.calls() == []
    assert Path("/opt/eink-monitor").exists() == before


def test_where_there_is_no_systemd_it_says_so_before_it_builds(machine: Machine) -> None:
    (machine.bin / "systemctl").unlink()
    needed = ("bash", "id", "dirname", "rm")
    for name in needed:
        (machine.bin / name).symlink_to(shutil.which(name) or name)
    code, said = machine.run(PATH=str(machine.bin))
    assert (code, said) == (1, "install: there is no systemd, which a service needs; without one: make run\n")
    assert not machine.root.exists()
