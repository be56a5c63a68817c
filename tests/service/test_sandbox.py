"""The daemon lives under the unit's system call filter: what is refused there it never needs."""

from __future__ import annotations

import ctypes.util
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from eink_monitor.clock import stopwatch
from houses import HOUSE, write

HERE = Path(__file__).parent
UNIT = HERE.parents[1] / "systemd" / "eink-monitor.service"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or ctypes.util.find_library("seccomp") is None, reason="needs systemd"
)


def confined(*command: str) -> list[str]:
    return [sys.executable, str(HERE / "in_sandbox.py"), str(UNIT), sys.executable, *command]


def test_the_filter_bites() -> None:
    said = subprocess.run(
        confined("-c", "import os; os.setpriority(0, 0, 5)"), check=False, capture_output=True, text=True
    )
    assert "PermissionError" in said.stderr
    said = subprocess.run(confined("-c", "import os; os.chroot('/')"), check=False, capture_output=True, text=True)
    assert "PermissionError" in said.stderr


def test_what_the_kernel_knows_of_the_time_is_hidden() -> None:
    """Which is why the daemon goes by its vendors' clocks where there is no systemd-timesyncd."""
    code = "from eink_monitor.clock import _disciplined; print(_disciplined())"
    said = subprocess.run(confined("-c", code), check=False, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("None\n", "")


def test_a_run_away_process_comes_back_in_it() -> None:
    code = (
        "import os, select, signal; from eink_monitor import strays; strays.adopt()\n"
        "if (child := os.fork()) == 0:\n"
        "    strays.offer()\n"
        "    if os.fork() == 0: os.setsid(); select.select((), (), ())\n"
        "    os._exit(0)\n"
        "os.waitpid(child, 0); (stray,) = strays._children(); strays.end(()); print(strays._children())"
    )
    said = subprocess.run(confined("-c", code), check=False, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("[]\n", "")


def test_a_house_lives_in_it(tmp_path: Path) -> None:
    file = write(tmp_path, HOUSE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(20)
        environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        command = confined("-m", "eink_monitor", "run", "-c", str(file))
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            try:
                began, said = stopwatch(), ""
                while "3 sources well; next panel in" not in said and stopwatch() - began < 20:
                    said = systemd.recv(4096).decode()
                assert "3 sources well; next panel in" in said
                process.send_signal(signal.SIGTERM)
                log = process.communicate(timeout=10)[1]
                assert not {"WARNING", "ERROR", "CRITICAL", "Traceback"} & set(log.split()), log
            finally:
                process.kill()
    assert process.returncode == 0
    assert (tmp_path / "out" / "now.png").exists()
    assert (tmp_path / "readings.db").exists()


@pytest.mark.parametrize(
    "module", ["paramiko", "pymodbus.client", "paho.mqtt.client", "cryptography.fernet", "PIL.Image", "sqlite3", "ssl"]
)
def test_what_children_load_can_be_loaded_in_it(module: str) -> None:
    pytest.importorskip(module)
    code = f"import ctypes, {module}; ctypes.CFUNCTYPE(ctypes.c_int)(lambda: 0)()"
    said = subprocess.run(confined("-W", "ignore", "-c", code), check=False, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (0, "")
