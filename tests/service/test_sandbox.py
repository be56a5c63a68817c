"""The daemon, its polls, streams and jobs live under the unit's restrictions: what is refused there they never need."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eink_monitor.clock import stopwatch
from houses import HOUSE, write
from machines import SYSTEMD, sandbox

UNIT = SYSTEMD / "eink-monitor.service"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None, reason="needs systemd"
)


def confined(folder: Path, *command: str) -> list[str]:
    return [sys.executable, str(sandbox.__file__), str(UNIT), str(folder), sys.executable, *command]


def told(folder: Path, code: str) -> tuple[int, str, str]:
    """Exit code, output and errors of a little program under the restrictions."""
    command = confined(folder, "-W", "ignore", "-c", code)
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        ("os.setpriority(0, 0, 5)", "PermissionError"),
        ("os.nice(1)", "PermissionError"),
        ("os.chroot('/')", "PermissionError"),
        ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "Address family not supported"),
        ("socket.socket(socket.AF_PACKET, socket.SOCK_RAW)", "Address family not supported"),
        ("libc.unshare(0x10000000); sys.exit(os.strerror(ctypes.get_errno()))", "Operation not permitted"),
        ("libc.personality(8); sys.exit(os.strerror(ctypes.get_errno()))", "Operation not permitted"),
        ("open('s', 'w').close(); os.chmod('s', 0o4700)", "PermissionError"),
        ("bytearray(2 << 30)", "MemoryError"),
        ("resource.setrlimit(resource.RLIMIT_CORE, (1, 1))", "not allowed"),
    ],
)
def test_the_restrictions_bite(tmp_path: Path, deed: str, error: str) -> None:
    names = "import ctypes, os, resource, socket, sys; libc = ctypes.CDLL(None, use_errno=True)"
    _, _, said = told(tmp_path, f"{names}; os.chdir({str(tmp_path)!r}); {deed}")
    assert error in said.splitlines()[-1]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_only_the_state_can_be_written(tmp_path: Path) -> None:
    (mine := tmp_path / "mine").mkdir()
    assert told(mine, f"open({str(mine / 'a')!r}, 'w').close()") == (0, "", "")
    assert (mine / "a").stat().st_mode & 0o777 == 0o600
    assert "Read-only file system" in told(mine, f"open({str(tmp_path / 'b')!r}, 'w')")[2]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_disk_of_this_machine_is_not_read_only_for_being_so_in_here(tmp_path: Path) -> None:
    look = "from eink_monitor.sources.ssh_disk.disk import local; import os; print(local('/').state.name"
    outside = subprocess.run([sys.executable, "-c", f"{look})"], check=True, capture_output=True, text=True).stdout
    assert told(tmp_path, f"{look}, os.statvfs('/').f_flag & os.ST_RDONLY)") == (0, f"{outside.strip()} 1\n", "")


def test_what_the_kernel_knows_of_the_time_is_hidden(tmp_path: Path) -> None:
    """Which is why the daemon goes by its vendors' clocks where there is no systemd-timesyncd."""
    code = "from eink_monitor.clock import disciplined; print(disciplined())"
    assert told(tmp_path, code) == (0, "None\n", "")


def test_a_run_away_process_comes_back_in_it(tmp_path: Path) -> None:
    code = (
        "import os, select, signal; from eink_monitor import orphans; orphans.adopt()\n"
        "if (child := os.fork()) == 0:\n"
        "    orphans.offer()\n"
        "    if os.fork() == 0: os.setsid(); select.select((), (), ())\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0); (stray,) = orphans._children(); orphans.end(()); print(orphans._children())"
    )
    assert told(tmp_path, code) == (0, "[]\n", "")


@pytest.mark.parametrize("program", ["#!/bin/sh\necho '{\"n\": 1}'", "#!/usr/bin/env python3\nprint('{\"n\": 1}')"])
def test_a_program_of_the_owners_runs_in_it(program: str, tmp_path: Path) -> None:
    """With what the restrictions leave it: nothing of its environment, and no way to write elsewhere."""
    (file := tmp_path / "program").write_text(f"{program}\n")
    file.chmod(0o755)
    code = (
        "from pathlib import Path; from zoneinfo import ZoneInfo; from eink_monitor.model.poll import Visit;"
        "from eink_monitor.sources.command.program import printed;"
        f"print(printed([{str(file)!r}], Visit('a', 'a', 0, ZoneInfo('UTC'), 60, {{}}, Path({str(tmp_path)!r}))))"
    )
    assert told(tmp_path, code) == (0, "{'n': 1}\n", "")


def lives(folder: Path, house: str, until: Callable[[str], bool]) -> str:
    """Run the daemon under the restrictions until its status line is right; the log of it."""
    file = write(folder, house)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.settimeout(30)
        environment = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "200000"}
        command = confined(folder, "-m", "eink_monitor", "run", "-c", str(file))
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                began, said = stopwatch(), ""
                while not until(said) and stopwatch() - began < 30:
                    said = systemd.recv(4096).decode()
                process.send_signal(signal.SIGTERM)
                log = process.communicate(timeout=20)[1]
                assert until(said), f"{said}: {log}"
            finally:
                process.kill()
    assert process.returncode == 0
    return log


def test_a_house_lives_in_it(tmp_path: Path) -> None:
    log = lives(tmp_path, HOUSE, lambda said: "3 sources ok; next panel in" in said)
    assert not {"WARNING", "ERROR", "CRITICAL", "Traceback"} & set(log.split()), log
    assert (tmp_path / "out" / "now.png").exists()
    assert (tmp_path / "readings.db").exists()


@pytest.mark.parametrize(
    "module", ["paramiko", "pymodbus.client", "paho.mqtt.client", "cryptography.fernet", "PIL.Image", "sqlite3", "ssl"]
)
def test_what_children_load_can_be_loaded_in_it(tmp_path: Path, module: str) -> None:
    pytest.importorskip(module)
    assert told(tmp_path, f"import ctypes, {module}; ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0)()") == (0, "", "")
