"""Root among the files of others: whatever lies in the daemon's folder, nothing of root's is read or written."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from machines import Machine

SOMEBODY = 61_234  # as systemd gives to a user of its own making

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root has something to lose")

Plant = Callable[[Path, Path], None]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One that runs, with a database of the daemon's user."""
    machine = Machine(tmp_path)
    assert machine.run()[0] == 0
    private = machine.root / "var/lib/private"  # as systemd lays it out: nobody but root gets there
    private.mkdir(mode=0o700, parents=True)
    (private / "eink-monitor").mkdir(mode=0o700)
    machine.state.symlink_to("private/eink-monitor")
    with closing(sqlite3.connect(machine.state / "readings.db")) as db, db:
        db.execute("CREATE TABLE reading (at INTEGER)")
        db.execute("PRAGMA user_version = 4")
    for path in (machine.state, machine.state / "readings.db"):
        os.chown(path, SOMEBODY, SOMEBODY)
    return machine


@pytest.fixture
def treasure(tmp_path: Path) -> Iterator[Path]:
    """A file of root's, and a folder; they are as they were when all is over."""
    folder = tmp_path / "treasure"
    folder.mkdir(mode=0o700)
    (folder / "shadow").write_text("root:hunter2", encoding="utf-8")
    (folder / "shadow").chmod(0o600)
    yield folder
    assert [file.name for file in folder.iterdir()] == ["shadow"]
    assert (folder / "shadow").read_text(encoding="utf-8") == "root:hunter2"
    assert (folder / "shadow").stat().st_mode & 0o777 == 0o600
    assert (folder / "shadow").stat().st_uid == 0


def linked(name: str) -> Plant:
    def plant(state: Path, treasure: Path) -> None:
        (state / name).unlink(missing_ok=True)
        (state / name).symlink_to(treasure / "shadow")

    return plant


def link_to_folder(name: str) -> Plant:
    def plant(state: Path, treasure: Path) -> None:
        (state / name).symlink_to(treasure)

    return plant


def folder(name: str) -> Plant:
    def plant(state: Path, treasure: Path) -> None:
        (state / name).mkdir()
        (state / name / "readings.db.copy").symlink_to(treasure / "shadow")

    return plant


def fifo(name: str) -> Plant:
    def plant(state: Path, treasure: Path) -> None:
        (state / name).unlink(missing_ok=True)
        os.mkfifo(state / name)

    return plant


PLANTS = {
    f"{plant.__name__} {name}": plant(name)
    for name in ("readings.db.copy", "readings.db.before", "readings.db-wal", "readings.db-wal.before", "-n.db")
    for plant in (linked, link_to_folder, folder, fifo)
} | {f"{plant.__name__} readings.db": plant("readings.db") for plant in (linked, fifo)}


@pytest.mark.parametrize("broken", [False, True], ids=["comes up", "does not come up"])
@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_whatever_is_planted_leads_root_nowhere(machine: Machine, treasure: Path, plant: Plant, broken: bool) -> None:
    plant(machine.state, treasure)
    for path in machine.state.rglob("*"):
        os.lchown(path, SOMEBODY, SOMEBODY)
    if broken:
        machine.flag("broken")
    code, said = machine.run()
    assert code == broken, said
    for path in machine.state.rglob("*"):
        assert path.lstat().st_uid == SOMEBODY, f"{path} was made by root"
        assert path.is_symlink() or not path.is_file() or b"hunter2" not in path.read_bytes()


_SWAPPING = """
import os, sys
os.setgid({who}); os.setuid({who})
while True:
    for name in ("readings.db.copy", "readings.db.before", "readings.db-wal.copy"):
        try: os.symlink({treasure!r}, name)
        except OSError: pass
        try: os.unlink(name)
        except OSError: pass
"""


def test_whoever_is_quick_gains_nothing(machine: Machine, treasure: Path) -> None:
    code = _SWAPPING.format(who=SOMEBODY, treasure=str(treasure / "shadow"))
    with subprocess.Popen([sys.executable, "-c", code], cwd=machine.state) as swapping:
        try:
            for _ in range(5):
                machine.run()  # which may fail, but never for root
        finally:
            swapping.send_signal(signal.SIGKILL)
    for path in machine.state.rglob("*"):
        assert path.lstat().st_uid == SOMEBODY


