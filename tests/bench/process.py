"""The daemon as a process: time from its start to the first frame, and its memory with every source configured."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from statistics import median

from eink_monitor.clock import stopwatch

_STARTS = 9
_HOUSE = """
database: FOLDER/house.db
timezone: Europe/Berlin
display: {type: png, path: FOLDER}
sources:
  demo:    {type: demo, every: 5m}
  cloud:   {type: solaredge, site_id: 1, client_id: a, client_secret: b, base_url: "http://127.0.0.1:9"}
  inverter: {type: solaredge_modbus, host: 127.0.0.1, port: 9}
  bmw:     {type: bmw_cardata, client_id: a, vin: WBA53FJ0X0CH00001, base_url: "http://127.0.0.1:9", auth_url: "http://127.0.0.1:9"}
  skoda:   {type: skoda, api_key: a, vin: TMBJJ7NX0MY000001, base_url: "http://127.0.0.1:9"}
  vw:      {type: vw_eu_data_act, brand: volkswagen, username: a, password: b, vin: WVWZZZE1ZMP000001, base_url: "http://127.0.0.1:9"}
  nas:     {type: ssh_disk, host: 127.0.0.1, port: 9, user: a, password: b, mounts: {backups: /mnt}}
panels:
  solar:   {type: solar, subject: roof, dwell: 1s}
  flow:    {type: flow, subject: roof, dwell: 1s}
  battery: {type: battery, subject: roof, dwell: 1s}
  history: {type: history, subject: roof, dwell: 1s}
  car:     {type: car, subject: car, dwell: 1s}
  health:  {type: health, dwell: 1s}
"""


def measure() -> dict[str, float]:
    """Start the daemon several times; look at its memory once it has polled everything and drawn every panel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config.yaml").write_text(_HOUSE.replace("FOLDER", name), encoding="utf-8")
        _run(folder, 4.0)  # makes the database, and the byte code
        times, memory = [], 0.0
        for turn in range(_STARTS):
            took, memory = _run(folder, 8.0 if turn == _STARTS - 1 else 0.0)
            times.append(took)
    return {"cold_start_to_first_frame_ms": median(times) * 1000, "daemon_pss_mib": memory}


def _run(folder: Path, linger: float) -> tuple[float, float]:
    """Seconds to READY, and the proportional set size in MiB after ``linger`` more seconds."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        address = folder / "notify"
        address.unlink(missing_ok=True)
        listener.bind(str(address))
        listener.settimeout(30)
        began = stopwatch()
        command = [sys.executable, "-m", "eink_monitor", "run", "-c", str(folder / "config.yaml")]
        daemon = subprocess.Popen(command, env=_environment(folder, address), stderr=subprocess.DEVNULL)
        try:
            while b"READY=1" not in listener.recv(4096):
                pass
            took = stopwatch() - began
            if linger:
                with suppress(subprocess.TimeoutExpired):
                    daemon.wait(linger)
            memory = _pss(daemon.pid)
        finally:
            daemon.terminate()
            daemon.wait()
    return took, memory


def _environment(folder: Path, address: Path) -> dict[str, str]:
    """With byte code, as an installed program has it, whatever this machine does with a checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode"), "NOTIFY_SOCKET": str(address)}


def _pss(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