def test_what_was_not_yet_in_the_database_comes_back_with_it(machine: Machine) -> None:
    """A daemon that was killed leaves a log of writes beside it."""
    readings = machine.state / "readings.db"
    (machine.state / "readings.db-wal").write_bytes(b"the last writes")
    os.chown(machine.state / "readings.db-wal", SOMEBODY, SOMEBODY)
    upgrade = f"printf '\\\\0\\\\0\\\\0\\\\011' | dd of='{readings}' bs=1 seek=60 conv=notrunc 2>/dev/null"
    machine.breaks_with(f"{upgrade}; rm '{readings}-wal'")
    machine.flag("broken")
    assert machine.run()[0] == 1
    assert (machine.state / "readings.db-wal").read_bytes() == b"the last writes"
    assert readings.read_bytes()[60:64] == b"\0\0\0\4"
    assert {path.name for path in machine.state.iterdir()} == {"readings.db", "readings.db-wal"}


@pytest.mark.parametrize("path", ["opt", "opt/eink-monitor", "opt/eink-monitor/versions", "etc", "etc/eink-monitor"])
@pytest.mark.parametrize("way", ["mode", "group", "owner"])
def test_a_folder_that_others_may_write_is_refused(machine: Machine, path: str, way: str) -> None:
    place, before = machine.root / path, machine.version()
    if way == "owner":
        os.chown(place, SOMEBODY, SOMEBODY)
    else:
        place.chmod(0o777 if way == "mode" else 0o775)
    code, said = machine.run()
    assert code == 1
    words = f"{place} belongs to another user: sudo chown root {place}"
    assert (words if way == "owner" else f"others may write in {place}: sudo chmod go-w {place}") in said
    assert machine.version() == before


def test_a_link_into_the_home_of_another_is_refused(machine: Machine, tmp_path: Path) -> None:
    home = machine.root / "home/pi"
    shutil.copytree(machine.opt, home / "opt", symlinks=True)
    os.chown(home, SOMEBODY, SOMEBODY)
    shutil.rmtree(machine.opt)
    machine.opt.symlink_to(home / "opt")
    code, said = machine.run()
    assert code == 1
    assert f"{home} belongs to another user" in said


@pytest.mark.parametrize(("mode", "words"), [(0o644, "others may read"), (0o640, "others may read"), (0o600, "")])
def test_a_configuration_that_others_may_read_is_named(machine: Machine, mode: int, words: str) -> None:
    machine.config.chmod(mode)
    code, said = machine.run()
    assert code == 0
    assert words in said
    assert ("sudo chmod 600" in said) == bool(words)


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
def test_a_configuration_that_others_may_write_is_refused(machine: Machine, mode: int) -> None:
    machine.config.chmod(mode)
    code, said = machine.run()
    assert code == 1
    assert f"others may write {machine.config}: sudo chmod 600 {machine.config}" in said


def test_what_is_installed_is_written_by_nobody_else(machine: Machine) -> None:
    """However careless the mask of whoever says it."""
    with subprocess.Popen(
        ["sh", "-c", 'umask 000; exec "$0"', str(Path(__file__).parents[2] / "systemd/install.sh")],
        env=machine.environment,
        stdout=subprocess.DEVNULL,
    ) as process:
        assert process.wait(60) == 0
    for place in ("opt", "etc", "usr"):
        for path in (machine.root / place).rglob("*"):
            assert path.is_symlink() or not path.stat().st_mode & 0o022, path


def test_the_end_of_it_leads_root_nowhere(machine: Machine, treasure: Path) -> None:
    for plant in (linked("readings.db.copy"), folder("readings.db.before"), linked("link.db")):
        plant(machine.state, treasure)
    (machine.opt / "previous").unlink(missing_ok=True)
    (machine.opt / "previous").symlink_to(treasure)
    before = sorted(machine.state.rglob("*"))
    assert machine.run("uninstall.sh")[0] == 0
    assert sorted(machine.state.rglob("*")) == before
